"""From the lines of the server's log to its verdict on the new config.toml.

The lines, as its documentation shows them (doc.bomnipotent.de, The Config File):

    2025-03-06 15:34:45 +00:00 [INFO] Configuration successfully reloaded from "/…/config.toml"
    2025-03-06 16:11:03 +00:00 [ERROR] Failed to read config file "/…/config.toml": Failed to …
      |
    5 | starlight_throughput = "16 GW"
      | ^^^^^^^^^^^^^^^^^^^^
    unknown field `starlight_throughput`, expected one of …
"""

from __future__ import annotations

import re

_LONGEST = 1 << 16
"""Bytes that are kept of a line without an end."""
_MOST_WORDS = 20
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ENTRY = re.compile(
    r"(?:\d{4}-\d\d-\d\d[T ][\d:.,]+ ?(?:Z|[+-]\d\d:?\d\d)? *)?"
    r"\[ ?(?P<level>[A-Z]+) ?\] (?P<rest>.*)"
)
_RELOADED = re.compile(r'Configuration successfully reloaded from "')
_FAILED = re.compile(r'Failed to read config file (?:"(?:[^"\\]|\\.)*": )?(?P<why>.*)')
_QUOTED = re.compile(r"\s*\d*\s*\|")
"""A line of config.toml, as the parser shows it; it may hold a secret."""


class LogReader:
    """Takes what was appended to the log, in pieces of any size. The last verdict counts."""

    def __init__(self) -> None:
        self.reloaded: bool | None = None
        """Whether the server uses the new settings; None as long as it has not said so."""
        self._why: list[str] = []
        self._goes_on = False
        self._rest = b""

    @property
    def why(self) -> tuple[str, ...]:
        """Why the server refuses, line by line, without the lines of config.toml. Not masked."""
        return tuple(self._why)

    def feed(self, data: bytes) -> None:
        """Read on."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LONGEST]
        for line in lines:
            self._take(line)

    def close(self) -> None:
        """Count a last line that has no end as well."""
        self.feed(b"\n")

    def _take(self, line: bytes) -> None:
        text = _COLOUR.sub("", line[:_LONGEST].decode("utf-8", "replace")).rstrip()
        entry = _ENTRY.match(text)
        if entry is None:
            if self._goes_on and len(self._why) < _MOST_WORDS and not _QUOTED.match(text):
                self._why.append(text)
            return
        self._goes_on = False
        if entry["level"] == "INFO" and _RELOADED.match(entry["rest"]):
            self.reloaded, self._why = True, []
        elif entry["level"] == "ERROR" and (failed := _FAILED.match(entry["rest"])):
            self.reloaded, self._why, self._goes_on = False, [failed["why"]], True
