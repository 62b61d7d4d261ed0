"""The text of a compose file, read into its services.

The file is read as a graph of nodes, each with its line, and never turned into objects: an alias
costs nothing, so a file that multiplies itself by aliases does no harm. Import this module only
where there is a compose file: the YAML library takes its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from wizard.compose.services import ComposeFile, EnvFile, EnvironmentEntry, Mount, Service
from wizard.errors import FileRefused
from wizard.text.language import _

_MAX_CHARACTERS = 1 << 17
_MAX_MERGES = 100
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"


def parse_compose(text: str) -> ComposeFile:
    """Read a compose file; raise :class:`FileRefused` for invalid YAML."""
    root = _compose(text)
    if root is None:
        return ComposeFile({})
    top = dict(_pairs(root))
    services = {
        name: _service(name, node)
        for name, node in (_pairs(top["services"]) if "services" in top else ())
    }
    return ComposeFile(services, "include" in top)


def _compose(text: str) -> Node | None:
    if len(text) > _MAX_CHARACTERS:
        raise FileRefused(
            "compose-too-large",
            _("The compose file is too large to be looked over."),
            _("Check that this is the right file."),
        )
    try:
        # Not the faster loader in C: deep nesting makes it crash where this one raises.
        node: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # Its own message may quote the file.
        raise _invalid(None if mark is None else mark.line + 1) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise _invalid(None) from None
    return node


def _invalid(line: int | None) -> FileRefused:
    return FileRefused(
        "compose-invalid",
        _("This is not valid YAML, so Docker Compose starts nothing."),
        _("Mend the line; blanks at its beginning matter, and tabs are not allowed there."),
        line=line,
    )


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _pairs(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield key and value of a mapping; those that are merged in (``<<``) come first."""
    own: list[tuple[str, Node]] = []
    merged: dict[str, Node] = {}
    pending: list[Node] = [node]
    visited = 0
    while pending and visited < _MAX_MERGES:
        here = pending.pop(0)
        visited += 1
        if isinstance(here, SequenceNode):  # << may name several mappings; the first one wins
            pending[:0] = here.value
        elif isinstance(here, MappingNode):
            for key, value in here.value:
                if not isinstance(key, ScalarNode):
                    continue
                if key.tag == _MERGE:
                    pending.append(value)
                elif here is node:
                    own.append((key.value, value))
                else:
                    merged.setdefault(key.value, value)
    yield from merged.items()
    yield from own


def _items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.value) if isinstance(node, SequenceNode) else [node]


def _text(node: Node | None) -> str | None:
    """Return a scalar's text; None for null and for anything but a scalar."""
    if not isinstance(node, ScalarNode) or node.tag == _NULL:
        return None
    return str(node.value)


def _service(name: str, node: Node) -> Service:
    parts = dict(_pairs(node))
    return Service(
        name,
        _line(node),
        _text(parts.get("image")) or "",
        dict(_environment(parts.get("environment"))),
        tuple(_env_files(parts.get("env_file"))),
        tuple(_mounts(parts.get("volumes"))),
        "extends" in parts,
        _text(parts.get("container_name")) or "",
    )


def _environment(node: Node | None) -> Iterator[tuple[str, EnvironmentEntry]]:
    if node is None:
        return
    if isinstance(node, MappingNode):
        for name, value in _pairs(node):
            yield name, EnvironmentEntry(_text(value), _line(value))
        return
    for item in _items(node):
        name, sign, text = (_text(item) or "").partition("=")
        if name:
            yield name, EnvironmentEntry(text if sign else None, _line(item))


def _env_files(node: Node | None) -> Iterator[EnvFile]:
    for item in _items(node):
        if path := _text(item):
            yield EnvFile(path, _line(item))
        elif isinstance(item, MappingNode):
            parts = dict(_pairs(item))
            required = (_text(parts.get("required")) or "true").lower() != "false"
            if path := _text(parts.get("path")):
                yield EnvFile(path, _line(item), required)


def _mounts(node: Node | None) -> Iterator[Mount]:
    for item in _items(node):
        if text := _text(item):
            source, target = _short_mount(text)
        else:
            parts = dict(_pairs(item))
            source = _text(parts.get("source")) or _text(parts.get("src")) or ""
            target = next(
                (found for key in ("target", "destination", "dst")
                 if (found := _text(parts.get(key)))), ""
            )  # fmt: skip
        if source and target:
            yield Mount(source, target, _line(item))


def _short_mount(text: str) -> tuple[str, str]:
    """Split ``SOURCE:TARGET[:MODE]``; a colon in ``${…}`` or after a drive splits nothing."""
    start = 2 if _DRIVE.match(text) else 0
    parts = re.split(r":(?![^{}]*\})", text[start:])
    if len(parts) < 2:
        return "", text
    return text[:start] + parts[0], parts[1]
