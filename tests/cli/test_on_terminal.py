"""On a terminal, output is wrapped at words and coloured; in a pipe it is neither."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

import pytest

from tests.check.vendors import compose, write
from tests.cli.conftest import CONFIG, Cli
from tests.cli.terminal_screen import run_on_terminal
from wizard.cli import main
from wizard.cli.terminal import OutputLine, OutputStyle
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.secrets.secret import Secret
from wizard.server.next_steps import NextStep, StepKind
from wizard.text.language import LANGUAGES
from wizard.text.wrapping import cell_width

COLOUR = "\x1b["


@pytest.fixture(autouse=True)
def a_modern_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def readable_by_all(cli: Cli) -> Cli:
    write(cli.directory, compose())
    (cli.directory / ".env").chmod(0o644)
    return cli


def test_check_shows_place_code_and_remedy_and_counts(
    readable_by_all: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, text = run_on_terminal(monkeypatch, "check")
    assert code == 8
    assert text.startswith(
        "\x1b[31m✗\x1b[0m .env" + "env-world-readable, --fix".rjust(74) + "\n"
        "  Every account of this machine can read the file (mode 0644).\n"
        "  → chmod 600 "
    )
    assert text.endswith("1 error. 1 can be repaired: smtp-wizard check --fix\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal_or_80(
    readable_by_all: Cli, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _code, text = run_on_terminal(monkeypatch, "check", columns=columns)
    too_wide = [row for row in text.splitlines() if cell_width(row) > min(columns, 80)]
    assert all("chmod" in row for row in too_wide)  # a command is never broken


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_nothing_is_coloured_where_colours_are_not_wanted(
    readable_by_all: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert COLOUR not in run_on_terminal(monkeypatch, "check")[1]


def test_marks_are_ascii_where_the_locale_is_not_utf_8(
    readable_by_all: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    _code, text = run_on_terminal(monkeypatch, "check")
    assert text.isascii()
    assert "  > chmod 600" in text


def test_a_pipe_gets_whole_lines_without_colours(readable_by_all: Cli) -> None:
    message, remedy = readable_by_all("check").out.splitlines()
    assert message.startswith("✗ error: /")
    assert len(message) > 80
    assert remedy.startswith("  chmod 600 ")


def test_a_failure_is_wrapped_and_its_remedy_begins_a_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.write("config.toml", "[smtp\n")
    code, text = run_on_terminal(monkeypatch, "show", columns=60)
    assert code == 4
    assert text.startswith("\x1b[31m✗\x1b[0m smtp-wizard: config.toml:1: ")
    assert "\n  → " in text
    assert max(map(cell_width, re.sub("\x1b.*?m", "", text).splitlines())) <= 60


def test_an_escape_sequence_from_a_file_is_not_sent_to_the_terminal() -> None:
    line = OutputLine("a\x1b[2Jb", "fail", head="\x1b]0;c")
    assert OutputStyle().lay_out([line]) == "✗ \\x1b]0;ca\\x1b[2Jb"


def test_a_command_among_the_next_steps_is_never_broken() -> None:
    command = "bomnipotent_client --domain https://bomni.example.org user request you@example.org"
    step = NextStep(command, StepKind.COMMAND)
    assert OutputStyle(40).lay_out([OutputLine(str(step))]) == f"    {command}"


def test_a_code_has_a_line_of_its_own_where_there_is_no_room_beside_it() -> None:
    line = OutputLine("compose.yaml:14", "fail", "compose-variable-not-passed")
    assert OutputStyle(40).lay_out([line]).splitlines() == [
        "✗ compose.yaml:14",
        "             compose-variable-not-passed",
    ]


def test_a_time_stays_at_the_right_while_the_text_wraps_beside_it() -> None:
    line = OutputLine("the certificate is valid until then", "pass", "41 ms", head="TLS  ")
    assert OutputStyle(40).lay_out([line]).splitlines() == [
        "✓ TLS  the certificate is valid    41 ms",
        "       until then",
    ]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_dry_run_shows_the_changed_lines_with_their_numbers(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    cli.write("config.toml", CONFIG)
    arguments = ("set", "--endpoint", "new.example.org", "--no-test", "--dry-run")
    _code, text = run_on_terminal(monkeypatch, *arguments, columns=columns)
    rows = text.splitlines()
    first = next(number for number, row in enumerate(rows) if row.startswith("── config.toml ─"))
    assert rows[first].endswith("─ changed ──")
    assert len(rows[first]) == columns
    assert rows[first + 1 : first + 5] == [
        '   5   user = "me@example.org"   # the mailbox',
        '   6 - endpoint = "mail.example.org"',
        '   6 + endpoint = "new.example.org"',
        '   7   secret = "${SMTP_SECRET}"',
    ]
    assert "@@" not in text


@pytest.fixture(scope="module")
def relay() -> Iterator[str]:
    """The endpoint of a relay without login."""
    with MailServer(DEMO_USER, Secret("hunter22")) as server:
        yield f"smtp://127.0.0.1:{server.ports.relay}"


def test_a_test_shows_stages_with_their_times_and_the_verdict_last(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, relay: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    arguments = ("test", "--user", DEMO_USER, "--endpoint", relay, "--no-secret")
    code, text = run_on_terminal(monkeypatch, *arguments)
    assert code == 0
    first, *stages, empty, verdict = text.splitlines()
    assert re.fullmatch(r"127\.0\.0\.1, port \d+, not encrypted", first)
    assert [row.split()[1] for row in stages] == [
        *("Name", "Connection", "Greeting", "Login", "Sender", "Recipient"),
    ]
    assert all(re.search(r" \d+ ms$", row) and cell_width(row) == 80 for row in stages)
    assert empty == ""
    assert re.fullmatch(r"✓ The server can send mail +\d+\.\d s", verdict)


@pytest.mark.parametrize("columns", [40, 80])
def test_a_failed_test_names_the_report_instead_of_commands_of_other_programs(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    arguments = ("test", "--user", "a@b.example", "--endpoint", "smtp://127.0.0.1:1")
    code, text = run_on_terminal(monkeypatch, *arguments, columns=columns)
    assert code == 3
    assert "✗ The server cannot send" in text
    assert "  → " in text
    command = "smtp-wizard test --user a@b.example --endpoint smtp://127.0.0.1:1 --report"
    assert f"  {command}" in text.splitlines()  # on one line, however long it is
    assert "swaks" not in text
    assert f"The whole dialogue, for a ticket: {command}" in cli(*arguments).out


@pytest.mark.parametrize("command", ["test", "set"])
def test_a_password_in_an_endpoint_is_no_argument_and_not_repeated(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    arguments = (command, "--user", "a@b.example", "--endpoint", "smtp://a:hunter22@127.0.0.1:1")
    code, text = run_on_terminal(monkeypatch, *arguments)
    assert code == 2
    assert "--secret-stdin" in text
    assert "hunter22" not in text
    assert cli(*arguments, "--json").json["error"]["code"] == "secret-as-argument"


def test_set_says_in_one_line_that_the_test_has_passed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, relay: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    arguments = ("set", "--user", DEMO_USER, "--endpoint", relay, "--no-secret")
    code, text = run_on_terminal(monkeypatch, *arguments)
    assert code == 0
    assert re.search(
        r"✓ The server can send mail: 127\.0\.0\.1, port \d+, tested in \d+\.\d s\n", text
    )
    assert "Connection" not in text
    assert "\n✓ Created config.toml\n  → " in text


def test_results_are_printed_where_nobody_gets_messages(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, relay: str
) -> None:
    read, slave = os.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stream, monkeypatch.context() as here:
        here.setattr(sys, "stdout", stream)
        here.setattr(sys, "stderr", None)
        code = main(["set", "--user", DEMO_USER, "--endpoint", relay, "--no-secret"])
        stream.flush()
        shown = os.read(read, 65536).decode()
    os.close(read)
    assert code == 0
    assert "Created config.toml" in shown


def test_set_shows_a_failed_test_in_full(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("set", "--user", "a@b.example", "--endpoint", "smtp://127.0.0.1:1", "--no-secret")
    code, text = run_on_terminal(monkeypatch, *arguments)
    assert code == 3
    assert "Connection" in text
    assert text.endswith("Nothing was written. --no-test writes without a test.\n")


def test_show_says_where_the_settings_lead_and_when_they_were_written(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=hunter22\n")
    cli("set", "--user", "new@example.org", "--no-test")
    code, text = run_on_terminal(monkeypatch, "show")
    assert code == 0
    rows = text.splitlines()
    assert rows[0] == "config.toml" + "standalone".rjust(69)
    assert rows[1:6] == [
        "  user      new@example.org",
        "  secret    ${SMTP_SECRET}: set, in .env",
        "  endpoint  mail.example.org",
        "  starttls  false → port 465, encrypted from the first byte",
        "  users     verified by mail",
    ]
    assert re.fullmatch(r"Written [\d-]+ [\d:]+\. Does it work\?  smtp-wizard test", rows[6])


@pytest.mark.parametrize("columns", [40, 80])
def test_undo_says_what_happened_to_each_file(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    cli.write("config.toml", CONFIG)
    cli("set", "--secret-stdin", "--no-test", stdin=b"hunter22\n")
    code, text = run_on_terminal(monkeypatch, "undo", columns=columns)
    assert code == 0
    assert "✓\x1b[0m Everything is as it was before smtp-wizard set wrote on" in " ".join(
        text.split()
    )
    assert "\n  .env   removed\n" in text
    assert "\n  → Restart the server" in text


def test_words_are_not_broken_where_a_path_leaves_no_room_for_them() -> None:
    line = OutputLine("as before", margin="  ", head="bomnipotent_config/config.toml   ")
    assert OutputStyle(40).lay_out([line]).splitlines() == [
        "  bomnipotent_config/config.toml",
        "  as before",
    ]


def test_check_without_findings_says_which_command_sends_a_mail(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(cli.directory, compose())
    (cli.directory / ".gitignore").write_text(".env\n")
    code, text = run_on_terminal(monkeypatch, "check")
    assert code == 0
    assert text.endswith("To see whether mail gets through: smtp-wizard test\n")


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_values_of_show_stay_beside_their_names_on_a_narrow_terminal(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, spoken: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    write(cli.directory, compose())
    _code, text = run_on_terminal(monkeypatch, "--lang", spoken, "show", columns=40)
    rows = [row for row in text.splitlines()[2:] if row.startswith("  ")]  # below the heading
    (first,) = (row for row in rows if row.startswith("  secret "))
    start = len(first) - len(first[len("  secret") :].lstrip())
    assert len(rows) >= 5
    assert all(row[start - 1] == " " != row[start] for row in rows), text
