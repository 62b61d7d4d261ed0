"""Where the secret of a configuration is, which source wins, and how it reaches the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple, Protocol

from wizard.errors import FileRefused, InvalidValue, StoreUnusable
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.variables import DEFAULT_VARIABLE, Readers, expand, references
from wizard.secrets.secret import Secret
from wizard.secrets.sources import (
    COMPOSE,
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


class ServerContainer(Protocol):
    """What Compose gives the server's container; it never gets the environment of this process."""

    def value(self, name: str) -> str | None:
        """Return a variable as the container gets it; None where it gets none."""

    def sources(self, name: str) -> Iterator[str]:
        """Yield the names of the sources that give it ``name``; the first one wins."""

    def variable_for_exec(self, name: str) -> str | None:
        """Return the variable through which ``exec`` can give it ``name``; None for none."""

    def why_empty(self, name: str) -> tuple[str, str]:
        """Return where an empty value of ``name`` comes from, and what to do about it."""

    def passes(self, name: str) -> bool:
        """Whether it would get ``name`` if it had a value in the right place."""

    def why_missing(self, name: str) -> tuple[str, str]:
        """Return why it does not get ``name``, and what to add so that it does."""


class EnvText(NamedTuple):
    """A ``.env`` as it was read; ``text`` is empty where there is none."""

    path: Path
    text: str = ""
    readers: Readers = Readers.SERVER_AND_COMPOSE

    def __repr__(self) -> str:
        return f"EnvText({str(self.path)!r})"

    def read(self, name: str, environ: Mapping[str, str]) -> str | None:
        """Return a variable's value; raise :class:`FileRefused` where the file is not clear."""
        # Imported here because nothing refers to a variable at the first start.
        from wizard.formats.dotenv.variables import read_variable

        try:
            return read_variable(self.text, name, environ, self.readers)
        except FileRefused as error:
            raise error.at(self.path) from None


