"""The end of the dialogue: naming sender and recipient, and taking both back.

A recipient is always named, since many a server refuses a client or a sender only then: without
one from the operator it is the sender, and whether that mailbox takes mails does not matter.
Where the server offers PIPELINING, the rest of the dialogue is sent together with MAIL.
"""

from __future__ import annotations

from wizard.config.settings import SmtpSettings
from wizard.live_test.events import JSON, StageFailed, StageOutcome, StagePassed
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.live_test.refusals import LONGEST_READ, only_this_mailbox
from wizard.live_test.smtp import (
    ConnectionClosed,
    Extensions,
    MalformedReply,
    Reply,
    SmtpConnection,
)
from wizard.text.language import _
from wizard.text.redaction import Redactor

_COURTESIES = (b"RSET", b"QUIT")
_BAD_SEQUENCE = 503


class Transaction:
    """The stages after the login. ``redact`` makes text from outside fit to be shown.

    Without a ``recipient`` the sender is named as one, if it is an address at all. ``grouped``:
    commands are sent in groups where the server offers PIPELINING.
    """

    def __init__(
        self,
        connection: SmtpConnection,
        extensions: Extensions,
        settings: SmtpSettings,
        recipient: str | None,
        grouped: bool,
        redact: Redactor,
    ) -> None:
        self._connection = connection
        self._extensions = extensions
        self._settings = settings
        self._host = settings.route.host
        self._recipient_given = recipient is not None
        self._recipient = recipient or settings.user
        self._pipelining = grouped and extensions.has("PIPELINING")
        self._redact = redact
        self._sent: set[bytes] = set()
        self.postponed = False
        """Whether the last of sender and recipient was not accepted."""

    @property
    def names_recipient(self) -> bool:
        """Whether there is a recipient to name."""
        return self._recipient_given or "@" in self._recipient

    async def name_sender(self) -> StagePassed:
        """Send MAIL."""
        user, stage = self._settings.user, Stage.MAIL
        words = [b"MAIL", b"FROM:" + address_path(stage, user)]
        if needs_smtputf8(user, self._recipient):
            if not self._extensions.has("SMTPUTF8"):
                raise StageFailed(Failure(stage, Cause.SMTPUTF8_MISSING))
            if not self._extensions.has("8BITMIME"):
                raise StageFailed(Failure(stage, Cause.EIGHTBITMIME_MISSING))
            words.append(b"SMTPUTF8")
        self.postponed = True
        self._connection.send(*words)
        if self._pipelining:
            self._send_recipient()
            self._send_courtesies()
        reply = await self._positive_reply(stage)
        self.postponed = False
        message = _("Mails from {sender} are accepted.", sender=self._redact(user))
        concern = None if "@" in user else Failure(stage, Cause.SENDER_UNKNOWN)
        return StagePassed(message, {"said": self._redact(reply.text)}, concern=concern)

    async def name_recipient(self) -> StagePassed:
        """Send RCPT."""
        stage = Stage.RCPT
        if self.postponed:
            if b"RCPT" in self._sent:
                await self._connection.read_reply()
            return StagePassed(_("Not asked: the sender has to wait."), outcome=StageOutcome.SKIP)
        self.postponed = True
        self._send_recipient()
        try:
            reply = await self._positive_reply(stage)
        except StageFailed as error:
            if not self._recipient_given and only_this_mailbox(error.failure):
                self.postponed = False
                return self._mailbox_refused(error.failure)
            if error.failure.code == _BAD_SEQUENCE and self._mishandles_groups:
                return self._not_answered()
            raise
        except (ConnectionClosed, MalformedReply):
            if self._mishandles_groups:
                return self._not_answered()
            raise
        self.postponed = False
        message = _("Mails to {recipient} are accepted.", recipient=self._redact(self._recipient))
        return StagePassed(message, {"said": self._redact(reply.text)})

    @property
    def _mishandles_groups(self) -> bool:
        """Whether a strange answer to RCPT can come from its being sent in a group."""
        return self._pipelining and not self._recipient_given

    def _not_answered(self) -> StagePassed:
        # Clients that send one command after the other, such as the server's, never notice.
        return StagePassed(_("Not answered."), concern=Failure(Stage.RCPT, Cause.GROUP_MISHANDLED))

    def _mailbox_refused(self, failure: Failure) -> StagePassed:
        message = _(
            "{recipient} takes no mails, which is no problem.",
            recipient=self._redact(self._recipient),
        )
        detail: dict[str, JSON] = {"code": failure.code, "said": failure.words_shown}
        return StagePassed(message, detail, outcome=StageOutcome.SKIP)

    async def reset(self) -> StagePassed:
        """Send RSET, unless it was sent already."""
        self._send_courtesies(at_least=b"RSET")
        await self._positive_reply(Stage.RSET)
        return StagePassed(_("Sender taken back: no mail was sent."))

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

    def _send_recipient(self) -> None:
        """Send RCPT, unless it was sent already, or there is nobody to name."""
        if self.names_recipient and b"RCPT" not in self._sent:
            path = address_path(Stage.RCPT, self._recipient)
            self._sent.add(b"RCPT")
            self._connection.send(b"RCPT", b"TO:" + path)

    def _send_courtesies(self, at_least: bytes | None = None) -> None:
        """Send ``at_least``, and the others as well if the server takes groups of commands."""
        for verb in _COURTESIES:
            if verb not in self._sent and (self._pipelining or verb == at_least):
                self._sent.add(verb)
                self._connection.send(verb)

    async def _positive_reply(self, stage: Stage) -> Reply:
        return require_positive(stage, await self._connection.read_reply(), self._redact)


def require_positive(stage: Stage, reply: Reply, redact: Redactor) -> Reply:
    """Return ``reply``; raise :class:`StageFailed` if it refuses."""
    if not reply.positive:
        raise StageFailed(reply_failure(stage, Cause.REPLY, reply, redact))
    return reply


def reply_failure(stage: Stage, cause: Cause, reply: Reply, redact: Redactor) -> Failure:
    """Return the failure that ``reply`` is the cause of.

    Of a long reply one character more is kept than is read, which shows that it is longer.
    """
    said = redact(reply.text, LONGEST_READ + 1)
    return Failure(stage, cause, reply.code, reply.enhanced, said)


def address_path(stage: Stage, address: str) -> bytes:
    """Return ``<address>``; raise :class:`StageFailed` for characters that would end it early."""
    if any(char in "<> " or not char.isprintable() for char in address):
        raise StageFailed(Failure(stage, Cause.NOT_AN_ADDRESS))
    return f"<{address}>".encode()


def needs_smtputf8(*addresses: str) -> bool:
    """Whether one of the addresses can only be sent with the extension SMTPUTF8."""
    return not all(address.isascii() for address in addresses)
