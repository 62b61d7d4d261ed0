"""What an operator does and what must come of it, written once for every surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.held_records import GOOGLES_CUSTOMER
from wizard.demo import stage
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER

PASSWORD = stage.PASSWORD.reveal()
Words = Callable[[str], str]
"""From an English word to what the operator reads; ``str`` for English."""


@dataclass(frozen=True)
class Files:
    """Read which files are meant, and go on."""


@dataclass(frozen=True)
class Deliver:
    """Choose to send mails."""


@dataclass(frozen=True)
class Skip:
    """Skip the verification, and give the version if that is asked for."""

    asked_version: str = ""


@dataclass(frozen=True)
class User:
    name: str


@dataclass(frozen=True)
class Server:
    endpoint: str
    starttls: bool = False


@dataclass(frozen=True)
class Suggested:
    """Accept a suggestion for the server: the first, or the one with this number."""

    number: str = ""


@dataclass(frozen=True)
class Secret:
    """Enter a secret; an empty one keeps the stored secret."""

    text: str


@dataclass(frozen=True)
class Paste:
    """Paste several lines into the field for the secret."""

    text: str


@dataclass(frozen=True)
class Move:
    """Type no secret, but agree to move the one in config.toml to .env."""


@dataclass(frozen=True)
class NoLogin:
    """Choose no login."""


@dataclass(frozen=True)
class Sees:
    """Read this, anywhere on the screen."""

    text: str


@dataclass(frozen=True)
class Choose:
    """Press the button, or type the number, with this label."""

    label: str


@dataclass(frozen=True)
class TakeOver:
    """Choose another form of the endpoint."""

    number: int


@dataclass(frozen=True)
class Back:
    """Go one step back."""


@dataclass(frozen=True)
class Change:
    """Choose a part on the summary."""

    part: str


@dataclass(frozen=True)
class Write:
    """Confirm the review, and close."""


@dataclass(frozen=True)
class Quit:
    """Leave, and confirm if asked."""

    asked: bool


@dataclass(frozen=True)
class Interrupt:
    """Press Ctrl+C."""


@dataclass(frozen=True)
class SomebodyAppends:
    """Another program changes a file meanwhile."""

    file: str
    text: str


Action = (
    Files | Deliver | Skip | User | Server | Suggested | Secret | Paste | Move | NoLogin | Sees
    | Choose | TakeOver | Back | Change | Write | Quit | Interrupt | SomebodyAppends
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
    """Path → lines that must stand in the file afterwards."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Path → text that must not be in the file afterwards; the file need not exist."""
    extra: str = ""
    """What the stage has besides; see :mod:`tests.scenarios.on_stage`."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return everything that must never be shown."""
        typed = "\n".join(
            action.text for action in self.actions if isinstance(action, Secret | Paste)
        )
        return (self.password, *(line for line in typed.split("\n") if len(line) > 2))


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
ODD = "p$a#s's\"w\\ort ö${X} ü"
TO_SECRET = (Files(), Deliver(), User(DEMO_USER), Server(DEMO_HOST))
FIRST_RUN = (*TO_SECRET, Secret(PASSWORD))
PASSES = Sees("The server will be able to send its mails.")
FAILS = Sees("The server will fail to send its mails.")
GO_ON = Choose("Go on")
THEIR_HOST = "mail.example.org"
THEIRS = (Files(), Deliver(), User("you@example.org"), Server(THEIR_HOST), Secret(PASSWORD))
CAVEAT = Sees("The server will be able to send its mails, with a caveat.")
WORKS_THERE = Written("you@example.org", THEIR_HOST, starttls=False, secret=PASSWORD)
WORKS = Written(DEMO_USER, DEMO_HOST, starttls=False, secret=PASSWORD)

