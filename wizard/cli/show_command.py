"""``show``: what is set and where it comes from; never the secret."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from wizard.cli import output
from wizard.config.current import CurrentConfig, load_config
from wizard.config.endpoint import Endpoint, Route
from wizard.config.layout import LayoutKind, command_for, find_layout
from wizard.config.settings import skips_verification
from wizard.errors import InvalidValue, WizardError
from wizard.files.refusals import account_name
from wizard.formats.urls import mask_url_password
from wizard.secrets.resolver import Ask, SecretSources
from wizard.text.display import on_one_line, short_path
from wizard.text.language import N_, _, day_and_time

if TYPE_CHECKING:
    from wizard.cli.terminal import OutputLine

T = TypeVar("T")

_MIN_WIDTH = 13
"""Of the column of names."""


def run(options: Namespace) -> int:
    """Print the configuration; return 0."""
    current = load_config(find_layout(options.config, options.env_file)).with_container()
    sources = SecretSources(())
    if not current.secret_doubt:
        sources = current.resolver.sources(Ask.IF_NOWHERE_ELSE)
    content = describe(current, sources)
    if options.json:
        output.document(content)
        return 0
    if output.on_terminal():
        output.show_lines(_on_terminal(current, sources, content))
        return 0
    for line in as_lines(current, sources, content):
        output.result(line)
    return 0


def describe(current: CurrentConfig, sources: SecretSources) -> dict[str, Any]:
    """Return the configuration for the JSON document."""
    smtp = current.view.smtp
    return {
        "config": str(current.layout.config),
        "env_file": str(current.layout.env_file),
        "layout": str(current.layout.kind),
        "user": None if smtp is None or smtp.user is None else mask_url_password(smtp.user),
        "endpoint": None
        if smtp is None or smtp.endpoint is None
        else mask_url_password(smtp.endpoint),
        "starttls": _or_none(lambda: current.switch("starttls")),
        "skip_verification": bool(skips_verification(current.view, current.lookup)),
        "secret": {
            # A secret that only `exec` brings is not read just to show that it is set.
            "set": None
            if current.secret_doubt
            else sources.needs_exec or _or_none(current.resolver.secret) is not None,
            "reference": None if current.reference is None else f"${{{current.reference}}}",
            "variable": current.reference,
            "found_in": [source.name for source in sources.found],
            "effective": sources.effective.name if sources.effective else None,
        },
        **({} if current.container is None else {"container": _container(current)}),
        **({} if current.stranger is None else {"environment_used": False}),
    }


def _container(current: CurrentConfig) -> dict[str, Any]:
    """Return what Compose says of the server, and where its secret comes from."""
    container = current.container
    assert container is not None  # noqa: S101 - the caller has seen it
    origin = None
    if container.service and current.reference is not None:
        origin = current.origin(current.reference)
    not_judged = container.not_judged or ("" if container.refusal else current.secret_doubt)
    return {
        "asked": container.asked,
        "service": container.service or None,
        "variable": None if origin is None else origin.variable,
        "source": None
        if origin is None
        else {"path": None if origin.path is None else str(origin.path), "line": origin.line},
        "running": _is_running(current),
        **({"refusal": container.refusal} if container.refusal else {}),
        **({"not_judged": not_judged} if not_judged else {}),
    }


def _is_running(current: CurrentConfig) -> bool | None:
    """Return whether the server's container is running; None where nobody can tell."""
    from wizard.compose.running import ContainerNotRunning, ContainerUnknown, find_running

    container = current.container
    if container is None or not container.service:
        return None
    if container.no_answer_from:
        return None
    directories = {container.project.directory, container.project.base}
    try:
        find_running(container.service, directories, container.project.environ)
    except ContainerNotRunning:
        return False
    except ContainerUnknown:
        return None
    return True


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except InvalidValue:
        return None


def as_lines(current: CurrentConfig, sources: SecretSources, content: dict[str, Any]) -> list[str]:
    """Return the configuration as lines of text."""
    secret = content["secret"]
    reference = f" ({secret['reference']})" if secret["reference"] else ""
    rows = [
        ("config.toml", _file(content["config"], exists=current.config.exists)),
        (".env", _file(content["env_file"], exists=current.env.exists)),
        (_("layout"), content["layout"]),
        ("user", content["user"] or _("not set")),
        ("endpoint", content["endpoint"] or _("not set")),
        ("starttls", _starttls(content)),
        ("secret", f"{_source(sources, content)}{reference}"),
        (_("verification"), _("skipped") if content["skip_verification"] else _("by mail")),
        *_misnamed_rows(current),
        *_environment_rows(current),
        *_container_rows(content.get("container")),
        *_unanswered_rows(sources),
    ]
    try:
        if current.configured:
            way = _route(current, sources).in_words()
            rows.append((_("route"), _("the server {way}", way=way)))
    except InvalidValue as invalid:
        rows.append((_("problem"), " ".join(str(invalid).split())))
    width = max(_MIN_WIDTH, *(len(name) for name, _value in rows))
    return [f"{name:<{width}} {on_one_line(value)}" for name, value in rows]


