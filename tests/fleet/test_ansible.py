"""The Ansible role, on five hosts: changes what has to be changed, once, and shows no secret."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fleet.fleet import HOSTS, Fleet, Run, fleet
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.formats.dotenv.variables import read_variable
from wizard.secrets.secret import Secret

OLD, NEW = "old$esame-q7x\"#1 '", "new'horse-k3z\\\"#2"
OLD_PART, NEW_PART = "esame-q7x", "horse-k3z"
"""What stays of them whatever they are quoted with."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """The authority of two mail servers, and their endpoints: one takes OLD, the other NEW."""
    with MailServer(DEMO_USER, Secret(OLD)) as old, MailServer(DEMO_USER, Secret(NEW)) as new:
        trust = tmp_path_factory.mktemp("trust") / "authorities.pem"
        trust.write_bytes(old.authority_pem + new.authority_pem)
        endpoints = [
            f"smtp://localhost:{server.ports.starttls}?tls=required" for server in (old, new)
        ]
        yield trust, endpoints[0], endpoints[1]


@pytest.fixture
def hosts(servers: tuple[Path, str, str], tmp_path: Path) -> Iterator[Fleet]:
    """Five hosts that are reached through OpenSSH."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    if not all(shutil.which(name, path=path) for name in ("ssh", "sshd", "ssh-keygen")):
        pytest.skip("OpenSSH is not installed")
    with ExitStack() as stack:
        yield fleet(tmp_path, "ssh", servers[0], stack)


@pytest.fixture
def host(servers: tuple[Path, str, str], tmp_path: Path) -> Fleet:
    """The one host that Ansible itself runs on."""
    found = fleet(tmp_path, "local", servers[0], ExitStack())
    found.inventory = {"host1": found.inventory["host1"]}
    return found


def everywhere(number: int) -> dict[str, int]:
    return dict.fromkeys(HOSTS, number)


def secrets(hosts: Fleet) -> set[str | None]:
    return {read_variable(hosts.env_file(host).read_text(), "SMTP_SECRET") for host in HOSTS}


def assert_no_leak(hosts: Fleet, *runs: Run) -> None:
    """Nothing shows a secret: neither Ansible, nor the processes, nor a file but the ``.env``."""
    places = {Path(host, ".env") for host in HOSTS}
    for part in (OLD_PART, NEW_PART):
        for run in runs:
            assert part not in run.output
        assert hosts.files_with(part) <= places
    log = hosts.log.read_text()
    assert "--secret-stdin" in log
    assert OLD_PART not in log
    assert NEW_PART not in log


def test_first_run_changes_all_second_none_third_all_and_nothing_leaks(
    hosts: Fleet, servers: tuple[Path, str, str]
) -> None:
    _, first_server, second_server = servers
    wanted = {"user": DEMO_USER, "endpoint": first_server, "secret": OLD}

    planned = hosts.run("--check", **wanted)
    assert (planned.changed, planned.failed) == (everywhere(1), everywhere(0)), planned.output
    assert planned.output.count("\n+SMTP_SECRET=********\n") == len(HOSTS)
    assert not any(hosts.config(host).exists() for host in HOSTS)

    first = hosts.run(**wanted)
    assert (first.changed, first.failed) == (everywhere(1), everywhere(0)), first.output
    assert secrets(hosts) == {OLD}
    for host in HOSTS:
        smtp = tomllib.loads(hosts.config(host).read_text())["smtp"]
        assert (smtp["user"], smtp["endpoint"]) == (DEMO_USER, first_server)

    second = hosts.run(**wanted)
    assert (second.changed, second.failed) == (everywhere(0), everywhere(0)), second.output

    wrong = hosts.run(**wanted | {"secret": NEW})
    assert (wrong.changed, wrong.failed) == (everywhere(0), everywhere(1)), wrong.output
    assert "auth-rejected" in wrong.output
    assert secrets(hosts) == {OLD}

    wanted |= {"endpoint": second_server, "secret": NEW}
    planned_again = hosts.run("--check", **wanted)
    assert planned_again.changed == everywhere(1)
    assert "-SMTP_SECRET=********\n+SMTP_SECRET=********" in planned_again.output
    assert secrets(hosts) == {OLD}

    third = hosts.run(**wanted)
    assert (third.changed, third.failed) == (everywhere(1), everywhere(0)), third.output
    assert third.output.count("The server has to be started again") == len(HOSTS)
    assert secrets(hosts) == {NEW}
    assert hosts.files_with(OLD_PART) == set(), "the old secret is nowhere any more"
    assert_no_leak(hosts, planned, first, second, wrong, planned_again, third)


def test_backup_can_be_asked_for_and_undone(host: Fleet, servers: tuple[Path, str, str]) -> None:
    wanted = {"user": DEMO_USER, "endpoint": servers[1], "test": False, "backup": True}
    host.run(**wanted, secret=OLD)
    host.run(**wanted, secret=NEW)
    assert [path.suffix for path in host.directory.glob("state/smtp-wizard/journal/*")] == [".last"]


def test_failure_has_the_words_and_the_code_of_the_program(host: Fleet) -> None:
    run = host.run(user=DEMO_USER, endpoint="https://mail.example.org", test=False)
    assert run.failed == {"host1": 1}
    assert '"code": "endpoint-' in run.output
    assert '"rc": 2' in run.output
    missing = host.run(executable="no-such-program", user="x")
    assert "no-such-program" in missing.output
    assert missing.failed == {"host1": 1}
    both = host.run(user="x", secret=OLD, no_secret=True)
    assert "exclude each other" in both.output
    assert OLD_PART not in both.output


def test_restart_command_runs_only_when_it_is_needed(
    host: Fleet, servers: tuple[Path, str, str]
) -> None:
    mark = host.directory / "restarted"
    wanted = {"user": DEMO_USER, "endpoint": servers[1], "secret": OLD,
              "restart": ["touch", str(mark)]}  # fmt: skip
    host.run("--check", **wanted)
    assert not mark.exists()
    host.run(**wanted)
    assert mark.exists()
    mark.unlink()
    assert host.run(**wanted).changed == {"host1": 0}
    assert not mark.exists()


def test_values_reach_the_program_as_they_are(host: Fleet) -> None:
    """Neither ``~`` nor ``$`` is taken for anything else on the way."""
    run = host.run(user="~/$HOME@x.example", endpoint="x.example", test=False)
    assert run.changed == {"host1": 1}, run.output
    smtp = tomllib.loads(host.config("host1").read_text())["smtp"]
    assert smtp["user"] == "~/$HOME@x.example"
