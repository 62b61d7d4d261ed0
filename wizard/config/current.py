"""What is configured now: both files as they were read, and where the secret comes from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wizard.config.endpoint import Endpoint
from wizard.config.layout import Layout, LayoutKind
from wizard.config.settings import SWITCHES, TEXT_KEYS, SmtpSettings, text_value
from wizard.errors import FileRefused, Finding, InvalidValue
from wizard.files import reading
from wizard.files.encoding import decode
from wizard.files.reading import Snapshot, read_file
from wizard.formats.config_toml.skip_key import SkipKey, skip_key_of
from wizard.formats.config_toml.view import EMPTY_CONFIG, ConfigView
from wizard.formats.variables import DEFAULT_VARIABLE, expand
from wizard.secrets.resolver import Ask, SecretResolver
from wizard.secrets.secret import Secret
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import ExternalStore
from wizard.text.language import _


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
    def reference(self) -> str | None:
        """The variable that ``secret`` refers to; None where it does not."""
        return self.resolver.reference

    @property
    def variable(self) -> str:
        """The variable that holds the secret, or would hold it."""
        return self.reference or DEFAULT_VARIABLE

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
            self.layout.env_file,
            self.env_text,
            (self.stored, self.stored_in),
        )

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
        return SmtpSettings(
            **{key: self.value(key) for key in (*TEXT_KEYS, *SWITCHES)},
            secret=self.resolver.secret(),
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

    def known_skip_key(self) -> SkipKey | None:
        """Return the way to skip verification that this server accepts; None without evidence."""
        if self.view.version_evidence is not None:
            return self.view.version_evidence
        tag = self.layout.image_tag
        try:
            return None if tag is None else skip_key_of(tag)
        except InvalidValue:  # the operator's own tag tells no version
            return None


def load_config(layout: Layout, environ: Mapping[str, str] | None = None) -> CurrentConfig:
    """Read both files of ``layout``; missing ones count as empty.

    Raises :class:`FileRefused` when one of them cannot be read or edited safely.
    """
    config, env = read_file(layout.config), read_file(layout.env_file)
    try:
        config_text = decode(config.data or b"", "config.toml")
        view = _view(config_text)
    except FileRefused as error:
        raise error.at(config.path) from None
    try:
        env_text = decode(env.data or b"", ".env")
    except FileRefused as error:
        raise error.at(env.path) from None
    return CurrentConfig(
        layout,
        config,
        env,
        config_text,
        env_text,
        view,
        dict(os.environ if environ is None else environ),
    )


def unwritable_findings(current: CurrentConfig) -> list[Finding]:
    """Return a finding for each file that this account will not be able to write."""
    return [
        Finding(
            "not-writable",
            _(
                "This account may not write {path}. Run the wizard as an account that may, or "
                "with sudo.",
                path=snapshot.path,
            ),
        )
        for snapshot in current.unwritable
    ]


def _view(config_text: str) -> ConfigView:
    if not config_text:
        return EMPTY_CONFIG
    from wizard.formats.config_toml.reading import parse_config  # not before there is a file

    return parse_config(config_text)
