"""What an operator does and what must come of it, written once for every surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.held_records import GOOGLES_CUSTOMER, HOSTED
from wizard.demo import stage
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER
from wizard.ui.account.view import Field

PASSWORD = stage.PASSWORD.reveal()
Words = Callable[[str], str]
"""From an English word to what the operator reads; ``str`` for English."""


@dataclass(frozen=True)
class Type:
    """Type into a field in place of what is there, and press Enter."""

    field: Field
    text: str


@dataclass(frozen=True)
class Choose:
    """Choose an option of a field; this alone goes nowhere."""

    field: Field
    label: str


@dataclass(frozen=True)
class Enter:
    """Press Enter where the wizard has put the focus."""

    times: int = 1


@dataclass(frozen=True)
class Press:
    """Go to the button with this label, and press it."""

    label: str


@dataclass(frozen=True)
class Paste:
    """Paste several lines into the field with the focus."""

    text: str


@dataclass(frozen=True)
class At:
    """Find the focus on a field, or on the button with this label."""

    place: Field | str


@dataclass(frozen=True)
class Sees:
    """Read this on the screen, or by scrolling."""

    text: str
    at_once: bool = False
    """Whether it must be in view without scrolling."""
    screen_only: bool = False
    """Whether only the full screen says it, where there is room for it beside the form."""


@dataclass(frozen=True)
class Misses:
    """Read this nowhere."""

    text: str


@dataclass(frozen=True)
class Entered:
    """Have pressed Enter so many times in all; line by line there is no such promise."""

    times: int


@dataclass(frozen=True)
class Leave:
    """Leave, with this answer if something would be lost."""

    answer: str = ""


@dataclass(frozen=True)
class Again:
    """Start the wizard once more."""


@dataclass(frozen=True)
class Interrupt:
    """Press Ctrl+C."""


@dataclass(frozen=True)
class SomebodyAppends:
    """Another program changes a file meanwhile."""

    file: str
    text: str


@dataclass(frozen=True)
class Disk:
    """The disk is full, or has room again."""

    full: bool


Action = (
    Type | Choose | Enter | Press | Paste | At | Sees | Misses | Entered | Leave | Again
    | Interrupt | SomebodyAppends | Disk
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What a server would read from the files afterwards; None is not checked."""

    user: str | None = None
    endpoint: str | None = None
    starttls: bool | None = None
    secret: str | None = None


NOTHING = None
"""Every file is unchanged, and none was added."""


@dataclass(frozen=True)
class Scenario:
    name: str
    actions: tuple[Action, ...]
    code: int
    written: Written | None
    before: Mapping[str, str] = field(default_factory=dict)
    """Path → text of the files that are there at first."""
    config: str = "config.toml"
    password: str = PASSWORD
    """The one that the mail server accepts."""
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Path → lines that must be in the file afterwards."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Path → text that must not be in the file afterwards; the file need not exist."""
    extra: str = ""
    """What the stage has besides; see :mod:`tests.scenarios.on_stage`."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return everything that must never be shown."""
        typed = [
            action.text
            for action in self.actions
            if isinstance(action, Paste)
            or (isinstance(action, Type) and action.field is Field.SECRET)
        ]
        return (self.password, *(line for line in "\n".join(typed).split("\n") if len(line) > 2))


COMPOSE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
"""
CONFIG = f"""\
# Ours
domain = "https://x.example"

[smtp]
user = "{DEMO_USER}"  # the mailbox
endpoint = "{DEMO_HOST}"
secret = "${{SMTP_SECRET}}"

