"""What the operator has entered so far, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from wizard.config.current import CurrentConfig
from wizard.config.settings import (
    SWITCHES,
    TEXT_KEYS,
    SmtpSettings,
    check_secret,
    skips_verification,
    text_value,
)
from wizard.errors import InvalidValue
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.variables import references
from wizard.secrets.secret import Keep, Remove, Replace, Secret, SecretEdit
from wizard.secrets.sources import ENV_FILE, StoreKind


@dataclass(frozen=True, slots=True)
class Draft:
    """The values as they will be in config.toml, right or wrong.

    ``user`` and ``endpoint`` may contain ``${NAME}``. ``skip`` switches user verification off;
    ``skip_key`` is how, once that is known.
    """

    user: str = ""
    endpoint: str = field(default="", repr=False)  # may hold a password
    starttls: bool | None = False
    """None: what config.toml says, which cannot be evaluated."""
    secret: SecretEdit = Keep()  # noqa: RUF009  (frozen)
    store: StoreKind = ENV_FILE
    """Where the secret is to be kept."""
    skip: bool | None = False
    """None: what config.toml says, which cannot be evaluated."""
    skip_key: SkipKey | None = None
    relay: str | None = None
    """The sender, where a relay beside the server is to log in with these values; else None."""

    @classmethod
    def of(cls, current: CurrentConfig) -> Draft:
        """Return the draft that changes nothing."""
        smtp = current.view.smtp
        skip = skips_verification(current.view, current.lookup)
        skip_key = current.view.skip or next(iter(current.view.skip_references), None)
        skip_key = skip_key or current.known_skip_key()
        stores = [
            source for source in current.resolver.sources().found if isinstance(source, StoreKind)
        ]
        store = stores[0] if stores else ENV_FILE
        draft = cls(store=store, skip=skip, skip_key=skip_key)
        if smtp is None:
            return draft
        values: dict[str, Any] = {key: getattr(smtp, key) or "" for key in TEXT_KEYS}
        for key in SWITCHES:
            try:
                values[key] = current.switch(key)
            except InvalidValue:  # problems() tells of it
                values[key] = None
        return replace(draft, **values)

    @property
    def delivers(self) -> bool:
        """Whether any mail settings were entered."""
        return any(getattr(self, key) for key in TEXT_KEYS)

    def settings(self, current: CurrentConfig) -> SmtpSettings:
        """Return what the server would use; raise :class:`InvalidValue` for the first problem."""
        values = {}
        for field_name, check in self._checks(current).items():
            try:
                values[field_name] = check()
            except InvalidValue as problem:
                problem.field = field_name
                raise
        settings = SmtpSettings(**values, unknown_secret=self._secret_doubt(current))
        if self.relay is None:
            return settings
        from wizard.config.relay import relay_settings

        return relay_settings(settings, self.relay)

    def _secret_doubt(self, current: CurrentConfig) -> str:
        return current.secret_doubt if isinstance(self.secret, Keep) else ""

    def effective_secret(self, current: CurrentConfig) -> Secret | None:
        """Return the secret that the server would use with this draft; None if it is not known."""
        match self.secret:
            case Replace(secret):
                from wizard.formats.dotenv.quoting import check_value  # nothing is typed at first

                check_value(secret.reveal())
                choose_reference(current.variable, secret.reveal(), None)
            case Remove():
                return None
            case Keep():
                current.check_type("secret")
                found = None if current.secret_doubt else current.resolver.secret()
                if found is None:
                    return None
                secret = found
        check_secret(secret)
        return secret

    def known_secrets(self, current: CurrentConfig) -> Iterator[Secret]:
        """Yield every secret that is known, the new one, too."""
        yield from current.resolver.known_secrets()
        if isinstance(self.secret, Replace):
            yield self.secret.secret

    def unset_variables(self, current: CurrentConfig, field_name: str = "") -> tuple[str, ...]:
        """Return the variables that a value, or any, refers to and that nothing sets here."""
        smtp = current.view.smtp
        texts = {key: getattr(self, key) for key in TEXT_KEYS}
        if smtp is not None:
            texts |= {key: getattr(smtp, key) for key in SWITCHES if getattr(self, key) is None}
            texts |= {"secret": smtp.secret} if isinstance(self.secret, Keep) else {}
        if field_name:
            texts = {field_name: texts.get(field_name)}
        names = (name for text in texts.values() for name in references(text or ""))
        known = {current.reference} if current.stored_in is not None else set()
        unset = (name for name in names if name not in known and _is_unset(current, name))
        return tuple(dict.fromkeys(unset))

    def problems(self, current: CurrentConfig) -> dict[str, InvalidValue]:
        """Return field → what is wrong with it, for the fields that the draft needs."""
        if self.skip and not self.delivers:
            return {}
        found = {}
        for name, check in self._checks(current).items():
            try:
                check()
            except InvalidValue as problem:
                found[name] = problem
        if self.relay is not None:
            from wizard.config.relay import check_sender

            try:
                check_sender(self.relay)
                if not found:
                    self.settings(current)
            except InvalidValue as problem:
                found["relay"] = problem
        return found

    def _checks(self, current: CurrentConfig) -> dict[str, Callable[[], Any]]:
        """Return field → how to get its valid value, in the order of the problems."""
        return {
            **{key: partial(self._text, key, current) for key in TEXT_KEYS},
            **{key: partial(self._switch, key, current) for key in SWITCHES},
            "secret": lambda: self.effective_secret(current),
        }

    def _text(self, key: str, current: CurrentConfig) -> Any:
        text = getattr(self, key)
        if not text:
            current.check_type(key)
        return text_value(key, text, current.lookup)

    def _switch(self, key: str, current: CurrentConfig) -> bool:
        value = getattr(self, key)
        return current.switch(key) if value is None else value


def _is_unset(current: CurrentConfig, name: str) -> bool:
    """Whether nothing sets a variable here; Compose makes an empty value of one that it passes."""
    if current.container is not None and current.container.doubt((name,)):
        return False
    if current.lookup(name) is None:
        return True
    if current.container is None or not current.container.service:
        return False
    from wizard.compose.container import OriginKind

    return current.container.origin(name).kind is OriginKind.UNSET
