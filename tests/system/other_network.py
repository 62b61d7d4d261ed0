"""A process in a network namespace of its own, as a container is: names, DNS and a mail server.

Run as a program it is that process: it prints the port of its mail server once it is ready, and
ends with its standard input.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
Zone = Mapping[str, Sequence[str]]
"""Full name → addresses; a name with none exists, and ``SERVFAIL`` is an answer as well."""


@dataclass(frozen=True)
class OtherNetwork:
    """The process, its own ``/etc``, and the port of the relay on all of its addresses."""

    pid: int
    etc: Path
    relay: int

    def end(self) -> None:
        """End the process; its number stays taken until :func:`other_network` ends."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)


@contextlib.contextmanager
def other_network(etc: Path, zone: Zone) -> Iterator[OtherNetwork]:
    """Start the process with ``etc`` as its ``/etc``; skip where that needs more than we may."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("only root can make a network, with unshare and ip")
    prepare = 'mount --bind "$1" /etc; ip link set lo up; shift; exec "$@"'
    inside = [sys.executable, "-m", "tests.system.other_network", json.dumps(dict(zone))]
    process = subprocess.Popen(
        ["unshare", "--net", "--mount", "sh", "-ec", prepare, "sh", str(etc), *inside],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        if not line:
            pytest.skip("this machine lets nobody make a network")
        try:
            yield OtherNetwork(process.pid, etc, int(line))
        finally:
            process.kill()


def _serve_dns(zone: Zone, ip: str) -> None:
    """Answer queries for addresses."""
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rrset

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((ip, 53))
        while True:
            data, peer = listening.recvfrom(4096)
            query = dns.message.from_wire(data)
            [question] = query.question
            response = dns.message.make_response(query)
            response.flags |= dns.flags.RA
            addresses = zone.get(question.name.to_text())
            if addresses is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
            elif "SERVFAIL" in addresses:
                response.set_rcode(dns.rcode.SERVFAIL)
            else:
                kind = dns.rdatatype.to_text(question.rdtype)
                fitting = [each for each in addresses if (":" in each) == (kind == "AAAA")]
                if fitting and kind in ("A", "AAAA"):
                    response.answer.append(
                        dns.rrset.from_text(question.name, 60, "IN", kind, *fitting)
                    )
            listening.sendto(response.to_wire(), peer)


def serve_mail(listening: socket.socket) -> None:
    """Take every mail, as a relay does."""
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_talk, args=[connection], daemon=True).start()


def _talk(connection: socket.socket) -> None:
    with connection, connection.makefile("rwb", buffering=0) as stream:
        stream.write(b"220 relay ESMTP\r\n")
        while line := stream.readline():
            stream.write(
                b"250 relay\r\n" if not line.upper().startswith(b"QUIT") else b"221 bye\r\n"
            )


def _main() -> None:
    zone: Zone = json.loads(sys.argv[1])
    for ip in ("127.0.0.11", "127.0.0.1"):  # Docker's, and the usual one without any
        threading.Thread(target=_serve_dns, args=[zone, ip], daemon=True).start()
    mail = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=serve_mail, args=[mail], daemon=True).start()
    sys.stdout.write(f"{mail.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _main()
