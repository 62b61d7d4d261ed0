"""The OS keyring as a store, by way of a child process with a deadline.

This process never imports a keyring library: that takes a quarter of a second, and a call that
hangs would keep the process from ever ending.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability, storable
from wizard.stores.keyring_words import availability
from wizard.system import process
from wizard.system.process import Answer, TimedOut
from wizard.text.language import _

SERVICE = "bomnipotent-smtp"
_PACKAGES = Path(__file__).absolute().parents[2]
_CHILD = (
    "import sys; sys.path.insert(0, {!r}); from wizard.secrets.keyring_child import main; main()"
)


def user_name(config: Path) -> str:
    """Return the keyring's user name for a configuration: its absolute path.

    Symbolic links to its directory are followed, so that it is the same by whatever way one comes.
    """
    return str(Path(os.path.realpath(config.parent)) / config.name)


class KeyringStore:
    """The entry for the config.toml at ``config``: ``keyring get bomnipotent-smtp PATH``.

    ``host`` of the mail server is part of the label. ``accepted`` names a backend other than the
    native one that the operator has configured, was shown, and agreed to. ``seconds`` is the
    deadline of each method.
    """

    def __init__(
        self,
        config: Path,
        host: str = "",
        *,
        accepted: str = "",
        environ: Mapping[str, str] | None = None,
        seconds: float = process.DEADLINE,
    ) -> None:
        self.user = user_name(config)
        self.label = f"BOMnipotent Server – SMTP secret ({host or self.user})"  # noqa: RUF001
        self._accepted = accepted
        self._environ = dict(os.environ if environ is None else environ)
        self._seconds = seconds

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return _("the keyring")

    @property
    def details(self) -> Mapping[str, str]:
        """The label of the entry, and the backend that the operator has accepted."""
        return {"label": self.label, "accepted": self._accepted}

    @classmethod
    def again(cls, config: Path, details: Mapping[str, str]) -> KeyringStore:
        """Open the keyring with the :attr:`details` of an earlier store."""
        store = cls(config, accepted=details.get("accepted", ""))
        store.label = details.get("label", store.label)
        return store

    def shelf(self, slot: str) -> KeyringStore:
        """Return an entry of its own, beside the one that is in use."""
        store = copy.copy(self)
        store.user = f"{self.user} (before the last change, {slot})"
        store.label = f"{self.label} (before the last change)"
        return store

    def look(self) -> Availability:
        """Look without prompting; then try the keyring out with an entry of no worth."""
        return availability(self._ask("look"), self.user)

    async def look_async(self) -> Availability:
        """Do what :meth:`look` does while the event loop goes on; may be cancelled any time."""
        try:
            answer = await process.run_async(
                self._command(), self._request("look"), self._environ, self._seconds
            )
        except TimedOut:
            return availability({"code": "keyring-timeout"}, self.user)
        except OSError:
            return availability({"code": "keyring-failed"}, self.user)
        return availability(_parse(answer), self.user)

    def present(self) -> bool:
        """Tell whether there is an entry, even if it is locked."""
        return bool(self._demand("present").get("present"))

    def read(self) -> Secret | None:
        """Return the entry's secret."""
        text = self._demand("read").get("secret")
        return Secret(text) if isinstance(text, str) and text else None

    def write(self, secret: Secret) -> None:
        """Create or replace the entry."""
        self._demand("write", secret)

    def delete(self) -> None:
        """Remove the entry."""
        self._demand("delete")

    def _demand(self, action: str, secret: Secret | None = None) -> dict[str, Any]:
        answer = self._ask(action, secret)
        found = availability(answer, self.user)
        if not found.usable:
            raise found.refusal()
        return answer

    def _ask(self, action: str, secret: Secret | None = None) -> dict[str, Any]:
        try:
            answer = process.run(
                self._command(), self._request(action, secret), self._environ, self._seconds
            )
        except TimedOut:
            return {"code": "keyring-timeout"}
        except OSError:
            return {"code": "keyring-failed"}
        return _parse(answer)

    def _command(self) -> list[str]:
        # Isolated: neither PYTHON… variables nor the working directory decide what is imported.
        # And by its name, not as a file: the program may be a single archive.
        return [sys.executable, "-I", "-c", _CHILD.format(str(_PACKAGES))]

    def _request(self, action: str, secret: Secret | None = None) -> bytes:
        here = str(Path.cwd()) if _has_working_directory() else ""
        request = {
            "action": action,
            "service": SERVICE,
            "user": self.user,
            "label": self.label,
            "secret": None if secret is None else storable(secret),
            "accepted": self._accepted,
            "deadline": self._seconds + 1,
            "path": [path for path in sys.path if Path(path).is_absolute() and path != here],
        }
        return json.dumps(request).encode()


def _has_working_directory() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _parse(answer: Answer) -> dict[str, Any]:
    try:
        parsed = json.loads(answer.output)
    except ValueError:  # it was ended, or a library wrote to its output
        parsed = None
    if isinstance(parsed, dict) and isinstance(parsed.get("code"), str):
        return parsed
    return {"code": "keyring-failed"}
