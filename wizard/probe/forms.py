"""Other ways to write the endpoint of the same mail server, for when the one tested fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wizard.config.settings import SCHEME, Endpoint, Route, Security, SmtpSettings, is_nearby
from wizard.errors import InvalidValue

_MOST_NAMES = 4
_RELAY_PORTS = (25, 2500)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to reach a mail server; ``endpoint`` holds no credentials."""

    endpoint: str
    starttls: bool

    @property
    def route(self) -> Route:
        """Where this form leads."""
        return Endpoint.parse(self.endpoint).route(self.starttls)


def other_forms(settings: SmtpSettings, names: Sequence[str] = ()) -> tuple[Form, ...]:
    """Return what to try in place of ``settings``, the most desirable first.

    ``names`` are those in a certificate that was not for the host. Every form is encrypted, with
    one exception: where the host is this machine or a container, it may well be a plain relay.
    """
    tested = settings.route
    found: dict[tuple[str, int, Security], Form] = {}
    for form in (*_renamed(settings, names), *_same_host(settings)):
        try:
            route = form.route
        except InvalidValue:  # an IPv6 address in a URL
            continue
        found.setdefault((route.host.lower(), route.port, route.security), form)
    found.pop((tested.host.lower(), tested.port, tested.security), None)
    return tuple(found.values())


def _renamed(settings: SmtpSettings, names: Sequence[str]) -> Iterator[Form]:
    """Give the very form that was tested with each other name."""
    route = settings.route
    hosts = [name for name in names if _is_host(name)]
    usable = [name for name in hosts if is_nearby(route.host) or not is_nearby(name)]
    for name in usable[:_MOST_NAMES]:
        if settings.endpoint.is_url:
            yield _by_starttls(name, route)
        else:
            yield Form(name, settings.starttls)


def _is_host(name: str) -> bool:
    """Whether ``name`` is a bare host: a certificate can say anything."""
    try:
        return not Endpoint.parse(name).is_url
    except InvalidValue:
        return False


def _same_host(settings: SmtpSettings) -> Iterator[Form]:
    route = settings.route
    yield Form(route.host, False)
    yield Form(route.host, True)
    if settings.endpoint.is_url:
        yield _by_starttls(route.host, route)
    yield Form(f"{SCHEME}{route.host}:25?tls=required", False)
    if is_nearby(route.host):
        ports = dict.fromkeys([*([route.port] if settings.endpoint.is_url else []), *_RELAY_PORTS])
        for port in ports:
            yield Form(f"{SCHEME}{route.host}:{port}{_path(route)}", False)


def _by_starttls(host: str, route: Route) -> Form:
    return Form(f"{SCHEME}{host}:{route.port}{_path(route)}?tls=required", False)


def _path(route: Route) -> str:
    return f"/{route.ehlo_name}" if route.ehlo_name else ""
