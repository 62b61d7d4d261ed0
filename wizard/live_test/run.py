"""The course of one live test: its deadline, what has happened so far, and what it means.

The live test itself: runs the stages, explains what goes wrong, ends with a report.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from typing import ClassVar

from wizard.config.settings import Security, SmtpSettings
from wizard.live_test.alternatives import BEFORE_LOGIN, AlternativeSearch, may_cure, remedy_for
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
    StageStep,
    TestFinished,
    TestReport,
    Transcript,
    TranscriptLine,
    Verdict,
    VerdictReached,
)
from wizard.live_test.failure import Cause, Certificate, Diagnosis, Failure, Stage
from wizard.live_test.session import SmtpSession, secret_encodings
from wizard.live_test.smtp import ConnectionClosed, MalformedReply
from wizard.live_test.tls import certificate_detail, fetch_certificate
from wizard.system.network import Network, SystemNetwork
from wizard.text.language import _

_COURTESY_SECONDS = 2.0
_IMPATIENCE = 3.0
"""Seconds after which a stage that gets no answer makes the search for alternatives begin."""
_IN_STEP = frozenset(
    {
        Cause.REPLY,
        Cause.STARTTLS_MISSING,
        Cause.NO_AUTH,
        Cause.NO_MECHANISM,
        Cause.SMTPUTF8_MISSING,
        Cause.NOT_AN_ADDRESS,
    }
)
"""Failures behind which the mail server still waits for a command."""
_UNTRUSTED = {
    Cause.CERTIFICATE_NAME: "name",
    Cause.CERTIFICATE_EXPIRED: "expired",
    Cause.CERTIFICATE_NOT_YET_VALID: "not-yet-valid",
    Cause.CERTIFICATE_UNTRUSTED: "untrusted",
}
"""The failures of certificates, and the rule that each of them broke."""


class TestRun:
    """Takes one stage after the other; ``search`` is None where no alternative is wanted."""

    COURTESIES: ClassVar = frozenset({Stage.RSET, Stage.QUIT})
    """The server's own mails do not depend on how these are answered."""

    def __init__(
        self,
        settings: SmtpSettings,
        network: Network,
        session: SmtpSession,
        search: AlternativeSearch | None,
        seconds: float,
    ) -> None:
        self._settings = settings
        self._network = network
        self._session = session
        self._search = search
        self._seconds = seconds
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._deadline = self._began + seconds
        self._stages: list[StageFinished] = []
        self._failure: Failure | None = None
        self._diagnosis: Diagnosis | None = None
        self._verdict = Verdict.PASS
        self._decided_after: float | None = None
        self._alternatives: tuple[Alternative, ...] = ()
        self.over = False

    async def take(self, step: StageStep) -> StageFinished:
        """Run one stage; note and explain how it went."""
        began = self._clock()
        result = await self._attempt(step)
        seconds = self._clock() - began
        if isinstance(result, StagePassed):
            finished = self._passed(step[0], result, seconds)
        elif step[0] in self.COURTESIES:
            finished = self._unimportant(result, seconds)
        else:
            finished = self._failed(await self._investigate(result), seconds)
        self._stages.append(finished)
        return finished

    @property
    def decided(self) -> bool:
        """Whether the verdict is certain."""
        return self._decided_after is not None

    def decide(self) -> VerdictReached:
        """Declare the verdict certain."""
        self._decided_after = self._clock() - self._began
        return VerdictReached(self._verdict)

    async def look_around(self) -> None:
        """Find out whether another form of the endpoint works, where that could be."""
        failure, diagnosis = self._failure, self._diagnosis
        if self._search is None or failure is None or diagnosis is None:
            return
        if not may_cure(failure, diagnosis):
            return
        host = self._settings.route.host
        names = failure.certificate.closest_names(host) if failure.certificate else ()
        self._search.begin(names if failure.cause is Cause.CERTIFICATE_NAME else ())
        self._alternatives = await self._search.found()
        if self._alternatives:
            remedy = remedy_for(self._alternatives[0], self._settings)
            self._diagnosis = replace(diagnosis, remedy=remedy)
        else:
            self._diagnosis = diagnose(replace(failure, no_alternative=True), self._settings)

    def report(self, transcript: tuple[TranscriptLine, ...], recipient: str | None) -> TestReport:
        """Sum up; meant for when everything has ended."""
        settings, hide = self._settings, self._session.printable
        return TestReport(
            self._verdict,
            settings.route,
            settings.endpoint.display,
            tuple(self._stages),
            self._diagnosis,
            self._clock() - self._began,
            alternatives=self._alternatives,
            transcript=transcript,
            decided=self._decided_after or 0.0,
            sender=hide(settings.user),
            login=hide(settings.login[0]) if settings.login else None,
            recipient=hide(recipient) if recipient is not None else None,
        )

    async def _attempt(self, step: StageStep) -> StagePassed | Failure:
        stage, action = step
        if stage is Stage.GREETING and self._settings.route.security is not Security.TLS:
            action = partial(self._greeting_unless_tls, action)
        waiting = self._soon_search(stage)
        try:
            async with asyncio.timeout_at(self._limit(stage)):
                return await action()
        except StageFailed as error:
            return error.failure
        except TimeoutError:
            return Failure(stage, Cause.TIMEOUT, waited=self._seconds)
        except ConnectionClosed:
            return Failure(stage, Cause.CLOSED)
        except MalformedReply as error:
            said = self._session.printable(error.received)
            return Failure(stage, Cause.MALFORMED, said=said, problem=error.problem)
        except Exception as error:  # noqa: BLE001 - whatever a library comes up with is a verdict
            # Its text is left out: nobody knows what is in it.
            return Failure(stage, Cause.UNEXPECTED, problem=type(error).__name__)
        finally:
            if waiting is not None:
                waiting.cancel()

    async def _greeting_unless_tls(self, greet: StageAction) -> StagePassed:
        """Wait for the greeting; when it is slow, find out meanwhile whether TLS is expected."""
        greeting = asyncio.ensure_future(greet())
        knocking = asyncio.ensure_future(self._knock())
        try:
            await asyncio.wait((greeting, knocking), return_when=asyncio.FIRST_COMPLETED)
            if not greeting.done() and (certificate := knocking.result()) is not None:
                raise StageFailed(Failure(Stage.GREETING, Cause.IS_TLS, certificate=certificate))
            return await greeting
        finally:
            greeting.cancel()
            knocking.cancel()
            await asyncio.gather(greeting, knocking, return_exceptions=True)

    async def _knock(self) -> Certificate | None:
        """Return the certificate of a port that expects TLS but was spoken to in clear text."""
        await asyncio.sleep(min(_IMPATIENCE, self._seconds / 4))
        address = self._session.address
        try:
            if address is not None:
                return await fetch_certificate(
                    self._network, address, self._settings.route.host, None
                )
        except Exception:  # noqa: BLE001 - only an attempt to know sooner
            return None
        return None

    def _soon_search(self, stage: Stage) -> asyncio.TimerHandle | None:
        """Arrange for the search to begin before silence has used up all of the time."""
        if self._search is None or stage not in BEFORE_LOGIN:
            return None
        delay = min(_IMPATIENCE, self._seconds / 4)
        return asyncio.get_running_loop().call_later(delay, self._search.begin)

    def _limit(self, stage: Stage) -> float:
        """Return until when ``stage`` may take, in the clock's seconds."""
        if stage in self.COURTESIES:
            return min(self._deadline, self._clock() + _COURTESY_SECONDS)
        if stage is Stage.GREETING and self._settings.route.security is not Security.TLS:
            # A port that expects TLS stays silent: keep the time to find out.
            return self._deadline - min(3.0, self._seconds / 4)
        return self._deadline

    async def _investigate(self, failure: Failure) -> Failure:
        """Look at the server's TLS where that explains ``failure``."""
        address = self._session.address
        route = self._settings.route
        silent = (
            failure.stage is Stage.GREETING
            and failure.cause in {Cause.TIMEOUT, Cause.CLOSED}
            and route.security is not Security.TLS
        )
        if address is None or not (silent or failure.cause in _UNTRUSTED):
            return failure
        await self._session.aclose()  # some servers talk to one client at a time
        upgrade = self._session.ehlo_name if failure.stage is Stage.STARTTLS else None
        try:
            async with asyncio.timeout_at(self._deadline):
                certificate = await fetch_certificate(self._network, address, route.host, upgrade)
        except Exception:  # noqa: BLE001 - only an attempt to say more
            return failure
        cause = Cause.IS_TLS if silent else failure.cause
        return replace(failure, cause=cause, certificate=certificate)

    def _passed(self, stage: Stage, passed: StagePassed, seconds: float) -> StageFinished:
        outcome, message = passed.outcome, passed.message
        if passed.concern is not None:
            diagnosis = diagnose(passed.concern, self._settings)
            self._note(diagnosis, Verdict.WARN)
            outcome, message = StageOutcome.WARN, diagnosis.summary
        return StageFinished(stage, outcome, seconds, message, passed.detail)

    def _failed(self, failure: Failure, seconds: float) -> StageFinished:
        diagnosis = diagnose(failure, self._settings)
        outcome, verdict = StageOutcome.FAIL, Verdict.FAIL
        if diagnosis.warning:
            outcome, verdict = StageOutcome.WARN, Verdict.WARN
        elif failure.cause is Cause.CONTAINER_INTERNAL:
            outcome, verdict = StageOutcome.SKIP, Verdict.UNTESTABLE
        self.over = verdict is not Verdict.WARN
        self._note(diagnosis, verdict)
        if self.over:
            self._failure = failure
        if self.over and failure.cause in _IN_STEP:
            self._session.take_leave()
        return StageFinished(
            failure.stage, outcome, seconds, diagnosis.summary, self._detail(failure)
        )

    def _unimportant(self, failure: Failure, seconds: float) -> StageFinished:
        self.over = True
        command = failure.stage.value.upper()
        message = _(
            "The mail server did not accept {command}, which does not matter for mails.",
            command=command,
        )
        return StageFinished(
            failure.stage, StageOutcome.WARN, seconds, message, self._detail(failure)
        )

    def _note(self, diagnosis: Diagnosis, verdict: Verdict) -> None:
        """Keep the first warning, unless there is a failure."""
        if self._diagnosis is None or verdict is not Verdict.WARN:
            self._diagnosis, self._verdict = diagnosis, verdict

    def _detail(self, failure: Failure) -> dict[str, JSON]:
        detail: dict[str, JSON] = {}
        if failure.code is not None:
            detail |= {"code": failure.code, "enhanced": failure.enhanced}
        if failure.said:
            detail["said"] = failure.said
        if failure.cause in _UNTRUSTED:
            detail |= {"rule": _UNTRUSTED[failure.cause], "reason": failure.system_words}
        if failure.certificate is not None:
            detail |= certificate_detail(failure.certificate)
        if failure.certificate is not None and failure.cause is Cause.CERTIFICATE_NAME:
            detail["would_match"] = failure.certificate.closest_name(self._settings.route.host)
        return detail


