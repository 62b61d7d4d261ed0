"""`.env` as BOMnipotent Server reads it: the grammar of the Rust crate dotenvy 0.15.7.

Two passes have rules of their own: the first joins physical lines while a quote is open
(``iter.rs``), the second parses each joined line (``parse.rs``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto

from wizard.formats.dotenv.reading import (
    BYTE_ORDER_MARK,
    MAX_EXPANSION,
    NO_ENVIRON,
    WHITE_SPACE,
    Assignment,
    Assignments,
    EnvSyntaxError,
    ExpansionTooLong,
    ParsedEnv,
    RejectedLine,
)
from wizard.text.language import N_, _


class _State(Enum):
    PLAIN = auto()
    BLANK = auto()
    ESCAPE = auto()
    WEAK = auto()
    WEAK_ESCAPE = auto()
    STRONG = auto()
    STRONG_ESCAPE = auto()
    COMMENT = auto()


_OPENING = {"\\": _State.ESCAPE, '"': _State.WEAK, "'": _State.STRONG}
_NEXT: dict[_State, dict[str, _State]] = {
    _State.PLAIN: {
        **_OPENING,
        **dict.fromkeys(set(WHITE_SPACE) - set("\r\n"), _State.BLANK),
    },
    # A second blank leads back to PLAIN, so only a "#" after a single one starts a comment here.
    _State.BLANK: {**_OPENING, "#": _State.COMMENT},
    _State.ESCAPE: {},
    _State.WEAK: {"\\": _State.WEAK_ESCAPE, '"': _State.PLAIN},
    _State.WEAK_ESCAPE: {},
    _State.STRONG: {"\\": _State.STRONG_ESCAPE, "'": _State.PLAIN},
    _State.STRONG_ESCAPE: {},
}
_OTHERWISE = {
    _State.PLAIN: _State.PLAIN,
    _State.BLANK: _State.PLAIN,
    _State.ESCAPE: _State.PLAIN,
    _State.WEAK: _State.WEAK,
    _State.WEAK_ESCAPE: _State.WEAK,
    _State.STRONG: _State.STRONG,
    _State.STRONG_ESCAPE: _State.STRONG,
}
_UNFINISHED = {
    _State.BLANK: N_("The file ends in a blank without a line break after it"),
    _State.ESCAPE: N_("The file ends in a backslash"),
}
_OPEN_QUOTE = N_("The quote is never closed")

_BLANKS = f"[{WHITE_SPACE}]*"
_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_HEAD = re.compile(rf"(?:export(?![A-Za-z0-9_.]){_BLANKS})?(?P<name>{_NAME}){_BLANKS}={_BLANKS}")

# A name without braces ends at the first character that is not a letter or number; that character,
# unless it is another "$", is taken literally, even if it is a quote or a backslash. (Rust counts
# some combining marks as letters, re does not: such a name is read differently here.)
_SUBSTITUTION = (
    r"\$(?:\{(?P<braced>[^}]*)\}|(?P<unclosed>\{)|(?P<bare>[^\W_]*)(?P<literal>[^$])?)"
    r"|\\(?P<escaped>[\\'\"$ n])|(?P<unknown>\\.)|(?P<dangling>\\)"
)
_PLAIN_PIECE = re.compile(
    _SUBSTITUTION + r"|(?P<weak>\")|'(?P<strong>[^']*)'|(?P<open>')|(?P<blank>[ \t])"
    r"|(?P<text>[^\\'\"$ \t]+)",
    re.DOTALL,
)
_WEAK_PIECE = re.compile(_SUBSTITUTION + r'|(?P<weak>")|(?P<text>[^\\"$]+)', re.DOTALL)
_TAIL = re.compile(r"[ \t]*(?:(?P<comment>#)|\Z)")


def read_dotenvy(text: str, environ: Mapping[str, str] = NO_ENVIRON) -> ParsedEnv:
    """Read the text as ``dotenvy::from_path`` loads it; ``environ`` is the server's environment.

    The server keeps the first of several definitions, but each of them is listed.
    """
    # While loading, dotenvy puts each variable into the environment unless it is there already.
    variables = dict(environ)
    assignments = Assignments()
    offset = 0
    try:
        for offset, end, comment in _joined_lines(text):
            assignment = _assignment(text, offset, end, comment, variables)
            if assignment is not None:
                variables.setdefault(assignment.name, assignment.value)
                assignments.append(assignment)
    except _Unfinished as unfinished:
        return ParsedEnv(tuple(assignments), RejectedLine(unfinished.offset, str(unfinished)))
    except EnvSyntaxError as unreadable:
        offset += len(text[offset:]) - len(text[offset:].lstrip(WHITE_SPACE))
        rejection = RejectedLine(offset, str(unreadable), unreadable.too_long)
        return ParsedEnv(tuple(assignments), rejection)
    return ParsedEnv(tuple(assignments))


class _Unfinished(EnvSyntaxError):
    """The file ends within a joined line, which begins at ``offset``."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


