"""The man page, made from the parser; what a parser does not know is in ``man_sections.1``."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from wizard.cli.argparse_internals import commands, flags

_SECTIONS = Path(__file__).with_name("man_sections.1")
_EXIT_ROW = re.compile(r"^\| ([\d, ]+) \| (.+) \|$", re.MULTILINE)


def page(
    parser: argparse.ArgumentParser, version: str, exits: Mapping[str, str], epoch: int | None
) -> str:
    """Return the page in roff; ``exits`` maps exit codes to their meaning."""
    date = "" if epoch is None else f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}"
    general = {id_of(action) for action in flags(parser)}
    lines = [
        f'.TH SMTP\\-WIZARD 1 "{date}" "smtp\\-wizard {version}" "User Commands"',
        *(".SH NAME", "smtp\\-wizard \\- set up the SMTP settings of BOMnipotent Server"),
        *(".SH SYNOPSIS", ".B smtp\\-wizard", "[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR]"),
        *(".SH DESCRIPTION", _roff(parser.description or "")),
        ".SH COMMANDS",
    ]
    for name, summary, command in commands(parser):
        end = " \\-\\- \\fICMD\\fR..." if name == "exec" else " [\\fIOPTIONS\\fR]"
        lines += [
            ".TP",
            f"\\fBsmtp\\-wizard {_roff(name)}\\fR{end}",
            _roff(_sentence(summary)),
        ]
        own = [action for action in flags(command) if id_of(action) not in general]
        if own:
            lines += [".RS", *_described(own), ".RE"]
    lines += [".SH OPTIONS", "These may come before or after the command.",
              *_described(flags(parser))]  # fmt: skip
    lines.append(".SH EXIT STATUS")
    for code, meaning in exits.items():
        lines += [".TP", f".B {code}", _roff(_sentence(meaning))]
    return "\n".join(lines) + "\n" + _SECTIONS.read_text("utf-8")


def exit_codes(reference: str) -> dict[str, str]:
    """Return exit codes and their meaning, as ``docs/commands.md`` has them."""
    table = reference.partition("| exit code | meaning |")[2].partition("\n\n")[0]
    return {code: meaning.replace("`", "") for code, meaning in _EXIT_ROW.findall(table)}


def id_of(action: argparse.Action) -> str:
    """Return what is the same for a flag that several parsers have."""
    return " ".join(action.option_strings)


def _described(actions: list[argparse.Action]) -> Iterator[str]:
    for action in actions:
        value = action.metavar or ("{" + ",".join(action.choices) + "}" if action.choices else "")
        value = "" if action.nargs == 0 else f" \\fI{_roff(str(value))}\\fR"
        yield ".TP"
        yield ", ".join(f"\\fB{_roff(name)}\\fR" for name in action.option_strings) + value
        yield _roff(_sentence(action.help or ""))


def _sentence(text: str) -> str:
    """Return a line of a help as a sentence; those that begin with a name stay as they are."""
    word = text.partition(" ")[0].rstrip(",;:")
    first = text[:1].upper() if word.isalpha() and word.islower() else text[:1]
    text = first + text[1:]
    return text if text.endswith((".", ")")) else f"{text}."


def _roff(text: str) -> str:
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
