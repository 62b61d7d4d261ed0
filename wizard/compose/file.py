"""The text of a compose file: what it says in plain YAML, and in which line.

The file is read as a graph of nodes, each with its line: an alias costs nothing, so a file that
multiplies itself by aliases does no harm. Import this module only where there is a compose file:
the YAML library takes its time. https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from wizard.errors import FileRefused
from wizard.text.language import _

_MAX_CHARACTERS = 1 << 17
_MAX_MERGES = 100
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_STANDARD = "tag:yaml.org,2002:"
_NUMBER = re.compile("[-+]?[.]?[0-9][0-9a-fA-FxXoO_.:TZ+-]*")
_DECIMAL = re.compile("0|[1-9][0-9]{0,17}")


class ComposeFile:
    """One compose file; raises :class:`FileRefused` for invalid YAML."""

    def __init__(self, text: str) -> None:
        documents = self._documents = _parse(text)
        tops = self._tops = [dict(_pairs(document)) for document in documents]
        self._variables: dict[str, dict[str, LineRange]] = {}
        self._includes = [item for top in tops for item in _items(top.get("include"))]
        self._nodes: dict[str, list[Node]] = {}
        for top in tops:
            for name, node in _pairs(top.get("services")):
                self._nodes.setdefault(name, []).append(node)

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the services in the form that ``docker compose config`` prints."""
        return {name: _service(nodes[-1]) for name, nodes in self._nodes.items()}

    def external_networks(self) -> Iterator[str]:
        """Yield the networks that are not the project's own."""
        for top in self._tops:
            for name, node in _pairs(top.get("networks")):
                external = dict(_pairs(node)).get("external")
                if external is not None and (_text(external) or "true").lower() != "false":
                    yield name

    def beyond(self, service: str) -> Iterator[str]:
        """Yield what only Compose can work out about a service, or about any if it is in no file.

        What an ``include:`` brings never changes a service of the file that has the ``include:``.
        """
        if self._includes and service not in self._nodes:
            yield "include"
        own = self._nodes.get(service, ())
        if len(own) > 1 or (not service and len(self._documents) > 1):
            yield "---"
        for name, nodes in self._nodes.items():
            extended = [dict(_pairs(node)).get("extends") for node in nodes]
            if name == service or not service:
                yield from ("extends" for each in extended if each is not None)
            elif any(_extends(each, service) for each in extended):
                yield "extends: " + service  # so the other one may be the server
        around = [*self._documents, *(top.get("services") for top in self._tops)]
        yield from (node.tag for node in around if node is not None and not _is_plain(node))
        yield from _own_tags(own if service else self._documents)

    def odd_variables(self, service: str) -> Iterator[str]:
        """Yield the variables of a service whose value is a number that Compose writes anew."""
        for block in self._blocks(service, "environment"):
            for name, value, node in _variables(block):
                if _is_rewritten(value, node):
                    yield name

    def other_files(self) -> Iterator[str]:
        """Yield the paths of the files that this one includes or extends."""
        for item in self._includes:
            paths = [item] if _text(item) else _items(dict(_pairs(item)).get("path"))
            yield from filter(None, map(_text, paths))
        for nodes in self._nodes.values():
            for node in nodes:
                extended = dict(_pairs(node)).get("extends")
                if path := _text(dict(_pairs(extended)).get("file")):
                    yield path

    def find_service(self, service: str) -> LineRange | None:
        """Return where a service's own text begins; None where it is not in this file."""
        nodes = self._nodes.get(service)
        return None if not nodes else LineRange(_line(nodes[-1]), _line(nodes[-1]))

    def find_environment(self, service: str) -> LineRange | None:
        """Return where a service's ``environment:`` begins."""
        for node in reversed(self._nodes.get(service, ())):
            for key, _value in node.value if isinstance(node, MappingNode) else ():
                if _text(key) == "environment":
                    return LineRange(_line(key), _line(key))
        return None

    def find_variable(self, service: str, name: str) -> LineRange | None:
        """Return the lines of a variable in a service's ``environment:``."""
        if service not in self._variables:
            found = self._variables[service] = {}
            for block in self._blocks(service, "environment"):
                for each, _value, node in _variables(block):
                    found.setdefault(each, _span(node))
        return self._variables[service].get(name)

    def find_item(self, service: str, key: str, matches: Callable[[str], bool]) -> LineRange | None:
        """Return the lines of the first item of a service's list that has such a text in it."""
        for block in self._blocks(service, key):
            for item in _items(block):
                texts = [item] if isinstance(item, ScalarNode) else dict(_pairs(item)).values()
                if any(matches(text) for each in texts if (text := _text(each))):
                    return _span(item)
        return None

    def environment_style(self, service: str) -> str:
        """Return how a service's ``environment:`` is written: ``list``, ``mapping`` or its tag."""
        for block in self._blocks(service, "environment"):
            if not block.tag.startswith(_STANDARD):
                return block.tag
            return "list" if isinstance(block, SequenceNode) else "mapping"
        return ""

    def _blocks(self, service: str, key: str) -> Iterator[Node]:
        """Yield what a service has under ``key``, the last document first."""
        for node in reversed(self._nodes.get(service, ())):
            if (block := dict(_pairs(node)).get(key)) is not None:
                yield block


class LineRange(NamedTuple):
    """The lines of something in a file, 1-based and inclusive."""

    first: int
    last: int


def _parse(text: str) -> list[Node]:
    if len(text) > _MAX_CHARACTERS:
        raise FileRefused(
            "compose-too-large",
            _("The compose file is too large to be looked over."),
            _("Check that this is the right file."),
        )
    try:
        # Not the faster loader in C: deep nesting makes it crash where this one raises.
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # Its own message may quote the file.
        raise _invalid(None if mark is None else mark.line + 1) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise _invalid(None) from None


