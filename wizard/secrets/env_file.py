"""``.env`` as a store: one variable in it, all else left alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wizard.errors import FileRefused, InvalidValue, StoreUnusable, WriteFailed
from wizard.files import reading
from wizard.files.reading import Snapshot, read_file
from wizard.files.replacing import replace_file
from wizard.formats.dotenv.variables import read_definitions, remove_variable, set_variable
from wizard.formats.encoding import decode, encode
from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability
from wizard.text.language import _


class EnvFileStore:
    """The variable ``variable`` in the ``.env`` at ``path``.

    ``environ`` is what the file's readers replace ``$NAME`` by.
    """

    name = ".env"

    def __init__(self, path: Path, variable: str, environ: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.variable = variable
        self._environ = dict(os.environ if environ is None else environ)

    def check_availability(self) -> Availability:
        """Find out whether the file can be read and written."""
        try:
            snapshot, text = self._load()
            self._values(text)
        except StoreUnusable as error:
            return Availability(False, error.code, str(error).removesuffix(error.remedy).strip(),
                                error.remedy)  # fmt: skip
        if not reading.is_writable(snapshot):
            where = snapshot.target if snapshot.exists else snapshot.target.parent
            return Availability(
                False,
                "env-not-writable",
                _(
                    "{where} cannot be written by this account, so .env cannot be changed.",
                    where=where,
                ),
                _("Run the wizard as an account that may write it, or with sudo."),
            )
        return Availability(True)

    def exists(self) -> bool:
        """Tell whether the variable is defined and not blank."""
        return any(self._values(self._load()[1]))

    def read(self) -> Secret | None:
        """Return the value, on which the server and Docker Compose have to agree."""
        values = self._values(self._load()[1])
        if len(values) > 1:
            raise StoreUnusable(
                "env-value-ambiguous",
                _(
                    "The server and Docker Compose do not read the same value of {variable}.",
                    variable=self.variable,
                ),
                _("Store the secret again: smtp-wizard set --secret-stdin"),
                path=self.path,
            )
        value = next(iter(values), "")
        return Secret(value) if value else None

    def write(self, secret: Secret) -> None:
        """Set the variable; a new file is private from its first byte."""
        snapshot, text = self._load()
        try:
            after = set_variable(text, self.variable, secret.reveal(), self._environ)
        except (FileRefused, InvalidValue) as error:
            raise self._unusable(error) from None
        self._replace(snapshot, after)

    def delete(self) -> None:
        """Remove the lines that define the variable."""
        snapshot, text = self._load()
        try:
            after = remove_variable(text, self.variable, self._environ)
        except FileRefused as error:
            raise self._unusable(error) from None
        self._replace(snapshot, after)

    def _load(self) -> tuple[Snapshot, str]:
        try:
            snapshot = read_file(self.path)
            return snapshot, decode(snapshot.data or b"", ".env")
        except FileRefused as error:
            raise self._unusable(error) from None

    def _values(self, text: str) -> set[str]:
        """Return the different values that the readers of the file find."""
        if self.variable not in text:
            return set()
        try:
            entries = read_definitions(text, self._environ)
        except FileRefused as error:
            raise self._unusable(error) from None
        found = [entry for entry in entries if entry.name == self.variable]
        # The server takes the first definition, Compose the last one.
        return {found[0].dotenvy.value, found[-1].compose.value} if found else set()

    def _replace(self, snapshot: Snapshot, text: str) -> None:
        data = encode(text)
        if data == (snapshot.data or b""):
            return
        try:
            replace_file(snapshot, data)
        except (FileRefused, WriteFailed) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: FileRefused | InvalidValue | WriteFailed) -> StoreUnusable:
        return StoreUnusable(
            error.code, error.message, error.remedy, path=self.path, line=error.line
        )
