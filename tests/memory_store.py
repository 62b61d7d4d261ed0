"""A fake secret store in memory, for what a real keyring cannot do on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wizard.errors import StoreUnusable
from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability


class MemoryStore:
    """Works unless told otherwise.

    ``forgets`` what is written, is ``broken``, or does not answer any more after it has written
    (``hangs``) or when it should delete (``keeps``).
    """

    name = "the keyring"

    def __init__(
        self,
        secret: Secret | None = None,
        *,
        forgets: bool = False,
        broken: bool = False,
        hangs: bool = False,
        keeps: bool = False,
    ) -> None:
        self.hangs = hangs
        self.keeps = keeps
        self.backups: dict[str, MemoryStore] = {}
        self.secret = secret
        self.forgets = forgets
        self.broken = broken

    @property
    def reopen_details(self) -> Mapping[str, str]:
        return {}

    @property
    def files(self) -> Sequence[Path]:
        return ()

    def backup(self, slot: str) -> MemoryStore:
        return self.backups.setdefault(slot, MemoryStore())

    def check_availability(self) -> Availability:
        if self.broken:
            return Availability(False, "keyring-no-bus", "There is none.", "Use .env.")
        return Availability(usable=True)

    def exists(self) -> bool:
        return self.secret is not None

    def read(self) -> Secret | None:
        return self.secret

    def write(self, secret: Secret) -> None:
        self.secret = self.secret if self.forgets else secret
        if self.hangs:
            self.hangs = False
            raise StoreUnusable("keyring-timeout", "It did not answer.", "Try again.")

    def delete(self) -> None:
        if self.keeps:
            raise StoreUnusable("keyring-timeout", "It did not answer.", "Try again.")
        self.secret = None
