"""What the server's container gets from Compose, and where each value of it comes from."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from wizard.compose.project import Place, Project
from wizard.formats.dotenv.compose_go import interpolate
from wizard.formats.dotenv.reading import EnvSyntaxError
from wizard.text.language import _

Model = Mapping[str, Any]
"""A service in the form that ``docker compose config`` prints."""


class OriginKind(Enum):
    """What kind of place the container's value comes from."""

    SHELL = auto()
    """The environment in which Compose runs."""
    PROJECT = auto()
    """The project's ``.env``, through ``${NAME}`` in the compose file."""
    ENV_FILE = auto()
    """A file that the service names under ``env_file:``."""
    COMPOSE_FILE = auto()
    """The compose file's own text: a literal, a default, or text around a reference."""
    UNSET = auto()
    """The compose file passes on a variable that nothing sets."""
    NOT_PASSED = auto()
    """The service does not get it at all."""


class Origin(NamedTuple):
    """Where the container's value comes from; ``variable`` is its name there.

    ``path`` is None for the shell, and ``line`` where it is not known.
    """

    kind: OriginKind
    variable: str
    path: Path | None = None
    line: int | None = None


class Target(NamedTuple):
    """The file and the variable that give the container a new value."""

    path: Path
    variable: str
    raw: bool = False
    """Whether Compose reads the file as ``format: raw``, without any quoting."""


class EnvFile(NamedTuple):
    """A file that a service names under ``env_file:``."""

    path: Path
    required: bool = True
    raw: bool = False


class Mount(NamedTuple):
    """A directory or file of the host, and where the container sees it."""

    source: Path
    target: PurePosixPath


