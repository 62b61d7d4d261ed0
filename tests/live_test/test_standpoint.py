"""The live test from where the server runs: its network, its names, its trust."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.compose.test_running import answers, stand_in
from tests.live_test.servers import HOST, PASSWORD, LoopbackNetwork, Serve, verdict
from tests.system.other_network import ROOT, OtherNetwork, other_network
from tests.system.test_namespace import HOSTS, RESOLV_CONF
from wizard.compose.container import Container
from wizard.compose.project import Project
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.demo.mail_server import MailServer
from wizard.live_test.events import TestedFrom, TestFinished, TestReport
from wizard.live_test.evidence import reproduce, ticket
from wizard.live_test.failure import Verdict
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.system.network import BUNDLES, Address, Network, SystemNetwork
from wizard.ui.account.live_test import result_panel

ID = "0"
"""An id that is a part of every list of control groups, as the real one is of a container's."""
NO_DOCKER = {"PATH": "/nowhere"}


def container(
    directory: Path = Path("/nowhere"), environ: Mapping[str, str] = NO_DOCKER, **model: Any
) -> Container:
    """Return what Compose would say of a project with two services."""
    services = {"server": model, "smtp_relay": {}}
    return Container("docker compose", Project(directory, environ), services, "server")


async def run_from(
    where: Container | None,
    endpoint: str,
    *,
    place: TestedFrom | None = None,
    network: Network | None = None,
    password: str | None = None,
) -> TestReport:
    """Run the live test of an endpoint."""
    secret = Secret(password) if password else None
    settings = SmtpSettings("you@example.org", Endpoint.parse(endpoint), secret=secret)
    async with aclosing(
        run_live_test(settings, container=where, place=place, network=network, alternatives=False)
    ) as stream:
        events = [event async for event in stream]
    assert isinstance(events[-1], TestFinished)
    return events[-1].report


def ehlo_name(report: TestReport) -> object:
    [name] = [stage.detail["name"] for stage in report.stages if stage.stage == "ehlo"]
    return name


# From inside


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherNetwork]:
    """The container's network: a DNS that knows a relay, and the relay."""
    etc = tmp_path_factory.mktemp("other") / "etc"
    etc.mkdir()
    (etc / "hosts").write_text(HOSTS)
    (etc / "resolv.conf").write_text(RESOLV_CONF)
    zone = {"smtp_relay.": ["127.0.0.5"], "broken.": ["SERVFAIL"], "away.": ["203.0.113.9"]}
    with other_network(etc, zone) as started:
        yield started


@pytest.fixture
def inside(other: OtherNetwork, tmp_path: Path) -> Container:
    """A container that runs, as a stand-in for Docker says."""
    return running_in(tmp_path, other)


def running_in(directory: Path, other: OtherNetwork) -> Container:
    script = answers(directory, pid=other.pid, id=ID, hostname="f183e47979e6")
    return container(directory, stand_in(directory, script))


@pytest.mark.parametrize("host", ["smtp_relay", "localhost", "127.0.0.1"])
async def test_a_name_of_the_container_has_a_verdict_from_inside(
    other: OtherNetwork, inside: Container, host: str
) -> None:
    report = await run_from(inside, f"smtp://{host}:{other.relay}")
    assert (report.verdict, report.place) == (Verdict.PASS, TestedFrom.CONTAINER)
    assert report.to_json()["from"] == "container"
    assert report.remark == "Tested from inside the container of server."
    assert ehlo_name(report) == "f183e47979e6"


@pytest.mark.parametrize(
    ("host", "code", "word"),
    [
        ("nobody", "name-not-found", "service nobody"),
        ("broken", "dns-unavailable", "inside the container"),
        ("localhost", "refused", "the container itself"),
        ("away", "unreachable", "from the container"),
    ],
)
async def test_failures_inside_are_explained(
    inside: Container, host: str, code: str, word: str
) -> None:
    report = await run_from(inside, f"smtp://{host}:1")
    assert report.diagnosis is not None
    assert (report.diagnosis.code, report.place) == (code, TestedFrom.CONTAINER)
    assert word in report.diagnosis.summary + report.diagnosis.remedy
    assert report.verdict is Verdict.FAIL


