"""A relay that is set up beside the server: what is written, what Compose makes of it, and undo."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose.plugin import docker_config
from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.check.warnings import plan_warnings
from wizard.compose.ask import check_addition
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.config.relay import Relay, _quoted
from wizard.config.settings import SmtpSettings
from wizard.errors import FileRefused, InvalidValue
from wizard.saving.plan import Plan, make_plan
from wizard.saving.undo import last_write, make_undo
from wizard.secrets.secret import Keep, Replace, Secret

PASSWORD = "it's $ecret ${X} #1"
CONFIG = """\
db_url = "postgres://me:pw@database/db"

[smtp]
user = "old@example.org"
endpoint = "old.example.org"
secret = "${SMTP_SECRET}"
"""
SERVER = """\
services:
  server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment: {SMTP_SECRET: '${SMTP_SECRET}'}
    depends_on: [database]
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs]
  database: {image: postgres}
"""
IN_SERVER = "    depends_on: [database]\n"


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/", "DOCKER_CONFIG": str(docker_config())}


def load(
    directory: Path, environ: dict[str, str], text: str = SERVER, name: str = "compose.yaml"
) -> CurrentConfig:
    """Write a project where there is none yet, and read it."""
    config = directory / "bomnipotent_config" / "config.toml"
    if not config.exists():
        config.parent.mkdir()
        files = {config: CONFIG, directory / name: text, directory / ".env": "SMTP_SECRET=old\n"}
        for path, content in files.items():
            path.write_text(content)
            path.chmod(0o640)
    return load_config(find_layout(config), environ).with_container()


def draft_of(current: CurrentConfig, **values: Any) -> Draft:
    values = {
        "user": "apikey",
        "endpoint": "smtp.example.net",
        "secret": Replace(Secret(PASSWORD)),
        "relay": "bom@example.org",
        **values,
    }
    return replace(Draft.of(current), **values)


def model(directory: Path, environ: dict[str, str]) -> Any:
    """Return what Compose makes of the project, as it is read again."""
    done = subprocess.run(
        ["docker", "compose", "config", "--format", "json"], cwd=directory, env=environ,
        capture_output=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.replace(b"$$", b"$"))


def state(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode)
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_relay_is_written_as_compose_and_the_server_need_it(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    current = load(tmp_path, environ)
    plan = make_plan(current, draft_of(current))
    assert plan.restart_needed
    plan.apply()
    services = model(tmp_path, environ)["services"]
    assert services["smtp_relay"]["environment"] == {
        "SMTP_HOST": "smtp.example.net",
        "SMTP_PORT": "465",
        "SMTP_TLS": "on",
        "SMTP_STARTTLS": "off",
        "SMTP_TLS_CHECKCERT": "on",
        "SMTP_AUTH": "on",
        "SMTP_USER": "apikey",
        "SMTP_PASSWORD": PASSWORD,
        "SMTP_FROM": "bom@example.org",
        "SMTP_DOMAIN": "example.org",
    }
    assert set(services["server"]["networks"]) == {"default", "smtp_network"}
    assert set(services["smtp_relay"]["networks"]) == {"smtp_network"}
    assert services["server"]["depends_on"]["smtp_relay"]["condition"] == "service_healthy"
    assert "database" in services["server"]["depends_on"]
    after = load(tmp_path, environ)
    settings = after.settings()
    assert (settings.user, settings.endpoint.text, settings.secret) == (
        "bom@example.org",
        "smtp://smtp_relay:2500",
        None,
    )
    assert "SMTP_SECRET" not in (tmp_path / ".env").read_text()
    assert (tmp_path / "compose.override.yaml").stat().st_mode & 0o777 == 0o640


def test_nothing_is_found_of_a_relay_that_was_set_up(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    current = load(tmp_path, environ)
    make_plan(current, draft_of(current)).apply()
    findings = check_all(inspect_config(current.layout, environ))
    assert [each for each in findings if each.code.startswith(("relay", "database"))] == []


def test_undo_leaves_no_trace_of_the_relay(tmp_path: Path, environ: dict[str, str]) -> None:
    current = load(tmp_path, environ)
    before = state(tmp_path)
    make_plan(current, draft_of(current)).apply()
    make_undo(last_write(current.layout.config)).apply("undo")
    assert state(tmp_path) == before
    make_undo(last_write(current.layout.config)).apply("undo")
    assert "compose.override.yaml" in state(tmp_path)


def test_preview_shows_the_file_and_no_secret(tmp_path: Path, environ: dict[str, str]) -> None:
    current = load(tmp_path, environ)
    plan = make_plan(current, draft_of(current))
    shown = "\n".join(line for change in plan.changes for line in change.diff())
    assert "+    image: crazymax/msmtpd" in shown
    assert "ecret ${X}" not in shown + repr(plan) + repr(draft_of(current))
    names = [change.before.path.name for change in plan.changes]
    assert names == [".env", "compose.override.yaml", "config.toml"]


def test_stored_secret_becomes_the_relays(tmp_path: Path, environ: dict[str, str]) -> None:
    current = load(tmp_path, environ)
    make_plan(current, draft_of(current, secret=Keep())).apply()
    environment = model(tmp_path, environ)["services"]["smtp_relay"]["environment"]
    assert environment["SMTP_PASSWORD"] == "old"


def test_second_run_changes_nothing_and_another_one_only_what_is_new(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    current = load(tmp_path, environ)
    make_plan(current, draft_of(current)).apply()
    current = load(tmp_path, environ)
    again = make_plan(current, draft_of(current))
    assert not again.changed
    assert not again.restart_needed
    make_plan(current, draft_of(current, endpoint="smtp.example.com", secret=Keep())).apply()
    found = model(tmp_path, environ)["services"]["smtp_relay"]["environment"]
    assert (found["SMTP_HOST"], found["SMTP_PASSWORD"]) == ("smtp.example.com", PASSWORD)


def test_relay_does_not_log_in_at_itself(tmp_path: Path, environ: dict[str, str]) -> None:
    current = load(tmp_path, environ)
    make_plan(current, draft_of(current)).apply()
    current = load(tmp_path, environ)
    with pytest.raises(InvalidValue, match="the relay itself"):
        make_plan(current, replace(Draft.of(current), relay="bom@example.org"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("compose.yml", "compose.override.yml"),
        ("docker-compose.yml", "docker-compose.override.yml"),
        ("docker-compose.yaml", "docker-compose.override.yaml"),
    ],
)
def test_the_new_file_is_named_alike(
    tmp_path: Path, environ: dict[str, str], name: str, expected: str
) -> None:
    current = load(tmp_path, environ, name=name)
    make_plan(current, draft_of(current)).apply()
    assert (tmp_path / expected).exists()
    assert "smtp_relay" in model(tmp_path, environ)["services"]


@pytest.mark.parametrize(
    ("endpoint", "starttls", "expected"),
    [
        ("mail.example.net", True, ("587", "on", "on")),
        ("smtp://10.0.0.7", False, ("25", "off", "off")),
        ("smtp://mail.example.net:2525?tls=required", False, ("2525", "on", "on")),
    ],
    ids=["STARTTLS", "not encrypted", "another port"],
)
def test_relay_connects_as_the_server_would_have(
    tmp_path: Path, environ: dict[str, str], endpoint: str, starttls: bool,
    expected: tuple[str, str, str],
) -> None:  # fmt: skip
    current = load(tmp_path, environ)
    make_plan(current, draft_of(current, endpoint=endpoint, starttls=starttls)).apply()
    found = model(tmp_path, environ)["services"]["smtp_relay"]["environment"]
    assert (found["SMTP_PORT"], found["SMTP_TLS"], found["SMTP_STARTTLS"]) == expected


@pytest.mark.parametrize("user", ['a"b', "o'n $HOME ${X}", "ключ", "off", "#1: x"])
def test_any_user_reaches_the_relay_as_typed(
    tmp_path: Path, environ: dict[str, str], user: str
) -> None:
    current = load(tmp_path, environ)
    # What config.toml would take for a variable is one there only.
    settings = SmtpSettings(user, draft_of(current).settings(current).endpoint)
    from wizard.config.relay import RelaySettings, relay_services

    relay = RelaySettings(
        "a@b.example", settings.endpoint, way=settings.route, account=(user, Secret("x"))
    )
    assert current.container is not None
    (tmp_path / "compose.override.yaml").write_text(relay_services(current.container, relay))
    (tmp_path / ".env").write_text("SMTP_PASSWORD=x\n")
    found = model(tmp_path, environ)["services"]["smtp_relay"]["environment"]
    assert found["SMTP_USER"] == user


def paste(current: CurrentConfig, plan: Plan) -> str:
    [warning] = [
        each for each in plan_warnings(current, draft_of(current), plan)
        if each.code == "relay-to-add"
    ]  # fmt: skip
    assert plan.to_paste
    assert plan.to_paste in warning.message
    return str(warning.path)


def test_file_that_is_there_is_left_alone_and_the_lines_are_shown(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    override = tmp_path / "compose.override.yaml"
    override.write_text("services: {database: {restart: always}}\n")
    current = load(tmp_path, environ)
    plan = make_plan(current, draft_of(current))
    assert paste(current, plan) == str(override)
    plan.apply()
    assert override.read_text() == "services: {database: {restart: always}}\n"
    override.write_text(plan.to_paste)
    relay = model(tmp_path, environ)["services"]["smtp_relay"]
    assert relay["environment"]["SMTP_PASSWORD"] == PASSWORD


def test_lines_are_shown_where_nobody_can_check_them(tmp_path: Path) -> None:
    current = load(tmp_path, {"PATH": ""})
    plan = make_plan(current, draft_of(current))
    paste(current, plan)
    assert [change.before.path.name for change in plan.changes] == [".env", "config.toml"]


def test_what_compose_refuses_is_not_written(tmp_path: Path, environ: dict[str, str]) -> None:
    current = load(tmp_path, environ)
    before = state(tmp_path)
    # Somebody changes it meanwhile, so that the relay's list of networks does not suit it any more.
    changed = SERVER.replace(IN_SERVER, IN_SERVER + "    network_mode: host\n")
    (tmp_path / "compose.yaml").write_text(changed)
    with pytest.raises(FileRefused, match="would start nothing with the relay: "):
        make_plan(current, draft_of(current))
    assert state(tmp_path).keys() == before.keys()


def test_compose_is_asked_about_the_project_as_it_would_be(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    container = load(tmp_path, environ).container
    assert container is not None
    needs = "services: {server: {hostname: '${NEEDED:?}'}}\n"
    assert check_addition(container, needs, {"NEEDED": "x"}) is None
    assert check_addition(container, needs, {})
    assert check_addition(container, "services: {server: {nonsense: 1}}\n", {})


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  database:", "  smtp_relay: {image: x}\n  database:", "relay-exists"),
        (IN_SERVER, "    network_mode: host\n" + IN_SERVER, "relay-not-possible"),
        ("wwhsoft/bomnipotent_server:1.5.0", "'${A'", "relay-not-possible"),
    ],
    ids=["a service of that name", "the host's network", "refused by Compose"],
)
def test_relay_that_cannot_be_is_refused(
    tmp_path: Path, environ: dict[str, str], old: str, new: str, code: str
) -> None:
    assert SERVER.count(old) == 1
    current = load(tmp_path, environ, SERVER.replace(old, new))
    with pytest.raises(FileRefused) as refused:
        make_plan(current, draft_of(current))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"relay": "apikey"}, "relay-sender"),
        ({"secret": Replace(Secret('"quoted"'))}, "relay-login"),
        ({"secret": Replace(Secret("x" * 481))}, "relay-login"),
    ],
    ids=["no sender", "quotes", "too long"],
)
def test_what_msmtp_cannot_read_is_refused(
    tmp_path: Path, environ: dict[str, str], values: dict[str, Any], code: str
) -> None:
    current = load(tmp_path, environ)
    draft = draft_of(current, **values)
    assert {each.code for each in draft.problems(current).values()} == {code}
    with pytest.raises(InvalidValue) as refused:
        make_plan(current, draft)
    assert refused.value.code == code


def test_secret_that_compose_requires_stays_and_is_told(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    current = load(tmp_path, environ, SERVER.replace("${SMTP_SECRET}", "${SMTP_SECRET:?}"))
    draft = draft_of(current)
    plan = make_plan(current, draft)
    assert "secret-required" in {each.code for each in plan_warnings(current, draft, plan)}
    plan.apply()
    assert model(tmp_path, environ)["services"]["server"]["environment"]["SMTP_SECRET"] == "old"


@pytest.mark.parametrize("text", ["Null", "No", "TRUE", "Off", "yes", "plain", "1", "a: b", "~"])
def test_every_text_is_a_text_in_yaml(text: str) -> None:
    assert yaml.safe_load(_quoted(text)) == text


@pytest.mark.parametrize(
    "port", ["9" * 5000, "0", "65536", "465 ", "٤٦٥"], ids=["long", "0", "65536", "blank", "Arabic"]
)
def test_what_is_no_port_is_said(port: str) -> None:
    relay = Relay("relay", {"SMTP_HOST": "mail.example.org", "SMTP_PORT": port})
    assert "SMTP_PORT" in [each.field for each in relay.problems()]
