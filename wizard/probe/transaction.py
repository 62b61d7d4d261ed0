"""Naming sender and recipient, and handing over a mail if one is wanted.

Where the server offers PIPELINING, what is left of the dialogue goes along with the last command
that the verdict hangs on. That command is always the first of its group, so that a server which
mishandles groups cannot change the verdict.
"""

from __future__ import annotations

from wizard.diagnosis.failure import Cause, Failure, Stage
from wizard.probe.conversation import Conversation
from wizard.probe.events import JSON, Outcome
from wizard.probe.extensions import Extensions
from wizard.probe.mail import as_data, compose, needs_smtputf8, queue_id
from wizard.probe.reply import Reply
from wizard.probe.step import Failed, Hide, Passed
from wizard.settings import SmtpSettings

_COURTESIES = (b"RSET", b"QUIT")


class Transaction:
    """The end of the dialogue, behind the login. ``hide`` makes text fit to be shown."""

    def __init__(
        self,
        talk: Conversation,
        offered: Extensions,
        settings: SmtpSettings,
        recipient: str | None,
        deliver: bool,
        hide: Hide,
    ) -> None:
        self._talk = talk
        self._offered = offered
        self._settings = settings
        self._host = settings.route.host
        self._recipient = recipient
        self._deliver = deliver
        self._hide = hide
        self._sent: set[bytes] = set()
        self._waits = False

    @property
    def delivered(self) -> bool:
        """Whether there is nothing to take back, because the mail was accepted."""
        return b"DATA" in self._sent

    async def name_sender(self) -> Passed:
        """Send MAIL."""
        user, stage = self._settings.user, Stage.MAIL
        words = [b"MAIL", b"FROM:" + _path(stage, user)]
        if needs_smtputf8(user, self._recipient or ""):
            if not self._offered.has("SMTPUTF8"):
                raise Failed(Failure(stage, Cause.SMTPUTF8_MISSING))
            words.append(b"SMTPUTF8")
            if self._deliver and self._offered.has("8BITMIME"):  # the headers are UTF-8 as well
                words.append(b"BODY=8BITMIME")
        self._waits = True
        self._talk.send(*words)
        if self._recipient is None:
            self._send_courtesies()
        reply = await self._positive(stage)
        self._waits = False
        message = f"{self._host} accepts mails from {self._hide(user)}."
        return Passed(message, {"said": self._hide(reply.text)})

    async def name_recipient(self) -> Passed:
        """Send RCPT."""
        recipient, stage = self._recipient or "", Stage.RCPT
        if self._waits:
            return Passed("Not asked, because the sender has to wait.", outcome=Outcome.SKIP)
        path = _path(stage, recipient)
        self._waits = True
        self._talk.send(b"RCPT", b"TO:" + path)
        if not self._deliver:
            self._send_courtesies()
        reply = await self._positive(stage)
        self._waits = False
        message = f"{self._host} accepts mails to {self._hide(recipient)}."
        return Passed(message, {"said": self._hide(reply.text)})

    async def hand_over(self) -> Passed:
        """Send DATA and the mail, once."""
        recipient, settings, stage = self._recipient or "", self._settings, Stage.DATA
        if self._waits:
            return Passed("No mail is sent, because it has to wait.", outcome=Outcome.SKIP)
        login = settings.login[0] if settings.login else None
        mail = compose(settings.user, recipient, settings.route, login)
        self._talk.send(b"DATA")
        await self._positive(stage)
        self._talk.send_mail(as_data(mail))
        reply = await self._positive(stage)
        self._sent.add(b"DATA")
        found = queue_id(reply)
        queued = None if found is None else self._hide(found)
        detail: dict[str, JSON] = {
            "said": self._hide(reply.text),
            "queue_id": queued,
            "bytes": len(mail),
        }
        known_as = f" as {queued}" if queued else ""
        message = f"{self._host} has taken the mail to {self._hide(recipient)}{known_as}."
        return Passed(message, detail)

    async def reset(self) -> Passed:
        """Send RSET, unless it went along already."""
        self._send_courtesies(at_least=b"RSET")
        await self._positive(Stage.RSET)
        return Passed("The sender is taken back; nothing was sent.")

    async def quit(self) -> Passed:
        """Send QUIT, unless it went along already."""
        self._send_courtesies(at_least=b"QUIT")
        await self._positive(Stage.QUIT)
        return Passed(f"{self._host} has said goodbye.")

    def take_leave(self) -> None:
        """Say QUIT and do not wait: a client that just vanishes looks hostile."""
        if b"QUIT" not in self._sent:
            self._sent.add(b"QUIT")
            self._talk.send(b"QUIT")

    def _send_courtesies(self, at_least: bytes | None = None) -> None:
        """Send ``at_least`` if it is not on its way, and all that is left where groups are fine."""
        grouped = self._offered.has("PIPELINING")
        for verb in _COURTESIES:
            needless = verb in self._sent or (verb == b"RSET" and self.delivered)
            if not needless and (grouped or verb == at_least):
                self._sent.add(verb)
                self._talk.send(verb)

    async def _positive(self, stage: Stage) -> Reply:
        reply = await self._talk.reply()
        if not reply.positive:
            raise refused(stage, reply, self._hide)
        return reply


def refused(stage: Stage, reply: Reply, hide: Hide) -> Failed:
    """Build the failure for a reply that refuses."""
    return Failed(Failure(stage, Cause.REPLY, reply.code, reply.enhanced, hide(reply.text)))


def _path(stage: Stage, address: str) -> bytes:
    """Return ``<address>``; refuse what would end it early."""
    if any(char in "<> " or not char.isprintable() for char in address):
        raise Failed(Failure(stage, Cause.NOT_AN_ADDRESS))
    return f"<{address}>".encode()
