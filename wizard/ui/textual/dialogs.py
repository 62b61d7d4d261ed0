"""What is shown over a screen: a question with its answers, a page to read, an address to enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen

from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.text.language import _
from wizard.text.wrapping import hanging_lines
from wizard.ui.account.pages import TO_WHOM
from wizard.ui.account.view import Mark, Page, Question
from wizard.ui.textual.buttons import Keys
from wizard.ui.textual.field import OneLineInput
from wizard.ui.textual.lines import fitted, prose
from wizard.ui.textual.panel import Drawn, Edge, Panel
from wizard.ui.textual.row import FormRow


class Sentence(Drawn):
    """What is asked, or what is wrong with the answer, between the sides of a frame."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._mark, self._text = "", text

    def show(self, text: str, mark: str = "") -> None:
        """Say something else."""
        self._mark, self._text = mark, text
        self.refresh(layout=True)

    def _lines(self, width: int) -> list[str]:
        first = f"{self._mark} " if self._mark else ""
        return [*hanging_lines(self._text, width - 4, first, " " * len(first)), ""]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height for all of it."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Return the lines."""
        lines = self._lines(self.size.width)
        return _between_sides([Content.assemble(" ", prose(line)) for line in lines], self)


class Answers(Drawn, can_focus=True):
    """Answers in a frame, one below the other; a bar marks the current one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("tab", "tab(1)", show=False),
        Binding("shift+tab", "tab(-1)", show=False),
        Binding("enter,space", "choose", show=False),
    ]

    class Moved(Message):
        """Another answer is the current one."""

    class Chosen(Message):
        """The current answer was given."""

    def __init__(self, answers: Sequence[str]) -> None:
        super().__init__(id="answers")
        self._answers = answers
        self.current = 0

    def action_move(self, by: int) -> None:
        """Go to the next answer, or the previous one, around the end."""
        self.go_to((self.current + by) % len(self._answers))

    def action_tab(self, by: int) -> None:
        """Go to the next answer, unless there is something else to go to."""
        if len(self.screen.focus_chain) > 1:
            raise SkipAction
        self.action_move(by)

    def go_to(self, number: int) -> None:
        """Make another answer the current one."""
        self.current = number
        self.refresh()
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        """Give the current answer."""
        self.post_message(self.Chosen())

    def on_click(self, event: Click) -> None:
        """Give the answer that was clicked."""
        rows = self._answer_rows(self.size.width)
        if 0 <= event.y < len(rows):
            self.go_to(rows[event.y][0])
            self.action_choose()

    def _answer_rows(self, width: int) -> list[tuple[int, str]]:
        """Return the rows of all answers, each with the number of its answer."""
        room = width - (3 if self.look.small else 5)
        return [
            (number, row)
            for number, answer in enumerate(self._answers)
            for row in (hanging_lines(answer, room) if len(answer) > room else [answer])
        ]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height for all answers."""
        return len(self._answer_rows(width))

    def render(self) -> Content:
        """Return the answers."""
        rows = []
        for number, answer in self._answer_rows(self.size.width):
            here = number == self.current
            bar = ("▌", "ansi_magenta" if self.has_focus else "dim") if here else (" ", "")
            strong = "bold" if here and self.has_focus else ""
            rows.append(Content.assemble(" ", bar, " ", (answer, strong)))
        return _between_sides(rows, self)


def _between_sides(rows: Sequence[Content], widget: Drawn) -> Content:
    """Return rows between the sides of a frame; a small screen has none."""
    side = ("" if widget.look.small else "│", "dim")
    room = widget.size.width - (0 if widget.look.small else 2)
    return Content("\n").join(Content.assemble(side, fitted(row, room), side) for row in rows)


class AskScreen(ModalScreen[Any]):
    """A question; Esc gives the first answer, which changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose(0)", show=False),
        Binding("ctrl+c,ctrl+q", "app.leave", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Yield the question and its answers, and what the keys do."""
        with Vertical(id="dialog"):
            yield Edge(self._question.title)
            yield Sentence(self._question.text)
            yield Answers([text for text, _value in self._question.answers])
            yield Edge(ends="╰╯")
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the answer that changes nothing."""
        self.query_one(Answers).focus()
        self.query_one(Keys).show([("Enter", _("choose")), ("↑↓", _("other")), ("Esc", _("back"))])

    @on(Answers.Chosen)
    def _chosen(self) -> None:
        self.action_choose(self.query_one(Answers).current)

    def action_choose(self, number: int) -> None:
        """Give an answer."""
        self.dismiss(self._question.answers[number][1])


class PageScreen(ModalScreen[None]):
    """A page of text, closed by any of the usual keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,f1,ctrl+g,ctrl+t,ctrl+c,q", "dismiss", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """Yield the text over the whole screen."""
        yield Panel(id="page", title_when_small=True)
        yield Keys()

    def on_mount(self) -> None:
        """Show the text."""
        self.query_one(Panel).show(self._page.title, list(self._page.lines))
        self.call_after_refresh(self._draw_keys)

    def _draw_keys(self) -> None:
        if not self.query(Keys):  # closed meanwhile
            return
        hints, panel = [("Esc", _("close"))], self.query_one(Panel)
        if panel.has_more or panel.has_earlier:
            hints += [("↑↓", _("scroll")), ("PgDn", _("more"))]
        self.query_one(Keys).show(hints)

    def action_page(self, direction: int) -> None:
        """Scroll by a page."""
        panel = self.query_one(Panel)
        panel.page_down() if direction > 0 else panel.page_up()

    def action_scroll(self, lines: int) -> None:
        """Scroll by a line."""
        self.query_one(Panel).scroll_lines(lines)


class AddressScreen(ModalScreen[str | None]):
    """Asks where a real mail should go; returns None if the operator cancels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss(None)", show=False),
    ]

    def __init__(self, suggestion: str) -> None:
        super().__init__()
        self._suggestion = suggestion

    def compose(self) -> ComposeResult:
        """Yield one field."""
        with Vertical(id="dialog"):
            yield Edge(_("Send a mail"))
            yield Sentence(_(TO_WHOM))
            to = OneLineInput(value=self._suggestion)
            yield FormRow(_("To"), to, name="recipient", note_line=False)
            yield Edge(ends="╰╯")
        yield Keys()

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(FormRow).take_focus()
        self.query_one(Keys).show([("Enter", _("send")), ("Esc", _("cancel"))])

    @on(FormRow.Confirmed)
    def _send(self, event: FormRow.Confirmed) -> None:
        event.stop()
        try:
            self.dismiss(check_recipient(event.row.value))
        except InvalidValue as problem:
            self.query_one(Sentence).show(problem.message, Mark.FAILED)
