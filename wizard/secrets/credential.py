"""A systemd credential as a store: a file that only this machine can decrypt.

https://systemd.io/CREDENTIALS/
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import FileRefused, StoreUnusable, WriteFailed
from wizard.files.reading import Snapshot, read_file
from wizard.files.refusals import os_reason
from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability, storable_text
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.system.process import ChildResult

CREDENTIAL_NAME = "smtp_secret"
"""The credential's name, and that of the file in which a service finds it."""

_DIRECTORY = "CREDENTIALS_DIRECTORY"
"""The variable that systemd sets for a service with credentials."""
_TOOL = "systemd-creds"
_FIRST_VERSION = 250
_SECONDS = 15.0
"""A security chip (TPM) can be slow."""


def credential_path(config: Path) -> Path:
    """Return where the encrypted credential for a configuration is kept."""
    return config.with_name(f"{CREDENTIAL_NAME}.cred")


class CredentialStore:
    """The encrypted credential in the file at ``path``; ``systemd-creds`` does the work."""

    def __init__(self, path: Path, seconds: float = _SECONDS) -> None:
        self.path = path
        self._seconds = seconds

    @classmethod
    def open(
        cls, config: Path, host: str, environ: Mapping[str, str], accepted: str
    ) -> CredentialStore:
        """Open the store of a configuration."""
        return cls(credential_path(config))

    @classmethod
    def reopen(cls, config: Path, details: Mapping[str, str]) -> CredentialStore:
        """Open the same store again."""
        return cls(credential_path(config))

    @classmethod
    def reader(cls, config: Path, environ: Mapping[str, str]) -> ReceivedCredential:
        """Return what gives this process the credential, decrypted by systemd or here."""
        return ReceivedCredential(environ.get(_DIRECTORY, ""), cls(credential_path(config)))

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return _("the systemd credential")

    @property
    def reopen_details(self) -> Mapping[str, str]:
        """Nothing: the path of config.toml is enough."""
        return {}

    @property
    def files(self) -> Sequence[Path]:
        """The encrypted file."""
        return (self.path,)

    def backup(self, slot: str) -> CredentialStore:
        """Return another encrypted file, beside the one that is in use."""
        return CredentialStore(
            self.path.with_name(f"{self.path.name}.before-{slot}"), self._seconds
        )

    def check_availability(self) -> Availability:
        """Find out whether this account can encrypt credentials here; creates no key."""
        if not (tool := _tool()):
            return Availability(
                False,
                "credential-no-systemd",
                _("systemd-creds is not installed, which comes with systemd 250 and later."),
                _("Use .env."),
            )
        version = _version(self._run([tool, "--version"], b""))
        if version < _FIRST_VERSION:
            return Availability(
                False,
                "credential-systemd-too-old",
                _(
                    "systemd {version} is too old: it knows no encrypted credentials.",
                    version=version,
                ),
                _(
                    "Use .env, or update to systemd {version} or later.",
                    version=_FIRST_VERSION,
                ),
            )
        if os.geteuid() != 0:
            return Availability(
                False,
                "credential-needs-root",
                _("Only root can encrypt or decrypt the credentials of this machine."),
                _("Run smtp-wizard with sudo, or use .env."),
            )
        return Availability(True)

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return bool(self._load().data)

    def read(self) -> Secret | None:
        """Decrypt the credential."""
        data = self._load().data
        if not data:
            return None
        command = [
            self._usable_tool(),
            "decrypt",
            f"--name={CREDENTIAL_NAME}",
            "--newline=no",
            "-",
            "-",
        ]
        answer = self._run(command, data)
        if answer.code != 0:
            raise StoreUnusable(
                "credential-not-decrypted",
                _("The credential cannot be decrypted."),
                _(
                    "It belongs to this machine's key and to the name smtp_secret: store the "
                    "secret again."
                ),
                path=self.path,
            )
        try:
            text = answer.output.decode()
        except UnicodeDecodeError:
            raise _not_text(self.path) from None
        return Secret(text) if text else None

    def write(self, secret: Secret) -> None:
        """Encrypt the secret with the machine's key, which is made where there is none yet."""
        from wizard.files.replacing import replace_file

        data = storable_text(secret).encode()
        before = self._load()
        command = [self._usable_tool(), "encrypt", f"--name={CREDENTIAL_NAME}", "-", "-"]
        answer = self._run(command, data)
        if answer.code != 0 or not answer.output:
            raise StoreUnusable(
                "credential-not-encrypted",
                _("systemd-creds cannot encrypt here."),
                _("Run it by hand to see why: systemd-creds setup"),
            )
        try:
            replace_file(before, answer.output)
        except (FileRefused, WriteFailed) as error:
            raise _unusable(error) from None

    def delete(self) -> None:
        """Remove the file."""
        from wizard.files.replacing import delete_file

        try:
            delete_file(self._load())
        except (FileRefused, WriteFailed) as error:
            raise StoreUnusable(
                "credential-not-deleted", error.message, error.remedy, path=self.path
            ) from None

    def _load(self) -> Snapshot:
        try:
            return read_file(self.path)
        except FileRefused as error:
            raise _unusable(error) from None

    def _usable_tool(self) -> str:
        found = self.check_availability()
        if not found.usable:
            raise found.refusal()
        return _tool() or _TOOL

    def _run(self, command: list[str], data: bytes) -> ChildResult:
        from wizard.system.process import ChildTimeout, run_child

        try:
            return run_child(command, data, os.environ, self._seconds)
        except ChildTimeout:
            raise StoreUnusable(
                "credential-timeout",
                _(
                    "systemd-creds did not answer within {seconds:g} seconds.",
                    seconds=self._seconds,
                ),
                _("Try again, or use .env."),
            ) from None
        except OSError as error:
            raise StoreUnusable(
                "credential-no-systemd",
                _("systemd-creds cannot be started: {reason}.", reason=os_reason(error)),
                _("Use .env."),
            ) from None


