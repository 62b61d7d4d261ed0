"""``show`` says what is set and where it comes from, never the secret."""

from __future__ import annotations

import pytest

from tests.check.vendors import COMPOSE, compose, write
from tests.cli.conftest import CONFIG, Cli


def test_everything_is_shown_but_the_secret(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=hunter22\n")
    for arguments in (["show"], ["show", "--json"]):
        result = cli(*arguments)
        assert result.code == 0
        assert "me@example.org" in result.out
        assert "hunter22" not in result.out + result.err
    assert cli("show", "--json").json == {
        "config": str(cli.directory / "config.toml"),
        "env_file": str(cli.directory / ".env"),
        "layout": "standalone",
        "user": "me@example.org",
        "endpoint": "mail.example.org",
        "starttls": False,
        "skip_verification": False,
        "secret": {
            "set": True,
            "reference": "${SMTP_SECRET}",
            "variable": "SMTP_SECRET",
            "found_in": ["env-file"],
            "effective": "env-file",
        },
    }


def test_environment_wins_over_env_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=hunter22\n")
    monkeypatch.setenv("SMTP_SECRET", "")
    secret = cli("show", "--json").json["secret"]
    assert secret["found_in"] == ["environment", "env-file"]
    assert secret["effective"] == "environment"
    assert secret["set"] is False


def test_literal_secret_and_password_in_the_endpoint_are_not_printed(cli: Cli) -> None:
    text = CONFIG.replace("${SMTP_SECRET}", "hunter22").replace(
        "mail.example.org", "smtp://u:sesame99@relay"
    )
    cli.write("config.toml", text)
    result = cli("show", "--json")
    assert result.json["secret"]["effective"] == "literal"
    assert result.json["secret"]["reference"] is None
    assert result.json["endpoint"] == "smtp://u:********@relay"
    human = cli("show")
    for shown in (result.out, human.out):
        assert "hunter22" not in shown
        assert "sesame99" not in shown


def test_nothing_is_shown_as_nothing(cli: Cli) -> None:
    result = cli("show", "--json")
    assert result.code == 0
    assert result.json["user"] is None
    assert result.json["secret"] == {
        "set": False,
        "reference": None,
        "variable": None,
        "found_in": [],
        "effective": None,
    }
    assert "does not exist" in cli("show").out


def test_compose_layout_is_recognised(cli: Cli) -> None:
    cli.write("compose.yaml", "services: {}\n")
    cli.write("bomnipotent_config/config.toml", CONFIG)
    document = cli("show", "--json").json
    assert document["layout"] == "compose"
    assert document["env_file"] == str(cli.directory / ".env")


def test_broken_value_is_shown_with_its_problem(cli: Cli) -> None:
    cli.write("config.toml", CONFIG.replace("mail.example.org", "mail.example.org:587"))
    result = cli("show")
    assert result.code == 0
    assert "No port can follow a host name" in result.out


def test_skip_is_shown(cli: Cli) -> None:
    cli.write("config.toml", "skip_user_verification = true\n")
    assert cli("show", "--json").json["skip_verification"] is True


def test_control_characters_are_shown_as_escapes(cli: Cli) -> None:
    text = CONFIG.replace("me@example.org", "\\u001b]0;x\\u0007").replace("mail.", "\\u009bmail.")
    cli.write("dir\x1b[31m/config.toml", text)
    result = cli("-c", str(cli.directory / "dir\x1b[31m" / "config.toml"), "show")
    assert result.code == 0
    assert "\x1b" not in result.out
    assert "\\x1b]0;x\\x07" in result.out
    cli.write("dir\x1b[31m/config.toml", "[smtp")
    broken = cli("-c", str(cli.directory / "dir\x1b[31m" / "config.toml"), "show")
    assert "\x1b" not in broken.err
    assert "\x1b" not in cli("sh\x1bow").err


def test_json_is_ascii_whatever_the_values(cli: Cli) -> None:
    cli.write("config.toml", CONFIG.replace("me@", "jürgen😀\u202e@"))
    result = cli("show", "--json")
    assert result.out.isascii()
    assert result.json["user"] == "jürgen😀\u202e@example.org"


def test_a_variable_that_compose_does_not_pass_on_is_told_with_the_line_to_add(cli: Cli) -> None:
    passes_nothing = COMPOSE.replace("      SMTP_SECRET: ${SMTP_SECRET}\n", "")
    write(cli.directory, compose(passes_nothing))
    for command in (["show"], ["test", "--from", "host"]):
        done = cli(*command)
        told = " ".join((done.out + done.err).split())
        assert "does not get SMTP_SECRET" in told, command
        assert "compose.yaml: SMTP_SECRET: ${SMTP_SECRET:?}" in told, command


def test_section_that_the_server_does_not_read_is_named(cli: Cli) -> None:
    cli.write("config.toml", CONFIG.replace("[smtp]", "[smtp_config]"))
    assert "[smtp_config] in line 4 is not read: the section is called [smtp]." in cli("show").out


@pytest.mark.parametrize("content", [None, b"A=\xe9\n"], ids=["a directory", "not UTF-8"])
def test_unreadable_env_beside_config_toml_hides_nothing_else(
    cli: Cli, content: bytes | None
) -> None:
    write(cli.directory, compose())
    beside = cli.directory / "bomnipotent_config" / ".env"
    if content is None:
        beside.mkdir()
    else:
        beside.write_bytes(content)
    assert cli("show", "--json").code == 0
    checked = cli("check", "--json")
    assert checked.code == 8
    found = {(each["code"], each["path"]) for each in checked.json["findings"]}
    assert str(beside) in {path for _code, path in found}
