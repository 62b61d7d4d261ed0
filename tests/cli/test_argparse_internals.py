"""Undocumented parts of argparse are as the program assumes."""

from __future__ import annotations

import argparse

import pytest

from wizard.cli.argparse_internals import (
    CommandParser,
    HelpFormatter,
    arrange_groups,
    commands,
    flags,
    help_width,
    translated_messages,
)
from wizard.errors import UsageError


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="example")
    parser.add_argument("--flag")
    parser.add_argument("positional")
    children = parser.add_subparsers()
    children.add_parser("first", help="does this").add_argument("-o", "--own")
    children.add_parser("second")
    return parser


def test_flags_and_commands_are_found(parser: argparse.ArgumentParser) -> None:
    assert [each.option_strings for each in flags(parser)] == [["-h", "--help"], ["--flag"]]
    first, second = commands(parser)
    assert (first.name, first.summary) == ("first", "does this")
    assert (second.name, second.summary) == ("second", "")
    assert flags(first.parser)[1].option_strings == ["-o", "--own"]
    assert commands(first.parser) == []


def test_messages_are_looked_up_under_the_replaced_names(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        translated_messages("¡{}!".format, lambda one, many, number: many),
        pytest.raises(SystemExit),
    ):
        parser.parse_args(["--flag"])
    assert "¡expected one argument!" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parser.parse_args(["--flag"])
    assert "¡" not in capsys.readouterr().err


class Chooses(CommandParser):
    """Has a flag with choices, and a command."""

    def __init__(self) -> None:
        super().__init__(
            prog="example",
            usage="example",
            description="Does something.",
            formatter_class=HelpFormatter,
        )
        self.add_argument("--colour", choices=("red", "green"), help="see /etc/a/path/that/is/long")
        self.add_argument_group("last").add_argument("--lost")
        self.add_subparsers(dest="command", parser_class=CommandParser).add_parser("first")
        self.examples = [("example first", "begin with this")]
        arrange_groups(self, "commands", "options")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("--colour reed", "red"),
        ("--colour hunter22", ""),
        ("frist", "first"),
        ("hunter22", ""),
        ("--color=hunter22", "--colour"),
        ("first --hlep hunter22", "--help"),
    ],
)
def test_only_something_similar_is_named(line: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        Chooses().parse_args(line.split())
    assert caught.value.remedy == (f"Did you mean {meant}?" if meant else "")
    assert "hunter22" not in str(caught.value)


def test_help_has_examples_first_and_breaks_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = Chooses().format_help()
    assert "\n\nDoes something.\n\nexamples:\n  example first  begin with this\n\n" in text
    assert "/etc/a/path/that/is/long" in text
    titles = [row for row in text.splitlines() if row.endswith(":") and row[0] != " "]
    assert titles == ["examples:", "commands:", "last:", "options:"]


def test_help_is_no_wider_than_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert help_width() == 80
