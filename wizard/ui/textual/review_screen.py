"""What is wrong, every line that will change, and the decision to write."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from wizard.text.language import _
from wizard.ui.account.review import Review
from wizard.ui.account.view import Line, Mark
from wizard.ui.textual.buttons import Buttons, Keys
from wizard.ui.textual.lines import Divider, PanelLine
from wizard.ui.textual.panel import BelowQuestions, FilePreview, Panel, Preview, size_classes

_MOST_TROUBLE = 0.45
"""The part of the screen that troubles may take before they scroll."""


class ReviewScreen(BelowQuestions[bool]):
    """Returns whether to write."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("pagedown,down", "page(1)", show=False),
        # As in a pager; on the button it would write what has not been read yet.
        Binding("space", "page(1)", show=False, priority=True),
        Binding("pageup,up", "page(-1)", show=False),
        Binding("tab", "app.focus_next", show=False),
        Binding("f1,ctrl+g", "help", show=False),
    ]

    def __init__(self, review: Review) -> None:
        super().__init__()
        self._review = review

    def compose(self) -> ComposeResult:
        """Yield the troubles, which stay in view, then the changed lines, which scroll."""
        self.add_class(*size_classes(self.app.size).split())  # else drawn for another size at first
        with Horizontal(id="account"):
            with Vertical(id="entries"):
                if self._review.troubles is not None:
                    yield Panel(id="troubles", classes="-fitted", title_when_small=True)
                yield Panel(id="changes", framed=False, title_when_small=True)
            yield Preview()
        yield Buttons()
        yield Keys()

    def on_mount(self) -> None:
        """Let Enter write, unless there is an error."""
        review = self._review
        self._draw()
        write, back = ("write", review.write), ("back", _("Back"))
        first = [back, write] if review.hesitates else [write, back]
        buttons = self.query_one(Buttons)
        buttons.show([(name, label, at == 0) for at, (name, label) in enumerate(first)])
        buttons.focus_button(first[0][0])
        self._draw_keys()
        self.query_one(Preview).show(
            [FilePreview(each.path, each.change, each.rows) for each in review.files]
        )

    def on_resize(self) -> None:
        """Leave room for the changed lines, however long the troubles are."""
        if self._review.troubles is not None:
            troubles = self.query_one("#troubles", Panel)
            troubles.styles.max_height = max(int(self.size.height * _MOST_TROUBLE), 4)
        self.call_after_refresh(self._draw)  # once the screen knows how wide it is

    def _draw(self) -> None:
        review = self._review
        if review.troubles is not None:
            view = review.troubles
            title = view.short if self.has_class("-narrow") else view.title
            self.query_one("#troubles", Panel).show(title, view.lines, role=view.role)
        lines: list[PanelLine] = []
        if review.tested:
            lines += [Line(Mark.PASSED, review.tested), Line()]
        if review.files and not self.has_class("-wide"):
            lines.append(
                Line(text=_("These lines will be written. Everything else stays as it is."))
            )
            for file in review.files:
                lines.append(Divider(file.path, file.change))
                lines += file.rows
        lines += [Line(), *[Line(text=note) for note in review.notes]]
        if self.has_class("-wide") and review.files:
            from wizard.ui.account.pages import how_it_is_written

            lines += [Line(), *how_it_is_written().lines]
        self.query_one("#changes", Panel).show(
            "",
            lines,
            footer=_("everything is shown"),
            footer_if_cut=_("PgDn shows more"),
        )
        self.call_after_refresh(self._draw_keys)

    @on(Buttons.Moved)
    def _draw_keys(self) -> None:
        if not self.query(Keys):  # closed meanwhile
            return
        back = self.query_one(Buttons).current == "back"
        enter = _("back") if back else _("write") if self._review.changes else _("close")
        hints = [("Enter", enter), ("→", _("other button"))]
        panels = self.query("#troubles, #changes").results(Panel)
        if any(panel.has_more or panel.has_earlier for panel in panels):
            hints.append(("PgDn", _("more")))
        self.query_one(Keys).show([*hints, ("F1", _("help")), ("^Q", _("quit"))])

    @on(Buttons.Pressed)
    def _pressed(self, event: Buttons.Pressed) -> None:
        event.stop()
        self.dismiss(event.button_id == "write")

    def action_back(self) -> None:
        """Go back to the form."""
        self.dismiss(False)

    def action_help(self) -> None:
        """Explain how the files are written."""
        from wizard.ui.account.pages import how_it_is_written
        from wizard.ui.textual.dialogs import PageScreen

        self.app.push_screen(PageScreen(how_it_is_written()))

    def action_page(self, direction: int) -> None:
        """Scroll the troubles, then the changed lines."""
        panels = list(self.query("#troubles, #changes").results(Panel))
        for panel in panels if direction > 0 else reversed(panels):
            if panel.page_down() if direction > 0 else panel.page_up():
                return
