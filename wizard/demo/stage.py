"""The setting of the demo: a server's files, hints what to type, and the proof that it works.

BOMnipotent Server itself is not part of the demo: a stand-in reads the files and sends a mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

import aiosmtplib

from wizard.config.current import CurrentConfig, load_config
from wizard.config.endpoint import Security
from wizard.config.layout import find_layout
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer, Ports, ReceivedMail
from wizard.errors import InvalidValue
from wizard.secrets.secret import Secret
from wizard.server.next_steps import NextStep, StepKind
from wizard.system.network import Network
from wizard.text.language import N_, _

PASSWORD = Secret("open-sesame")
"""Of an account that exists only in the demo."""
_COMPOSE = """\
name: bomnipotent
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server:1.5.0
    container_name: bomnipotent_server
    environment:
      BOMNIPOTENT_DB_PW: ${BOMNIPOTENT_DB_PW}
      SMTP_SECRET: ${SMTP_SECRET}
    volumes:
      - ./bomnipotent_config:/etc/bomnipotent_server/configs/:ro
"""
_ENV = """\
# Read by Docker Compose
BOMNIPOTENT_DB_PW=only-a-demo
"""
_CONFIG = """\
# The domain behind which bomnipotent server will be hosted
domain = "https://bomnipotent.demo.example"
# This can stay the same, unless you use another database
db_url = "postgres://bomnipotent_user:${BOMNIPOTENT_DB_PW}@bomnipotent_db:5432/bomnipotent_db"

[tls]
# The path to your full TLS certificate chain
certificate_chain_path = "/etc/ssl/certs/chain.crt"
# The path to the secret TLS key
secret_key_path = "/etc/ssl/private/secret_key"

# Publisher data according to the CSAF Standard linked below:
# https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html
[provider_metadata.publisher]
name = "Demo Corporation"
namespace = "https://demo.example"
category = "vendor"
"""


def write_demo_files(directory: Path) -> Path:
    """Write a Compose layout as the vendor shows it into an empty directory.

    Returns the path of config.toml, which has no mail settings yet.
    """
    config = directory / "bomnipotent_config" / "config.toml"
    config.parent.mkdir()
    config.write_text(_CONFIG, encoding="utf-8")
    (directory / "compose.yaml").write_text(_COMPOSE, encoding="utf-8")
    env = directory / ".env"
    env.touch(0o600)
    env.write_text(_ENV, encoding="utf-8")
    return config


def hints() -> Mapping[str, str]:
    """Return what to try in a field, by its name."""
    return {
        "user": _("Demo: type {user}", user=DEMO_USER),
        "secret": _("Demo: type {secret}, or first something else", secret=PASSWORD.reveal()),
    }


def notices(ports: Ports) -> tuple[str, ...]:
    """Return what to know about the demo."""
    return (
        _("This is a demo in a scratch directory. Nothing of yours is touched."),
        _(
            "Its mail server is {host}; 127.0.0.1:{smtps} and :{starttls} answer in place of its "
            "ports 465 and 587.",
            host=DEMO_HOST,
            smtps=ports.smtps,
            starttls=ports.starttls,
        ),
    )


def prove_it_works(config: Path, network: Network, server: MailServer) -> Iterator[NextStep]:
    """Let a stand-in for the server send a mail with the new settings; yield what came of it."""
    current = load_config(find_layout(config), environ={})
    if not current.configured:
        yield NextStep(_("No mail settings were written, so no mail is sent."))
    else:
        try:
            asyncio.run(send_verification(current, network))
        except (InvalidValue, aiosmtplib.SMTPException, OSError) as error:
            words = N_("A stand-in for the server has read the files, but its mail was refused:")
            yield NextStep(_(words), StepKind.WARNING)
            yield NextStep(f"  {error}")
        else:
            yield NextStep(_("A stand-in for the server has read the files, and sent this mail:"))
            yield from map(NextStep, _as_lines(server.messages[-1]))
    yield NextStep(_("That was the demo. For your own server, run this in its directory:"))
    yield NextStep("smtp-wizard", StepKind.COMMAND)


def _as_lines(mail: ReceivedMail) -> Iterator[str]:
    yield f"     From:    {mail.sender}"
    yield f"     To:      {', '.join(mail.recipients)}"
    yield f"     Subject: {mail.subject}"


RECIPIENT = "new-user@demo.example"


async def send_verification(current: CurrentConfig, network: Network) -> None:
    """Send the mail that the server sends to a new user, with the settings in the files.

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
