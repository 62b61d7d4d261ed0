"""A fake keyring in a file, so that it outlives a killed process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability
from wizard.system.state import read_private, write_private


class FileVault:
    """Replaces its file in one step, as a keyring replaces an entry."""

    name = "the keyring"

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def reopen_details(self) -> Mapping[str, str]:
        return {}

    @property
    def files(self) -> Sequence[Path]:
        return ()

    def backup(self, slot: str) -> FileVault:
        return FileVault(self.path.with_name(f"{self.path.name}-{slot}"))

    def check_availability(self) -> Availability:
        return Availability(usable=True)

    def exists(self) -> bool:
        return self.path.exists()

    def read(self) -> Secret | None:
        data = read_private(self.path)
        return Secret(data.decode()) if data else None

    def write(self, secret: Secret) -> None:
        write_private(self.path, secret.reveal().encode())

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
