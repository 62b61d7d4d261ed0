"""The reference in the README is true."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from inspect import getsource
from pathlib import Path

from wizard import check
from wizard.compose import file
from wizard.config import relay
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings, encryption_findings, settings_findings
from wizard.formats import variables
from wizard.live_test.diagnosis import TABLE
from wizard.live_test.events import RELAY_FAILS, not_configured_report, not_inside_report
from wizard.secrets import unintended

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def codes(title: str) -> set[str]:
    rows = [line for line in section(title).splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}


def test_every_finding_is_in_the_reference_and_no_other() -> None:
    """The codes are read from the calls in the source, wherever a finding is made."""
    rules = Path(check.__file__).parent.glob("*_rules.py")
    sources = [path.read_text(encoding="utf-8") for path in rules]
    sources += [getsource(file), getsource(settings_findings), getsource(encryption_findings)]
    sources += [getsource(unintended), getsource(variables), getsource(relay)]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    strings = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    made = {
        node.args[0].value for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    documented = codes("Looking over a configuration")
    assert len(made) > 20
    assert made <= documented <= strings


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
    others |= {RELAY_FAILS} | FINDINGS_OF_COMPOSE
    assert codes("Diagnoses") == {rule.code for rule in TABLE} | others


def test_every_flag_that_is_shown_exists() -> None:
    helps = "".join(
        subprocess.run(
            [sys.executable, "-m", "wizard", *command, "--help"],
            capture_output=True, text=True, check=True,
        ).stdout
        for command in ([], ["set"], ["test"], ["show"], ["check"], ["exec"], ["undo"],
                        ["demo"])
    )  # fmt: skip
    own = re.sub(r"^uvx .*", "", section("Use"), flags=re.MULTILINE)
    shown = set(re.findall(r"--[a-z][a-z-]+", own))
    assert shown
    assert {flag for flag in shown if flag not in helps} == set()


def test_exit_codes_are_those_of_the_program() -> None:
    from wizard import errors
    from wizard.cli import check_command, exec_command, output, set_command, test_command
    from wizard.errors import WizardError

    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", README, re.MULTILINE)
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
        *test_command.EXIT.values(),
    }
    returned |= {check_command.FOUND_ERRORS, exec_command.NOT_EXECUTABLE, exec_command.NOT_FOUND}
    returned |= {128 + number for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)}
    assert documented == raised | returned
