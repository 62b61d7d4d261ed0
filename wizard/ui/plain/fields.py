"""A question for each field of the account, with what helps to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

from wizard.formats.urls import mask_url_password
from wizard.secrets.secret import Secret
from wizard.text.display import MASK, on_one_line
from wizard.text.language import _
from wizard.ui.account import panels
from wizard.ui.account.form import AccountForm
from wizard.ui.account.pages import explanation
from wizard.ui.account.rows import rows, unusable_suggestion
from wizard.ui.account.view import Field, Note, RowView
from wizard.ui.plain.prompt import GoBack, Prompt
from wizard.ui.plain.terminal import LineTerminal


class FieldQuestions:
    """Puts the answers into the form."""

    def __init__(self, form: AccountForm, terminal: LineTerminal, prompt: Prompt) -> None:
        self._form = form
        self._terminal = terminal
        self._prompt = prompt
        self._failed = False

    async def ask_missing(self) -> None:
        """Ask for one missing field after another, until the operator goes back from the first."""
        form = self._form
        asked: list[Field] = []
        field = next(iter(form.problems()), None)
        while field is not None:
            if field is Field.ENDPOINT and await self._search():
                following = form.next_missing(field)
            else:
                try:
                    await self.ask(field)
                except GoBack:
                    if not asked:
                        return
                    field = asked.pop()
                    continue
                asked.append(field)
                following = form.next_missing(field)
                if following is field:
                    asked.pop()
                    self._terminal.say(form.problems()[field].message, "✗")
            field = following
        if asked and form.filled is not None and Field.ENDPOINT not in asked:
            self._terminal.say(form.filled.origin)

    async def ask(self, field: Field, *, failed: bool = False) -> None:
        """Ask until the answer can be used, or is empty; ``failed`` if the test says it is wrong.

        Raises :class:`GoBack`.
        """
        form, note = self._form, row_of(self._form, field).note
        self._prompt.explanation = explanation(field)
        self._failed = failed
        await self._introduce(field)
        while True:
            await self._question(field)
            form.leave(field)
            problem = form.problems().get(field)
            if problem is None or form.value(field) in ("", None):
                break
            self._terminal.say(problem.message, "✗")
            if problem.remedy:
                self._terminal.say(problem.remedy, "→")
        now, unusable = row_of(form, field).note, unusable_suggestion(form)
        if field is Field.USER and unusable is not None:
            self._terminal.say_panel(panels.unusable_panel(unusable))
        elif now.text and now != note and not failed:
            self._terminal.say(now.text, now.mark)
        if field is Field.VERIFY and form.values.skip:
            if form.asks_version:
                await self.ask(Field.VERSION)
            else:
                self._terminal.say_panel(panels.panel(form, field, None))

    async def _introduce(self, field: Field) -> None:
        """Say what helps with a field, and what is offered for it."""
        form, shown = self._form, None
        if field is Field.ENDPOINT and form.values.user:
            form.session.discover(form.values.user)
            await self._search()
            shown = panels.mail_servers(form, form.suggestions)
        elif field is Field.STORE:
            checks = form.session.store_checks.values()
            await self._prompt.wait(_all_of(checks), _("Looking where it can be kept …"))
        elif field is Field.VERSION:
            shown = panels.panel(form, field, None)
        elif field is Field.SECRET and not self._failed:
            shown = panels.app_password(form)
        if shown is not None:
            self._terminal.say_panel(shown)
        note, hint = row_of(form, field).note, form.session.hints.get(field, "")
        if self._failed:
            note = Note(text=hint)
        if note.text and (shown is None or note.text == hint):
            self._terminal.say(note.text, note.mark)

    async def _question(self, field: Field) -> None:
        view = row_of(self._form, field)
        if view.options:
            await self._choose(view)
        elif field is Field.SECRET:
            await self._ask_secret(view)
        else:
            await self._ask_text(view)

    async def _ask_text(self, view: RowView) -> None:
        form, field = self._form, view.field
        offers = form.suggestions if field is Field.ENDPOINT else ()
        current = on_one_line(mask_url_password(form.value(field)))
        meant = form.meant(field) if field in form.finished else ""
        default = meant or current or ("1" if offers else "")
        text = await self._prompt.answer(self._worded(view, default))
        answer = text.strip() or ("1" if offers and not current else "")
        if not answer:
            form.correct(field)
        elif offers and answer.isdecimal() and 1 <= int(answer) <= len(offers):
            form.accept(offers[int(answer) - 1])
        elif field is Field.ENDPOINT and answer == "1" and form.may_ask_directory():
            form.session.discovery.ask_directory()
            await self._introduce(field)
            await self._ask_text(view)
        elif field is Field.RELAY and answer == "-":
            form.enter(field, "")
        else:
            form.enter(field, text)

    async def _ask_secret(self, view: RowView) -> None:
        text = await self._prompt.unseen(
            self._worded(view, MASK if self._form.values.secret and not self._failed else None)
        )
        if text:
            self._form.enter(view.field, Secret(text))

    async def _choose(self, view: RowView) -> None:
        options = view.options
        values = [option.value for option in options]
        present = self._form.value(view.field)
        default = values.index(present) + 1 if present in values else 1
        for n, each in enumerate(options, 1):
            self._terminal.add(f"{n} {each.label}", gap="  ")
        question = self._worded(view, str(default))
        number = await self._prompt.number(question, range(1, len(values) + 1))
        self._form.enter(view.field, values[(number or default) - 1])

    def _worded(self, view: RowView, default: str | None) -> str:
        question = label(view)
        if view.field is Field.SECRET:
            question = _("{label}, typed unseen", label=question)
        question += f" [{default}]" if default else ""
        question += _(", - for none") if default and view.field is Field.RELAY else ""
        if self._failed:
            return _("{question}; Enter alone tests again, 9 reviews anyway: ", question=question)
        if view.field in (Field.SECRET, Field.RELAY) and view.placeholder and not default:
            question += f"; {view.placeholder}"
        return f"{question}: "

    async def _search(self) -> bool:
        """Wait for the mail server that is looked for; return whether it could be filled in."""
        form, discovery = self._form, self._form.session.discovery
        if discovery.searching and discovery.state is not None:
            message = _(
                "Looking for the mail server of {domain}, {seconds:.0f} s at most.",
                domain=discovery.state.domain,
                seconds=discovery.seconds,
            )
            if not await self._prompt.wait(_end_of_search(form), message):
                discovery.stop()
        form.fill_in_found()
        return Field.ENDPOINT not in form.problems()


def row_of(form: AccountForm, field: Field) -> RowView:
    """Return one row of the form."""
    return next(view for view in rows(form) if view.field is field)


def label(view: RowView) -> str:
    """Return the words for a field, with the setting's own name."""
    return f"{view.word} ({view.setting})" if view.setting else view.word


async def _end_of_search(form: AccountForm) -> bool:
    async with aclosing(form.session.discovery.updates()) as updates:
        async for _update in updates:
            pass
    return True


async def _all_of(checks: Iterable[asyncio.Future[Any]]) -> None:
    if pending := list(checks):
        await asyncio.wait(pending)
