"""What an operator reads in German where the scenarios name the English words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wizard.text import language

GERMAN: Mapping[str, str] = {
    # Questions and what is answered
    "Press Enter": "Weiter mit der Eingabetaste",
    "Yes, send mails": "Ja, E-Mails",
    "No, skip": "Nein, die Verifizierung",
    "0.5 or 0.6": "0.5 oder 0.6",
    "User": "Benutzer",
    "Mail server": "Mailserver",
    "Number": "Nummer",
    "Password or API key": "Passwort oder API-Schlüssel",
    "With a password": "Mit einem Passwort",
    "No login": "Keine Anmeldung",
    "Yes": "Ja",
    "takes over": "übernimmt",
    "1 takes over mail.demo.example": "1 übernimmt mail.demo.example",
    "quit": "ende",
    # Buttons and entries
    "Back": "Zurück",
    "Go on": "Weiter",
    "Go on anyway": "Trotzdem weiter",
    "Write": "Schreiben",
    "Close": "Schließen",
    "Leave": "Verlassen",
    "Secret": "Geheimnis",
    "Review and write": "Prüfen, schreiben",
    # Sentences
    "The server will be able to send its mails.": "Der Server wird seine E-Mails senden können.",
    "The server will fail to send its mails.": (
        "Der Server wird seine E-Mails nicht senden können."
    ),
    "The server will be able to send its mails, with a caveat.": (
        "Der Server wird seine E-Mails senden können, mit einem Vorbehalt."
    ),
    "This cannot be tested from here.": "Das lässt sich von hier aus nicht testen.",
    "refuses the first mail of a new sender": "lehnt die erste E-Mail eines neuen Absenders ab",
    "have mail.example.org exempt this sender": (
        "lassen Sie diesen Absender auf mail.example.org möglichst vom Greylisting ausnehmen"
    ),
    "its address is on a block list": "seine Adresse auf einer Sperrliste steht",
    "nobody knows the mails' sender": "so ist der Absender der E-Mails ungewiss",
    "too slow for this test": "zu langsam für diesen Test",
    "nobody new can register": "Niemand Neues kann sich registrieren",
    "nothing has been written yet": "Noch ist nichts geschrieben",
    "anybody can register": "Jeder kann sich",
    "535 5.7.8": "Der Mailserver meldet: 535 5.7.8",
    "stands in config.toml itself": "steht in config.toml selbst",
    "entered, not stored yet": "eingegeben, noch nicht gespeichert",
    "Leave the wizard?": "Den Assistenten verlassen?",
}
SAME_IN_BOTH = {"STARTTLS", "SMTPS", "blocked using", "--timeout 90"}

SPOKEN = (
    "first run with SMTPS in an empty directory",
    "user verification is skipped, and the version is asked for",
    "wrong password, then the right one",
    "the first mail is refused by greylisting",
    "this machine is refused when the recipient is named",
    "the name of a token is taken as the sender",
    "the mail server greets too late for the test",
    "closed port, and the form that works is taken over",
    "a secret in config.toml itself is moved to .env",
    "leaving after the test",
)
"""Names of the scenarios that also run in German."""


def in_german(text: str) -> str:
    """Return the German for an English word; raise KeyError if there is none."""
    return text if text in SAME_IN_BOTH else GERMAN[text]


@contextmanager
def german() -> Iterator[None]:
    """Let the program speak German in this process."""
    language.use("de")
    try:
        yield
    finally:
        language.use("en")
