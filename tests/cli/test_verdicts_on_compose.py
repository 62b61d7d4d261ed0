"""``test`` where Compose decides: a project that it does not start, and a secret without a value.

There is no Docker here, so the wizard reads the files; ``tests/compose`` has layouts with Docker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.cli.conftest import CONFIG, Cli
from tests.compose.test_running import stand_in
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.secrets.secret import Secret

SECRET = "hunter22"
SERVICE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server
    network_mode: host
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


def on_host(cli: Cli, endpoint: str, *, secret: str = "${SMTP_SECRET}") -> None:
    """Let the server use an endpoint of this machine, whose network it shares."""
    config = CONFIG.replace("mail.example.org", endpoint)
    config = config.replace('secret = "${SMTP_SECRET}"', f'secret = "{secret}"' if secret else "")
    cli.write("bomnipotent_config/config.toml", config)


def project(cli: Cli, compose: str, env: str = "SMTP_SECRET=hunter22\n") -> None:
    config = CONFIG.replace("mail.example.org", "smtp://localhost:1")
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
        (f"{PASSES}\t- x\n", "compose-invalid", "compose.yaml, line 7: This is not valid YAML"),
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


def test_connection_is_tested_all_the_same(cli: Cli, relay: str) -> None:
    project(cli, f"{PASSES}    env_file: mail.env\n")
    on_host(cli, relay, secret="")
    result = cli("test", "--json")
    assert (result.code, result.json["diagnosis"]["code"]) == (3, "compose-env-file-missing")
    stages = {stage["stage"]: stage["outcome"] for stage in result.json["stages"]}
    assert (stages["ehlo"], stages["mail"]) == ("pass", "pass")


def test_values_that_are_only_tried_do_not_depend_on_compose(cli: Cli) -> None:
    project(cli, f"{PASSES}    env_file: mail.env\n")
    result = cli("test", "--user", "you@example.org", "--json")
    assert result.json["diagnosis"]["code"] == "refused"


@pytest.mark.parametrize(
    ("compose", "env", "own_env", "words", "remedy"),
    [
        (PASSES, "", "", "what Compose makes of a variable that has no value", "--secret-stdin"),
        (PASSES, "", "SMTP_SECRET=hunter22\n", "wins over the value in", "Move the line from"),
        (PASSES, "A=1\nSMTP_SECRET=\n", "", "from {}/.env, line 2.", "--secret-stdin"),
        (
            PASSES.replace("${SMTP_SECRET}", ""),
            "",
            "",
            "from {}/compose.yaml, line 6.",
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


@dataclass(frozen=True)
class Doubtful:
    """Compose files of which only Compose can work out what the container gets.

    ``files`` are others besides compose.yaml. ``reason`` is what the wizard names.
    """

    compose: str
    reason: str
    files: Mapping[str, str] = field(default_factory=dict)


EXTENDED = "services:\n  base:\n    image: wwhsoft/bomnipotent_server\n    env_file: mail.env\n"
DOUBTFUL = {
    "include": Doubtful("include: [server.yaml]\n", "include", {"server.yaml": PASSES}),
    "extends": Doubtful(
        f"{SERVICE}    extends: {{file: base.yaml, service: base}}\n",
        "extends",
        {"base.yaml": EXTENDED, "mail.env": "SMTP_SECRET=other\n"},
    ),
    "extended": Doubtful(
        f"{PASSES}  other: {{extends: {{service: bomnipotent_server}}}}\n",
        "extends: bomnipotent_server",
    ),
    "reset": Doubtful(
        PASSES, "!reset",
        {"compose.override.yaml": "services: {bomnipotent_server: {environment: !reset {}}}\n"},
    ),
    "two documents": Doubtful(
        f"{PASSES}---\nservices: {{bomnipotent_server: {{environment: {{SMTP_SECRET: x}}}}}}\n",
        "---",
    ),
    "number": Doubtful(PASSES.replace("'${SMTP_SECRET}'", "0o17"), "SMTP_SECRET"),
    "named from beyond": Doubtful(
        "include: [more.yaml]\nservices:\n  other: {image: x}\n", "include",
        {"more.yaml": PASSES},
    ),
}  # fmt: skip
each_doubtful = pytest.mark.parametrize("name", DOUBTFUL)


def doubtful(cli: Cli, name: str) -> Doubtful:
    found = DOUBTFUL[name]
    project(cli, found.compose)
    for path, text in found.files.items():
        cli.write(path, text)
    return found


@each_doubtful
def test_show_says_that_the_secret_is_not_judged(cli: Cli, name: str) -> None:
    reason = doubtful(cli, name).reason
    shown = cli("show", "--json").json
    secret = shown["secret"]
    assert (secret["set"], secret["found_in"], secret["effective"]) == (None, [], None)
    assert shown["container"]["not_judged"] == f"only Docker Compose can work out {reason}"
    rows = dict(line.split(maxsplit=1) for line in cli("show").out.splitlines())
    assert rows["secret"] == "not judged (${SMTP_SECRET})"


@each_doubtful
def test_check_has_no_error_for_a_secret_that_is_not_judged(cli: Cli, name: str) -> None:
    doubtful(cli, name)
    found = {each["code"]: each["severity"] for each in cli("check", "--json").json["findings"]}
    assert found["compose-not-judged"] == "note"
    errors = {code for code, severity in found.items() if severity == "error"}
    assert errors == {"server-settings-missing"}  # which are others


@each_doubtful
def test_set_warns_that_it_is_not_known_what_the_container_gets(cli: Cli, name: str) -> None:
    reason = doubtful(cli, name).reason
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"n3w-secret\n")
    assert result.code == 0
    [warning] = [each for each in result.json["warnings"] if each["code"].startswith("compose-")]
    assert warning["code"] == "compose-not-judged"
    assert f"only Docker Compose can work out {reason}." in warning["message"]


@pytest.mark.parametrize("name", ["extends", "extended", "reset", "number"])
def test_login_with_a_secret_that_is_not_judged_is_not_tried(
    cli: Cli, relay: str, name: str
) -> None:
    reason = doubtful(cli, name).reason
    on_host(cli, relay)
    result = cli("test", "--json")
    assert (result.code, result.json["verdict"]) == (7, "untestable")
    diagnosis = result.json["diagnosis"]
    assert (diagnosis["code"], diagnosis["stage"]) == ("compose-not-judged", "auth")
    assert f"only Docker Compose can work out {reason})" in diagnosis["summary"]
    stages = [(stage["stage"], stage["outcome"]) for stage in result.json["stages"]]
    assert stages == [(stage, "pass") for stage in ("dns", "tcp", "greeting", "ehlo")] + [
        ("auth", "skip")
    ]


@each_doubtful
def test_values_that_are_not_judged_are_not_tried(cli: Cli, name: str) -> None:
    """Where the endpoint is a variable, it is not even known where to connect to."""
    doubtful(cli, name)
    on_host(cli, "${SMTP_SECRET}")
    result = cli("test", "--json")
    assert (result.code, result.json["diagnosis"]["code"]) == (7, "compose-not-judged")
    assert (result.json["route"], result.json["stages"]) == (None, [])


@pytest.mark.parametrize(
    "compose",
    [
        f"{PASSES}    extends: {{file: base.yaml, service: base}}\n",
        f"include: [other.yaml]\n{PASSES}",
        f"{PASSES}  other: {{extends: {{service: third}}}}\n",
        PASSES.replace("}\n", ", LIMIT: 1e3}\n"),
    ],
    ids=["said by the service itself", "include", "another service", "another variable"],
)
def test_what_does_not_concern_the_secret_is_no_doubt(cli: Cli, compose: str) -> None:
    project(cli, compose)
    secret = cli("show", "--json").json["secret"]
    assert (secret["set"], secret["effective"]) == (True, "env-file")
    assert cli("test", "--json").json["diagnosis"]["code"] == "refused"


def test_verdict_on_a_project_that_is_not_judged_is_no_plain_pass(cli: Cli, relay: str) -> None:
    project(cli, f"{PASSES}    extends: {{file: base.yaml, service: base}}\n")
    on_host(cli, relay, secret="")
    result = cli("test", "--json")
    assert (result.code, result.json["verdict"]) == (0, "warn")
    assert result.json["diagnosis"]["code"] == "compose-not-judged"


@pytest.mark.parametrize("command", [("test",), ("show", "--json")])
def test_a_docker_that_hangs_is_asked_once(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """The operator would wait for as long again. (Docker is a stand-in: the real one answers.)"""
    asked = cli.directory / "asked"
    environ = stand_in(cli.directory, f'echo "$@" >> {asked}; exec /bin/sleep 60')
    monkeypatch.setenv("PATH", environ["PATH"].partition(":")[0])
    project(cli, PASSES.replace("network_mode: host", "hostname: mail"))
    shown = cli(*command).out
    assert len(asked.read_text().splitlines()) == 1
    if command == ("test",):
        assert "docker did not answer in time. Find out what holds it up" in shown
    else:
        assert '"running": null' in shown
