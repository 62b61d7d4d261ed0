"""Postfix with Dovecot's logins, as Debian packages them: one service of its own on each port."""

from __future__ import annotations

from collections.abc import Mapping

from tests.mail_servers.account import DOMAIN, MAILBOXES, PASSWORD, TOKEN, USER
from tests.mail_servers.machine import HOST, STRANGER, Machine
from tests.mail_servers.names import BLOCK_LIST
from tests.mail_servers.packages import fetch_packages

USERS = ("postfix", "postdrop", "dovecot", "dovenull", "vmail", "postgrey")
RELAY, DEMANDING, BUSY, SMALL, CHALLENGING, OLD_STYLE = 2500, 2501, 2502, 2503, 2504, 2505
STRICT, BLOCKING, BARE, LIMITED, FULL, ANCIENT, EXPIRED = range(2506, 2513)
_GREYLIST = 10023

_LOGIN = {
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_relay_restrictions": "permit_sasl_authenticated,reject",
    "smtpd_sender_restrictions": "reject_non_fqdn_sender,reject_sender_login_mismatch",
}
_ENCRYPTED = {"smtpd_tls_security_level": "encrypt", **_LOGIN}
_RELAY = {"smtpd_relay_restrictions": "permit_mynetworks,reject"}

SERVICES = {
    25: {},
    465: {"smtpd_tls_wrappermode": "yes", **_LOGIN},
    587: _ENCRYPTED,
    RELAY: _RELAY,
    DEMANDING: {**_RELAY, "smtpd_tls_security_level": "encrypt"},
    BUSY: {
        **_RELAY,
        "smtpd_recipient_restrictions": f"check_policy_service inet:127.0.0.1:{_GREYLIST}",
    },
    SMALL: {**_RELAY, "message_size_limit": "100"},
    CHALLENGING: {**_ENCRYPTED, "smtpd_sasl_mechanism_filter": "!plain,!login,static:all"},
    OLD_STYLE: {**_ENCRYPTED, "smtpd_sasl_mechanism_filter": "login"},
    STRICT: {
        **_RELAY,
        "smtpd_helo_restrictions": "reject_non_fqdn_helo_hostname",
        "smtpd_delay_reject": "no",
    },
    BLOCKING: {"smtpd_client_restrictions": "reject", "smtpd_delay_reject": "no"},
    BARE: {**_LOGIN, "smtpd_tls_security_level": "none", "smtpd_tls_auth_only": "no"},
    LIMITED: {**_RELAY, "smtpd_client_connection_rate_limit": "1"},
    FULL: {
        **_RELAY,
        "smtpd_recipient_restrictions": "check_recipient_access static:{452 4.2.2 Mailbox full}",
    },
    ANCIENT: {
        **_ENCRYPTED,
        "smtpd_tls_mandatory_protocols": ">=TLSv1,<=TLSv1.1",
        "smtpd_tls_mandatory_ciphers": "medium",
        "tls_medium_cipherlist": "ALL:@SECLEVEL=0",
    },
    EXPIRED: {**_ENCRYPTED, "smtpd_tls_chain_files": "/etc/tls/old/key.pem,/etc/tls/old/chain.pem"},
}
"""Port → the options of its service alone; see postconf(5)."""

_TABLE = "check_{}_access static:REJECT"
_AT_ONCE = {"smtpd_delay_reject": "no"}
_SWITCHED_OFF = "inet:127.0.0.1:9"
_RESTRICTIONS = {
    "short name": ("helo", "reject_non_fqdn_helo_hostname"),
    "name that is not in the DNS": ("helo", "reject_unknown_helo_hostname"),
    "forbidden name": ("helo", _TABLE.format("helo")),
    "listed name": ("helo", f"reject_rhsbl_helo {BLOCK_LIST}"),
    "listed address": ("client", f"reject_rbl_client {BLOCK_LIST}"),
    "forbidden address": ("client", _TABLE.format("client")),
    "address without name": ("client", "reject_unknown_reverse_client_hostname"),
    "address without a valid name": ("client", "reject_unknown_client_hostname"),
    "unknown domain": ("sender", "reject_unknown_sender_domain"),
    "listed domain": ("sender", f"reject_rhsbl_sender {BLOCK_LIST}"),
    "forbidden sender": ("sender", _TABLE.format("sender")),
    "policy service that is down": ("client", f"check_policy_service {_SWITCHED_OFF}"),
    "table that is not there": ("sender", "check_sender_access texthash:/etc/postfix/missing"),
}
"""What is refused, at what step, and the restriction that does so."""
_TOO_MANY = "too many commands: {}"
_LIMITS = ("message", "recipient", "auth")
REFUSING: dict[str, dict[str, str]] = {
    **{name: {f"smtpd_{step}_restrictions": restriction, **_RELAY}
       for name, (step, restriction) in _RESTRICTIONS.items()},
    **{f"{name}, at once": {f"smtpd_{step}_restrictions": restriction, **_RELAY, **_AT_ONCE}
       for name, (step, restriction) in _RESTRICTIONS.items()},
    **{_TOO_MANY.format(limit): {**_ENCRYPTED, f"smtpd_client_{limit}_rate_limit": "1"}
       for limit in _LIMITS},
    "milter that is down": {**_RELAY, "smtpd_milters": _SWITCHED_OFF},
    "milter that is down, no second try": {
        **_RELAY, "smtpd_milters": _SWITCHED_OFF, "milter_default_action": "reject"
    },
    "full disk": {**_RELAY, "queue_minfree": "900000000000000"},
    "relay denied": {**_ENCRYPTED, "smtpd_relay_restrictions": "reject_unauth_destination"},
    "relay denied for now": {**_ENCRYPTED, "smtpd_relay_restrictions": "defer_unauth_destination"},
    "login without a right": {**_ENCRYPTED, "smtpd_relay_restrictions": "reject"},
}  # fmt: skip
"""Services that refuse, each on a port of its own, by what they have an objection to."""
_SPEND = """
import smtplib, ssl, sys
port, user, password = sys.argv[1:]
with smtplib.SMTP("127.0.0.1", int(port)) as client:
    client.starttls(context=ssl._create_unverified_context())
    client.login(user, password)
    client.sendmail(user, ["admin@peer.example"], "Subject: The last that is allowed")
"""


