"""Frames with what matters now: edges with texts on both sides, and lines that scroll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from textual.containers import Vertical
from textual.content import Content
from textual.events import MouseScrollDown, MouseScrollUp, Resize, ScreenResume
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from wizard.ui.textual.lines import Look, PanelLine, Title, edge, rows_of

R = TypeVar("R")

WIDTHS = [(0, "-narrow"), (60, "-medium"), (110, "-wide")]
HEIGHTS = [(0, "-short"), (20, "-tall")]
"""Breakpoints of a screen, in cells."""


def size_classes(size: Size) -> str:
    """Return the classes for a size, with which a screen is drawn right from the first time on."""
    names = [
        next(name for start, name in sorted(breakpoints, reverse=True) if length >= start)
        for length, breakpoints in ((size.width, WIDTHS), (size.height, HEIGHTS))
    ]
    return " ".join(names)


_ROLES = {
    "": ("", "dim"),
    "pass": ("✓", "ansi_green"),
    "warn": ("!", "ansi_yellow"),
    "fail": ("✗", "ansi_red"),
    "warning": ("", "ansi_yellow"),
    "error": ("", "ansi_red"),
}
"""Badge and style of the frame."""
_HEAVY = {"warning", "error"}


class Drawn(Widget):
    """A widget that draws all its cells itself, for the room that the screen has."""

    ALLOW_SELECT = False
    _drawn_small = False

    @property
    def look(self) -> Look:
        """What the terminal has room and colours for."""
        screen = self.screen
        small = screen.has_class("-narrow") or screen.has_class("-short")
        return Look(small, self.app.no_color)

    @property
    def shows_focus(self) -> bool:
        """Whether the keys go here, and not to a question over the screen."""
        return (self.has_focus or self.has_focus_within) and self.app.screen is self.screen

    def notify_style_update(self) -> None:
        """Draw again when the terminal gets small, or is so no longer."""
        super().notify_style_update()
        if self.is_attached and self._drawn_small != self.look.small:
            self._drawn_small = self.look.small
            self.refresh(layout=True)


class BelowQuestions(Screen[R]):
    """A screen that shows no focus while a question is over it."""

    _has_begun = False

    def on_screen_suspend(self) -> None:
        """Draw without the focus."""
        self._draw_focus()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Draw with the focus again."""
        # At first every widget has just got its styles.
        event.refresh_styles = event.refresh_styles and self._has_begun
        self._has_begun = True
        self._draw_focus()

    def _draw_focus(self) -> None:
        for widget in self.query(Drawn):
            if widget.has_focus or widget.has_focus_within:
                widget.refresh()


class Edge(Drawn):
    """The upper or lower edge of a frame."""

    def __init__(
        self,
        title: str = "",
        right: str = "",
        *,
        brand: bool = False,
        ends: str = "╭╮",
        id: str | None = None,  # noqa: A002
    ) -> None:
        """``brand`` puts the program's name first; ``ends`` are the two corners."""
        super().__init__(id=id)
        self._brand, self._ends = brand, ends
        self._shown = (title, right, "")

    def show(self, title: str = "", right: str = "", *, role: str = "") -> None:
        """Show other texts; with a role, its badge takes the place of the program's name."""
        if self._shown != (title, right, role):
            self._shown = (title, right, role)
            self.refresh()

    def render(self) -> Content:
        """Return the edge."""
        text, right, role = self._shown
        sign, style = _ROLES[role]
        title = Title(text, sign, self._brand and not role)
        ends = "──" if self.look.small else self._ends
        return edge(self.size.width, title, right, ends=ends, style=style, look=self.look)


