"""Stands in for BOMnipotent Server: watches config.toml, and writes the log that the server writes.

Usage: python stand_in_server.py CONFIG LOG MANNER. Says ``ready`` once it watches. The lines are
those of the server's documentation.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

STAMP = "2026-11-22 10:00:00 +00:00"
BEFORE = f'{STAMP} [INFO] Configuration successfully reloaded from "/the/last/time/config.toml"\n'
REQUEST = f"{STAMP} [INFO] Received GET request from 192.0.2.7 to https://x.example/health\n"
ERROR = """\
{stamp} [ERROR] Failed to read config file "{config}": Failed to parse config file: TOML parse \
error at line 5, column 1
  |
5 | secret = "{secret}"
  | ^^^^^^^^^^^^^^^^^^^^
invalid type: string "{secret}", expected a boolean
"""


def answer(config: Path, log: Path, manner: str) -> None:
    """Write what the server writes when config.toml has changed."""
    text = f'{STAMP} [INFO] Configuration successfully reloaded from "{config}"\n'
    if manner in ("rotate", "truncate", "noise"):
        with log.open("a") as stream:
            stream.write(REQUEST * (3000 if manner == "noise" else 1))
    if manner == "rotate":
        log.rename(log.with_name(f"{log.name}.1"))
    if manner == "truncate":
        os.truncate(log, 0)
    if manner in ("refuse", "torn"):
        secret = config.with_name("quoted").read_text()
        write(log, ERROR.format(stamp=STAMP, config=config, secret=secret))
        time.sleep(0.3)
        text = text if manner == "torn" else REQUEST
    if manner == "silent":
        text = REQUEST
    write(log, text)


def write(log: Path, text: str) -> None:
    """Write each line on its own."""
    for line in text.splitlines(keepends=True):
        with log.open("a") as stream:
            stream.write(stamped(log, line))


def stamped(log: Path, line: str) -> str:
    """Return the line as the daemon keeps it, if this is the log of a container."""
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"{now} {line}" if log.name == "container.log" else line


def main() -> None:
    config, log, manner = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    if manner != "late":
        log.write_text(BEFORE if log.name != "container.log" else f"2026-01-01T00:00:00Z {BEFORE}")
    before = config.stat()
    print("ready", flush=True)  # noqa: T201  (that is how it talks to the test)
    while True:
        time.sleep(0.02)
        now = config.stat()
        if (now.st_ino, now.st_mtime_ns) != (before.st_ino, before.st_mtime_ns):
            answer(config, log, manner)
            before = now


if __name__ == "__main__":
    main()
