"""A fake secret store that fails at a chosen step."""

from __future__ import annotations

from wizard.errors import StoreUnusable
from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability


class Fragile:
    """A store in memory that fails at the step ``failing``."""

    def __init__(self, name: str, secret: Secret | None = None, failing: str = "") -> None:
        self.name = name
        self.kept = secret
        self.failing = failing

    def _step(self, step: str) -> None:
        if self.failing == step:
            raise StoreUnusable(f"{step}-failed", f"{self.name} failed.", "Repair it.")
        if self.failing == f"{step}-killed":
            raise KeyboardInterrupt

    def check_availability(self) -> Availability:
        if self.failing == "check_availability":
            return Availability(False, "look-failed", "It is locked.", "Unlock it.")
        return Availability(True)

    def exists(self) -> bool:
        self._step("exists")
        return self.kept is not None

    def read(self) -> Secret | None:
        self._step("read")
        return Secret("garbled") if self.failing == "garble" and self.kept else self.kept

    def write(self, secret: Secret) -> None:
        self._step("write")
        self.kept = secret
        self._step("written")

    def delete(self) -> None:
        self._step("delete")
        self.kept = self.kept if self.failing == "keep" else None
        self._step("deleted")
