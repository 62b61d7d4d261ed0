"""What each command loads of the program itself: a count that no busy machine changes.

``footprint.toml`` has the bounds that the test compares with. ``python -m tests.cli.footprint``
writes it afresh with what is loaded now: after modules have been moved, and when a command has
become lighter.
"""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.line import Line

REPOSITORY = Path(__file__).parents[2]
BOUNDS = Path(__file__).with_suffix(".toml")
CONFIG = """\
db_url = "x"
domain = "https://example.org"
[tls]
[provider_metadata.publisher]
[smtp]
user = "you@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""


@dataclass(frozen=True)
class Footprint:
    """What is loaded: the modules by name, and how many classes and patterns they make."""

    modules: frozenset[str]
    dataclasses: int
    patterns: int


@dataclass(frozen=True)
class Command:
    """A way to start the program."""

    arguments: str
    words: str = ""
    """What its first screen shows; nothing where it has none."""
    configured: bool = True
    """Whether there is something to start from."""


COMMANDS = {
    "--version": Command("--version"),
    "show --json": Command("show --json"),
    "set --dry-run": Command("set --user me@example.org --no-test --dry-run"),
    "first frame": Command("", "Mail address", configured=False),
    "first frame of a reconfiguration": Command("", "Mail address"),
}


def bounds() -> dict[str, Footprint]:
    return {name: _read(table) for name, table in tomllib.loads(BOUNDS.read_text()).items()}


def measure(command: Command, directory: Path) -> Footprint:
    """Start the program in an empty directory."""
    if command.configured:
        (directory / "config.toml").write_text(CONFIG)
        (directory / ".env").write_text("SMTP_SECRET=throw-away\n")
        (directory / ".env").chmod(0o600)
    report = directory / "report.json"
    child = [sys.executable, "-m", "tests.cli.footprint_child", str(report), command.words]
    environ = {
        "PYTHONPATH": str(REPOSITORY),
        "XDG_STATE_HOME": str(directory / "state"),
        "LANG": "C.UTF-8",
        "ACCESSIBLE": "",
    }
    with Line([*child, *command.arguments.split()], cwd=directory, environ=environ) as line:
        line.until(lambda _: line.process.poll() is not None)
        if line.process.returncode:
            raise AssertionError(line.received.decode(errors="replace"))
    return _read(json.loads(report.read_text()))


def _read(table: dict[str, object]) -> Footprint:
    modules, dataclasses, patterns = table["modules"], table["dataclasses"], table["patterns"]
    assert isinstance(modules, list)
    assert isinstance(dataclasses, int)
    assert isinstance(patterns, int)
    return Footprint(frozenset(modules), dataclasses, patterns)


def main() -> None:
    lines = ["# The most that each command may load: written by `python -m tests.cli.footprint`."]
    for name, command in COMMANDS.items():
        with tempfile.TemporaryDirectory() as directory:
            found = measure(command, Path(directory))
        lines += ["", f'["{name}"]', f"dataclasses = {found.dataclasses}"]
        lines += [f"patterns = {found.patterns}", f"modules = [  # {len(found.modules)}"]
        lines += [f'    "{module}",' for module in sorted(found.modules)] + ["]"]
    BOUNDS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
