"""Our verdict is that of the crate lettre, which the server sends its mails with.

The servers are those of the catalogue. Where the verdicts differ, the case says why.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.live_test.catalogue import CASES, Case, play
from tests.live_test.certificates import authority, good
from tests.live_test.servers import serving
from tests.peers.crate import built
from wizard.config.endpoint import Endpoint
from wizard.live_test.failure import Verdict

NO_PATIENCE = 6.0
"""Seconds after which lettre is taken to be stuck: it has a time limit for each read only."""

Lettre = Callable[[Case], Awaitable[str]]

pytestmark = pytest.mark.timeout(900)  # the first run compiles lettre


@pytest.fixture(scope="session")
def program() -> Path:
    return built("lettre_rust")


@pytest.fixture
def lettre(program: Path, tmp_path: Path) -> Lettre:
    """Ask lettre about a case; "ok", or why not."""
    trusted = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(trusted))
    environ = {
        **os.environ,
        "SSL_CERT_FILE": str(trusted),
        "SSL_CERT_DIR": str(tmp_path / "none"),
    }

    async def ask(case: Case) -> str:
        context = case.tls() if case.tls is not None else False
        async with serving(case.server, good(), tls=context) as port:
            security = Endpoint.parse(case.endpoint).route(case.starttls).security
            process = await asyncio.create_subprocess_exec(
                program,
                *(security, str(port), case.user, case.password or "", action(case)),
                stdout=subprocess.PIPE,
                env=environ,
            )
            try:
                answer, _ = await asyncio.wait_for(process.communicate(), NO_PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()
                return "error: stuck"
        return answer.decode().strip()

    return ask


def action(case: Case) -> str:
    """Sending a mail where sender, recipient or mail are the point; else lettre's own test."""
    stage = case.expected.rpartition(" ")[2]
    return "send" if case.recipient or stage in {"mail", "rcpt", "data"} else "test"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_verdict_is_lettres(case: Case, lettre: Lettre) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    theirs, report = await asyncio.gather(lettre(case), play(case, authority()))
    same = (theirs == "ok") == (report.verdict is not Verdict.FAIL)
    if case.lettre:
        assert not same, f"no longer a difference: {case.lettre}"
    else:
        assert same, theirs
