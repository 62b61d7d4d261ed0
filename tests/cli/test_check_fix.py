"""``check --fix`` repairs what has one right answer, and ``undo`` takes it back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.check.vendors import COMPOSE, CONFIG, compose, standalone, write
from tests.cli.conftest import Cli
from wizard.files import replacing
from wizard.saving import transaction
from wizard.text.display import short_path

LITERAL = CONFIG.replace("${SMTP_SECRET}", "hunter22")
WITHOUT_SECRET = "BOMNIPOTENT_DB_PW=dbpass\n"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def codes(result: object) -> list[str]:
    return [finding["code"] for finding in result.json["findings"]]  # type: ignore[attr-defined]


@pytest.fixture
def exposed(cli: Cli) -> Cli:
    """Return a repository in which everybody can read ``.env``, and git would take it in."""
    write(cli.directory, compose())
    (cli.directory / ".env").chmod(0o644)
    subprocess.run(["git", "init", "-q", str(cli.directory)], check=True)
    return cli


def test_modes_and_gitignore_are_repaired_and_undone(exposed: Cli) -> None:
    before = exposed.snapshot()
    result = exposed("check", "--fix")
    assert result.code == 0
    assert result.out == (
        f"✓ {exposed.directory}/.env: mode 0644 → 0600\n"
        f"✓ {exposed.directory}/.gitignore: new, 1 line: .env\n"
        "2 repaired, nothing is left. Take it back: smtp-wizard undo\n"
    )
    assert mode(exposed.directory / ".env") == 0o600
    assert (exposed.directory / ".gitignore").read_text() == ".env\n"
    assert exposed("undo").code == 0
    assert exposed.snapshot() == before
    assert exposed("undo").code == 0  # an undo is a write itself
    assert mode(exposed.directory / ".env") == 0o600


def test_a_second_run_changes_nothing(exposed: Cli) -> None:
    exposed("check", "--fix")
    repaired = exposed.snapshot()
    result = exposed("check", "--fix")
    assert (result.code, result.out) == (0, "There is nothing to repair.\n")
    assert exposed.snapshot() == repaired


def test_json_says_what_can_be_repaired_and_what_was(exposed: Cli) -> None:
    assert [each["fixable"] for each in exposed("check", "--json").json["findings"]] == [True, True]
    document = exposed("check", "--fix", "--json").json
    assert document["changed"] is True
    assert document["restart_needed"] is False
    assert [each["fixed"] for each in document["findings"]] == [True, True]
    assert [Path(each["path"]).name for each in document["files"]] == [".gitignore", ".env"]


def test_a_dry_run_shows_everything_and_writes_nothing(exposed: Cli) -> None:
    before = exposed.snapshot()
    result = exposed("check", "--fix", "--dry-run")
    assert result.code == 8
    assert "old mode 0644\nnew mode 0600\n" in result.out
    assert "+.env\n" in result.out
    document = exposed("check", "--fix", "--dry-run", "--json").json
    assert not any("fixed" in each for each in document["findings"])
    assert exposed.snapshot() == before


def test_a_dry_run_says_what_is_left(cli: Cli) -> None:
    passes_nothing = COMPOSE.replace("      SMTP_SECRET: ${SMTP_SECRET}\n", "")
    write(cli.directory, compose(passes_nothing))
    result = cli("check", "--fix", "--dry-run")
    assert result.code == 8
    assert "SMTP_SECRET" in result.out
    assert result.out.endswith("Nothing can be repaired: what is left is up to you (1 error).\n")


def test_two_secrets_are_not_repaired_and_the_advice_says_why(cli: Cli) -> None:
    write(cli.directory, compose(config=LITERAL, env=f"{WITHOUT_SECRET}SMTP_SECRET=another\n"))
    before = cli.snapshot()
    finding = next(
        each
        for each in cli("check", "--json").json["findings"]
        if each["code"] == "secret-in-config"
    )
    assert finding["fixable"] is False
    assert "SMTP_SECRET has another value already" in finding["remedy"]
    assert finding["remedy"].endswith("smtp-wizard set --secret-stdin")
    repaired = cli("check", "--fix")
    assert finding["remedy"] in repaired.out
    assert cli.snapshot() == before
    cli("set", "--secret-stdin", "--no-test", stdin=b"hunter23\n")
    assert cli("check").code == 0


def test_a_secret_that_the_container_would_not_get_is_not_advised_to_be_repaired(cli: Cli) -> None:
    passes_nothing = COMPOSE.replace("      SMTP_SECRET: ${SMTP_SECRET}\n", "")
    write(cli.directory, compose(passes_nothing, config=LITERAL, env=WITHOUT_SECRET))
    result = cli("check")
    assert "set --secret-stdin" in result.out
    assert "check --fix" not in result.out


def test_a_dry_run_without_fix_is_a_mistake(exposed: Cli) -> None:
    assert exposed("check", "--dry-run").code == 2


def test_errors_that_are_left_are_exit_8(cli: Cli) -> None:
    passes_nothing = COMPOSE.replace("      SMTP_SECRET: ${SMTP_SECRET}\n", "")
    write(cli.directory, compose(passes_nothing))
    (cli.directory / ".env").chmod(0o644)
    result = cli("check", "--fix")
    assert result.code == 8
    assert result.out.splitlines()[-1] == "1 repaired, 1 error left. Take it back: smtp-wizard undo"
    assert cli("check", "--fix").out.endswith(
        "Nothing was repaired: what is left is up to you (1 error).\n"
    )


def test_the_section_is_renamed(cli: Cli) -> None:
    write(cli.directory, compose(config=CONFIG.replace("[smtp]", "[smtp_config]  # ours")))
    assert cli("check", "--fix").code == 0
    config = cli.directory / "bomnipotent_config" / "config.toml"
    assert "\n[smtp]  # ours\n" in config.read_text()


def test_a_secret_in_config_is_moved_to_env(cli: Cli) -> None:
    write(cli.directory, compose(config=LITERAL, env=WITHOUT_SECRET))
    before = cli.snapshot()
    result = cli("check", "--fix")
    assert result.code == 0
    assert "hunter22" not in result.out + result.err
    assert "Restart the server" in result.err
    config = cli.directory / "bomnipotent_config" / "config.toml"
    assert config.read_text() == CONFIG
    assert "SMTP_SECRET=hunter22\n" in (cli.directory / ".env").read_text()
    assert cli("undo").code == 0
    assert cli.snapshot() == before


def test_a_new_env_file_is_ignored_by_git_from_the_beginning(cli: Cli) -> None:
    files = standalone(config=LITERAL.replace("${BOMNIPOTENT_DB_PW}", "x"))
    del files["bomnipotent_config/.env"]
    config = write(cli.directory, files)
    subprocess.run(["git", "init", "-q", str(cli.directory)], check=True)
    cli("check", "--fix")
    assert config.with_name(".env").exists()
    assert config.with_name(".gitignore").read_text() == ".env\n"
    assert "env-not-ignored" not in codes(cli("check", "--json"))


@pytest.mark.parametrize("env", [WITHOUT_SECRET, "SMTP_SECRET=another\n"], ids=["hidden", "taken"])
def test_a_secret_stays_where_moving_it_needs_a_decision(cli: Cli, env: str) -> None:
    text = COMPOSE if "another" in env else COMPOSE.replace("SMTP_SECRET: ${SMTP_SECRET}", "A: b")
    write(cli.directory, compose(text, LITERAL, env))
    before = cli.snapshot()
    cli("check", "--fix")
    assert cli.snapshot() == before


def test_a_file_that_was_given_to_a_group_stays_readable_for_it(cli: Cli) -> None:
    if os.geteuid():
        pytest.skip("only root can give files to any group")
    write(cli.directory, compose())
    env = cli.directory / ".env"
    os.chown(env, 0, 12345)
    env.chmod(0o644)
    cli("check", "--fix")
    assert mode(env) == 0o640


def test_lines_are_added_to_gitignore_as_it_ends_its_own(exposed: Cli) -> None:
    path = exposed.directory / ".gitignore"
    path.write_bytes(b"*.log\r\n!.env")
    path.chmod(0o664)
    result = exposed("check", "--fix")
    assert ".gitignore: 1 line more: .env\n" in result.out
    assert path.read_bytes() == b"*.log\r\n!.env\r\n.env\r\n"
    assert mode(path) == 0o664


def test_a_gitignore_that_is_a_link_is_left_alone(exposed: Cli) -> None:
    other = exposed.write("other", "# nobody expects changes here\n")
    (exposed.directory / ".gitignore").symlink_to(other)
    assert "env-not-ignored" in codes(exposed("check", "--fix", "--json"))
    assert other.read_text() == "# nobody expects changes here\n"


def test_a_failure_puts_modes_back(exposed: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = exposed.snapshot()
    real = replacing.change_mode

    def fail_afterwards(*arguments: object) -> object:
        real(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(transaction, "change_mode", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(transaction, "change_mode", fail_afterwards)
    assert exposed("check", "--fix").code == 130
    assert exposed.snapshot() == before


def test_the_way_back_names_the_same_configuration(
    exposed: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(exposed.directory / "bomnipotent_config" / "config.toml")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    result = exposed("check", "--fix", "-c", config)
    assert result.out.endswith(f"Take it back: smtp-wizard undo -c {short_path(Path(config))}\n")
    assert exposed("undo", "-c", config).code == 0
