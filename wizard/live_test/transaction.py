"""The end of the dialogue: naming sender and recipient, and sending a mail if one is wanted.

A recipient is always named, since many a server refuses a client or a sender only then: without
one from the operator it is the sender, and whether that mailbox takes mails does not matter.
Where the server offers PIPELINING, the rest of the dialogue is sent together with MAIL.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, make_msgid

from wizard.config.endpoint import Route
from wizard.config.settings import SmtpSettings
from wizard.live_test.events import JSON, Sanitizer, StageFailed, StageOutcome, StagePassed
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.live_test.refusals import only_this_mailbox
from wizard.live_test.smtp import (
    ConnectionClosed,
    Extensions,
    MalformedReply,
    Reply,
    SmtpConnection,
)
from wizard.text.language import N_, _

_COURTESIES = (b"RSET", b"QUIT")
_BAD_SEQUENCE = 503
SUBJECT = N_("Test mail: the mail settings of BOMnipotent Server work ✓")
_TEXT = N_(
    "Hello,\n\n"
    "this mail was sent by smtp-wizard, exactly as BOMnipotent Server will send its own mails.\n"
    "That you can read it proves:\n\n"
    "- The server {way}.\n"
    "- {login}\n"
    "- Mails from {sender} reach you; look whether this one was sorted as spam.\n\n"
    "Nobody needs to answer it. If you did not expect it, somebody has entered your address\n"
    "while setting up a BOMnipotent Server.\n"
)
_QUEUE_ID = re.compile(
    r"""queued\ (?:mail\ )?(?:for\ delivery\ )?(?:as|id:?)\ ?["<(]?([^\s">),;]+)  # Postfix
    | \bid=([^\s,;]+)  # Exim
    | ^250\ (?:2\.\d\.\d\ )?Ok\ ([0-9A-Za-z-]{16,})(?:\s|$)  # Amazon SES
    | ^250\ 2\.0\.0\ ([0-9A-Za-z]{10,})\ Message\ accepted  # Sendmail
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Transaction:
    """The stages after the login. ``sanitize`` makes text fit to be shown.

    Without a ``recipient`` the sender is named as one, if it is an address at all.
    """

    def __init__(
        self,
        connection: SmtpConnection,
        extensions: Extensions,
        settings: SmtpSettings,
        recipient: str | None,
        deliver: bool,
        sanitize: Sanitizer,
    ) -> None:
        self._connection = connection
        self._extensions = extensions
        self._settings = settings
        self._host = settings.route.host
        self._recipient_given = recipient is not None
        self._recipient = recipient or settings.user
        self._deliver = deliver
        self._sanitize = sanitize
        self._sent: set[bytes] = set()
        self._postponed = False
        """Whether the last of sender and recipient was not accepted."""

    @property
    def names_recipient(self) -> bool:
        """Whether there is a recipient to name."""
        return self._recipient_given or "@" in self._recipient

    @property
    def delivered(self) -> bool:
        """Whether the mail was accepted, so that there is nothing to reset."""
        return b"DATA" in self._sent

    async def name_sender(self) -> StagePassed:
        """Send MAIL."""
        user, stage = self._settings.user, Stage.MAIL
        words = [b"MAIL", b"FROM:" + _path(stage, user)]
        if needs_smtputf8(user, self._recipient):
            if not self._extensions.has("SMTPUTF8"):
                raise StageFailed(Failure(stage, Cause.SMTPUTF8_MISSING))
            words.append(b"SMTPUTF8")
            if self._deliver and self._extensions.has("8BITMIME"):  # the headers are UTF-8 as well
                words.append(b"BODY=8BITMIME")
        self._postponed = True
        self._connection.send(*words)
        if not self._deliver and self._pipelining:
            self._send_recipient()
            self._send_courtesies()
        reply = await self._positive_reply(stage)
        self._postponed = False
        sender = self._sanitize(user)
        message = _("{host} accepts mails from {sender}.", host=self._host, sender=sender)
        concern = None if "@" in user else Failure(stage, Cause.SENDER_UNKNOWN)
        return StagePassed(message, {"said": self._sanitize(reply.text)}, concern=concern)

    async def name_recipient(self) -> StagePassed:
        """Send RCPT."""
        stage = Stage.RCPT
        if self._postponed:
            if b"RCPT" in self._sent:
                await self._connection.read_reply()
            return StagePassed(
                _("Not asked, because the sender has to wait."), outcome=StageOutcome.SKIP
            )
        self._postponed = True
        self._send_recipient()
        try:
            reply = await self._positive_reply(stage)
        except StageFailed as error:
            if not self._recipient_given and only_this_mailbox(error.failure):
                self._postponed = False
                return self._mailbox_refused(error.failure)
            if error.failure.code == _BAD_SEQUENCE and self._mishandles_groups:
                return self._not_answered()
            raise
        except (ConnectionClosed, MalformedReply):
            if self._mishandles_groups:
                return self._not_answered()
            raise
        self._postponed = False
        recipient = self._sanitize(self._recipient)
        message = _("{host} accepts mails to {recipient}.", host=self._host, recipient=recipient)
        return StagePassed(message, {"said": self._sanitize(reply.text)})

    @property
    def _mishandles_groups(self) -> bool:
        """Whether a strange answer to RCPT can come from its being sent in a group."""
        return self._pipelining and not self._recipient_given

    def _not_answered(self) -> StagePassed:
        # Clients that send one command after the other, such as the server's, never notice.
        return StagePassed(_("Not answered."), concern=Failure(Stage.RCPT, Cause.GROUP_MISHANDLED))

    def _mailbox_refused(self, failure: Failure) -> StagePassed:
        message = _(
            "{host} takes no mails to {recipient}, which does not matter for mails to others.",
            host=self._host,
            recipient=self._sanitize(self._recipient),
        )
        detail: dict[str, JSON] = {"code": failure.code, "said": failure.said}
        return StagePassed(message, detail, outcome=StageOutcome.SKIP)

    async def send_mail(self) -> StagePassed:
        """Send DATA and the mail, once."""
        recipient, settings, stage = self._recipient, self._settings, Stage.DATA
        if self._postponed:
            return StagePassed(
                _("No mail is sent, because it has to wait."), outcome=StageOutcome.SKIP
            )
        login = settings.login[0] if settings.login else None
        mail = compose_test_mail(settings.user, recipient, settings.route, login)
        self._connection.send(b"DATA")
        await self._positive_reply(stage)
        self._connection.send_mail(as_data(mail))
        reply = await self._positive_reply(stage)
        self._sent.add(b"DATA")
        identifier = queue_id(reply)
        queued = None if identifier is None else self._sanitize(identifier)
        detail: dict[str, JSON] = {
            "said": self._sanitize(reply.text),
            "queue_id": queued,
            "bytes": len(mail),
        }
        taken = N_("{host} has taken the mail to {recipient}.")
        if queued:
            taken = N_("{host} has taken the mail to {recipient} as {queued}.")
        message = _(taken, host=self._host, recipient=self._sanitize(recipient), queued=queued)
        return StagePassed(message, detail)

    async def reset(self) -> StagePassed:
        """Send RSET, unless it was sent already."""
        self._send_courtesies(at_least=b"RSET")
        await self._positive_reply(Stage.RSET)
        return StagePassed(_("The sender is taken back; nothing was sent."))

    async def quit(self) -> StagePassed:
        """Send QUIT, unless it was sent already."""
        self._send_courtesies(at_least=b"QUIT")
        await self._positive_reply(Stage.QUIT)
        return StagePassed(_("{host} has said goodbye.", host=self._host))

    def send_quit(self) -> None:
        """Send QUIT, unless it was sent already, and do not wait for the reply."""
        if b"QUIT" not in self._sent:
            self._sent.add(b"QUIT")
            self._connection.send(b"QUIT")

    @property
    def _pipelining(self) -> bool:
        return self._extensions.has("PIPELINING")

    def _send_recipient(self) -> None:
        """Send RCPT, unless it was sent already, or there is nobody to name."""
        if self.names_recipient and b"RCPT" not in self._sent:
            path = _path(Stage.RCPT, self._recipient)
            self._sent.add(b"RCPT")
            self._connection.send(b"RCPT", b"TO:" + path)

    def _send_courtesies(self, at_least: bytes | None = None) -> None:
        """Send ``at_least``, and the others as well if the server takes groups of commands."""
        for verb in _COURTESIES:
            needless = verb in self._sent or (verb == b"RSET" and self.delivered)
            if not needless and (self._pipelining or verb == at_least):
                self._sent.add(verb)
                self._connection.send(verb)

    async def _positive_reply(self, stage: Stage) -> Reply:
        return require_positive(stage, await self._connection.read_reply(), self._sanitize)


