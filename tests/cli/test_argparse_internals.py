"""Undocumented parts of argparse are as the program assumes."""

from __future__ import annotations

import argparse

import pytest

from wizard.cli.argparse_internals import commands, flags, translated_messages


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