@dataclass(frozen=True)
class Container:
    """The server's container as Compose would create it now.

    ``services`` are all services of the project with variables put in; ``template`` is the
    server's own without. Where no service is the server's, ``service`` is empty.
    """

    asked: str
    """Who said so: ``docker compose``, ``podman compose`` or ``files``."""
    project: Project
    services: Mapping[str, Model] = field(repr=False)
    service: str = ""
    template: Model = field(default_factory=dict, repr=False)
    refusal: str = ""
    """Why Compose starts nothing, in its own words; empty if it does."""
    required: tuple[str, ...] = ()
    """The variables that Compose requires (``${NAME:?}``) and nothing sets."""
    not_judged: str = ""
    """Why not everything about the server is certain, where the files were read; else empty."""
    no_answer_from: str = ""
    """The program that did not answer in time, which need not be asked once more; else empty."""
    known: frozenset[str] | None = None
    """The variables that are certain all the same; None: all are."""
    odd: frozenset[str] = frozenset()
    """Variables whose value only Compose can work out."""
    lacks_plugin: bool = False
    """Whether there is a docker command here, but without its Compose plugin."""

    @property
    def model(self) -> Model:
        """The server's service; empty where there is none."""
        return self.services.get(self.service, {})

    @property
    def image(self) -> str:
        """The server's image with its tag; empty where that is unknown."""
        return str(self.model.get("image") or "")

    @property
    def image_tag(self) -> str | None:
        """The tag of the image; None where that tells no version, as with a digest alone."""
        name, _sign, digest = self.image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        return tag or (None if digest or not name else "latest")

    @property
    def hostname(self) -> str:
        """The host name that the compose file gives the container; mostly empty."""
        return str(self.model.get("hostname") or "")

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks of the container, as the compose file calls them."""
        if self.model.get("network_mode"):
            return ()
        return tuple(self.model.get("networks") or ("default",))

    @property
    def external_networks(self) -> frozenset[str]:
        """The networks that the project uses together with others."""
        files = self.project.parsed.values()
        return frozenset(name for file in files for name in file.external_networks())

    @property
    def extra_hosts(self) -> Mapping[str, str]:
        """Host name → address, as Compose writes them into the container's ``/etc/hosts``."""
        pairs = (re.split("[=:]", each, maxsplit=1) for each in self.model.get("extra_hosts") or ())
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    @cached_property
    def env_files(self) -> tuple[EnvFile, ...]:
        """The files under ``env_file:``; of two values, the later file's wins."""
        return tuple(
            EnvFile(
                self.project.path_of(each["path"]),
                each.get("required") is not False,
                each.get("format") == "raw",
            )
            for each in self.template.get("env_file") or ()
        )

    @property
    def missing_files(self) -> tuple[Path, ...]:
        """The env files without which Compose starts nothing."""
        required = (file.path for file in self.env_files if file.required)
        return tuple(path for path in required if self.project.text(path) is None)

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The directories and files of the host that the container sees."""
        return tuple(
            Mount(Path(each["source"]), PurePosixPath(os.path.normpath(each["target"])))
            for each in self.model.get("volumes") or ()
            if each.get("type") == "bind"
        )

    def path_on_host(self, path: str) -> Path | None:
        """Return where a path in the container is on the host; None for one that is only inside."""
        inside = PurePosixPath(os.path.normpath(path))
        around = [mount for mount in self.mounts if inside.is_relative_to(mount.target)]
        if not around:
            return None
        mount = max(around, key=lambda each: len(each.target.parts))
        return mount.source / inside.relative_to(mount.target)

    def mounts_alone(self, config: Path) -> bool:
        """Whether the file ``config`` is mounted on its own, so that nobody can replace it."""
        with contextlib.suppress(ValueError):  # a path in YAML can have a NUL
            real = os.path.realpath(config)
            return any(os.path.realpath(mount.source) == real for mount in self.mounts)
        return False

    @property
    def caveat(self) -> str:
        """Why it is not certain what the container gets, as a part of a sentence; else empty."""
        if self.refusal or self.not_judged or self.service:
            return self.refusal or self.not_judged
        return _("no service here uses the server's image or mounts its configuration")

    def doubt(self, names: Iterable[str]) -> str:
        """Return why the values of some variables are not known; empty if they are."""
        for name in names:
            if self.refusal or (self.known is not None and name not in self.known):
                return self.caveat
            if name in self.odd:
                return _("only Docker Compose can work out {part}", part=name)
        return ""

    def value(self, name: str) -> str | None:
        """Return a variable as the container gets it; None where it gets none."""
        found = (self.model.get("environment") or {}).get(name)
        return None if found is None else str(found)

    def requires(self, name: str) -> bool:
        """Whether Compose starts nothing where ``name`` has no value."""
        template = str((self.template.get("environment") or {}).get(name) or "")
        return re.search(r"\$\{\w+:?\?", template) is not None

    def passes(self, name: str) -> bool:
        """Whether the container would get ``name`` if it had a value in the right place."""
        return self.origin(name).kind is not OriginKind.NOT_PASSED

    def origin(self, name: str) -> Origin:
        """Return where the container's ``name`` comes from now."""
        templates = self.template.get("environment") or {}
        if name not in templates:
            return self._origin_in_env_files(name)
        variable = self._referenced(name, templates[name])
        entry = self.project.find_entry(self.service, name)
        if variable is None:
            return Origin(OriginKind.COMPOSE_FILE, name, entry.path, entry.line)
        if variable in self.project.environ:
            return Origin(OriginKind.SHELL, variable)
        path, line, _last = self.project.find_variable(variable)
        if line is not None and not self._is_default(name, variable):
            return Origin(OriginKind.PROJECT, variable, path, line)
        kind = OriginKind.COMPOSE_FILE if self.value(name) else OriginKind.UNSET
        return Origin(kind, variable, entry.path, entry.line)

    def target(self, name: str) -> Target | None:
        """Return where a new value for the container's ``name`` goes; None for no such file.

        A variable of the shell wins over it, as :meth:`origin` tells.
        """
        templates = self.template.get("environment") or {}
        if name in templates:
            variable = self._referenced(name, templates[name])
            if variable is None or not self.project.env_files:
                return None
            return Target(self.project.find_variable(variable).path, variable)
        if not self.env_files:
            return None
        origin = self._origin_in_env_files(name)
        file = next((each for each in self.env_files if each.path == origin.path), None)
        file = file or self.env_files[-1]
        return Target(file.path, name, file.raw)

    def sources(self, name: str) -> Iterator[str]:
        """Yield where ``name`` has a value, as ``show --json`` calls it; the first one wins."""
        origin = self.origin(name)
        if origin.kind is OriginKind.SHELL:
            yield "environment"
        if origin.kind is OriginKind.PROJECT or (
            origin.kind is OriginKind.SHELL
            and self.project.find_variable(origin.variable).line is not None
        ):
            yield "env-file"
        if origin.kind in (OriginKind.ENV_FILE, OriginKind.COMPOSE_FILE):
            yield "compose"

    def variable_for_exec(self, name: str) -> str | None:
        """Return what Compose has to find in its environment to pass on ``name``.

        None where the container gets ``name`` from a file whatever the environment says.
        """
        origin = self.origin(name)
        from_file = origin.kind in (OriginKind.ENV_FILE, OriginKind.COMPOSE_FILE)
        return None if from_file else origin.variable

    def why_empty(self, name: str) -> tuple[str, str]:
        """Return where an empty value of ``name`` comes from, and what to do about it."""
        origin = self.origin(name)
        if origin.variable != name and self.project.variables.get(name):
            message = _(
                "The container gets {name} as an empty value, although it is set: another variable "
                "is passed on in its place.",
                name=name,
            )
            return message, _("Write:   {line}", line=self.new_line(name))
        if origin.kind is OriginKind.SHELL:
            message = _(
                "The container gets {name} as an empty value: {variable} is set in this "
                "environment, but empty, and the environment wins over .env.",
                name=name,
                variable=origin.variable,
            )
            variable = origin.variable
            return message, _("Remove it (unset {name}) or give it its value.", name=variable)
        message = _(
            "The container gets {name} as an empty value: that is what Compose makes of a variable "
            "that has no value.",
            name=name,
        )
        if origin.kind is not OriginKind.UNSET and origin.path is not None:
            message = _(
                "The container gets {name} as an empty value from {path}, {lines}.",
                name=name,
                path=origin.path,
                lines=Place(origin.path, origin.line).lines,
            )
            if self.target(name) is None:
                return message, _("Write:   {line}", line=self.new_line(name))
        return message, _("Store the secret: smtp-wizard set --secret-stdin")

    def why_missing(self, name: str) -> tuple[str, str]:
        """Return why the container does not get ``name``, and what to add so that it does."""
        place, lines = self.addition(name)
        message = _(
            "The service {name} does not get {variable}, which config.toml refers to: Compose "
            "passes on only what is listed.",
            name=self.service,
            variable=name,
        )
        remedy = _("Add to {path}:", path=place.path)
        return message, remedy + "".join(f"\n      {line}" for line in lines)

    def is_literal(self, name: str) -> bool:
        """Whether a value is in the compose file itself, as a literal or a default."""
        template = (self.template.get("environment") or {}).get(name) or ""
        try:
            return interpolate(template, {}) != "" and not self.is_composed(name)
        except EnvSyntaxError:
            return False

    def is_composed(self, name: str) -> bool:
        """Whether the container gets a variable with other text around it."""
        template = (self.template.get("environment") or {}).get(name) or ""
        return "$" in template.replace("$$", "") and self._referenced(name, template) is None

    def new_line(self, name: str) -> str:
        """Return what the compose file has to say so that ``.env`` gives the container ``name``.

        With ``:?``, Compose says so where the variable has no value, and starts nothing.
        """
        return f"- {name}=${{{name}:?}}" if "list" in self._styles else f"{name}: ${{{name}:?}}"

    def addition(self, name: str) -> tuple[Place, tuple[str, ...]]:
        """Return what to add to the service so that it gets ``name``, and where."""
        project = self.project
        if self.resets_environment:
            lines = ("environment: !override", f"  {name}: ${{{name}:?}}")
            return project.find_environment(self.service), lines
        if self._styles:
            return project.find_environment(self.service), (self.new_line(name),)
        return project.find_service(self.service), ("environment:", f"  {self.new_line(name)}")

    @property
    def resets_environment(self) -> bool:
        """Whether a file takes away all that the others pass on."""
        return "!reset" in self._styles

    @property
    def _styles(self) -> set[str]:
        files = self.project.parsed.values()
        return {style for file in files if (style := file.environment_style(self.service))}

    @cached_property
    def _env_file_places(self) -> Mapping[str, Place]:
        """Where each variable of the env files gets the value that counts."""
        return {
            name: Place(file.path, line)
            for file in self.env_files
            for name, line in self.project.lines_in(file.path, raw=file.raw).items()
        }

    def _origin_in_env_files(self, name: str) -> Origin:
        place = self._env_file_places.get(name)
        if place is not None:
            return Origin(OriginKind.ENV_FILE, name, place.path, place.line)
        if self.env_files:
            return Origin(OriginKind.UNSET, name, self.env_files[-1].path)
        place = self.project.find_service(self.service)
        return Origin(OriginKind.NOT_PASSED, name, place.path, place.line)

    def _referenced(self, name: str, template: str | None) -> str | None:
        """Return the variable that the whole value comes from; None for any other text."""
        if template is None:  # Compose passes on its own
            return name
        while (reference := re.fullmatch(_SOLE_REFERENCE, template, re.DOTALL)) is not None:
            variable = reference["bare"] or reference["braced"]
            default = reference["default"] or ""
            if self.project.variables.get(variable) or "$" not in default:
                return str(variable)
            template = default  # ${OTHER:-${NAME}}: now it is NAME that counts
        return None

    def _is_default(self, name: str, variable: str) -> bool:
        return not self.project.variables.get(variable) and bool(self.value(name))


_NAME = "[_a-zA-Z][_a-zA-Z0-9]*"
_SOLE_REFERENCE = (
    rf"\$(?:(?P<bare>{_NAME})|\{{(?P<braced>{_NAME})(?::?(?:\?.*|-(?P<default>.*)))?\}})"
)


def find_server(services: Mapping[str, Model], config: Path) -> str:
    """Return the name of the service that is the server; empty for none.

    It is the one with the server's image, else the one that mounts the directory of ``config``; of
    several, one that does both.
    """
    mounting = [name for name, model in services.items() if _mounts(model, config)]
    by_image = [
        name for name, model in services.items() if _SERVER_IMAGE.search(str(model.get("image")))
    ]
    both = [name for name in by_image if name in mounting]
    return next(iter((*both, *by_image, *mounting)), "")


_SERVER_IMAGE = re.compile(r"(?:^|/)bomnipotent_server(?:[:@]|$)")


def _mounts(model: Model, config: Path) -> bool:
    sources = {str(each.get("source")) for each in model.get("volumes") or ()}
    wanted = {str(config), str(config.parent), os.path.realpath(config.parent)}
    return not wanted.isdisjoint(map(os.path.normpath, sources))
