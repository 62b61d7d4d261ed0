"""Names and addresses that lead nowhere, or only one of several does."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme

from tests.live_test.servers import Run, Serve, verdict
from wizard.compose.container import Container
from wizard.compose.project import Project
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.events import TestFinished, TestReport
from wizard.live_test.failure import Verdict
from wizard.live_test.run import run_live_test
from wizard.system.network import Address, SystemNetwork, connect_first

V6 = Address("2001:db8::1", 465)
V4 = Address("192.0.2.1", 465)


class FakeNetwork(SystemNetwork):
    """A resolver that answers as told, and addresses that behave as told.

    An address is mapped to the error it fails with, to a port on loopback that it really leads
    to, or to None: it stays silent.
    """

    def __init__(
        self, addresses: Mapping[Address, OSError | int | None] | socket.gaierror | None
    ) -> None:
        self._addresses = addresses
        self.connected: list[socket.socket] = []
        self.reached = asyncio.Event()

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        if isinstance(self._addresses, socket.gaierror):
            raise self._addresses
        if self._addresses is None:
            await asyncio.Event().wait()
        assert isinstance(self._addresses, Mapping)
        return list(self._addresses)

    async def connect(self, address: Address) -> socket.socket:
        assert isinstance(self._addresses, Mapping)
        behaviour = self._addresses[address]
        if isinstance(behaviour, OSError):
            raise behaviour
        if behaviour is None:
            await asyncio.Event().wait()
        assert isinstance(behaviour, int)
        sock = await super().connect(Address("127.0.0.1", behaviour))
        self.connected.append(sock)
        self.reached.set()
        return sock


async def in_compose(endpoint: str, network: FakeNetwork) -> TestReport:
    container = Container("files", Project(Path("/nowhere"), {}), {"server": {}}, "server")
    settings = SmtpSettings("you@example.org", Endpoint.parse(endpoint))
    async with aclosing(run_live_test(settings, container=container, network=network)) as stream:
        events = [event async for event in stream]
    assert isinstance(events[-1], TestFinished)
    return events[-1].report


NONAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
NO_ROUTE = OSError(errno.EHOSTUNREACH, "No route to host")


@pytest.mark.parametrize(
    ("network", "code", "stage"),
    [
        (FakeNetwork(NONAME), "name-not-found", "dns"),
        (FakeNetwork({}), "name-not-found", "dns"),
        (FakeNetwork(AGAIN), "dns-unavailable", "dns"),
        (FakeNetwork({V4: REFUSED}), "refused", "tcp"),
        (FakeNetwork({V4: REFUSED, V6: NO_ROUTE}), "refused", "tcp"),
        (FakeNetwork({V4: NO_ROUTE}), "unreachable", "tcp"),
    ],
)
async def test_each_obstacle_has_its_diagnosis(
    run: Run, network: FakeNetwork, code: str, stage: str
) -> None:
    assert verdict(await run(0, through=network)) == ("fail", code, stage)


async def test_a_port_that_nobody_listens_on_is_refused(run: Run) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        report = await run(port)
    assert verdict(report) == ("fail", "refused", "tcp")


@pytest.mark.parametrize("network", [FakeNetwork(None), FakeNetwork({V4: None})])
async def test_silence_of_resolver_or_address_ends_at_the_deadline(
    run: Run, network: FakeNetwork
) -> None:
    report = await run(0, timeout=0.3, through=network)
    assert verdict(report)[:2] == ("fail", "timeout")
    assert report.stages[-1].stage == ("dns" if len(report.stages) == 1 else "tcp")


@pytest.mark.parametrize(
    "endpoint",
    ["smtp://localhost:2500", "smtp://127.0.0.1", "smtp://LOCALHOST", "smtp://127.9.9.9"],
)
async def test_loopback_means_something_else_inside_a_container(endpoint: str) -> None:
    network = FakeNetwork({V4: 1})
    report = await in_compose(endpoint, network)
    assert verdict(report) == ("untestable", "container-internal", "dns")
    assert report.stages[-1].outcome == "skip"
    assert network.connected == []


@pytest.mark.parametrize("error", [NONAME, AGAIN])
@pytest.mark.parametrize("host", ["smtp_relay", "relay"])
async def test_an_unknown_container_name_is_not_testable(error: socket.gaierror, host: str) -> None:
    report = await in_compose(f"smtp://{host}:2500", FakeNetwork(error))
    assert verdict(report) == ("untestable", "container-internal", "dns")


async def test_a_full_name_that_is_unknown_is_wrong_in_a_container_too() -> None:
    report = await in_compose("mail.example.org", FakeNetwork(NONAME))
    assert verdict(report) == ("fail", "name-not-found", "dns")


async def test_without_compose_a_container_name_is_just_unknown(run: Run) -> None:
    report = await run(0, "smtp://smtp_relay:2500", through=FakeNetwork(NONAME))
    assert verdict(report) == ("fail", "name-not-found", "dns")


async def test_a_silent_first_address_is_a_warning(serve: Serve, run: Run) -> None:
    async with serve({}) as port:
        report = await run(0, "smtp://localhost", through=FakeNetwork({V6: None, V4: port}))
    assert verdict(report) == ("warn", "address-silent", "tcp")
    assert report.diagnosis is not None
    assert V6.ip in report.diagnosis.summary
    tcp = report.stages[1]
    assert tcp.detail["address"] == V4.ip
    assert tcp.detail["silent"] == [V6.ip]
    assert report.stages[-1].stage == "quit"


async def test_a_first_address_that_fails_at_once_is_only_noted(serve: Serve, run: Run) -> None:
    async with serve({}) as port:
        through = FakeNetwork({V6: NO_ROUTE, V4: port})
        report = await run(0, "smtp://relay", through=through, password=None)
    assert report.verdict is Verdict.PASS
    assert report.stages[1].detail["failed"] == [f"{V6.ip}: No route to host"]


async def test_an_address_literal_needs_no_resolver() -> None:
    network = SystemNetwork()
    assert await network.resolve("192.0.2.7", 25) == [Address("192.0.2.7", 25)]
    assert await network.resolve("::1", 25) == [Address("::1", 25)]


async def test_the_system_resolves_localhost() -> None:
    addresses = await SystemNetwork().resolve("localhost", 2500)
    assert addresses
    assert {address.ip for address in addresses} <= {"127.0.0.1", "::1"}
    assert {address.port for address in addresses} == {2500}


async def test_the_system_raises_for_a_name_that_cannot_exist() -> None:
    # Without any DNS this is another gaierror, but a gaierror it is.
    with pytest.raises(socket.gaierror):
        await SystemNetwork().resolve("no-such-host.invalid", 25)


class SlowNetwork(FakeNetwork):
    """The first address answers late."""

    async def connect(self, address: Address) -> socket.socket:
        if address == V6:
            await asyncio.sleep(0.6)
        return await super().connect(address)


async def test_the_first_address_in_order_is_tested_even_if_it_is_slower(serve: Serve) -> None:
    async with serve({}) as port:
        network = SlowNetwork({V6: port, V4: port})
        found = await connect_first(network, [V6, V4], patience=20)
        with found.sock:
            assert found.address == V6
            assert found.silent == ()
            assert [sock for sock in network.connected if sock.fileno() >= 0] == [found.sock]


async def test_cancelling_a_connection_attempt_leaves_no_socket_and_no_task() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        network = FakeNetwork({V6: None, V4: listening.getsockname()[1]})
        before = asyncio.all_tasks()
        race = asyncio.create_task(connect_first(network, [V6, V4], patience=60))
        await network.reached.wait()
        race.cancel()
        with pytest.raises(asyncio.CancelledError):
            await race
        assert [sock.fileno() for sock in network.connected] == [-1]
        assert asyncio.all_tasks() == before


async def test_an_unexpected_exception_ends_in_a_report(run: Run, authority: trustme.CA) -> None:
    class Broken(FakeNetwork):
        async def resolve(self, host: str, port: int) -> Sequence[Address]:
            raise KeyError("secret")

    report = await run(0, through=Broken({}))
    assert verdict(report) == ("fail", "unexpected", "dns")
    assert report.diagnosis is not None
    assert "KeyError" in report.diagnosis.summary
    assert "secret" not in report.stages[-1].message
