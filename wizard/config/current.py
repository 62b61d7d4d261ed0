"""What is configured now: both files as they were read, and where the secret comes from."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from wizard.config.endpoint import Endpoint
from wizard.config.layout import Layout, LayoutKind
from wizard.config.settings import SWITCHES, TEXT_KEYS, SmtpSettings, text_value, wrong_type
from wizard.errors import FileRefused, Finding, InvalidValue
from wizard.files import reading
from wizard.files.encoding import decode
from wizard.files.location import trusted_accounts
from wizard.files.reading import Snapshot, read_file
from wizard.files.refusals import account_name
from wizard.formats.config_toml.skip_key import SkipKey, skip_key_of
from wizard.formats.config_toml.view import EMPTY_CONFIG, ConfigView
from wizard.formats.variables import DEFAULT_VARIABLE, Readers, expand, references
from wizard.secrets.resolver import Ask, EnvText, SecretResolver
from wizard.secrets.secret import Secret
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import ExternalStore
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.compose.container import Container, Origin, Target


class SecretFile(NamedTuple):
    """A file that gives the server its secret, and what the variable is called there."""

    snapshot: Snapshot
    text: str
    variable: str
    readers: Readers = Readers.SERVER_AND_COMPOSE

    def __repr__(self) -> str:
        return f"SecretFile({str(self.snapshot.path)!r})"


@dataclass(frozen=True, slots=True)
class CurrentConfig:
    """One server's configuration as it was read from the disk and the environment."""

    layout: Layout
    config: Snapshot
    env: Snapshot
    config_text: str = field(repr=False)
    env_text: str = field(repr=False)
    view: ConfigView
    environ: Mapping[str, str] = field(repr=False)
    stored: Secret | None = None
    """The secret from a store that the server cannot read by itself, and which store that is."""
    stored_in: StoreKind | None = None
    container: Container | None = None
    """What Compose gives the server; None outside of a container, and before it was asked."""
    own_env: Snapshot | None = None
    """The ``.env`` beside config.toml, where that is another one and a container reads it; None,
    too, where it cannot be read, which the check tells."""
    stranger: int | None = None
    """The account that could write the files, if it is not trusted; ``environ`` is cut then."""

    @property
    def unwritable(self) -> tuple[Snapshot, ...]:
        """The files that this account will not be able to write."""
        return tuple(each for each in (self.config, self.env) if not reading.is_writable(each))

    @property
    def in_container(self) -> bool:
        """Whether the server runs in a container, with a network and a loopback of its own."""
        return self.layout.kind is LayoutKind.COMPOSE

    @property
    def configured(self) -> bool:
        """Whether there is an ``[smtp]`` section with anything in it."""
        smtp = self.view.smtp
        return smtp is not None and not (smtp.user is None and smtp.endpoint is None)

    @property
    def has_secret(self) -> bool:
        """Whether ``[smtp]`` has a ``secret``, in itself or by reference."""
        return self.view.smtp is not None and self.view.smtp.secret is not None

    @property
    def reference(self) -> str | None:
        """The variable that ``secret`` refers to; None where it does not."""
        return self.resolver.reference

    @property
    def smtp_references(self) -> tuple[str, ...]:
        """The variables that the keys of ``[smtp]`` refer to."""
        smtp = self.view.smtp
        keys = () if smtp is None else (*TEXT_KEYS, *SWITCHES, "secret")
        texts = (getattr(smtp, key) for key in keys)
        return tuple(name for text in texts if isinstance(text, str) for name in references(text))

    @property
    def variable(self) -> str:
        """The variable that holds the secret, or would hold it."""
        return self.reference or DEFAULT_VARIABLE

    def doubt(self, *texts: str | None) -> str:
        """Return why it is not known what the server makes of values; empty if it is.

        That depends on the variables that they refer to, where Compose gives them to the server.
        """
        if self.container is None:
            return ""
        return self.container.doubt(name for text in texts for name in references(text or ""))

    @property
    def secret_doubt(self) -> str:
        """Why it is not known which secret the server has; empty if it is."""
        return "" if self.view.smtp is None else self.doubt(self.view.smtp.secret)

    def with_section_renamed(self) -> CurrentConfig:
        """Return a copy with a misnamed section renamed to ``[smtp]``; nothing is written."""
        from wizard.formats.config_toml.edit import ConfigEdit, edit_config

        try:
            text = edit_config(self.config_text, ConfigEdit(rename_misnamed=True))
            return replace(self, config_text=text, view=_view(text))
        except FileRefused as error:
            raise error.at(self.config.path) from None

    @property
    def resolver(self) -> SecretResolver:
        """Finds the secret that config.toml asks for."""
        smtp = self.view.smtp
        return SecretResolver(
            None if smtp is None else smtp.secret,
            self.layout.config,
            self.environ,
            EnvText(self.layout.env_file, self.env_text, self.readers),
            (self.stored, self.stored_in),
            self.container if self.container is not None and self.container.service else None,
            None if self.own_env is None else _as_text(self.own_env),
        )

    @property
    def readers(self) -> Readers:
        """Who reads ``.env``: beside a compose file it is Compose alone."""
        both = not self.in_container or self.layout.env_file.parent == self.layout.config.parent
        return Readers.SERVER_AND_COMPOSE if both else Readers.COMPOSE

    def with_container(self, container: Container | None = None) -> CurrentConfig:
        """Return a copy with what Compose gives the server; asks it, which takes a moment.

        ``container`` is what it has said before.
        """
        layout = self.layout
        if layout.compose_file is None or layout.compose_directory is None:
            return self
        if container is None:
            from wizard.compose.ask import ask_container

            usual = layout.compose_directory / ".env"
            named = None if layout.env_file == usual else layout.env_file
            container = ask_container(
                layout.compose_file,
                layout.compose_directory,
                layout.config,
                self.environ,
                named,
            )
        beside = layout.config.with_name(".env")
        own_env = None if beside == layout.env_file else _readable(beside)
        return replace(self, container=container, own_env=own_env)

    def origin(self, variable: str) -> Origin | None:
        """Return where the container's ``variable`` comes from; None where nothing sets it."""
        from wizard.compose.container import Origin, OriginKind

        if self.container is None:
            return None
        origin = self.container.origin(variable)
        if origin.kind not in (OriginKind.UNSET, OriginKind.NOT_PASSED):
            return origin
        if self.own_env is None or not self.is_in_own_env(variable):
            return None
        path = self.own_env.path
        line = self.container.project.line_in(path, variable)
        return Origin(OriginKind.PROJECT, variable, path, line)

    def is_in_own_env(self, variable: str) -> bool:
        """Whether the server itself reads it from ``.env`` beside config.toml, in a container."""
        if self.own_env is None or self.container is None:
            return False
        passed = self.container.value(variable) is not None  # which would win
        return not passed and _as_text(self.own_env).read(variable, {}) is not None

    def secret_target(self, variable: str) -> Target:
        """Return the file that gives the server ``variable``, and what that is called there.

        It is ``.env`` where no file does.
        """
        from wizard.compose.container import Target  # nothing is written at first

        env = Target(self.env.path, variable)
        if self.container is None:
            return env
        target = self.container.target(variable)
        if target is None and self.own_env is not None and self.is_in_own_env(variable):
            return Target(self.own_env.path, variable)
        return target or env

    def secret_file(self, variable: str) -> SecretFile:
        """Return the file that gives the server ``variable``; ``.env`` where there is no other.

        Raises :class:`FileRefused` where it cannot be read.
        """
        if self.container is None:
            return SecretFile(self.env, self.env_text, variable, self.readers)
        path, name, raw = self.secret_target(variable)
        if path == self.env.path:
            return SecretFile(self.env, self.env_text, name, self.readers)
        if self.own_env is not None and path == self.own_env.path:
            return SecretFile(self.own_env, _text_of(self.own_env), name)
        snapshot = read_file(path)
        readers = Readers.COMPOSE_RAW if raw else Readers.COMPOSE
        return SecretFile(snapshot, _text_of(snapshot), name, readers)

    def with_stored(self, ask: Ask = Ask.IF_NOWHERE_ELSE) -> CurrentConfig:
        """Return a copy with the secret that reaches the server only through ``exec``."""
        stored, stored_in = self.resolver.read_stores(ask)
        return replace(self, stored=stored, stored_in=stored_in)

    def open_store(self, store: StoreKind, accepted: str = "") -> ExternalStore:
        """Open the store of this configuration's secret.

        ``accepted`` is the backend that the operator has agreed to.
        """
        return store.open(self.layout.config, self._mail_host(), self.environ, accepted)

    def _mail_host(self) -> str:
        smtp = self.view.smtp
        if smtp is None or smtp.endpoint is None:
            return ""
        try:
            return Endpoint.parse(expand(smtp.endpoint, self.lookup)).route(False).host
        except InvalidValue:
            return ""

    def lookup(self, name: str) -> str | None:
        """Return what the server sees for ``${name}``."""
        return self.resolver.lookup(name)

    def settings(self) -> SmtpSettings:
        """Return what the server would use; raise :class:`InvalidValue` where it cannot."""
        smtp = self.view.smtp
        if smtp is None or smtp.user is None or smtp.endpoint is None:
            missing = "user" if smtp is not None and smtp.user is None else "endpoint"
            raise InvalidValue(
                f"{missing}-missing",
                _("config.toml has no {missing} in [smtp].", missing=missing),
                _("Set it with: smtp-wizard set --{missing} …", missing=missing),
            )
        doubt = self.secret_doubt
        return SmtpSettings(
            **{key: self.value(key) for key in (*TEXT_KEYS, *SWITCHES)},
            secret=None if doubt else self.resolver.secret(),
            unknown_secret=doubt,
        )

    def value(self, key: str) -> Any:
        """Return what the server makes of one of :data:`TEXT_KEYS` or :data:`SWITCHES`.

        Raises :class:`InvalidValue` where it cannot use it. A text must be present.
        """
        if key in SWITCHES:
            return self.switch(key)
        return text_value(key, getattr(self.view.smtp, key), self.lookup)

    def switch(self, key: str) -> bool:
        """Return one of :data:`SWITCHES`; raise :class:`InvalidValue` for no true or false."""
        self.check_type(key)
        value = None if self.view.smtp is None else getattr(self.view.smtp, key)
        if not isinstance(value, str):
            return bool(value)
        text = expand(value, self.lookup)
        if text not in ("true", "false"):
            message = SWITCHES[key]
            raise InvalidValue(
                f"{key}-value", _(message, value=value), _("Set the variable to true or false.")
            )
        return text == "true"

    def check_type(self, key: str) -> None:
        """Raise :class:`InvalidValue` if the value of a key in ``[smtp]`` has another type."""
        if self.view.smtp is not None and key in dict(self.view.smtp.wrong_type):
            raise wrong_type(key)

    def known_skip_key(self) -> SkipKey | None:
        """Return the way to skip verification that this server accepts; None without evidence."""
        tag = None if self.container is None else self.container.image_tag
        if tag is not None:
            with suppress(InvalidValue):  # the operator's own tag tells no version
                return skip_key_of(tag)
        return self.view.version_evidence


