"""How long the verdict takes on a slow line, beside the tools that operators use today.

``python -m tests.benchmarks.verdict`` runs all of them against the demo's mail server, through a
proxy on loopback that makes each round trip 100 ms longer, and prints a table. swaks and msmtp
(Debian's packages) are left out where they are not installed; nothing here is a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from wizard.demo.network import DemoNetwork
from wizard.demo.server import DEMO_HOST, DEMO_USER, MailServer
from wizard.probe.events import Concluded, Verdict
from wizard.probe.live import probe
from wizard.probe.network import Address
from wizard.secret import Secret
from wizard.settings import Endpoint, SmtpSettings

ROUND_TRIP = 0.1
RUNS = 5
PASSWORD = "benchmark"
TO = "admin@example.net"


class Proxy:
    """Leads to a port on loopback, with half of ``delay`` seconds in each direction.

    The kernel completes a connection at once. On a slow line the client could only write one
    round trip later, and the server would learn of it after another half.
    """

    def __init__(self, target: int, delay: float) -> None:
        self._target = target
        self._delay = delay
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        known = asyncio.get_running_loop().time() + 1.5 * self._delay
        there: asyncio.Future[asyncio.StreamWriter] = asyncio.Future()
        here: asyncio.Future[asyncio.StreamWriter] = asyncio.Future()
        here.set_result(writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, there, known))
                await asyncio.sleep(1.5 * self._delay)
                back, forth = await asyncio.open_connection("127.0.0.1", self._target)
                there.set_result(forth)
                group.create_task(self._pump(back, here, known))
        writer.close()
        self._tasks.discard(task)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.Future[asyncio.StreamWriter],
        not_before: float,
    ) -> None:
        """Pass on what comes, each piece at its own time."""
        clock = asyncio.get_running_loop().time
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await pieces.get()
                await asyncio.sleep(max(0.0, due - clock()))
                target = await writer
                if not data:
                    target.close()
                    return
                target.write(data)

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            data = b"?"
            while data:
                try:
                    data = await reader.read(65536)
                except OSError:  # a client that does not wait for the goodbye
                    data = b""
                pieces.put_nowait((max(clock() + self._delay / 2, not_before), data))


class Through(DemoNetwork):
    """The demo's network, but every port is the proxy's."""

    def __init__(self, server: MailServer, port: int) -> None:
        super().__init__(server)
        self._port = port

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        return [Address("127.0.0.1", self._port)]

    async def connect(self, address: Address) -> socket.socket:
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address.ip, address.port))
        return sock


@dataclass(frozen=True)
class Way:
    """What is measured: the port of a proxy and whether it leads to STARTTLS → seconds."""

    name: str
    run: Callable[[int, bool], Awaitable[float]]


async def ours(server: MailServer, until_verdict: bool, port: int, starttls: bool) -> float:
    settings = SmtpSettings(DEMO_USER, Endpoint.parse(DEMO_HOST), starttls, Secret(PASSWORD))
    async for event in probe(settings, network=Through(server, port)):
        if isinstance(event, Concluded):
            report = event.report
    assert report.verdict is Verdict.PASS, report.diagnosis
    return report.decided if until_verdict else report.seconds


async def command(arguments: Callable[[int, bool], list[str]], port: int, starttls: bool) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *arguments(port, starttls),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(b"Subject: Test\n\nTest\n")
    if process.returncode:
        raise SystemExit(f"{arguments(port, starttls)}: {output.decode()}")
    return time.perf_counter() - began


def swaks(pipeline: bool, port: int, starttls: bool) -> list[str]:
    return [
        *("swaks", "--server", "127.0.0.1", "--port", str(port)),
        "--tls" if starttls else "--tls-on-connect",
        *("--auth", "PLAIN", "--auth-user", DEMO_USER, "--auth-password", PASSWORD),
        *("--from", DEMO_USER, "--to", TO, "--quit-after", "RCPT"),
        *(["--pipeline"] if pipeline else []),
    ]


def msmtp(trusted: Path, port: int, starttls: bool) -> list[str]:
    return [
        *("msmtp", "--file=/dev/null", "--host=localhost", f"--port={port}", "--tls=on"),
        *(f"--tls-starttls={'on' if starttls else 'off'}", f"--tls-trust-file={trusted}"),
        *("--auth=plain", f"--user={DEMO_USER}", f"--passwordeval=echo {PASSWORD}"),
        *(f"--from={DEMO_USER}", TO),
    ]


async def measure(way: Way, target: int, starttls: bool) -> tuple[float, float]:
    """Return the seconds on the slow line, and the round trips: what the delay made of it."""
    medians = []
    for delay in (0.0, ROUND_TRIP):
        async with Proxy(target, delay) as proxy:
            times = [await way.run(proxy.port, starttls) for _ in range(RUNS)]
        medians.append(statistics.median(times))
    return medians[1], (medians[1] - medians[0]) / ROUND_TRIP


async def main() -> None:
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server, tempfile.TemporaryDirectory() as name:
        trusted = Path(name) / "ca.pem"
        trusted.write_bytes(server.authority_pem)
        ways = [
            Way("smtp-wizard, verdict", functools.partial(ours, server, True)),
            Way("smtp-wizard, with goodbye", functools.partial(ours, server, False)),
        ]
        if shutil.which("swaks"):
            for pipeline, label in ((False, "swaks"), (True, "swaks --pipeline")):
                arguments = functools.partial(swaks, pipeline)
                ways.append(Way(f"{label}, up to RCPT", functools.partial(command, arguments)))
        if shutil.which("msmtp"):
            arguments = functools.partial(msmtp, trusted)
            ways.append(Way("msmtp, sending a mail", functools.partial(command, arguments)))
        for starttls, target in ((False, server.ports.smtps), (True, server.ports.starttls)):
            results = [(way.name, *await measure(way, target, starttls)) for way in ways]
            print_table("STARTTLS" if starttls else "SMTPS", results)


def print_table(title: str, results: Sequence[tuple[str, float, float]]) -> None:
    fastest = results[0][1]
    sys.stdout.write(f"{title:<28} {'seconds':>8} {'round trips':>12} {'ratio':>6}\n")
    for name, seconds, trips in results:
        sys.stdout.write(f"{name:<28} {seconds:8.2f} {trips:12.1f} {seconds / fastest:6.2f}\n")


if __name__ == "__main__":
    asyncio.run(main())
