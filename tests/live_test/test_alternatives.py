"""After a failure, other endpoints are tried, and never with the secret."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import pytest
import trustme

from tests.live_test.certificates import server_context
from tests.live_test.servers import HOST, LoopbackNetwork, Run, Serve, run_to_end, verdict
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.alternatives import EndpointVariant, endpoint_variants
from wizard.live_test.events import Alternative, Event, TestFinished, VerdictReached
from wizard.live_test.failure import Verdict
from wizard.secrets.secret import Secret
from wizard.system.network import Address

SILENT = 0
"""A place that never answers."""
OFFER = "250-mail.example.org\r\n250-STARTTLS\r\n250 AUTH PLAIN"


class Internet(LoopbackNetwork):
    """Host and port lead to a port on loopback, or to :data:`SILENT`; all others are closed.

    As far as the live test sees, each host has an address in ``block``.
    """

    def __init__(
        self,
        places: Mapping[tuple[str, int], int],
        authority: trustme.CA,
        block: str = "192.0.2",
    ) -> None:
        super().__init__(0, authority)
        self._block = block
        self._places = places
        self._routes: dict[Address, tuple[str, int]] = {}

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        if host not in {known for known, _ in self._places}:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        names = sorted({known for known, _ in self._places})
        address = Address(f"{self._block}.{names.index(host)}", port)
        self._routes[address] = host, port
        return [address]

    async def connect(self, address: Address) -> socket.socket:
        place = self._places.get(self._routes[address])
        if place is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        if place == SILENT:
            await asyncio.Event().wait()
        return await super().connect(Address("127.0.0.1", place))


class Recording:
    """A polite server that keeps the commands it gets; encrypted by whoever serves it."""

    def __init__(self, offer: bytes = b"250-mail\r\n250 AUTH PLAIN LOGIN") -> None:
        self.offer = offer
        self.commands: list[str] = []
        self.ended = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        while line := await reader.readline():
            self.commands.append(line.decode().strip())
            writer.write(self.offer + b"\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n")
        self.ended.set()


def summary(alternatives: Sequence[Alternative]) -> list[tuple[str, bool, str]]:
    return [(each.endpoint, each.starttls, each.verdict.value) for each in alternatives]


async def test_a_closed_port_leads_to_the_one_that_works(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve({"EHLO": OFFER}) as port:
        through = Internet({(HOST, 587): port}, authority)
        report = await run(0, through=through, alternatives=True)
    assert verdict(report) == ("fail", "refused", "tcp")
    assert summary(report.alternatives) == [(HOST, True, "pass")]
    assert report.diagnosis is not None
    assert report.diagnosis.remedy == (
        "Use STARTTLS, port 587 (starttls = true). "
        "Tried as far as the login; your password was not sent there yet."
    )
    assert report.alternatives[0].way == "mail.example.org, port 587, STARTTLS"
    assert report.diagnosis.field == "starttls"
    assert report.to_json()["alternatives"] == [
        {"endpoint": HOST, "starttls": True, "verdict": "pass"}
    ]


async def test_a_blocked_port_leads_to_another_within_the_deadline(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve({}, tls=True) as port:
        through = Internet({(HOST, 587): SILENT, (HOST, 465): port, (HOST, 25): SILENT}, authority)
        report = await run(0, starttls=True, through=through, alternatives=True, timeout=3)
    assert verdict(report) == ("fail", "timeout", "tcp")
    assert summary(report.alternatives) == [(HOST, False, "pass")]
    assert report.seconds < 8


async def test_port_25_is_proposed_with_starttls_required(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve({"EHLO": OFFER}) as port:
        report = await run(0, through=Internet({(HOST, 25): port}, authority), alternatives=True)
    endpoint = f"smtp://{HOST}:25?tls=required"
    assert summary(report.alternatives) == [(endpoint, False, "pass")]
    assert report.diagnosis is not None
    assert f"Enter {endpoint} as the mail server" in report.diagnosis.remedy
    assert report.diagnosis.field == "endpoint"


async def test_the_secret_is_never_part_of_the_search(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    server = Recording()
    async with serve(server, tls=True) as port:
        through = Internet({(HOST, 465): port}, authority)
        report = await run(0, starttls=True, through=through, alternatives=True)
        await server.ended.wait()
    assert summary(report.alternatives) == [(HOST, False, "pass")]
    assert [command.split()[0] for command in server.commands] == ["EHLO", "QUIT"]


async def test_a_variant_without_a_usable_login_is_not_proposed(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve(Recording(b"250-mail\r\n250 AUTH CRAM-MD5"), tls=True) as port:
        through = Internet({(HOST, 465): port}, authority)
        report = await run(0, starttls=True, through=through, alternatives=True)
    assert report.alternatives == ()
    assert report.diagnosis is not None
    assert (
        "ports 465, 587 and 25 of mail.example.org do not work either." in report.diagnosis.remedy
    )


async def test_without_a_secret_a_variant_must_accept_the_sender(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve({}, tls=True) as takes, serve({"MAIL": "530 5.7.0 No"}, tls=True) as refuses:
        for port, expected in ((takes, [(HOST, False, "pass")]), (refuses, [])):
            through = Internet({(HOST, 465): port}, authority)
            report = await run(0, starttls=True, password=None, through=through, alternatives=True)
            assert summary(report.alternatives) == expected


async def test_a_name_in_the_certificate_is_proposed_once_it_verifies(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    names = ("smtp.example.org", "gone.example.org", "localhost", "mx.provider.example")
    async with serve({}, tls=server_context(*names, by=lambda: authority)) as port:
        places = {
            (HOST, 465): port,
            ("smtp.example.org", 465): port,
            ("mx.provider.example", 465): port,
            ("localhost", 465): port,
        }
        report = await run(0, through=Internet(places, authority), alternatives=True)
    assert verdict(report) == ("fail", "certificate-name", "tls")
    assert summary(report.alternatives) == [
        ("smtp.example.org", False, "warn"),
        ("mx.provider.example", False, "warn"),
    ]
    assert "only if you know" in report.alternatives[0].description
    assert report.stages[-1].detail["would_match"] == "smtp.example.org"
    assert report.stages[-1].detail["rule"] == "name"


async def test_a_variant_whose_certificate_is_invalid_is_not_proposed(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve({}, tls=server_context(HOST, by=trustme.CA)) as port:
        through = Internet({(HOST, 465): port}, authority)
        report = await run(0, starttls=True, through=through, alternatives=True)
    assert report.alternatives == ()


@pytest.mark.parametrize(("host", "port"), [("localhost", 25), ("relay", 2500)])
async def test_a_plain_relay_is_only_proposed_nearby_and_with_a_warning(
    serve: Serve, run: Run, authority: trustme.CA, host: str, port: int
) -> None:
    async with serve({"EHLO": "250-mail\r\n250 AUTH PLAIN"}) as place:
        through = Internet({(host, port): place}, authority, "127.0.0")
        report = await run(0, host, through=through, alternatives=True)
    assert summary(report.alternatives) == [(f"smtp://{host}:{port}", False, "warn")]
    assert "not encrypted" in report.alternatives[0].description


@pytest.mark.parametrize("host", [HOST, "relay"])
async def test_a_plain_server_elsewhere_is_never_proposed(
    serve: Serve, run: Run, authority: trustme.CA, host: str
) -> None:
    async with serve({"EHLO": "250-mail\r\n250 AUTH PLAIN"}) as place:
        through = Internet({(host, 25): place, (host, 2500): place}, authority)
        report = await run(0, host, through=through, alternatives=True)
    assert report.alternatives == ()


async def test_a_tls_port_for_a_plain_endpoint_leads_to_the_bare_host(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve({}, tls=True) as port:
        through = Internet({(HOST, 465): port}, authority)
        report = await run(0, f"smtp://{HOST}:465", through=through, alternatives=True, timeout=6)
    assert verdict(report) == ("fail", "tls-on-plain-port", "greeting")
    assert summary(report.alternatives) == [(HOST, False, "pass")]


async def test_credentials_of_the_endpoint_are_left_out_and_mentioned(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    async with serve(Recording(), tls=True) as port:
        through = Internet({(HOST, 465): port}, authority)
        report = await run(
            0,
            f"smtp://you:hunter2@{HOST}:587?tls=required",
            password=None,
            through=through,
            alternatives=True,
        )
    assert summary(report.alternatives) == [(HOST, False, "pass")]
    assert "separately" in report.alternatives[0].description
    assert "hunter2" not in repr(report)


@pytest.mark.parametrize(
    "answers", [{"AUTH": "535 5.7.8 no"}, {"MAIL": "550 no"}, {"GREETING": "554 no"}]
)
async def test_a_failure_that_no_other_endpoint_cures_starts_no_search(
    serve: Serve, run: Run, authority: trustme.CA, answers: dict[str, str]
) -> None:
    async with serve(answers, tls=True) as port, serve({"EHLO": OFFER}) as other:
        through = Internet({(HOST, 465): port, (HOST, 587): other}, authority)
        report = await run(0, through=through, alternatives=True)
    assert report.verdict is Verdict.FAIL
    assert report.alternatives == ()
    assert len(through.sockets) == 1


async def test_the_search_can_be_switched_off(
    run: Run, authority: trustme.CA, serve: Serve
) -> None:
    async with serve({"EHLO": OFFER}) as port:
        through = Internet({(HOST, 587): port}, authority)
        report = await run(0, through=through, alternatives=False)
    assert report.alternatives == ()
    assert through.sockets == []


async def test_the_verdict_is_reached_before_the_search(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    events: list[Event] = []
    async with serve({"EHLO": OFFER}) as port:
        through = Internet({(HOST, 587): port}, authority)
        report = await run(0, through=through, alternatives=True, events=events)
    assert events[-2:] == [VerdictReached(Verdict.FAIL), TestFinished(report)]


async def test_the_same_host_comes_before_names_in_its_certificate(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    named = server_context("smtp.example.org", by=lambda: authority)
    async with serve({}, tls=named) as wrong, serve({"EHLO": OFFER}) as right:
        places = {(HOST, 465): wrong, ("smtp.example.org", 465): wrong, (HOST, 587): right}
        report = await run(0, through=Internet(places, authority), alternatives=True)
    assert summary(report.alternatives) == [
        (HOST, True, "pass"),
        ("smtp.example.org", False, "warn"),
    ]


async def test_an_early_search_is_dropped_when_the_test_passes(
    serve: Serve, run: Run, authority: trustme.CA
) -> None:
    searched = asyncio.Event()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        searched.set()
        await reader.read()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await searched.wait()
        writer.write(b"220 hi\r\n")
        for reply in (b"250-mail\r\n250 AUTH PLAIN", *[b"250 ok"] * 4):
            await reader.readline()
            writer.write(reply + b"\r\n")

    async with serve(late, tls=True) as port, serve(other) as silent:
        through = Internet({(HOST, 465): port, (HOST, 587): silent}, authority)
        report = await run(0, through=through, alternatives=True, timeout=8)
    assert report.verdict is Verdict.PASS
    assert report.alternatives == ()
    assert {sock.fileno() for sock in through.sockets} == {-1}


async def test_cancelling_the_search_leaves_no_socket_and_no_task(
    serve: Serve, authority: trustme.CA
) -> None:
    connected = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()

    settings = SmtpSettings("you@example.org", Endpoint.parse(HOST), secret=Secret("password"))
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve(play))
        through = Internet({(HOST, 587): port, (HOST, 25): SILENT}, authority)
        known = asyncio.all_tasks()

        consumer = asyncio.create_task(run_to_end(settings, through, seconds=60))
        await connected.wait()
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert {sock.fileno() for sock in through.sockets} == {-1}
        ours = [task for task in asyncio.all_tasks() - known if "connected" not in repr(task)]
        assert ours == []


async def test_cancelling_twice_still_ends_the_search(serve: Serve, authority: trustme.CA) -> None:
    searching = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        searching.set()
        await reader.read()

    settings = SmtpSettings("you@example.org", Endpoint.parse(HOST), starttls=True)
    async with serve({"STARTTLS": ""}) as tested, serve(play) as other:
        through = Internet({(HOST, 587): tested, (HOST, 465): other}, authority)
        known = asyncio.all_tasks()

        consumer = asyncio.create_task(run_to_end(settings, through, seconds=2))
        await searching.wait()
        consumer.cancel()
        await asyncio.sleep(0)  # while the tested connection is being closed
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert {sock.fileno() for sock in through.sockets} == {-1}
        ours = [task for task in asyncio.all_tasks() - known if "connected" not in repr(task)]
        assert ours == []


def forms(endpoint: str, *, starttls: bool = False, names: Sequence[str] = ()) -> list[str]:
    settings = SmtpSettings("you@example.org", Endpoint.parse(endpoint), starttls)
    return [
        f"{form.endpoint}{' starttls' if form.starttls else ''}"
        for form in endpoint_variants(settings, names)
    ]


@pytest.mark.parametrize(
    ("endpoint", "starttls", "names", "expected"),
    [
        ("a.example", False, (), ["a.example starttls", "smtp://a.example:25?tls=required"]),
        ("a.example", True, (), ["a.example", "smtp://a.example:25?tls=required"]),
        (
            "smtp://a.example:2525/box",
            False,
            (),
            [
                "a.example",
                "a.example starttls",
                "smtp://a.example:2525/box?tls=required",
                "smtp://a.example:25?tls=required",
            ],
        ),
        (
            "a.example",
            True,
            ("b.example", "not a name", "localhost", "A.example"),
            [
                "b.example starttls",
                "a.example",
                "smtp://a.example:25?tls=required",
            ],
        ),
        ("2001:db8::1", False, (), ["2001:db8::1 starttls"]),
        (
            "smtp://a.example:587?tls=required",
            False,
            ("u:p@c.example", "b.example", "c.example:25", "c.example/x?y", "smtp://c.example"),
            [
                "smtp://b.example:587?tls=required",
                "a.example",
                "smtp://a.example:25?tls=required",
            ],
        ),
        (
            "smtp://relay:2525?tls=required",
            False,
            (),
            [
                "relay",
                "relay starttls",
                "smtp://relay:25?tls=required",
                "smtp://relay:2525",
                "smtp://relay:25",
                "smtp://relay:2500",
            ],
        ),
    ],
)
def test_the_variants_to_try(
    endpoint: str, starttls: bool, names: tuple[str, ...], expected: list[str]
) -> None:
    assert forms(endpoint, starttls=starttls, names=names) == expected


def test_a_port_that_the_provider_has_for_blocked_networks_is_tried() -> None:
    assert forms("mail-eu.smtp2go.com") == [
        "mail-eu.smtp2go.com starttls",
        "smtp://mail-eu.smtp2go.com:2525?tls=required",
        "smtp://mail-eu.smtp2go.com:25?tls=required",
    ]


def test_a_variant_knows_its_route() -> None:
    assert EndpointVariant("a.example", True).route.port == 587
