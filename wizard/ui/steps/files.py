"""First step: the files to be set up, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.config.current import CurrentConfig, unwritable_findings
from wizard.config.layout import LayoutKind
from wizard.text.language import N_, _
from wizard.ui.steps.model import Heading, Part, Step, StepForm, TextBlock, Values

_LAYOUTS = {
    LayoutKind.COMPOSE: N_(
        "Docker Compose: the server runs in a container, and gets the secret as the compose file "
        "says."
    ),
    LayoutKind.STANDALONE: N_(
        "Standalone: the server runs on this machine and reads .env beside config.toml."
    ),
}
_EXISTS = N_("Exists; everything else in it stays as it is.")
_CREATED = N_("Does not exist yet; created when there is a secret, readable only by its owner.")


class FilesStep(StepForm):
    """The files that the wizard is going to work on; there is nothing to enter."""

    HEADING = Heading(
        Step.FILES,
        N_("These files will be set up"),
        N_(
            "config.toml holds the settings of BOMnipotent Server, .env the secret.\n\n"
            "To work on another configuration, leave the wizard (Ctrl+Q) and start it with "
            "smtp-wizard -c PATH. With --env-file PATH the secret goes into another file.\n\n"
            "Nothing is written before you have seen and confirmed every changed line."
        ),
        N_(
            "config.toml holds the settings of BOMnipotent Server, .env the secret.\n\n"
            "To work on another configuration, leave the wizard (quit) and start it with "
            "smtp-wizard -c PATH. With --env-file PATH the secret goes into another file.\n\n"
            "Nothing is written before you have seen and confirmed every changed line."
        ),
    )

    def parts(self, values: Values) -> Sequence[Part]:
        """Return paths, layout, and what will happen to each file."""
        current = self.session.current
        return [
            TextBlock(_("Configuration"), "label"),
            TextBlock(f"{current.layout.config}\n{_config_state(current)}"),
            TextBlock(_("Secret"), "label"),
            TextBlock(self._secret_file()),
            TextBlock(_("How the server is run"), "label"),
            TextBlock(_(_LAYOUTS[current.layout.kind])),
            *(
                TextBlock(f"! {finding.message}", "caution")
                for finding in unwritable_findings(current)
            ),
            TextBlock(_("Nothing is written before the last step."), "quiet"),
        ]

    def _secret_file(self) -> str:
        if self.session.asked_compose is not None:
            return _("The file from which Docker Compose takes it, which is being asked.")
        current = self.session.current
        path, variable = current.env.path, current.variable
        if current.container is not None:
            path, variable = current.secret_target(variable)[:2]
        lines = [str(path)]
        if variable != current.variable:
            lines.append(_("There it is called {variable}.", variable=variable))
        lines.append(_(_EXISTS) if path.exists() else _(_CREATED))
        return "\n".join(lines)


def _config_state(current: CurrentConfig) -> str:
    if not current.config.exists:
        return _("Does not exist yet and will be created.")
    if current.configured:
        return _("Exists and has an [smtp] section.")
    return _("Exists and has no [smtp] section yet; everything else in it stays as it is.")
