"""The workflows of GitHub are valid, call scripts that exist, and may do no more than they must."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.packaging.conftest import ROOT
from tests.peers.programs import go_program

WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
TEXTS = {path.name: path.read_text("utf-8") for path in WORKFLOWS}


def test_they_are_what_the_schema_of_github_asks_for(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(TEXTS["ci.yml"].replace("runs-on", "runs"))
    for paths, code in ((WORKFLOWS, 0), ([wrong], 1)):
        done = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema",
             "vendor.github-workflows", *paths],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout


def test_actionlint_finds_nothing() -> None:
    directory = Path(__file__).with_name("actionlint_go")
    program = go_program(directory, "github.com/rhysd/actionlint/cmd/actionlint")
    done = subprocess.run(
        [program, *WORKFLOWS],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_every_action_is_pinned_by_commit_and_names_its_version() -> None:
    used = re.findall(r"uses: (?!\./)(.*)", "\n".join(TEXTS.values()))
    assert used
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


@pytest.mark.parametrize("name", TEXTS)
def test_no_job_may_do_more_than_it_says(name: str) -> None:
    """And none that runs code of the repository may write or sign anything."""
    workflow = yaml.safe_load(TEXTS[name])
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        if any("checkout" in step.get("uses", "") for step in job.get("steps", [])):
            assert job["permissions"] == {"contents": "read"}
        assert job["permissions"]


def test_the_scripts_that_they_call_exist() -> None:
    called = set(re.findall(r"(?:\.ci|packaging)/[\w.]+", "\n".join(TEXTS.values())))
    assert called == {".ci/run", "packaging/build.py", "packaging/release.py"}
    assert all((ROOT / each).is_file() for each in called)
