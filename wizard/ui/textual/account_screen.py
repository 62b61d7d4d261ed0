"""The one screen with all fields: the form above, what matters now below."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input

from wizard.errors import WizardError
from wizard.secrets.secret import Secret
from wizard.system.background import run_in_thread
from wizard.text.display import short_path
from wizard.text.language import _
from wizard.ui.account import panels
from wizard.ui.account.flow import Flow
from wizard.ui.account.form import AccountForm
from wizard.ui.account.rows import failing_field, rows
from wizard.ui.account.view import (
    TEXT_FIELDS,
    Action,
    ButtonView,
    Field,
    Line,
    PanelView,
    Role,
    RowView,
)
from wizard.ui.textual.buttons import Buttons, Keys
from wizard.ui.textual.field import OneLineInput, SecretInput
from wizard.ui.textual.panel import BelowQuestions, Edge, FilePreview, Panel, Preview, size_classes
from wizard.ui.textual.row import Form, FormRow, InlineChoice

if TYPE_CHECKING:
    from wizard.ui.account.live_test import RunningTest

_PREVIEW_DELAY = 0.15
"""Seconds after the last key before the preview follows."""


class AccountScreen(BelowQuestions[None]):
    """Shows one form until :attr:`decide` is called with what to do about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "app.focus_next", show=False),
        Binding("up,shift+tab", "app.focus_previous", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("escape", "stop_or_leave", show=False),
        Binding("ctrl+r", "test", show=False),
        Binding("ctrl+s", "send", show=False),
        Binding("ctrl+t", "details", show=False),
        Binding("ctrl+o", "files", show=False),
        Binding("ctrl+n", "stored", show=False),
        Binding("f1,ctrl+g", "help", show=False),
    ]

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow
        self._head, self._foot = Edge(brand=True, id="head"), Edge(ends="╰╯", id="foot")
        self._rows = {view.field: self._row(view) for view in rows(flow.form)}
        self._form = Form(*self._rows.values())
        self._panel, self._preview = Panel(id="panel"), Preview()
        self._button_bar, self._keys = Buttons(), Keys()
        self.decide: Callable[[Action], None] = lambda _action: None
        self._test: RunningTest | None = None
        self._preview_timer: Timer | None = None
        self._known: dict[Field, Any] = {}
        """What the rows contained when they last agreed with the form."""

    @property
    def form(self) -> AccountForm:
        """The form that is shown."""
        return self.flow.form

    def compose(self) -> ComposeResult:
        """Yield the form, the panel, buttons and keys; from 110 columns the preview beside them."""
        self.add_class(*size_classes(self.app.size).split())  # else drawn twice at first
        self.redraw()
        with Horizontal(id="account"):
            with Vertical(id="entries"):
                yield self._head
                yield self._form
                yield self._foot
                yield self._panel
            yield self._preview
        yield self._button_bar
        yield self._keys

    def _row(self, view: RowView) -> FormRow:
        widget: OneLineInput | InlineChoice
        if view.field is Field.SECRET:
            widget = SecretInput()
        elif view.field in TEXT_FIELDS:
            widget = OneLineInput()
        else:
            widget = InlineChoice(view.options, self.form.value(view.field))
        noted = view.field in (Field.USER, Field.SECRET, Field.ENDPOINT, Field.STARTTLS)
        row = FormRow(
            view.word,
            widget,
            name=view.field.value,
            short=view.short,
            setting=view.setting,
            note_line=noted,
        )
        row.display = view.shown
        return row

    def on_mount(self) -> None:
        """Begin where something is missing, else with the test."""
        self.begin()
        self.set_interval(1.0, self._tick)

    def begin(self) -> None:
        """Put the focus where it is needed first."""
        first = self._first_field()
        if first is None:
            self._button_bar.focus_button(self._default_button())
        else:
            self._rows[first].take_focus()
        path = short_path(self.form.session.current.layout.config)
        self._foot.show("", self.flow.place_of_file(path))
        self._follow_checks()
        self._draw_preview()

    def _first_field(self) -> Field | None:
        """Return the field to begin in; None where everything is there to be tested."""
        if self.form.values.skip:
            return Field.VERIFY
        return next(iter(self.form.problems()), None) or self._field_to_correct()

    def _field_to_correct(self) -> Field | None:
        """Return the field that the last test found wrong; None if one Enter repairs it."""
        report = self.form.report
        return None if report is not None and report.alternatives else failing_field(self.form)

    @work(group="checks")
    async def _follow_checks(self) -> None:
        """Draw again when it is known which stores work, and what the check has found."""
        session = self.flow.session
        waiting = [*session.store_checks.values(), session.running_check]
        for each in [future for future in waiting if future is not None]:
            await asyncio.wait([each])
            self.redraw()

    @property
    def _focus_field(self) -> Field | None:
        for field, row in self._rows.items():
            if row.has_focus_within:
                return field
        return None if self.is_mounted else self._first_field()

    # Drawing

    def redraw(self) -> None:
        """Show the form as it is now."""
        form, focus = self.form, self._focus_field
        views = rows(form)
        for view in views:
            row = self._rows[view.field]
            row.display = view.shown
            row.rename(view.word, view.short, view.setting)
            row.mark(view.mark)
            row.note(view.note.text, view.note.mark)
            self._fill(row, view)
        panel = panels.panel(form, focus, self._test)
        self._form.set_class(bool(panel.role) or self._test is not None, "-squeezed")
        before = panel.before
        if self._is_small:  # where a failure is explained, its note says nothing new
            before = [] if panel.role is Role.FAILED else list(self._notes(views, focus))
        lines = [*before, *panel.lines]
        self._panel.show(panel.title, lines, right=panel.right, role=panel.role)
        self._draw_edges(panel)
        self._button_bar.show(
            [(self._button_id(each), each.label, at == 0) for at, each in enumerate(self._buttons)]
        )
        self._keys.show(self._hints())
        if self._preview_timer is not None:
            self._preview_timer.stop()
        self._preview_timer = self.set_timer(_PREVIEW_DELAY, self._draw_preview)

    def _fill(self, row: FormRow, view: RowView) -> None:
        """Show the form's value, but never over what was typed and has not arrived there yet."""
        if isinstance(row.field, InlineChoice):
            row.field.offer(view.options)
        else:
            row.ask_for(view.placeholder)
        value = self._value(view.field)
        untouched = view.field not in self._known or self._is_in(row, self._known[view.field])
        if untouched and not self._is_in(row, value):
            row.fill(_content(row, value))
        if self._is_in(row, value):
            self._known[view.field] = value

    def _value(self, field: Field) -> Any:
        """Return the form's value as its row shows it; a secret as ``Secret | None``."""
        value = self.form.value(field)
        return self.form.shown(field) if isinstance(value, str) else value

    @staticmethod
    def _is_in(row: FormRow, value: Any) -> bool:
        return bool(row.field.value == _content(row, value))

    @property
    def _is_small(self) -> bool:
        return self.has_class("-narrow") or self.has_class("-short")

    @staticmethod
    def _notes(views: Sequence[RowView], focus: Field | None) -> Iterator[Line]:
        """Yield the notes for which the rows have no room: what is wrong, and what helps here."""
        for view in views:
            if view.note.text and view.shown and (view.note.mark or view.field is focus):
                yield Line(view.note.mark, view.note.text, lead=f"{view.short}:")

    def _draw_edges(self, panel: PanelView) -> None:
        form = self.form
        changes = len(form.changed_fields)
        state = _("not written yet") if self._is_small else _("nothing is written yet")
        if not form.is_new and changes:
            words = _("1 change") if changes == 1 else _("{count} changes", count=changes)
            state = f"● {words}" if self._is_small else _("● {changes}, not written", changes=words)
        elif not form.is_new:
            state = _("as stored")
        if self._is_small and (panel.role or panel.short or self._test is not None):
            self._head.show(panel.short or panel.title, panel.right, role=panel.role)
        else:
            self._head.show("" if self._is_small else _("Mail account"), state)

    @work(exclusive=True, group="preview")
    async def _draw_preview(self) -> None:
        preview = self._preview
        if not self.has_class("-wide"):
            return
        from wizard.ui.account.review import changed_files

        try:
            files = changed_files(await run_in_thread(partial(self.flow.plan, self.form.draft)))
        except WizardError:
            files = ()
        preview.show([FilePreview(each.path, each.change, each.rows) for each in files])

    def _tick(self) -> None:
        if self._test is not None or self.form.session.discovery.searching:
            self.redraw()

    # Buttons and keys

    @property
    def _buttons(self) -> list[ButtonView]:
        return list(panels.buttons(self.form, self._test))

    @staticmethod
    def _button_id(button: ButtonView) -> str:
        return f"{button.action.name}-{button.number}"

    def _default_button(self) -> str:
        return self._button_id(self._buttons[0])

    def _hints(self) -> list[tuple[str, str]]:
        focus = self._focus_field
        if focus is None:
            buttons = {self._button_id(each): each for each in self._buttons}
            current = buttons.get(self._button_bar.current)
            enter = "" if current is None else current.enter
            hints = [("Enter", enter)]
            if len(buttons) > 1:
                hints.append(("→", _("other button")))
        else:
            hints = [("Enter", self._enter_words(focus)), ("↑↓", _("field"))]
            if focus not in TEXT_FIELDS:
                hints.append(("←→", _("choose")))
        if self._test is not None:
            stop = [] if focus is None else [("Esc", _("stop"))]  # Enter says so already
            return [*hints, *stop, ("^Q", _("quit"))]
        form, report = self.form, self.form.report
        if report is None and not form.values.skip:
            hints.append(("^R", _("test")))
        elif report is not None and report.verdict in ("pass", "warn"):
            hints.append(("^S", _("send a mail")))
        if report is not None or form.session.findings:
            hints.append(("^T", _("details")))
        hints += [("F1", _("help")), ("Esc", _("quit"))]
        if not form.is_new and (form.has_entries or form.set_aside is not None):
            hints.append(("^N", _("as stored") if form.set_aside is None else _("as entered")))
        if self.flow.session.open is not None and report is None:
            hints.append(("^O", _("files")))
        return hints

    def _enter_words(self, focus: Field) -> str:
        form = self.form
        if focus is Field.ENDPOINT and form.offers():
            typed = form.values.endpoint
            return _("take {number}", number=typed or "1")
        if focus is Field.ENDPOINT and form.values.endpoint == "1" and form.may_ask_directory():
            return _("ask Mozilla")
        if focus in form.finished and form.correction(focus):
            return _("correct it")
        missing = form.next_missing(focus)
        if missing is not None:
            return _("go on")
        if form.values.skip:
            return _("review")
        report = form.report
        if self._enter_tests:
            return _("test") if report is None and form.failed_before is None else _("test again")
        return _("go on")

    # Entering

    @on(FormRow.Changed)
    def _changed(self, event: FormRow.Changed) -> None:
        event.stop()
        field, value = Field(str(event.row.name)), event.row.field.value
        if field is Field.SECRET:
            value = Secret(value) if value else None
        self._known[field] = value
        if value in (self.form.value(field), self._value(field)):
            return
        if self._test is not None:
            self._stop()
        self.form.enter(field, value)
        self.redraw()

    def on_descendant_focus(self) -> None:
        """Say what the keys do here."""
        self.redraw()

    @on(FormRow.Left)
    def _left(self, event: FormRow.Left) -> None:
        event.stop()
        field = Field(str(event.row.name))
        if self.form.value(field) not in ("", None):  # an empty field is not wrong yet
            self.form.leave(field)
        self._follow_search()
        self.call_after_refresh(self.redraw)

    @on(FormRow.Confirmed)
    def _confirmed(self, event: FormRow.Confirmed) -> None:
        event.stop()
        self.go_on(Field(str(event.row.name)))

    def go_on(self, field: Field) -> None:
        """Go to the next field that is missing or wrong; else to the test, else to the review."""
        form = self.form
        if field is Field.ENDPOINT and self._accept_offer():
            # The password goes to no host that was not to be seen here before an Enter.
            self._follow_search()
            self.redraw()
            self._rows[field].take_focus()
            return
        known_wrong = field in form.finished and form.correction(field)
        form.leave(field)
        self._follow_search()
        if known_wrong and form.correct(field):
            form.leave(field)
        missing = form.next_missing(field)
        if missing is not None:
            form.finished.add(missing if missing is field else field)
            self._rows[missing].take_focus()
            self.redraw()
        else:
            self._finish()

    def _accept_offer(self) -> bool:
        """Take the mail server that Enter alone or a number stands for."""
        form = self.form
        typed, offers = form.values.endpoint, form.offers()
        if typed == "1" and not offers and form.may_ask_directory():
            form.enter(Field.ENDPOINT, "")
            form.session.discovery.ask_directory()
            return True
        number = int(typed) if typed.isdecimal() else 1
        if not offers or not 1 <= number <= len(offers):
            return False
        form.accept(offers[number - 1])
        return True

    def _finish(self) -> None:
        """Test what is complete; go on to the review where nothing is left to be tested."""
        if self.form.values.skip:
            self.decide(Action.REVIEW)
        elif self._enter_tests:
            self.start_test()
        else:
            self.redraw()
            self._button_bar.focus_button(self._default_button())

    @property
    def _enter_tests(self) -> bool:
        """Whether Enter in the last field tests.

        A login that was refused takes a button: repeating it may lock the account.
        """
        report = self.form.report
        if report is None:
            return True
        refused = failing_field(self.form) in (Field.USER, Field.SECRET)
        return report.verdict == "fail" and not refused

    @work(exclusive=True, group="search")
    async def _follow_search(self) -> None:
        async with aclosing(self.form.session.discovery.updates()) as updates:
            async for _update in updates:
                self.form.fill_in_found()
                self.redraw()

    # Testing

    def start_test(self, recipient: str | None = None) -> None:
        """Test what is on the screen, beside the form."""
        from wizard.ui.account.live_test import RunningTest

        self._test = RunningTest(self.form)
        self.redraw()
        self._button_bar.focus_button(self._default_button())
        self._run_test(recipient)

    @work(exclusive=True, group="test")
    async def _run_test(self, recipient: str | None) -> None:
        from wizard.ui.account.live_test import live_test_events

        test = self._test
        if test is None:
            return
        async with aclosing(live_test_events(self.form, recipient)) as events:
            async for event in events:
                test.follow(event)
                self.redraw()
        self._test = None
        self._show_result()

    def _show_result(self) -> None:
        """Put the focus where the operator goes on, unless they have gone somewhere else."""
        typing = isinstance(self.focused, Input)
        self.redraw()
        if typing:
            return
        field = self._field_to_correct()
        if field is None:
            self._button_bar.focus_button(self._default_button())
        else:
            self._rows[field].take_focus()
        self.redraw()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "test")
        self._test = None
        self.redraw()

    # Actions

    @on(Buttons.Moved)
    def _moved(self) -> None:
        self._keys.show(self._hints())

    @on(Buttons.Pressed)
    def _pressed(self, event: Buttons.Pressed) -> None:
        event.stop()
        for button in self._buttons:
            if self._button_id(button) == event.button_id:
                self._do(button)
                return

    def _do(self, button: ButtonView) -> None:
        match button.action:
            case Action.TEST:
                self.action_test()
            case Action.STOP:
                self._stop()
                self.begin()
            case Action.USE:
                if self.form.use_alternative(button.number):
                    self.start_test()
            case Action.SEND:
                self.action_send()
            case action:
                self.decide(action)

    def action_test(self) -> None:
        """Test, or go to what is missing."""
        if self._test is not None or self.form.values.skip:
            return
        missing = next(iter(self.form.problems()), None)
        if missing is None:
            self.start_test()
            return
        self.form.finished.add(missing)
        self._rows[missing].take_focus()
        self.redraw()

    @work(group="dialog")
    async def action_send(self) -> None:
        """Ask for an address, and send a real mail with what is on the screen."""
        if self._test is not None or self.form.problems() or self.form.values.skip:
            return
        from wizard.ui.account.live_test import recipient_for
        from wizard.ui.textual.dialogs import AddressScreen

        screen = AddressScreen(recipient_for(self.form.draft))
        recipient = await self.app.push_screen_wait(screen)
        if recipient is not None:
            self.start_test(recipient)

    def action_details(self) -> None:
        """Show all that was said, and what the check has found."""
        from wizard.ui.account.pages import details_page
        from wizard.ui.textual.dialogs import PageScreen

        self.app.push_screen(PageScreen(details_page(self.form)))

    def action_help(self) -> None:
        """Explain the field with the focus, and the keys."""
        from wizard.ui.account.pages import help_page
        from wizard.ui.textual.dialogs import PageScreen

        self.app.push_screen(PageScreen(help_page(self._focus_field or Field.USER)))

    @work(group="dialog")
    async def action_files(self) -> None:
        """Choose another config.toml."""
        if self.flow.session.open is None or self._test is not None:
            return
        from wizard.ui.textual.files_screen import FilesScreen

        path = await self.app.push_screen_wait(FilesScreen(self.form.session))
        if path is None or path == self.form.session.current.layout.config:
            return
        try:
            self.flow.open(path)
        except WizardError as error:
            self.form.refusal = error
        self.redraw()
        self.begin()

    def action_stored(self) -> None:
        """Show what is stored in place of what was entered, or the other way round."""
        nothing_to_show = self.form.is_new or not (self.form.has_entries or self.form.set_aside)
        if self._test is not None or nothing_to_show:
            return
        self.form.show_stored()
        self.redraw()

    def action_page(self, direction: int) -> None:
        """Scroll the panel."""
        panel = self._panel
        moved = panel.page_down() if direction > 0 else panel.page_up()
        if not moved:
            preview = self._preview
            preview.page_down() if direction > 0 else preview.page_up()

    def action_stop_or_leave(self) -> None:
        """Stop a running test; else leave."""
        if self._test is not None:
            self._stop()
            self.begin()
        else:
            self.app.action_leave()  # type: ignore[attr-defined]


def _content(row: FormRow, value: Any) -> Any:
    """Return what the row's own widget contains for a value of the form."""
    if isinstance(row.field, InlineChoice):
        return value
    return value.reveal() if isinstance(value, Secret) else value or ""
