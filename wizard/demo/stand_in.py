"""A stand-in for BOMnipotent Server, which is not at hand: reads the files and sends a mail."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from wizard.config.current import Current
from wizard.config.settings import Security
from wizard.probe.network import Network

RECIPIENT = "new-user@demo.example"


async def send_verification(current: Current, network: Network) -> None:
    """Send what the server sends to a new user, with the settings as they are in the files.

    Raises :class:`wizard.errors.InvalidValue` for settings that cannot be used, and
    :class:`OSError` or :class:`aiosmtplib.SMTPException` when the mail is not accepted.
    """
    settings = current.settings()
    route, login = settings.route, settings.login
    message = EmailMessage()
    message["From"] = settings.user
    message["To"] = RECIPIENT
    message["Subject"] = "Verify your account"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="demo.example")
    message.set_content("Sent by the demo with the very settings that the wizard has written.\n")
    address = (await network.resolve(route.host, route.port))[0]
    client = aiosmtplib.SMTP(
        hostname=route.host,
        port=None,
        sock=await network.connect(address),
        local_hostname="bomnipotent.demo.example",
        use_tls=route.security is Security.TLS,
        start_tls=route.security is Security.STARTTLS,
        tls_context=None if route.security is Security.NONE else network.tls_context(),
        username=None if login is None else login[0],
        password=None if login is None else login[1].reveal(),
        timeout=10.0,
    )
    async with client:
        await client.send_message(message)
