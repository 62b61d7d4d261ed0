"""The search for another endpoint of the same mail server that works, when the tested one fails.

The secret takes no part in this: a variant "works" if it answers, encrypts with a valid
certificate, and offers a login that the server can use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wizard.config.endpoint import SCHEME, Endpoint, Route, Security, is_nearby
from wizard.config.settings import SmtpSettings
from wizard.discovery.providers import provider_by_host
from wizard.errors import InvalidValue
from wizard.live_test.events import Alternative
from wizard.live_test.failure import Cause, Diagnosis, Failure, Stage, Verdict
from wizard.live_test.session import SmtpSession
from wizard.live_test.standpoint import Standpoint
from wizard.text.language import N_, _

_PATIENCE = 5.0
"""Seconds for all variants together."""
_GRACE = 1.0
"""Seconds that the others have left once one variant works."""
_MOST_NAMES = 4
_RELAY_PORTS = (25, 2500)
_CURABLE = frozenset(
    {
        Cause.CONNECTION_REFUSED,
        Cause.UNREACHABLE,
        Cause.NOT_TLS,
        Cause.IS_TLS,
        Cause.TLS_TOO_OLD,
        Cause.TLS_FAILED,
        Cause.CLIENT_CERTIFICATE,
        Cause.STARTTLS_MISSING,
        Cause.NO_AUTH,
        Cause.NO_MECHANISM,
        Cause.CERTIFICATE_NAME,
        Cause.CERTIFICATE_EXPIRED,
        Cause.CERTIFICATE_NOT_YET_VALID,
        Cause.CERTIFICATE_UNTRUSTED,
    }
)
"""Failures that another endpoint could cure, whatever the stage."""
BEFORE_LOGIN = frozenset({Stage.TCP, Stage.TLS, Stage.GREETING, Stage.STARTTLS})
"""Stages at which silence and garbage may come from the wrong port."""
_SAME_HOST = {
    True: N_("Use STARTTLS, port 587 (starttls = true)."),
    False: N_("Use SMTPS, port 465 (starttls = false)."),
}


class AlternativeSearch:
    """Tries all variants of the endpoint at once. End it with :meth:`aclose` in any case."""

    def __init__(self, settings: SmtpSettings, standpoint: Standpoint, deadline: float) -> None:
        self._settings = settings
        self._standpoint = standpoint
        self._deadline = deadline
        self._tasks: dict[EndpointVariant, asyncio.Task[Alternative | None]] = {}

    def begin(self, names: Sequence[str] = ()) -> None:
        """Start whatever has not been started yet; ``names`` are those in the certificate."""
        limit = min(self._deadline, asyncio.get_running_loop().time() + _PATIENCE)
        ordered = {}
        for variant in endpoint_variants(self._settings, names):
            started = self._tasks.pop(variant, None)
            ordered[variant] = started or asyncio.create_task(self._try(variant, limit))
        self._tasks = ordered | self._tasks

    async def results(self) -> tuple[Alternative, ...]:
        """Return what works, best first, without waiting for stragglers; :meth:`begin` before."""
        pending = set(self._tasks.values())
        grace = None
        while pending:
            done, pending = await asyncio.wait(
                pending, timeout=grace, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            if any(task.result() for task in done):
                grace = _GRACE
        results = [task.result() for task in self._tasks.values() if task.done()]
        working = [result for result in results if result is not None]
        return tuple(sorted(working, key=lambda result: result.verdict is not Verdict.PASS))

    async def aclose(self) -> None:
        """Stop everything, and leave no connection behind."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _try(self, variant: EndpointVariant, limit: float) -> Alternative | None:
        endpoint = Endpoint.parse(variant.endpoint)
        settings = replace(
            self._settings, endpoint=endpoint, starttls=variant.starttls, secret=None
        )
        session = SmtpSession(settings, self._standpoint)
        try:
            async with asyncio.timeout_at(limit):
                return await self._run_stages(variant, session)
        except Exception:  # noqa: BLE001 - whatever it is, this variant does not work
            return None
        finally:
            await session.aclose()

    async def _run_stages(
        self, variant: EndpointVariant, session: SmtpSession
    ) -> Alternative | None:
        """Go as far as possible without the secret; raise where a stage fails."""
        login = self._settings.login
        last = Stage.RSET if login is None else Stage.AUTH
        for stage, action in session.stages():
            if stage is last:
                break
            await action()
        session.send_quit()
        if variant.route.security is Security.NONE and not session.is_nearby:
            return None
        mechanism = session.extensions.mechanism
        if login is not None and mechanism is None:
            return None
        return self._describe(variant, mechanism if login else None)

    def _describe(self, variant: EndpointVariant, mechanism: str | None) -> Alternative:
        route, tested = variant.route, self._settings.route
        sentences = [
            _("Tried as far as the login; your password was not sent there yet.")
            if mechanism
            else _("It takes mails from {user} without a login.", user=self._settings.user)
        ]
        verdict = Verdict.PASS
        if route.host.lower() != tested.host.lower():  # a name that anybody can have put there
            verdict = Verdict.WARN
            sentences.append(
                _("Take it only if you know that {host} is your mail server.", host=route.host)
            )
        if route.security is Security.NONE:
            verdict = Verdict.WARN
            sentences.append(_("Without encryption it should be a relay of your own."))
        if self._settings.endpoint.credentials is not None:
            sentences.append(_("Enter user and password separately."))
        return Alternative(variant.endpoint, variant.starttls, verdict, " ".join(sentences))


