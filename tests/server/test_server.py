"""Whose log can be read, what a server takes over by itself, and when it needs a restart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.conftest import (
    COMPOSE,
    FILE_MOUNT,
    LOG,
    Docker,
    composed,
    load,
    standalone,
    write_config,
)
from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.errors import Finding
from wizard.files.refusals import InPlaceReason
from wizard.saving.plan import Plan, make_plan
from wizard.secrets.secret import Replace, Secret
from wizard.server.log import ContainerLog, LogFile
from wizard.server.next_steps import NextStep, StepKind, next_steps
from wizard.server.reload import observe_server, watch_reload

RELOADS = "A running server reloads config.toml by itself."


def new_user(now: CurrentConfig) -> tuple[Draft, Plan]:
    draft = replace(Draft.of(now), user="other@example.org")
    return draft, make_plan(now, draft)


def texts(steps: Iterable[NextStep]) -> str:
    return "\n".join(map(str, steps))


def path_of_log(config: Path, **environ: str) -> Path | None:
    log = observe_server(load(config, **environ)).log()
    assert log is None or isinstance(log, LogFile)
    return None if log is None else log.path


def test_file_beside_a_server_without_container(tmp_path: Path) -> None:
    config = standalone(tmp_path)
    assert path_of_log(config) == config.with_name("server.log")
    write_config(config, f'[log]\nfile = "{tmp_path}/absolute.log"')
    assert path_of_log(config) == tmp_path / "absolute.log"
    write_config(config, '[log]\nfile = "${PLACE}/named.log"')
    assert path_of_log(config, PLACE=str(tmp_path)) == tmp_path / "named.log"
    assert path_of_log(config) is None


@pytest.mark.parametrize(
    "more", ["", '[log]\nlevel = "info"', "[log]\nfile = 3", '[log]\nfile = "/missing/x.log"',
             '[log]\nfile = "a\\u0000b"', '[log]\nfile = "."'],
)  # fmt: skip
def test_no_log_that_could_be_read(tmp_path: Path, more: str) -> None:
    assert path_of_log(standalone(tmp_path, more)) is None


def test_container_without_a_file_prints_its_log(tmp_path: Path, docker: Docker) -> None:
    log = observe_server(load(composed(tmp_path), PATH=docker.path)).log()
    assert isinstance(log, ContainerLog)
    assert log.command == f"docker compose -f {tmp_path}/compose.yaml logs --tail 20 server"


def test_file_in_the_container_is_read_where_it_is_mounted_from(
    tmp_path: Path, docker: Docker
) -> None:
    config = composed(tmp_path, '[log]\nfile = "/var/log/server.log"')
    assert path_of_log(config, PATH=docker.path) == tmp_path / "logs" / "server.log"
    write_config(config, '[log]\nfile = "/var/lib/inside.log"')
    assert path_of_log(config, PATH=docker.path) is None
    write_config(config, '[log]\nfile = "/var/log/../lib/inside.log"')
    assert path_of_log(config, PATH=docker.path) is None


@pytest.mark.parametrize(
    "compose",
    [
        "services: [",
        "services:\n  bomnipotent: {}\n",
        "{}",
        COMPOSE.replace("./logs:/var/log", '"./a\\0b:/var/log"').replace("the_server", "--help"),
        COMPOSE.replace("./logs:/var/log", '"./a\\ud800:/var/log"'),
    ],
    ids=[
        "invalid YAML",
        "service without an image",
        "empty",
        "NUL in a path",
        "surrogate in a path",
    ],
)
def test_compose_file_that_tells_nothing_is_no_reason_to_fail(
    tmp_path: Path, docker: Docker, compose: str
) -> None:
    server = observe_server(load(composed(tmp_path, compose=compose), PATH=docker.path))
    server.log()
    assert server.restart_command() is None


def test_reload_of_changed_settings_is_watched(tmp_path: Path) -> None:
    now = load(standalone(tmp_path))
    draft, plan = new_user(now)
    assert watch_reload(observe_server(now), draft, plan) is not None
    assert RELOADS in texts(next_steps(now, draft, plan))


def test_new_secret_needs_a_restart_and_no_watch(tmp_path: Path) -> None:
    now = load(standalone(tmp_path))
    draft = replace(Draft.of(now), secret=Replace(Secret("another one")), user="x@example.org")
    plan = make_plan(now, draft)
    assert watch_reload(observe_server(now), draft, plan) is None
    steps = next_steps(now, draft, plan)
    start = next(
        step.text for step in steps
        if step.text.startswith("A running server does not notice a new secret. Start it again. ")
    )  # fmt: skip
    assert start.endswith('doc.bomnipotent.de, page "Standalone".')  # no unit here


@pytest.mark.parametrize(
    ("domain", "named"),
    [
        ('"https://bom.example.net:8443"', "https://bom.example.net:8443"),
        ('"https://${HOST}"', "https://bom.example.com"),
        ('"https://${NOBODY_SETS}"', "https://bomnipotent.example.org"),
        ('"https://bomnipotent.<your-domain>.<top-level>"', "https://bomnipotent.example.org"),
        ("3", "https://bomnipotent.example.org"),
        ('"a b"', "https://bomnipotent.example.org"),
    ],
    ids=["written", "a variable", "an unset variable", "an example", "a number", "a blank"],
)
def test_proof_names_the_servers_own_domain(tmp_path: Path, domain: str, named: str) -> None:
    config = standalone(tmp_path)
    text = config.read_text()
    config.write_text(f"domain = {domain}\n" + re.sub("(?m)^domain = .*\n", "", text))
    now = load(config, HOST="bom.example.com")
    proof = f"bomnipotent_client --domain {named} test-email you@example.org"
    assert NextStep(proof, StepKind.COMMAND) in next_steps(now, *new_user(now))


def test_first_mail_of_a_new_server_is_that_of_the_first_account(tmp_path: Path) -> None:
    now = load(tmp_path / "config.toml")
    draft = replace(Draft.of(now), user="me@example.org", endpoint="mail.example.org")
    steps = texts(next_steps(now, draft, make_plan(now, draft)))
    assert "\n    bomnipotent_client --domain https://bomnipotent.example.org user request" in steps
    assert 'doc.bomnipotent.de, page "Creating an Admin"' in steps
    assert "test-email" not in steps


def test_server_that_runs_without_verification_may_have_accounts(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[user]\nskip_verification = true\n")
    now = load(config)
    draft = replace(Draft.of(now), user="me@example.org", endpoint="mail.example.org", skip=False)
    steps = texts(next_steps(now, draft, make_plan(now, draft)))
    assert "test-email" in steps
    assert "1.1.0" in steps
    assert "user request" not in steps


def test_server_that_was_never_started_is_not_watched(tmp_path: Path) -> None:
    config = standalone(tmp_path)
    config.write_text(LOG)
    now = load(config)
    draft = replace(Draft.of(now), skip=True)
    assert watch_reload(observe_server(now), draft, make_plan(now, draft)) is None


def test_nothing_is_watched_where_nothing_changes(tmp_path: Path) -> None:
    now = load(standalone(tmp_path))
    draft = Draft.of(now)
    assert watch_reload(observe_server(now), draft, make_plan(now, draft)) is None


def test_config_mounted_as_a_file_needs_a_restart_of_that_service(
    tmp_path: Path, docker: Docker
) -> None:
    now = load(composed(tmp_path, compose=FILE_MOUNT), PATH=docker.path)
    draft, plan = new_user(now)
    server = observe_server(now)
    assert watch_reload(server, draft, plan) is None
    command = f"docker compose --project-directory {tmp_path} restart server"
    assert server.restart_command() == command
    steps = next_steps(now, draft, plan, restart=server.restart_command())
    assert NextStep(command, StepKind.COMMAND) in steps
    assert RELOADS not in texts(steps)


def test_config_that_was_written_over_its_mount_needs_a_restart(tmp_path: Path) -> None:
    server = observe_server(load(standalone(tmp_path)))
    for reason in InPlaceReason:
        written = [Finding(reason.code, reason.message)]
        needed = server.restart_command(written) is not None
        assert needed is not reason.server_notices


@pytest.mark.parametrize(
    ("level", "hides"),
    [("info", ""), ("WARN", "warn"), ("error", "error"), ("trace", ""), ("${LEVEL}", "warn")],
)
def test_level_that_hides_a_reload_is_known(tmp_path: Path, level: str, hides: str) -> None:
    now = load(standalone(tmp_path, f'[log]\nlevel = "{level}"'), LEVEL="warn")
    assert observe_server(now).hiding_level == hides
