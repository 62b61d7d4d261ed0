"""Where a reconfiguration begins: what is set, and what can be done with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from enum import Enum, auto
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from wizard.check.finding import Finding, Severity
from wizard.current import Place
from wizard.draft import Draft
from wizard.errors import InvalidValue
from wizard.probe.events import Verdict
from wizard.secret import Keep, Remove, Replace
from wizard.settings import Endpoint, Security, expand, mask_url_password
from wizard.tui.session import Session, Step
from wizard.tui.widgets.sentence import Sentence
from wizard.visible import visible

_PLACES = {
    Place.ENV_FILE: "stored in .env",
    Place.ENVIRONMENT: "set in the environment",
    Place.CREDENTIAL: "stored as a systemd credential; the unit needs smtp-wizard exec",
    Place.KEYRING: "stored in the keyring; the server needs smtp-wizard exec",
    Place.LITERAL: "! stands in config.toml itself: open to move it to .env",
}
_TESTED = {
    Verdict.PASS: "✓ passed",
    Verdict.WARN: "! passed, with a caveat",
    Verdict.FAIL: "✗ failed",
    Verdict.UNTESTABLE: "! not testable from here",
}
_SECURITY = {
    Security.TLS: "SMTPS",
    Security.STARTTLS: "STARTTLS",
    Security.NONE: "not encrypted",
}


class Action(Enum):
    """What can be chosen besides the steps."""

    WRITE = auto()
    LEAVE = auto()
    RENAME = auto()
    FINDINGS = auto()


class SummaryScreen(Screen[Step | Action]):
    """A menu whose entries show their values."""

    HELP_TEXT = (
        "Choose a part with the arrows and Enter to change it; everything else stays as it is.\n\n"
        "Nothing is written before you choose Review and write and confirm the changes."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Leave"),
        Binding("f1,ctrl+g", "help", "Help", key_display="F1"),
    ]

    def __init__(self, session: Session, draft: Draft, chosen: Step | Action | None) -> None:
        super().__init__()
        self.session = session
        self.draft = draft
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """The configuration's path, and the menu."""
        yield Sentence("SMTP settings", id="title")
        yield Sentence(str(self.session.current.layout.config), classes="quiet")
        hint = self.session.hints.get(Step.FILES.value)
        if hint:
            yield Sentence(hint, classes="hint")
        self._choices = self._rows()
        yield OptionList(
            *(Option(_row(label, value)) for _, label, value in self._choices),
            id="menu",
            compact=True,
            markup=False,
        )
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Come back to the entry that was chosen last."""
        menu = self.query_one(OptionList)
        chosen = [choice for choice, _, _ in self._choices]
        menu.highlighted = chosen.index(self._chosen) if self._chosen in chosen else 0
        menu.focus()
        if self.session.checking is not None:
            self._wait_for_findings(self.session.checking)

    @work(group="findings")
    async def _wait_for_findings(self, checking: asyncio.Future[Sequence[Finding]]) -> None:
        """Add what the check has found once it is known; the highlight stays where it is."""
        await asyncio.wait([checking])
        if self._rows() == self._choices:
            return
        menu = self.query_one(OptionList)
        chosen = self._choices[menu.highlighted or 0][0]
        self._choices = self._rows()
        menu.set_options([Option(_row(label, value)) for _, label, value in self._choices])
        menu.highlighted = [choice for choice, _, _ in self._choices].index(chosen)

    def _rows(self) -> list[tuple[Step | Action, str, str]]:
        draft = self.draft
        rows: list[tuple[Step | Action, str, str]] = []
        for name, line in self.session.current.view.misnamed:
            rows.append(
                (
                    Action.RENAME,
                    "Wrong section",
                    f"! [{name}] in line {line}: rename it to [smtp]",
                )
            )
        rows.append((Step.DELIVERY, "Verification", "skipped" if draft.skip else "by mail"))
        if not draft.skip:
            rows += [
                (Step.USER, "User", self._checked("user", draft.user)),
                (Step.SERVER, "Mail server", self._server()),
                (Step.SECRET, "Secret", self._secret()),
                (Step.TEST, "Live test", self._tested()),
            ]
        if self.session.findings:
            rows.append((Action.FINDINGS, "Check", self._found()))
        changed = draft != Draft.of(self.session.current)
        rows.append((Action.WRITE, "Review and write", "" if changed else "nothing changed yet"))
        rows.append((Action.LEAVE, "Leave", ""))
        return rows

    def _checked(self, field: str, value: str) -> str:
        problem = self.draft.problems(self.session.current).get(field)
        if not value:
            return "✗ not set"
        return value if problem is None else f"✗ {value}: {problem.message}"

    def _server(self) -> str:
        shown = mask_url_password(self.draft.endpoint)
        if not shown:
            return "✗ not set"
        try:
            text = expand(self.draft.endpoint, self.session.current.lookup)
            starttls = self.draft.starttls
            if starttls is None:
                starttls = self.session.current.starttls()
            route = Endpoint.parse(text).route(starttls)
        except InvalidValue as problem:
            return f"✗ {shown}: {problem.message}"
        return f"{shown}, port {route.port}, {_SECURITY[route.security]}"

    def _secret(self) -> str:
        match self.draft.secret:
            case Replace():
                return "entered, not stored yet"
            case Remove():
                return "none: no login"
            case Keep():
                current = self.session.current
                if self.draft.store is not Draft.of(current).store:
                    return "will be moved"
                places = current.places()
                if places and current.secret() is None:
                    return f"✗ {_PLACES[places[0]]}, but empty"
                if places:
                    return _PLACES[places[0]]
                if self._login_in_endpoint():
                    return "! stands in the endpoint"
                if current.reference is not None:
                    return f"✗ config.toml refers to ${{{current.reference}}}, which is not set"
                return "none: no login"

    def _found(self) -> str:
        """Count the findings by how bad they are."""
        counts = Counter(finding.severity for finding in self.session.findings)
        worst = "✗" if counts[Severity.ERROR] else "!"
        parts = [
            f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"
            for severity in Severity
            if counts[severity]
        ]
        return f"{worst} {', '.join(parts)}: open to read"

    def _login_in_endpoint(self) -> bool:
        try:
            text = expand(self.draft.endpoint, self.session.current.lookup)
            return Endpoint.parse(text).credentials is not None
        except InvalidValue:
            return False

    def _tested(self) -> str:
        report = self.session.report_for(self.draft)
        return "not tested yet" if report is None else _TESTED[report.verdict]

    @on(OptionList.OptionSelected)
    def _select(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index][0])

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(Action.LEAVE)

    def action_help(self) -> None:
        """Explain the menu."""
        from wizard.tui.screens.page import PageScreen

        self.app.push_screen(PageScreen("SMTP settings", self.HELP_TEXT))


def _row(label: str, value: str) -> Content:
    return Content(visible(f"{label:<17}{value}"))
