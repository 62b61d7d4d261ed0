"""``test`` where Compose decides: a project that it does not start, and a secret without a value.

There is no Docker here, so the wizard reads the files; ``tests/compose`` has layouts with Docker.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import CONFIG, Cli
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.secrets.secret import Secret

SECRET = "hunter22"
SERVICE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs:ro]
"""
PASSES = SERVICE + "    environment: {SMTP_SECRET: '${SMTP_SECRET}'}\n"


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")


@pytest.fixture
def relay() -> Iterator[str]:
    """The endpoint of a mail server that takes mails without a login."""
    with MailServer(DEMO_USER, Secret(SECRET)) as server:
        yield f"smtp://127.0.0.1:{server.ports.relay}"


def project(cli: Cli, compose: str, env: str = "SMTP_SECRET=hunter22\n") -> None:
    config = CONFIG.replace("mail.example.org", "smtp://localhost:2500")
    cli.write("bomnipotent_config/config.toml", config)
    cli.write("compose.yaml", compose)
    cli.write(".env", env)


@pytest.mark.parametrize(
    ("compose", "code", "words"),
    [
        (
            f"{PASSES}    env_file: mail.env\n",
            "compose-env-file-missing",
            "mail.env does not exist",
        ),
        (
            f"{PASSES}  db: {{environment: {{PASSWORD: '${{DB_PW:?}}'}}}}\n",
            "compose-variable-required",
            "Docker Compose requires DB_PW, which nothing sets",
        ),
        (f"{PASSES}\t- x\n", "compose-invalid", "compose.yaml, line 6: This is not valid YAML"),
        (f"{PASSES}    hostname: '${{A'\n", "compose-refused", "Docker Compose starts nothing:"),
    ],
    ids=["env file is missing", "variable is required", "no YAML", "brace is missing"],
)
def test_project_that_compose_does_not_start_fails(
    cli: Cli, compose: str, code: str, words: str
) -> None:
    project(cli, compose)
    result = cli("test", "--json")
    assert (result.code, result.json["verdict"]) == (3, "fail")
    diagnosis = result.json["diagnosis"]
    assert (diagnosis["code"], diagnosis["field"]) == (code, None)
    assert words in diagnosis["summary"]
    assert diagnosis["remedy"]
    assert len(diagnosis["reason"]) <= 24


def test_connection_is_tested_all_the_same(cli: Cli) -> None:
    project(cli, f"{PASSES}    env_file: mail.env\n")
    [stage] = cli("test", "--json").json["stages"]
    assert (stage["stage"], stage["outcome"]) == ("dns", "skip")


def test_values_that_are_only_tried_do_not_depend_on_compose(cli: Cli) -> None:
    project(cli, f"{PASSES}    env_file: mail.env\n")
    result = cli("test", "--user", "you@example.org", "--json")
    assert result.json["diagnosis"]["code"] == "container-internal"


@pytest.mark.parametrize(
    ("compose", "env", "own_env", "words", "remedy"),
    [
        (PASSES, "", "", "what Compose makes of a variable that has no value", "--secret-stdin"),
        (PASSES, "", "SMTP_SECRET=hunter22\n", "wins over the value in", "Move the line from"),
        (PASSES, "A=1\nSMTP_SECRET=\n", "", "stands in {}/.env, line 2.", "--secret-stdin"),
        (
            PASSES.replace("${SMTP_SECRET}", ""),
            "",
            "",
            "stands in {}/compose.yaml, line 5.",
            "Write:   SMTP_SECRET: ${SMTP_SECRET:?}",
        ),
        (PASSES.replace("${SMTP_SECRET}", "$MAIL_PW"), "SMTP_SECRET=x\n", "", "in its place", ""),
        (SERVICE, "", "SMTP_SECRET=\n", "has no value in {}/bomnipotent_config/.env", "Store"),
    ],
    ids=["nowhere", "beside config.toml", "in .env", "compose file", "other name", "server's own"],
)
def test_empty_secret_of_the_container_fails(
    cli: Cli, compose: str, env: str, own_env: str, words: str, remedy: str
) -> None:
    project(cli, compose, env)
    if own_env:
        cli.write("bomnipotent_config/.env", own_env)
    result = cli("test", "--json")
    assert (result.code, result.json["verdict"]) == (3, "fail")
    diagnosis = result.json["diagnosis"]
    assert (diagnosis["code"], diagnosis["field"]) == ("secret-missing", "secret")
    assert words.format(cli.directory) in diagnosis["summary"]
    assert diagnosis["summary"].endswith("The server logs in with an empty password.")
    assert remedy in diagnosis["remedy"]
    shown = cli("show", "--json").json["secret"]
    assert not shown["set"]


@pytest.mark.parametrize(
    ("secret", "env", "environment", "words"),
    [
        ("${SMTP_SECRET}", "SMTP_SECRET=\n", None, "SMTP_SECRET has no value in"),
        ("${SMTP_SECRET}", "SMTP_SECRET=x\n", "", "set in this environment, but empty"),
        ("", "", None, "The secret in config.toml is empty."),
    ],
    ids=["in .env", "in the environment", "in config.toml"],
)
def test_empty_secret_fails_where_a_mail_needs_no_login(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    relay: str,
    secret: str,
    env: str,
    environment: str | None,
    words: str,
) -> None:
    config = CONFIG.replace("mail.example.org", relay).replace("${SMTP_SECRET}", secret)
    cli.write("config.toml", config)
    cli.write(".env", env)
    if environment is not None:
        monkeypatch.setenv("SMTP_SECRET", environment)
    result = cli("test", "--json")
    assert (result.code, result.json["diagnosis"]["code"]) == (3, "secret-missing")
    assert words in result.json["diagnosis"]["summary"]
    found = {each["code"] for each in cli("check", "--json").json["findings"]}
    assert found & {"secret-blank", "environment-blank"}
    kept = cli("set", "--user", "you@example.org", "--no-test", "--json")
    assert kept.code == 0
    assert "secret-missing" in {each["code"] for each in kept.json["warnings"]}
