"""The files of a Compose project: which ones Compose reads, and what is where in them.

Which variables the shell has, and which files there are, decides before any compose file does:
https://docs.docker.com/compose/how-tos/environment-variables/envvars-precedence/
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from wizard.errors import FileRefused
from wizard.files.reading import TextFile, read_text
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.compose.file import ComposeFile, LineRange

_OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_MAX_FILES = 50
_MAX_CHARACTERS = 1 << 18
"""Of all compose files together; much more than a project has."""


class Place(NamedTuple):
    """Some lines of a file; ``line``, the first one, is None where they are not known."""

    path: Path
    line: int | None = None
    last: int | None = None

    @property
    def lines(self) -> str:
        """The numbers of the lines in words; empty where they are not known."""
        if self.line is None:
            return ""
        if self.last in (None, self.line):
            return _("line {number}", number=self.line)
        return _("lines {first} to {last}", first=self.line, last=self.last)


class Project:
    """The files that Compose reads when it runs in ``directory`` with ``environ``.

    ``compose_file`` is the one that it finds by itself, unless ``COMPOSE_FILE`` names others;
    ``env_file`` stands in for the project's ``.env``.
    """

    def __init__(
        self,
        directory: Path,
        environ: Mapping[str, str],
        compose_file: Path | None = None,
        env_file: Path | None = None,
    ) -> None:
        self.directory = directory
        self.environ = environ
        self._compose_file = compose_file
        self.env_file = env_file
        self._texts: dict[Path, TextFile] = {}
        self._lines: dict[tuple[Path, bool], dict[str, int]] = {}

    def __repr__(self) -> str:
        return f"Project({str(self.directory)!r})"

    @cached_property
    def env_files(self) -> tuple[Path, ...]:
        """The files with the project's own variables; the last one that has a variable wins.

        Empty if the shell forbids them.
        """
        if self.env_file is not None:
            return (self.env_file,)
        if self.environ.get("COMPOSE_DISABLE_ENV_FILE", "").lower() in ("1", "true"):
            return ()
        named = self.environ.get("COMPOSE_ENV_FILES", "")
        if named:
            return tuple(self.directory / name for name in _last_of_each(named.split(",")))
        return (self.directory / ".env",)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The compose files in the order in which Compose merges them; empty if there are none."""
        named = self.variables.get("COMPOSE_FILE", "")
        if named:
            separator = self.variables.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
            # One that is named twice changes nothing.
            return tuple(self.directory / name for name in dict.fromkeys(named.split(separator)))
        if self._compose_file is None:
            return ()
        overrides = (self._compose_file.with_name(name) for name in _OVERRIDES)
        return self._compose_file, *islice(filter(Path.exists, overrides), 1)

    @property
    def override(self) -> Path | None:
        """The override file, whether or not it exists; None where Compose would read others."""
        main, *others = self.files or (None,)
        if main is None or main != self._compose_file:
            return None
        path = main.with_name(f"{main.stem}.override{main.suffix}")
        return path if others in ([], [path]) else None

    @property
    def base(self) -> Path:
        """The directory that relative paths in the compose files start from."""
        return self.files[0].parent if self.files else self.directory

    def path_of(self, template: str) -> Path:
        """Return the path that a compose file writes so, which may hold ``${NAME}``."""
        from wizard.formats.dotenv.compose_go import interpolate
        from wizard.formats.dotenv.reading import EnvSyntaxError

        try:
            return self.base / interpolate(template, self.variables)
        except EnvSyntaxError:  # which Compose refuses
            return self.base / template

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """What ``${NAME}`` stands for in the compose files: the shell wins over ``.env``."""
        from wizard.formats.dotenv.compose_go import read_compose

        found: dict[str, str] = {}
        for path in self.env_files:
            for each in read_compose(self.text(path) or "", {**found, **self.environ}).assignments:
                if each.defined:
                    found[each.name] = each.value
        return found | dict(self.environ)

    def text(self, path: Path) -> str | None:
        """Return a file's text, which is read once; None for one that does not exist.

        It is empty for one that cannot be read: Compose tells of it.
        """
        file = self._read(path)
        return file.text if file.exists else None

    def _read(self, path: Path) -> TextFile:
        if path not in self._texts:
            self._texts[path] = read_text(path, path.name)
        return self._texts[path]

    def line_in(self, path: Path, name: str) -> int | None:
        """Return the line of an env file's definition that counts, which is the last one."""
        return self.lines_in(path).get(name)

    def lines_in(self, path: Path, *, raw: bool = False) -> Mapping[str, int]:
        """Return the line of each definition of an env file that counts."""
        from wizard.formats.dotenv.compose_go import read_compose, read_raw

        if (path, raw) not in self._lines:
            lines = self._lines[path, raw] = {}
            text, line, position = self.text(path) or "", 1, 0
            for each in (read_raw(text) if raw else read_compose(text)).assignments:
                line += text.count("\n", position, each.start)
                position = each.start
                lines[each.name] = line
        return self._lines[path, raw]

    def find_variable(self, name: str) -> Place:
        """Return where the project's ``.env`` sets a variable, or where it would."""
        for path in reversed(self.env_files):
            line = self.line_in(path, name)
            if line is not None:
                return Place(path, line)
        return Place(self.env_files[-1] if self.env_files else self.directory / ".env")

    @property
    def parsed(self) -> Mapping[Path, ComposeFile]:
        """The compose files that are valid YAML, with those that they include or extend."""
        return self._parsed[0]

    @property
    def problems(self) -> Sequence[FileRefused]:
        """Why some of them cannot be read, or are not valid YAML."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[dict[Path, ComposeFile], list[FileRefused]]:
        from wizard.compose.file import ComposeFile

        found: dict[Path, ComposeFile] = {}
        problems: list[FileRefused] = []
        pending = deque(self.files)
        left = _MAX_CHARACTERS
        while pending and left > 0 and len(found) + len(problems) < _MAX_FILES:
            path = pending.popleft()
            if path in found:
                continue
            text = self._read(path)
            left -= len(text.text)
            try:
                if text.problem is not None:
                    raise text.problem
                file = found[path] = ComposeFile(text.text)
            except FileRefused as problem:
                problems.append(problem.at(path))
                continue
            # A remote one has a scheme, or is no file here: Compose fetches it, and nobody else.
            pending += [path.parent / other for other in file.other_files()]
        return found, problems

    def find_service(self, service: str) -> Place:
        """Return where a service begins; the last file that has it counts."""
        return self._find(lambda file: file.find_service(service))

    def find_environment(self, service: str) -> Place:
        """Return where the environment of a service begins."""
        return self._find(lambda file: file.find_environment(service))

    def find_entry(self, service: str, name: str) -> Place:
        """Return where the environment of a service has a variable."""
        return self._find(lambda file: file.find_variable(service, name))

    def find_volume(self, service: str, target: PurePosixPath) -> Place:
        """Return where a service mounts something at a path of the container."""
        wanted = str(target)
        return self._find(
            lambda file: file.find_item(service, "volumes", lambda text: wanted in text)
        )

    def find_env_file(self, service: str, path: Path) -> Place:
        """Return where a service names an env file."""

        def matches(text: str) -> bool:
            return text.endswith(path.name) and str(path).endswith(os.path.normpath(text))

        return self._find(lambda file: file.find_item(service, "env_file", matches))

    def _find(self, find: Callable[[ComposeFile], LineRange | None]) -> Place:
        found = Place(self.files[0] if self.files else self.directory)
        for path, file in self.parsed.items():
            span = find(file)
            if span is not None:
                found = Place(path, *span)
        return found


def _last_of_each(names: Sequence[str]) -> Sequence[str]:
    """Return the names without those that occur again later."""
    return list(reversed(dict.fromkeys(reversed(names))))
