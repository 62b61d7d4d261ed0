"""What is shown in a panel, as values, and the rows of cells that they become."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textual.content import Content

from wizard.text.display import DiffRow, on_one_line
from wizard.text.wrapping import cell_width, hanging_lines
from wizard.ui.account.view import Line


class Divider(NamedTuple):
    """A straight edge between lines, with a title."""

    title: str
    right: str = ""


PanelLine = Line | Divider | DiffRow


class Look(NamedTuple):
    """What the terminal has room and colours for."""

    small: bool = False
    """Whether there is no room for frames and notes."""
    colourless: bool = False


SIGNS = {
    "✓": "ansi_green",
    "✗": "ansi_red",
    "!": "ansi_yellow",
    "●": "ansi_yellow",
    "▸": "ansi_magenta",
    "·": "dim",
}
"""The style of each sign; text keeps the colour of the terminal."""
_BADGES = {
    "✓": "ansi_black on ansi_green",
    "!": "ansi_black on ansi_yellow",
    "✗": "ansi_bright_white on ansi_red",
}
_SIGN_IN_TEXT = re.compile("[✓✗●]")
_URL = re.compile(r"https?://\S*[^\s.,;:)]")
_WORD_COLUMN = 13
"""Cells of the shortest column of words, with the blanks after it."""


def sign(mark: str) -> Content:
    """Return a mark, of which only signs are coloured and numbers are bold."""
    shown = on_one_line(mark)
    return Content.styled(shown, SIGNS.get(shown.strip(), "bold" if mark.strip().isdigit() else ""))


def badge(mark: str, look: Look) -> Content:
    """Return a sign as a block of three cells that is readable in any colours."""
    return Content.styled(
        f" {mark} ", "reverse" if look.colourless else _BADGES.get(mark, "reverse")
    )


def prose(text: str) -> Content:
    """Return text with its signs coloured and its addresses underlined."""
    content = Content(text)
    for match in _SIGN_IN_TEXT.finditer(text):
        content = content.stylize(SIGNS[match[0]], *match.span())
    for match in _URL.finditer(text):
        content = content.stylize("underline", *match.span())
    return content


def rows_of(
    lines: Sequence[PanelLine], width: int, look: Look, *, left: int = 0, right: int = 0
) -> list[Content]:
    """Return the rows that ``lines`` take, each exactly ``width`` cells wide.

    ``left`` and ``right`` are blanks around everything but dividers.
    """
    words = [cell_width(on_one_line(line.word)) for line in lines if isinstance(line, Line)]
    room = max(width - left - right, 1)
    column = min(max([_WORD_COLUMN, *(each + 2 for each in words)]), max(room * 2 // 3, 4))
    rows: list[Content] = []
    for line in lines:
        if isinstance(line, Divider):
            rows.append(edge(width, Title(line.title), line.right, look=look))
        elif isinstance(line, DiffRow):
            rows += (Content.assemble(" " * left, row) for row in _diff_rows(line, room, look))
        else:
            text_rows = _line_rows(line, room, column, look)
            rows += (Content.assemble(" " * left, row) for row in text_rows)
    return [fitted(row, width) for row in rows]


def fitted(row: Content, width: int) -> Content:
    """Return ``row`` cut or filled to exactly ``width`` cells."""
    return row.truncate(width, pad=True)


def _without_columns(line: Line) -> Line:
    """Return a line for a screen that has no room for columns."""
    word = line.word.strip()
    return line._replace(word="", right="", lead=f"{word}:" if word and line.text else word)


def _line_rows(line: Line, width: int, column: int, look: Look) -> Iterator[Content]:
    if line.word and look.small:
        line = _without_columns(line)
    head = Content.assemble(_mark(line.mark, look), " ") if line.mark else Content("")
    if line.word:
        word = shortened(on_one_line(line.word), column - 2)
        head = Content.assemble(head, word, " " * (column - cell_width(word)))
    right = on_one_line(line.right)
    indent = head.cell_length
    room = max(width - indent - (cell_width(right) + 2 if right else 0), 1)
    lead = on_one_line(line.lead)
    bold = len(lead.replace(" ", ""))
    style = "dim" if line.quiet or line.mark == "·" else ""
    paragraphs = "\n".join(on_one_line(each) for each in line.text.split("\n"))
    text = f"{lead} {paragraphs}" if lead else paragraphs
    for number, part in enumerate(whole_lines(text.rstrip(), room)):
        body = prose(part)
        if bold:
            end = _end_of(bold, part)
            body = body.stylize("bold", 0, end)
            bold -= len(part[:end].replace(" ", ""))
        row = Content.assemble(head if number == 0 else " " * indent, body)
        if right and number == 0:
            gap = width - row.cell_length - cell_width(right)
            row = Content.assemble(row, " " * gap, right)
        yield row.stylize(style)


def _mark(mark: str, look: Look) -> Content:
    is_badge = len(mark) > 2 and mark[0] == mark[-1] == " " and mark.strip() in _BADGES
    return badge(mark.strip(), look) if is_badge else sign(mark)


def _end_of(count: int, text: str) -> int:
    """Return the index after the first ``count`` characters that are not blanks."""
    for index, character in enumerate(text):
        count -= character != " "
        if not count:
            return index + 1
    return len(text)


def _diff_rows(row: DiffRow, width: int, look: Look) -> Iterator[Content]:
    number = "" if look.small else f"{row.number:>3} "
    indent = len(number) + 2
    style = {"+": "ansi_green", "-": "ansi_red"}.get(row.sign, "")
    head = Content.assemble((number, "dim"), (row.sign, style), " ")
    text = on_one_line(row.text)
    first, *others = whole_lines(text, max(width - indent, 1), "  ")
    for begin, part in [(head, first), *((Content(" " * indent), each) for each in others)]:
        yield Content.assemble(begin, (part, "" if style else "dim"))


def whole_lines(text: str, width: int, rest: str = "") -> list[str]:
    """Return ``text`` wrapped to ``width`` cells, all of it visible.

    An address that is too long goes without its https://. A line that is in one piece, and too
    long, is broken at a blank, or else cut; what follows begins where it began.
    """
    if width <= len(rest):  # before it is laid out, or where it is hidden
        rest = ""
    for url in _URL.findall(text):
        if cell_width(url) > width - len(rest):
            text = text.replace(url, url.partition("://")[2])
    lines: list[str] = []
    for line in hanging_lines(text, width, rest=rest):
        indent = rest + " " * (len(line) - len(line.lstrip()) - len(rest))
        if len(indent) * 2 > width:
            indent = rest
        while cell_width(line) > width:
            head = cut(line, width + 1).rpartition(" ")[0].rstrip()
            if len(head) <= len(indent):  # no blank but those it begins with
                head = cut(line, width)
            lines.append(head)
            line = indent + line[len(head) :].lstrip()
        lines.append(line)
    return lines


def cut(text: str, width: int) -> str:
    """Return as much of the beginning of ``text`` as fits into ``width`` cells, but something."""
    end = min(len(text), max(width, 1))
    while end > 1 and cell_width(text[:end]) > width:
        end -= 1
    return text[:end]


def shortened(text: str, width: int) -> str:
    """Return ``text`` in ``width`` cells at most: paths lose their middle, others their end."""
    if cell_width(text) <= width:
        return text
    if width < 1:
        return ""
    start, slash, name = text.rpartition("/")
    tail = slash + name
    room = width - 1 - cell_width(tail)
    if slash and room > 0:
        return f"{cut(start, room)}…{tail}"
    if slash:  # the end of a path tells more than its beginning
        while cell_width(text) > width - 1:
            text = text[1:]
        return f"…{text}"
    return f"{cut(text, width - 1)}…" if width > 1 else "…"


class Title(NamedTuple):
    """The left text of an edge."""

    text: str = ""
    badge: str = ""
    brand: bool = False
    """Whether the name of the program is before it; the text is then not bold."""


def edge(
    width: int,
    title: Title,
    right: str = "",
    *,
    ends: str = "──",
    style: str = "dim",
    look: Look,
) -> Content:
    """Return a row "╭─ title ─── right ─╮"; paths are shortened in their middle."""
    head = Content("")
    if title.brand:
        head = Content.styled("smtp-wizard", "bold ansi_magenta")
        if title.text:
            head = Content.assemble(head, (" ─ ", style))
    elif title.badge:
        head = Content.assemble(badge(title.badge, look), " ")
    text, right = _fitting(on_one_line(title.text), on_one_line(right), width - head.cell_length)
    left = Content.assemble(head, (text, "" if title.brand else "bold"))
    stroke = "━" if ends[0] in "┏┗" else "─"
    ending = prose(right)
    gap = width - 4 - sum(each.cell_length + 2 for each in (left, ending) if each)
    return Content.assemble(
        (ends[0] + stroke, style),
        Content.assemble(" ", left, " ") if left else "",
        (stroke * gap, style),
        Content.assemble(" ", ending, " ") if ending else "",
        (stroke + ends[1], style),
    )


def _fitting(title: str, right: str, width: int) -> tuple[str, str]:
    """Shorten what has to be shortened; what is no path is rather left out at the right."""
    room = width - 5  # two cells at each end, and one between
    if right and "/" not in title:
        left_over = room - (cell_width(title) + 2 if title else 0) - 2
        if cell_width(right) > left_over:
            right = shortened(right, left_over) if "/" in right and left_over > 7 else ""
    title_room = room - 2 - (cell_width(right) + 2 if right else 0)
    return shortened(title, title_room), right
