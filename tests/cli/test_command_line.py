"""What holds for every command: help, version, terminals, imports, defects, leaks."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Cli
from wizard import __version__
from wizard.cli import wizard_command
from wizard.cli.argparse_internals import CommandParser, commands
from wizard.cli.parser import build_parser, parse_arguments


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments],
        capture_output=True, text=True, check=False, **options,  # type: ignore[call-overload]
    )  # fmt: skip
    return done


def test_version_and_help(cli: Cli) -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"smtp-wizard {__version__}\n")
    done = run("--help")
    assert done.returncode == 0
    for command in ("set", "test", "show", "demo"):
        assert f"    {command} " in done.stdout
    assert run("set", "--help").returncode == 0


def test_without_a_terminal_the_wizard_points_to_set(cli: Cli) -> None:
    for arguments in ([], ["demo"], ["--plain"]):
        done = run(*arguments, stdin=subprocess.DEVNULL)
        assert done.returncode == 2
        assert "smtp-wizard set" in done.stderr
        assert done.stdout == ""


def test_unknown_command_is_a_usage_error(cli: Cli) -> None:
    assert cli("frobnicate").code == 2
    result = cli("frobnicate", "--json")
    assert result.code == 2
    assert result.json["error"]["code"] == "usage"


HEADLESS = [
    ["--help"],
    ["--version"],
    ["show"],
    ["show", "--json"],
    ["set", "--user", "a@b", "--endpoint", "c", "--no-test"],
    ["test"],
]


@pytest.mark.parametrize("arguments", HEADLESS)
def test_headless_commands_never_load_the_screen(cli: Cli, arguments: list[str]) -> None:
    cli.write("config.toml", CONFIG)
    code = (
        "import sys; from wizard.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in ('textual', 'rich', 'aiosmtpd', 'trustme') if m in sys.modules),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"


def test_no_module_outside_the_screen_imports_textual() -> None:
    """Proved at run time: each module in turn, in an interpreter of its own."""
    package = Path(wizard_command.__file__).parent.parent
    modules = [
        ".".join(("wizard", *path.relative_to(package).with_suffix("").parts))
        for path in package.rglob("*.py")
        if "textual" not in path.relative_to(package).parts and path.stem != "__main__"
    ]
    assert len(modules) > 30
    code = (
        f"import importlib, sys\nfor name in {modules!r}:\n"
        "    importlib.import_module(name.removesuffix('.__init__'))\n"
        "    assert 'textual' not in sys.modules, name"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [
        *((closed, ("exec", "--", "true"), 0) for closed in (">&-", "2>&-", "<&-")),
        (">&-", ("exec", "--", "no-such-program"), 127),
        *(("<&-", arguments, 2) for arguments in ((), ("--plain",), ("demo",))),
        *((">&-", arguments, 2) for arguments in ((), ("demo", "--plain"))),
    ],
)
def test_closed_stream_is_not_a_defect(
    cli: Cli, closed: str, arguments: tuple[str, ...], code: int
) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=hunter22\n")
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "wizard", *arguments]
    done = subprocess.run(command, cwd=cli.directory, capture_output=True, check=False)
    assert done.returncode == code, done.stderr


def test_closed_pipe_is_not_a_defect(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    done = subprocess.run(
        f"{sys.executable} -m wizard show | true",
        shell=True,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""


def test_locale_without_the_signs_is_not_a_defect(cli: Cli) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("test", "--user", "a@b", "--endpoint", "smtp://127.0.0.1:1", env=environment)
    assert done.returncode == 3
    assert "x tcp" in done.stdout


def test_secret_is_in_no_output_of_any_command(cli: Cli) -> None:
    secret = "hunter22-correct-horse"
    cli.write("config.toml", CONFIG.replace("mail.example.org", "smtp://127.0.0.1:1"))
    cli.write(".env", f"SMTP_SECRET={secret}\n")
    shown = ""
    for arguments in (
        ["show"], ["show", "--json"], ["test"], ["test", "--json"], ["set"], ["set", "--json"],
        ["set", "--no-test", "--dry-run", "--user", "x@y"], ["set", "--no-test", "--json"],
        ["set", "--secret-stdin", "--no-test", "--dry-run"], ["set", "--endpoint", "a:1"],
    ):  # fmt: skip
        result = cli(*arguments, stdin=f"{secret}-2\n".encode())
        shown += result.out + result.err
    assert "x@y" in shown
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown


def test_missing_working_directory_is_reported(cli: Cli) -> None:
    gone = cli.directory / "gone"
    gone.mkdir()
    code = (
        f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n"
        "from wizard.cli import main; sys.exit(main(['show']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "working directory" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("arguments", [["show"], ["check", "--json"], ["--help"], ["--version"]])
def test_reader_that_goes_away_ends_a_command_like_sigpipe(
    cli: Cli, arguments: list[str], unbuffered: str
) -> None:
    done = run_without_reader("stdout", arguments, unbuffered)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_messages_that_nobody_reads_leave_the_exit_code_as_it_is(cli: Cli, unbuffered: str) -> None:
    assert run_without_reader("stderr", ["nonsense"], unbuffered).returncode == 2


def run_without_reader(
    stream: str, arguments: list[str], unbuffered: str
) -> subprocess.CompletedProcess[str]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", "wizard", *arguments],
            stdout=writer if stream == "stdout" else subprocess.PIPE,
            stderr=writer if stream == "stderr" else subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_full_output_device_is_reported(cli: Cli) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123  (a device)
        done = subprocess.run(
            [sys.executable, "-m", "wizard", "show"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "cannot be printed" in done.stderr
    assert "defect" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "--secret", "hunter22"],
        ["set", "--secret=hunter22"],
        ["--secret", "hunter22", "set"],
        ["test", "--password", "hunter22"],
        ["set", "-secret=hunter22"],
        ["set", "--smtp-secret", "hunter22"],
        ["set", "--secret-stdin=hunter22"],
        ["set", "--no-secret=hunter22"],
    ],
    ids=" ".join,
)
def test_secret_on_the_command_line_is_refused_and_not_repeated(
    cli: Cli, arguments: list[str]
) -> None:
    for options in ([], ["--json"]):
        result = cli(*arguments, *options)
        assert result.code == 2
        assert "hunter22" not in result.out + result.err
        assert "--secret-stdin" in result.out + result.err
    assert result.json["error"]["code"] == "secret-as-argument"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["set", "--secert", "hunter22"], "--secert"),
        (["set", "--secre=hunter22"], "--secre"),
        (["set", "-phunter22"], "-p"),
    ],
    ids=" ".join,
)
def test_unknown_arguments_are_named(cli: Cli, arguments: list[str], shown: str) -> None:
    result = cli(*arguments)
    assert result.code == 2
    assert f"Unrecognized arguments: {shown}." in result.err
    assert "hunter22" not in result.err
    assert result.err.endswith("See smtp-wizard set --help.\n")


def test_argument_that_is_no_flag_is_not_repeated(cli: Cli) -> None:
    result = cli("set", "hunter22")
    assert result.code == 2
    assert "An argument is not understood" in result.err
    assert "hunter22" not in result.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("tset", "Did you mean test?"),
        ("--demo", "Did you mean smtp-wizard demo?"),
        ("help", "Did you mean smtp-wizard --help?"),
    ],
)
def test_what_was_meant_is_named(cli: Cli, words: str, meant: str) -> None:
    result = cli(words)
    assert result.code == 2
    assert meant in result.err
    assert result.err.count("--help") == 1


def test_directory_in_place_of_its_configuration_names_that(cli: Cli) -> None:
    path = cli.write("bomnipotent_config/config.toml", CONFIG)
    result = cli("show", "-c", "bomnipotent_config", "--json")
    assert (result.code, result.json["error"]["code"]) == (4, "file-not-regular")
    assert result.json["error"]["remedy"] == f"Name the file in it: -c {path}"


def test_program_of_exec_may_have_a_flag_of_that_name(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=hunter22\n")
    done = run("exec", "--", "echo", "--secret", "x", cwd=cli.directory)
    assert (done.returncode, done.stdout) == (0, "--secret x\n")


@pytest.mark.parametrize("command", ["", "set", "test", "check", "show", "exec", "undo", "demo"])
def test_examples_of_the_help_are_calls_of_that_command(command: str) -> None:
    parser = build_parser()
    for each in commands(parser):
        if each.name == command:
            assert isinstance(each.parser, CommandParser)
            parser = each.parser
    assert isinstance(parser, CommandParser)
    assert parser.examples
    for example, _words in parser.examples:
        program, *arguments = shlex.split(example.partition(" <")[0])
        assert program == "smtp-wizard"
        assert command in ("", parse_arguments(arguments).command)


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "--secret", "hunter22"],
        ["set", "--secret=hunter22"],
        ["set", "--password", "hunter22"],
        ["set", "--passwords=hunter22"],
        ["--token", "hunter22", "set"],
        ["set", "--sekret", "hunter22"],
        ["set", "--store", "hunter22"],
        ["hunter22"],
        ["set", "hunter22"],
    ],
    ids=" ".join,
)
def test_a_secret_as_an_argument_is_never_repeated(cli: Cli, arguments: list[str]) -> None:
    result = cli(*arguments)
    assert result.code == 2
    assert "hunter22" not in result.out + result.err
    assert "hunter22" not in cli(*arguments, "--json").out
