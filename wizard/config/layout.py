"""Where config.toml, ``.env`` and the compose file are, and whether a container uses them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from wizard.errors import FileRefused, UsageError
from wizard.files.reading import read_file
from wizard.text.language import _

CONFIG_NAME = "config.toml"
_COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_COMPOSE_DIRECTORY = "bomnipotent_config"
_SYSTEM_CONFIG = Path("/etc/bomnipotent_server/configs") / CONFIG_NAME
_IMAGE = r"""(?m)^\s*image:\s*["']?(?:[\w.:-]+/)*bomnipotent_server(?::([\w.-]+))?"""


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
    compose_text: str = field(default="", repr=False)  # may hold a secret
    """The compose file's text, empty where there is none."""

    @property
    def image_tag(self) -> str | None:
        """The server's image tag in the compose file; ``latest`` when none is written."""
        match = re.search(_IMAGE, self.compose_text)
        return None if match is None else match[1] or "latest"

    def passes(self, variable: str) -> bool:
        """Whether the compose file mentions ``variable``, so that it can reach the container.

        Always true without a compose file: there, the server reads ``.env`` itself.
        """
        if self.compose_file is None or not self.compose_text:
            return True
        lines = (line.partition("#")[0] for line in self.compose_text.splitlines())
        return any(re.search(rf"\b(?:{re.escape(variable)}|env_file)\b", line) for line in lines)


def find_layout(
    config: Path | None = None, env_file: Path | None = None, directory: Path | None = None
) -> Layout:
    """Find the layout of ``config``, or of the one found in ``directory`` (default: here)."""
    here = (directory or _working_directory()).absolute()
    chosen = _default_config(here) if config is None else here / config
    compose_file, compose_text = _compose_file(chosen, must_know=env_file is None)
    if compose_file is None:
        kind, beside = LayoutKind.STANDALONE, chosen
    else:
        kind, beside = LayoutKind.COMPOSE, compose_file
    env = beside.with_name(".env") if env_file is None else here / env_file
    return Layout(kind, chosen, env, compose_file, compose_text)


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
    in_subdirectory = here / _COMPOSE_DIRECTORY / CONFIG_NAME
    for candidate in (here / CONFIG_NAME, in_subdirectory, _SYSTEM_CONFIG):
        if _exists(candidate):
            return candidate
    if any(_exists(here / name) for name in _COMPOSE_NAMES):
        return in_subdirectory
    return here / CONFIG_NAME


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a directory that may not be searched
        return False


def _compose_file(config: Path, *, must_know: bool) -> tuple[Path | None, str]:
    """Find the compose file that runs the server with ``config``: one level up, or beside it.

    It must name the server, and the directory of the configuration where that lies below it; one
    that another account has put beside our files is ignored. One that cannot be read is refused if
    the caller ``must_know``, since the place of ``.env`` depends on it.
    """
    below, beside = config.parent.parent, config.parent
    for directory in (below, beside):
        for name in _COMPOSE_NAMES:
            path = directory / name
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
                return path, text
    return None, ""


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
