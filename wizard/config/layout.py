"""Where config.toml, ``.env`` and the compose file are, and whether a container uses them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from shlex import join, quote

from wizard.errors import FileRefused, UsageError
from wizard.files.reading import read_file
from wizard.text.display import short_path
from wizard.text.language import _

CONFIG_NAME = "config.toml"
_COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""In the order in which Compose looks for them."""
_COMPOSE_DIRECTORY = "bomnipotent_config"
_SYSTEM_CONFIG = Path("/etc/bomnipotent_server/configs") / CONFIG_NAME


class LayoutKind(StrEnum):
    """How the server is run."""

    COMPOSE = "compose"
    STANDALONE = "standalone"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one server. Paths are absolute; none of them need exist."""

    kind: LayoutKind
    config: Path
    env_file: Path
    compose_file: Path | None = None
    compose_directory: Path | None = None
    """Where Compose is run, which is mostly the directory of its file."""


def find_layout(
    config: Path | None = None, env_file: Path | None = None, directory: Path | None = None
) -> Layout:
    """Find the layout of ``config``, or of the one found in ``directory`` (default: here)."""
    here = (directory or _working_directory()).absolute()
    chosen = _default_config(here) if config is None else here / config
    if config is not None and _exists(chosen / CONFIG_NAME):
        raise FileRefused(
            "file-not-regular",
            _("This is a directory."),
            _("Name the file in it: -c {path}", path=quote(str(chosen / CONFIG_NAME))),
            path=chosen,
        )
    compose_file, run_in = _compose_file(chosen, must_know=env_file is None)
    kind = LayoutKind.STANDALONE if compose_file is None else LayoutKind.COMPOSE
    env = (run_in or chosen.parent) / ".env" if env_file is None else here / env_file
    return Layout(kind, chosen, env, compose_file, run_in)


def command_for(layout: Layout, *words: str) -> str:
    """Return the line that runs smtp-wizard on these files from the working directory."""
    command = ["smtp-wizard", *words]
    with suppress(UsageError, FileRefused):
        found = find_layout()
        if found.config != layout.config:
            command += ["-c", short_path(layout.config)]
            found = find_layout(layout.config)
        if found.env_file != layout.env_file:
            command += ["--env-file", short_path(layout.env_file)]
    return join(command)


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UsageError(
            "no-working-directory",
            _("The working directory does not exist any more."),
            _("Change to another directory."),
        ) from None


def _default_config(here: Path) -> Path:
    return candidate_configs(here)[0]


def candidate_configs(directory: Path | None = None) -> list[Path]:
    """Return every config.toml that a server here may have, and last the one that would be new."""
    here = (directory or _working_directory()).absolute()
    in_subdirectory = here / _COMPOSE_DIRECTORY / CONFIG_NAME
    usual = [here / CONFIG_NAME, in_subdirectory, _SYSTEM_CONFIG]
    found = [each for each in usual if _exists(each)]
    has_compose = any(_exists(here / name) for name in _COMPOSE_NAMES)
    new = in_subdirectory if has_compose else here / CONFIG_NAME
    return found if new in found else [*found, new]


def configs_here(present: Path) -> list[Path]:
    """Return every config.toml that exists here, and ``present``, which may be a new one."""
    return [each for each in configs_to_choose(present) if each == present or _exists(each)]


def configs_to_choose(present: Path) -> list[Path]:
    """Return every config.toml that a server here may have, and ``present``."""
    candidates: list[Path] = []
    with suppress(UsageError):  # the working directory is gone
        candidates = candidate_configs()
    return list(dict.fromkeys([*candidates, present]))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a directory that may not be searched
        return False


def _compose_file(config: Path, *, must_know: bool) -> tuple[Path | None, Path | None]:
    """Find the compose file that runs the server with ``config``: one level up, or beside it.

    Returns the file, and the directory in which Compose is run. It must name the server, and the
    directory of the configuration where that lies below it; one that another account has put beside
    our files is ignored. One that cannot be read is refused if the caller ``must_know``, since the
    place of ``.env`` depends on it.
    """
    below, beside = config.parent.parent, config.parent
    for directory in (below, beside):
        for path in _candidates(directory):
            vendors_layout = directory is below and config.parent.name == _COMPOSE_DIRECTORY
            try:
                text = _own_text(path, config)
            except (OSError, FileRefused):
                if must_know:
                    raise _unreadable(path) from None
                continue
            if text is None:
                continue
            names_server = "bomnipotent" in text.lower()
            names_directory = directory is beside or config.parent.name in text
            if vendors_layout or (names_server and names_directory):
                return path, directory
    return None, None


def _candidates(directory: Path) -> Iterable[Path]:
    """Return the compose files that Compose may read in a directory; ``COMPOSE_FILE`` decides."""
    usual = [directory / name for name in _COMPOSE_NAMES]
    if "COMPOSE_FILE" not in os.environ and not _mentions_compose_file(directory / ".env"):
        return usual
    from wizard.compose.project import Project

    return Project(directory, os.environ).files or usual


def _mentions_compose_file(env_file: Path) -> bool:
    try:
        return b"COMPOSE_FILE" in (read_file(env_file).data or b"")
    except FileRefused:
        return False


def _own_text(path: Path, config: Path) -> str | None:
    """Return the text of a compose file that is ours; None where there is none.

    Raises :class:`OSError` or :class:`FileRefused` where it cannot be read.
    """
    try:
        owner = path.stat().st_uid
    except (FileNotFoundError, NotADirectoryError):
        return None
    directories = [each for each in (path.parent, config.parent) if each.exists()]
    if owner not in {0, os.geteuid(), *(each.stat().st_uid for each in directories)}:
        return None
    try:
        data = read_file(path).data
    except FileRefused as error:
        if error.code == "file-unreadable":
            raise
        return None  # too large, or no file at all
    return None if data is None else data.decode("utf-8", "replace")


def _unreadable(path: Path) -> FileRefused:
    return FileRefused(
        "compose-file-unreadable",
        _(
            "This file tells whether the server runs in a container and where .env is, but it "
            "cannot be read."
        ),
        _(
            "Run smtp-wizard as an account that may read it, or name the place of .env with "
            "--env-file."
        ),
        path=path,
    )
