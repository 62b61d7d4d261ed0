"""What went wrong in the live test, as plain values: where, how, and in which words of the server.

The live test builds them, :mod:`wizard.live_test.diagnosis` explains them. All text in them is
printable: whoever builds one has removed control characters and secrets. Besides, what is said of
one stage, while it runs and when it has failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from itertools import takewhile

from wizard.config.settings import SmtpSettings
from wizard.text.display import MASK, shorten
from wizard.text.language import N_, _

_VERDICTS = {
    "pass": N_("The server can send mail."),
    "warn": N_("The server can send mail, with a caveat."),
    "fail": N_("The server cannot send mail."),
    "untestable": N_("This cannot be tested from here."),
}


class Stage(StrEnum):
    """The stages of the live test, in the order in which they happen."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    RSET = "rset"
    QUIT = "quit"
    DATA = "data"
    """A real mail, on a connection of its own."""

    @property
    def in_words(self) -> str:
        """The operator's word for it."""
        return _(_STAGES[self])


_STAGES = {
    Stage.DNS: N_("Name"),
    Stage.TCP: N_("Connection"),
    Stage.TLS: N_("Encryption"),
    Stage.GREETING: N_("Greeting"),
    Stage.EHLO: "EHLO",
    Stage.STARTTLS: "STARTTLS",
    Stage.AUTH: N_("Login"),
    Stage.MAIL: N_("Sender"),
    Stage.RCPT: N_("Recipient"),
    Stage.RSET: N_("Reset"),
    Stage.DATA: N_("Message"),
    Stage.QUIT: N_("Goodbye"),
}


class Cause(Enum):
    """How a stage failed. The details, such as the server's reply, are in :class:`Failure`."""

    REPLY = auto()
    """The server answered, and refused."""
    UNUSUAL_REPLY = auto()
    """The server's client goes on after this reply, and another client does not."""
    NAME_UNKNOWN = auto()
    RESOLVER_DOWN = auto()
    CONTAINER_INTERNAL = auto()
    CONNECTION_REFUSED = auto()
    UNREACHABLE = auto()
    TIMEOUT = auto()
    CLOSED = auto()
    """The server closed the connection when a reply was due."""
    MALFORMED = auto()
    """A reply that RFC 5321 does not allow, or that the server's client cannot read."""
    INJECTED = auto()
    """Unencrypted bytes after the reply to STARTTLS."""
    NOT_TLS = auto()
    IS_TLS = auto()
    TLS_TOO_OLD = auto()
    TLS_FAILED = auto()
    CLIENT_CERTIFICATE = auto()
    """The mail server only serves clients that have a certificate, and the server has none."""
    CERTIFICATE_NAME = auto()
    CERTIFICATE_EXPIRED = auto()
    CERTIFICATE_NOT_YET_VALID = auto()
    CERTIFICATE_UNTRUSTED = auto()
    STARTTLS_MISSING = auto()
    SECRET_UNKNOWN = auto()
    """Nobody here can tell which secret the server has."""
    NO_AUTH = auto()
    NO_MECHANISM = auto()
    SMTPUTF8_MISSING = auto()
    EIGHTBITMIME_MISSING = auto()
    """SMTPUTF8 is offered, but not 8BITMIME, without which the server's client does not use it."""
    NOT_AN_ADDRESS = auto()
    UNEXPECTED = auto()
    """An exception that nobody foresaw."""
    ADDRESS_SILENT = auto()
    CERTIFICATE_ENDS_SOON = auto()
    CERTIFICATE_UNCOMMON = auto()
    """Some TLS libraries accept it, others do not; nobody knows which one the server has."""
    CERTIFICATE_LOCAL_TRUST = auto()
    """An authority vouches for it that was added to this machine, not to the server's container."""
    CIPHER_UNCOMMON = auto()
    """Likewise."""
    CLEAR_TEXT_LOGIN = auto()
    GROUP_MISHANDLED = auto()
    """The server offers PIPELINING, and does not answer each command of a group."""
    SENDER_UNKNOWN = auto()
    """The user is not a mail address, and the server takes it as the sender."""


class Verdict(StrEnum):
    """What the server will meet: success, success with a warning, failure, or nobody can say."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    UNTESTABLE = "untestable"

    @property
    def in_words(self) -> str:
        """The verdict as a sentence."""
        return _(_VERDICTS[self])


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a mail server's certificate says about itself; dates are aware, in UTC."""

    subject: str
    names: tuple[str, ...]
    """The DNS names and IP addresses it is valid for."""
    issuer: str
    not_before: datetime
    not_after: datetime
    self_signed: bool = False
    uncommon: str = ""
    """What not every TLS library accepts in it, as a part of a sentence."""

    def closest_name(self, host: str) -> str | None:
        """Return the name most like ``host`` that could be the endpoint; None if there is none."""
        return next(iter(self.closest_names(host)), None)

    def closest_names(self, host: str) -> tuple[str, ...]:
        """Return the names that could be the endpoint, those most like ``host`` first."""
        usable = [
            name
            for name in self.names
            if "*" not in name and ":" not in name and re.search(r"[a-z]", name, re.IGNORECASE)
        ]
        return tuple(sorted(usable, key=lambda name: -_common_labels(name, host)))


