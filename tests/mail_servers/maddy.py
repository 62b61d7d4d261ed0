"""maddy, a mail server in Go: its own words for what it refuses, one endpoint on each port."""

from __future__ import annotations

from pathlib import Path

from tests.mail_servers import programs
from tests.mail_servers.account import DOMAIN, PASSWORD, TOKEN, USER
from tests.mail_servers.machine import HOST, Machine
from tests.mail_servers.names import BLOCK_LIST

_CHECKS = {
    "listed address": f"""
        dnsbl {{
            reject_threshold 1
            {BLOCK_LIST} {{
                responses 127.0.0.2
            }}
        }}""",
    "listed name": f"""
        dnsbl {{
            reject_threshold 1
            {BLOCK_LIST} {{
                client_ipv4 no
                ehlo yes
                responses 127.0.0.2
            }}
        }}""",
    "no valid name": """
        require_matching_rdns {
            fail_action reject
        }""",
    "domain that has no mailboxes": """
        require_mx_record {
            fail_action reject
        }""",
    "no encryption": """
        require_tls""",
    "milter that is down": """
        milter tcp://127.0.0.1:9""",
}
_RATE = "rate"
_LIMIT = """
    limits {
        all rate 1 1h
    }"""
_NAMES = (*_CHECKS, _RATE)
_SPEND = f"""
import smtplib
with smtplib.SMTP("127.0.0.1", %d) as client:
    client.sendmail({USER!r}, [{USER!r}], "Subject: The last that is allowed")
"""


def port_of(refusing: str) -> int:
    """Return the port of an endpoint that checks this alone, without a login."""
    return 2600 + _NAMES.index(refusing)


def _endpoint(name: str) -> str:
    body = f"\n    check {{{_CHECKS[name]}\n    }}" if name in _CHECKS else _LIMIT
    return f"smtp tcp://0.0.0.0:{port_of(name)} {{{body}\n    deliver_to dummy\n}}\n"


def _config(directory: Path, hashed: str) -> str:
    return f"""\
state_dir {directory}/state
runtime_dir {directory}/run
hostname {HOST}
tls file {directory}/chain.pem {directory}/key.pem
auth.pass_table users {{
    table static {{
        entry "{USER}" "{hashed}"
        entry "{TOKEN}" "{hashed}"
    }}
}}
submission tls://0.0.0.0:465 tcp://0.0.0.0:587 {{
    auth &users
    check {{
        authorize_sender
    }}
    destination nobody@{DOMAIN} {{
        reject 550 5.1.1 "User does not exist"
    }}
    default_destination {{
        deliver_to dummy
    }}
}}
{"".join(map(_endpoint, _NAMES))}"""


def start(machine: Machine, directory: Path) -> None:
    """Build maddy and start it; its files are in ``directory``."""
    program = programs.maddy()
    hashed = machine.run(program, "hash", "--hash", "bcrypt", "--password", PASSWORD)
    assert hashed.returncode == 0, hashed.stderr
    for name, pem in zip(("chain.pem", "key.pem"), machine.certificate(), strict=True):
        (directory / name).write_bytes(pem)
    config = directory / "maddy.conf"
    config.write_text(_config(directory, hashed.stdout.strip()), "utf-8")
    machine.serve_names()
    machine.start(program, "--config", config, "run")
    machine.wait_for(465, 587, *map(port_of, _NAMES))
    machine.run_python(_SPEND % port_of(_RATE))
