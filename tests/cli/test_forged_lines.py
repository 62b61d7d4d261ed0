"""What a file or a path says never begins a line of the output, nor steers the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

FORGED = "\nFORGED\r\x1b[2JFORGED\u2028\x85\tFORGED"
TEXT = json.dumps(f"x{FORGED}")
CONFIGS = {
    "user": f"[smtp]\nuser = {TEXT}\nendpoint = 'h.example'\nsecret = '${{SMTP_SECRET}}'\n",
    "endpoint": f"[smtp]\nuser = 'me@x.example'\nendpoint = {TEXT}\n",
    "endpoint that is a URL": f"[smtp]\nuser = 'me@x.example'\nendpoint = 'smtp://'{TEXT}\n",
    "starttls": f"[smtp]\nuser = 'me@x.example'\nendpoint = 'h.example'\nstarttls = {TEXT}\n",
    "secret": f"[smtp]\nuser = 'me@x.example'\nendpoint = 'h.example'\nsecret = {TEXT}\n",
    "unknown key": f"[smtp]\nuser = 'me@x.example'\nendpoint = 'h.example'\n{TEXT} = 1\n",
    "table": f"[{TEXT}]\nuser = 'me@x.example'\n[smtp.{TEXT}]\n",
    "domain": f"domain = {TEXT}\nlog_level = {TEXT}\n[smtp]\nuser = 'u'\nendpoint = 'h'\n",
    "log file": f"[smtp]\nuser = 'u'\nendpoint = 'h'\n[log]\nfile = {TEXT}\nlevel = {TEXT}\n",
    "variable in .env": "[smtp]\nuser = '${USER_X}'\nendpoint = '${HOST_X}'\n",
    "not TOML": f"[smtp]\n{TEXT} {TEXT}\n",
}
COMMANDS = [
    ["show"],
    ["check"],
    ["test", "--timeout", "1"],
    ["set", "--user", "a@b.example", "--dry-run", "--no-test"],
    ["undo"],
    ["exec", "--", "true"],
]


def forged(shown: str) -> list[str]:
    lines = shown.split("\n")
    return [line for line in lines if line.startswith("FORGED") or not line.isprintable()]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_values_forge_no_lines(cli: Cli, config: str) -> None:
    cli.write("config.toml", config)
    cli.write(".env", f"USER_X={TEXT}\nHOST_X={TEXT}\n'{TEXT}\n")
    cli.write("compose.yaml", f"services:\n  {TEXT}:\n    image: {TEXT}\n    env_file: {TEXT}\n")
    for command in COMMANDS[:4]:
        result = cli(*command)
        assert forged(result.out + result.err) == [], command


def test_paths_forge_no_lines(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / f"x{FORGED}"
    directory.mkdir()
    config, env = directory / "config.toml", directory / ".env"
    config.write_text("[smtp]\nuser = 'u@x.example'\nendpoint = '127.0.0.1'\nsecret = '${S}'\n")
    env.write_text("S=hunter2-secret\n")
    env.chmod(0o644)
    monkeypatch.setenv("SHELL", "true")
    for command in COMMANDS[:-1]:
        result = cli("-c", str(config), *command)
        assert forged(result.out + result.err) == [], command
    missing = cli("-c", str(directory / "none" / "config.toml"), "set", "--no-test")
    assert forged(missing.out + missing.err) == []


@pytest.mark.parametrize("flag", ["--user", "--endpoint", "--secret-var", "--to"])
def test_values_of_flags_forge_no_lines(cli: Cli, flag: str) -> None:
    command = "test" if flag == "--to" else "set"
    result = cli(command, "--user", "u@x.example", "--endpoint", "h.example", flag, f"x{FORGED}")
    assert result.code != 0
    assert forged(result.out + result.err) == []
