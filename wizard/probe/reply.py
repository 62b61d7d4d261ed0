"""One SMTP reply, read as strictly as the server's client reads it (model: lettre 0.11)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.text.language import _

_LONGEST_LINE = 1000
_LONGEST_REPLY = 100_000
_LINE = re.compile(r"([2-5][0-5][0-9])([- ])(.*)\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}\Z")


class Malformed(Exception):
    """Bytes that are not an SMTP reply; ``received`` is how they begin, as text."""

    def __init__(self, problem: str, received: bytes) -> None:
        super().__init__(problem)
        self.problem = problem
        self.received = received[:_LONGEST_LINE].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply code and the text of each line, exactly as the server sent it."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether the server's client goes on after it: every 2yz and 3yz."""
        return self.code < 400

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code that begins the text, if its class agrees with the code."""
        word = self.lines[0].split(" ", 1)[0]
        match = _ENHANCED.match(word)
        return word if match and match[1] == str(self.code)[0] else None

    @property
    def written(self) -> tuple[str, ...]:
        """The lines as they came, without their ends."""
        last = len(self.lines) - 1
        return tuple(
            f"{self.code}{' ' if number == last else '-'}{line}"
            for number, line in enumerate(self.lines)
        )

    @property
    def text(self) -> str:
        """Code and all lines on one line; a status code that every line repeats stands once."""
        repeated = self.enhanced
        first, *rest = self.lines
        tails = [line.removeprefix(f"{repeated} ") if repeated else line for line in rest]
        return " ".join([str(self.code), first, *tails])


def take_reply(received: bytearray) -> Reply | None:
    """Remove the first reply from ``received`` and return it; None while it is incomplete.

    Raises :class:`Malformed` when no continuation can make it a reply.
    """
    lines: list[str] = []
    code, offset = "", 0
    while (end := received.find(b"\n", offset)) >= 0:
        line = bytes(received[offset : end + 1])
        offset = end + 1
        match = _parse(line)
        if code and match[1] != code:
            raise Malformed(_("a reply whose lines have different codes"), line)
        code = match[1]
        lines.append(match[3])
        if match[2] == " ":
            del received[:offset]
            return Reply(int(code), tuple(lines))
        if offset > _LONGEST_REPLY:
            raise Malformed(_("a reply that is too long"), line)
    if len(received) - offset > _LONGEST_LINE:
        raise Malformed(_("a line that is too long"), bytes(received[offset:]))
    return None


def _parse(line: bytes) -> re.Match[str]:
    if len(line) > _LONGEST_LINE:
        raise Malformed(_("a line that is too long"), line)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Malformed(_("a reply that is not UTF-8"), line) from None
    match = _LINE.match(text.removesuffix("\r\n"))
    if match is None:
        raise Malformed(_("what is not an SMTP reply"), line)
    if not text.endswith("\r\n"):
        raise Malformed(_("a line that does not end with CR LF"), line)
    return match
