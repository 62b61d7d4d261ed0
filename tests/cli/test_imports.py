"""No command loads at its start what only another one needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.cli import footprint
from tests.cli.footprint_child import loaded

NETWORK = (
    "asyncio ssl socket aiosmtplib cryptography wizard.live_test.run wizard.live_test.diagnosis"
)
SCREEN = "textual rich wizard.ui"
WRITING = "tomlkit difflib hashlib wizard.saving.plan wizard.saving.journal"
OTHERS = "secrets keyring yaml dns logging"
RELOAD = "wizard.server.reload wizard.compose"
SHOW = """
import sys
from wizard.cli import main
try:
    code = main(sys.argv[2:])
except SystemExit as ending:
    code = ending.code
found = [name for name in sys.argv[1].split() if name in sys.modules]
raise SystemExit(f"{code}: {found}" if code or found else 0)
"""


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        ("--version", f"{NETWORK} {SCREEN} {WRITING} {OTHERS} subprocess wizard.config.current"),
        ("--help", f"{NETWORK} {SCREEN} {WRITING} {OTHERS} subprocess wizard.config.current"),
        ("show", f"{NETWORK} {SCREEN} {WRITING} {OTHERS} subprocess"),
        ("check", f"{NETWORK} {SCREEN} {WRITING} {OTHERS}"),
        (
            "set --user me@example.org --no-test --dry-run",
            f"asyncio ssl aiosmtplib cryptography wizard.live_test.run {SCREEN} {OTHERS} {RELOAD}",
        ),
    ],
    ids=["--version", "--help", "show", "check", "set"],
)
def test_command_imports_only_what_it_needs(command: str, heavy: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        'db_url = "x"\ndomain = "https://example.org"\n[tls]\n[provider_metadata.publisher]\n'
        '[smtp]\nuser = "you@example.org"\nendpoint = "mail.example.org"\n'
        'secret = "${SMTP_SECRET}"\n'
    )
    (tmp_path / ".env").write_text("SMTP_SECRET=throw-away\n")
    (tmp_path / ".env").chmod(0o600)
    result = subprocess.run(
        [sys.executable, "-c", SHOW, heavy, *command.split()],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_live_test_loads_a_second_client_only_for_a_real_mail(tmp_path: Path) -> None:
    command = "test --user a@example.org --endpoint smtp://127.0.0.1:1 --no-alternatives"
    result = subprocess.run(
        [sys.executable, "-c", SHOW, f"aiosmtplib email.message {SCREEN}", *command.split()],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.stderr.strip() == "3: []"


@pytest.mark.parametrize("name", footprint.COMMANDS)
def test_command_loads_no_more_of_the_program_than_before(name: str, tmp_path: Path) -> None:
    found, bound = footprint.measure(footprint.COMMANDS[name], tmp_path), footprint.bounds()[name]
    new = sorted(found.modules - bound.modules)
    assert not new, f"loaded, too: {', '.join(new)}"
    assert found.dataclasses <= bound.dataclasses
    assert found.patterns <= bound.patterns


def test_everything_of_the_program_is_counted_once() -> None:
    source = """
import re
from dataclasses import dataclass, make_dataclass
FIRST = AGAIN = re.compile("a")
Foreign = make_dataclass("Foreign", ["value"])
@dataclass(slots=True)
class Outer:
    pattern = re.compile("b")
    @dataclass
    class Inner:
        value: int
class Heir(Outer):
    pass
"""
    own, other = ModuleType("wizard.example"), ModuleType("wizardry")
    for module in (own, other):
        code = compile(source, module.__name__, "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102  (the source is above)
        vars(module)["Foreign"].__module__ = "elsewhere"
    assert loaded([own, other]) == {"modules": ["wizard.example"], "dataclasses": 2, "patterns": 2}