def _text_of(snapshot: Snapshot) -> str:
    try:
        return decode(snapshot.data or b"", snapshot.path.name)
    except FileRefused as error:
        raise error.at(snapshot.path) from None


def _readable(path: Path) -> Snapshot | None:
    """Return a file whose text can be read, or that does not exist."""
    try:
        snapshot = read_file(path)
        _text_of(snapshot)
    except FileRefused:
        return None
    return snapshot


def _as_text(snapshot: Snapshot) -> EnvText:
    return EnvText(snapshot.path, _text_of(snapshot))


def load_config(layout: Layout, environ: Mapping[str, str] | None = None) -> CurrentConfig:
    """Read both files of ``layout``; missing ones count as empty.

    From ``environ``, by default that of this process, the files of a stranger can refer only to
    what holds no secret.

    Raises :class:`FileRefused` when one of them cannot be read or edited safely.
    """
    config, env = read_file(layout.config), read_file(layout.env_file)
    config_text, env_text = _text_of(config), _text_of(env)
    try:
        view = _view(config_text)
    except FileRefused as error:
        raise error.at(config.path) from None
    stranger = find_stranger(config, env)
    environ = visible_environ(os.environ if environ is None else environ, stranger)
    return CurrentConfig(
        layout, config, env, config_text, env_text, view, environ, stranger=stranger
    )


