"""Who reads which secret exactly from the `.env` that the wizard writes: asked, not believed.

``python -m tests.peers.table`` asks every reader that is at hand and prints the table.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.peers import readers, systemd
from tests.peers.readers import Reader
from wizard.formats.dotenv.quoting import DOCKER_RUN, NODE, PYTHON, SHELL, readers_that_differ
from wizard.formats.dotenv.variables import set_variable
from wizard.formats.variables import DEFAULT_VARIABLE

SECRETS = {
    "letters and digits": "abc123",
    "a blank": "a b",
    "a tab": "a\tb",
    "an umlaut": "ä",
    "an emoji": "😀",
    "#": "a #b",
    "# first": "#ab",
    "=": "a=b",
    "$": "a$b",
    "$$": "a$$b",
    "${": "a${b}",
    "`": "a`b`",
    '"': 'a"b',
    "'": "a'b",
    "' and \"": "a'\"b",
    "' and $": "a'$b",
    "' and \\": "a'\\b",
    "' and `": "a'`b`",
    "\\": "a\\b",
    "\\n": "a\\nb",
    "two \\": "a\\\\b",
    "\\ last": "a\\",
    "two \\ last": "a\\\\",
}
"""A secret for each kind of character that some reader may stumble over."""
TOLD = {"docker run": DOCKER_RUN, "python": PYTHON, "node 16": NODE, "node 18": NODE,
        "dash": SHELL, "bash": SHELL}  # fmt: skip
"""Columns whose misreadings the wizard tells, and the name that it has for the reader.

It says that every other reader reads every secret exactly.
"""


@contextlib.contextmanager
def columns(scratch: Path) -> Iterator[dict[str, Reader]]:
    """Give the readers that are at hand, by the heads of their columns."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Reader] = {}
        with contextlib.suppress(pytest.skip.Exception):
            rust = stack.enter_context(readers.rust_peer(scratch / "dotenv"))
            found["server"] = partial(readers.ask, rust, "dotenvy")
            found["dotenv"] = partial(readers.ask, rust, "dotenv")
        with contextlib.suppress(pytest.skip.Exception):
            go = stack.enter_context(readers.go_peer())
            found["compose"] = partial(readers.ask, go, "compose")
            found["docker run"] = partial(readers.ask, go, "docker run")
        with contextlib.suppress(pytest.skip.Exception):
            found["systemd"] = partial(systemd.ask, systemd.library(), scratch / "systemd")
        for shell in filter(shutil.which, ("dash", "bash")):
            found[shell] = partial(readers.ask_shell, shell, scratch / "sourced")
        found["python"] = _python
        with contextlib.suppress(pytest.skip.Exception):
            node = stack.enter_context(readers.node_peer())
            for version in ("16", "18"):
                found[f"node {version}"] = partial(readers.ask_node, node, f"dotenv-{version}")
        yield found


def _python(text: str, environ: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
    values = dotenv_values(stream=io.StringIO(text))
    return True, {name: value or "" for name, value in values.items()}


def reads(reader: Reader, secret: str) -> bool:
    """Whether the reader gets the secret, and what stands around it, exactly."""
    text = set_variable("A=1\nB='2'\n", DEFAULT_VARIABLE, secret)
    accepted, found = reader(text, {})
    return accepted and found.get(DEFAULT_VARIABLE) == secret and found.get("A") == "1"


def told(column: str, secret: str) -> bool | None:
    """What the wizard says of it; None where that depends on more than the secret."""
    about = [one for one in readers_that_differ(secret) if one.reader == TOLD.get(column)]
    return None if any(not one.certain for one in about) else not about


def rows(found: Mapping[str, Reader]) -> Iterator[tuple[str, dict[str, bool]]]:
    """Ask each reader for each secret."""
    for name, secret in SECRETS.items():
        yield name, {column: reads(reader, secret) for column, reader in found.items()}


def main(show: Callable[[str], object]) -> None:
    """Print the table in Markdown; ``(✗)`` is what the wizard calls possible."""
    with tempfile.TemporaryDirectory() as scratch, columns(Path(scratch)) as found:
        show(f"| the secret has | {' | '.join(found)} |")
        show("|---" * (len(found) + 1) + "|")
        for name, cells in rows(found):
            marks = {True: "✓", False: "✗"}
            shown = [
                f"({marks[cell]})" if told(column, SECRETS[name]) is None else marks[cell]
                for column, cell in cells.items()
            ]
            show(f"| {name} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main(lambda line: sys.stdout.write(f"{line}\n"))