def remedy_for(alternative: Alternative, settings: SmtpSettings) -> str:
    """Return what to set so that ``alternative`` replaces ``settings``, and why."""
    endpoint = Endpoint.parse(alternative.endpoint)
    starttls = str(alternative.starttls).lower()
    if endpoint.text == settings.endpoint.text:
        what = _(_SAME_HOST[alternative.starttls])
    elif alternative.starttls != settings.starttls and not endpoint.is_url:
        what = _(
            "Enter {endpoint} as the mail server, with starttls = {starttls}.",
            endpoint=endpoint.text,
            starttls=starttls,
        )
    else:
        what = _("Enter {endpoint} as the mail server.", endpoint=endpoint.text)
    return f"{what} {alternative.details}"


def changed_field(alternative: Alternative, settings: SmtpSettings) -> str:
    """Return where ``alternative`` differs from ``settings``: endpoint, or starttls alone."""
    same = Endpoint.parse(alternative.endpoint).text == settings.endpoint.text
    return "starttls" if same else "endpoint"


def may_cure(failure: Failure, diagnosis: Diagnosis) -> bool:
    """Whether another endpoint could cure ``failure``."""
    return (
        failure.cause in _CURABLE
        or diagnosis.code == "encryption-required"
        or (
            failure.cause in {Cause.TIMEOUT, Cause.CLOSED, Cause.MALFORMED, Cause.INJECTED}
            and failure.stage in BEFORE_LOGIN
        )
        or (failure.cause is Cause.REPLY and failure.stage is Stage.STARTTLS)
    )


@dataclass(frozen=True, slots=True)
class EndpointVariant:
    """One way to reach a mail server; ``endpoint`` holds no credentials."""

    endpoint: str
    starttls: bool

    @property
    def route(self) -> Route:
        """Where this endpoint leads."""
        return Endpoint.parse(self.endpoint).route(self.starttls)


def endpoint_variants(
    settings: SmtpSettings, names: Sequence[str] = ()
) -> tuple[EndpointVariant, ...]:
    """Return what to try in place of ``settings``, the most desirable first.

    ``names`` are those in a certificate that was not for the host. All are encrypted, except
    where the host may be this machine or a container, which may well be a plain relay.
    """
    tested = settings.route
    variants: dict[tuple[str, int, Security], EndpointVariant] = {}
    for variant in (*_other_names(settings, names), *_same_host(settings)):
        try:
            route = variant.route
        except InvalidValue:  # an IPv6 address in a URL
            continue
        variants.setdefault((route.host.lower(), route.port, route.security), variant)
    variants.pop((tested.host.lower(), tested.port, tested.security), None)
    return tuple(variants.values())


def _other_names(settings: SmtpSettings, names: Sequence[str]) -> Iterator[EndpointVariant]:
    """Yield the tested endpoint with each other name."""
    route = settings.route
    hosts = [name for name in names if _is_host(name)]
    usable = [name for name in hosts if is_nearby(route.host) or not is_nearby(name)]
    for name in usable[:_MOST_NAMES]:
        if settings.endpoint.is_url:
            yield _by_starttls(name, route)
        else:
            yield EndpointVariant(name, settings.starttls)


def _is_host(name: str) -> bool:
    """Whether ``name`` is a bare host: a certificate can say anything."""
    try:
        return not Endpoint.parse(name).is_url
    except InvalidValue:
        return False


def _same_host(settings: SmtpSettings) -> Iterator[EndpointVariant]:
    route = settings.route
    yield EndpointVariant(route.host, False)
    yield EndpointVariant(route.host, True)
    if settings.endpoint.is_url:
        yield _by_starttls(route.host, route)
    provider = provider_by_host(route.host)
    for other in () if provider is None else provider.other_ports():
        yield _by_starttls(route.host, other)
    yield EndpointVariant(f"{SCHEME}{route.host}:25?tls=required", False)
    if is_nearby(route.host):
        ports = dict.fromkeys([*([route.port] if settings.endpoint.is_url else []), *_RELAY_PORTS])
        for port in ports:
            yield EndpointVariant(f"{SCHEME}{route.host}:{port}{_path(route)}", False)


def _by_starttls(host: str, route: Route) -> EndpointVariant:
    return EndpointVariant(f"{SCHEME}{host}:{route.port}{_path(route)}?tls=required", False)


def _path(route: Route) -> str:
    return f"/{route.ehlo_name}" if route.ehlo_name else ""
