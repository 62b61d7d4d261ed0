"""Asks Compose what the server's container gets, and reads the plain files where none is at hand.

``docker compose config`` prints the project with every file merged and every variable put in. It
needs no daemon, and what it refuses, Compose does not start.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from wizard.compose.container import Container, Model, find_server
from wizard.compose.project import Project
from wizard.errors import FileRefused
from wizard.files.location import Location, trusted_accounts
from wizard.formats.dotenv.compose_go import interpolate, read_compose, read_raw
from wizard.formats.dotenv.reading import EnvSyntaxError
from wizard.system.process import (
    ChildOutputTooLong,
    ChildResult,
    ChildTimeout,
    harmless_environ,
    run_tool,
)
from wizard.text.display import sanitize
from wizard.text.language import _
from wizard.text.redaction import Redactor

DOCKER = "docker compose"
_TOOLS = (
    (DOCKER, ("docker", "compose")),
    ("podman compose", ("podman", "compose")),
    ("podman compose", ("podman-compose",)),
)
FILES = "files"
_SECONDS = 4.0
"""For all questions together: the operator waits for five seconds at most."""
_NO_REMOTE = ("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE")
"""Whether Compose fetches what a file includes from elsewhere; not for us, unless it is wished."""
_MISSING = r"required variable (\S+) is missing a value"
_MOST_MISSING = 10
_MOST_ENV_FILES = 50


def ask_container(
    compose_file: Path,
    directory: Path,
    config: Path,
    environ: Mapping[str, str],
    env_file: Path | None = None,
) -> Container:
    """Return the container that Compose, run in ``directory``, would create for the server.

    ``compose_file`` is the one that it finds there by itself. The server is the one with
    ``config``. ``env_file`` is what the operator names in place of the project's ``.env``. Never
    raises for what is in the files: :attr:`Container.refusal` tells.
    """
    container = _ask(compose_file, directory, config, environ, env_file)
    for file in container.env_files:  # everything is read now, so that it is of one moment
        container.project.text(file.path)
    container.project.find_service(container.service)
    return container


def _ask(
    compose_file: Path,
    directory: Path,
    config: Path,
    environ: Mapping[str, str],
    env_file: Path | None,
) -> Container:
    with contextlib.ExitStack() as stack:
        try:
            here = stack.enter_context(_enter(directory))
        except OSError:  # which reading the files tells as well
            return _from_files(Project(directory, environ, compose_file, env_file), config)
        return _ask_in(here, compose_file, directory, config, environ, env_file)


def _ask_in(
    here: _Directory,
    compose_file: Path,
    directory: Path,
    config: Path,
    environ: Mapping[str, str],
    env_file: Path | None,
) -> Container:
    if here.owner is not None:  # nothing of root's own environment is for a stranger's files
        environ = _for_guests(environ)
    project = Project(directory, environ, compose_file, env_file)
    tool = _Tool(project, env_file, here)
    lacks_plugin = False
    for asked, command in _TOOLS:
        program = shutil.which(command[0], path=environ.get("PATH", ""))
        if program is None or not Path(program).is_absolute():  # never one of the working directory
            continue
        try:
            answer = tool.ask(command)
            if answer is not None and not find_server(answer.services, config):
                answer = tool.ask(command, ("--profile", "*")) or answer
        except (ChildTimeout, ChildOutputTooLong, OSError) as error:
            late = command[0] if isinstance(error, ChildTimeout) else ""
            return _from_files(project, config, _trouble(asked, error), late)
        if answer is not None:
            return _container(asked, project, config, answer)
        lacks_plugin |= asked == DOCKER
    return replace(_from_files(project, config), lacks_plugin=lacks_plugin)


def check_addition(
    container: Container, text: str, assumed: Mapping[str, str], path: Path | None = None
) -> str | None:
    """Return why Compose would start nothing with ``text`` as its last file; None if it would.

    ``text`` takes the place of the file ``path``, where that is one of the project's.

    ``assumed`` are variables that will be set then. Asked is Docker Compose, in the directory of
    the project, whose files stay as they are.
    """
    project = container.project
    kept = (each for each in project.files if each != path)
    files = [flag for each in kept for flag in ("--file", str(each))]
    try:
        with _enter(project.directory) as here:
            tool = _Tool(project, project.env_file, here)
            result = tool.check(("docker", "compose", *files, "--file", "-"), text, assumed)
    except (ChildTimeout, ChildOutputTooLong, OSError) as error:
        return _trouble(DOCKER, error)
    templates = [container.template]
    return None if result.code == 0 else _reason(result, _known_values(project, templates))


class _Answer(NamedTuple):
    """What a tool says: the services as the containers get them, and before that."""

    services: Mapping[str, Model]
    templates: Mapping[str, Model]
    refusal: str = ""
    required: tuple[str, ...] = ()


class _Tool:
    """Runs a program as the operator would run it in the project's directory."""

    def __init__(self, project: Project, env_file: Path | None, here: _Directory) -> None:
        self._project = project
        self._directory = here.path
        named = env_file is not None and env_file.exists()
        self._flags = ("--env-file", str(env_file)) if named else ()
        self._owner = here.owner
        self._environ = dict.fromkeys(_NO_REMOTE, "false") | dict(project.environ)
        self._deadline = time.monotonic() + _SECONDS

    def ask(self, command: Sequence[str], flags: Sequence[str] = ()) -> _Answer | None:
        """Return the answer; None where there is no such tool after all."""
        command = (*command, *flags)
        raw = self._run(*command, *self._flags, "config", *_FORMAT, _RAW)
        failed = raw.code != 0
        if failed and any(self._run(*command, *each).code != 0 for each in _PROOFS):
            return None
        templates = {} if failed else _services(raw.output)
        result, required = self._config(command)
        if result.code == 0:
            return _Answer(_without_escapes(_services(result.output)), templates, "", required)
        services = _Resolved(templates, self._project).services
        reason = _reason(result, _known_values(self._project, templates.values()))
        return _Answer(services, templates, reason, required)

    def check(self, command: Sequence[str], text: str, assumed: Mapping[str, str]) -> ChildResult:
        """Return what Compose says of its files with ``text`` as the last one."""
        self._environ |= assumed
        return self._run(*command, *self._flags, "config", "--quiet", data=text.encode())

    def _config(self, command: Sequence[str]) -> tuple[ChildResult, tuple[str, ...]]:
        """Return the project; a variable that is required and missing gets a stand-in."""
        required: list[str] = []
        while True:
            result = self._run(*command, *self._flags, "config", *_FORMAT)
            missing = re.search(_MISSING, result.errors.decode("utf-8", "replace"))
            if result.code == 0 or missing is None or len(required) == _MOST_MISSING:
                return result, tuple(required)
            required.append(missing[1])
            self._environ[missing[1]] = "unset"

    def _run(self, *command: str, data: bytes = b"") -> ChildResult:
        left = max(0.1, self._deadline - time.monotonic())
        return run_tool(
            command,
            self._directory,
            self._environ,
            left,
            data=data,
            user=None if self._owner is None else self._owner[0],
            group=None if self._owner is None else self._owner[1],
        )


