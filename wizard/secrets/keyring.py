"""The OS keyring as a store, through a child process with a deadline.

This process never imports a keyring library: that takes a quarter of a second, and a call that
hangs would keep the process from ever ending.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wizard.files.location import Location
from wizard.secrets.secret import Secret
from wizard.secrets.store import Availability, storable_text
from wizard.system import process
from wizard.system.process import ChildResult, ChildTimeout, run_child, run_child_async
from wizard.text.language import N_, _

SERVICE = "bomnipotent-smtp"
_PACKAGES = Path(__file__).absolute().parents[2]
_CHILD = (
    "import sys; sys.path.insert(0, {!r}); from wizard.secrets.keyring_child import main; main()"
)


def keyring_user(config: Path) -> str:
    """Return the keyring's user name for a configuration: its absolute path.

    Symbolic links to its directory are followed, so that every path to it gives the same name; not
    where another account could thereby choose an entry of ours.
    """
    try:
        with Location(config, follow=False) as location:
            return str(location.target)
    except OSError:
        return str(config)


class KeyringStore:
    """The entry for the config.toml at ``config``: ``keyring get bomnipotent-smtp PATH``.

    ``host``, the mail server's, is part of the label. ``accepted`` names a backend other than the
    native one that the operator has configured and agreed to. ``seconds`` is the deadline of each
    method.
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
        self.user = keyring_user(config)
        self.label = f"BOMnipotent Server – SMTP secret ({host or self.user})"  # noqa: RUF001
        self._accepted = accepted
        self._environ = dict(os.environ if environ is None else environ)
        self._seconds = seconds

    @classmethod
    def open(
        cls, config: Path, host: str, environ: Mapping[str, str], accepted: str
    ) -> KeyringStore:
        """Open the entry of a configuration."""
        return cls(config, host, accepted=accepted, environ=environ)

    @classmethod
    def reopen(cls, config: Path, details: Mapping[str, str]) -> KeyringStore:
        """Open the keyring with the :attr:`reopen_details` of an earlier store."""
        store = cls(config, accepted=details.get("accepted", ""))
        store.label = details.get("label", store.label)
        return store

    @classmethod
    def reader(cls, config: Path, environ: Mapping[str, str]) -> KeyringStore:
        """Return the entry itself; a reader needs no label."""
        return cls(config, environ=environ)

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return _("the keyring")

    @property
    def reopen_details(self) -> Mapping[str, str]:
        """The label of the entry, and the backend that the operator has accepted."""
        return {"label": self.label, "accepted": self._accepted}

    @property
    def files(self) -> Sequence[Path]:
        """None: the keyring itself writes them."""
        return ()

    def backup(self, slot: str) -> KeyringStore:
        """Return an entry of its own, beside the one that is in use."""
        store = copy.copy(self)
        store.user = f"{self.user} (before the last change, {slot})"
        store.label = f"{self.label} (before the last change)"
        return store

    def check_availability(self) -> Availability:
        """Check without prompting; then try the keyring out with a throw-away entry."""
        return keyring_availability(self._ask("check"), self.user)

    async def check_availability_async(self) -> Availability:
        """Do the same without blocking the event loop; may be cancelled at any time."""
        try:
            answer = await run_child_async(
                self._command(), self._request("check"), self._environ, self._seconds
            )
        except ChildTimeout:
            return keyring_availability({"code": "keyring-timeout"}, self.user)
        except OSError:
            return keyring_availability({"code": "keyring-failed"}, self.user)
        return keyring_availability(_parse(answer), self.user)

    def exists(self) -> bool:
        """Tell whether there is an entry, even if it is locked."""
        return bool(self._demand("exists").get("exists"))

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
        found = keyring_availability(answer, self.user)
        if not found.usable:
            raise found.refusal()
        return answer

    def _ask(self, action: str, secret: Secret | None = None) -> dict[str, Any]:
        try:
            answer = run_child(
                self._command(), self._request(action, secret), self._environ, self._seconds
            )
        except ChildTimeout:
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
        import json  # only for who asks a keyring

        request = {
            "action": action,
            "service": SERVICE,
            "user": self.user,
            "label": self.label,
            "secret": None if secret is None else storable_text(secret),
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


def _parse(answer: ChildResult) -> dict[str, Any]:
    import json

    try:
        parsed = json.loads(answer.output)
    except ValueError:  # it was ended, or a library wrote to its output
        parsed = None
    if isinstance(parsed, dict) and isinstance(parsed.get("code"), str):
        return parsed
    return {"code": "keyring-failed"}


FOREIGN = "keyring-backend-foreign"
"""The code for a backend of the operator's own choice, which is used only with consent."""
_UNLOCK = N_(
    'Unlock it, then look again:   read -rs p; printf %s "$p" | gnome-keyring-daemon '
    "--replace --unlock --components=secrets"
)
_MESSAGES: Mapping[str, tuple[str, str]] = {
    "keyring-no-bus": (
        N_("This login has no session bus, so no keyring can be reached."),
        N_("Use .env, or start smtp-wizard under dbus-run-session."),
    ),
    "keyring-root": (
        N_("You are root, and root cannot open your keyring."),
        N_("Run without sudo, or use .env."),
    ),
    "keyring-bus-not-ours": (
        N_("The session bus of this environment belongs to another account."),
        N_("Log in as the account that starts the server, without su or sudo."),
    ),
    "keyring-no-service": (
        N_("No keyring is installed on this machine."),
        N_("Use .env, or install gnome-keyring (or KeePassXC, or KWallet)."),
    ),
    "keyring-service-failed": (
        N_("A keyring is installed, but it does not start."),
        N_("Use .env, or start gnome-keyring-daemon by hand to see why."),
    ),
    "keyring-no-collection": (
        N_("The keyring has no default collection yet, which is made at the first unlocking."),
        _UNLOCK,
    ),
    "keyring-locked": (N_("The keyring is locked."), _UNLOCK),
    "keyring-timeout": (
        N_("The keyring did not answer in time."),
        N_("Use .env, or restart gnome-keyring-daemon: it may wait for a window that nobody sees."),
    ),
    "keyring-backend-refused": (
        N_(
            "The configured keyring ({backend}) forgets what it is given, or writes it in clear "
            "text."
        ),
        N_("Use .env, or configure another one in keyringrc.cfg or PYTHON_KEYRING_BACKEND."),
    ),
    FOREIGN: (
        N_("A keyring of your own choice is configured: {backend}."),
        N_("Agree to it, or remove it from keyringrc.cfg and PYTHON_KEYRING_BACKEND."),
    ),
    "keyring-backend-broken": (
        N_("The keyring that is configured ({backend}) cannot be used: {detail}."),
        N_("Correct it, or remove it from keyringrc.cfg and PYTHON_KEYRING_BACKEND."),
    ),
    "keyring-loses-secrets": (
        N_("The keyring did not give back what it was given."),
        N_("Use .env."),
    ),
    "keyring-not-deleted": (
        N_("The keyring still has the entry after it was removed."),
        N_("Remove it with your password manager: service bomnipotent-smtp, user {user}"),
    ),
    "keyring-not-installed": (
        N_("The Python package keyring is missing or incomplete."),
        (
            N_(
                "Use .env, or install smtp-wizard with pipx. The single file smtp-wizard.pyz "
                "needs the system's python3-cryptography for it."
            )
        ),
    ),
    "keyring-failed": (
        N_("The keyring failed{detail}."),
        N_("Use .env, or look whether a password manager can open the keyring."),
    ),
}


def keyring_availability(answer: Mapping[str, Any], user: str) -> Availability:
    """Return what an answer of the child means; an empty code means that all went well."""
    code = str(answer["code"])
    backend = str(answer.get("backend") or "")
    if not code:
        return Availability(True, backend=backend)
    if code not in _MESSAGES:
        code = "keyring-failed"
    sentence, remedy = _MESSAGES[code]
    detail = str(answer.get("detail") or "")
    if code == "keyring-failed" and detail:
        detail = f" ({detail})"
    values = {"backend": backend, "detail": detail, "user": user}
    sentence, remedy = _(sentence, **values), _(remedy, **values)
    if code == "keyring-locked" and answer.get("exists"):
        sentence = _("The keyring is locked; it holds an entry for this configuration.")
    return Availability(False, code, sentence, remedy, backend)