def _invalid(line: int | None) -> FileRefused:
    return FileRefused(
        "compose-invalid",
        _("This is not valid YAML, so Docker Compose starts nothing."),
        _("Correct the line; its indentation counts, and tabs are not allowed there."),
        line=line,
    )


def _extends(node: Node | None, service: str) -> bool:
    parts = dict(_pairs(node))
    return service in (_text(node), _text(parts.get("service"))) and "file" not in parts


def _is_plain(node: Node) -> bool:
    return node.tag.startswith(_STANDARD)  # not !reset or !override


def _own_tags(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the tags of a service that YAML itself does not know."""
    pending, visited = list(nodes), 0
    while pending and visited < _MAX_CHARACTERS:
        here = pending.pop()
        visited += 1
        if not _is_plain(here):
            yield here.tag
        if isinstance(here, MappingNode):
            pending += [part for pair in here.value for part in pair]
        elif isinstance(here, SequenceNode):
            pending += here.value


def _is_rewritten(text: str | None, entry: Node) -> bool:
    """Whether Compose takes a value for a number, and writes it anew: 0o17 as 15, 1e3 as 1000."""
    plain = isinstance(entry, ScalarNode) and entry.style is None and entry.value == text
    return plain and bool(_NUMBER.fullmatch(text or "")) and not _DECIMAL.fullmatch(text or "")


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _span(node: Node) -> LineRange:
    # A block that is ended by less indentation ends at the beginning of a line.
    end = node.end_mark.line + (node.end_mark.column > 0)
    return LineRange(_line(node), max(_line(node), end))


def _pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield key and value of a mapping; those that are merged in (``<<``) come first."""
    own: list[tuple[str, Node]] = []
    merged: dict[str, Node] = {}
    pending: deque[Node | None] = deque([node])
    visited: set[int] = set()
    while pending and len(visited) < _MAX_MERGES:
        here = pending.popleft()
        if id(here) in visited:
            continue
        visited.add(id(here))
        if isinstance(here, SequenceNode):  # << may name several mappings; the first one wins
            pending.extendleft(reversed(here.value))
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
    """Return a scalar's text; None for null, for ``!reset``, and for anything but a scalar."""
    if not isinstance(node, ScalarNode) or node.tag == _NULL or node.tag == "!reset":
        return None
    return str(node.value)


def _service(node: Node) -> dict[str, Any]:
    parts = dict(_pairs(node))
    texts = ("image", "hostname", "container_name", "network_mode")
    return {key: text for key in texts if (text := _text(parts.get(key)))} | {
        "environment": {name: value for name, value, _node in _variables(parts.get("environment"))},
        "env_file": list(_env_files(parts.get("env_file"))),
        "volumes": list(_volumes(parts.get("volumes"))),
        "networks": dict(_networks(parts.get("networks"))),
        "links": [*filter(None, map(_text, _items(parts.get("links"))))],
        "extra_hosts": _hosts(parts.get("extra_hosts")),
    }


def _variables(node: Node | None) -> Iterator[tuple[str, str | None, Node]]:
    """Yield name, value and node; the value is None where Compose passes on its own."""
    if isinstance(node, MappingNode):
        for name, value in _pairs(node):
            yield name, _text(value), value
        return
    for item in _items(node):
        name, sign, text = (_text(item) or "").partition("=")
        if name:
            yield name, text if sign else None, item


def _env_files(node: Node | None) -> Iterator[dict[str, Any]]:
    for item in _items(node):
        if path := _text(item):
            yield {"path": path, "required": True}
        elif isinstance(item, MappingNode):
            parts = {key: _text(value) for key, value in _pairs(item)}
            if path := parts.get("path"):
                required = (parts.get("required") or "true").lower() != "false"
                yield {"path": path, "required": required, "format": parts.get("format")}


def _volumes(node: Node | None) -> Iterator[dict[str, Any]]:
    for item in _items(node):
        if text := _text(item):
            source, target = _short_volume(text)
        else:
            parts = {key: _text(value) or "" for key, value in _pairs(item)}
            source = parts.get("source") or parts.get("src") or ""
            target = parts.get("target") or parts.get("destination") or parts.get("dst") or ""
        if source and target:
            is_path = source.startswith((".", "/", "~", "$"))
            yield {"type": "bind" if is_path else "volume", "source": source, "target": target}


def _short_volume(text: str) -> tuple[str, str]:
    """Split ``SOURCE:TARGET[:MODE]``; a colon in ``${…}`` or after a drive splits nothing."""
    position = 2 if _DRIVE.match(text) else 0
    depth = 0
    colons: list[int] = []
    while position < len(text) and len(colons) < 2:
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if text[position] == ":" and depth == 0:
            colons.append(position)
        position += 1
    if not colons:
        return "", text
    return text[: colons[0]], text[colons[0] + 1 : colons[1] if len(colons) > 1 else len(text)]


def _networks(node: Node | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(node, MappingNode):
        yield from ((name, {}) for name in filter(None, map(_text, _items(node))))
    for name, options in _pairs(node):
        aliases = _items(dict(_pairs(options)).get("aliases"))
        yield name, {"aliases": [*filter(None, map(_text, aliases))]}


def _hosts(node: Node | None) -> list[str]:
    if isinstance(node, MappingNode):
        return [f"{name}={_text(value)}" for name, value in _pairs(node)]
    return [*filter(None, map(_text, _items(node)))]
