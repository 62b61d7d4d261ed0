"""The rows of a form: a word, a value that can be changed, and a note about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click, DescendantBlur, DescendantFocus, Resize
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Input

from wizard.text.display import on_one_line
from wizard.text.language import _
from wizard.text.wrapping import cell_width
from wizard.ui.account import entry
from wizard.ui.account.view import Option
from wizard.ui.textual.field import FieldNote, OneLineInput, SecretInput
from wizard.ui.textual.lines import SIGNS, fitted, prose, shortened, whole_lines
from wizard.ui.textual.panel import Drawn


class InlineChoice(Drawn, can_focus=True):
    """Options in one line: all of them, or the chosen one alone where they do not fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "choose(1)", show=False),
        Binding("left", "choose(-1)", show=False),
        Binding("enter", "confirm", show=False),
    ]

    class Changed(Message):
        """The operator has chosen another option."""

    class Confirmed(Message):
        """Enter was pressed."""

    def __init__(
        self,
        options: Sequence[Option],
        value: Any,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._value = value

    @property
    def value(self) -> Any:
        """The chosen value."""
        return self._value

    def choose(self, value: Any) -> None:
        """Choose this value; no message is sent."""
        if value != self._value:
            self._value = value
            self.refresh()

    def offer(self, options: Sequence[Option], value: Any = None) -> None:
        """Offer other options, and choose ``value`` unless it is None."""
        if self._options != tuple(options):
            self._options = tuple(options)
            self.refresh()
        if value is not None:
            self.choose(value)

    def action_choose(self, by: int) -> None:
        """Choose the next option, or the previous one, around the end."""
        values = [each.value for each in self._options]
        if not values:
            return
        at = values.index(self._value) + by if self._value in values else 0
        self._take(values[at % len(values)])

    def action_confirm(self) -> None:
        """Go on."""
        self.post_message(self.Confirmed())

    def on_click(self, event: Click) -> None:
        """Choose what was clicked; alone, the next one."""
        position = event.get_content_offset(self)
        labels = self._labels()
        if position is None:
            return
        if not labels:
            self.action_choose(1)
            return
        end = 0
        for option, label in zip(self._options, labels, strict=True):
            start, end = end, end + 4 + cell_width(label)
            if start <= position.x < end:
                self._take(option.value)
            end += len(_BETWEEN)

    def _take(self, value: Any) -> None:
        if value != self._value:
            self.choose(value)
            self.post_message(self.Changed())

    def _labels(self) -> list[str]:
        """Return the longest labels that fit beside each other, or nothing."""
        labels = [on_one_line(each.label) for each in self._options]
        shorter = [on_one_line(each.short or each.label) for each in self._options]
        for each in labels, shorter:
            needed = sum(4 + cell_width(label) for label in each) + len(_BETWEEN) * (len(each) - 1)
            if needed <= self.size.width:
                return each
        return []

    def render(self) -> Content:
        """Return the options."""
        width = self.size.width
        if labels := self._labels():
            parts = [
                Content(f"{'(•)' if option.value == self._value else '( )'} {label}")
                for option, label in zip(self._options, labels, strict=True)
            ]
            return fitted(Content(_BETWEEN).join(parts), width)
        for option in self._options:
            if option.value == self._value:
                label = on_one_line(option.alone or option.label)
                if cell_width(label) > width - 4:
                    label = on_one_line(option.short or label)
                return fitted(Content(_ALONE.format(shortened(label, width - 4))), width)
        return fitted(Content(_ALONE.format("")), width)


_BETWEEN = "   "
_ALONE = "‹ {} ›"  # noqa: RUF001


class FormRow(Drawn):
    """A setting: its sign, its word, the value, its own name, and a note below."""

    class _About(Message):
        """A message about a row."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    class Changed(_About):
        """The operator has changed the value."""

    class Left(_About):
        """The operator has left the row: time to say what is wrong with it."""

    class Confirmed(_About):
        """Enter was pressed."""

    def __init__(
        self,
        word: str,
        field: OneLineInput | InlineChoice,
        *,
        name: str,
        short: str = "",
        setting: str = "",
        note_line: bool = True,
    ) -> None:
        """``short`` is the word for small screens; ``setting`` is shown at the right margin."""
        super().__init__(field, name=name, id=f"row-{name}", classes="-noted" if note_line else "")
        self._field = field
        self._word, self._short, self._setting = word, short or word, setting
        self._sign = ""
        self._note = ("", "")
        self._passing: tuple[str, str] | None = None
        """What was just pasted; shown instead of the note until the next change."""
        self._arrow = ""
        self._initial = field.value if isinstance(field, OneLineInput) else ""
        """For which textual sends a message as if it were typed; empty after that."""
        self._leave_room()

    @property
    def value(self) -> Any:
        """The text, of which blanks around it count only in a secret; or the chosen value."""
        if isinstance(self._field, OneLineInput) and not isinstance(self._field, SecretInput):
            return self._field.value.strip()
        return self._field.value

    @property
    def field(self) -> OneLineInput | InlineChoice:
        """The widget that has the value."""
        return self._field

    def fill(self, value: Any) -> None:
        """Show another value; no message is sent."""
        if isinstance(self._field, InlineChoice):
            self._field.choose(value)
        elif value != self._field.value:
            with self._field.prevent(type(self._field).Changed):
                self._field.value = value
                self._field.cursor_position = len(value)

    def ask_for(self, placeholder: str) -> None:
        """Show this while nothing is entered."""
        if isinstance(self._field, OneLineInput):
            self._field.placeholder = on_one_line(placeholder)

    def mark(self, sign: str) -> None:
        """Show a sign before the word, or none."""
        if self._sign != sign:
            self._sign = sign
            self.refresh()

    def note(self, text: str = "", sign: str = "") -> None:
        """Say something below, or nothing."""
        if self._note != (text, sign):
            self._set_note((text, sign))

    def rename(self, word: str, short: str = "", setting: str = "") -> None:
        """Show other names."""
        if (self._word, self._short, self._setting) == (word, short or word, setting):
            return
        self._word, self._short, self._setting = word, short or word, setting
        self._leave_room()
        self.refresh()

    def _leave_room(self) -> None:
        self.set_class(not self._setting, "-unnamed")
        self.set_class(cell_width(self._setting) > _SETTING_COLUMN, "-long")

    @property
    def note_text(self) -> str:
        """What is said below, also where there is no room for it."""
        return self._shown_note[0]

    @property
    def note_sign(self) -> str:
        """The sign of the note."""
        return self._shown_note[1]

    @property
    def sign(self) -> str:
        """The sign before the word."""
        return self._sign

    def show_arrow(self, arrow: str) -> None:
        """Show at the right edge that the form goes on here, or nothing."""
        if self._arrow != arrow:
            self._arrow = arrow
            self.refresh()

    def take_focus(self) -> None:
        """Put the cursor here, with the text selected: typing replaces it."""
        self._field.focus()
        if isinstance(self._field, OneLineInput) and self._field.has_focus:
            self._field.select_all()

    @property
    def _shown_note(self) -> tuple[str, str]:
        return self._note if self._passing is None else self._passing

    def _set_note(self, note: tuple[str, str], passing: tuple[str, str] | None = None) -> None:
        before = len(self._note_lines(self.size.width))
        self._note, self._passing = note, passing
        changed = before != len(self._note_lines(self.size.width))
        self.refresh(layout=changed and self.styles.is_auto_height)

    def _note_lines(self, width: int) -> list[str]:
        text = on_one_line(self._shown_note[0])
        return whole_lines(text, max(width - _VALUE - 2, 1)) if text else []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height with the note, which takes a line even if it is empty."""
        if self.look.small or not self.has_class("-noted"):
            return 1
        return 1 + max(len(self._note_lines(width)), 1)

    def render(self) -> Content:
        """Return everything but the value, which is drawn over it."""
        bar = ("▌", "ansi_magenta") if self.shows_focus else ("│", "dim")
        sign = (self._sign or " ", SIGNS.get(self._sign, ""))
        strong = "bold" if self.shows_focus else ""
        width = self.size.width
        if self.look.small:
            word = _filled(self._short, _SMALL_WORD)
            line = Content.assemble(sign, (word, strong), bar)
            return Content.assemble(fitted(line, width - 2), self._arrow or " ", " ")
        side = ("│", "dim")
        word = _filled(self._word, _WORD)
        head = Content.assemble(side, " ", sign, " ", (word, strong), bar)
        setting = on_one_line(self._setting)
        room = max(width - 2 - cell_width(setting), 0)
        end = (self._arrow, "") if self._arrow else side
        rows = [Content.assemble(fitted(head, room), (setting, "dim"), " ", end)]
        if self.size.height > 1:
            rows += self._note_rows(width, side)
        return Content("\n").join(rows)

    def _note_rows(self, width: int, side: tuple[str, str]) -> list[Content]:
        sign = self._shown_note[1]
        lines = self._note_lines(width)
        room = self.size.height - 1
        if len(lines) > room:
            rest = " ".join(lines[room - 1 :])
            lines = [*lines[: room - 1], shortened(rest, max(width - _VALUE - 2, 1))]
        rows = []
        for at in range(room):
            shown = sign if at == 0 and sign else " "
            text = prose(lines[at]) if at < len(lines) else Content("")
            row = Content.assemble(
                side, " " * (_VALUE - 3), (shown, SIGNS.get(shown, "")), " ", text
            )
            rows.append(Content.assemble(fitted(row, width - 1), side))
        return rows

    def on_click(self, event: Click) -> None:
        """Go to the value when its word is clicked; a click on the value has done so already."""
        if not self.has_focus_within:
            self.take_focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Show the focus."""
        self.refresh()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Trim what was typed, and say that the row was left."""
        field = self._field
        if isinstance(field, OneLineInput) and field.value != self.value:
            self.fill(self.value)
            self._set_note(self._note, (_(entry.TRIMMED), "!"))
        self.refresh()
        self.post_message(self.Left(self))

    @on(Input.Changed)
    @on(InlineChoice.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        initial, self._initial = self._initial, ""
        if initial and isinstance(event, Input.Changed) and event.value == initial:
            return
        if self._passing is not None:
            self._set_note(self._note)
        self.post_message(self.Changed(self))

    @on(Input.Submitted)
    @on(InlineChoice.Confirmed)
    def _confirmed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Confirmed(self))

    @on(Input.Blurred)
    def _blurred(self, event: Message) -> None:
        event.stop()  # the row says so itself

    @on(FieldNote)
    def _pasted(self, event: FieldNote) -> None:
        event.stop()
        self._set_note(self._note, (event.text, "✗" if event.refused else "!"))


_WORD, _SMALL_WORD = 16, 9
"""Cells of a word."""
_VALUE = 22
"""The column in which a value begins; 12 on a small screen (both in the style sheet, too)."""
_SETTING_COLUMN = 8
"""Cells that the style sheet leaves for a setting's name; "-long" leaves more, "-unnamed" none."""


def _filled(word: str, width: int) -> str:
    word = shortened(on_one_line(word), width)
    return word + " " * (width - cell_width(word))


class Form(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Rows that scroll to the one with the focus, with arrows where there are more."""

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Move the arrows."""
        super().watch_scroll_y(old_value, new_value)
        self._show_arrows()

    def on_resize(self, event: Resize) -> None:
        """Keep the row with the focus in view."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.scroll_to_widget(focused, animate=False)
        self._show_arrows()

    def _show_arrows(self) -> None:
        rows = list(self.query(FormRow))
        first = round(self.scroll_y)
        end = first + self.size.height
        below = sum(row.size.height for row in rows if row.display) - end
        top = 0
        for row in rows:
            if not row.display:
                continue
            bottom = top + row.size.height
            is_last = top < end <= bottom and below > 0
            is_first = top <= first < bottom and first > 0
            row.show_arrow("▼" if is_last else "▲" if is_first else "")
            top = bottom
