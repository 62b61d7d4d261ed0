"""``test`` says by exit code and JSON what the server will meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.check.vendors import compose, write
from tests.cli.conftest import CONFIG, Cli
from tests.compose.test_running import stand_in
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.secrets.secret import Secret

SECRET = "hunter22"


@pytest.fixture(scope="module")
def relay() -> Iterator[str]:
    """The endpoint of a relay without login."""
    with MailServer(DEMO_USER, Secret(SECRET)) as server:
        yield f"smtp://127.0.0.1:{server.ports.relay}"


def test_working_settings_pass(cli: Cli, relay: str) -> None:
    result = cli("test", "--user", DEMO_USER, "--endpoint", relay, "--json")
    assert result.code == 0
    report = result.json
    assert report["verdict"] == "pass"
    assert report["route"]["endpoint"] == relay
    assert report["route"]["host"] == "127.0.0.1"
    assert report["route"]["security"] == "none"
    assert report["diagnosis"] is None
    assert report["alternatives"] == []
    stages = {stage["stage"]: stage["outcome"] for stage in report["stages"]}
    assert stages["tcp"] == stages["ehlo"] == stages["mail"] == "pass"
    assert all(stage["seconds"] >= 0 for stage in report["stages"])


def test_stored_settings_are_tested_without_flags(cli: Cli, relay: str) -> None:
    config = CONFIG.replace("mail.example.org", relay).replace('secret = "${SMTP_SECRET}"\n', "")
    cli.write("config.toml", config)
    result = cli("test")
    assert result.code == 0
    assert "The server connects to 127.0.0.1" in result.out
    assert "can send mail" in result.out


def test_flags_are_tested_and_nothing_is_written(cli: Cli, relay: str) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", f"SMTP_SECRET={SECRET}\n")
    before = cli.snapshot()
    assert cli("test", "--endpoint", relay, "--no-secret").code == 0
    assert cli.snapshot() == before


def test_failing_settings_end_with_3_and_a_remedy(cli: Cli) -> None:
    result = cli("test", "--user", "a@b", "--endpoint", "smtp://127.0.0.1:1", "--json")
    assert result.code == 3
    assert result.json["verdict"] == "fail"
    assert result.json["diagnosis"]["code"] == "refused"
    assert result.json["diagnosis"]["stage"] == "tcp"
    assert result.json["diagnosis"]["remedy"]
    human = cli("test", "--user", "a@b", "--endpoint", "smtp://127.0.0.1:1")
    assert human.code == 3
    assert "(refused)" in human.out


@pytest.mark.parametrize(
    "wrong",
    [
        *('starttls = "yes"', 'starttls = "${ON}"', "starttls = 1", "secret = 5"),
        *("user = 5", "port = 465"),
    ],
)
def test_section_for_which_the_server_does_not_start_fails(
    cli: Cli, relay: str, wrong: str
) -> None:
    key = wrong.partition(" ")[0]
    values = {"user": '"me@example.org"', "endpoint": f'"{relay}"'}
    lines = [f"{name} = {value}" for name, value in values.items() if name != key]
    cli.write("config.toml", "\n".join(["[smtp]", *lines, wrong, ""]))
    result = cli("test", "--json")
    assert (result.code, result.json["verdict"]) == (3, "fail")
    assert key in result.json["diagnosis"]["summary"]
    if key == "starttls":
        assert cli("show", "--json").json["starttls"] is None


def test_empty_section_fails(cli: Cli) -> None:
    cli.write("config.toml", "[smtp]\n")
    result = cli("test", "--json")
    assert (result.code, result.json["diagnosis"]["code"]) == (3, "user-empty")


def test_no_settings_are_not_testable(cli: Cli) -> None:
    result = cli("test", "--json")
    assert result.code == 7
    assert result.json["verdict"] == "untestable"
    diagnosis = result.json["diagnosis"]
    assert diagnosis["code"] == "not-configured"
    assert diagnosis["summary"].endswith(f"{cli.directory}/config.toml does not exist.")
    assert result.json["route"] is None
    cli.write("config.toml", "")
    assert "no [smtp] section" in cli("test").out


def test_loopback_in_a_compose_layout_is_not_testable(cli: Cli) -> None:
    cli.write("compose.yaml", "services: {bomnipotent_server: {}}\n")
    result = cli("test", "--user", "a@b", "--endpoint", "smtp://localhost:2500", "--json")
    assert result.code == 7
    assert result.json["diagnosis"]["code"] == "container-internal"


COMPOSED = "services: {server: {image: wwhsoft/bomnipotent_server, hostname: mail.example.org}}\n"


def test_the_text_says_from_where_and_what_would_change_that(cli: Cli) -> None:
    cli.write("compose.yaml", COMPOSED)
    flags = ("--user", "a@b", "--endpoint", "smtp://localhost:2500")
    result = cli("test", *flags)
    assert result.code == 7
    assert "Seen from this machine, not from inside the container: " in result.out
    assert cli("test", *flags, "--json").json["from"] == "host"
    asked = cli("test", *flags, "--from", "host")
    assert "Tested from this machine, as asked" in asked.out


def test_the_inside_of_a_container_that_cannot_be_entered_is_not_tested(cli: Cli) -> None:
    flags = ("--user", "a@b", "--endpoint", "smtp://localhost:2500", "--from", "container")
    alone = cli("test", *flags, "--json")
    assert (alone.code, alone.json["diagnosis"]["code"]) == (7, "container-unreachable")
    cli.write("compose.yaml", COMPOSED)
    result = cli("test", *flags, "--json")
    assert (result.code, result.json["verdict"]) == (7, "untestable")
    assert result.json["diagnosis"]["code"] == "container-unreachable"
    assert result.json["diagnosis"]["remedy"]
    assert result.json["stages"] == []


def test_stored_endpoint_that_cannot_work_fails_without_a_connection(cli: Cli) -> None:
    cli.write("config.toml", CONFIG.replace("mail.example.org", "mail.example.org:587"))
    cli.write(".env", f"SMTP_SECRET={SECRET}\n")
    result = cli("test", "--json")
    assert result.code == 3
    assert result.json["diagnosis"]["code"] == "endpoint-port"


@pytest.mark.parametrize(
    ("line", "code", "stage"),
    [
        ('user = "${NOBODY_SETS}"', "variable-unset", "mail"),
        ('endpoint = "${NOBODY_SETS}"', "variable-unset", "dns"),
        ("starttls = ${NOBODY_SETS}", "variable-unset", "starttls"),
        ('user = " you"', "user-blanks", "mail"),
        ('user = "<you@yourdomain.com>"', "user-placeholder", "mail"),
        ('endpoint = "your.smtp.host"', "endpoint-placeholder", "dns"),
        ("starttls = ${MAYBE}", "starttls-value", "starttls"),
    ],
    ids=[
        "user unset",
        "endpoint unset",
        "starttls unset",
        "blank",
        "example of a user",
        "example of an endpoint",
        "no boolean",
    ],
)
def test_value_that_cannot_work_fails_at_the_stage_that_needs_it(
    cli: Cli, line: str, code: str, stage: str
) -> None:
    key = line.partition(" ")[0]
    kept = [each for each in CONFIG.splitlines() if not each.startswith(f"{key} ")]
    cli.write("config.toml", "\n".join(kept).replace("[smtp]", f"[smtp]\n{line}"))
    cli.write(".env", f"SMTP_SECRET={SECRET}\nMAYBE=maybe\n")
    diagnosis = cli("test", "--json").json["diagnosis"]
    assert (diagnosis["code"], diagnosis["stage"]) == (code, stage)


def test_stored_user_that_is_not_an_address_fails_everywhere_and_is_shown(cli: Cli) -> None:
    cli.write(
        "config.toml", CONFIG.replace('user = "me@example.org"', 'user = "Me <me@example.org>"')
    )
    cli.write(".env", f"SMTP_SECRET={SECRET}\n")
    tested = cli("test", "--json")
    diagnosis = tested.json["diagnosis"]
    assert (tested.code, tested.json["verdict"]) == (3, "fail")
    assert (diagnosis["code"], diagnosis["field"]) == ("user-brackets", "user")
    assert diagnosis["remedy"] == "Give it as: --user me@example.org"

    given = cli("test", "--json", "--user", "me@example.org,you@example.org")
    assert (given.code, given.json["error"]["code"]) == (2, "user-list")

    checked = cli("check", "--json")
    found = next(each for each in checked.json["findings"] if each["code"] == "user-brackets")
    assert (checked.code, found["severity"]) == (8, "error")
    assert found["remedy"] == "Correct it: smtp-wizard set --user me@example.org"
    assert found["line"] == 1 + CONFIG[: CONFIG.index("user = ")].count("\n")

    assert cli("show", "--json").json["user"] == "Me <me@example.org>"
    assert cli("show").code == 0


def test_secret_that_nothing_sets_fails(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    result = cli("test", "--json")
    assert result.code == 3
    assert result.json["diagnosis"]["code"] == "secret-missing"
    assert result.json["diagnosis"]["stage"] == "auth"


def test_deadline_holds(cli: Cli) -> None:
    """A listener that never greets: the server would wait longer, so nobody can say."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        endpoint = f"smtp://127.0.0.1:{port}"
        result = cli("test", "--user", "a@b", "--endpoint", endpoint, "--timeout", "1", "--json")
    assert result.code == 7
    assert result.json["diagnosis"]["code"] == "slow"
    assert result.json["seconds"] < 5


