"""What an operator reads in German where the scenarios name the English words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wizard.text import language

GERMAN: Mapping[str, str] = {
    # Fields and what is chosen in them
    "Mail address": "Mailadresse",
    "Password": "Passwort",
    "Mail server": "Mailserver",
    "Encryption": "Verschlüsselung",
    "Secret kept in": "Passwort in",
    "Server version": "Serverversion",
    "Verify users": "Nutzer prüfen",
    "not at all": "gar nicht",
    # Buttons and answers
    "Test": "Test",
    "Review the changes": "Änderungen durchsehen",
    "Review anyway": "Trotzdem durchsehen",
    "Write": "Schreiben",
    "Write anyway": "Trotzdem schreiben",
    "Back": "Zurück",
    "Close": "Schließen",
    "Leave, and throw it away": "Beenden und verwerfen",
    "Leave, and keep it for next time (but no password)": (
        "Beenden und für das nächste Mal aufheben (ohne Passwort)"
    ),
    # Questions line by line
    "Enter tests": "Enter testet",
    "Enter reviews": "Enter zeigt die Änderungen",
    "Enter writes": "Enter schreibt",
    "Enter goes back": "Enter geht zurück",
    "Enter closes": "Enter schließt",
    "Enter goes on": "Enter fragt, was noch fehlt",
    "a number changes": "eine Zahl ändert",
    "quit": "beenden",
    # Sentences
    "Testing ": "wird getestet",
    "The server can send mail": "Der Server kann Mails senden",
    "The server cannot send mail": "Der Server kann keine Mails senden",
    "login refused": "Anmeldung abgewiesen",
    "535 5.7.8": "Er sagte: 535 5.7.8",
    "Before you write: 1 error": "Vor dem Schreiben: 1 Fehler",
    "The test failed: login refused": "Der Test ist fehlgeschlagen: Anmeldung abgewiesen",
    "nobody new can register": "niemand Neues kann sich registrieren",
    "Nothing tells which version your server is": "Nichts verrät die Version Ihres Servers",
    "Everybody who reads config.toml sees it: choose .env.": (
        "Wer config.toml liest, sieht es: Wählen Sie .env."
    ),
    "is here again; it was not written.": "sind wieder da; geschrieben wurden sie nicht.",
}
SAME_IN_BOTH = {".env"}

SPOKEN = (
    "wrong password, then the right one",
    "an error stands on top of the review, and Enter goes back",
    "a password in config.toml itself is moved to .env",
    "what was entered is kept for the next start",
)
"""Names of the scenarios that also run in German."""


def in_german(text: str) -> str:
    """Return the German for an English word; raise KeyError if there is none."""
    return text if text in SAME_IN_BOTH or "@" in text else GERMAN[text]


@contextmanager
def german() -> Iterator[None]:
    """Let the program speak German in this process."""
    language.use("de")
    try:
        yield
    finally:
        language.use("en")
