"""A step that asks for something, drawn from its description."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Button, RadioSet

from wizard.config.draft import Draft
from wizard.secrets.secret import Secret
from wizard.ui.steps import model
from wizard.ui.steps.model import CheckBox, Part, Step, StepForm, TextBlock, TextInput, Values
from wizard.ui.textual.basics import PlainText
from wizard.ui.textual.choice import CheckBoxWidget, ChoiceList, LabelledChoice
from wizard.ui.textual.field import Field
from wizard.ui.textual.step_screen import StepScreen

P = TypeVar("P", bound=Part)
W = TypeVar("W", bound=Widget)


class FormScreen(StepScreen):
    """One widget for each part; after each change the widgets are updated from the parts."""

    def __init__(self, form: StepForm, steps: Sequence[Step]) -> None:
        super().__init__(form.session, form.start, steps, form.HEADING)
        self._form = form
        self._widgets: list[tuple[Part, Widget]] = []

    def compose_body(self) -> ComposeResult:
        """Yield everything to read and to answer."""
        values = self._form.values()
        self._widgets = [(part, _widget_for(part, values)) for part in self._form.parts(values)]
        for _, widget in self._widgets:
            yield widget

    def on_mount(self) -> None:
        """Put the cursor into the first field, if there is one."""
        self._update_widgets(after_leaving=True)
        self._follow_updates()
        for text, field in self._of_kind(TextInput, Field):
            if text.shown:
                field.focus_input()
                return

    @work
    async def _follow_updates(self) -> None:
        """Show what becomes known only later."""
        async for _update in self._form.updates():
            if self not in self.app.screen_stack:  # dismissed, and about to be removed
                return
            self._update_widgets()

    def _of_kind(self, kind: type[P], widget_kind: type[W]) -> Iterator[tuple[P, W]]:
        for part, widget in self._widgets:
            if isinstance(part, kind) and isinstance(widget, widget_kind):
                yield part, widget

    def _values(self) -> Values:
        values = dict(self._form.values())
        for text, field in self._of_kind(TextInput, Field):
            values[text.name] = field.value
            if text.secret:
                values[text.name] = Secret(field.value) if field.value else None
        for choice, labelled in self._of_kind(model.Choice, LabelledChoice):
            values[choice.name] = labelled.choice.value
        for check_box, box in self._of_kind(CheckBox, CheckBoxWidget):
            values[check_box.name] = box.value
        return values

    def collect(self) -> Draft:
        """Return the draft with what is on the screen now; never validates."""
        return self._form.draft(self._values())

    @on(Field.Edited)
    @on(RadioSet.Changed)
    @on(CheckBoxWidget.Changed)
    def _changed(self) -> None:
        self._update_widgets()

    def _update_widgets(self, *, after_leaving: bool = False) -> None:
        """Show the parts as they are with the present values."""
        parts = self._form.parts(self._values())
        widgets = [widget for _, widget in self._widgets]
        self._widgets = list(zip(parts, widgets, strict=True))
        for block, paragraph in self._of_kind(TextBlock, PlainText):
            if after_leaving or not block.after_leaving:
                paragraph.set_text(block.text)
        for text, field in self._of_kind(TextInput, Field):
            field.display = text.shown
            field.show_kept(text.kept)
            field.show_guidance(text.guidance)
        for choice, labelled in self._of_kind(model.Choice, LabelledChoice):
            labelled.display = choice.shown
            for option in choice.options:
                labelled.choice.offer(option.value, option.label, offered=option.offered)
        for check_box, box in self._of_kind(CheckBox, CheckBoxWidget):
            box.display = check_box.shown

    def action_next(self) -> None:
        """Go on, or say what is wrong and stay."""
        problems = self._form.problems(self._values())
        first_wrong = None
        for text, field in self._of_kind(TextInput, Field):
            field.show_problem(problems.get(text.name, ""))
            first_wrong = first_wrong or (field if field.problem else None)
        if first_wrong is None:
            super().action_next()
        else:
            first_wrong.focus_input()

    @on(Field.Blurred)
    def _check_field(self, event: Field.Blurred) -> None:
        if not self.is_current:
            return
        self._update_widgets(after_leaving=True)
        # An empty field is not wrong before the operator wants to go on.
        if event.field.value:
            self._accept_offer(event.field)
            event.field.show_problem(self._problem(event.field))

    @on(Field.Confirmed)
    def _field_confirmed(self, event: Field.Confirmed) -> None:
        self._accept_offer(event.field)
        problem = self._problem(event.field)
        event.field.show_problem(problem)
        if not problem:
            self._confirmed()

    def _accept_offer(self, field: Field) -> None:
        """Fill in the offer that an empty field or a number stands for, if there are offers."""
        text = next(text for text, each in self._of_kind(TextInput, Field) if each is field)
        offer = text.accepted_offer(field.value) if text.offers else None
        if offer is None:
            return
        for other, each in self._of_kind(TextInput, Field):
            if other.name in offer:
                each.fill(offer[other.name])
        for choice, labelled in self._of_kind(model.Choice, LabelledChoice):
            if choice.name in offer:
                labelled.choice.choose(offer[choice.name])
        self._update_widgets()

    def _problem(self, field: Field) -> str:
        return self._form.problems(self._values()).get(str(field.name), "")

    @on(ChoiceList.Confirmed)
    def _confirmed(self) -> None:
        """Go to the next field, and from the last one to the next step."""
        self.focus_next()
        if isinstance(self.focused, Button):
            self.action_next()


def _widget_for(part: Part, values: Values) -> Widget:
    match part:
        case TextBlock():
            return PlainText(part.text, classes=part.style)
        case TextInput():
            value = "" if part.secret else values[part.name]
            return Field(
                part.label,
                value,
                placeholder=part.placeholder,
                secret=part.secret,
                name=part.name,
            )
        case model.Choice():
            options = [(option.label, option.value) for option in part.options]
            return LabelledChoice(part.label, ChoiceList(options, values[part.name], id=part.name))
        case CheckBox():
            return CheckBoxWidget(part.label, value=values[part.name], id=part.name, compact=True)
