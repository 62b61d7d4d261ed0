"""Exim, as Debian packages it (with GnuTLS), set up for logins and as a relay."""

from __future__ import annotations

from tests.mail_servers.account import DOMAIN, PASSWORD, TOKEN, USER
from tests.mail_servers.machine import HOST, STRANGER, Machine
from tests.mail_servers.names import BLOCK_LIST, NO_DOMAIN
from tests.mail_servers.packages import fetch_packages

USERS = ("Debian-exim", "vmail")
RELAY, SMALL, BUSY, BLOCKING, CALLING = 2500, 2503, 2504, 2505, 2506
_BROKEN = "accept condition = ${lookup{x}lsearch{/etc/missing}}"
_REFUSING = {
    "short name": (
        "helo",
        "deny condition = ${if match{$sender_helo_name}{\\N\\.\\N}{no}{yes}}",
        "message = HELO should be a FQDN or address literal (See RFC 2821 4.1.1.1)",
    ),
    "name of another address": ("helo", "deny !verify = helo"),
    "name, without a reason": ("helo", "deny"),
    "listed address at connect": ("connect", f"deny dnslists = {BLOCK_LIST}"),
    "listed address": (
        "rcpt",
        f"deny dnslists = {BLOCK_LIST}",
        "message = rejected because $sender_host_address is in a black list at $dnslist_domain",
    ),
    "address without name, which Exim does not say": ("rcpt", "deny !verify = reverse_host_lookup"),
    "listed domain": (
        "rcpt",
        f"deny dnslists = {BLOCK_LIST}/$sender_address_domain",
        "message = Sender domain $sender_address_domain is listed in $dnslist_domain",
    ),
    "unroutable sender": ("rcpt", "deny !verify = sender"),
    "unroutable sender at once": ("mail", "deny !verify = sender"),
    "too fast": (
        "mail",
        "defer ratelimit = 0.1 / 1h / per_conn / strict",
        "message = Sender rate overlimit - $sender_rate / $sender_rate_period",
    ),
    "quota used up": (
        "rcpt",
        "deny ratelimit = 0.1 / 1h / per_rcpt / strict / $sender_address_domain",
        "message = Domain $sender_address_domain has exceeded the max emails per hour allowed.",
    ),
    "broken lookup": ("rcpt", _BROKEN),
    "broken lookup at once": ("mail", _BROKEN),
    "broken lookup for the mail": ("data", _BROKEN),
    "no reason": ("rcpt", "deny"),
    "no reason for now": ("rcpt", "defer"),
}
"""What is refused, the step at which that is, and the rule; the usual words of administrators."""


def port_of(refusing: str) -> int:
    """Return the port at which this is refused."""
    return 2600 + list(_REFUSING).index(refusing)


def _rules(step: str) -> str:
    """Return the rules of :data:`_REFUSING` for a step, each for its port alone."""
    lines = []
    for name, (at, rule, *more) in _REFUSING.items():
        if at == step:
            verb, _, condition = rule.partition(" ")
            port = f"condition = ${{if eq{{$received_port}}{{{port_of(name)}}}}}"
            lines += [f"  {verb} {port}", *(f"    {line}" for line in (condition, *more) if line)]
    return "\n".join(lines)


PORTS = (25, 465, 587, RELAY, SMALL, BUSY, BLOCKING, CALLING, *map(port_of, _REFUSING))

_CONFIG = f"""\
STORED = lsearch{{/etc/users}}{{$value}}fail
primary_hostname = {HOST}
domainlist local_domains = {DOMAIN}
daemon_smtp_ports = {" : ".join(map(str, PORTS))}
local_interfaces = <; 127.0.0.1; {STRANGER}
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = /etc/tls/chain.pem
tls_privatekey = /etc/tls/key.pem
auth_advertise_hosts = ${{if and{{{{def:tls_in_cipher}}{{!={{$received_port}}{{25}}}}}} {{*}}}}
message_size_limit = ${{if eq{{$received_port}}{{{SMALL}}} {{100}}{{10M}}}}
acl_smtp_connect = connect
acl_smtp_helo = helo
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
never_users =
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
log_file_path = /var/log/exim4/%slog

begin acl
connect:
{_rules("connect")}
  drop condition = ${{if eq{{$received_port}}{{{BLOCKING}}}}}
       message = Your address is on a block list
  accept
mail:
{_rules("mail")}
  deny condition = ${{if eq{{$received_port}}{{587}}}}
       !authenticated = *
       message = Authentication required
  deny authenticated = *
       condition = ${{if !eqi{{$authenticated_id}}{{$sender_address}}}}
       message = $sender_address is not an address of yours
  accept
helo:
{_rules("helo")}
  accept
rcpt:
{_rules("rcpt")}
  defer condition = ${{if eq{{$received_port}}{{{BUSY}}}}}
        message = Greylisted, please try again later
  deny condition = ${{if eq{{$received_port}}{{{CALLING}}}}}
       message = Sender verify failed
  deny domains = +local_domains
       local_parts = ! you : ! admin : ! token
       message = Unknown user
  accept domains = +local_domains
  accept authenticated = *
  accept condition = ${{if >={{$received_port}}{{{RELAY}}}}}
  deny message = relay not permitted
data:
{_rules("data")}
  deny condition = ${{if match{{$recipients}}{{spamtrap@}}}}
       message = This message scored 9.9 spam points
  accept

begin routers
here:
  driver = accept
  domains = +local_domains
  transport = maildir
far:
  driver = redirect
  allow_fail
  domains = ! {NO_DOMAIN}
  data = :blackhole:

begin transports
maildir:
  driver = appendfile
  directory = /var/mail/peer/${{quote_local_part:$local_part}}@$domain
  maildir_format
  create_directory
  user = vmail

begin retry
* * F,1m,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{${{lookup{{$auth2}}STORED}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{${{lookup{{$auth1}}STORED}}}}}}
  server_set_id = $auth1
"""


def start(machine: Machine) -> None:
    """Install and start all services."""
    machine.install(fetch_packages("exim4-daemon-light"), USERS)
    machine.issue_certificate("/etc/tls")
    machine.succeed("chgrp", "Debian-exim", "/etc/tls/key.pem")
    machine.succeed("chmod", "640", "/etc/tls/key.pem")
    machine.write("/etc/exim4/exim4.conf", _CONFIG)
    machine.write("/etc/users", "".join(f"{name}: {PASSWORD}\n" for name in (USER, TOKEN)))
    for directory in ("/var/spool/exim4", "/var/log/exim4"):
        machine.succeed("install", "-d", "-o", "Debian-exim", "-g", "Debian-exim", directory)
    machine.succeed("install", "-d", "-o", "vmail", "-g", "vmail", "/var/mail/peer")
    machine.serve_names()
    machine.succeed("exim4", "-C", "/etc/exim4/exim4.conf", "-bV")
    machine.succeed("sh", "-c", "exim4 -bd > /var/log/exim4.start 2>&1")
    machine.wait_for(*PORTS)