def find_stranger(*files: Snapshot) -> int | None:
    """Return an account that could write one of the files and is not trusted; None for none."""
    trusted = trusted_accounts()
    for file in files:
        owners = [] if file.status is None else [file.status.st_uid]
        with suppress(OSError):
            owners.append(file.target.parent.stat().st_uid)
        for owner in owners:
            if owner not in trusted:
                return owner
    return None


def visible_environ(environ: Mapping[str, str], stranger: int | None) -> dict[str, str]:
    """Return what ``${NAME}`` in the files can stand for.

    A stranger could send any variable of root to a mail server of his own: ``user = "${TOKEN}"``.
    """
    if stranger is None:
        return dict(environ)
    from wizard.system.process import harmless_environ

    return harmless_environ(environ)


def stranger_findings(current: CurrentConfig) -> list[Finding]:
    """Return a finding where the files would see a variable if they were the caller's."""
    names = [name for name in current.view.references if name in os.environ]
    hidden = [name for name in names if name not in current.environ]
    if current.stranger is None or not hidden:
        return []
    account = account_name(current.stranger)
    return [
        Finding(
            "environment-not-used",
            _(
                "{name} is set in this environment, but not used: the account {account} can write "
                "the files here, and so decides where the value would be sent. Run the wizard as "
                "that account: sudo -u {quoted} smtp-wizard …",
                name=sorted(hidden)[0],
                account=account,
                quoted=quote(account),
            ),
        )
    ]


def unwritable_findings(
    current: CurrentConfig, paths: Collection[Path] | None = None
) -> list[Finding]:
    """Return a finding for each file, or of ``paths``, that this account cannot write."""
    message = N_(
        "This account may not write {path}. Run the wizard as an account that may, or with sudo."
    )
    if os.geteuid() == 0:
        message = N_("Not even root can write {path}: it is protected, or mounted read-only.")
    return [
        Finding("not-writable", _(message, path=snapshot.path))
        for snapshot in current.unwritable
        if paths is None or snapshot.path in paths
    ]


def _view(config_text: str) -> ConfigView:
    if not config_text:
        return EMPTY_CONFIG
    from wizard.formats.config_toml.reading import parse_config  # not before there is a file

    return parse_config(config_text)