def test_set_writes_only_what_passes(cli: Cli, relay: str) -> None:
    refused = cli("set", "--user", DEMO_USER, "--endpoint", "smtp://127.0.0.1:1", "--json")
    assert refused.code == 3
    assert refused.json["error"]["code"] == "refused"
    assert refused.json["changed"] is False
    assert refused.json["test"]["verdict"] == "fail"
    assert cli.snapshot() == {}
    passed = cli("set", "--user", DEMO_USER, "--endpoint", relay, "--json")
    assert passed.code == 0
    assert passed.json["test"]["verdict"] == "pass"
    assert list(cli.snapshot()) == ["config.toml"]


def test_real_mail_goes_to_the_recipient(cli: Cli) -> None:
    with MailServer(DEMO_USER, Secret(SECRET)) as server:
        endpoint = f"smtp://127.0.0.1:{server.ports.relay}"
        flags = ("--user", DEMO_USER, "--endpoint", endpoint, "--json")
        assert cli("test", *flags).code == 0
        unasked = len(server.messages)
        result = cli("test", "--to", "you@demo.example", *flags)
        assert result.code == 0
        assert [mail.recipients for mail in server.messages] == [("you@demo.example",)]
        assert unasked == 0
    stages = {stage["stage"]: stage["outcome"] for stage in result.json["stages"]}
    assert stages["rcpt"] == stages["data"] == "pass"
    assert list(stages)[-3:] == ["rset", "quit", "data"]
    assert result.json["stages"][-1]["detail"]["queue_id"] == "DEMO1"


