"""The real mail that proves the whole way, and its form on the line."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, make_msgid

from wizard.config.settings import Route
from wizard.probe.reply import Reply
from wizard.text.language import N_, _

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
_QUEUED = re.compile(
    r"""queued\ (?:mail\ )?(?:for\ delivery\ )?(?:as|id:?)\ ?["<(]?([^\s">),;]+)  # Postfix
    | \bid=([^\s,;]+)  # Exim
    | ^250\ (?:2\.\d\.\d\ )?Ok\ ([0-9A-Za-z-]{16,})(?:\s|$)  # Amazon SES
    | ^250\ 2\.0\.0\ ([0-9A-Za-z]{10,})\ Message\ accepted  # Sendmail
    """,
    re.IGNORECASE | re.VERBOSE,
)


def compose(sender: str, recipient: str, route: Route, login: str | None) -> bytes:
    """Return the mail with CR LF as line ends: plain ASCII unless an address is not."""
    international = needs_smtputf8(sender, recipient)
    mail = EmailMessage(policy=SMTPUTF8 if international else SMTP)
    mail["From"] = _address(sender, "smtp-wizard")
    mail["To"] = _address(recipient)
    mail["Subject"] = _(SUBJECT)
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=_message_id_domain(sender, route))
    mail["Auto-Submitted"] = "auto-generated"
    known = (
        _("The login of {login} is accepted.", login=login) if login else _("No login is needed.")
    )
    text = _(_TEXT, way=route.in_words(), login=known, sender=sender)
    mail.set_content(text, cte="quoted-printable")
    return mail.as_bytes()


def needs_smtputf8(*addresses: str) -> bool:
    """Whether one of the addresses can only be sent with the extension SMTPUTF8."""
    return not all(address.isascii() for address in addresses)


def as_data(mail: bytes) -> bytes:
    """Return what follows DATA: every line ends with CR LF, dots are doubled, a dot ends it all.

    RFC 5321, section 4.5.2.
    """
    lines = re.split(rb"\r\n|\r|\n", mail.removesuffix(b"\r\n"))
    stuffed = [b"." + line if line.startswith(b".") else line for line in lines]
    return b"\r\n".join([*stuffed, b".", b""])


def queue_id(reply: Reply) -> str | None:
    """Return the name under which the server's log knows the mail, where the reply tells it."""
    match = _QUEUED.search(reply.text)
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
