"""OpenSMTPD, as Debian packages it, set up as a relay.

Debian 12's cannot sign with its own key ("rsa routines::missing private key", OpenSSL 3), so that
no handshake with it succeeds, and without encryption it offers no login.
"""

from __future__ import annotations

from tests.mail_servers.account import DOMAIN, RECIPIENT, USER
from tests.mail_servers.machine import HOST, Machine
from tests.mail_servers.packages import fetch_packages

USERS = ("opensmtpd", "opensmtpq", "vmail")
RELAY, STRICT, BUSY = 2500, 2501, 2502
PORTS = (25, 465, 587, RELAY, STRICT, BUSY)

_CONFIG = f"""\
pki {HOST} cert "/etc/tls/chain.pem"
pki {HOST} key "/etc/tls/key.pem"
table mailboxes {{ "{USER}" = "vmail", "{RECIPIENT}" = "vmail" }}
filter strict phase ehlo match helo regex "^[^.]*$" reject "550 Give your full name"
filter busy phase rcpt-to match rcpt-to regex ".*" reject "451 4.7.1 Greylisted, try again"
listen on lo port 25 tls pki {HOST} hostname {HOST}
listen on lo port 465 smtps pki {HOST} hostname {HOST}
listen on lo port 587 tls-require pki {HOST} hostname {HOST}
listen on lo port {RELAY} hostname {HOST} tag RELAY
listen on lo port {STRICT} filter strict hostname {HOST}
listen on lo port {BUSY} filter busy hostname {HOST} tag RELAY
smtp max-message-size 5K
action here maildir "/var/mail/peer/%{{rcpt}}" virtual <mailboxes>
action far relay host smtp://127.0.0.1:9
match from any for domain "{DOMAIN}" action here
match tag RELAY from any for any action far
"""


def start(machine: Machine) -> None:
    """Install and start all services."""
    machine.install(fetch_packages("opensmtpd"), USERS)
    machine.issue_certificate("/etc/tls", rsa=True)
    machine.succeed("sh", "-c", "rm -rf /var/spool/smtpd; install -d -m 711 /var/spool/smtpd")
    machine.succeed("install", "-d", "-o", "vmail", "-g", "vmail", "/var/mail/peer")
    machine.succeed("mkdir", "-p", "/var/lib/opensmtpd/empty")
    machine.write("/etc/smtpd.conf", _CONFIG)
    machine.succeed("smtpd", "-n")
    machine.succeed("sh", "-c", "smtpd > /var/log/smtpd.start 2>&1")
    machine.wait_for(*PORTS)
