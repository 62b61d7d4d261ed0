"""The man page names everything that the parser knows, and the documented exit codes."""

from __future__ import annotations

import re
import shutil
import subprocess

import man
import pytest

from tests.packaging.conftest import EPOCH, ROOT
from wizard.cli.argparse_internals import commands, flags
from wizard.cli.parser import build_parser

COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGE = man.page(build_parser(), "1.2.3", man.exit_codes(COMMANDS), EPOCH)


def rendered() -> str:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u", "-rLL=200n"],
        input=PAGE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.replace("\u2212", "-").replace("\u2010", "-")  # typographic hyphens


def test_every_command_and_flag_is_there() -> None:
    text = rendered()
    parsers = {
        "": build_parser(),
        **{name: each for name, _, each in commands(build_parser())},
    }
    assert len(parsers) > 5
    for name, parser in parsers.items():
        assert f"smtp-wizard {name}".rstrip() in text
        for action in flags(parser):
            for flag in action.option_strings:
                assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text), (name, flag)


def test_exit_codes_are_the_documented_ones() -> None:
    codes = man.exit_codes(COMMANDS)
    assert {"0", "1", "2", "3", "4", "5", "6", "7", "8", "126, 127", "130"} <= codes.keys()
    text = rendered()
    for code, meaning in codes.items():
        assert re.search(rf"^ +{code}$|^ +{code} +\S", text, re.MULTILINE), code
        assert meaning.replace("`", "")[1:20] in " ".join(text.split())  # it may be justified


def test_version_and_date_are_those_of_the_sources() -> None:
    assert "smtp-wizard 1.2.3" in rendered()
    assert "2026-09-21" in rendered()


def test_no_line_begins_like_a_request_by_accident() -> None:
    known = {".TH", ".SH", ".TP", ".B", ".BR", ".I", ".IR", ".RS", ".RE", ".PP", ".nf", ".fi",
             ".UR", ".UE"}  # fmt: skip
    requests = {line.split()[0] for line in PAGE.splitlines() if line.startswith((".", "'"))}
    assert requests <= known
