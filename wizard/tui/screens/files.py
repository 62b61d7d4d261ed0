"""First step: which files are meant, and what was found in them."""

from __future__ import annotations

from textual.app import ComposeResult

from wizard import advice
from wizard.current import Current
from wizard.layout import LayoutKind
from wizard.tui.session import Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.sentence import Sentence

_LAYOUTS = {
    LayoutKind.COMPOSE: "Docker Compose: the server runs in a container and gets the secret "
    "from .env beside the compose file.",
    LayoutKind.STANDALONE: "Standalone: the server runs on this machine and reads .env "
    "beside config.toml.",
}


class FilesScreen(StepScreen):
    """Nothing to enter: what the wizard is going to work on."""

    STEP = Step.FILES
    TITLE_TEXT = "These files will be set up"
    HELP_TEXT = (
        "config.toml holds the settings of BOMnipotent Server, .env the secret.\n\n"
        "To work on another configuration, leave the wizard (Ctrl+Q) and start it with "
        "smtp-wizard -c PATH. With --env-file PATH the secret goes into another file.\n\n"
        "Nothing is written before you have seen and confirmed every changed line."
    )

    def compose_body(self) -> ComposeResult:
        """Paths, layout, and what will happen to each file."""
        current = self.session.current
        yield Sentence("Configuration", classes="label")
        yield Sentence(f"{current.layout.config}\n{_config_state(current)}")
        yield Sentence("Secret", classes="label")
        yield Sentence(f"{current.layout.env_file}\n{_env_state(current)}")
        yield Sentence("How the server is run", classes="label")
        yield Sentence(_LAYOUTS[current.layout.kind])
        for caution in advice.about_permissions(current):
            yield Sentence(f"! {caution.message}", classes="caution")
        yield Sentence("Nothing is written before the last step.", classes="quiet")


def _config_state(current: Current) -> str:
    if not current.config.exists:
        return "Does not exist yet and will be created."
    if current.configured:
        return "Exists and has an [smtp] section."
    return "Exists and has no [smtp] section yet; everything else in it stays as it is."


def _env_state(current: Current) -> str:
    if not current.env.exists:
        return "Does not exist yet; created when there is a secret, readable only by its owner."
    return "Exists; everything else in it stays as it is."
