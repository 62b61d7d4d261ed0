"""The report of an unexpected error says where it happened, and never a value."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import CONFIG, Cli, cli
from wizard import __version__
from wizard.cli import show_command
from wizard.errors import FileRefused
from wizard.system import crash_report
from wizard.system.crash_report import CrashContext, crash_report_text, save_crash_report

__all__ = ["cli"]

SECRET = "hunter22"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "smtp-wizard"


def caught(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except BaseException as error:  # noqa: BLE001  (any)
        return error
    raise AssertionError("nothing was raised")


def chain() -> None:
    password = SECRET
    try:
        try:
            raise KeyError(password)
        except KeyError:
            raise OSError(5, password, f"/{password}")  # noqa: B904  (the context is the point)
    except OSError as error:
        raise FileRefused("some-code", password, password, path=Path(password)) from error


def test_report_names_versions_context_and_places() -> None:
    text = crash_report_text(caught(chain), CrashContext("set", "Server", "compose"))
    lines = text.splitlines()
    assert f"smtp-wizard: {__version__}" in lines
    assert "command:     set" in lines
    assert "stage:       Server" in lines
    assert "layout:      compose" in lines
    for name in ("python:", "system:", "textual:", "keyring:", "tomlkit:"):
        assert any(line.startswith(name) for line in lines), name
    assert "wizard.errors.FileRefused (some-code)" in lines
    assert "OSError (errno 5)" in lines
    assert "KeyError" in lines
    assert lines.index("caused by:") < lines.index("while dealing with:")
    assert any(line.startswith("  tests/system/test_crash_report.py:") for line in lines)
    assert any(line.endswith(" in chain") for line in lines)
    assert SECRET not in text


def test_places_do_not_name_directories_of_this_machine() -> None:
    text = crash_report_text(caught(lambda: compile("(", SECRET, "exec")), CrashContext())
    assert str(Path.cwd()) not in text
    code = compile("1 / 0", f"/home/somebody/a/b/{'c'}.py", "exec")
    text = crash_report_text(caught(lambda: exec(code)), CrashContext())  # noqa: S102  (a place)
    assert "a/b/c.py:1 in <module>" in text
    assert "somebody" not in text


def test_members_of_a_group_and_endless_chains_are_reported_once() -> None:
    first, second = ValueError(SECRET), TypeError(SECRET)
    group = ExceptionGroup(SECRET, [first, second])
    first.__context__, second.__cause__ = group, first
    text = crash_report_text(group, CrashContext())
    for name in ("ExceptionGroup", "ValueError", "TypeError"):
        assert text.splitlines().count(name) == 1
    assert SECRET not in text


def test_endless_recursion_is_cut() -> None:
    def deeper() -> None:
        deeper()

    text = crash_report_text(caught(deeper), CrashContext())
    assert len(text.splitlines()) < 120
    assert "more …" in text


@given(value=st.text(min_size=8), kind=st.sampled_from([ValueError, OSError, UnicodeError]))
def test_no_value_is_ever_in_a_report(value: str, kind: type[Exception]) -> None:
    def broken() -> None:
        local = f"password={value}"
        raise kind(local, value)

    error = caught(broken)
    error.add_note(value)
    assert value not in crash_report_text(error, CrashContext())


def test_odd_terminal_names_are_omitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", f"xterm {SECRET}")
    assert SECRET not in crash_report_text(ValueError(), CrashContext())


def test_five_reports_are_kept_for_only_this_account(state: Path) -> None:
    room = state / "reports"
    room.mkdir(parents=True)
    for number in range(7):
        (room / f"20200101-00000{number}-1.txt").touch()
    path = save_crash_report("the text\n")
    assert path is not None
    assert path.read_text() == "the text\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent == room
    left = sorted(each.name for each in room.iterdir())
    assert len(left) == crash_report.KEPT
    assert left[-1] == path.name
    assert left[0].startswith("20200101-000003")


def test_report_is_kept_even_without_a_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    path = save_crash_report("the text\n")
    assert path is not None
    try:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        path.unlink()


def test_unexpected_error_is_one_sentence_and_a_report_without_values(
    cli: Cli, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(options: object) -> int:
        secret = SECRET
        raise RuntimeError(secret)

    cli.write("config.toml", CONFIG)
    monkeypatch.setattr(show_command, "run", broken)
    result = cli("show", "--json")
    assert result.code == 1
    assert result.err == ""
    error = result.json["error"]
    assert error["code"] == "unexpected-error"
    (path,) = (state / "reports").iterdir()
    assert error["remedy"] == f"Please report it with the contents of {path}."
    text = path.read_text()
    assert "RuntimeError" in text
    assert (
        "in test_unexpected_error_is_one_sentence_and_a_report_without_values.<locals>.broken"
        in text
    )
    assert "layout:      standalone" in text
    assert SECRET not in text + result.out

    result = cli("show")
    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1
    assert "Unexpected error (RuntimeError)" in result.err

    result = cli("show", "--debug")
    assert result.code == 1
    assert "in broken" in result.err.replace("<locals>.broken", "in broken")
    assert SECRET not in result.err


def test_cancelled_task_is_an_unexpected_error_like_others(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(options: object) -> int:
        import asyncio

        raise asyncio.CancelledError(SECRET)

    monkeypatch.setattr(show_command, "run", broken)
    result = cli("show")
    assert result.code == 1
    assert "CancelledError" in result.err


def test_layout_that_cannot_be_found_does_not_hide_the_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wizard.config import layout

    def broken(*arguments: object) -> int:
        raise RuntimeError(SECRET)

    for module in (layout, show_command):
        monkeypatch.setattr(module, "find_layout", broken)
    result = cli("show")
    assert result.code == 1
    assert "Unexpected error (RuntimeError)" in result.err


def test_output_that_nobody_reads_is_not_an_unexpected_error(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        f"{sys.executable} -m wizard -c {tmp_path} show --json | true; "
        f"{sys.executable} -m wizard -c {tmp_path} show 2>&-; echo $?",
        shell=True, capture_output=True, text=True, check=False, env=environment, cwd=Path.cwd(),
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("4\n", "")
    assert list(tmp_path.iterdir()) == []
