"""What each answer of the keyring means to the operator; the codes are stable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.secrets.store import Availability
from wizard.text.language import N_, _

FOREIGN = "keyring-backend-foreign"
"""The code for a backend of the operator's own choice, which is used only with consent."""

_UNLOCK = N_(
    'Unlock it, then look again:   read -rs p; printf %s "$p" | gnome-keyring-daemon '
    "--replace --unlock --components=secrets"
)

_WORDS: Mapping[str, tuple[str, str]] = {
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
        N_("Mend it, or remove it from keyringrc.cfg and PYTHON_KEYRING_BACKEND."),
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


def availability(answer: Mapping[str, Any], user: str) -> Availability:
    """Return an answer of the child in words; an empty code means that all went well."""
    code = str(answer["code"])
    backend = str(answer.get("backend") or "")
    if not code:
        return Availability(True, backend=backend)
    if code not in _WORDS:
        code = "keyring-failed"
    sentence, remedy = _WORDS[code]
    detail = str(answer.get("detail") or "")
    if code == "keyring-failed" and detail:
        detail = f" ({detail})"
    values = {"backend": backend, "detail": detail, "user": user}
    sentence, remedy = _(sentence, **values), _(remedy, **values)
    if code == "keyring-locked" and answer.get("present"):
        sentence = _("The keyring is locked; it holds an entry for this configuration.")
    return Availability(False, code, sentence, remedy, backend)
