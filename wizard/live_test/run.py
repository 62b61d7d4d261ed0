"""The live test: runs the stages, explains what goes wrong, and ends with a report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from wizard.config.endpoint import Security
from wizard.config.settings import SmtpSettings
from wizard.live_test.alternatives import (
    BEFORE_LOGIN,
    AlternativeSearch,
    changed_field,
    may_cure,
    remedy_for,
)
from wizard.live_test.diagnosis import diagnose
from wizard.live_test.events import (
    JSON,
    Alternative,
    Event,
    StageAction,
    StageFailed,
    StageFinished,
    StageOutcome,
    StagePassed,
    StageStarted,
    TestedFrom,
    TestFinished,
    TestReport,
    VerdictReached,
    not_inside_report,
)
from wizard.live_test.failure import (
    Cause,
    Certificate,
    Diagnosis,
    Failure,
    Stage,
    Verdict,
    has_failed,
)
from wizard.live_test.session import SmtpSession
from wizard.live_test.smtp import ConnectionClosed, MalformedReply
from wizard.live_test.standpoint import NotInside, Standpoint, take_standpoint
from wizard.live_test.tls import certificate_detail, fetch_certificate, redacted, tls_cause
from wizard.system.network import Network
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.compose.container import Container
    from wizard.live_test.delivery import Delivery

_T = TypeVar("_T")
_Action = Callable[[], Awaitable[_T]]
DEFAULT_TIMEOUT = 15.0
_PATIENCE = 3.0
"""Seconds (or a quarter of the deadline, if that is less) after which a stage without an answer
makes the test look for the reason elsewhere, and which a greeting leaves for that."""
_COURTESIES = frozenset({Stage.RSET, Stage.QUIT})
"""The server's own mails do not depend on how these are answered."""
_COURTESY_SECONDS = 2.0
_OUTCOMES = {
    Verdict.FAIL: StageOutcome.FAIL,
    Verdict.WARN: StageOutcome.WARN,
    Verdict.UNTESTABLE: StageOutcome.SKIP,
}
_STILL_LISTENING = frozenset(
    {
        Cause.REPLY,
        Cause.STARTTLS_MISSING,
        Cause.SECRET_UNKNOWN,
        Cause.NO_AUTH,
        Cause.NO_MECHANISM,
        Cause.SMTPUTF8_MISSING,
        Cause.EIGHTBITMIME_MISSING,
        Cause.NOT_AN_ADDRESS,
    }
)
"""Failures after which the mail server still waits for a command."""
_CERTIFICATE_RULES = {
    Cause.CERTIFICATE_NAME: "name",
    Cause.CERTIFICATE_EXPIRED: "expired",
    Cause.CERTIFICATE_NOT_YET_VALID: "not-yet-valid",
    Cause.CERTIFICATE_UNTRUSTED: "untrusted",
}
"""The rule that a certificate broke, as ``test --json`` calls it."""


async def run_live_test(
    settings: SmtpSettings,
    *,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - the deadline is part of the verdict
    recipient: str | None = None,
    deliver: bool = False,
    alternatives: bool = True,
    container: Container | None = None,
    place: TestedFrom | None = None,
    network: Network | None = None,
) -> AsyncGenerator[Event, None]:
    """Test ``settings`` as the server would use them.

    Yields :class:`StageStarted` and :class:`StageFinished` for each stage,
    :class:`VerdictReached` once the verdict is certain, and within ``timeout`` seconds at the
    latest :class:`TestFinished`. Cancelling the consumer, or closing the generator
    (``contextlib.aclosing``), closes all connections at once.

    The mail server is also asked whether it takes mails to ``recipient``. If ``deliver`` is set,
    and the verdict allows it, another client then sends one there, once, on a connection of its
    own; :class:`VerdictReached` comes again if that changes the verdict.

    ``alternatives``: if the test fails, other endpoints are tried, without the secret.
    ``container``, ``place`` and ``network`` say where from (:func:`take_standpoint`); finding out
    takes a few seconds more at most.
    """
    if deliver and recipient is None:
        raise ValueError("a mail needs a recipient")
    try:
        async with take_standpoint(container, place, network) as standpoint:
            test = _run_from(standpoint, settings, timeout, recipient, deliver, alternatives)
            async with aclosing(test):
                async for event in test:
                    yield event
    except NotInside as obstacle:
        yield TestFinished(not_inside_report(settings, obstacle.reason, obstacle.remedy))