# Publisher data
[provider_metadata.publisher]
name = "X"
"""
CONFIGURED = {"config.toml": CONFIG, ".env": f"# Mine\nOTHER=1\nSMTP_SECRET='{PASSWORD}'\n"}
ELSEWHERE = {**CONFIGURED, "config.toml": CONFIG.replace(DEMO_HOST, "old.demo.example")}
"""A mail server that does not exist."""
ODD = "p$a#s's\"w\\ort ö${X} ü"
APP_PASSWORD = "abcdefghijklmnop"
KEEP = "Leave, and keep it for next time (but no password)"
DISCARD = "Leave, and throw it away"
THEIR_HOST = "mail.example.org"

PASSES = Sees("The server can send mail")
FAILS = Sees("The server cannot send mail")
CAVEAT = Sees("The server can send mail, with a caveat")
FINISH = (At("Review the changes"), Enter(), At("Write"), Enter(), At("Close"), Enter())
"""From a test that has passed to the end."""
ACCOUNT = (
    At(Field.USER), Type(Field.USER, DEMO_USER), Type(Field.SECRET, PASSWORD),
)  # fmt: skip
BY_HAND = (*ACCOUNT, At(Field.ENDPOINT), Type(Field.ENDPOINT, DEMO_HOST))
"""Where nobody is asked for the mail server."""
THEIRS = (
    Type(Field.USER, "you@example.org"), Type(Field.SECRET, PASSWORD),
    Type(Field.ENDPOINT, THEIR_HOST),
)  # fmt: skip
RELAY = (
    Type(Field.USER, DEMO_USER), At(Field.SECRET), Enter(), At(Field.ENDPOINT),
    Type(Field.ENDPOINT, "SMTP://localhost:2500"),
)  # fmt: skip
WORKS = Written(DEMO_USER, DEMO_HOST, starttls=False, secret=PASSWORD)
WORKS_THERE = Written("you@example.org", THEIR_HOST, starttls=False, secret=PASSWORD)

FEW_ENTERS = [
    Scenario(
        "the domain names the mail server: five Enters",
        (
            *ACCOUNT, PASSES,
            Sees("demo.example names it in its DNS", at_once=True, screen_only=True), *FINISH,
            Entered(5),
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "a known provider with an app password: five Enters",
        (
            Type(Field.USER, "alerts@gmail.com"), At(Field.SECRET),
            Sees("Google wants an app password", at_once=True),
            Sees("https://myaccount.google.com/apppasswords", at_once=True),
            Type(Field.SECRET, "abcd efgh ijkl mnop"), PASSES,
            Sees("3 blanks were left out."), *FINISH, Entered(5),
        ),
        0,
        Written("alerts@gmail.com", "smtp.gmail.com", starttls=False, secret=APP_PASSWORD),
        password=APP_PASSWORD,
        extra="google",
    ),
    Scenario(
        "a host of somebody else is put in first: seven Enters",
        (
            Type(Field.USER, f"you@{HOSTED}"), Type(Field.SECRET, PASSWORD), At(Field.ENDPOINT),
            Sees(f"It is not part of {HOSTED}: take it only if you know it."),
            Enter(), Sees(DEMO_HOST), Misses("The server can"), Enter(), PASSES, *FINISH,
            Entered(7),
        ),
        0,
        Written(f"you@{HOSTED}", DEMO_HOST, starttls=False, secret=PASSWORD),
        extra="hosted",
    ),
    Scenario(
        "a relay without login: six Enters",
        (*RELAY, PASSES, *FINISH, Entered(6)),
        0,
        Written(DEMO_USER, "smtp://localhost:2500"),
        missing={"config.toml": "secret", ".env": "SECRET"},
    ),
    Scenario(
        "verification is skipped: three Enters",
        (
            Choose(Field.VERIFY, "not at all"), Sees("Anybody can register"), Enter(),
            At("Write"), Enter(), Sees("nobody's mail address will be verified"), At("Close"),
            Enter(), Entered(3),
        ),
        0,
        Written(),
        before={"compose.yaml": COMPOSE, "bomnipotent_config/config.toml": "# Ours\n"},
        config="bomnipotent_config/config.toml",
        lines={"bomnipotent_config/config.toml": ("# Ours", "[user]", "skip_verification = true")},
    ),
    Scenario(
        "whether it still works: two Enters",
        (At("Test"), Enter(), PASSES, At("Close"), Enter(), Entered(2)),
        0,
        NOTHING,
        before=CONFIGURED,
    ),
    Scenario(
        "the password is changed months later: four Enters",
        (
            Sees("stored in .env", at_once=True), Type(Field.SECRET, ODD), PASSES,
            At("Review the changes"), Enter(), Sees("it does not notice a new password"), Enter(),
            Enter(), Entered(4),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, secret=ODD),
        before=CONFIGURED,
        password=ODD,
        lines={".env": ("# Mine", "OTHER=1")},
    ),
]  # fmt: skip

FAILURES = [
    Scenario(
        "wrong password, then the right one",
        (
            *ACCOUNT[:-1], Type(Field.SECRET, "hunter22"), FAILS,
            Sees("login refused", at_once=True), Sees("535 5.7.8", at_once=True),
            At(Field.SECRET), Type(Field.SECRET, PASSWORD), PASSES, *FINISH, Entered(6),
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "an error stands on top of the review, and Enter goes back",
        (
            *ACCOUNT[:-1], Type(Field.SECRET, "hunter22"), Press("Review anyway"),
            Sees("Before you write: 1 error", at_once=True),
            Sees("The test failed: login refused", at_once=True),
            Sees("nobody new can register", at_once=True), At("Back"), Enter(),
            Type(Field.SECRET, PASSWORD), PASSES, *FINISH,
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "a wrong password that is written is not said to work",
        (
            *ACCOUNT[:-1], Type(Field.SECRET, "hunter22"), Press("Review anyway"),
            Press("Write anyway"),
            Sees("Written, but the server cannot send mail yet", at_once=True),
            Misses("the test has passed"), At("Close"), Enter(),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, secret="hunter22"),
        extra="lookup",
    ),
    Scenario(
        "a wrong password that is written is corrected at once",
        (
            *ACCOUNT[:-1], Type(Field.SECRET, "hunter22"), Press("Review anyway"),
            Press("Write anyway"), Press("Fix it now"), Type(Field.SECRET, PASSWORD), PASSES,
            *FINISH,
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "a host that does not exist is corrected in its own field",
        (
            *ACCOUNT, Type(Field.ENDPOINT, "mail.demo.exampel"), FAILS,
            Sees("no such host", at_once=True), At(Field.ENDPOINT),
            Type(Field.ENDPOINT, DEMO_HOST), PASSES, *FINISH,
        ),
        0,
        WORKS,
    ),
    Scenario(
        "another way that works takes one Enter",
        (
            *ACCOUNT, Type(Field.ENDPOINT, f"smtp://{DEMO_HOST}:2526"), FAILS,
            Sees("Another way works"), At("Use SMTPS, port 465"), Enter(), PASSES, *FINISH,
            Entered(7),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "the first mail is refused by greylisting",
        (
            *THEIRS, CAVEAT, Sees("refuses the first mail of a new sender"),
            Sees("have mail.example.org exempt this sender"), *FINISH,
        ),
        0,
        WORKS_THERE,
        extra="greylisting",
    ),
    Scenario(
        "this machine is refused when the recipient is named",
        (
            *THEIRS, FAILS, Sees("its address is on a block list"), Sees("blocked using"),
            Press("Review anyway"), Sees("nobody new can register"), Press("Write anyway"), Enter(),
        ),
        0,
        WORKS_THERE,
        extra="block list",
    ),
    Scenario(
        "the mail server has trouble of its own",
        (
            *THEIRS, FAILS, Sees("has trouble of its own"), Sees("451 4.3.5"), At("Test again"),
            Leave(DISCARD),
        ),
        130,
        NOTHING,
        extra="broken",
    ),
    Scenario(
        "the name of a token is taken as the sender",
        (
            Type(Field.USER, "apikey"), Sees("many servers refuse it as a sender"),
            Type(Field.SECRET, PASSWORD), Type(Field.ENDPOINT, THEIR_HOST), CAVEAT,
            Sees("nobody knows the mails' sender"), At("Review the changes"), Enter(),
            Press("Write"), Enter(),
        ),
        0,
        Written("apikey", THEIR_HOST, starttls=False, secret=PASSWORD),
        extra="accepts anybody",
    ),
    Scenario(
        "the mail server greets too late for the test",
        (
            Type(Field.USER, "you@example.org"), Enter(),
            Type(Field.ENDPOINT, f"smtp://{THEIR_HOST}"), Sees("This cannot be tested from here"),
            Sees("too slow for this test"), Sees("--timeout 90"), At("Review untested"), Enter(),
            Sees("cannot be tested from here", at_once=True), Enter(), Enter(),
        ),
        0,
        Written("you@example.org", f"smtp://{THEIR_HOST}"),
        extra="never greets",
    ),
]  # fmt: skip

FIELDS = [
    Scenario(
        "first set-up with STARTTLS",
        (
            *ACCOUNT, Choose(Field.STARTTLS, "STARTTLS, port 587"),
            Sees("Encrypted before the login, on port 587.", at_once=True),
            Type(Field.ENDPOINT, DEMO_HOST), PASSES, *FINISH,
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, starttls=True, secret=PASSWORD),
    ),
    Scenario(
        "first set-up in a Compose layout",
        (*BY_HAND, PASSES, Enter(), Sees("+ SMTP_SECRET=********"), Enter(), Enter()),
        0,
        WORKS,
        before={
            "compose.yaml": COMPOSE,
            ".env": "# Compose\nOTHER=1\n",
            "bomnipotent_config/config.toml": "# Ours\n",
        },
        config="bomnipotent_config/config.toml",
        lines={".env": ("# Compose", "OTHER=1"), "bomnipotent_config/config.toml": ("# Ours",)},
    ),
    Scenario(
        "verification is skipped for a version that nothing tells",
        (
            Choose(Field.VERIFY, "not at all"), Sees("Nothing tells which version your server is"),
            Choose(Field.VERSION, "0.7 or later"), Enter(3),
        ),
        0,
        Written(),
        lines={"config.toml": ("[user]", "skip_verification = true")},
    ),
    Scenario(
        "a suggestion is taken by its number",
        (
            Type(Field.USER, f"me@{HOSTED}"), Enter(), Sees(f"1 {DEMO_HOST}"),
            Type(Field.ENDPOINT, "1"), Type(Field.SECRET, PASSWORD), FAILS,
            Leave(DISCARD),
        ),
        130,
        NOTHING,
        extra="hosted",
    ),
    Scenario(
        "what is typed stays, whatever is found",
        (
            Type(Field.USER, DEMO_USER), Type(Field.ENDPOINT, "smtp://localhost:2500"), PASSES,
            *FINISH,
        ),
        0,
        Written(DEMO_USER, "smtp://localhost:2500"),
        extra="lookup",
    ),
    Scenario(
        "what is stored stays, whatever is found",
        (Type(Field.USER, DEMO_USER), Sees("old.demo.example"), FAILS, At(Field.ENDPOINT), Leave()),
        130,
        NOTHING,
        before=ELSEWHERE,
        extra="lookup",
    ),
    Scenario(
        "a provider is recognised by the MX record",
        (
            Type(Field.USER, f"me@{GOOGLES_CUSTOMER}"), At(Field.SECRET),
            Sees("Google receives the mail of firm.example (MX record).", screen_only=True),
            Sees("Google wants an app password", screen_only=True), Leave(DISCARD),
        ),
        130,
        NOTHING,
        extra="lookup",
    ),
    Scenario(
        "a provider that cannot be used is said to be so",
        (
            Type(Field.USER, "me@outlook.com"), Sees("only accepts logins by OAuth"),
            Leave(DISCARD),
        ),
        130,
        NOTHING,
    ),
    Scenario(
        "Mozilla's directory is asked only if that is chosen",
        (
            Type(Field.USER, "me@nothing.example"), Type(Field.SECRET, PASSWORD),
            At(Field.ENDPOINT), Sees("Ask Mozilla's directory of mail servers"),
            Sees("Mozilla learns the domain, nothing else."), Enter(), At(Field.ENDPOINT),
            Sees("Ask Mozilla's directory of mail servers"), Type(Field.ENDPOINT, "1"),
            At(Field.ENDPOINT), Sees("Mozilla"), Leave(DISCARD),
        ),
        130,
        NOTHING,
        extra="lookup",
    ),
    Scenario(
        "another address brings another mail server",
        (
            Type(Field.USER, "me@gmail.com"), Sees("smtp.gmail.com"), Type(Field.USER, DEMO_USER),
            Type(Field.SECRET, PASSWORD), PASSES, *FINISH,
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "a port behind the host is corrected by a second Enter",
        (
            *ACCOUNT, Type(Field.ENDPOINT, f"{DEMO_HOST}:587"), At(Field.ENDPOINT),
            Sees("choose STARTTLS, port 587"), Enter(), PASSES,
            *FINISH, Entered(7),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, starttls=True, secret=PASSWORD),
    ),
    Scenario(
        "a name around the address is corrected by a second Enter",
        (
            Type(Field.USER, f"Wizard <{DEMO_USER}>"), At(Field.USER),
            Sees("angle brackets"), Enter(), At(Field.SECRET),
            Type(Field.USER, f"{DEMO_USER},me@demo.example"), At(Field.USER), Sees("not a list"),
            Type(Field.USER, DEMO_USER), Type(Field.SECRET, PASSWORD),
            Type(Field.ENDPOINT, DEMO_HOST), PASSES, *FINISH,
        ),
        0,
        WORKS,
    ),
    Scenario(
        "several pasted lines are no password and no other answer",
        (
            Type(Field.USER, DEMO_USER), At(Field.SECRET),
            Paste("hunter22\ncorrect horse\n1"), Sees("several lines"),
            Type(Field.SECRET, PASSWORD), Type(Field.ENDPOINT, DEMO_HOST), PASSES, *FINISH,
        ),
        0,
        WORKS,
    ),
    Scenario(
        "the password goes into the keyring",
        (
            Type(Field.USER, DEMO_USER), Choose(Field.STORE, "keyring"),
            Type(Field.SECRET, PASSWORD), Type(Field.ENDPOINT, DEMO_HOST), PASSES, Enter(2),
            Sees("keyring"), Enter(),
        ),
        0,
        Written(),
        lines={"config.toml": (f'user = "{DEMO_USER}"', 'secret = "${SMTP_SECRET}"')},
        missing={".env": "SMTP_SECRET"},
        extra="keyring",
    ),
    Scenario(
        "a password in config.toml itself is moved to .env",
        (
            Sees("Everybody who reads config.toml sees it: choose .env.", screen_only=True),
            Choose(Field.STORE, ".env"), Enter(), PASSES, *FINISH,
        ),
        0,
        WORKS,
        before={"config.toml": CONFIG.replace("${SMTP_SECRET}", PASSWORD)},
        lines={"config.toml": tuple(CONFIG.splitlines())},
        missing={"config.toml": PASSWORD},
    ),
    Scenario(
        "the password is removed for a relay",
        (
            Choose(Field.STORE, "no login"),
            Sees("The stored password will be removed.", screen_only=True),
            Type(Field.ENDPOINT, "smtp://localhost:2500"), PASSES, *FINISH,
        ),
        0,
        Written(DEMO_USER, "smtp://localhost:2500"),
        before=CONFIGURED,
        lines={".env": ("# Mine", "OTHER=1")},
        missing={"config.toml": "SMTP_SECRET", ".env": "SMTP_SECRET"},
    ),
    Scenario(
        "one field is changed later, and nothing else",
        (
            Choose(Field.STARTTLS, "STARTTLS, port 587"),
            Sees("1 change, not written", screen_only=True), Enter(),
            PASSES, *FINISH, Entered(4),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, starttls=True, secret=PASSWORD),
        before=CONFIGURED,
        lines={
            "config.toml": (*CONFIG.splitlines(), "starttls = true"),
            ".env": tuple(CONFIGURED[".env"].splitlines()),
        },
    ),
    Scenario(
        "a misnamed section is renamed",
        (Sees("[smtp_config] in line 4 will be renamed to [smtp]"), Enter(), PASSES, *FINISH),
        0,
        WORKS,
        before={**CONFIGURED, "config.toml": CONFIG.replace("[smtp]", "[smtp_config]")},
        lines={"config.toml": tuple(CONFIG.splitlines())},
    ),
]  # fmt: skip

FILES = [
    Scenario(
        "the file was changed by somebody else, then it works",
        (
            Choose(Field.STARTTLS, "STARTTLS, port 587"), Enter(), PASSES, Enter(),
            SomebodyAppends("config.toml", "# theirs\n"), At("Write"), Enter(),
            Sees("somebody else has changed a file meanwhile", at_once=True), At("Back"),
            Press("Write anyway"), Enter(),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, starttls=True, secret=PASSWORD),
        before=CONFIGURED,
        lines={"config.toml": (*CONFIG.splitlines(), "# theirs", "starttls = true")},
    ),
    Scenario(
        "the disk is full, then there is room again",
        (
            *BY_HAND, PASSES, Enter(), Disk(full=True), At("Write"), Enter(),
            Sees("Not written.", at_once=True), Sees("No space left on device"),
            Disk(full=False), Press("Write anyway"), Enter(),
        ),
        0,
        WORKS,
    ),
]  # fmt: skip

LEAVING = [
    Scenario(
        "what was entered is kept for the next start",
        (
            *ACCOUNT, Leave(KEEP), Again(), Sees("is here again; it was not written."),
            Sees(DEMO_USER, screen_only=True),
            At(Field.SECRET),
            Type(Field.SECRET, PASSWORD), Type(Field.ENDPOINT, DEMO_HOST), PASSES, *FINISH,
        ),
        0,
        WORKS,
    ),
    Scenario(
        "what was entered is thrown away if that is wanted",
        (*ACCOUNT, Leave(DISCARD), Again(), Misses(DEMO_USER), At(Field.USER), Leave()),
        130,
        NOTHING,
    ),
    Scenario(
        "staying loses nothing",
        (*ACCOUNT, Leave("Stay"), Type(Field.ENDPOINT, DEMO_HOST), PASSES, *FINISH),
        0,
        WORKS,
    ),
    Scenario(
        "Ctrl+C twice in the middle",
        (Type(Field.USER, DEMO_USER), Interrupt(), Sees("Leave?"), Interrupt()),
        130,
        NOTHING,
    ),
    Scenario("Ctrl+C with nothing to lose", (Interrupt(),), 130, NOTHING, CONFIGURED),
    *(
        Scenario(
            f"leaving {where}",
            (*actions, Leave(DISCARD if actions else "")),
            130,
            NOTHING,
            extra="lookup",
        )
        for where, actions in {
            "at once": (),
            "after the address": ACCOUNT[:2],
            "after the test": ACCOUNT,
            "at the review": (*ACCOUNT, Enter()),
        }.items()
    ),
]  # fmt: skip

SCENARIOS = [*FEW_ENTERS, *FAILURES, *FIELDS, *FILES, *LEAVING]
