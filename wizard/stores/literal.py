"""A secret that stands in config.toml itself: can be read and moved away, never written."""

from __future__ import annotations

from pathlib import Path

from wizard import files
from wizard.errors import FileRefused, InvalidValue, StoreUnusable, WriteFailed
from wizard.files import Snapshot
from wizard.formats.config.edit import ConfigEdit, edit_config
from wizard.formats.config.references import choose_reference
from wizard.formats.config.view import SmtpValues, parse_config
from wizard.formats.text import decode, encode
from wizard.language import _
from wizard.secret import Secret
from wizard.stores.store import Availability


class LiteralStore:
    """The secret in the config.toml at ``path``; deleting it leaves ``${variable}`` behind."""

    def __init__(self, path: Path, variable: str) -> None:
        self.path = path
        self.variable = variable

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return _("config.toml itself")

    def look(self) -> Availability:
        """Say that nothing is to be stored here."""
        return Availability(
            False,
            "literal-not-a-store",
            _("In config.toml everybody who may read the configuration sees the secret."),
            _("Use .env."),
        )

    def present(self) -> bool:
        """Tell whether a secret stands there in the open."""
        return self.read() is not None

    def read(self) -> Secret | None:
        """Return the secret."""
        smtp = self._load()[2]
        text = None if smtp is None else smtp.secret
        return Secret(text) if text and "${" not in text else None

    def write(self, secret: Secret) -> None:
        """Refuse."""
        raise self.look().refusal()

    def delete(self) -> None:
        """Put a reference to the variable in the place of the secret."""
        snapshot, text, smtp = self._load()
        secret = None if smtp is None else smtp.secret
        if not secret or "${" in secret:
            return
        try:
            source = choose_reference(self.variable, secret, None)
            files.replace(snapshot, encode(edit_config(text, ConfigEdit(secret_source=source))))
        except (FileRefused, InvalidValue, WriteFailed) as error:
            raise self._unusable(error) from None

    def _load(self) -> tuple[Snapshot, str, SmtpValues | None]:
        try:
            snapshot = files.read(self.path)
            text = decode(snapshot.data or b"", "config.toml")
            return snapshot, text, parse_config(text).smtp
        except FileRefused as error:
            raise self._unusable(error) from None

    def _unusable(self, error: FileRefused | InvalidValue | WriteFailed) -> StoreUnusable:
        return StoreUnusable(
            error.code, error.message, error.remedy, path=self.path, line=error.line
        )
