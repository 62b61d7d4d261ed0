"""The live test itself: runs the stages, explains what goes wrong, ends with a report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from wizard.diagnosis import Diagnosis, diagnose
from wizard.failure import Cause, Failure, Stage
from wizard.probe.conversation import ConnectionClosed
from wizard.probe.events import JSON, Concluded, Event, Finished, Outcome, Report, Started, Verdict
from wizard.probe.network import Network, SystemNetwork
from wizard.probe.reply import Malformed
from wizard.probe.session import Session, certificate_detail
from wizard.probe.step import Failed, Passed, Step
from wizard.probe.tls import look
from wizard.settings import Security, SmtpSettings

DEFAULT_TIMEOUT = 15.0
_COURTESIES = frozenset({Stage.RSET, Stage.QUIT})
"""The server's own mails do not depend on how these are answered."""
_COURTESY_SECONDS = 2.0
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
_UNTRUSTED = frozenset(
    {
        Cause.CERTIFICATE_NAME,
        Cause.CERTIFICATE_EXPIRED,
        Cause.CERTIFICATE_NOT_YET_VALID,
        Cause.CERTIFICATE_UNTRUSTED,
    }
)


async def probe(
    settings: SmtpSettings,
    *,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - the deadline is part of the verdict
    recipient: str | None = None,
    compose: bool = False,
    network: Network | None = None,
) -> AsyncGenerator[Event, None]:
    """Test ``settings`` as the server would use them; nothing is delivered.

    Yields :class:`Started` and :class:`Finished` for each stage and ends with
    :class:`Concluded`, whatever happens within ``timeout`` seconds. With a ``recipient`` the mail
    server is also asked whether it takes mails to it. ``compose`` says that the server runs in a
    container, where some names mean something else. Cancelling the consumer, or closing the
    generator (``contextlib.aclosing``), closes the connection at once.
    """
    network = network or SystemNetwork()
    session = Session(settings, network, recipient, compose)
    run = _Run(settings, network, session, timeout)
    try:
        for step in session.steps():
            yield Started(step[0])
            finished = await run.take(step)
            yield finished
            if run.over:
                break
    finally:
        await session.aclose()
    yield Concluded(run.report())


class _Run:
    """The course of one test: its deadline, and what has happened so far."""

    def __init__(
        self, settings: SmtpSettings, network: Network, session: Session, seconds: float
    ) -> None:
        self._settings = settings
        self._network = network
        self._session = session
        self._seconds = seconds
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._deadline = self._began + seconds
        self._stages: list[Finished] = []
        self._diagnosis: Diagnosis | None = None
        self._verdict = Verdict.PASS
        self.over = False

    async def take(self, step: Step) -> Finished:
        """Run one stage; note and explain how it went."""
        began = self._clock()
        result = await self._attempt(step)
        seconds = self._clock() - began
        if isinstance(result, Passed):
            finished = self._passed(step[0], result, seconds)
        elif step[0] in _COURTESIES:
            finished = self._unimportant(result, seconds)
        else:
            finished = self._failed(await self._investigate(result), seconds)
        self._stages.append(finished)
        return finished

    def report(self) -> Report:
        """Sum up; meant for when the last stage has ended."""
        return Report(
            self._verdict,
            self._settings.route,
            self._settings.endpoint.display,
            tuple(self._stages),
            self._diagnosis,
            self._clock() - self._began,
        )

    async def _attempt(self, step: Step) -> Passed | Failure:
        stage, action = step
        try:
            async with asyncio.timeout_at(self._limit(stage)):
                return await action()
        except Failed as error:
            return error.failure
        except TimeoutError:
            return Failure(stage, Cause.TIMEOUT, text=f"{self._seconds:g} seconds")
        except ConnectionClosed:
            return Failure(stage, Cause.CLOSED)
        except Malformed as error:
            said = self._session.printable(error.received)
            return Failure(stage, Cause.MALFORMED, said=said, text=error.problem)
        except Exception as error:  # noqa: BLE001 - whatever a library comes up with is a verdict
            # Its text is left out: nobody knows what is in it.
            return Failure(stage, Cause.UNEXPECTED, text=type(error).__name__)

    def _limit(self, stage: Stage) -> float:
        """Return until when ``stage`` may take, in the clock's seconds."""
        if stage in _COURTESIES:
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
                certificate = await look(self._network, address, route.host, upgrade)
        except Exception:  # noqa: BLE001 - only an attempt to say more
            return failure
        cause = Cause.IS_TLS if silent else failure.cause
        return replace(failure, cause=cause, certificate=certificate)

    def _passed(self, stage: Stage, passed: Passed, seconds: float) -> Finished:
        outcome, message = passed.outcome, passed.message
        if passed.concern is not None:
            diagnosis = diagnose(passed.concern, self._settings)
            self._note(diagnosis, Verdict.WARN)
            outcome, message = Outcome.WARN, diagnosis.summary
        return Finished(stage, outcome, seconds, message, passed.detail)

    def _failed(self, failure: Failure, seconds: float) -> Finished:
        diagnosis = diagnose(failure, self._settings)
        outcome, verdict = Outcome.FAIL, Verdict.FAIL
        if diagnosis.warning:
            outcome, verdict = Outcome.WARN, Verdict.WARN
        elif failure.cause is Cause.CONTAINER_INTERNAL:
            outcome, verdict = Outcome.SKIP, Verdict.UNTESTABLE
        self.over = verdict is not Verdict.WARN
        self._note(diagnosis, verdict)
        if self.over and failure.cause in _IN_STEP:
            self._session.take_leave()
        return Finished(failure.stage, outcome, seconds, diagnosis.summary, _detail(failure))

    def _unimportant(self, failure: Failure, seconds: float) -> Finished:
        self.over = True
        command = failure.stage.value.upper()
        message = f"The mail server did not accept {command}, which does not matter for mails."
        return Finished(failure.stage, Outcome.WARN, seconds, message, _detail(failure))

    def _note(self, diagnosis: Diagnosis, verdict: Verdict) -> None:
        """Keep the first warning, unless there is a failure."""
        if self._diagnosis is None or verdict is not Verdict.WARN:
            self._diagnosis, self._verdict = diagnosis, verdict


def _detail(failure: Failure) -> dict[str, JSON]:
    detail: dict[str, JSON] = {}
    if failure.code is not None:
        detail |= {"code": failure.code, "enhanced": failure.enhanced}
    if failure.said:
        detail["said"] = failure.said
    if failure.certificate is not None:
        detail |= certificate_detail(failure.certificate)
    return detail