def _on_terminal(
    current: CurrentConfig, sources: SecretSources, content: dict[str, Any]
) -> Iterator[OutputLine]:
    """Yield the configuration with the file as the heading, and where each value leads."""
    from wizard.cli.terminal import OutputLine

    layout = N_("standalone")
    if current.layout.kind is LayoutKind.COMPOSE:
        layout = N_("Docker Compose")
    config = _file(short_path(current.layout.config), exists=current.config.exists)
    yield OutputLine(config, right=_(layout))
    source, reference = _source(sources, content), content["secret"]["reference"]
    starttls, problem = _starttls(content), None
    try:
        if current.configured:
            starttls = f"{starttls} → {_route(current, sources).way}"
    except InvalidValue as invalid:
        problem = invalid
    rows = [
        ("user", content["user"] or _("not set")),
        ("secret", f"{reference}: {source}" if reference else source),
        ("endpoint", content["endpoint"] or _("not set")),
        ("starttls", starttls),
        (_("users"), _("not verified") if content["skip_verification"] else _("verified by mail")),
        *_misnamed_rows(current),
        *_environment_rows(current),
        *_container_rows(content.get("container")),
        *_unanswered_rows(sources),
    ]
    width = max(len(name) for name, _value in rows)
    for name, value in rows:
        yield OutputLine(on_one_line(value), margin="  ", head=f"{name:<{width}}  ")
    if problem is not None:
        yield OutputLine(problem.message, "fail")
        yield OutputLine(problem.remedy, "remedy", margin="  ")
    yield OutputLine(_end(current))


def _end(current: CurrentConfig) -> str:
    """Say when it was written, and what to do next."""
    if current.view.misnamed:
        command = command_for(current.layout, "set", "--rename-section")
        return _("Rename it: {command}", command=command)
    if not current.configured:
        return _("Nothing is set up yet: {command}", command=command_for(current.layout))
    from wizard.saving.journal import Journal

    test = command_for(current.layout, "test")
    with suppress(WizardError):
        if (record := Journal(current.layout.config).last()) is not None:
            when = day_and_time(record.at)
            return _("Written {when}. Does it work?  {command}", when=when, command=test)
    return _("Does it work?  {command}", command=test)


def _starttls(content: dict[str, Any]) -> str:
    return {True: "true", False: "false", None: _("invalid")}[content["starttls"]]


def _source(sources: SecretSources, content: dict[str, Any]) -> str:
    """Say where the secret is."""
    secret = content["secret"]
    if sources.effective is not None:
        source = sources.effective.in_show if secret["set"] else sources.effective.in_show_empty
        return _(source)
    return _("not set") if secret["set"] is not None else _("not judged")


def _misnamed_rows(current: CurrentConfig) -> list[tuple[str, str]]:
    sentence = N_("[{name}] in line {line} is not read: the section is called [smtp].")
    return [
        (_("problem"), _(sentence, name=name, line=line)) for name, line in current.view.misnamed
    ]


def _environment_rows(current: CurrentConfig) -> list[tuple[str, str]]:
    if current.stranger is None:
        return []
    account = account_name(current.stranger)
    reason = _("not used: {account} can write the files here", account=account)
    return [(_("environment"), reason)]


def _unanswered_rows(sources: SecretSources) -> list[tuple[str, str]]:
    if sources.effective is not None or sources.unanswered is None:
        return []
    store, problem = sources.unanswered
    return [(_(store.row), _("could not be asked: {problem}", problem=problem))]


def _container_rows(container: dict[str, Any] | None) -> list[tuple[str, str]]:
    if container is None:
        return []
    service = container["service"] or _("not known")
    states = {True: _("running"), False: _("not running")}
    state = states.get(container["running"])
    rows = [(_("service"), f"{service}, {state}" if state else service)]
    source = container["source"]
    if source is not None:
        place = source["path"] or _("the environment")
        if source["line"] is not None:
            place = _("{path}, line {number}", path=place, number=source["line"])
        rows.append((_("from"), f"{container['variable']}: {place}"))
    if reason := container.get("refusal"):
        rows.append((_("problem"), _("Docker Compose starts nothing: {reason}.", reason=reason)))
    if reason := container.get("not_judged"):
        rows.append((_("not judged"), reason))
    return rows


def _route(current: CurrentConfig, sources: SecretSources) -> Route:
    """Return where the settings lead; raise :class:`InvalidValue` where they lead nowhere."""
    try:
        return current.settings().route
    except InvalidValue as problem:
        if problem.code != "secret-missing" or not sources.needs_exec:
            raise
    # The secret is not missing: only `exec` can bring it, and the route does not depend on it.
    endpoint: Endpoint = current.value("endpoint")
    return endpoint.route(current.value("starttls"))


def _file(path: str, *, exists: bool) -> str:
    return path if exists else _("{path} (does not exist)", path=path)
