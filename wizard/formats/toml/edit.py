"""Splices in a TOML text: every statement that is not asked for stays as it is, byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wizard.formats.toml.statements import Kind, Path, Span, Statement, TomlSource, lex


class Document:
    """The statements of one text while it is edited."""

    def __init__(self, source: TomlSource) -> None:
        self._bom = source.bom
        self.statements = list(source.statements)

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._bom + "".join(statement.text for statement in self.statements)

    def replace(self, index: int, span: Span, source: str) -> None:
        """Put ``source`` in the place of a span of one statement."""
        text = self.statements[index].text
        self.rewrite(index, text[: span[0]] + source + text[span[1] :])

    def rewrite(self, index: int, text: str) -> None:
        """Put ``text``, one statement too, in the place of a statement."""
        old = self.statements[index]
        self.statements[index : index + 1] = lex(text, old.table, old.line)

    def insert(self, index: int, lines: Sequence[str], table: Path) -> None:
        """Insert lines, without line ends, before a statement; they stand in ``table``.

        Line ends are those of the line above. At the end of a file without a final newline, the
        text has none afterwards either.
        """
        end = self._line_end(index)
        above = self.statements[index - 1] if index else None
        unfinished = above is not None and not above.line_end
        if unfinished:
            self.rewrite(index - 1, self.statements[index - 1].text + end)
        text = end.join(lines) + ("" if unfinished else end)
        self.statements[index:index] = lex(text, table)

    def remove(self, *indices: int) -> None:
        """Remove whole statements; a missing final newline stays missing."""
        unfinished = bool(self.statements) and not self.statements[-1].line_end
        for index in sorted(indices, reverse=True):
            del self.statements[index]
        if unfinished and self.statements and (end := self.statements[-1].line_end):
            self.rewrite(len(self.statements) - 1, self.statements[-1].text.removesuffix(end))

    def reread(self) -> None:
        """Find out anew which table each statement stands in, after a header has appeared."""
        self.statements = list(lex("".join(statement.text for statement in self.statements)))

    def content_end(self) -> int:
        """Return the index behind the last statement that is not blank."""
        index = len(self.statements)
        while index and self.is_kind(index - 1, Kind.BLANK):
            index -= 1
        return index

    def is_kind(self, index: int, *kinds: Kind) -> bool:
        """Tell whether there is a statement at ``index`` and it is of one of these kinds."""
        return 0 <= index < len(self.statements) and self.statements[index].kind in kinds

    def is_comment(self, index: int, comment: str) -> bool:
        """Tell whether the statement at ``index`` is this comment, verbatim."""
        return self.is_kind(index, Kind.COMMENT) and self.statements[index].text.strip() == comment

    def last(self, matches: Callable[[Statement], bool]) -> int | None:
        """Return the index of the last statement that matches."""
        found = (i for i in reversed(range(len(self.statements))) if matches(self.statements[i]))
        return next(found, None)

    def append_section(self, lines: Sequence[str]) -> None:
        """Add lines behind all content, one blank line below it."""
        index = self.content_end()
        self.insert(index, ["", *lines] if index else lines, ())

    def _line_end(self, index: int) -> str:
        above = self.statements[index - 1].line_end if index else ""
        return above or next((s.line_end for s in self.statements if s.line_end), "\n")