DEFAULT_TIMEOUT = 15.0


async def run_live_test(
    settings: SmtpSettings,
    *,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - the deadline is part of the verdict
    recipient: str | None = None,
    deliver: bool = False,
    alternatives: bool = True,
    compose: bool = False,
    network: Network | None = None,
) -> AsyncGenerator[Event, None]:
    """Test ``settings`` as the server would use them.

    Yields :class:`Started` and :class:`Finished` for each stage, :class:`Decided` once the
    verdict is certain, and ends with :class:`Concluded`, whatever happens within ``timeout``
    seconds. With a ``recipient`` the mail server is also asked whether it takes mails to it; a
    mail is only sent there if ``deliver`` is set as well, and then it is sent once.
    ``alternatives``: when the test fails, other forms of the endpoint are tried, without the
    secret. ``compose`` says that the server runs in a container, where some names mean something
    else. Cancelling the consumer, or closing the generator (``contextlib.aclosing``), closes all
    connections at once.
    """
    if deliver and recipient is None:
        raise ValueError("a mail needs a recipient")
    network = network or SystemNetwork()
    clock = asyncio.get_running_loop().time
    began = clock()
    transcript = Transcript(lambda: clock() - began, secret_encodings(settings))
    session = SmtpSession(
        settings,
        network,
        recipient=recipient,
        deliver=deliver,
        compose=compose,
        transcript=transcript,
    )
    search = AlternativeSearch(settings, network, began + timeout) if alternatives else None
    course = TestRun(settings, network, session, search, timeout)
    try:
        for step in session.steps():
            if not course.decided and step[0] in TestRun.COURTESIES:
                yield course.decide()
            yield StageStarted(step[0])
            finished = await course.take(step)
            yield finished
            if course.over:
                break
        if not course.decided:
            yield course.decide()
        await course.look_around()
    finally:
        await session.aclose()
        if search is not None:
            await search.aclose()
    yield TestFinished(course.report(transcript.lines, recipient))
