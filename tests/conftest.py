"""What holds for every test: the program speaks English, and nothing it prints shows a secret."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from wizard.text import language

TESTS = Path(__file__).parent
SECRETS = ("hunter22", "open$esame", "correct horse", "not-the-password", "oldpass", "dbpass")
"""The throw-away passwords of the tests."""

# Whatever the developer's own language is; the character set stays.
os.environ["LANG"] = os.environ.pop("LC_ALL", "") or os.environ.get("LANG", "C.UTF-8")
os.environ["LC_MESSAGES"] = "C"
os.environ.pop("LANGUAGE", None)

# The program is started thousands of times: it is compiled once, not each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell's background job ignores Ctrl+C, and so would every program that is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test may depend on how busy the machine is.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

LONGEST_ID = 120
"""Characters of a test's name with its path and parameters: more fit on no line of a report."""
HEAVY = {"attacks", "compose", "faults", "fleet", "growth", "mail_servers", "packaging", "peers"}
"""The directories whose tests are marked ``heavy``."""
HEAVY_SECONDS = 1800
"""How long a heavy test may take: the first one that needs Compose compiles it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is heavy, which may take longer."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in HEAVY:
            item.add_marker(pytest.mark.heavy)
        if item.get_closest_marker("heavy"):
            item.add_marker(pytest.mark.timeout(HEAVY_SECONDS))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose name is too long."""
    if len(item.nodeid) > LONGEST_ID:
        pytest.fail("Give this test, or its parameters, a shorter name.", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured, by ``record_property``."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


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
def english() -> None:
    """Speak English at first, whatever the test before has chosen."""
    language.use("en")


@pytest.fixture(scope="session")
def new_directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths for one directory after the other. ``mktemp`` would look at all of them for each."""
    base = tmp_path_factory.mktemp("state")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def state_directory(new_directories: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep journals, drafts and reports of a test to itself; return where they are."""
    home = next(new_directories)
    home.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home / "smtp-wizard"


@pytest.fixture
def place() -> Iterator[Path]:
    """Return an empty directory that any account may enter; pytest's own are private."""
    directory = Path(tempfile.mkdtemp(prefix="smtp-wizard-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)
