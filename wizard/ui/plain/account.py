"""The account line by line: what is missing, the list of all fields, the test, the ways on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.formats.urls import mask_url_password
from wizard.live_test.events import TestReport
from wizard.live_test.failure import Verdict
from wizard.text.display import on_one_line
from wizard.text.language import N_, _
from wizard.ui.account import panels
from wizard.ui.account.form import AccountForm
from wizard.ui.account.live_test import recipient_for
from wizard.ui.account.pages import TO_WHOM, details_page
from wizard.ui.account.rows import failing_field, rows, stored_secret
from wizard.ui.account.view import Action, Field, Mark, RowView
from wizard.ui.plain.fields import FieldQuestions, label
from wizard.ui.plain.live_test import run_test
from wizard.ui.plain.prompt import REVIEW, GoBack, Prompt, ReviewAnyway
from wizard.ui.plain.terminal import LineTerminal

_HELP = N_(
    "Enter does what is suggested. The number of a field changes it. You see every line that "
    "changes before it is written."
)


class AccountDialogue:
    """Asks for what is missing, then what to change, until the account is to be reviewed."""

    def __init__(self, form: AccountForm, terminal: LineTerminal, prompt: Prompt) -> None:
        self._form = form
        self._terminal = terminal
        self._prompt = prompt
        self._fields = FieldQuestions(form, terminal, prompt)
        self._listing = True
        self._findings_said = False

    async def run(self) -> Action:
        """Return whether to review or to close."""
        form, session = self._form, self._form.session
        await self._prompt.wait(session.wait_for_compose(), _("Asking Docker Compose …"))
        if form.refusal is not None:
            self._terminal.say(str(form.refusal), "✗")
        else:
            await self._fields.ask_missing()
        if not form.is_new and session.running_check is not None:
            check = asyncio.wait([session.running_check])
            await self._prompt.wait(check, _("The files are being checked …"))
            self._terminal.say_lines(panels.state_lines(form))
            self._findings_said = bool(session.findings)
        if await self._correct(form.report):
            return Action.REVIEW
        while True:
            action = await self._next_action()
            match action:
                case Action.GO_ON:
                    await self._fields.ask_missing()
                case Action.TEST if await self._test():
                    return Action.REVIEW
                case Action.SEND:
                    await self._send()
                case Action.DETAILS:
                    self._terminal.say_lines(details_page(form).lines)
                    self._listing = False
                case Action.REVIEW | Action.CLOSE:
                    return action

    # The list and the ways on

    async def _next_action(self) -> Action | None:
        """Return what to do next; None if a field was changed, or nothing is to be done."""
        views = [view for view in rows(self._form) if view.shown]
        if self._listing:
            for number, view in enumerate(views, 1):
                self._terminal.add(f"{number} {label(view)}: {self._value(view)}", gap="   ")
        (_enter, enter, words), *others = self._ways_on()
        fields = range(1, len(views) + 1)
        question = ", ".join([words, _("a number changes"), *(each[2] for each in others)])
        self._prompt.explanation = _(_HELP)
        was_listed, self._listing = self._listing, True
        try:
            chosen = await self._prompt.number(
                f"{question}: ", [*fields, *(each[0] for each in others)]
            )
        except GoBack:
            if was_listed:
                await self._prompt.leave()
            return None
        if chosen is not None and chosen in fields:
            with suppress(GoBack):
                await self._fields.ask(views[chosen - 1].field)
            return None
        return next((action for each, action, _words in others if each == chosen), enter)

    def _ways_on(self) -> Iterator[tuple[int, Action, str]]:
        """Yield what Enter does, then what else can be done, each with its number."""
        form, report = self._form, self._form.report
        if form.values.skip:
            yield 0, Action.REVIEW, _("Enter reviews")
        elif form.problems():
            yield 0, Action.GO_ON, _("Enter goes on to what is missing")
        elif report is None:
            yield 0, Action.TEST, _("Enter tests")
            yield REVIEW, Action.REVIEW, _("9 reviews untested")
        elif report.verdict is Verdict.FAIL:
            yield 0, Action.TEST, _("Enter tests again")
            yield REVIEW, Action.REVIEW, _("9 reviews anyway")
        else:
            first = panels.buttons(form, None)[0].action
            yield 0, first, _("Enter closes") if first is Action.CLOSE else _("Enter reviews")
            yield REVIEW, Action.TEST, _("9 tests again")
            if report.verdict is not Verdict.UNTESTABLE:
                yield 0, Action.SEND, _("0 sends a mail")
        if not form.values.skip and (form.session.last_test or self._findings_said):
            yield 8, Action.DETAILS, _("8 details")

    def _value(self, view: RowView) -> str:
        form, value = self._form, self._form.value(view.field)
        if view.field in form.problems() and value in ("", None):
            return _("missing")
        if view.field is Field.SECRET:
            shown = _("entered") if value is not None else stored_secret(form)
        elif view.options:
            chosen = [each for each in view.options if each.value == value] or [view.options[0]]
            brief = not self._terminal.one_by_one and chosen[0].short
            shown = brief or chosen[0].label
        else:
            shown = on_one_line(mask_url_password(value))
        mark = f"{view.mark} " if view.mark in (Mark.CHANGED, Mark.FAILED) else ""
        return mark + (shown or (view.placeholder if form.values.skip else _("none")))

    # The live test

    async def _test(self, recipient: str | None = None) -> bool:
        """Test; return whether to review although it has failed."""
        report = await run_test(self._form, self._terminal, recipient)
        self._listing = False
        return await self._correct(report)

    async def _correct(self, report: TestReport | None) -> bool:
        """Ask for what has failed and test again, until the operator wants something else.

        Returns whether that is to review.
        """
        self._prompt.offers_review = True
        try:
            while report is not None and report.verdict is Verdict.FAIL:
                if not await self._ask_again(report):
                    return False
                report = await run_test(self._form, self._terminal)
        except GoBack:
            self._listing = True
        except ReviewAnyway:
            return True
        finally:
            self._prompt.offers_review = False
        return False

    async def _ask_again(self, report: TestReport) -> bool:
        """Ask for what has failed; return whether to test again."""
        form, field = self._form, failing_field(self._form)
        if report.alternatives:
            uses = [each for each in panels.buttons(form, None) if each.action is Action.USE]
            self._prompt.explanation = _(_HELP)
            for each in uses:
                self._terminal.add(f"{each.number} {each.label}", gap="  ")
            question = _("Enter takes 1 and tests, 9 reviews anyway, < shows all fields: ")
            number = await self._prompt.number(question, [each.number for each in uses])
            return form.use_alternative(number or 1)
        if field is None:
            return False
        await self._fields.ask(field, failed=True)
        return not form.problems()

    async def _send(self) -> None:
        """Ask for an address, and send a real mail to it."""
        default = recipient_for(self._form.draft)
        self._terminal.say(_(TO_WHOM))
        self._listing = False
        while True:
            try:
                answer = await self._prompt.answer(
                    _("Address [{default}]: ", default=default) if default else _("Address: ")
                )
                recipient = check_recipient(answer.strip() or default)
            except InvalidValue as problem:
                self._terminal.say(str(problem), "✗")
            except GoBack:
                return
            else:
                await self._test(recipient)
                return
