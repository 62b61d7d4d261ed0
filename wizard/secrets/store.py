"""What all stores have in common: one secret, for one configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from wizard.errors import InvalidValue, StoreUnusable
from wizard.secrets.secret import Secret


class Availability(NamedTuple):
    """Whether a store can be used now; if not, why, and how to repair it.

    ``code`` is kebab-case and stable, and empty for a store that can be used. ``backend`` is the
    program behind the store, where it has to be named: a keyring of the operator's choice.
    """

    usable: bool
    code: str = ""
    sentence: str = ""
    remedy: str = ""
    backend: str = ""

    def refusal(self) -> StoreUnusable:
        """Return the error for whoever needs the store nevertheless."""
        return StoreUnusable(self.code, self.sentence, self.remedy)


class SecretReader(Protocol):
    """Something that may hold a secret. Both methods raise :class:`StoreUnusable`."""

    def exists(self) -> bool:
        """Tell whether it holds a secret, without reading it."""

    def read(self) -> Secret | None:
        """Return the secret; None where it holds none."""


class ExternalStore(SecretReader, Protocol):
    """A place for one secret, outside of the files that the server reads.

    No method prompts the operator or waits longer than a few seconds. All but
    :meth:`check_availability` raise :class:`StoreUnusable`.
    """

    @property
    def name(self) -> str:
        """What it is called in a sentence, such as ``the keyring``."""

    def check_availability(self) -> Availability:
        """Find out whether the store can be used."""

    def write(self, secret: Secret) -> None:
        """Store the secret in place of the one that is there."""

    def delete(self) -> None:
        """Remove the secret; nothing happens where there is none."""

    @property
    def reopen_details(self) -> Mapping[str, str]:
        """What it takes to open the same store again, besides the path of config.toml."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that it writes, if any: an interrupted write may leave a temporary one."""

    def backup(self, slot: str) -> ExternalStore:
        """Return the place in the same store for a copy of the secret before a write."""


class StoreClass(Protocol):
    """How the store of a configuration is opened; see :class:`wizard.secrets.sources.StoreKind`."""

    def open(
        self, config: Path, host: str, environ: Mapping[str, str], accepted: str
    ) -> ExternalStore:
        """Open it for reading and writing. ``host`` is the mail server, for a label."""

    def reopen(self, config: Path, details: Mapping[str, str]) -> ExternalStore:
        """Open it again by the ``reopen_details`` of an earlier store."""

    def reader(self, config: Path, environ: Mapping[str, str]) -> SecretReader:
        """Return what finds and reads the secret for this process."""


def storable_text(secret: Secret) -> str:
    """Return the text of a secret that every store, and the server, can take.

    Raises :class:`StoreUnusable` for what cannot even be moved on to ``.env``.
    """
    from wizard.formats.dotenv.quoting import check_value

    text = secret.reveal()
    try:
        check_value(text)
    except InvalidValue as problem:
        raise StoreUnusable(problem.code, problem.message, problem.remedy) from None
    return text
