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
from wizard.formats.dotenv.quoting import (
    DOCKER_RUN,
    NODE,
    PYTHON,
    SHELL,
    SYSTEMD,
    readers_that_differ,
)
from wizard.formats.dotenv.variables import definition_lines, set_variable
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
LINES = {
    "a new line": "A=1\nB='2'\n",
    "an old one": f"A=1\n{DEFAULT_VARIABLE}=old\nB='2'\n",
    "export": f"A=1\nexport {DEFAULT_VARIABLE}=old\nB='2'\n",
    "a tab and export": f"A=1\n\texport\t{DEFAULT_VARIABLE}=old\nB='2'\n",
    "indented": f"A=1\n  {DEFAULT_VARIABLE}=old\nB='2'\n",
    "blanks and a comment": f"A=1\n{DEFAULT_VARIABLE} = 'old' # of the relay\nB='2'\n",
    "CRLF": f"A=1\r\n{DEFAULT_VARIABLE}=old\r\nB='2'\r\n",
    "a byte order mark": f"\ufeff{DEFAULT_VARIABLE}=old\nA=1\nB='2'\n",
    "twice, once with export": f"A=1\n{DEFAULT_VARIABLE}=a\nexport {DEFAULT_VARIABLE}=b\nB='2'\n",
    "twice, with export": f"A=1\nexport {DEFAULT_VARIABLE}=a\nexport {DEFAULT_VARIABLE}=b\nB='2'\n",
}
"""What the file says before the secret is written, for each form that the line can keep."""
KEPT = {
    "needless double quotes": ('S="x"\n', "x"),
    "needless single quotes": ("S='x'\n", "x"),
    "export and quotes": ("export S='a b'\n", "a b"),
    "blanks around =": ("S = x\n", "x"),
    "a blank before =": ("S =x\n", "x"),
    "a blank after =": ("S= x\n", "x"),
    "blanks at the end": ("S=x  \n", "x"),
    "a comment": ("S=x # of the relay\n", "x"),
    "quotes and a comment": ("S='a b' # it's\n", "a b"),
    "a tilde": ("S=~x\n", "~x"),
    "a number sign": ("S=a#b\n", "a#b"),
    "a bracket": ("S=a(b\n", "a(b"),
    "a semicolon": ("S=a;b\n", "a;b"),
    "an ampersand": ("S=a&b\n", "a&b"),
    "backticks inside": ("S=a`b`\n", "a`b`"),
    "backticks around": ("S=`ab`\n", "`ab`"),
    "an umlaut": ("S=ä\n", "ä"),
    "double quotes that are needed": ('S="it\'s \\$ \\\\"\n', "it's $ \\"),
    "CRLF": ("S='a b'\r\n", "a b"),
    "no line end": ("S='a b'", "a b"),
}
"""Lines with which the server and Compose read this secret already, so that they stay."""
TOLD = {
    "docker run": DOCKER_RUN,
    "systemd": SYSTEMD,
    "dash": SHELL,
    "bash": SHELL,
    "python": PYTHON,
    "node 16": NODE,
    "node 18": NODE,
}
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


def reads(reader: Reader, text: str, secret: str, name: str = DEFAULT_VARIABLE) -> bool:
    """Whether the reader gets the secret, and what stands around it, exactly."""
    accepted, found = reader(text, {})
    return accepted and found.get(name) == secret and found.get("A") == "1"


def told(column: str, text: str, secret: str, name: str = DEFAULT_VARIABLE) -> bool | None:
    """What the wizard says of it; None where that depends on more than the line."""
    found = readers_that_differ(definition_lines(text, name), secret)
    about = [one for one in found if one.reader == TOLD.get(column)]
    return None if any(not one.certain for one in about) else not about


def rows(
    found: Mapping[str, Reader], before: str = LINES["a new line"]
) -> Iterator[tuple[str, str, str, dict[str, bool]]]:
    """Write each secret and ask each reader; yield its kind, itself, the text, and who reads it."""
    for kind, secret in SECRETS.items():
        text = set_variable(before, DEFAULT_VARIABLE, secret)
        cells = {column: reads(reader, text, secret) for column, reader in found.items()}
        yield kind, secret, text, cells


def main(show: Callable[[str], object]) -> None:
    """Print the table in Markdown; ``(✗)`` is what the wizard calls possible."""
    with tempfile.TemporaryDirectory() as scratch, columns(Path(scratch)) as found:
        show(f"| the secret has | {' | '.join(found)} |")
        show("|---" * (len(found) + 1) + "|")
        for kind, secret, text, cells in rows(found):
            marks = {True: "✓", False: "✗"}
            shown = [
                f"({marks[cell]})" if told(column, text, secret) is None else marks[cell]
                for column, cell in cells.items()
            ]
            show(f"| {kind} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main(lambda line: sys.stdout.write(f"{line}\n"))