async def test_what_only_the_container_reaches_is_not_given_as_a_command_to_repeat(
    other: OtherNetwork, inside: Container
) -> None:
    report = await run_from(inside, f"smtp://smtp_relay:{other.relay}")
    assert reproduce(report) == ()
    assert report.remark in ticket(report)


async def test_the_host_is_tested_where_that_is_asked(
    other: OtherNetwork, inside: Container
) -> None:
    report = await run_from(inside, f"smtp://smtp_relay:{other.relay}", place=TestedFrom.HOST)
    assert verdict(report) == ("untestable", "container-internal", "dns")
    assert report.remark.startswith("Tested from this machine, as asked")
    assert report.to_json()["from"] == "host"


NOBODY = """
import asyncio, os, pathlib, sys
from tests.live_test.test_standpoint import container, run_from
from wizard.live_test.events import TestedFrom
here, path = pathlib.Path(sys.argv[1]), sys.argv[2]
asyncio.run(run_from(container(here, {"PATH": path}), "smtp://smtp_relay:25"))  # loads all
if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)
for place in (None, TestedFrom.CONTAINER):
    where = container(here, {"PATH": path})
    report = asyncio.run(run_from(where, "smtp://smtp_relay:25", place=place))
    print(report.verdict, report.diagnosis.code, report.remark, report.diagnosis.remedy, sep="|")
"""


def test_without_root_the_sentence_says_what_would_test_from_inside(
    other: OtherNetwork, place: Path
) -> None:
    """In a process of its own, which gives up root."""
    inside = running_in(place, other)
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, place, inside.project.environ["PATH"]],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    default, asked = done.stdout.splitlines()
    assert "|Seen from this machine, not from inside the container: only root may" in default
    assert "sudo" in default
    assert asked.startswith("untestable|container-unreachable||")
    assert "sudo" in asked


# What stands in the way of the inside


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "there is no docker command here."),
        ("exit 0", "the service server is not running."),
        ("sleep 300", "docker did not answer in time."),
        (answers(Path("/nowhere"), id=ID, pid=2**22 + 1), "its process is not on this machine."),
        (answers(Path("/nowhere"), pid=os.getpid()), "its process is not on this machine."),
    ],
    ids=["absent", "stopped", "hangs", "remote", "another process"],
)
async def test_without_a_way_inside_the_verdict_is_the_hosts_and_says_so(
    tmp_path: Path, script: str | None, reason: str
) -> None:
    if script is not None and "inspect" in script and os.geteuid() != 0:
        pytest.skip("only root gets that far")
    environ = NO_DOCKER if script is None else stand_in(tmp_path, script)
    report = await run_from(container(environ=environ), "smtp://smtp_relay:25")
    assert verdict(report) == ("untestable", "container-internal", "dns")
    beginning = f"Seen from this machine, not from inside the container: {reason} "
    assert report.remark.startswith(beginning)
    assert report.remark.removeprefix(beginning)
    asked = await run_from(
        container(environ=environ), "smtp://smtp_relay", place=TestedFrom.CONTAINER
    )
    assert verdict(asked) == ("untestable", "container-unreachable", "dns")
    assert asked.diagnosis is not None
    assert asked.diagnosis.summary.endswith(reason)
    assert asked.diagnosis.remedy
    assert asked.stages == ()


async def test_a_project_without_the_server_cannot_be_entered() -> None:
    nothing = Container("files", Project(Path("/nowhere"), {}), {})
    report = await run_from(nothing, "smtp://localhost:1")
    assert verdict(report) == ("untestable", "container-internal", "dns")
    assert "no service in the compose file is the server" in report.remark


async def test_compose_file_that_is_refused_is_not_said_to_lack_the_server(tmp_path: Path) -> None:
    where = Container(
        "docker compose", Project(tmp_path, NO_DOCKER), {}, "", refusal="yaml: line 2: wrong"
    )
    report = await run_from(where, "smtp://192.0.2.1:1")
    assert "Docker Compose starts nothing. Correct the compose file" in report.remark


