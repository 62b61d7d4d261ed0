"""Where the secret of a configuration is, and which place wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.config.current import CurrentConfig
from wizard.config.settings import Endpoint
from wizard.errors import InvalidValue, StoreUnusable
from wizard.formats.variables import expand, references
from wizard.secrets import credential
from wizard.secrets.credential import CredentialStore, has_service_credential, service_credential
from wizard.secrets.secret import Secret
from wizard.secrets.store import ExternalStore, SecretSource, Store, StoreKind
from wizard.text.language import _

if TYPE_CHECKING:  # each is imported where it is opened: most commands open none
    from wizard.secrets.env_file import EnvFileStore
    from wizard.secrets.keyring import KeyringStore

_DIRECTORY = "CREDENTIALS_DIRECTORY"
_BY_EXEC = (SecretSource.CREDENTIAL, SecretSource.KEYRING)


@dataclass(frozen=True, slots=True)
class SecretSources:
    """The places that hold the secret; the first wins.

    The server reads the environment and ``.env`` by itself; a credential or the keyring reach it
    through ``exec`` only. ``keyring_problem`` is why the keyring could not be asked.
    """

    places: tuple[SecretSource, ...]
    keyring_problem: StoreUnusable | None = field(default=None, compare=False)

    @property
    def effective(self) -> SecretSource | None:
        """The place that wins; None where nothing holds the secret."""
        return self.places[0] if self.places else None

    @property
    def needs_exec(self) -> bool:
        """Whether the server gets the secret only when it is started by ``exec``."""
        return self.effective in _BY_EXEC


def env_file_store(current: CurrentConfig) -> EnvFileStore:
    """Return ``.env`` as the store of this configuration's secret."""
    return _env_file(current, current.variable)


def keyring_store(current: CurrentConfig, accepted: str = "") -> KeyringStore:
    """Return the keyring as the store of this configuration's secret."""
    from wizard.secrets.keyring import KeyringStore

    return KeyringStore(
        current.layout.config, _host(current), accepted=accepted, environ=current.environ
    )


def credential_store(current: CurrentConfig) -> CredentialStore:
    """Return the encrypted credential as the store of this configuration's secret."""
    return CredentialStore(credential.credential_path(current.layout.config))


def open_store(current: CurrentConfig, name: StoreKind) -> Store:
    """Return a store of this configuration's secret by its name."""
    match name:
        case StoreKind.ENV:
            return env_file_store(current)
        case _:
            return open_external_store(current, name)


def open_external_store(current: CurrentConfig, name: StoreKind) -> ExternalStore:
    """Return a store other than ``.env`` by its name."""
    return credential_store(current) if name is StoreKind.CREDENTIAL else keyring_store(current)


def reopen_store(name: StoreKind, config: Path, details: Mapping[str, str]) -> ExternalStore:
    """Return the store of an earlier write by what its journal says of it."""
    if name is StoreKind.CREDENTIAL:
        return CredentialStore(credential.credential_path(config))
    from wizard.secrets.keyring import KeyringStore

    return KeyringStore.reopen(config, details)


def find(
    current: CurrentConfig, *, keyring: Store | None = None, thorough: bool = True
) -> SecretSources:
    """Find the places without reading a secret.

    The keyring is asked for last (it takes a fraction of a second): always when ``thorough``,
    else only where no other place has the secret.
    """
    places = [place for place in current.places() if place not in _BY_EXEC]
    if not _wanted(current) or places == [SecretSource.LITERAL]:
        return SecretSources(tuple(places))
    if has_service_credential(current.environ.get(_DIRECTORY, "")) or _encrypted(current):
        places.append(SecretSource.CREDENTIAL)
    if places and not thorough:
        return SecretSources(tuple(places))
    problem = None
    try:
        if (keyring or keyring_store(current)).exists():
            places.append(SecretSource.KEYRING)
    except StoreUnusable as error:
        problem = error
    return SecretSources(tuple(places), problem)