def port_of(refusing: str) -> int:
    """Return the port of a service of :data:`REFUSING`."""
    return 2600 + list(REFUSING).index(refusing)


_MAIN = f"""\
compatibility_level = 3.6
myhostname = {HOST}
mydestination =
mynetworks = 127.0.0.0/8, {STRANGER}
inet_interfaces = 127.0.0.1, {STRANGER}
inet_protocols = ipv4
maillog_file = /var/log/mail.log
default_transport = discard
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_event_limit_exceptions =
anvil_rate_time_unit = 1h
smtpd_error_sleep_time = 0
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sender_login_maps = inline:{{ {{{USER} = {USER}}} }}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = /etc/tls/key.pem, /etc/tls/chain.pem
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = /var/mail/peer
virtual_mailbox_maps = inline:{{ {" ".join(f"{{{box} = {box}/}}" for box in MAILBOXES)} }}
virtual_minimum_uid = 1000
virtual_uid_maps = static:{61000 + USERS.index("vmail")}
virtual_gid_maps = static:{61000 + USERS.index("vmail")}
"""
_MASTER = """\
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
virtual   unix  -       n       n       -       -       virtual
discard   unix  -       -       n       -       -       discard
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
anvil     unix  -       -       n       -       1       anvil
proxymap  unix  -       -       n       -       -       proxymap
postlog   unix-dgram n  -       n       -       1       postlogd
"""
_DOVECOT = """\
protocols =
log_path = /var/log/dovecot.log
ssl = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=/var/mail/peer/%u
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
"""


def start(machine: Machine) -> None:
    """Install and start all services."""
    machine.install(fetch_packages("postfix", "dovecot-core", "postgrey"), USERS)
    machine.issue_certificate("/etc/tls")
    machine.issue_certificate("/etc/tls/old", expired=True)
    machine.write("/etc/postfix/main.cf", _MAIN)
    services = {**SERVICES, **{port_of(name): REFUSING[name] for name in REFUSING}}
    master = "".join(_service(port, options) for port, options in services.items())
    machine.write("/etc/postfix/master.cf", master + _MASTER)
    machine.write("/etc/dovecot/dovecot.conf", _DOVECOT)
    machine.write(
        "/etc/dovecot/users", f"{USER}:{{PLAIN}}{PASSWORD}\n{TOKEN}:{{PLAIN}}{PASSWORD}\n"
    )
    machine.succeed("install", "-d", "-o", "vmail", "-g", "vmail", "/var/mail/peer")
    machine.succeed("chown", "postfix:postfix", "/var/lib/postfix")
    machine.succeed("cp", "/usr/share/postfix/dynamicmaps.cf", "/etc/postfix/")
    machine.succeed("postfix", "start")
    machine.succeed("sh", "-c", "dovecot > /var/log/dovecot.log 2>&1")
    machine.succeed("install", "-d", "-o", "postgrey", "-g", "postgrey", "/var/lib/postgrey")
    machine.succeed(
        "sh", "-c", f"postgrey --inet=127.0.0.1:{_GREYLIST} --daemonize > /dev/null 2>&1"
    )
    machine.serve_names()
    machine.wait_for(*services, _GREYLIST)
    for limit in _LIMITS:
        machine.run_python(_SPEND, str(port_of(_TOO_MANY.format(limit))), USER, PASSWORD)


def _service(port: int, options: Mapping[str, str]) -> str:
    lines = (f"  -o {{ {name} = {value} }}\n" for name, value in options.items())
    return f"{port}  inet  n  -  n  -  -  smtpd\n" + "".join(lines)


def mails(machine: Machine, mailbox: str) -> str:
    """Return what has arrived in a mailbox, one mail after the other."""
    return machine.within("sh", "-c", f"cat /var/mail/peer/{mailbox}/new/*").stdout
