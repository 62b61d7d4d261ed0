"""What holds for every test: the program speaks English, and nothing it prints shows a secret."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

SECRETS = ("hunter22", "open$esame", "correct horse", "not-the-password", "oldpass", "dbpass")
"""The throw-away passwords of the tests."""

# Whatever the developer's own language is; the character set stays.
os.environ["LANG"] = os.environ.pop("LC_ALL", "") or os.environ.get("LANG", "C.UTF-8")
os.environ["LC_MESSAGES"] = "C"
os.environ.pop("LANGUAGE", None)

LONGEST_ID = 60
"""Characters of what parameters add to a test's name: more fit on no line of a report."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a name that a value has made too long."""
    names = [item.nodeid.partition("[") for item in items]
    tests = {test for test, _, parameters in names if len(parameters) > LONGEST_ID}
    if tests:
        listed = "\n  ".join(sorted(tests))
        raise pytest.UsageError(f"give the parameters of these tests shorter ids:\n  {listed}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose captured output or log holds a secret."""
    report = yield
    if report.when == "call" and report.passed:
        for name, content in report.sections:
            for secret in SECRETS:
                if secret in content:
                    report.outcome = "failed"
                    report.longrepr = f"a secret is in the {name} of {item.nodeid}"
    return report


@pytest.fixture(autouse=True)
def state_directory(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Keep journals, drafts and reports of a test to itself; return where they are."""
    home = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home / "smtp-wizard"