def fetch(current: CurrentConfig, *, keyring: Store | None = None) -> Mapping[str, Secret]:
    """Return the variable with the secret that ``exec`` has to add to the environment.

    It is empty where nothing is missing: no secret is wanted, it stands in config.toml itself, or
    the environment has it. Raises :class:`StoreUnusable` rather than return no secret.
    """
    names = _wanted(current)
    if not names:
        return {}
    blank = [name for name in names if current.environ.get(name) == ""]
    if blank:
        raise StoreUnusable(
            "environment-blank",
            _(
                "{name} is set in this environment, but empty, and the environment wins.",
                name=blank[0],
            ),
            _("Take it away (unset {name}) or give it its value.", name=blank[0]),
        )
    missing = [name for name in names if name not in current.environ]
    return {name: _from_stores(current, name, keyring) for name in missing}


def with_stored(current: CurrentConfig, *, thorough: bool = False) -> CurrentConfig:
    """Return the configuration with the secret that only ``exec`` can bring to the server.

    The stores are asked only where the environment and ``.env`` have none, since that takes a
    fraction of a second, or when ``thorough``; one that cannot be asked counts as empty.
    """
    if current.reference is None or (current.places() and not thorough):
        return current
    given = has_service_credential(current.environ.get(_DIRECTORY, ""))
    if given or _encrypted(current):
        return replace(current, stored=_credential(current), stored_place=SecretSource.CREDENTIAL)
    keyring = keyring_store(current)
    try:
        if not keyring.exists():
            return current
        return replace(current, stored=keyring.read(), stored_place=SecretSource.KEYRING)
    except StoreUnusable:
        return current


def _credential(current: CurrentConfig) -> Secret | None:
    try:
        given = service_credential(current.environ.get(_DIRECTORY, ""))
        return given or credential_store(current).read()
    except StoreUnusable:
        return None


def _from_stores(current: CurrentConfig, name: str, keyring: Store | None) -> Secret:
    if current.in_env_file(name) is not None:
        return _from_env_file(current, name)
    if name != current.reference:
        raise StoreUnusable(
            "secret-composed",
            _(
                "The secret in config.toml is put together from several parts, and {name}, which "
                "is one of them, is neither in the environment nor in .env.",
                name=name,
            ),
            _(
                "Set {name} in .env, or write the secret as one variable, such as "
                "${{SMTP_SECRET}}.",
                name=name,
            ),
            path=current.config.path,
        )
    if secret := service_credential(current.environ.get(_DIRECTORY, "")):
        return secret
    if _encrypted(current) and (secret := credential_store(current).read()):
        return secret
    try:
        secret = (keyring or keyring_store(current)).read()
    except StoreUnusable as error:
        elsewhere = _("The secret ({name}) is neither in the environment nor in .env.", name=name)
        raise StoreUnusable(error.code, f"{elsewhere} {error.message}", error.remedy) from None
    if secret is not None:
        return secret
    raise StoreUnusable(
        "secret-not-found",
        _(
            "The secret ({name}) is neither in the environment nor in .env, and there is no "
            "systemd credential and no entry in the keyring for this configuration.",
            name=name,
        ),
        _("Store it: smtp-wizard set --secret-stdin"),
        path=current.config.path,
    )


def _encrypted(current: CurrentConfig) -> bool:
    """Whether there is an encrypted credential for this configuration, readable or not."""
    try:
        return credential_store(current).exists()
    except StoreUnusable:
        return True


def _from_env_file(current: CurrentConfig, name: str) -> Secret:
    secret = _env_file(current, name).read()
    if secret is None:
        raise StoreUnusable(
            "env-value-blank",
            _("{name} stands in .env, but has no value.", name=name),
            _("Store the secret again, or remove the line."),
            path=current.env.path,
        )
    return secret


def _env_file(current: CurrentConfig, name: str) -> EnvFileStore:
    from wizard.secrets.env_file import EnvFileStore

    return EnvFileStore(current.layout.env_file, name, current.environ)


def _wanted(current: CurrentConfig) -> tuple[str, ...]:
    """Return the variables that the secret in config.toml refers to."""
    smtp = current.view.smtp
    return () if smtp is None or not smtp.secret else references(smtp.secret)


def _host(current: CurrentConfig) -> str:
    smtp = current.view.smtp
    if smtp is None or smtp.endpoint is None:
        return ""
    try:
        return Endpoint.parse(expand(smtp.endpoint, current.lookup)).route(False).host
    except InvalidValue:
        return ""
