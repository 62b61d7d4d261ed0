"""Which config.toml the wizard works on, where there are several servers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wizard.config.current import CurrentConfig, load_config, unwritable_findings
from wizard.config.layout import CONFIG_NAME, LayoutKind, configs_to_choose
from wizard.errors import WizardError
from wizard.server.next_steps import start_command
from wizard.text.display import on_one_line, short_path
from wizard.text.language import N_, _
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Line, Mark, PanelView


class FileChoice(NamedTuple):
    """One config.toml, and what it is, in a few words."""

    path: Path
    shown: str
    state: str


def file_choices(session: WizardSession) -> Sequence[FileChoice]:
    """Return every config.toml that is found here, the present one among them."""
    paths = configs_to_choose(session.current.layout.config)
    return [_choice(session, path) for path in paths]


def _choice(session: WizardSession, path: Path) -> FileChoice:
    try:
        current = load_config(session.layout_of(path))
    except WizardError as error:
        return FileChoice(path, short_path(path), error.message)
    if not current.config.exists:
        return FileChoice(path, short_path(path), _("would be a new file"))
    where = N_("Docker Compose") if current.in_container else N_("on this machine")
    user = None if current.view.smtp is None else current.view.smtp.user
    state = on_one_line(user) if user else _("no mail set up")
    return FileChoice(path, short_path(path), f"{_(where)}, {state}")


def typed_config(text: str) -> Path:
    """Return the config.toml that is meant, which may be typed with ``~``, or as its directory."""
    path = os.path.expanduser(text)  # noqa: PTH111 - pathlib's raises for an unknown account
    return Path(path, CONFIG_NAME) if os.path.isdir(path) else Path(path)  # noqa: PTH112 - likewise


def describe_config(session: WizardSession, path: Path) -> PanelView:
    """Return what the wizard would work on with this config.toml; Compose is asked about it."""
    try:
        current = load_config(session.layout_of(path)).with_container()
    except WizardError as error:
        lines = [
            Line(Mark.FAILED, error.message),
            *([Line(Mark.REMEDY, error.remedy)] if error.remedy else []),
        ]
        return PanelView(short_path(path), lines)
    return PanelView(short_path(path), list(_description(current)))


def _description(current: CurrentConfig) -> Iterator[Line]:
    yield Line(text=str(current.config.path), word="config.toml")
    yield Line(text=_size(current), word=" ")
    target = current.secret_target(current.variable)
    yield Line(text=str(target.path), word=target.path.name)
    if current.layout.kind is LayoutKind.COMPOSE:
        service = "" if current.container is None else current.container.service
        image = "" if current.container is None else current.container.image
        yield Line(
            text=_("Docker Compose, service {service}, {image}", service=service, image=image),
            word=_("server"),
        )
    else:
        yield Line(text=_("on this machine; reads .env beside config.toml"), word=_("server"))
    from wizard.secrets.sources import ENV_FILE

    command = start_command(ENV_FILE, current)
    if command:
        yield Line(text=_("after a new password:  {command}", command=command), word=" ")
    for finding in unwritable_findings(current):
        yield Line(Mark.WARNING, finding.advice)


def _size(current: CurrentConfig) -> str:
    """Say how much there is in config.toml."""
    if not current.config.exists:
        return _("would be a new file")
    count = len(current.config_text.splitlines())
    if count < 2:
        return _("1 line, which stays as it is") if count else _("empty")
    return _("{count} lines, all of them stay as they are", count=count)