async def _run_from(
    standpoint: Standpoint,
    settings: SmtpSettings,
    timeout: float,  # noqa: ASYNC109 - the deadline is part of the verdict
    recipient: str | None,
    deliver: bool,
    alternatives: bool,
) -> AsyncGenerator[Event, None]:
    # One command at a time where a mail follows: as the mail itself goes, and the server's own.
    session = SmtpSession(settings, standpoint, recipient=recipient, grouped=not deliver)
    deadline = asyncio.get_running_loop().time() + timeout
    search = AlternativeSearch(settings, standpoint, deadline)
    run = TestRun(settings, standpoint, session, search if alternatives else None, timeout)
    async with aclosing(search), aclosing(session):
        for stage, action in session.stages():
            if not run.decided and stage in _COURTESIES:
                yield run.decide()
            yield StageStarted(stage)
            finished = await run.run_stage(stage, action)
            yield finished
            if run.over:
                break
        if not run.decided:
            yield run.decide()
        await run.find_alternatives()
        if deliver and recipient is not None and run.mail_can_be_sent:
            from wizard.live_test.delivery import Delivery  # only for this: it takes a while

            yield StageStarted(Stage.DATA)
            verdict = run.verdict
            async with aclosing(
                Delivery(settings, standpoint.network, session, recipient)
            ) as delivery:
                yield await run.deliver(delivery)
                if run.verdict is not verdict:
                    yield run.decide()
                await run.run_courtesy(Stage.QUIT, delivery.quit)
    yield TestFinished(run.report(recipient))