async def test_outside_of_compose_there_is_one_place(friendly: MailServer) -> None:
    endpoint = f"smtp://localhost:{friendly.ports.relay}"
    report = await run_from(None, endpoint)
    assert (report.place, report.remark) == (TestedFrom.HOST, "")
    asked = await run_from(None, endpoint, place=TestedFrom.CONTAINER)
    assert verdict(asked) == ("untestable", "container-unreachable", "dns")


# From this machine in the container's place


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [("mail.example.org", r"mail\.example\.org"), (None, r"[0-9a-f]{12}")],
    ids=["hostname", "none yet"],
)
async def test_the_server_introduces_itself_by_the_name_of_its_container(
    serve: Serve, network: Callable[[int], LoopbackNetwork], hostname: str | None, expected: str
) -> None:
    async with serve({}) as port:
        report = await run_from(
            container(hostname=hostname), "smtp://mail.example.org", network=network(port)
        )
    assert report.verdict is Verdict.PASS
    assert re.fullmatch(expected, str(ehlo_name(report)))
    assert f"--ehlo {ehlo_name(report)} " in reproduce(report)[0]


async def test_a_container_in_the_network_of_this_machine_is_tested_here(
    serve: Serve, network: Callable[[int], LoopbackNetwork]
) -> None:
    async with serve({}) as port:
        shared = container(network_mode="host")
        report = await run_from(shared, "smtp://localhost:2500", network=network(port))
    assert (report.verdict, report.remark) == (Verdict.PASS, "")


@pytest.mark.parametrize("host", ["SMTP_relay", "host.docker.internal", "own.example.org"])
async def test_a_name_with_another_meaning_here_is_not_tested(
    network: Callable[[int], LoopbackNetwork], host: str
) -> None:
    hosts = ["host.docker.internal=host-gateway", "own.example.org=127.0.0.1"]
    report = await run_from(container(extra_hosts=hosts), f"smtp://{host}", network=network(1))
    assert verdict(report) == ("untestable", "container-internal", "dns")


async def test_the_extra_hosts_of_the_container_count_on_this_machine() -> None:
    network = SystemNetwork({"Mail.example.org": "192.0.2.7", "six.example.org": "2001:db8::1"})
    assert await network.resolve("mail.EXAMPLE.org", 25) == [Address("192.0.2.7", 25)]
    assert await network.resolve("six.example.org", 25) == [Address("2001:db8::1", 25)]


@pytest.mark.parametrize("starttls", [False, True], ids=["TLS", "STARTTLS"])
async def test_trust_that_only_this_machine_has_is_a_warning_for_a_container(
    serve: Serve,
    server_tls: ssl.SSLContext,
    authority: trustme.CA,
    network: Callable[[int], LoopbackNetwork],
    starttls: bool,
) -> None:
    if not any(path.exists() for path in BUNDLES):
        pytest.skip("nothing tells which authorities come with the system")
    endpoint = f"smtp://{HOST}?tls=required" if starttls else HOST
    async with serve({}, tls=not starttls) as port:
        alone = await run_from(None, endpoint, network=network(port), password=PASSWORD)
        report = await run_from(container(), endpoint, network=network(port), password=PASSWORD)
    assert alone.verdict is Verdict.PASS
    assert verdict(report) == (
        "warn", "certificate-local-trust", "starttls" if starttls else "tls"
    )  # fmt: skip


def test_the_wizard_says_from_where_after_a_pass_as_well() -> None:
    report = TestReport(Verdict.PASS, None, "", (), None, 0.0, remark="Tested from inside.")
    assert "Tested from inside." in [line.text for line in result_panel(report).lines]


def test_the_document_says_from_where() -> None:
    report = TestReport(Verdict.PASS, None, "", (), None, 0.0)
    assert json.loads(json.dumps(report.to_json()))["from"] == "host"
