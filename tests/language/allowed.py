"""Text that is in the sources without a mark, and why."""

from __future__ import annotations

from dataclasses import dataclass

from tests.language.sources import Literal


@dataclass(frozen=True, slots=True)
class Allowed:
    """Texts of one file or room by how they begin; without beginnings, all of them."""

    why: str
    path: str
    beginnings: tuple[str, ...] = ()

    def covers(self, literal: Literal) -> bool:
        """Whether this is one of them."""
        return literal.path.startswith(self.path) and (
            not self.beginnings or literal.text.startswith(self.beginnings)
        )


_IN_A_FILE = "written to a file that others read too, whatever the language of its writer"
_WIRE = "sent to another program, not to the operator"
_COMMAND = "a command as it is typed"
_NAME = "a name"
_UNSEEN = "an exception's text, which is never shown"
_FOREIGN = "how another program's words begin"

ALLOWED: tuple[Allowed, ...] = (
    Allowed("for whoever mends the program, in whatever country", "system/crash_report.py"),
    Allowed(_COMMAND, "", ("systemctl ", "docker compose up -d", "unset {}")),
    Allowed(_COMMAND, "cli/parser.py", ("smtp-wizard ",)),
    Allowed("git's own words in a diff", "cli/output.py", ("old mode",)),
    Allowed(_COMMAND, "formats/dotenv/quoting.py", ("docker run --env-file",)),
    Allowed(_IN_A_FILE, "formats/", ("# Login name", "# Mail server", "# Password", "# Only if")),
    Allowed(_IN_A_FILE, "formats/", ("# New users need", "# Read by", " Do not commit")),
    Allowed(_IN_A_FILE, "compose/container.py", ("environment:",)),
    Allowed(_IN_A_FILE, "config/relay.py", ("services:", "# Written by")),
    Allowed(_NAME, "compose/ask.py", ("docker compose", "podman compose")),
    Allowed(_FOREIGN, "compose/ask.py", ("required variable",)),
    Allowed(_IN_A_FILE, "demo/stage.py", ("name: bomnipotent", "# Read by", "# The domain")),
    Allowed("stands in the keyring", "secrets/keyring.py", ("BOMnipotent Server", "{} (before")),
    Allowed("a program", "secrets/keyring.py", ("import sys",)),
    Allowed(
        _WIRE, "demo/mail_server.py", ("530 5", "553 5", "250 2", "Subject", "smtp-wizard demo")
    ),
    Allowed(_WIRE, "demo/stage.py", ("Verify your account", "Sent by the demo")),
    Allowed(_WIRE, "live_test/smtp.py", ("user name", "username:", "password:")),
    Allowed(_WIRE, "discovery/https.py"),
    Allowed(_WIRE, "cli/other_formats.py", ("SMTP {} - ",)),
    Allowed(_FOREIGN, "formats/masking.py", ("PRIVATE KEY-----",)),
    Allowed("a pattern", "formats/masking.py", ("(?x)",)),
    Allowed("words of mail servers", "text/redaction.py", ("\na able",)),
    Allowed(_UNSEEN, "discovery/dns.py", ("no such name", "the DNS gave", "no name")),
    Allowed(_FOREIGN, "compose/running.py", ("permission", "cannot", "is the docker")),
    Allowed(_COMMAND, "compose/running.py", ('"{}":{{json {}}}',)),
    Allowed(
        _UNSEEN, "system/namespace.py", ("no such name", "no address", "the DNS", "/etc/{} is not")
    ),
    Allowed(_UNSEEN, "demo/network.py", ("the demo does not",)),
    Allowed("how a link begins", "config/settings.py", ("mailto:",)),
    Allowed(_NAME, "demo/mail_server.py", ("demo mail server",)),
    Allowed("headers of a mail", "demo/stage.py", ("     From:", "     To:", "     Subject:")),
    Allowed(_NAME, "saving/record.py", ("smtp-wizard {}",)),
    Allowed(_NAME, "cli/", ("smtp-wizard {}", "smtp-wizard: {}", "smtp-wizard exec [-c PATH]")),
    Allowed(_NAME, "check/variable_rules.py", ("Docker Compose",)),
    Allowed(_NAME, "formats/dotenv/variables.py", ("Docker Compose",)),
    Allowed(_NAME, "files/replacing.py", ("system.", "user.")),
    Allowed(_NAME, "live_test/evidence.py", ("Python {}, {}, {} {}",)),
    Allowed(
        "searched in the words of a mail server",
        "live_test/diagnosis",
        (r"\b", "credentials for relay|", "authori[sz]ation code|"),
    ),
    Allowed("searched in the words of a mail server", "live_test/refusals.py"),
    Allowed("a time", "live_test/diagnosis_rule.py", ("{} {} UTC",)),
    Allowed("a time", "", ("{} {} {} ms", "{} ms")),
    Allowed("a key", "ui/", ("Enter", "Esc", "Tab")),
    Allowed("a style", "ui/textual/", ("bold ansi_", "ansi_")),
    Allowed("what a value shows of itself to programmers", "formats/dotenv/reading.py"),
    Allowed(
        _FOREIGN,
        "formats/toml/statements.py",
        (
            *("Cannot ", "Duplicate inline", "Expected newline", "Found invalid", "Illegal"),
            *("Invalid ", "Escaped character", "Unclosed ", "Unescaped", "Unterminated"),
        ),
    ),
)
