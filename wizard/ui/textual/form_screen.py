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
    """One widget for each part; after each change the widgets follow the parts."""

    def __init__(self, form: StepForm, steps: Sequence[Step]) -> None:
        super().__init__(form.session, form.start, steps, form.HEADING)
        self._form = form
        self._shown: list[tuple[Part, Widget]] = []

    def compose_body(self) -> ComposeResult:
        """Everything there is to read and to answer."""
        values = self._form.values()
        self._shown = [(each, _widget(each, values)) for each in self._form.parts(values)]
        for _, widget in self._shown:
            yield widget

    def on_mount(self) -> None:
        """Begin to type at once, where there is something to type."""
        self._follow(left=True)
        self._wait()
        for field in self._each(TextInput, Field):
            if field[0].shown:
                field[1].focus_input()
                return

    @work
    async def _wait(self) -> None:
        """Offer what is known to work only later."""
        async for _change in self._form.changes():
            if self not in self.app.screen_stack:  # left, and about to be taken apart
                return
            self._follow()

    def _each(self, kind: type[P], widget: type[W]) -> Iterator[tuple[P, W]]:
        for each, shown in self._shown:
            if isinstance(each, kind) and isinstance(shown, widget):
                yield each, shown

    def _values(self) -> Values:
        values = dict(self._form.values())
        for text, field in self._each(TextInput, Field):
            values[text.name] = field.value
            if text.secret:
                values[text.name] = Secret(field.value) if field.value else None
        for choice, labelled in self._each(model.Choice, LabelledChoice):
            values[choice.name] = labelled.choice.value
        for tick, box in self._each(CheckBox, CheckBoxWidget):
            values[tick.name] = box.value
        return values

    def collect(self) -> Draft:
        """Return the draft with what stands on the screen now; never validates."""
        return self._form.draft(self._values())

    @on(Field.Edited)
    @on(RadioSet.Changed)
    @on(CheckBoxWidget.Changed)
    def _changed(self) -> None:
        self._follow()

    def _follow(self, *, left: bool = False) -> None:
        """Show the parts as they are with the present values."""
        parts = self._form.parts(self._values())
        self._shown = [(each, shown[1]) for each, shown in zip(parts, self._shown, strict=True)]
        for words, sentence in self._each(TextBlock, PlainText):
            if left or not words.when_left:
                sentence.say(words.text)
        for text, field in self._each(TextInput, Field):
            field.display = text.shown
            field.say_kept(text.kept)
            field.say_about(text.about)
        for choice, labelled in self._each(model.Choice, LabelledChoice):
            labelled.display = choice.shown
            for option in choice.options:
                labelled.choice.offer(option.value, option.label, offered=option.offered)
        for tick, box in self._each(CheckBox, CheckBoxWidget):
            box.display = tick.shown

    def action_next(self) -> None:
        """Go on, or say what is wrong and stay."""
        problems = self._form.problems(self._values())
        wrong = None
        for text, field in self._each(TextInput, Field):
            field.complain(problems.get(text.name, ""))
            wrong = wrong or (field if field.problem else None)
        if wrong is None:
            super().action_next()
        else:
            wrong.focus_input()

    @on(Field.Left)
    def _check_field(self, event: Field.Left) -> None:
        if not self.is_current:
            return
        self._follow(left=True)
        # An empty field is not wrong before the operator wants to go on.
        if event.field.value:
            self._take_over(event.field)
            event.field.complain(self._problem(event.field))

    @on(Field.Confirmed)
    def _field_confirmed(self, event: Field.Confirmed) -> None:
        self._take_over(event.field)
        problem = self._problem(event.field)
        event.field.complain(problem)
        if not problem:
            self._confirmed()

    def _take_over(self, field: Field) -> None:
        """Fill in what is meant by an empty field or by a number, where there are offers."""
        text = next(text for text, shown in self._each(TextInput, Field) if shown is field)
        values = text.taken(field.value) if text.offers else None
        if values is None:
            return
        for other, shown in self._each(TextInput, Field):
            if other.name in values:
                shown.fill(values[other.name])
        for choice, labelled in self._each(model.Choice, LabelledChoice):
            if choice.name in values:
                labelled.choice.choose(values[choice.name])
        self._follow()

    def _problem(self, field: Field) -> str:
        return self._form.problems(self._values()).get(str(field.name), "")

    @on(ChoiceList.Confirmed)
    def _confirmed(self) -> None:
        """Enter goes to the next field, and from the last one to the next step."""
        self.focus_next()
        if isinstance(self.focused, Button):
            self.action_next()


def _widget(each: Part, values: Values) -> Widget:
    """Return the widget for a part."""
    match each:
        case TextBlock():
            return PlainText(each.text, classes=each.style)
        case TextInput():
            value = "" if each.secret else values[each.name]
            return Field(
                each.label,
                value,
                placeholder=each.placeholder,
                secret=each.secret,
                name=each.name,
            )
        case model.Choice():
            options = [(option.label, option.value) for option in each.options]
            return LabelledChoice(each.label, ChoiceList(options, values[each.name], id=each.name))
        case CheckBox():
            return CheckBoxWidget(each.label, value=values[each.name], id=each.name, compact=True)