class ReceivedCredential:
    """The credential that systemd has decrypted for this service, else the encrypted one.

    ``directory`` is ``$CREDENTIALS_DIRECTORY``; systemd gives no relative one.
    """

    def __init__(self, directory: str, store: CredentialStore) -> None:
        self._path = Path(directory) / CREDENTIAL_NAME
        self._store = store

    def exists(self) -> bool:
        """Tell whether there is either of them."""
        decrypted = self._path.is_absolute() and self._path.exists()
        return decrypted or self._store.exists()

    def read(self) -> Secret | None:
        """Return the one that systemd decrypted, or decrypt the other."""
        return self._decrypted() or self._store.read()

    def _decrypted(self) -> Secret | None:
        if not self._path.is_absolute():
            return None
        try:
            data = read_file(self._path).data
        except FileRefused as error:
            raise _unusable(error) from None
        # A credential encrypted with "echo" ends in a line feed, which is never part of the secret.
        line = (data or b"").removesuffix(b"\n").removesuffix(b"\r")
        if b"\n" in line or b"\0" in line:
            raise _not_text(self._path)
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise _not_text(self._path) from None
        return Secret(text) if text else None


def _tool() -> str | None:
    """Return the tool's absolute path; one in the working directory is not taken."""
    import shutil

    found = shutil.which(_TOOL)
    return found if found and Path(found).is_absolute() else None


def _version(answer: ChildResult) -> int:
    number = re.match(rb"systemd (\d+)", answer.output)
    return int(number[1]) if number else 0


def _not_text(path: Path) -> StoreUnusable:
    return StoreUnusable(
        "credential-not-a-secret",
        _("The credential is not one line of UTF-8 text."),
        _("Store the secret again."),
        path=path,
    )


def _unusable(error: FileRefused | WriteFailed) -> StoreUnusable:
    return StoreUnusable(error.code, error.message, error.remedy, path=error.path, line=error.line)
