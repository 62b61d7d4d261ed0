"""The test takes few round trips, and groups of commands never change a verdict."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.live_test.servers import HOST, Run, Serve, verdict
from wizard.live_test.events import Event, StageFinished, VerdictReached
from wizard.live_test.failure import Verdict
from wizard.live_test.smtp import ConnectionClosed, Reply, SmtpConnection
from wizard.system.network import Address, Network

OFFER = b"250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"


Connect = Callable[[int], Awaitable[SmtpConnection]]


@pytest.fixture
def connect(network: Callable[[int], Network]) -> Connect:
    """Connect to the server on a port."""

    async def connect(port: int) -> SmtpConnection:
        sock = await network(port).connect(Address("127.0.0.1", port))
        return await SmtpConnection.open(sock, HOST)

    return connect


class Groups:
    """Answers only once a whole group has come; keeps what came too early."""

    def __init__(self, offer: bytes, sizes: Sequence[int], mail: bytes = b"250 ok\r\n") -> None:
        self.replies = {b"EHLO": offer, b"MAIL": mail}
        self.sizes = sizes
        self.groups: list[list[bytes]] = []
        self.early = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for size in self.sizes:
            group = [(await reader.readline())[:4] for _ in range(size)]
            self.groups.append(group)
            with contextlib.suppress(TimeoutError):
                self.early += await asyncio.wait_for(reader.read(1), 0.05)
            for verb in group:
                writer.write(self.replies.get(verb, b"250 ok\r\n"))
        await reader.read()


@pytest.mark.parametrize(
    ("offer", "recipient", "groups"),
    [
        (OFFER, None, [[b"EHLO"], [b"AUTH"], [b"MAIL", b"RCPT", b"RSET", b"QUIT"]]),
        (OFFER, "a@b.example", [[b"EHLO"], [b"AUTH"], [b"MAIL", b"RCPT", b"RSET", b"QUIT"]]),
        (
            b"250-mail\r\n250 AUTH PLAIN\r\n",
            None,
            [[b"EHLO"], [b"AUTH"], [b"MAIL"], [b"RCPT"], [b"RSET"], [b"QUIT"]],
        ),
    ],
    ids=["offered", "recipient", "not offered"],
)
async def test_the_end_of_the_dialogue_is_one_group_where_pipelining_is_offered(
    serve: Serve, run: Run, offer: bytes, recipient: str | None, groups: list[list[bytes]]
) -> None:
    server = Groups(offer, [len(group) for group in groups])
    async with serve(server, tls=True) as port:
        report = await run(port, recipient=recipient)
    assert report.verdict is Verdict.PASS
    assert server.groups == groups
    assert server.early == b""
    assert [finished.outcome for finished in report.stages][-2:] == ["pass", "pass"]


async def test_quit_is_not_sent_twice_after_a_refused_sender(serve: Serve, run: Run) -> None:
    server = Groups(OFFER, [1, 1, 3], b"553 5.7.1 not yours\r\n")
    async with serve(server, tls=True) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "sender-refused", "mail")
    assert sum(line.text == "QUIT" for line in report.transcript) == 1


@pytest.mark.parametrize(
    "behind", [b"", b"503 5.5.1 what?\r\n", b"garbage\r\n"], ids=["nothing", "503", "garbage"]
)
async def test_a_server_that_mishandles_a_group_passes_with_a_warning(
    serve: Serve, run: Run, behind: bytes
) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for reply in (OFFER, b"235 ok\r\n", b"250 ok\r\n" + behind):
            await reader.readline()
            writer.write(reply)
        await writer.drain()

    async with serve(play, tls=True) as port:
        report = await run(port)
    assert verdict(report) == ("warn", "protocol-error", "rcpt")


async def test_the_verdict_is_reached_before_rset_and_quit(serve: Serve, run: Run) -> None:
    events: list[Event] = []
    async with serve({"RSET": "", "QUIT": ""}, tls=True) as port:
        report = await run(port, events=events)
    [place] = [number for number, event in enumerate(events) if isinstance(event, VerdictReached)]
    assert events[place] == VerdictReached(Verdict.PASS)
    before = [event.stage for event in events[:place] if isinstance(event, StageFinished)]
    assert before[-1] == "rcpt"
    assert report.decided_after < report.seconds


async def test_replies_come_in_the_order_of_the_commands(serve: Serve, connect: Connect) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"250 one\r\n550-two\r\n550 two\r\n")
        await writer.drain()

    async with serve(play) as port:
        connection = await connect(port)
        connection.send(b"ONE")
        connection.send(b"TWO")
        assert await connection.read_reply() == Reply(250, ("one",))
        assert await connection.read_reply() == Reply(550, ("two", "two"))
        with pytest.raises(ConnectionClosed):
            await connection.read_reply()
        connection.send(b"THREE")  # does nothing, and does not raise
        with pytest.raises(ConnectionClosed):
            await connection.read_reply()
        await connection.aclose()


async def test_a_command_is_one_line(serve: Serve, connect: Connect) -> None:
    async with serve({}) as port:
        connection = await connect(port)
        for command in (b"MAIL\r\nDATA", b"MAIL\nDATA"):
            with pytest.raises(ValueError, match="one line"):
                connection.send(command)
        await connection.aclose()
