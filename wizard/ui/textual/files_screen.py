"""The choice of a config.toml, where there are several servers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from wizard.system.background import run_in_thread
from wizard.text.display import short_path
from wizard.text.language import _
from wizard.ui.account.files import describe_config, file_choices, typed_config
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Line
from wizard.ui.textual.buttons import Keys
from wizard.ui.textual.dialogs import Answers
from wizard.ui.textual.field import OneLineInput
from wizard.ui.textual.panel import Edge, Panel
from wizard.ui.textual.row import FormRow


class FilesScreen(ModalScreen[Path | None]):
    """Returns the path of another config.toml; None if the present one stays."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss(None)", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, session: WizardSession) -> None:
        super().__init__()
        self._session = session
        self._choices = file_choices(session)

    def compose(self) -> ComposeResult:
        """Yield what was found, a field for any other path, and what is known of the choice."""
        width = max(len(each.shown) for each in self._choices) + 2
        yield Edge(_("Which server is this for?"), brand=True)
        yield Answers([f"{each.shown:<{width}}{each.state}" for each in self._choices])
        yield FormRow(_("Another file"), OneLineInput(), name="path", note_line=False)
        yield Edge(ends="╰╯")
        yield Panel(id="panel")
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the present one."""
        answers = self.query_one(Answers)
        paths = [each.path for each in self._choices]
        answers.focus()
        answers.go_to(paths.index(self._session.current.layout.config))
        self.query_one(Keys).show(
            [
                ("Enter", _("use it")),
                ("↑↓", _("other file")),
                ("Tab", _("type a path")),
                ("Esc", _("back")),
            ]
        )

    @on(Answers.Moved)
    def _moved(self) -> None:
        self._describe(self._choices[self.query_one(Answers).current].path)

    @work(exclusive=True, group="preview")
    async def _describe(self, path: Path) -> None:
        panel = self.query_one("#panel", Panel)
        panel.show(short_path(path), [Line(text=_("The files are being read …"))])
        view = await run_in_thread(partial(describe_config, self._session, path))
        panel.show(view.title, view.lines)

    @on(Answers.Chosen)
    def _chosen(self) -> None:
        self.dismiss(self._choices[self.query_one(Answers).current].path)

    @on(FormRow.Confirmed)
    def _typed(self, event: FormRow.Confirmed) -> None:
        event.stop()
        if event.row.value:
            self.dismiss(typed_config(event.row.value))
