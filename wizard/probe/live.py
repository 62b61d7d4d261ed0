"""The live test itself: runs the stages, explains what goes wrong, ends with a report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from wizard.config.settings import SmtpSettings
from wizard.live_test.alternatives import Search
from wizard.live_test.events import Concluded, Event, Started
from wizard.live_test.run import Course
from wizard.live_test.session import Session, hidden_forms
from wizard.probe.network import Network, SystemNetwork
from wizard.probe.transcript import Transcript

DEFAULT_TIMEOUT = 15.0


async def probe(
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
    transcript = Transcript(lambda: clock() - began, hidden_forms(settings))
    session = Session(
        settings,
        network,
        recipient=recipient,
        deliver=deliver,
        compose=compose,
        transcript=transcript,
    )
    search = Search(settings, network, began + timeout) if alternatives else None
    course = Course(settings, network, session, search, timeout)
    try:
        for step in session.steps():
            if not course.decided and step[0] in Course.COURTESIES:
                yield course.decide()
            yield Started(step[0])
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
    yield Concluded(course.report(transcript.lines, recipient))
