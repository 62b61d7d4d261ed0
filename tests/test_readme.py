"""What README and the pages in docs/ say is true."""

from __future__ import annotations

import ast
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable
from inspect import getsource
from pathlib import Path

import pytest

from wizard import check
from wizard.cli.parser import build_parser
from wizard.compose import file
from wizard.config import relay
from wizard.config.endpoint import Endpoint
from wizard.config.settings import (
    SmtpSettings,
    encryption_findings,
    settings_findings,
    wrong_type,
)
from wizard.formats import variables
from wizard.live_test.diagnosis import TABLE
from wizard.live_test.events import RELAY_FAILS, not_configured_report, not_inside_report
from wizard.secrets import unintended

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
MANUAL = (
    "wizard", "undo", "commands", "compose", "relays", "endpoints", "secrets", "findings",
    "diagnoses",
)  # fmt: skip
"""The pages on the use of the program: what they show is held to what the program knows."""
DOCUMENTS = sorted(
    str(path.relative_to(PROJECT)) for path in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
)
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (PROJECT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """Return what GitHub calls the titles of a page."""
    titles = re.findall(r"(?m)^#+ (.*)", BLOCK.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def codes(text: str) -> set[str]:
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    path = PROJECT / document
    text = re.sub(r"`[^`\n]*`", "", BLOCK.sub("", path.read_text(encoding="utf-8")))
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _sharp, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_named_in_the_readme() -> None:
    pages = {name for name in DOCUMENTS if name.startswith("docs/")}
    assert {f"docs/{name}.md" for name in MANUAL} <= pages
    assert {name for name in pages if f"[{name}]({name})" not in README} == set()


def test_the_readme_begins_with_picture_installation_and_start() -> None:
    first_screen = README.partition("\n## ")[0]
    places = [
        first_screen.index(each) for each in ("](screenshots/", "pipx install", "demo", "pytest")
    ]
    assert places == sorted(places)
    assert first_screen.count("\n") < 45


WARNINGS = "\n## Warnings of other commands\n"


def findings_made(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        str(node.args[0].value) for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def test_every_finding_is_in_the_reference_and_no_other() -> None:
    """The codes are read from the calls in the source, wherever a finding is made."""
    rules = Path(check.__file__).parent.glob("*_rules.py")
    sources = [path.read_text(encoding="utf-8") for path in rules]
    sources += [getsource(file), getsource(settings_findings), getsource(encryption_findings)]
    sources += [
        getsource(unintended),
        getsource(variables),
        getsource(relay),
        getsource(wrong_type),
    ]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    strings = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    made = findings_made(nodes)
    documented = codes(page("findings").partition(WARNINGS)[0])
    assert len(made) > 20
    assert made <= documented <= strings


def test_every_warning_is_in_the_reference_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "wizard").rglob("*.py")]
    made = findings_made(node for source in sources for node in ast.walk(ast.parse(source)))
    of_check, _heading, of_others = page("findings").partition(WARNINGS)
    assert codes(of_others)
    assert codes(of_others) == made - codes(of_check) - codes(page("diagnoses"))


FINDINGS_OF_COMPOSE = {
    "compose-env-file-missing",
    "compose-invalid",
    "compose-refused",
    "compose-service-unknown",
    "compose-too-large",
    "compose-variable-required",
}
"""Findings that are a diagnosis as well."""


def test_every_diagnosis_is_in_the_reference_and_no_other() -> None:
    settings = SmtpSettings("you@example.org", Endpoint.parse("mail.example.org"))
    reports = (not_configured_report(), not_inside_report(settings, "why", "what to do"))
    others = {report.diagnosis.code for report in reports if report.diagnosis is not None}
    others |= {RELAY_FAILS, "smtp-key-type", "smtp-key-unknown"} | FINDINGS_OF_COMPOSE
    assert codes(page("diagnoses")) == {rule.code for rule in TABLE} | others


def test_every_flag_that_is_shown_exists() -> None:
    helps = "".join(
        subprocess.run(
            [sys.executable, "-m", "wizard", *command, "--help"],
            capture_output=True, text=True, check=True,
        ).stdout
        for command in ([], ["set"], ["test"], ["show"], ["check"], ["exec"], ["undo"],
                        ["demo"])
    )  # fmt: skip
    use = README.partition("\n## Use\n")[2].partition("\n## ")[0]
    own = "\n".join([use, *map(page, MANUAL)])
    shown = set(re.findall(r"--[a-z][a-z-]+", own))
    assert shown
    assert {flag for flag in shown if flag not in helps} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_is_shown_is_understood(document: str) -> None:
    """Comments and redirections are the shell's."""
    for block in re.findall(r"```sh\n(.*?)```", (PROJECT / document).read_text("utf-8"), re.DOTALL):
        for line in re.sub(r"\\\n", "", block).splitlines():
            if line.startswith("smtp-wizard "):
                words = shlex.split(re.split(r" [<>|] ", line)[0], comments=True)[1:]
                if "--print-completion" not in words:  # which ends the parser
                    build_parser().parse_args(words)


def test_exit_codes_are_those_of_the_program() -> None:
    from wizard import errors
    from wizard.cli import check_command, exec_command, output, set_command, test_command
    from wizard.errors import WizardError

    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", page("commands"), re.MULTILINE)
    documented = {int(code) for row in rows for code in row.split(", ")}
    raised = {
        kind.exit_code for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, WizardError)
    }  # fmt: skip
    returned = {
        0,
        output.DEFECT,
        set_command.TEST_FAILED,
        output.ABORTED,
        output.READER_GONE,
        *test_command.EXIT.values(),
    }
    returned |= {check_command.FOUND_ERRORS, exec_command.NOT_EXECUTABLE, exec_command.NOT_FOUND}
    returned |= {128 + number for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)}
    assert documented == raised | returned
