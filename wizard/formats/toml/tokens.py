"""The tokens of TOML that decide where a string, a comment or a reference begins and ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wizard.config.settings import REFERENCE

MAX_KEY_PARTS = 32
"""tomllib needs memory in the square of a key's parts: 100,000 of them exhaust a machine."""

# Possessive quantifiers keep every pattern linear. A string that is never closed extends to the end
# of its line or of the file: tomllib refuses it with a better message than a lexer could give.
STRING = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
)
_KEY_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\[^\n])*+"|'[^'\n]*+')"""
_DOT = r"[ \t]*+\.[ \t]*+"
KEY = rf"{_KEY_PART}(?:{_DOT}{_KEY_PART})*+"

FIRST_KEY_PART = re.compile(_KEY_PART)

_OUTSIDE = re.compile(
    rf"(?P<deep>(?<![A-Za-z0-9_-]){_KEY_PART}(?:{_DOT}{_KEY_PART}){{{MAX_KEY_PARTS}}})"
    rf"|(?P<string>{STRING})|(?P<comment>#[^\n]*+)|(?P<reference>{REFERENCE.pattern})",
    re.DOTALL,
)


def deepest_key(text: str) -> int | None:
    """Return the offset of a key with more than `MAX_KEY_PARTS` parts, or None."""
    return next((found.start() for found in _OUTSIDE.finditer(text) if found["deep"]), None)


def mask_references(text: str) -> str:
    """Return ``text`` with each ``${NAME}`` outside of strings as an integer of the same length.

    ``https_port = ${PORT}`` is legal for the server, which replaces text before it reads TOML.
    """

    def masked(found: re.Match[str]) -> str:
        return "1" * len(found[0]) if found["reference"] else found[0]

    return _OUTSIDE.sub(masked, text)


def references(text: str) -> Iterator[str]:
    """Yield the name of each ``${NAME}`` in ``text`` that is not in a comment."""
    for found in _OUTSIDE.finditer(text):
        if not found["comment"]:
            yield from REFERENCE.findall(found[0])


def multi_line_strings(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each string that reaches over a line end."""
    for found in _OUTSIDE.finditer(text):
        if found["string"] and "\n" in found[0]:
            yield found.span()


def map_strings_and_comments(
    text: str, string: Callable[[str], str], comment: Callable[[str], str]
) -> str:
    """Return ``text`` with each string (with its quotes) and each comment mapped."""

    def mapped(found: re.Match[str]) -> str:
        if found["comment"]:
            return comment(found[0])
        return string(found[0]) if found["string"] else found[0]

    return _OUTSIDE.sub(mapped, text)
