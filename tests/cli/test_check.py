"""``check`` prints what is wrong; its exit code tells errors from the rest."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.check.vendors import CONFIG, compose, standalone, write
from tests.cli.conftest import Cli


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def test_nothing_to_report(cli: Cli) -> None:
    write(cli.directory, compose())
    result = cli("check")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Nothing to report about ")
    assert cli("check", "--json").json == {"findings": []}


def test_errors_are_exit_8_and_come_first(cli: Cli) -> None:
    config = CONFIG.replace("[smtp]\n", "[smtp]\nport = 1\n").replace('"me@', '"me.')
    write(cli.directory, compose(config=config))
    result = cli("check", "--json")
    assert result.code == 8
    first, second = result.json["findings"]
    assert first == {
        "code": "smtp-key-unknown",
        "severity": "error",
        "path": str(cli.directory / "bomnipotent_config" / "config.toml"),
        "line": 15,
        "message": "The server does not know 'port' in [smtp], and unknown keys keep it from "
        "starting.",
        "remedy": "Remove it. Known are: user, endpoint, secret, starttls.",
        "fixable": False,
    }
    assert second["code"] == "user-not-an-address"
    human = cli("check")
    assert human.code == 8
    assert human.out.startswith("✗ error: ")
    assert "config.toml, line 15: The server does not know" in human.out


def test_warnings_alone_are_exit_0(cli: Cli) -> None:
    write(cli.directory, compose(config=CONFIG.replace('"me@example.org"', '"me"')))
    result = cli("check")
    assert result.code == 0
    assert result.out.startswith("! warning: ")


def test_invalid_configuration_is_a_finding_and_not_a_failure(cli: Cli) -> None:
    write(cli.directory, compose(config="[smtp\nsecret = 'hunter22'\n"))
    result = cli("check", "--json")
    assert result.code == 8
    assert [one["code"] for one in result.json["findings"]] == ["config-invalid-toml"]


def test_named_files_are_checked(cli: Cli) -> None:
    write(cli.directory / "a", standalone())
    config = str(cli.directory / "a" / "bomnipotent_config" / "config.toml")
    assert cli("check", "-c", config).code == 0
    empty = cli.write("empty.env", "")
    result = cli("check", "-c", config, "--env-file", str(empty), "--json")
    assert result.code == 8
    assert {one["code"] for one in result.json["findings"]} == {"env-in-wrong-directory"}


def test_check_changes_no_file(cli: Cli) -> None:
    write(cli.directory, compose(config=CONFIG.replace("[smtp]", "[smtp_config]")))
    before = cli.snapshot()
    cli("check")
    assert cli.snapshot() == before


def test_no_heavy_library_is_loaded_in_this_process(cli: Cli) -> None:
    """The keyring and the network never; the YAML library only where there is a compose file."""
    heavy = ("keyring", "secretstorage", "jeepney", "aiosmtplib", "ssl", "textual", "yaml")
    code = (
        "import sys; from wizard.cli import main; main(['check', '--json'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    for files, loaded in ((standalone(), "[]"), (compose(), "['yaml']")):
        config = write(cli.directory / loaded.strip("[']"), files)
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=config.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert json.loads(done.stdout) == {"findings": []}
        assert done.stderr.splitlines()[-1] == loaded
