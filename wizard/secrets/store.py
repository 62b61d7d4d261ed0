"""What all stores have in common: one secret, for one configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wizard.errors import InvalidValue, StoreUnusable
from wizard.secrets.secret import Secret


class SecretSource(StrEnum):
    """Where a secret can be found; the first of several wins."""

    ENVIRONMENT = "environment"
    ENV_FILE = "env-file"
    CREDENTIAL = "credential"
    """Given to a service by systemd; reaches the server through ``exec`` only."""
    KEYRING = "keyring"
    """Reaches the server through ``exec`` only."""
    LITERAL = "literal"


class StoreKind(StrEnum):
    """The stores that a secret can be kept in by ``set`` and by the wizard."""

    ENV = "env"
    KEYRING = "keyring"
    CREDENTIAL = "credential"

    @property
    def place(self) -> SecretSource:
        """Where a secret in this store is found."""
        return _PLACES[self]

    @classmethod
    def of(cls, place: SecretSource | None) -> StoreKind:
        """Return the store behind ``place``; ``.env`` where there is none."""
        return next((name for name, known in _PLACES.items() if known is place), cls.ENV)


_PLACES = {
    StoreKind.ENV: SecretSource.ENV_FILE,
    StoreKind.KEYRING: SecretSource.KEYRING,
    StoreKind.CREDENTIAL: SecretSource.CREDENTIAL,
}


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a store can be used now; if not, why and how to mend that.

    ``code`` is kebab-case and stable, and empty for a store that can be used. ``backend`` is the
    program behind the store where that needs a word, such as a keyring of the operator's choice.
    """

    usable: bool
    code: str = ""
    sentence: str = ""
    remedy: str = ""
    backend: str = ""

    def refusal(self) -> StoreUnusable:
        """Return the error for an attempt to use the store all the same."""
        return StoreUnusable(self.code, self.sentence, self.remedy)


class Store(Protocol):
    """One place for one secret.

    Every method but :meth:`check_availability` raises :class:`StoreUnusable`. No
    method ever asks the operator anything or waits longer than a few seconds.
    """

    @property
    def name(self) -> str:
        """What it is called in a sentence, such as ``.env`` or ``the keyring``."""

    def check_availability(self) -> Availability:
        """Find out whether the store can be used."""

    def exists(self) -> bool:
        """Tell whether it holds a secret, without reading it."""

    def read(self) -> Secret | None:
        """Return the secret; None where it holds none."""

    def write(self, secret: Secret) -> None:
        """Store the secret in place of the one that is there."""

    def delete(self) -> None:
        """Remove the secret; nothing happens where there is none."""


class ExternalStore(Store, Protocol):
    """A store outside of the files that the server reads; it keeps the secret before a write."""

    @property
    def reopen_details(self) -> Mapping[str, str]:
        """What it takes to open the same store again, besides the path of config.toml."""

    def backup(self, slot: str) -> Store:
        """Return the place in the same store for a copy of the secret before a write."""


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
