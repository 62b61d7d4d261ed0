"""What changing three settings costs in files of 1 to 100 KB, and what else it changes.

``python -m tests.benchmarks.rewriting`` prints a table: our edit of a config.toml, which checks its
own result, beside tomlkit (parse, set, dump) and the standard library's tomllib, which only reads.
*Elsewhere* are the bytes of all lines, old and new, that differ and hold none of the settings.
"""

from __future__ import annotations

import difflib
import itertools
import re
import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from functools import partial

import tomlkit

from tests.benchmarks.turns import in_turn
from wizard.formats.config_toml.edit import ConfigEdit, edit_config

SIZES = {"1 KB": 1_000, "10 KB": 10_000, "100 KB": 100_000}
"""Bytes. The wizard refuses a config.toml of more than 20,000 values, tables and comments."""
_NUMBERS = itertools.count()
WANTED = {"user": "new@example.org", "endpoint": "mail2.example.org", "secret": "${SMTP_SECRET}"}
HEAD = """\
# Settings of the server. Restart it after a change of the domain.
domain   = "bomnipotent.example"   # without https://
db_url   = "postgres://bom@localhost/bom"

[smtp]     # asks every new user for a confirmation
user     = "old@example.org"     # of the account, not of a person
endpoint = 'mail.example.org'
secret   = "${OLD_SECRET}"

[log]
level    = "info"                # trace, debug, info, warn, error
"""
BLOCK = """
# Publisher {n}, since the spring; ask before removing it.
[provider.n{n}]
publisher = {{ name = "Publisher No. {n}", namespace = "https://p{n}.example" }}
issuing_authority = 'Department {n}, "Security"'
contact   = [
  "security@p{n}.example",       # first
  "backup@p{n}.example",
]
since     = 2025-03-{day:02}T08:00:00Z
limits.rate  = 1_000
limits.burst = 0x{n:04x}

[[{mirror}]]
url = "https://mirror{n}.example/csaf/"   # checked every night
notes = \"\"\"
Kept by the team of {n}.
\"\"\"
"""
_OURS = re.compile(r"\s*(user|endpoint|secret)\s*=")
Edit = Callable[[str], object]


def sample(size: int, in_order: bool = True) -> str:
    """Return a configuration as people keep it, of at least ``size`` bytes.

    Where it is not ``in_order``, the tables of one array stand between other tables: TOML allows
    it, and it happens where people add to a file at its end.
    """
    text = HEAD
    for n in itertools.count(1):
        if len(text) >= size:
            return text
        mirror = f"provider.n{n}.mirror" if in_order else "mirror"
        text += BLOCK.format(n=n, day=n % 28 + 1, mirror=mirror)
    raise AssertionError


def ours(text: str) -> str:
    edit = ConfigEdit(WANTED["user"], WANTED["endpoint"], f'"{WANTED["secret"]}"')
    return edit_config(text, edit)


def with_tomlkit(text: str) -> str:
    document = tomlkit.parse(text)
    smtp = document["smtp"]
    assert isinstance(smtp, tomlkit.items.Table)
    smtp.update(WANTED)
    return tomlkit.dumps(document)


WAYS: Mapping[str, Edit] = {
    "smtp-wizard": ours,
    "tomlkit": with_tomlkit,
    "tomllib, reading": tomllib.loads,
}


def elsewhere(before: str, after: str) -> int:
    """Return the bytes of the lines that have gone or come, but for those of the settings."""
    old, new = (
        [line for line in text.splitlines(keepends=True) if not _OURS.match(line)]
        for text in (before, after)
    )
    if old == new:
        return 0
    matches = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = [old[a:b] + new[c:d] for tag, a, b, c, d in matches if tag != "equal"]
    return sum(len(line.encode()) for lines in changed for line in lines)


def milliseconds(edit: Edit, text: str) -> float:
    """Return what an edit takes of the processor's time, of a text that nothing has read before."""
    text += f"# {next(_NUMBERS)}\n"
    began = time.process_time()
    edit(text)
    return (time.process_time() - began) * 1000


def print_row(name: str, text: str) -> None:
    found = in_turn({way: partial(milliseconds, edit, text) for way, edit in WAYS.items()})
    cells = ""
    for way, edit in WAYS.items():
        cells += f"{statistics.median(found[way]):>15.1f} ms"
        result = edit(text)
        if isinstance(result, str):
            assert tomllib.loads(result)["smtp"] == WANTED, way
            cells += f"{elsewhere(text, result):>11}"
    sys.stdout.write(f"{name:<22}{cells}\n")
    sys.stdout.flush()


def main(sizes: Mapping[str, int] = SIZES) -> None:
    for edit in WAYS.values():
        edit(sample(0))  # the first one imports and compiles
    titles = "".join(
        f"{way:>18}" + ("" if way.startswith("tomllib") else f"{'elsewhere':>11}") for way in WAYS
    )
    sys.stdout.write(f"{'rewriting, CPU':<22}{titles}\n")
    for name, size in sizes.items():
        print_row(name, sample(size))
    print_row("10 KB, out of order", sample(10_000, in_order=False))


if __name__ == "__main__":
    main()
