"""Exim, as Debian packages it (with GnuTLS), set up for logins and as a relay."""

from __future__ import annotations

from tests.mail_servers.account import DOMAIN, PASSWORD, TOKEN, USER
from tests.mail_servers.machine import HOST, Machine
from tests.mail_servers.packages import fetch_packages

USERS = ("Debian-exim", "vmail")
RELAY, SMALL, BUSY, BLOCKING, CALLING = 2500, 2503, 2504, 2505, 2506
PORTS = (25, 465, 587, RELAY, SMALL, BUSY, BLOCKING, CALLING)

_CONFIG = f"""\
STORED = lsearch{{/etc/users}}{{$value}}fail
primary_hostname = {HOST}
domainlist local_domains = {DOMAIN}
daemon_smtp_ports = {" : ".join(map(str, PORTS))}
local_interfaces = 127.0.0.1
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = /etc/tls/chain.pem
tls_privatekey = /etc/tls/key.pem
auth_advertise_hosts = ${{if and{{{{def:tls_in_cipher}}{{!={{$received_port}}{{25}}}}}} {{*}}}}
message_size_limit = ${{if eq{{$received_port}}{{{SMALL}}} {{100}}{{10M}}}}
acl_smtp_connect = connect
acl_smtp_mail = sender
acl_smtp_rcpt = recipient
acl_smtp_data = data
never_users =
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
log_file_path = /var/log/exim4/%slog

begin acl
connect:
  drop condition = ${{if eq{{$received_port}}{{{BLOCKING}}}}}
       message = Your address is on a block list
  accept
sender:
  deny condition = ${{if eq{{$received_port}}{{587}}}}
       !authenticated = *
       message = Authentication required
  deny authenticated = *
       condition = ${{if !eqi{{$authenticated_id}}{{$sender_address}}}}
       message = $sender_address is not an address of yours
  accept
recipient:
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
    machine.succeed("exim4", "-C", "/etc/exim4/exim4.conf", "-bV")
    machine.succeed("sh", "-c", "exim4 -bd > /var/log/exim4.start 2>&1")
    machine.wait_for(*PORTS)
