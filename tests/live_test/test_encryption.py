"""TLS that fails, is missing, or comes where it is not expected."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.live_test import scripts
from tests.live_test.certificates import (
    DAY,
    NAMES,
    NOW,
    demanding_certificate,
    issued,
    old_ciphers,
    server_context,
)
from tests.live_test.servers import LoopbackNetwork, Run, Serve, run_test, verdict
from wizard.live_test.failure import Verdict
from wizard.system.network import SystemNetwork

PLAIN_EHLO = "250-mail.example.org\r\n250-STARTTLS\r\n250 AUTH PLAIN"


@pytest.fixture(params=[False, True], ids=["smtps", "starttls"])
def starttls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def certified(serve: Serve) -> Callable[..., AbstractAsyncContextManager[int]]:
    """Serve with a given certificate, by SMTPS or after STARTTLS."""

    def certified(context: ssl.SSLContext, starttls: bool) -> AbstractAsyncContextManager[int]:
        if not starttls:
            return serve({}, tls=context)
        return serve(scripts.after_starttls(b"AUTH PLAIN", lambda: context))

    return certified


async def test_a_wrong_name_shows_the_names_and_proposes_the_closest(
    certified: Serve, run: Run, authority: trustme.CA, starttls: bool
) -> None:
    context = server_context(
        "*.example.org", "example.com", "smtp.example.org", "192.0.2.1", by=lambda: authority
    )
    async with certified(context, starttls) as port:
        report = await run(port, "mail.sub.example.org", starttls=starttls)
    assert verdict(report) == ("fail", "certificate-name", "starttls" if starttls else "tls")
    assert report.diagnosis is not None
    assert "example.com, smtp.example.org" in report.diagnosis.summary
    assert "smtp.example.org" in report.diagnosis.remedy
    assert report.stages[-1].detail["names"] == [
        "*.example.org",
        "example.com",
        "smtp.example.org",
        "192.0.2.1",
    ]


async def test_the_common_name_does_not_count(
    certified: Serve, run: Run, authority: trustme.CA
) -> None:
    context = server_context(
        "other.example.org", common_name="mail.example.org", by=lambda: authority
    )
    async with certified(context, False) as port:
        assert verdict(await run(port))[1] == "certificate-name"


async def test_an_expired_certificate_shows_when_it_expired(
    certified: Serve, run: Run, authority: trustme.CA, starttls: bool
) -> None:
    end = NOW - 3 * DAY
    context = server_context("mail.example.org", not_after=end, by=lambda: authority)
    async with certified(context, starttls) as port:
        report = await run(port, starttls=starttls)
    assert verdict(report)[:2] == ("fail", "certificate-expired")
    assert report.diagnosis is not None
    assert f"{end:%Y-%m-%d}" in report.diagnosis.summary


async def test_a_certificate_that_is_not_yet_valid_points_to_the_clock(
    certified: Serve, run: Run, authority: trustme.CA
) -> None:
    context = server_context("mail.example.org", not_before=NOW + DAY, by=lambda: authority)
    async with certified(context, False) as port:
        report = await run(port)
    assert verdict(report)[:2] == ("fail", "certificate-not-yet-valid")
    assert report.diagnosis is not None
    assert "clock" in report.diagnosis.remedy


async def test_a_certificate_that_expires_soon_is_a_warning(
    certified: Serve, run: Run, authority: trustme.CA, starttls: bool
) -> None:
    context = server_context("mail.example.org", not_after=NOW + 3 * DAY, by=lambda: authority)
    async with certified(context, starttls) as port:
        report = await run(port, starttls=starttls)
    assert verdict(report)[:2] == ("warn", "certificate-expires-soon")
    assert report.stages[-1].stage == "quit"


UNCOMMON: dict[str, Callable[[], ssl.SSLContext]] = {
    "the mark of an authority": lambda: issued(NAMES, x509.BasicConstraints(True, None)),
    "key (P-521)": lambda: issued(NAMES, curve=ec.SECP521R1()),
    "signature (ECDSA-SHA512)": lambda: issued(NAMES, digest=hashes.SHA512()),
    "ECDHE-RSA-AES128-SHA256": lambda: old_ciphers("ECDHE-RSA-AES128-SHA256"),
}
"""Contexts, by what is uncommon about them."""


@pytest.mark.parametrize("what", UNCOMMON)
async def test_what_some_tls_libraries_refuse_is_a_warning(
    certified: Serve, catalogue_authority: trustme.CA, starttls: bool, what: str
) -> None:
    async with certified(UNCOMMON[what](), starttls) as port:
        report = await run_test(LoopbackNetwork(port, catalogue_authority), starttls=starttls)
    assert verdict(report) == ("warn", "tls-uncommon", "starttls" if starttls else "tls")
    assert report.diagnosis is not None
    assert what in report.diagnosis.summary
    assert report.stages[-1].stage == "quit"


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"])
async def test_a_cipher_that_every_tls_library_has_is_no_warning(
    serve: Serve, catalogue_authority: trustme.CA, cipher: str
) -> None:
    async with serve({}, tls=old_ciphers(cipher)) as port:
        report = await run_test(LoopbackNetwork(port, catalogue_authority))
    assert report.verdict is Verdict.PASS


async def test_an_uncommon_certificate_is_said_before_its_end(
    serve: Serve, catalogue_authority: trustme.CA
) -> None:
    context = issued(NAMES, curve=ec.SECP521R1(), not_after=NOW + 3 * DAY)
    async with serve({}, tls=context) as port:
        report = await run_test(LoopbackNetwork(port, catalogue_authority))
    assert verdict(report)[:2] == ("warn", "tls-uncommon")


async def test_a_demand_for_a_certificate_of_the_client_is_called_that(
    serve: Serve, catalogue_authority: trustme.CA, starttls: bool
) -> None:
    context = partial(demanding_certificate, ssl.TLSVersion.TLSv1_3)
    async with serve(scripts.alerting(context, starttls=starttls)) as port:
        report = await run_test(LoopbackNetwork(port, catalogue_authority), starttls=starttls)
    assert verdict(report) == ("fail", "tls-failed", "ehlo" if starttls else "greeting")
    assert report.diagnosis is not None
    assert "demands a certificate" in report.diagnosis.summary


async def test_an_unknown_authority_is_named(certified: Serve, run: Run, starttls: bool) -> None:
    stranger = trustme.CA(organization_name="Somebody Ltd")
    async with certified(server_context("mail.example.org", by=lambda: stranger), starttls) as port:
        report = await run(port, starttls=starttls)
    assert verdict(report)[:2] == ("fail", "certificate-untrusted")
    assert report.diagnosis is not None
    assert "Somebody Ltd" in report.diagnosis.summary
    assert report.stages[-1].detail["issuer"] == "Somebody Ltd"


async def test_no_login_is_sent_to_fetch_an_untrusted_certificate(
    serve: Serve, run: Run, starttls: bool
) -> None:
    received: list[bytes] = []
    ended = asyncio.Event()
    context = server_context("mail.example.org", by=trustme.CA)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        if starttls:
            for reply in (b"250-mail\r\n250 STARTTLS\r\n", b"220 go\r\n"):
                received.append(await reader.readline())
                writer.write(reply)
            await writer.start_tls(context)  # fails where the client verifies the certificate
        try:
            while line := await reader.readline():
                received.append(line)
                writer.write(b"250 AUTH PLAIN\r\n")
        finally:
            ended.set()

    async with serve(play, tls=False if starttls else context) as port:
        await run(port, starttls=starttls)
        await ended.wait()
    commands = [line.split()[0] for line in received]
    assert commands == ([b"EHLO", b"STARTTLS"] * 2 if starttls else [])


async def test_the_verdict_stands_when_the_certificate_cannot_be_fetched(
    serve: Serve, run: Run
) -> None:
    context = server_context("mail.example.org", by=trustme.CA)

    class Once:
        """Lets the first connection encrypt, and hangs up on every other."""

        calls = 0

        async def __call__(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            self.calls += 1
            if self.calls == 1:
                await writer.start_tls(context)

    async with serve(Once()) as port:
        report = await run(port)
    assert verdict(report)[:2] == ("fail", "certificate-untrusted")
    assert report.diagnosis is not None
    assert "unknown issuer" in report.diagnosis.summary


async def test_clear_text_on_the_tls_port_is_recognised(serve: Serve, run: Run) -> None:
    async with serve({}) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "plain-on-tls-port", "tls")


async def test_a_web_server_on_the_tls_port_is_recognised(serve: Serve, run: Run) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serve(play) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "plain-on-tls-port", "tls")


@pytest.mark.parametrize(
    "endpoint",
    ["smtp://localhost", "smtp://localhost?tls=required"],
    ids=["clear text", "STARTTLS"],
)
async def test_a_tls_port_where_clear_text_was_expected_is_recognised(
    serve: Serve, run: Run, endpoint: str
) -> None:
    async with serve({}, tls=True) as port:
        report = await run(port, endpoint, timeout=4)
    assert verdict(report) == ("fail", "tls-on-plain-port", "greeting")


async def test_a_server_that_hangs_up_during_the_handshake_fails(serve: Serve, run: Run) -> None:
    async with serve({"GREETING": b"CLOSE"}) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "tls-failed", "tls")


async def test_tls_older_than_1_2_fails(serve: Serve, run: Run) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")  # fatal alert: protocol_version
        await writer.drain()
        await reader.read()

    async with serve(play) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "tls-too-old", "tls")


async def test_starttls_that_is_not_offered_fails(serve: Serve, run: Run) -> None:
    async with serve({"EHLO": "250-mail.example.org\r\n250 AUTH PLAIN"}) as port:
        report = await run(port, starttls=True)
    assert verdict(report) == ("fail", "starttls-missing", "starttls")


@pytest.mark.parametrize("answer", ["454 4.7.0 TLS not available", "502 5.5.1 No"])
async def test_starttls_that_is_refused_fails(serve: Serve, run: Run, answer: str) -> None:
    async with serve({"STARTTLS": answer}) as port:
        report = await run(port, starttls=True)
    assert verdict(report) == ("fail", "starttls-refused", "starttls")


async def test_starttls_that_is_accepted_but_not_done_fails(serve: Serve, run: Run) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 hi", b"250-mail\r\n250 STARTTLS", b"220 go"):
            writer.write(reply + b"\r\n")
            await reader.readline()
        writer.write(b"500 what?\r\n")
        await writer.drain()

    async with serve(play) as port:
        report = await run(port, starttls=True)
    assert verdict(report) == ("fail", "plain-on-tls-port", "starttls")


async def test_bytes_after_the_reply_to_starttls_end_the_test(
    serve: Serve, run: Run, server_tls: ssl.SSLContext
) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 hi", b"250-mail\r\n250 STARTTLS"):
            writer.write(reply + b"\r\n")
            await reader.readline()
        writer.write(b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
        await writer.start_tls(server_tls)
        await reader.read()

    async with serve(play) as port:
        report = await run(port, starttls=True)
    assert verdict(report) == ("fail", "protocol-error", "starttls")
    assert report.diagnosis is not None
    assert "Unencrypted" in report.diagnosis.summary


async def test_a_login_offered_before_starttls_does_not_count(serve: Serve, run: Run) -> None:
    class Script:
        """Offers a login before the encryption, and none after it."""

        def __init__(self, context: ssl.SSLContext) -> None:
            self.context = context

        async def __call__(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            for reply in (b"220 hi", PLAIN_EHLO.encode()):
                writer.write(reply + b"\r\n")
                await reader.readline()
            writer.write(b"220 go\r\n")
            await writer.start_tls(self.context)
            await reader.readline()
            writer.write(b"250 mail\r\n")
            await reader.readline()

    authority = trustme.CA()
    context = server_context("mail.example.org", by=lambda: authority)
    async with serve(Script(context)) as port:
        report = await run(port, starttls=True)
    assert report.verdict is Verdict.FAIL


def test_the_systems_context_verifies_as_the_server_does() -> None:
    context = SystemNetwork().tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_the_system_trusts_what_ssl_cert_file_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    trustme.CA(organization_name="Only Me").cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    [trusted] = SystemNetwork().tls_context().get_ca_certs()
    assert "Only Me" in str(trusted["subject"])