class SecretResolver:
    """Finds the secret that config.toml asks for by ``value``, which may be the secret itself.

    The server reads its environment and ``.env`` by itself, in this order; what is in one of the
    other stores reaches it only through ``exec``. ``stored`` is what :meth:`read_stores` has found
    before, and where. A container has the environment that Compose gives it, and the ``.env`` that
    the server reads there is ``own_env``, which is beside config.toml.
    """

    def __init__(
        self,
        value: str | None,
        config: Path,
        environ: Mapping[str, str],
        env: EnvText,
        stored: tuple[Secret | None, StoreKind | None] = (None, None),
        container: ServerContainer | None = None,
        own_env: EnvText | None = None,
    ) -> None:
        self.value = value
        self.config = config
        self.environ = environ
        self.env = env
        self.stored, self.stored_in = stored
        self.container = container
        self.own_env = own_env

    @property
    def reference(self) -> str | None:
        """The variable that ``secret`` refers to; None where it does not."""
        return None if self.value is None else secret_reference(self.value)

    @property
    def literal(self) -> Secret | None:
        """The secret that is in config.toml itself, in the open."""
        return None if not self.value or "${" in self.value else Secret(self.value)

    def lookup(self, name: str) -> str | None:
        """Return what the server sees for ``${name}``: the environment wins over ``.env``."""
        if self.container is None:
            found = self.environ.get(name)
            found = self.env.read(name, self.environ) if found is None else found
        else:
            found = self.container.value(name)
            if found is None and self.own_env is not None:
                found = self.own_env.read(name, {})
        if not found and name == self.reference and self.stored is not None:
            return self.stored.reveal()  # `exec` puts it into the environment
        return found

    def secret(self) -> Secret | None:
        """Return the secret that the server would use; None when it uses none.

        Raises :class:`InvalidValue` when ``secret`` names a variable that nothing sets, or is
        empty: the server logs in with an empty password then.
        """
        text = self.text()
        if text == "":
            raise self._empty_secret()
        return None if text is None else Secret(text)

    def text(self) -> str | None:
        """Return what the server takes for the secret, which may be empty; None without any.

        Raises :class:`InvalidValue` when ``secret`` names a variable that nothing sets.
        """
        if self.value is None:
            return None
        try:
            return expand(self.value, self.lookup)
        except InvalidValue as problem:
            message, remedy = problem.message, problem.remedy
            name = next((n for n in references(self.value) if self.lookup(n) is None), "")
            if name and self.container is not None and not self.container.passes(name):
                message, remedy = self.container.why_missing(name)
            raise InvalidValue("secret-missing", message, remedy) from None

    def why_empty(self, name: str) -> tuple[str, str]:
        """Return why the server gets ``name`` without a value, and what to do about it."""
        container, own = self.container, self.own_env
        if container is not None and container.value(name) is not None:
            if own is not None and own.read(name, {}):
                message = _(
                    "The container gets {name} as an empty value, which wins over the value in "
                    "{path}.",
                    name=name,
                    path=own.path,
                )
                return message, _("Move the line from there to {path}.", path=self.env.path)
            return container.why_empty(name)
        if container is None and name in self.environ:
            message = _(
                "{name} is set in this environment, but empty, and the environment wins.",
                name=name,
            )
            return message, _("Remove it (unset {name}) or give it its value.", name=name)
        path = self.env.path if container is None or own is None else own.path
        message = _("{name} has no value in {path}.", name=name, path=path)
        return message, _("Store the secret: smtp-wizard set --secret-stdin")

    def _empty_secret(self) -> InvalidValue:
        names = references(self.value or "")
        if names:
            message, remedy = self.why_empty(names[0])
        else:
            message = _("The secret in config.toml is empty.")
            remedy = _(
                "Store it (smtp-wizard set --secret-stdin), or remove it where the mail server "
                "wants no login (smtp-wizard set --no-secret)."
            )
        consequence = _("The server logs in with an empty password.")
        return InvalidValue("secret-missing", f"{message} {consequence}", remedy)

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
        name = self.reference or DEFAULT_VARIABLE
        if self.container is None:
            text = self.env.read(name, self.environ)
        else:
            text = self.lookup(name) if set(self._read_by_server()) & {ENV_FILE, COMPOSE} else None
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

        It is empty where nothing is missing: no secret is wanted, it is in config.toml itself,
        or the environment has it. Raises :class:`StoreUnusable`, or :class:`FileRefused` for
        ``.env``, rather than return no secret.
        """
        names = dict(self._variables_of_exec())
        blank = [name for name in names if self.environ.get(name) == ""]
        if blank:
            raise StoreUnusable(
                "environment-blank",
                _(
                    "{name} is set in this environment, but empty, and the environment wins.",
                    name=blank[0],
                ),
                _("Remove it (unset {name}) or give it its value.", name=blank[0]),
            )
        return {
            variable: self._for_exec(name, variable)
            for variable, name in names.items()
            if variable not in self.environ
        }

    def _variables_of_exec(self) -> Iterator[tuple[str, str]]:
        """Yield the variables that Compose or the server looks for, and what they are to be."""
        for name in references(self.value) if self.value else ():
            variable = name if self.container is None else self.container.variable_for_exec(name)
            if variable is not None:
                yield variable, name

    def _read_by_server(self) -> list[SecretSource]:
        if self.value is None:
            return []
        name = self.reference
        if name is None:
            return [LITERAL]
        if self.container is not None:
            return list(self._given_to_container(self.container, name))
        found: list[SecretSource] = [ENVIRONMENT] if name in self.environ else []
        return found if self.env.read(name, self.environ) is None else [*found, ENV_FILE]

    def _given_to_container(self, container: ServerContainer, name: str) -> Iterator[SecretSource]:
        sources = {source.name: source for source in (ENVIRONMENT, ENV_FILE, COMPOSE)}
        yield from (sources[found] for found in container.sources(name))
        own = self.own_env if container.value(name) is None else None
        if own is not None and own.read(name, {}) is not None:
            yield ENV_FILE

    def _reader(self, store: StoreKind) -> SecretReader:
        return store.store_class.reader(self.config, self.environ)

    def _for_exec(self, name: str, variable: str) -> Secret:
        if self.env.read(variable, self.environ) is not None:
            return self._from_env_file(variable)
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
        from wizard.formats.dotenv.variables import find_definitions

        try:
            found = find_definitions(self.env.text, name, self.environ, self.env.readers)
        except FileRefused as error:
            raise error.at(self.env.path) from None
        # The server takes the first definition, Compose the last one.
        values = {found[-1].compose.value} if found else {""}
        if self.env.readers is Readers.SERVER_AND_COMPOSE and found:
            values.add(found[0].dotenvy.value)
        if len(values) > 1:
            raise StoreUnusable(
                "env-value-ambiguous",
                _(
                    "The server and Docker Compose do not read the same value of {variable}.",
                    variable=name,
                ),
                _("Store the secret again: smtp-wizard set --secret-stdin"),
                path=self.env.path,
            )
        (value,) = values
        if not value:
            raise StoreUnusable(
                "env-value-blank",
                _("{name} is in .env, but has no value.", name=name),
                _("Store the secret again, or remove the line."),
                path=self.env.path,
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