SCENARIOS = [
    Scenario(
        "first run with SMTPS in an empty directory",
        (*FIRST_RUN, PASSES, GO_ON, Sees("nothing has been written yet"), Write()),
        0,
        WORKS,
    ),
    Scenario(
        "first run with STARTTLS",
        (
            Files(), Deliver(), User(DEMO_USER), Server(DEMO_HOST, starttls=True),
            Secret(PASSWORD), Sees("port 587"), PASSES, GO_ON, Write(),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, starttls=True, secret=PASSWORD),
    ),
    Scenario(
        "first run in a Compose layout",
        (
            Files(), Deliver(), User(DEMO_USER), Server(DEMO_HOST), Secret(PASSWORD), PASSES,
            GO_ON, Sees("+SMTP_SECRET=********"), Write(),
        ),
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
        "user verification is skipped, and the version is known",
        (Files(), Skip(), Sees("anybody can register"), Write()),
        0,
        Written(),
        before={"compose.yaml": COMPOSE, "bomnipotent_config/config.toml": "# Ours\n"},
        config="bomnipotent_config/config.toml",
        lines={"bomnipotent_config/config.toml": ("# Ours", "[user]", "skip_verification = true")},
    ),
    Scenario(
        "user verification is skipped, and the version is asked for",
        (Files(), Skip("0.5 or 0.6"), Sees("anybody can register"), Write()),
        0,
        Written(),
        lines={"config.toml": ("skip_user_verification = true",)},
    ),
    Scenario(
        "the server that the domain names in its DNS is taken over",
        (
            Files(), Deliver(), User(DEMO_USER), Sees(f"1 {DEMO_HOST}, port 465, SMTPS"),
            Sees("demo.example names it in its DNS"), Suggested(), Secret(PASSWORD),
            PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "a suggestion is taken over in place of what is stored",
        (
            Change("Mail server"), Sees("To take it over, type 1 instead."), Suggested("1"),
            Sees(f"{DEMO_HOST}, port 465"), Change("Review and write"), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
        before={**CONFIGURED, "config.toml": CONFIG.replace(DEMO_HOST, "old.demo.example")},
        lines={"config.toml": tuple(CONFIG.splitlines())},
        extra="lookup",
    ),
    Scenario(
        "what is typed stays, whatever is suggested",
        (
            Files(), Deliver(), User(DEMO_USER), Sees(f"1 {DEMO_HOST}, port 465, SMTPS"),
            Server("smtp://localhost:2500"), NoLogin(), Sees("port 2500, not encrypted"), PASSES,
            GO_ON, Write(),
        ),
        0,
        Written(DEMO_USER, "smtp://localhost:2500"),
        extra="lookup",
    ),
    Scenario(
        "what is stored stays, whatever is suggested",
        (
            Change("Mail server"), Server("old.demo.example"), Sees("nothing changed yet"),
            Change("Review and write"), Sees("nothing has to be changed"), Choose("Done"),
        ),
        0,
        NOTHING,
        before={**CONFIGURED, "config.toml": CONFIG.replace(DEMO_HOST, "old.demo.example")},
        extra="lookup",
    ),
    Scenario(
        "a provider is known by the domain",
        (
            Files(), Deliver(), User("me@gmail.com"), Sees("1 smtp.gmail.com, port 465, SMTPS"),
            Sees("From the wizard's own list of providers."),
            Sees("Google needs an app password"), Suggested(),
            Sees("What does it log in with?"), Quit(asked=True),
        ),
        130,
        NOTHING,
    ),
    Scenario(
        "a provider is recognised by the MX record",
        (
            Files(), Deliver(), User(f"me@{GOOGLES_CUSTOMER}"), Sees("1 smtp.gmail.com, port 465"),
            Sees("Google receives the mail of firm.example (MX record)."),
            Sees("Google needs an app password"), Suggested(),
            Sees("What does it log in with?"), Quit(asked=True),
        ),
        130,
        NOTHING,
        extra="lookup",
    ),
    Scenario(
        "a provider that cannot be used is told and not offered",
        (
            Files(), Deliver(), User("me@outlook.com"), Sees("only accepts logins by OAuth"),
            Server(DEMO_HOST), Quit(asked=True),
        ),
        130,
        NOTHING,
    ),
    Scenario(
        "nothing is found, and the host is entered by hand",
        (
            Files(), Deliver(), User("me@nothing.example"),
            Sees("There is no domain nothing.example: is the address right?"),
            Sees("Nothing was found for nothing.example."), Server(DEMO_HOST), Quit(asked=True),
        ),
        130,
        NOTHING,
        extra="lookup",
    ),
    Scenario(
        "another address brings other suggestions",
        (
            Files(), Deliver(), User("me@gmail.com"), Sees("1 smtp.gmail.com"), Back(),
            User(DEMO_USER), Sees(f"1 {DEMO_HOST}, port 465"), Suggested(), Secret(PASSWORD),
            PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
        extra="lookup",
    ),
    Scenario(
        "wrong password, then the right one",
        (
            *TO_SECRET, Secret("hunter22"), FAILS, Sees("535 5.7.8"), Choose("Back"),
            Secret(PASSWORD), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "wrong password is written, with the consequence said",
        (
            *TO_SECRET, Secret("hunter22"), FAILS, Choose("Go on anyway"),
            Sees("nobody new can register"), Write(),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, secret="hunter22"),
    ),
    Scenario(
        "the first mail is refused by greylisting",
        (
            *THEIRS, CAVEAT, Sees("refuses the first mail of a new sender"),
            Sees("have mail.example.org exempt this sender"), GO_ON, Write(),
        ),
        0,
        WORKS_THERE,
        extra="greylisting",
    ),
    Scenario(
        "the summary says which caveat the test has",
        (
            Change("Secret"), Secret("hunter23"), Change("Review and write"), CAVEAT,
            Choose("Back"), Sees("! with a caveat: first mail refused"), Quit(asked=True),
        ),
        130,
        NOTHING,
        before={
            **CONFIGURED,
            "config.toml": CONFIG.replace(DEMO_HOST, THEIR_HOST).replace(
                DEMO_USER, "you@example.org"
            ),
        },
        extra="greylisting",
    ),
    Scenario(
        "this machine is refused when the recipient is named",
        (
            *THEIRS, FAILS, Sees("its address is on a block list"), Sees("blocked using"),
            Choose("Go on anyway"), Sees("nobody new can register"), Write(),
        ),
        0,
        WORKS_THERE,
        extra="block list",
    ),
    Scenario(
        "the mail server has trouble of its own",
        (
            *THEIRS, FAILS, Sees("has trouble of its own"), Sees("451 4.3.5"), Choose("Back"),
            Quit(asked=True),
        ),
        130,
        NOTHING,
        extra="broken",
    ),
    Scenario(
        "the name of a token is taken as the sender",
        (
            Files(), Deliver(), User("apikey"), Server(THEIR_HOST), Secret(PASSWORD), CAVEAT,
            Sees("nobody knows the mails' sender"), GO_ON, Write(),
        ),
        0,
        Written("apikey", THEIR_HOST, starttls=False, secret=PASSWORD),
        extra="accepts anybody",
    ),
    Scenario(
        "the mail server greets too late for the test",
        (
            Files(), Deliver(), User("you@example.org"), Server(f"smtp://{THEIR_HOST}"), NoLogin(),
            Sees("This cannot be tested from here."), Sees("too slow for this test"),
            Sees("--timeout 90"), GO_ON, Write(),
        ),
        0,
        Written("you@example.org", f"smtp://{THEIR_HOST}"),
        extra="never greets",
    ),
    Scenario(
        "closed port, and the form that works is taken over",
        (
            Files(), Deliver(), User(DEMO_USER), Server(f"smtp://{DEMO_HOST}:2526"),
            Secret(PASSWORD), FAILS, Sees(f"1 takes over {DEMO_HOST}"), TakeOver(1), PASSES,
            GO_ON, Write(),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "relay without login",
        (
            Files(), Deliver(), User(DEMO_USER), Server("SMTP://localhost:2500"),
            NoLogin(), Sees("port 2500, not encrypted"), PASSES, GO_ON, Write(),
        ),
        0,
        Written(DEMO_USER, "smtp://localhost:2500"),
        missing={"config.toml": "secret", ".env": "SECRET"},
    ),
    Scenario(
        "one field is changed later, and nothing else",
        (
            Change("Mail server"), Server(DEMO_HOST, starttls=True), Sees("port 587, STARTTLS"),
            Change("Review and write"), PASSES, GO_ON, Write(),
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
        "nothing is changed",
        (
            Change("Secret"), Secret(""), Sees("nothing changed yet"),
            Change("Review and write"), Sees("nothing has to be changed"), Choose("Done"),
        ),
        0,
        NOTHING,
        before=CONFIGURED,
    ),
    Scenario(
        "new secret with every odd character",
        (
            Change("Secret"), Secret(ODD), Sees("entered, not stored yet"),
            Change("Review and write"), PASSES, GO_ON, Write(),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, secret=ODD),
        before=CONFIGURED,
        password=ODD,
        lines={".env": ("# Mine", "OTHER=1")},
    ),
    Scenario(
        "the secret is removed for a relay",
        (
            Change("Mail server"), Server("smtp://localhost:2500"), Change("Secret"), NoLogin(),
            Sees("none: no login"), Change("Review and write"), PASSES, GO_ON, Write(),
        ),
        0,
        Written(DEMO_USER, "smtp://localhost:2500"),
        before=CONFIGURED,
        lines={".env": ("# Mine", "OTHER=1")},
        missing={"config.toml": "SMTP_SECRET", ".env": "SMTP_SECRET"},
    ),
    Scenario(
        "a secret in config.toml itself is moved to .env",
        (
            Sees("stands in config.toml itself"), Change("Secret"), Move(),
            Sees("entered, not stored yet"), Change("Review and write"), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
        before={"config.toml": CONFIG.replace("${SMTP_SECRET}", PASSWORD)},
        lines={"config.toml": tuple(CONFIG.splitlines())},
        missing={"config.toml": PASSWORD},
    ),
    Scenario(
        "a misnamed section is renamed",
        (
            Sees("[smtp_config] in line 4"), Change("Wrong section"),
            Change("Review and write"), Write(),
        ),
        0,
        WORKS,
        before={**CONFIGURED, "config.toml": CONFIG.replace("[smtp]", "[smtp_config]")},
        lines={"config.toml": tuple(CONFIG.splitlines())},
    ),
    Scenario(
        "going back changes the first answer and loses no other",
        (
            Files(), Deliver(), User("wrong@demo.example"), Server(DEMO_HOST), Back(), Back(),
            User(DEMO_USER), Server(DEMO_HOST), Secret(PASSWORD), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "several pasted lines are no secret and no other answer",
        (
            *TO_SECRET, Paste("hunter22\ncorrect horse\n1"), Sees("several lines"),
            Secret(PASSWORD), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "wrong values are said, and asked for again",
        (
            Files(), Deliver(), User(DEMO_USER), Server(f"{DEMO_HOST}:587"),
            Sees("choose STARTTLS"), Server(DEMO_HOST), Secret(PASSWORD), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "a user with more than its address is not changed by itself",
        (
            Files(), Deliver(), User(f"Wizard <{DEMO_USER}>"),
            Sees(f"it must be the address alone. Enter {DEMO_USER}."),
            User(f"{DEMO_USER},me@demo.example"), Sees("not a list"), User(DEMO_USER),
            Server(DEMO_HOST), Secret(PASSWORD), PASSES, GO_ON, Write(),
        ),
        0,
        WORKS,
    ),
    Scenario(
        "the file was changed by somebody else, then it works",
        (
            Change("Mail server"), Server(DEMO_HOST, starttls=True), Change("Review and write"),
            PASSES, GO_ON, SomebodyAppends("config.toml", "# theirs\n"), Choose("Write"),
            Sees("somebody else has changed a file meanwhile"), Write(),
        ),
        0,
        Written(DEMO_USER, DEMO_HOST, starttls=True, secret=PASSWORD),
        before=CONFIGURED,
        lines={"config.toml": (*CONFIG.splitlines(), "# theirs", "starttls = true")},
    ),
    Scenario(
        "Ctrl+C twice in the middle",
        (Files(), Deliver(), User(DEMO_USER), Interrupt(), Sees("Leave the wizard?"), Interrupt()),
        130,
        NOTHING,
    ),
    Scenario(
        "Ctrl+C on the summary, with nothing to lose", (Interrupt(),), 130, NOTHING, CONFIGURED
    ),
    *(
        Scenario(
            f"leaving after {len(FIRST_RUN[:count])} answers",
            (*FIRST_RUN[:count], Quit(asked=count > 2)),
            130,
            NOTHING,
        )
        for count in range(len(FIRST_RUN))
    ),
    Scenario("leaving after the test", (*FIRST_RUN, PASSES, Quit(asked=True)), 130, NOTHING),
    Scenario(
        "leaving at the review", (*FIRST_RUN, PASSES, GO_ON, Quit(asked=True)), 130, NOTHING
    ),
]  # fmt: skip