def _common_labels(name: str, host: str) -> int:
    """Return how many labels two host names share, counted from the end."""
    pairs = zip(name.lower().split(".")[::-1], host.lower().split(".")[::-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage that failed, or passed with a concern. The fields depend on the cause."""

    stage: Stage
    cause: Cause
    code: int | None = None
    """The reply code, where a reply is the cause."""
    enhanced: str | None = None
    """The enhanced status code of that reply (RFC 2034), for example ``5.7.8``."""
    said: str = ""
    """The server's own words on one line, as far as they are judged; a reply's begin with its
    code."""
    problem: str = ""
    """What is wrong with a malformed reply, or uncommon; or an unexpected exception's class; or
    why the secret is not known."""
    system_words: str = ""
    """What the system or OpenSSL calls the error."""
    waited: float = 0.0
    """The time limit in seconds, where there was no answer."""
    silent: tuple[str, ...] = ()
    """The IP addresses that did not answer, although another one did."""
    mechanisms: tuple[str, ...] = ()
    """The ways to log in that the server offers, none of which can be used."""
    offers_starttls: bool = False
    """Whether a server without any login may offer one after STARTTLS."""
    certificate: Certificate | None = None
    inside: bool = False
    """Whether this was seen from inside the server's container."""
    no_alternative: bool = False
    """Whether other endpoints of the same mail server were tried, and none works either."""

    @property
    def words_shown(self) -> str:
        """What the server said, cut to what is shown of it."""
        return shorten(self.said)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The explanation of one failure.

    ``field`` is where it is corrected: user, endpoint, secret, starttls, or store, where the secret
    is kept or no login is chosen; None where nothing that was entered is wrong. ``reason`` says in
    at most 24 characters what is wrong, to follow a colon.
    """

    code: str
    stage: Stage
    summary: str
    remedy: str
    server_said: str | None
    verdict: Verdict
    field: str | None
    reason: str

    @property
    def reason_alone(self) -> str:
        """The reason where it follows nothing: with a capital, and without a full stop."""
        return f"{self.reason[:1].upper()}{self.reason[1:]}"

    @property
    def reply_sentence(self) -> str:
        """What the mail server said, to follow a sentence about it; empty if it said nothing."""
        if not self.server_said:
            return ""
        return _("It said: {words}", words=self.server_said)

    def to_json(self) -> dict[str, str | None]:
        """Return the diagnosis as ``test --json`` prints it, with a setting as the field."""
        return {
            "code": self.code,
            "stage": self.stage.value,
            "summary": self.summary,
            "remedy": self.remedy,
            "server_said": self.server_said,
            "field": "secret" if self.field == "store" else self.field,
            "reason": self.reason,
        }


# What is said of one stage

_RUNNING = {
    Stage.DNS: N_("looks up {host} …"),
    Stage.TCP: N_("connects to port {port} …"),
    Stage.TLS: N_("begins to encrypt …"),
    Stage.GREETING: N_("waits for the greeting …"),
    Stage.EHLO: N_("introduces itself …"),
    Stage.STARTTLS: N_("begins to encrypt …"),
    Stage.AUTH: N_("logs in as {user} …"),
    Stage.MAIL: N_("names {user} as the sender …"),
    Stage.RCPT: N_("names the recipient …"),
    Stage.RSET: N_("takes the sender back …"),
    Stage.DATA: N_("sends the mail …"),
    Stage.QUIT: N_("says goodbye …"),
}
_REFUSED = {
    (Stage.AUTH, "auth-rejected"): N_("{user} is refused."),
    (Stage.AUTH, "app-password-needed"): N_("{user} is refused."),
    (Stage.AUTH, "auth-disabled"): N_("{user} is refused."),
    (Stage.MAIL, "sender-refused"): N_("Mails from {user} are refused."),
    (Stage.RCPT, "recipient-refused"): N_("Mails to {recipient} are refused."),
}
"""Where somebody is refused, the stage says who; elsewhere the reason is all there is to say."""


def in_progress(stage: Stage, settings: SmtpSettings) -> str:
    """Say what the test does at ``stage``, as the end of a line that begins with its name."""
    if stage is Stage.AUTH and settings.login is None:
        return _("goes on without a login …")
    route = settings.route
    user = shown_user(stage, settings)
    return _(_RUNNING[stage], host=route.host, port=route.port, user=user)


def has_failed(diagnosis: Diagnosis, settings: SmtpSettings, recipient: str) -> str:
    """Say in a short sentence how the stage of ``diagnosis`` has failed; the rest is told there.

    ``recipient`` is the address that was named, as it may be shown.
    """
    refused = _REFUSED.get((diagnosis.stage, diagnosis.code))
    if refused is not None and diagnosis.server_said:
        return _(refused, user=shown_user(diagnosis.stage, settings), recipient=recipient)
    return f"{diagnosis.reason_alone}."


def shown_user(stage: Stage, settings: SmtpSettings) -> str:
    """Return who logs in or sends at ``stage``; masked if that is the secret, as with some."""
    login = settings.login
    user = login[0] if login is not None and stage is Stage.AUTH else settings.user
    return MASK if login is not None and login[1].reveal() == user else user
