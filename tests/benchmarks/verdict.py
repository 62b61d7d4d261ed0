"""How long the verdict takes on a slow line, beside the tools that operators use today.

``python -m tests.benchmarks.verdict`` runs all of them against the demo's mail server, through a
proxy on loopback that makes each round trip 100 ms longer, and prints a table. swaks and msmtp
(Debian's packages) are left out where they are not installed, lettre (the server's own library)
where Cargo is not; nothing here is a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.benchmarks.peers import Absent, installed, lettre, say_skipped
from tests.benchmarks.turns import RUNS, spread
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.live_test.events import TestFinished
from wizard.live_test.failure import Verdict
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.system.network import Address

ROUND_TRIP = 0.1
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
    starttls_alone: bool = False
    """Whether it cannot be led to a port where encryption comes first."""


async def ours(server: MailServer, until_verdict: bool, port: int, starttls: bool) -> float:
    settings = SmtpSettings(DEMO_USER, Endpoint.parse(DEMO_HOST), starttls, Secret(PASSWORD))
    async for event in run_live_test(settings, network=Through(server, port)):
        if isinstance(event, TestFinished):
            report = event.report
    assert report.verdict is Verdict.PASS, report.diagnosis
    return report.decided_after if until_verdict else report.seconds


@dataclass(frozen=True)
class Command:
    """Another program: its arguments for a port and whether it leads to STARTTLS."""

    arguments: Callable[[int, bool], list[str]]
    environ: Mapping[str, str] | None = None

    async def __call__(self, port: int, starttls: bool) -> float:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *self.arguments(port, starttls),
            env={**os.environ, **(self.environ or {})},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(b"Subject: Test\n\nTest\n")
        seconds = time.perf_counter() - began
        if process.returncode:
            raise SystemExit(f"{self.arguments(port, starttls)[0]}: {output.decode()}")
        return seconds


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


def ask_lettre(program: Path, recipient: str, port: int, starttls: bool) -> list[str]:
    mail = {
        "library": "native-tls",
        "security": "starttls" if starttls else "tls",
        "port": port,
        "user": DEMO_USER,
        "password": PASSWORD,
        "recipient": recipient,
    }
    return [str(program), json.dumps(mail)]


def whole(directory: Path, port: int, _: bool) -> list[str]:
    endpoint = f"smtp://localhost:{port}?tls=required"
    return [
        *(sys.executable, "-m", "wizard", "-c", str(directory / "config.toml"), "test"),
        *("--user", DEMO_USER, "--endpoint", endpoint, "--secret-env", "BENCHMARK_SECRET"),
    ]


def others(trusted: Path) -> Iterator[Way | Absent]:
    """Yield every other program that can be measured, or why it cannot."""
    partial = functools.partial
    trust = {"SSL_CERT_FILE": str(trusted), "SSL_CERT_DIR": str(trusted.parent / "none")}
    environ = {
        **trust,
        "BENCHMARK_SECRET": PASSWORD,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "XDG_STATE_HOME": str(trusted.parent / "state"),
    }
    ourselves = Command(partial(whole, trusted.parent), environ)
    yield Way("smtp-wizard test, as a command", ourselves, starttls_alone=True)
    try:
        installed("swaks")
        yield Way("swaks, up to RCPT", Command(partial(swaks, False)))
        yield Way("swaks --pipeline, up to RCPT", Command(partial(swaks, True)))
    except Absent as absent:
        yield absent
    try:
        installed("msmtp")
        yield Way("msmtp, sending a mail", Command(partial(msmtp, trusted)))
    except Absent as absent:
        yield absent
    try:
        program = lettre()
        yield Way("lettre, up to the login", Command(partial(ask_lettre, program, ""), trust))
        yield Way("lettre, sending a mail", Command(partial(ask_lettre, program, TO), trust))
    except Absent as absent:
        yield absent


async def measure(ways: Sequence[Way], target: int, starttls: bool, runs: int) -> list[list[str]]:
    """Return for each way: its seconds on the slow line, their spread, and the round trips.

    Round trips are what the delay made of the time, divided by it. All ways are run in turn.
    """
    times: dict[float, dict[str, list[float]]] = {}
    for delay in (0.0, ROUND_TRIP):
        found = times[delay] = {way.name: [] for way in ways}
        async with Proxy(target, delay) as proxy:
            for _ in range(runs):
                for way in ways:
                    found[way.name].append(await way.run(proxy.port, starttls))
    rows = []
    for name, slow in times[ROUND_TRIP].items():
        seconds = statistics.median(slow)
        trips = (seconds - statistics.median(times[0.0][name])) / ROUND_TRIP
        ratio = seconds / statistics.median(times[ROUND_TRIP][ways[0].name])
        rows.append([name, f"{seconds:.2f}", spread(slow), f"{trips:.1f}", f"{ratio:.2f}"])
    return rows


async def main(runs: int = RUNS) -> None:
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server, tempfile.TemporaryDirectory() as name:
        trusted = Path(name) / "ca.pem"
        trusted.write_bytes(server.authority_pem)
        ways = [
            Way("smtp-wizard, verdict", functools.partial(ours, server, True)),
            Way("smtp-wizard, with goodbye", functools.partial(ours, server, False)),
        ]
        beside = list(others(trusted))
        ways += [each for each in beside if isinstance(each, Way)]
        say_skipped(each for each in beside if isinstance(each, Absent))
        for starttls, target in ((False, server.ports.smtps), (True, server.ports.starttls)):
            possible = [way for way in ways if starttls or not way.starttls_alone]
            rows = await measure(possible, target, starttls, runs)
            print_table("STARTTLS" if starttls else "SMTPS", rows)


def print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    for name, *cells in ([title, "seconds", "spread", "round trips", "ratio"], *rows):
        widths = zip(cells, (8, 8, 12, 7), strict=True)
        sys.stdout.write(f"{name:<32}{''.join(f'{cell:>{width}}' for cell, width in widths)}\n")


if __name__ == "__main__":
    asyncio.run(main())
