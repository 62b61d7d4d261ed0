"""A relay among the services: does the endpoint lead there, and can it pass the mails on."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.check.inspection import Inspection
from wizard.compose.container import Container
from wizard.compose.relay import Obstacle, Peer, find_peer, is_alone
from wizard.config.current import CurrentConfig
from wizard.config.endpoint import Endpoint, is_container_name, is_loopback
from wizard.config.relay import IMAGE, Relay
from wizard.errors import FileRefused, Finding, InvalidValue, Severity
from wizard.formats.variables import references
from wizard.text.language import _


def relay_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what keeps the server's mails from a relay service, and the relay from its own."""
    current, container = inspection.current, inspection.container
    if current is None or container is None:
        return
    yield from _database_findings(current, container)
    endpoint = _endpoint(current)
    if endpoint is None:
        return
    host = endpoint.route(False).host
    if is_loopback(host):
        if is_alone(container):
            yield _loopback_finding(current, container)
        return
    peer = find_peer(container, host)
    if peer is None or not (peer.service or is_container_name(host)):
        return
    if peer.service == container.service:
        yield _loopback_finding(current, container)
    elif peer.obstacle is not None:
        yield _obstacle_finding(current, container, host, peer)
    if peer.service:
        yield from _service_findings(current, container, endpoint, peer.service)


def _endpoint(current: CurrentConfig) -> Endpoint | None:
    smtp = current.view.smtp
    try:
        return None if smtp is None or smtp.endpoint is None else current.value("endpoint")
    except (InvalidValue, FileRefused):
        return None


def _loopback_finding(current: CurrentConfig, container: Container) -> Finding:
    return _in_config(
        current,
        "relay-loopback",
        _(
            "The endpoint leads into the server's own container, where no mail server is: "
            "localhost is not the host there."
        ),
        _named_relay(container),
    )


def _obstacle_finding(
    current: CurrentConfig, container: Container, host: str, peer: Peer
) -> Finding:
    if peer.obstacle is Obstacle.UNKNOWN:
        # A name without an underscore may be one of the domain that the host searches.
        certain = "_" in host and not peer.shared
        return _in_config(
            current,
            "relay-unknown",
            _("No service of this compose project is called {name}.", name=host)
            if certain
            else _(
                "No service of this compose project is called {name}; unless it is known "
                "elsewhere in the network, the server does not find it.",
                name=host,
            ),
            _named_relay(container),
            Severity.ERROR if certain else Severity.WARNING,
        )
    if peer.obstacle is Obstacle.HOST_NETWORK:
        return _in_config(
            current,
            "relay-host-network",
            _(
                "The server uses the host's network, where the name of the service {name} is "
                "unknown.",
                name=peer.service,
            ),
            _("Publish a port of it, and change the endpoint to smtp://localhost:PORT."),
        )
    return _apart_finding(
        container,
        "relay-apart",
        _(
            "The services {server} and {other} have no network in common, so that the server "
            "does not find its relay.",
            server=container.service,
            other=peer.service,
        ),
        peer.service,
    )


def _service_findings(
    current: CurrentConfig, container: Container, endpoint: Endpoint, service: str
) -> Iterator[Finding]:
    relay = Relay.of(service, container.services[service])
    smtp = current.view.smtp
    if relay is None or smtp is None:
        return
    port = endpoint.route(smtp.starttls is True).port
    if port != relay.port:
        url = f"smtp://{endpoint.route(False).host}:{relay.port}"
        yield _in_config(
            current,
            "relay-port",
            _(
                "The relay {name} listens on port {port}, not on {other}.",
                name=service,
                port=relay.port,
                other=port,
            ),
            _("Change it: smtp-wizard set --endpoint {url}", url=url),
        )
    if smtp.secret is not None or endpoint.credentials is not None:
        yield _in_config(
            current,
            "relay-without-login",
            _(
                "The relay {name} offers no login, and with a secret the server insists on one.",
                name=service,
            ),
            _("Remove it: smtp-wizard set --no-secret"),
            field="secret",
        )
    for problem in relay.problems():
        path, line, _last = container.project.find_entry(service, problem.field)
        if line is None:
            path, line, _last = container.project.find_service(service)
        yield problem._replace(path=path, line=line, field="")


def _database_findings(current: CurrentConfig, container: Container) -> Iterator[Finding]:
    host = current.view.database_host
    peer = None if not host or references(host) else find_peer(container, host)
    if peer is not None and peer.obstacle is Obstacle.APART:
        yield _apart_finding(
            container,
            "database-apart",
            _(
                "The services {server} and {other} have no network in common, so that the server "
                "does not find its database.",
                server=container.service,
                other=peer.service,
            ),
            peer.service,
        )


def _apart_finding(container: Container, code: str, message: str, other: str) -> Finding:
    networks = container.services[other].get("networks")
    network = next(iter(networks or ()), "default")
    path, line, _last = container.project.find_service(container.service)
    return Finding(
        code,
        message,
        _(
            "Add to the service {server} under networks:   - {network}",
            server=container.service,
            network=network,
        )
        if not container.services[other].get("network_mode")
        else _("Remove network_mode from the service {other}.", other=other),
        Severity.ERROR,
        path,
        line,
    )


def _named_relay(container: Container) -> str:
    """Return what to do, with the endpoint of a relay that is there."""
    relays = (Relay.of(name, model) for name, model in container.services.items())
    relay = next(filter(None, relays), None)
    if relay is None:
        return _(
            'Add such a service ({image}; doc.bomnipotent.de, page "SMTP Server"), or name your '
            "mail server: smtp-wizard set --endpoint …",
            image=IMAGE,
        )
    url = f"smtp://{relay.service}:{relay.port}"
    return _("Change it: smtp-wizard set --endpoint {url}", url=url)


def _in_config(
    current: CurrentConfig,
    code: str,
    message: str,
    remedy: str,
    severity: Severity = Severity.ERROR,
    field: str = "endpoint",
) -> Finding:
    smtp = current.view.smtp
    line = None if smtp is None else smtp.lines.get(field, smtp.line)
    return Finding(code, message, remedy, severity, current.config.path, line, field)