class Panel(Drawn):
    """Lines in a frame; what does not fit is reached page by page, without the focus."""

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002
        framed: bool = True,
        title_when_small: bool = False,
        classes: str = "",
    ) -> None:
        """Without a frame, title and footer are straight edges, or nothing if they are empty."""
        super().__init__(id=id, classes=classes)
        self._framed, self._title_when_small = framed, title_when_small
        self._title = self._right = self._footer = self._footer_if_cut = self._role = ""
        self._lines: Sequence[PanelLine] = ()
        self._top = 0
        self._cache: tuple[int, int, Look, list[Content]] | None = None

    def show(
        self,
        title: str,
        lines: Sequence[PanelLine],
        *,
        right: str = "",
        footer: str = "",
        footer_if_cut: str = "",
        role: str = "",
    ) -> None:
        """Show this; ``footer_if_cut`` is shown instead of the footer while there is more below.

        Roles: "pass", "warn" and "fail" have a badge, "warning" and "error" a heavy frame.
        """
        shown = (self._title, self._right, self._footer, self._footer_if_cut, self._role)
        if shown == (title, right, footer, footer_if_cut, role) and self._lines == lines:
            return
        if title != self._title:
            self._top = 0
        self._title, self._right, self._role = title, right, role
        self._footer, self._footer_if_cut = footer, footer_if_cut
        self._lines = tuple(lines)
        self._cache = None
        # A panel of fixed height is not laid out again.
        self.refresh(layout=self.styles.is_auto_height)

    @property
    def has_earlier(self) -> bool:
        """Whether there is more above."""
        return self._first_row() > 0

    @property
    def has_more(self) -> bool:
        """Whether there is more below."""
        room = self._room
        return self._first_row() + room < len(self._rows(self.size.width, room))

    def page_down(self) -> bool:
        """Show what is below; return whether there was anything."""
        return self._scroll(max(self._room - 1, 1))

    def page_up(self) -> bool:
        """Show what is above; return whether there was anything."""
        return self._scroll(-max(self._room - 1, 1))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll a little."""
        event.stop()
        self._scroll(2)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll back a little."""
        event.stop()
        self._scroll(-2)

    def scroll_lines(self, lines: int) -> bool:
        """Scroll by some lines; return whether it moved."""
        return self._scroll(lines)

    def _scroll(self, by: int) -> bool:
        before = self._first_row()
        self._top = before + by
        self._top = self._first_row()
        if self._top != before:
            self.refresh()
        return self._top != before

    @property
    def _edges(self) -> tuple[bool, bool]:
        """Whether there is an edge above, and below."""
        if self.look.small:
            return self._title_when_small and bool(self._title), False
        if self._framed:
            return True, True
        return bool(self._title), bool(self._footer)

    @property
    def _room(self) -> int:
        return max(self.size.height - sum(self._edges), 0)

    def _first_row(self) -> int:
        rows = self._rows(self.size.width, self._room)
        return max(0, min(self._top, len(rows) - self._room))

    def _rows(self, width: int, room: int) -> list[Content]:
        """Return the rows without sides; where there is no frame, arrows need a column."""
        look = self.look
        if self._cache is None or self._cache[:3] != (width, room, look):
            if look.small:
                rows = rows_of(self._lines, width, look)
                if len(rows) > room:
                    rows = rows_of(self._lines, width - 1, look)
            elif self._framed:
                rows = rows_of(self._lines, width - 2, look, left=1, right=1)
            else:
                rows = rows_of(self._lines, width, look, left=1)
                if len(rows) > room:
                    rows = rows_of(self._lines, width, look, left=1, right=1)
            self._cache = (width, room, look, rows)
        return self._cache[3]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height for everything."""
        return len(self._rows(width, 10_000)) + sum(self._edges)

    def render(self) -> Content:
        """Return edges, sides and the rows between; on a wide screen, no longer than the text."""
        width, room, look = self.size.width, self._room, self.look
        rows = self._rows(width, room)
        first = self._first_row()
        rows = rows[first : first + room]
        arrows = {0: "▲"} if first else {}
        if self.has_more:
            arrows[room - 1] = "▼"
        framed = self._framed and not look.small
        empty = room - len(rows)
        if not self.screen.has_class("-wide"):
            rows += [Content(" " * (width - 2 if framed else width))] * empty
        badge, style = _ROLES[self._role]
        side, corners = ("┃", "┏┓┗┛") if self._role in _HEAVY else ("│", "╭╮╰╯")
        if framed:
            rows = [
                Content.assemble(
                    (side, style), row, (arrows[at], "") if at in arrows else (side, style)
                )
                for at, row in enumerate(rows)
            ]
        else:
            corners = "────"
            rows = [
                Content.assemble(row.truncate(width - 1), arrows[at]) if at in arrows else row
                for at, row in enumerate(rows)
            ]
        above, below = self._edges
        if above:
            title = Title(self._title, badge)
            top = edge(width, title, self._right, ends=corners[:2], style=style, look=look)
            rows.insert(0, top)
        if below:
            footer = self._footer_if_cut if self.has_more and self._footer_if_cut else self._footer
            rows.append(edge(width, Title(), footer, ends=corners[2:], style=style, look=look))
        return Content("\n").join(rows)


class FilePreview(NamedTuple):
    """The lines of a file that will change, with some around them."""

    title: str
    right: str
    rows: Sequence[PanelLine]


class Preview(Vertical):
    """What the files will contain: a fitted panel for each, one below the other."""

    def show(self, files: Sequence[FilePreview]) -> None:
        """Show these files."""
        panels = list(self.query(Panel))
        while len(panels) < len(files):
            panels.append(Panel(classes="-fitted"))
            self.mount(panels[-1])
        for at, panel in enumerate(panels):
            panel.display = at < len(files)
            if panel.display:
                panel.show(files[at].title, files[at].rows, right=files[at].right)
        self._share()

    def on_resize(self, event: Resize) -> None:
        """Give the panels the new height."""
        self._share()

    def _share(self) -> None:
        """Let no panel end below the screen: the last one is cut, and scrolls."""
        left_over = self.size.height
        for panel in self.query(Panel):
            if panel.display and left_over:
                height = panel.get_content_height(self.size, self.size, self.size.width)
                panel.styles.max_height = max(min(height, left_over), 3)
                left_over = max(left_over - height, 0)

    def page_down(self) -> bool:
        """Show what is below in the first panel that is cut; return whether there was anything."""
        return any(panel.page_down() for panel in self.query(Panel) if panel.display)

    def page_up(self) -> bool:
        """Show what is above; return whether there was anything."""
        return any(panel.page_up() for panel in self.query(Panel) if panel.display)