class TestRun:
    """The state of one test: its deadline, what has happened so far, and what that means.

    ``search`` is None where no alternatives are wanted.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        standpoint: Standpoint,
        session: SmtpSession,
        search: AlternativeSearch | None,
        timeout: float,
    ) -> None:
        self._settings = settings
        self._standpoint = standpoint
        self._session = session
        self._search = search
        self._timeout = timeout
        self._patience = min(_PATIENCE, timeout / 4)
        self._clear_at_first = settings.route.security is not Security.TLS
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._deadline = self._began + timeout
        self._stages: list[StageFinished] = []
        self._failure: Failure | None = None
        self._diagnosis: Diagnosis | None = None
        self.verdict = Verdict.PASS
        self._decided_after: float | None = None
        self._alternatives: tuple[Alternative, ...] = ()
        self.over = False

    @property
    def decided(self) -> bool:
        """Whether the verdict is certain."""
        return self._decided_after is not None

    @property
    def mail_can_be_sent(self) -> bool:
        """Whether nothing so far speaks against a real mail."""
        return self.verdict in {Verdict.PASS, Verdict.WARN}

    def decide(self) -> VerdictReached:
        """Declare the verdict certain."""
        self._decided_after = self._clock() - self._began
        return VerdictReached(self.verdict)

    async def run_stage(self, stage: Stage, action: StageAction) -> StageFinished:
        """Run one stage; keep and explain the result."""
        began = self._clock()
        result = await self._attempt(stage, action)
        seconds = self._clock() - began
        if isinstance(result, StagePassed):
            finished = self._passed(stage, result, seconds)
        elif stage in _COURTESIES:
            finished = self._courtesy_failed(result, seconds)
        else:
            finished = self._failed(await self._add_certificate(result), seconds)
        self._stages.append(finished)
        return finished

    async def deliver(self, delivery: Delivery) -> StageFinished:
        """Send a real mail, unless the mail server wants it to wait; keep and explain the result.

        A failure is judged by the step at which it came.
        """
        began = self._clock()
        result = await self._deliver(delivery)
        seconds = self._clock() - began
        if isinstance(result, StagePassed):
            finished = self._passed(Stage.DATA, result, seconds)
        else:
            failed = self._failed(await self._add_certificate(result), seconds)
            finished = replace(failed, stage=Stage.DATA)
        self._stages.append(finished)
        return finished

    async def run_courtesy(self, stage: Stage, action: _Action[None]) -> None:
        """Do what is polite and matters to nobody."""
        await self._result(stage, action)

    async def find_alternatives(self) -> None:
        """Look for another endpoint that works, where the failure can be cured by one."""
        failure, diagnosis = self._failure, self._diagnosis
        if not (self._search and failure and diagnosis and may_cure(failure, diagnosis)):
            return
        names: tuple[str, ...] = ()
        if failure.certificate and failure.cause is Cause.CERTIFICATE_NAME:
            names = failure.certificate.closest_names(self._settings.route.host)
        self._search.begin(names)
        self._alternatives = await self._search.results()
        if self._alternatives:
            best = self._alternatives[0]
            remedy, field = remedy_for(best, self._settings), changed_field(best, self._settings)
            self._diagnosis = replace(diagnosis, remedy=remedy, field=field)
        else:
            self._diagnosis = self._explain(replace(failure, no_alternative=True))

    def report(self, recipient: str | None) -> TestReport:
        """Sum up, once everything has ended."""
        settings, redact = self._settings, self._session.redact
        return TestReport(
            self.verdict,
            settings.route,
            settings.endpoint.display,
            tuple(self._stages),
            self._diagnosis,
            self._clock() - self._began,
            alternatives=self._alternatives,
            transcript=self._session.transcript.lines,
            decided_after=self._decided_after or 0.0,
            sender=redact(settings.user),
            login=redact(settings.login[0]) if settings.login else None,
            recipient=redact(recipient) if recipient is not None else None,
            place=self._standpoint.place,
            remark=self._standpoint.remark,
            ehlo_name=self._standpoint.ehlo_name,
        )

    # Running a stage

    async def _deliver(self, delivery: Delivery) -> StagePassed | Failure:
        if self._session.postponed:
            message = _("No mail is sent: it has to wait.")
            return StagePassed(message, outcome=StageOutcome.SKIP)
        await self._session.aclose()  # some servers talk to one client at a time
        for stage, action in delivery.steps():
            failure = await self._result(stage, action)
            if failure is not None:
                return failure
        return delivery.accepted()

    async def _attempt(self, stage: Stage, action: StageAction) -> StagePassed | Failure:
        if stage is Stage.GREETING and self._clear_at_first:
            action = partial(self._greet_unless_tls, action)
        early_search = self._schedule_search(stage)
        try:
            return await self._result(stage, action)
        finally:
            if early_search is not None:
                early_search.cancel()

    async def _result(self, stage: Stage, action: _Action[_T]) -> _T | Failure:
        """Return what ``action`` returns in time, or how it failed."""
        try:
            async with asyncio.timeout_at(self._limit(stage)):
                return await action()
        except StageFailed as error:
            return error.failure
        except TimeoutError:
            return Failure(stage, Cause.TIMEOUT, waited=self._timeout)
        except ConnectionClosed as error:
            return Failure(stage, _closing_cause(error))
        except MalformedReply as error:
            said = self._session.redact(error.received)
            return Failure(stage, Cause.MALFORMED, said=said, problem=error.problem)
        except Exception as error:  # noqa: BLE001 - whatever a library comes up with is a verdict
            # Its text is left out: nobody knows what is in it.
            return Failure(stage, Cause.UNEXPECTED, problem=type(error).__name__)

    def _limit(self, stage: Stage) -> float:
        """Return until when ``stage`` may take, in the clock's seconds."""
        if stage in _COURTESIES:
            return min(self._deadline, self._clock() + _COURTESY_SECONDS)
        if stage is Stage.GREETING and self._clear_at_first:
            # A port that expects TLS stays silent: keep the time to find out.
            return self._deadline - self._patience
        return self._deadline

    def _schedule_search(self, stage: Stage) -> asyncio.TimerHandle | None:
        """Have the search begin before silence has used up all of the time."""
        if self._search is None or stage not in BEFORE_LOGIN:
            return None
        return asyncio.get_running_loop().call_later(self._patience, self._search.begin)

    async def _greet_unless_tls(self, greet: StageAction) -> StagePassed:
        """Wait for the greeting; if it is slow, find out meanwhile whether TLS is expected."""
        greeting = asyncio.ensure_future(greet())
        detection = asyncio.ensure_future(self._detect_implicit_tls())
        try:
            await asyncio.wait((greeting, detection), return_when=asyncio.FIRST_COMPLETED)
            if not greeting.done() and (certificate := detection.result()) is not None:
                raise StageFailed(Failure(Stage.GREETING, Cause.IS_TLS, certificate=certificate))
            return await greeting
        finally:
            greeting.cancel()
            detection.cancel()
            await asyncio.gather(greeting, detection, return_exceptions=True)

    async def _detect_implicit_tls(self) -> Certificate | None:
        """Return the certificate of a port that expects TLS from the first byte, if it does."""
        await asyncio.sleep(self._patience)
        try:
            return await self._fetch_certificate(None)
        except Exception:  # noqa: BLE001 - only an attempt to know sooner
            return None

    async def _add_certificate(self, failure: Failure) -> Failure:
        """Fetch the server's certificate where it explains ``failure``."""
        silent = (
            failure.stage is Stage.GREETING
            and failure.cause in {Cause.TIMEOUT, Cause.CLOSED}
            and self._clear_at_first
        )
        if not (silent or failure.cause in _CERTIFICATE_RULES):
            return failure
        await self._session.aclose()  # some servers talk to one client at a time
        ehlo_name = self._session.ehlo_name if failure.stage is Stage.STARTTLS else None
        try:
            async with asyncio.timeout_at(self._deadline):
                certificate = await self._fetch_certificate(ehlo_name)
        except Exception:  # noqa: BLE001 - only an attempt to say more
            return failure
        cause = Cause.IS_TLS if silent else failure.cause
        return replace(failure, cause=cause, certificate=certificate)

    async def _fetch_certificate(self, ehlo_name: str | None) -> Certificate | None:
        address = self._session.address
        assert address is not None  # noqa: S101 - there is a connection at these stages
        network, host = self._standpoint.network, self._settings.route.host
        certificate = await fetch_certificate(network, address, host, ehlo_name)
        return None if certificate is None else redacted(certificate, self._session.redact)

    # What the result means

    def _explain(self, failure: Failure) -> Diagnosis:
        inside = self._standpoint.place is TestedFrom.CONTAINER
        return diagnose(replace(failure, inside=inside), self._settings)

    def _passed(self, stage: Stage, passed: StagePassed, seconds: float) -> StageFinished:
        outcome, message = passed.outcome, passed.message
        if passed.concern is not None:
            diagnosis = self._explain(passed.concern)
            self._keep(diagnosis)
            outcome, message = StageOutcome.WARN, diagnosis.summary
        return StageFinished(stage, outcome, seconds, message, passed.detail)

    def _failed(self, failure: Failure, seconds: float) -> StageFinished:
        diagnosis = self._explain(failure)
        outcome = _OUTCOMES[diagnosis.verdict]
        self._keep(diagnosis)
        if diagnosis.verdict is not Verdict.WARN:
            self.over = True
            self._failure = failure
            if failure.cause in _STILL_LISTENING:
                self._session.send_quit()
        message = diagnosis.summary
        if diagnosis.verdict is not Verdict.WARN:
            message = has_failed(diagnosis, self._settings, self._session.recipient)
        return StageFinished(failure.stage, outcome, seconds, message, self._detail(failure))

    def _courtesy_failed(self, failure: Failure, seconds: float) -> StageFinished:
        self.over = True
        message = _(
            "{command} is not accepted, which does not matter.",
            command=failure.stage.value.upper(),
        )
        return StageFinished(
            failure.stage, StageOutcome.WARN, seconds, message, self._detail(failure)
        )

    def _keep(self, diagnosis: Diagnosis) -> None:
        """Keep the first warning, unless there is a failure."""
        if self._diagnosis is None or diagnosis.verdict is not Verdict.WARN:
            self._diagnosis, self.verdict = diagnosis, diagnosis.verdict

    def _detail(self, failure: Failure) -> dict[str, JSON]:
        certificate = failure.certificate
        detail: dict[str, JSON] = {}
        if failure.code is not None:
            detail |= {"code": failure.code, "enhanced": failure.enhanced}
        if failure.said:
            detail["said"] = failure.words_shown
        if failure.cause in _CERTIFICATE_RULES:
            rule = _CERTIFICATE_RULES[failure.cause]
            detail |= {"rule": rule, "reason": failure.system_words}
        if certificate is not None:
            detail |= certificate_detail(certificate)
        if certificate is not None and failure.cause is Cause.CERTIFICATE_NAME:
            detail["would_match"] = certificate.closest_name(self._settings.route.host)
        return detail


def _closing_cause(error: ConnectionClosed) -> Cause:
    """Return why the mail server has ended the connection.

    Under TLS 1.3 it looks at the client's certificate when the handshake is over for the client.
    """
    reason = error.__cause__
    demanded = isinstance(reason, OSError) and tls_cause(reason) is Cause.CLIENT_CERTIFICATE
    return Cause.CLIENT_CERTIFICATE if demanded else Cause.CLOSED
