"""The choice of a config.toml, where there are several servers."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from wizard.config.current import CurrentConfig
from wizard.text.language import _
from wizard.ui.account.files import describe_config, file_choices
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

    def __init__(self, current: CurrentConfig) -> None:
        super().__init__()
        self._choices = file_choices(current)
        self._present = current.layout.config

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
        answers.go_to(paths.index(self._present))
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

    def _describe(self, path: Path) -> None:
        view = describe_config(path)
        self.query_one("#panel", Panel).show(view.title, view.lines)

    @on(Answers.Chosen)
    def _chosen(self) -> None:
        self.dismiss(self._choices[self.query_one(Answers).current].path)

    @on(FormRow.Confirmed)
    def _typed(self, event: FormRow.Confirmed) -> None:
        event.stop()
        if event.row.value:
            path = Path(event.row.value).expanduser()
            self.dismiss(path / "config.toml" if path.is_dir() else path)