def _joined_lines(text: str) -> Iterator[tuple[int, int, int | None]]:
    """Yield start, end and position of the comment of each joined line that is not a comment."""
    position = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    while position < len(text):
        start, state = position, _State.PLAIN
        while True:
            if position == len(text):
                raise _Unfinished(_(_UNFINISHED.get(state, _OPEN_QUOTE)), start)
            line_start, position = position, text.find("\n", position) + 1 or len(text)
            if line_start == start and _is_comment(text[start:position]):
                break
            state, stop = _scan(text, line_start, position, state)
            if state is _State.COMMENT:
                yield start, stop, stop
                break
            if state is _State.PLAIN:
                yield start, stop, None
                break


def _is_comment(line: str) -> bool:
    return line.lstrip(WHITE_SPACE).startswith("#")


def _scan(text: str, start: int, end: int, state: _State) -> tuple[_State, int]:
    """Return the state after the physical line, and the end of the part that counts."""
    following, otherwise = _NEXT[state], _OTHERWISE[state]
    for position in range(start, end):
        new = following.get(text[position], otherwise)
        if new is not state:
            if new is _State.COMMENT:
                return new, position
            state = new
            following, otherwise = _NEXT[state], _OTHERWISE[state]
    return state, end


def _assignment(
    text: str, start: int, end: int, comment: int | None, variables: Mapping[str, str]
) -> Assignment | None:
    """Parse one joined line; None if it is blank."""
    line = text[start:end].rstrip(WHITE_SPACE)
    end = start + len(line)
    start = end - len(line.lstrip(WHITE_SPACE))
    if start == end or text[start] == "#":
        return None
    head = _HEAD.match(text, start, end)
    if head is None:
        raise EnvSyntaxError(_("This is not of the form NAME=value"))
    name, name_end = head["name"], head.end("name")
    if text.startswith("#", head.end(), end):
        # Without a blank before it, the "#" may be the value: other readers take it as that.
        comment = head.end() if text[head.end() - 1] != "=" else None
        return Assignment(start, name, name_end, end, "", comment=comment)
    value = _Value(variables)
    offset = value.read(text[head.end() : end])
    if offset is not None:
        comment = head.end() + offset
    return Assignment(start, name, name_end, end, value.text, comment=comment)


class _Value:
    """Builds a value, piece by piece."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._parts: list[str] = []
        self._variables = variables
        self._expanded = 0
        self._weak = False

    @property
    def text(self) -> str:
        """What has been read so far."""
        return "".join(self._parts)

    def read(self, source: str) -> int | None:
        """Read the source of one value; return where its comment begins, if it has one."""
        position = 0
        while position < len(source):
            piece = (_WEAK_PIECE if self._weak else _PLAIN_PIECE).match(source, position)
            assert piece is not None  # noqa: S101 - the patterns cover every character
            position = piece.end()
            if piece.lastgroup == "blank":
                return self._comment(source, position)
            self._take(piece)
        if self._weak:
            raise EnvSyntaxError(_(_OPEN_QUOTE))
        return None

    def _take(self, piece: re.Match[str]) -> None:
        match piece.lastgroup:
            case "braced" | "bare" | "literal":
                name = piece["braced"] if piece["bare"] is None else piece["bare"]
                found = self._variables.get(name, "")
                self._expanded += len(found)
                if self._expanded > MAX_EXPANSION:
                    raise ExpansionTooLong
                self._parts += found, piece["literal"] or ""
            case "escaped":
                self._parts.append("\n" if piece["escaped"] == "n" else piece["escaped"])
            case "strong" | "text" as group:
                self._parts.append(piece[group])
            case "weak":
                self._weak = not self._weak
            case "unknown":
                raise EnvSyntaxError(_("A backslash precedes a character that it cannot escape"))
            case "unclosed":
                raise EnvSyntaxError(_("A ${ is never closed"))
            case "open":
                raise EnvSyntaxError(_(_OPEN_QUOTE))

    @staticmethod
    def _comment(source: str, position: int) -> int | None:
        """Reject anything but a comment after the first blank that is not quoted or escaped."""
        tail = _TAIL.match(source, position)
        if tail is None:
            raise EnvSyntaxError(_("The value holds a blank but is not quoted"))
        return tail.start("comment") if tail["comment"] else None
