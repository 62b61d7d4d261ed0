"""The reference in the README is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from wizard.diagnosis import TABLE
from wizard.probe.unconnected import not_configured

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_diagnosis_is_in_the_reference_and_no_other() -> None:
    rows = [line for line in section("Diagnoses").splitlines() if line.startswith("| `")]
    listed = {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}
    known = not_configured().diagnosis
    assert known is not None
    assert listed == {rule.code for rule in TABLE} | {known.code}


def test_every_flag_that_is_shown_exists() -> None:
    helps = "".join(
        subprocess.run(
            [sys.executable, "-m", "wizard", *command, "--help"],
            capture_output=True, text=True, check=True,
        ).stdout
        for command in ([], ["set"], ["test"], ["show"], ["demo"])
    )  # fmt: skip
    shown = set(re.findall(r"--[a-z][a-z-]+", section("Use")))
    assert shown
    assert {flag for flag in shown if flag not in helps} == set()


def test_exit_codes_are_those_of_the_program() -> None:
    from wizard import errors
    from wizard.cli import ABORTED, output, set_command, test_command

    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    raised = {
        kind.exit_code for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.WizardError)
    }  # fmt: skip
    returned = {0, output.DEFECT, set_command.TEST_FAILED, ABORTED, *test_command.EXIT.values()}
    assert documented == raised | returned