def test_dialogue_of_both_clients_is_shown(cli: Cli, relay: str) -> None:
    flags = ("--user", DEMO_USER, "--endpoint", relay, "--to", "you@demo.example")
    lines = cli("test", *flags, "--transcript", "--json").json["transcript"]
    [second] = [number for number, line in enumerate(lines) if "aiosmtplib" in line]
    for dialogue in (lines[:second], lines[second:]):
        for command in ("EHLO", f"MAIL FROM:<{DEMO_USER}>", "RCPT TO:<you@demo.example>", "QUIT"):
            assert any(f"C: {command}" in line for line in dialogue)
    assert not any("C: DATA" in line for line in lines[:second])


def test_mail_that_is_refused_after_the_verdict_fails(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> str:
        return "554 5.7.1 Looks like spam"

    monkeypatch.setattr("wizard.demo.mail_server._Account.handle_DATA", refuse)
    with MailServer(DEMO_USER, Secret(SECRET)) as server:
        endpoint = f"smtp://127.0.0.1:{server.ports.relay}"
        flags = ("--user", DEMO_USER, "--endpoint", endpoint)
        assert cli("test", *flags).code == 0
        result = cli("test", *flags, "--to", "you@demo.example")
    assert result.code == 3
    assert "mail-refused" in result.out
    assert "554 5.7.1 Looks like spam" in result.out


@pytest.mark.parametrize(
    "address",
    ["you", "a@b, c@d", "a b@c", "<a@b>", "a@b\nRCPT", "", "you@[192.0.2.1", "you@a..b", "(you)@b"],
)
def test_recipient_that_is_not_one_address_is_refused(cli: Cli, address: str) -> None:
    result = cli("test", "--to", address, "--user", "a@b", "--endpoint", "c", "--json")
    assert (result.code, result.json["error"]["code"]) == (2, "recipient")


def test_transcript_and_report_show_the_dialogue(cli: Cli, relay: str) -> None:
    flags = ("--user", DEMO_USER, "--endpoint", relay)
    shown = cli("test", "--transcript", *flags).out
    assert "S: 220 " in shown
    assert "C: EHLO" in shown
    lines = cli("test", "--transcript", "--json", *flags).json["transcript"]
    assert any("C: EHLO" in line for line in lines)
    report = cli("test", "--report", *flags).out
    assert "Verdict: pass" in report
    assert "swaks" in report


def test_working_alternative_is_offered_as_a_command(cli: Cli, relay: str) -> None:
    """A relay without encryption on a port where STARTTLS was asked for."""
    flags = ("--user", DEMO_USER, "--endpoint", f"{relay}?tls=required", "--json")
    report = cli("test", *flags).json
    assert report["diagnosis"]["code"] == "starttls-missing"
    assert report["alternatives"] == [{"endpoint": relay, "starttls": False, "verdict": "warn"}]
    assert cli("test", "--no-alternatives", *flags).json["alternatives"] == []


def test_docker_without_its_compose_plugin_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'case $1 in ps) echo "Cannot connect to the Docker daemon";; *) echo "unknown";; esac'
    docker = stand_in(cli.directory, f"{script} >&2; exit 1", "docker")
    monkeypatch.setenv("PATH", docker["PATH"].partition(":")[0])
    write(cli.directory, compose())
    result = cli("test", "--from", "container", "--json")
    assert result.code == 7
    assert "lacks its Compose plugin" in result.json["diagnosis"]["summary"]