_PROOFS = (("version",), ("config", "--help"))
"""What works with every tool that can answer: without Compose, docker has only the second, and
podman-compose before 1.0.6 only the first."""
_FORMAT = ("--format", "json")
_RAW = "--no-interpolate"
"""Puts in no env files either, except with a Compose of before 2.24."""


def _services(output: bytes) -> dict[str, dict[str, Any]]:
    try:
        model = json.loads(output)
    except ValueError:
        from wizard.compose.file import ComposeFile  # podman-compose knows no JSON

        try:
            return ComposeFile(output.decode("utf-8", "replace")).services()
        except FileRefused:
            return {}
    services = model.get("services") if isinstance(model, dict) else None
    return {name: _normal(service) for name, service in (services or {}).items()}


def _normal(service: Model) -> dict[str, Any]:
    """Return a service with its environment as a mapping of texts, however it was written."""
    found = service.get("environment") or {}
    pairs = found.items() if isinstance(found, dict) else (_pair(str(each)) for each in found)
    return {
        **service,
        "environment": {name: _as_text(value) for name, value in pairs},
        "env_file": _last_of_each(service.get("env_file") or ()),
    }


def _last_of_each(files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the entries that count: of a file that is named again and again, the last one."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in reversed(files):
        found.setdefault(str(each["path"]), each)
    return list(found.values())[:_MOST_ENV_FILES][::-1]


def _pair(entry: str) -> tuple[str, str | None]:
    name, sign, value = entry.partition("=")
    return name, value if sign else None


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _without_escapes(value: Any) -> Any:
    """Return the model with ``$`` as it is: the output is meant to be read as a compose file."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {key: _without_escapes(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_escapes(each) for each in value]
    return value


def _reason(result: ChildResult, values: Iterable[str]) -> str:
    """Return the last line of what the tool says, which is why it gives up.

    What it quotes may be a value, and so the secret; ``values`` are masked wherever they are.
    """
    lines = result.errors.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return _("it gives no reason")
    text = re.sub(_QUOTED, '"…"', lines[-1])
    shared = {text[start : start + _RUN].lower() for start in range(len(text))}
    # Few of many values occur, and the redactor keeps all forms of each.
    occurring = {
        value
        for value in values
        if value in text
        or any(value[start : start + _RUN].lower() in shared for start in range(len(value)))
    }
    return Redactor(occurring)(text)


_QUOTED = r'"[^"]*"?'
_RUN = 6
"""Characters; shorter parts of a value tell nothing."""


def _known_values(project: Project, templates: Iterable[Model]) -> Iterator[str]:
    """Yield what is in the project's env files, also in lines that nobody understands."""
    named = (each["path"] for model in templates for each in model.get("env_file") or ())
    for path in dict.fromkeys((*project.env_files, *map(project.path_of, named))):
        text = project.text(path) or ""
        yield from (each.value for each in read_compose(text, project.variables).assignments)
        for line in text.splitlines():
            yield (line.partition("=")[2] or line).strip(" \t'\"")


def _trouble(asked: str, error: Exception) -> str:
    if isinstance(error, ChildTimeout):
        return _("{tool} did not answer within {seconds:.0f} seconds", tool=asked, seconds=_SECONDS)
    if isinstance(error, ChildOutputTooLong):
        return _("{tool} printed too much", tool=asked)
    return _("{tool} cannot be run", tool=asked)


def _container(asked: str, project: Project, config: Path, answer: _Answer) -> Container:
    service = find_server(answer.services, config)
    services = dict(answer.services)
    template = _as_written(answer.templates.get(service, {}), project, service)
    if answer.required and service:
        services[service] = _without(services[service], template, answer.required)
    return Container(asked, project, services, service, template, answer.refusal, answer.required)


def _as_written(template: Model, project: Project, service: str) -> Model:
    """Take apart what an older Compose has put in already: env files, and its own variables."""
    written = _written(project).get(service)
    if written is None:
        return template
    listed = written["environment"]
    environment = dict(template.get("environment") or {})
    for name, value in listed.items():
        if value is None and name in environment:
            environment[name] = None
    if template.get("env_file") or not written.get("env_file"):
        return {**template, "environment": environment}
    own = {name: value for name, value in environment.items() if name in listed}
    return {**template, "env_file": written["env_file"], "environment": own}


def _without(model: Model, template: Model, required: Sequence[str]) -> Model:
    """Return a service without the values that hold a stand-in."""
    templates = template.get("environment") or {}
    missing = re.compile(r"\$\{?(?:" + "|".join(map(re.escape, required)) + r")\b")
    environment = {
        name: value
        for name, value in (model.get("environment") or {}).items()
        if not missing.search(str(templates.get(name)))
    }
    return {**model, "environment": environment}


def _from_files(
    project: Project, config: Path, trouble: str = "", no_answer_from: str = ""
) -> Container:
    """Read the files as far as they are plain YAML; what only Compose knows is not judged."""
    templates = _written(project)
    resolved = _Resolved(templates, project)
    service = find_server(resolved.services, config)
    template = templates.get(service, {})
    beyond, odd = _beyond(project, service)
    known = None
    if beyond:  # what the service itself says wins over the one that it extends
        own = (template.get("environment") or {}) if beyond == {"extends"} else {}
        known = frozenset(name for name, value in own.items() if value is not None)
        part = sanitize(", ".join(sorted(beyond)))
        trouble = trouble or _("only Docker Compose can work out {part}", part=part)
    return Container(
        FILES,
        project,
        resolved.services,
        service,
        template,
        resolved.refusal,
        tuple(resolved.required),
        trouble,
        no_answer_from,
        known,
        odd,
    )


def _written(project: Project) -> dict[str, dict[str, Any]]:
    """Return the services as they are written in the project's files, as far as that is plain."""
    services: dict[str, dict[str, Any]] = {}
    for file in filter(None, map(project.parsed.get, project.files)):
        for name, model in file.services().items():
            services[name] = _merged(services.get(name, {}), model)
    return {name: _normal(model) for name, model in services.items()}


def _beyond(project: Project, service: str) -> tuple[set[str], frozenset[str]]:
    """Return what only Compose can work out about a service, and about which variables of it."""
    beyond: set[str] = set()
    odd: set[str] = set()
    for path in project.files:
        file = project.parsed.get(path)
        if file is None:
            beyond.add(path.name)
        else:
            beyond.update(file.beyond(service))
            odd.update(file.odd_variables(service))
    return beyond, frozenset(odd)


def _merged(base: Model, other: Model) -> dict[str, Any]:
    """Return a service as Compose merges it with that of a later file."""
    merged = {**base, **other}
    for key, value in other.items():
        old = base.get(key)
        if isinstance(value, dict):
            merged[key] = {**(old or {}), **value}
        elif isinstance(value, list):
            merged[key] = [*(old or ()), *value]
    return merged


class _Resolved:
    """Services with variables and env files put in, as Compose would do it."""

    def __init__(self, templates: Mapping[str, Model], project: Project) -> None:
        self._project = project
        self.required: dict[str, None] = {}
        """The required variables that nothing sets, in order."""
        self.refusal = ""
        self.services = {name: self._service(model) for name, model in templates.items()}

    def _service(self, model: Model) -> Model:
        variables = self._project.variables
        environment: dict[str, str | None] = dict(_env_file_variables(model, self._project))
        for name, value in (model.get("environment") or {}).items():
            environment[name] = variables.get(name) if value is None else self._text(value)
        volumes = [
            {**each, "source": _source(self._text(each["source"]) or "", each, self._project)}
            for each in model.get("volumes") or ()
            if each.get("source")
        ]
        texts = {key: self._text(each) for key, each in model.items() if isinstance(each, str)}
        return {**model, **texts, "environment": environment, "volumes": volumes}

    def _text(self, template: str) -> str | None:
        try:
            return interpolate(template, self._project.variables)
        except EnvSyntaxError as error:
            missing = re.findall(r"\$\{(\w+):?\?", template)
            self.required.update(dict.fromkeys(missing))
            if not missing:
                self.refusal = self.refusal or str(error)
            return None


def _source(source: str, volume: Model, project: Project) -> str:
    if volume.get("type") != "bind":
        return source
    if source.startswith("~"):
        source = project.variables.get("HOME", "~") + source[1:]
    return os.path.normpath(project.base / source)


def _env_file_variables(model: Model, project: Project) -> Iterator[tuple[str, str]]:
    for each in model.get("env_file") or ():
        path = project.path_of(str(each["path"]))
        text, raw = project.text(path) or "", each.get("format") == "raw"
        read = read_raw(text) if raw else read_compose(text, project.variables)
        yield from ((found.name, found.value) for found in read.assignments if found.defined)


class _Directory(NamedTuple):
    """Where a tool is run, and the ids of the account that it runs as; None: as this one."""

    path: Path
    owner: tuple[int, int] | None = None


@contextlib.contextmanager
def _enter(directory: Path) -> Iterator[_Directory]:
    """Open the directory of a project; raise :class:`OSError` where that cannot be done.

    As root in another account's directory, a tool runs as that account. Whose directory it is, is
    asked of the very one that the tool starts in: the path could lead elsewhere a moment later.
    """
    if os.geteuid() != 0:
        yield _Directory(directory)
        return
    with Location(directory / "any", follow=False) as location:
        status = os.fstat(location.descriptor)
        guest = status.st_uid not in trusted_accounts()
        yield _Directory(
            Path(f"/proc/self/fd/{location.descriptor}"),
            (status.st_uid, status.st_gid) if guest else None,
        )


def _for_guests(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a stranger's files may see of root's environment."""
    passed = harmless_environ(environ)
    passed.pop("HOME", None)  # the owner of the directory has one of its own
    return passed
