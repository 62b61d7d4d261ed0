"""Our verdict is that of the crate lettre, which the server sends its mails with.

For each server of the catalogue lettre logs in and sends a whole mail, once with each of its TLS
libraries. Where the verdicts differ, the case says why; but what one of them does not send never
passes, with two exceptions among :data:`DOUBTFUL`.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.live_test.catalogue import CASES, TO, USER, Case, play, relay, starttls
from tests.live_test.certificates import NAMES, authority, good, issued, old_ciphers
from tests.live_test.replies import REPLIES, SHORT_NAMES, KnownReply
from tests.live_test.servers import PASSWORD, serving
from tests.peers.programs import built
from wizard.config.endpoint import Endpoint
from wizard.config.settings import check_user
from wizard.errors import InvalidValue
from wizard.live_test.events import TestReport
from wizard.live_test.failure import Verdict


class Outcome(NamedTuple):
    """How far lettre has come: to the stage ``done`` if the mail was taken."""

    stage: str
    code: int | None = None
    """Of the reply that has ended it, if it was one."""
    words: str = ""

    @property
    def sent(self) -> bool:
        return self.stage == "done"


class Outcomes(NamedTuple):
    """What comes of one mail, which may depend on the TLS library that lettre is built with."""

    native_tls: Outcome
    rustls: Outcome

    @property
    def sent(self) -> bool | None:
        """Whether the mail is sent; None where that depends on the library."""
        sent = {outcome.sent for outcome in self}
        return sent.pop() if len(sent) == 1 else None


class Lettre:
    """Processes that send a mail as lettre does for each line that they are given."""

    def __init__(self, directory: Path) -> None:
        trusted = directory / "ca.pem"
        authority().cert_pem.write_to_path(str(trusted))
        self._program = built("lettre_rust")
        self._environ = {
            **os.environ,
            "SSL_CERT_FILE": str(trusted),
            "SSL_CERT_DIR": str(directory / "none"),
        }
        self._starttls = good()
        self._idle: list[subprocess.Popen[str]] = []
        self._threads = ThreadPoolExecutor(40)

    async def send(self, case: Case) -> Outcomes:
        """Send a mail through the mail server of ``case``, with each library."""
        loop = asyncio.get_running_loop()
        context = case.tls() if case.tls is not None else False
        async with serving(case.server, self._starttls, tls=context) as port:
            sending = [
                loop.run_in_executor(self._threads, self._ask, case, port, library)
                for library in ("native-tls", "rustls")
            ]
            return Outcomes(*await asyncio.gather(*sending))

    def _ask(self, case: Case, port: int, library: str) -> Outcome:
        mail = {
            "library": library,
            "security": Endpoint.parse(case.endpoint).route(case.starttls).security,
            "port": port,
            "user": case.user,
            "password": case.password or "",
            "recipient": case.recipient or TO,
        }
        process = self._idle.pop() if self._idle else self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(mail) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        self._idle.append(process)
        return Outcome(**answer)

    def _start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [self._program], stdin=pipe, stdout=pipe, text=True, env=self._environ
        )

    def close(self) -> None:
        self._threads.shutdown()
        for process in self._idle:
            process.communicate()


@pytest.fixture(scope="session")
def lettre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lettre]:
    lettre = Lettre(tmp_path_factory.mktemp("lettre"))
    yield lettre
    lettre.close()


async def both(case: Case, lettre: Lettre) -> tuple[Outcomes, TestReport]:
    # Some of these servers make asyncio's TLS complain about what its peer does.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    return await asyncio.gather(lettre.send(case), play(case, authority()))


def assert_same(case: Case, theirs: Outcomes, report: TestReport) -> None:
    ours = report.verdict
    if not theirs.sent:
        assert ours is not Verdict.PASS, theirs
    same = theirs.sent is None or theirs.sent == (ours in {Verdict.PASS, Verdict.WARN})
    if case.lettre:
        assert not same, f"no longer a difference: {case.lettre}"
    else:
        assert same, theirs
    for refused in (outcome for outcome in theirs if outcome.code):
        assert report.diagnosis is not None
        assert report.diagnosis.stage == refused.stage


def is_slow(case: Case) -> bool:
    return case.deadline < Case.deadline


@pytest.mark.parametrize(
    "case", [case for case in CASES if not is_slow(case)], ids=lambda case: case.name
)
async def test_the_verdict_is_lettres(case: Case, lettre: Lettre) -> None:
    theirs, report = await both(case, lettre)
    assert_same(case, theirs, report)


async def test_the_verdict_is_lettres_where_the_server_keeps_it_waiting(lettre: Lettre) -> None:
    cases = [case for case in CASES if is_slow(case)]
    results = await asyncio.gather(*(both(case, lettre) for case in cases))
    for case, (theirs, report) in zip(cases, results, strict=True):
        assert_same(case, theirs, report)


def from_user(user: str) -> Case:
    """Return a mail server that takes this user, but not 8BITMIME."""
    offer = "250-mail\r\n250-SMTPUTF8\r\n250 AUTH PLAIN"
    return Case(f"user {user[:16]}", {"EHLO": offer}, user=user)


def with_curve(name: str) -> ssl.SSLContext:
    context = good()
    context.set_ecdh_curve(name)
    return context


DOUBTFUL = (
    Case("only CBC", {}, tls=lambda: old_ciphers("ECDHE-RSA-AES128-SHA256")),
    Case(
        "only P-521",
        {},
        tls=lambda: with_curve("secp521r1"),
        lettre="Python's ssl does not tell on which curve the two have agreed, before 3.15",
    ),
    Case("key on P-521", {}, tls=lambda: issued(NAMES, curve=ec.SECP521R1())),
    Case("signed with SHA-512", {}, tls=lambda: issued(NAMES, digest=hashes.SHA512())),
    Case("signed on P-521", {}, tls=lambda: issued(NAMES, through=ec.SECP521R1())),
    Case(
        "signed on another curve of 256 bits",
        {},
        tls=lambda: issued(NAMES, through=ec.BrainpoolP256R1()),
        lettre="Python's ssl does not show the authorities' certificates, before 3.13",
    ),
    Case("of an authority", {}, tls=lambda: issued(NAMES, x509.BasicConstraints(True, None))),
    from_user("jürgen@example.org"),
)
"""Mails that are not sent by every lettre: not with each of its libraries, or with none."""


@pytest.mark.parametrize("case", DOUBTFUL, ids=lambda case: case.name)
async def test_what_not_every_lettre_sends_does_not_pass(case: Case, lettre: Lettre) -> None:
    theirs, report = await both(case, lettre)
    assert not theirs.sent
    assert (report.verdict is Verdict.PASS) is bool(case.lettre)


@pytest.mark.parametrize(
    "user",
    ["a..b@example.org", "you@example.org.", "you@[192.0.2.1]", "x" * 65 + "@example.org"],
    ids=["two dots", "dot at the end", "IP address", "long local part"],
)
async def test_a_user_that_lettre_takes_for_no_address_is_refused(
    user: str, lettre: Lettre
) -> None:
    for outcome in await lettre.send(from_user(user)):
        assert outcome.stage == "compose"
    with pytest.raises(InvalidValue):
        check_user(user)


def case_of(reply: KnownReply) -> Case:
    """Return a mail server that says ``reply``, if it is about a mailbox only of the sender's.

    What it says does not depend on encryption, so there is none but where it is about STARTTLS.
    """
    key = "." if reply.stage == "data" else reply.stage.upper()
    if reply.stage == "rcpt" and reply.verdict == "pass":
        key = f"RCPT TO:<{USER}>"
    make = starttls if reply.stage == "starttls" else relay
    password = PASSWORD if reply.login else None
    return make(reply.said, {key: reply.said.replace("\n", "\r\n")}, password=password)


@pytest.mark.parametrize("reply", REPLIES, ids=SHORT_NAMES)
async def test_a_known_reply_breaks_the_mail_unless_its_verdict_is_pass(
    reply: KnownReply, lettre: Lettre
) -> None:
    for outcome in await lettre.send(case_of(reply)):
        if reply.verdict == "pass":
            assert outcome.sent, outcome
        else:
            first, *_ = reply.said.split("\n")
            assert outcome[:2] == (reply.stage, int(first[:3]))
            assert first[4:] in outcome.words
