"""Every place where a secret can be found, and what there is to say about each of them.

A new store is a module beside this one, and one entry here: everybody else asks the entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.text.language import N_

if TYPE_CHECKING:
    from wizard.secrets.store import ExternalStore, StoreClass


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SecretSource:
    """A place where a secret can be found. Its sentences are translated when they are shown."""

    name: str
    """What ``show --json`` calls it."""
    in_show: str
    """What ``show`` says of a secret that is here, and of an empty one."""
    in_show_empty: str = ""
    in_summary: str
    """What the wizard's summary says."""

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StoreKind(SecretSource):
    """A place that the operator can choose for the secret."""

    option: str
    """What ``--store``, the journal and a saved draft call it."""
    label: str
    label_with_backend: str = ""
    """The label of a store whose ``{backend}`` is of the operator's own choice."""
    consequence: str
    consequence_in_compose: str
    """What it means to keep the secret there."""
    open_class: Callable[[], StoreClass] | None = None
    """Imports the class of the store; None for ``.env``, which is written with the files."""
    needs_exec: str = ""
    """Why the server needs ``exec``; empty for a store that it reads by itself."""
    row: str = ""
    """What ``show`` calls it where it could not be asked."""
    slow: bool = False
    """Whether to ask it only if nothing else has the secret."""
    found_if_unreadable: bool = False
    """Whether a store that cannot be read still counts as one that holds the secret."""
    lost_codes: tuple[str, ...] = ()
    """Codes of a secret that is there and of no use to anybody."""
    consent_code: str = ""
    """Code of a store that works once the operator agrees to its backend."""
    offered_in_compose: bool = True
    unit_setting: Callable[[Path], str] | None = None
    """The line that a service's unit needs; None for a store that no service can use."""

    def open(
        self, config: Path, host: str, environ: Mapping[str, str], accepted: str = ""
    ) -> ExternalStore:
        """Open the store of a configuration; ``accepted`` is the backend that was agreed to."""
        return self.store_class.open(config, host, environ, accepted)

    def reopen(self, config: Path, details: Mapping[str, str]) -> ExternalStore:
        """Open the store of an earlier write by its ``reopen_details``."""
        return self.store_class.reopen(config, details)

    @property
    def store_class(self) -> StoreClass:
        """The class behind an external store."""
        if self.open_class is None:
            raise ValueError(f"{self.name} is not an external store")
        return self.open_class()


def _credential() -> StoreClass:
    from wizard.secrets.credential import CredentialStore

    return CredentialStore


def credential_setting(config: Path) -> str:
    """Return the line by which systemd decrypts the credential for a service."""
    from wizard.secrets.credential import CREDENTIAL_NAME, credential_path

    return f"LoadCredentialEncrypted={CREDENTIAL_NAME}:{credential_path(config)}"


def _keyring() -> StoreClass:
    from wizard.secrets.keyring import KeyringStore

    return KeyringStore


ENVIRONMENT = SecretSource(
    name="environment",
    in_show=N_("set, in the environment"),
    in_show_empty=N_("empty, in the environment"),
    in_summary=N_("set in the environment"),
)
COMPOSE = SecretSource(
    name="compose",
    in_show=N_("set, through Docker Compose"),
    in_show_empty=N_("empty, through Docker Compose"),
    in_summary=N_("set through Docker Compose"),
)
LITERAL = SecretSource(
    name="literal",
    in_show=N_("set, in config.toml itself"),
    in_show_empty=N_("empty, in config.toml itself"),
    in_summary=N_("in config.toml itself"),
)
ENV_FILE = StoreKind(
    name="env-file",
    option="env",
    in_show=N_("set, in .env"),
    in_show_empty=N_("empty, in .env"),
    in_summary=N_("stored in .env"),
    label=".env",
    consequence=N_("The server reads it by itself, also after a reboot."),
    consequence_in_compose=N_(
        "Docker Compose reads it by itself whenever it creates the container."
    ),
)
KEYRING = StoreKind(
    name="keyring",
    option="keyring",
    open_class=_keyring,
    slow=True,
    consent_code="keyring-backend-foreign",
    row=N_("keyring"),
    in_show=N_("set, in the keyring (the server needs: smtp-wizard exec)"),
    in_summary=N_("stored in the keyring; the server needs smtp-wizard exec"),
    label=N_("keyring"),
    label_with_backend=N_("keyring ({backend})"),
    consequence=N_(
        "After a reboot the keyring is locked until you log in: a service that starts by itself "
        "cannot use it. You start the server through smtp-wizard exec."
    ),
    consequence_in_compose=N_(
        "Docker keeps the value with the container, so restarts and reboots need no keyring; "
        "creating the container again needs smtp-wizard exec in your own session."
    ),
    needs_exec=N_("The secret is kept in the keyring, which the server cannot read by itself."),
)
CREDENTIAL = StoreKind(
    name="credential",
    option="credential",
    open_class=_credential,
    found_if_unreadable=True,
    lost_codes=("credential-not-decrypted", "credential-not-a-secret"),
    offered_in_compose=False,  # no unit starts a container
    unit_setting=credential_setting,
    in_show=N_("set, as a systemd credential (the server needs: smtp-wizard exec)"),
    in_summary=N_("stored as a systemd credential; the unit needs smtp-wizard exec"),
    label=N_("systemd credential"),
    consequence=N_(
        "Only root and the service can read it, also after a reboot; the unit needs a drop-in that "
        "starts the server through smtp-wizard exec."
    ),
    consequence_in_compose=N_(
        "Only root can read it; creating the container again takes a unit that starts Docker "
        "Compose through smtp-wizard exec."
    ),
    needs_exec=N_(
        "The secret is kept as a systemd credential, which the server cannot read by itself."
    ),
)

STORES = (ENV_FILE, KEYRING, CREDENTIAL)
"""In the order in which they are offered."""
EXTERNAL_STORES = tuple(sorted(STORES[1:], key=lambda store: store.slow))
"""Those that reach the server only through ``exec``, in the order in which they are asked."""


def store_kind(option: str) -> StoreKind:
    """Return the store that ``--store`` calls ``option``; raise :class:`ValueError` for none."""
    for store in STORES:
        if store.option == option:
            return store
    raise ValueError(option)