def require_positive(stage: Stage, reply: Reply, sanitize: Sanitizer) -> Reply:
    """Return ``reply``; raise :class:`StageFailed` if it refuses."""
    if not reply.positive:
        said = sanitize(reply.text)
        raise StageFailed(Failure(stage, Cause.REPLY, reply.code, reply.enhanced, said))
    return reply


def _path(stage: Stage, address: str) -> bytes:
    """Return ``<address>``; refuse characters that would end it early."""
    if any(char in "<> " or not char.isprintable() for char in address):
        raise StageFailed(Failure(stage, Cause.NOT_AN_ADDRESS))
    return f"<{address}>".encode()


def needs_smtputf8(*addresses: str) -> bool:
    """Whether one of the addresses can only be sent with the extension SMTPUTF8."""
    return not all(address.isascii() for address in addresses)


# The mail


def compose_test_mail(sender: str, recipient: str, route: Route, login: str | None) -> bytes:
    """Return the mail with CR LF as line ends: plain ASCII unless an address is not."""
    international = needs_smtputf8(sender, recipient)
    mail = EmailMessage(policy=SMTPUTF8 if international else SMTP)
    mail["From"] = _address(sender, "smtp-wizard")
    mail["To"] = _address(recipient)
    mail["Subject"] = _(SUBJECT)
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=_message_id_domain(sender, route))
    mail["Auto-Submitted"] = "auto-generated"
    accepted = (
        _("The login of {login} is accepted.", login=login) if login else _("No login is needed.")
    )
    text = _(_TEXT, way=route.in_words(), login=accepted, sender=sender)
    mail.set_content(text, cte="quoted-printable")
    return mail.as_bytes()


def as_data(mail: bytes) -> bytes:
    """Return what follows DATA: every line ends with CR LF, dots are doubled, a dot ends it all.

    RFC 5321, section 4.5.2.
    """
    lines = re.split(rb"\r\n|\r|\n", mail.removesuffix(b"\r\n"))
    stuffed = [b"." + line if line.startswith(b".") else line for line in lines]
    return b"\r\n".join([*stuffed, b".", b""])


def queue_id(reply: Reply) -> str | None:
    """Return the mail's identifier in the server's log, where the reply tells it."""
    match = _QUEUE_ID.search(reply.text)
    return next((group for group in match.groups() if group), None) if match else None


def _address(text: str, name: str = "") -> Address:
    try:
        return Address(name, addr_spec=text)
    except (HeaderParseError, ValueError):  # not an address by RFC 5322, but maybe to the server
        local, at, domain = text.rpartition("@")
        return Address(name, local, domain) if at else Address(name, text)


def _message_id_domain(sender: str, route: Route) -> str:
    domain = sender.rpartition("@")[2]
    return domain if "@" in sender and domain.isascii() else route.host
