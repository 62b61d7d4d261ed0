"""Where the secret of a configuration is, which source wins, and how it reaches the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from wizard.errors import FileRefused, InvalidValue, StoreUnusable
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.variables import DEFAULT_VARIABLE, expand, references
from wizard.secrets.secret import Secret
from wizard.secrets.sources import (
    ENV_FILE,
    ENVIRONMENT,
    EXTERNAL_STORES,
    LITERAL,
    SecretSource,
    StoreKind,
)
from wizard.secrets.store import SecretReader
from wizard.text.language import _


class Ask(Enum):
    """Whether to ask the stores that the server cannot read by itself, which takes a moment."""

    NEVER = auto()
    IF_NOWHERE_ELSE = auto()
    ALWAYS = auto()


class SecretSources(NamedTuple):
    """Where the secret was found; the first of several wins."""

    found: tuple[SecretSource, ...]
    unanswered: tuple[StoreKind, StoreUnusable] | None = None
    """The store that could not be asked, and why."""

    @property
    def effective(self) -> SecretSource | None:
        """The source that wins; None where nothing has the secret."""
        return self.found[0] if self.found else None

    @property
    def needs_exec(self) -> bool:
        """Whether the server gets the secret only when it is started by ``exec``."""
        return self.effective in EXTERNAL_STORES


class SecretResolver:
    """Finds the secret that config.toml asks for by ``value``, which may be the secret itself.

    The server reads its environment and ``.env`` by itself, in this order; what is in one of the
    other stores reaches it only through ``exec``. ``stored`` is what :meth:`read_stores` has found
    before, and where.
    """

    def __init__(
        self,
        value: str | None,
        config: Path,
        environ: Mapping[str, str],
        env_path: Path,
        env_text: str,
        stored: tuple[Secret | None, StoreKind | None] = (None, None),
    ) -> None:
        self.value = value
        self.config = config
        self.environ = environ
        self.env_path = env_path
        self.env_text = env_text
        self.stored, self.stored_in = stored

    @property
    def reference(self) -> str | None:
        """The variable that ``secret`` refers to; None where it does not."""
        return None if self.value is None else secret_reference(self.value)

    @property
    def literal(self) -> Secret | None:
        """The secret that stands in config.toml itself, in the open."""
        return None if not self.value or "${" in self.value else Secret(self.value)

    def in_env_file(self, name: str) -> str | None:
        """Return the variable's value in ``.env``, as the server reads it."""
        # Imported here because nothing refers to a variable at the first start.
        from wizard.formats.dotenv.variables import read_variable

        try:
            return read_variable(self.env_text, name, self.environ)
        except FileRefused as error:
            raise error.at(self.env_path) from None

    def lookup(self, name: str) -> str | None:
        """Return what the server sees for ``${name}``: the environment wins over ``.env``."""
        if name in self.environ:
            return self.environ[name]
        found = self.in_env_file(name)
        if found is None and name == self.reference and self.stored is not None:
            return self.stored.reveal()  # `exec` puts it into the environment
        return found

    def secret(self) -> Secret | None:
        """Return the secret that the server would use; None when it uses none.

        Raises :class:`InvalidValue` when ``secret`` names a variable that nothing sets.
        """
        if not self.value:
            return None
        try:
            value = expand(self.value, self.lookup)
        except InvalidValue as problem:
            raise InvalidValue("secret-missing", problem.message, problem.remedy) from None
        return Secret(value) if value else None

    def known_secrets(self) -> Iterator[Secret]:
        """Yield every secret that is known, for code that must not show or keep any of them."""
        if self.stored is not None:
            yield self.stored
        if self.literal is not None:
            yield self.literal
        with suppress(InvalidValue, FileRefused):
            if (secret := self.secret()) is not None:
                yield secret

    def kept_in(self, store: StoreKind) -> Secret | None:
        """Return the secret that ``store`` has now, as far as it has been read."""
        if store is not ENV_FILE:
            return self.stored
        text = self.in_env_file(self.reference or DEFAULT_VARIABLE)
        return Secret(text) if text else None

    def sources(self, ask: Ask = Ask.NEVER) -> SecretSources:
        """Find the sources without reading a secret.

        If no store is to be asked, the one counts that :meth:`read_stores` has found before.
        """
        found = self._read_by_server()
        if self.reference is None:
            return SecretSources(tuple(found))
        if ask is Ask.NEVER:
            known = () if self.stored_in is None else (self.stored_in,)
            return SecretSources((*found, *known))
        unanswered = None
        for store in EXTERNAL_STORES:
            if store.slow and found and ask is Ask.IF_NOWHERE_ELSE:
                continue
            try:
                if self._reader(store).exists():
                    found.append(store)
            except StoreUnusable as error:
                if store.found_if_unreadable:
                    found.append(store)
                else:
                    unanswered = store, error
        return SecretSources(tuple(found), unanswered)

    def read_stores(self, ask: Ask) -> tuple[Secret | None, StoreKind | None]:
        """Return the secret that only ``exec`` can bring to the server, and where it is.

        A store that cannot be asked counts as empty.
        """
        if self.reference is None or (self.sources().found and ask is not Ask.ALWAYS):
            return self.stored, self.stored_in
        for store in EXTERNAL_STORES:
            reader = self._reader(store)
            try:
                if reader.exists():
                    return reader.read(), store
            except StoreUnusable:
                if store.found_if_unreadable:
                    return None, store
        return self.stored, self.stored_in

    def for_exec(self) -> Mapping[str, Secret]:
        """Return the variables with what ``exec`` has to add to the environment.

        It is empty where nothing is missing: no secret is wanted, it stands in config.toml itself,
        or the environment has it. Raises :class:`StoreUnusable`, or :class:`FileRefused` for
        ``.env``, rather than return no secret.
        """
        names = references(self.value) if self.value else ()
        blank = [name for name in names if self.environ.get(name) == ""]
        if blank:
            raise StoreUnusable(
                "environment-blank",
                _(
                    "{name} is set in this environment, but empty, and the environment wins.",
                    name=blank[0],
                ),
                _("Take it away (unset {name}) or give it its value.", name=blank[0]),
            )
        return {name: self._for_exec(name) for name in names if name not in self.environ}

    def _read_by_server(self) -> list[SecretSource]:
        if not self.value:
            return []
        name = self.reference
        if name is None:
            return [LITERAL]
        found: list[SecretSource] = [ENVIRONMENT] if name in self.environ else []
        return found if self.in_env_file(name) is None else [*found, ENV_FILE]

    def _reader(self, store: StoreKind) -> SecretReader:
        return store.store_class.reader(self.config, self.environ)

    def _for_exec(self, name: str) -> Secret:
        if self.in_env_file(name) is not None:
            return self._from_env_file(name)
        if name != self.reference:
            raise StoreUnusable(
                "secret-composed",
                _(
                    "The secret in config.toml is put together from several parts, and {name}, "
                    "which is one of them, is neither in the environment nor in .env.",
                    name=name,
                ),
                _(
                    "Set {name} in .env, or write the secret as one variable, such as "
                    "${{SMTP_SECRET}}.",
                    name=name,
                ),
                path=self.config,
            )
        return self._from_stores(name)

    def _from_env_file(self, name: str) -> Secret:
        """Return the value in ``.env``, on which the server and Docker Compose have to agree."""
        from wizard.formats.dotenv.variables import read_definitions

        try:
            definitions = read_definitions(self.env_text, self.environ)
        except FileRefused as error:
            raise error.at(self.env_path) from None
        found = [definition for definition in definitions if definition.name == name]
        # The server takes the first definition, Compose the last one.
        values = {found[0].dotenvy.value, found[-1].compose.value} if found else {""}
        if len(values) > 1:
            raise StoreUnusable(
                "env-value-ambiguous",
                _(
                    "The server and Docker Compose do not read the same value of {variable}.",
                    variable=name,
                ),
                _("Store the secret again: smtp-wizard set --secret-stdin"),
                path=self.env_path,
            )
        (value,) = values
        if not value:
            raise StoreUnusable(
                "env-value-blank",
                _("{name} stands in .env, but has no value.", name=name),
                _("Store the secret again, or remove the line."),
                path=self.env_path,
            )
        return Secret(value)

    def _from_stores(self, name: str) -> Secret:
        for store in EXTERNAL_STORES:
            try:
                secret = self._reader(store).read()
            except StoreUnusable as error:
                if store.found_if_unreadable:
                    raise
                elsewhere = _(
                    "The secret ({name}) is neither in the environment nor in .env.", name=name
                )
                message = f"{elsewhere} {error.message}"
                raise StoreUnusable(error.code, message, error.remedy) from None
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
            path=self.config,
        )
