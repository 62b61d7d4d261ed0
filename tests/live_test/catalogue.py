"""Hostile, broken and merely picky mail servers, with the verdict that each must get.

``python -m tests.live_test.catalogue`` plays all of them and prints case, verdict and diagnosis.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import trustme

from tests.live_test import scripts
from tests.live_test.certificates import (
    DAY,
    NOW,
    authority,
    demanding_certificate,
    good,
    issued,
    old_ciphers,
    old_tls,
    self_signed,
    server_context,
    stranger,
)
from tests.live_test.servers import (
    HOST,
    PASSWORD,
    Answers,
    LoopbackNetwork,
    Script,
    run_test,
    serving,
)
from wizard.live_test.events import Event, TestReport

USER = "you@example.org"
TO = "admin@example.net"
SOON = 4.0
"""Deadline in seconds for servers that nothing but the deadline ends."""
HI = "250-mail.example.org\r\n250 "


@dataclass(frozen=True)
class Case:
    """One mail server, how it is reached, and what must come out.

    ``expected`` is verdict, code and stage as in ``"fail auth-rejected auth"``, or just ``"pass"``.
    ``tls`` makes the context of a server that encrypts from the first byte.
    ``lettre`` says why the server's client comes to another verdict, where it does.
    """

    name: str
    server: Answers | Script
    expected: str = "pass"
    tls: Callable[[], ssl.SSLContext] | None = good
    endpoint: str = HOST
    starttls: bool = False
    user: str = USER
    password: str | None = PASSWORD
    recipient: str | None = None
    deliver: bool = False
    deadline: float = 20.0
    lettre: str = ""


def _by_default(**defaults: Any) -> Callable[..., Case]:
    return lambda name, server, expected="pass", **how: Case(
        name, server, expected, **{**defaults, **how}
    )


smtps = _by_default()
starttls = _by_default(tls=None, starttls=True)
relay = _by_default(tls=None, endpoint="smtp://localhost")


def _working() -> Iterator[Case]:
    yield smtps("SMTPS", {})
    yield starttls("STARTTLS", {})
    yield relay("relay with login", {})
    yield relay("relay without login", {"EHLO": HI + "HELP"}, password=None)
    yield smtps("recipient", {}, recipient=TO)
    yield smtps("PIPELINING", {"EHLO": "250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN"})


def _silence() -> Iterator[Case]:
    for verb in ("GREETING", "EHLO", "STARTTLS", "EHLO2", "AUTH", "MAIL", "RCPT"):
        stage = verb.removesuffix("2").lower()
        for what, answer, code in (
            ("silence", "", "slow"),
            ("close", "CLOSE", "protocol-error"),
            ("reset", "RESET", "protocol-error"),
            ("half a reply, then close", b"250-mail\r\nCLOSE", "protocol-error"),
        ):
            closed = "greeting-refused" if verb == "GREETING" and answer != "" else code
            expected = f"untestable slow {stage}" if answer == "" else f"fail {closed} {stage}"
            yield starttls(
                f"{what} at {verb}",
                {verb: answer},
                expected,
                recipient=TO,
                deadline=SOON if answer == "" else 20.0,
            )
    yield smtps("silence at TLS", {"GREETING": ""}, "fail timeout tls", tls=None, deadline=SOON)
    yield smtps("close at TLS", {"GREETING": "CLOSE"}, "fail tls-failed tls", tls=None)
    yield smtps("reset at TLS", scripts.reset, "fail tls-failed tls", tls=None)
    for verb in ("RSET", "QUIT"):
        for what, answer in (("close", "CLOSE"), ("reset", "RESET"), ("nonsense", "garbage")):
            yield smtps(f"{what} at {verb}", {verb: answer})


def _endless() -> Iterator[Case]:
    yield relay("a byte a second", scripts.drip(1.0), "untestable slow greeting", deadline=SOON)
    yield relay("an endless greeting", scripts.endless_greeting, "fail not-a-mail-server greeting")
    yield relay(
        "an endless greeting, slowly",
        scripts.slow_endless_greeting,
        "untestable slow greeting",
        deadline=SOON,
    )
    yield relay("a line of 100 MB", scripts.long_line, "fail not-a-mail-server greeting")
    yield relay("a flood of replies", scripts.flood_after_greeting, "fail no-auth-offered auth")


def _greetings() -> Iterator[Case]:
    for greeting, expected in (
        ("421 4.7.0 Too many connections", "rate-limited"),
        ("554 5.7.1 Blocked, see https://bl.example", "greeting-refused"),
        ("SSH-2.0-OpenSSH_9.6", "not-a-mail-server"),
        ("HTTP/1.1 400 Bad Request", "not-a-mail-server"),
        ("+OK POP3 ready", "not-a-mail-server"),
        ("* OK IMAP4rev1", "not-a-mail-server"),
        ("220", "not-a-mail-server"),
    ):
        yield smtps(f"greets: {greeting}", {"GREETING": greeting}, f"fail {expected} greeting")
    yield smtps("greets with bare LF", {"GREETING": b"220 hi\n"}, "fail not-a-mail-server greeting")
    yield smtps("greets: 250", {"GREETING": "250 hi"})
    yield smtps("greets in UTF-8", {"GREETING": "220 bücher"})
    yield smtps("greets in three lines", {"GREETING": "220-mail\r\n220-No spam\r\n220 Go ahead"})
    yield smtps("greets after a teaser", scripts.teasing(0.5))
    yield smtps(
        "two greetings",
        {"GREETING": "220 hi\r\n220 hi again"},
        "fail no-auth-offered auth",
    )
    for reply, code in (
        ("502 5.5.1 Not implemented", "ehlo-refused"),
        ("504 5.5.2 <box>: need fully-qualified hostname", "ehlo-refused"),
        ("421 4.7.0 Too fast", "rate-limited"),
        ("250", "protocol-error"),
        ("250 ", "protocol-error"),
        (b"250-mail.example.org\n250 AUTH PLAIN\n", "protocol-error"),
        ("250-mail.example.org\r\n220 AUTH PLAIN", "protocol-error"),
        (b"250-mail.example.org\r\n250 \xe4\xf6\r\n", "protocol-error"),
        ("250 " + "x" * 1000, "protocol-error"),
    ):
        shown = reply if isinstance(reply, str) else reply.decode("latin-1")
        name = ascii(shown)[1:-1][:36]
        yield smtps(f"EHLO: {name}", {"EHLO": reply}, f"fail {code} ehlo")


def _encryption() -> Iterator[Case]:
    for kind in (smtps, starttls):
        word, stage = ("SMTPS", "tls") if kind is smtps else ("STARTTLS", "starttls")
        for name, context, code in (
            ("expired", lambda: server_context(not_after=NOW - DAY), "certificate-expired"),
            (
                "not yet valid",
                lambda: server_context(not_before=NOW + DAY),
                "certificate-not-yet-valid",
            ),
            ("wrong name", lambda: server_context("other.example"), "certificate-name"),
            ("unknown issuer", lambda: server_context(by=stranger), "certificate-untrusted"),
            ("self-signed", self_signed, "certificate-untrusted"),
        ):
            expected = f"fail {code} {stage}"
            if kind is smtps:
                yield smtps(f"{name} ({word})", {}, expected, tls=context)
            else:
                script = scripts.after_starttls(b"AUTH PLAIN", context)
                yield starttls(f"{name} ({word})", script, expected)
    older = "fail tls-too-old"
    yield smtps("TLS 1.1", scripts.alerting(old_tls, starttls=False), f"{older} tls", tls=None)
    yield starttls(
        "TLS 1.1 by STARTTLS", scripts.alerting(old_tls, starttls=True), f"{older} starttls"
    )
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = partial(demanding_certificate, version)
        word = version.name.replace("_", ".")
        first, second = (
            ("greeting", "ehlo") if version is ssl.TLSVersion.TLSv1_3 else ("tls", "starttls")
        )
        yield smtps(
            f"certificate demanded, {word}",
            scripts.alerting(context, starttls=False),
            f"fail tls-failed {first}",
            tls=None,
        )
        yield starttls(
            f"certificate demanded, {word} by STARTTLS",
            scripts.alerting(context, starttls=True),
            f"fail tls-failed {second}",
        )
    yield smtps("clear text on the TLS port", {}, "fail plain-on-tls-port tls", tls=None)
    yield smtps("web server on the TLS port", scripts.web, "fail plain-on-tls-port tls", tls=None)
    yield Case(
        "TLS on the STARTTLS port",
        {},
        "fail tls-on-plain-port greeting",
        starttls=True,
        deadline=4.0,
    )
    yield Case(
        "TLS on the relay's port",
        {},
        "fail tls-on-plain-port greeting",
        endpoint="smtp://localhost",
        deadline=4.0,
    )
    for answer in ("454 4.7.0 TLS not available", "502 5.5.1 No"):
        yield starttls(
            f"STARTTLS: {answer}", {"STARTTLS": answer}, "fail starttls-refused starttls"
        )
    yield starttls("no STARTTLS", {"EHLO": HI + "AUTH PLAIN"}, "fail starttls-missing starttls")
    yield starttls(
        "STARTTLS stripped to XXXXXXXX",
        {"EHLO": "250-mail\r\n250-XXXXXXXX\r\n250 AUTH PLAIN"},
        "fail starttls-missing starttls",
    )
    yield starttls(
        "STARTTLS agreed to, not done", scripts.stays_clear, "fail plain-on-tls-port starttls"
    )
    yield starttls(
        "bytes injected after STARTTLS",
        scripts.injecting,
        "fail protocol-error starttls",
        lettre="lettre takes injected bytes for the reply to its next command; we fail closed",
    )


def _logins() -> Iterator[Case]:
    for offer, code in (
        ("HELP", "no-auth-offered"),
        ("AUTH=PLAIN LOGIN", "no-auth-offered"),
        ("auth PLAIN LOGIN", "no-auth-offered"),
        ("AUTH CRAM-MD5", "no-usable-mechanism"),
        ("AUTH plain login", "no-usable-mechanism"),
        ("AUTH XOAUTH2", "no-usable-mechanism"),
    ):
        yield smtps(f"offers {offer}", {"EHLO": HI + offer}, f"fail {code} auth")
    for first, second in (("AUTH PLAIN", "AUTH=PLAIN LOGIN"), ("AUTH=LOGIN", "AUTH LOGIN PLAIN")):
        offers = f"250-mail.example.org\r\n250-{first}\r\n250 {second}"
        yield smtps(f"offers {first} and {second}", {"EHLO": offers})
    yield relay(
        "login only after STARTTLS, without it",
        {"EHLO": HI + "STARTTLS"},
        "fail no-auth-offered auth",
    )
    yield starttls("login only after STARTTLS", scripts.after_starttls(b"AUTH PLAIN"))
    yield smtps("only LOGIN", scripts.asking(["Username:", "Password:"]))
    yield smtps("only LOGIN, as Microsoft asks", scripts.asking(["User Name\0", "Password\0"]))
    yield smtps("only LOGIN, swapped", scripts.asking(["Password:", "Username:"]))
    yield smtps("only LOGIN, odd", scripts.asking(["PIN:"]), "fail protocol-error auth")
    yield smtps(
        "only LOGIN, endless", scripts.asking(["Username:"] * 30), "fail protocol-error auth"
    )
    yield smtps(
        "only LOGIN with initial response",
        scripts.demanding_initial_response,
        "fail auth-rejected auth",
    )
    for reply, code in (
        ("535 5.7.8 Bad credentials", "auth-rejected"),
        ("535 5.7.8 Bad credentials\r\nCLOSE", "auth-rejected"),
        ("535-5.7.8 Bad\r\n535 5.7.8 credentials", "auth-rejected"),
        ("535 5.7.8 \x1b]0;owned\x07\x1b[31m\u202eevil\x9b2J", "auth-rejected"),
        ("534 5.7.9 Application-specific password required", "app-password-needed"),
        ("535 5.7.139 SmtpClientAuthentication is disabled", "auth-disabled"),
        ("454 4.7.0 Temporary authentication failure", "auth-temporary"),
        ("421 4.7.0 Too many errors", "rate-limited"),
        ("538 5.7.11 Encryption required", "encryption-required"),
        ("504 5.5.4 Mechanism not supported", "no-usable-mechanism"),
        ("334 ", "protocol-error"),
        ("235", "protocol-error"),
        (b"535 \xff\xfe\r\n", "protocol-error"),
        (b"535-no\r\n421 no\r\n", "protocol-error"),
    ):
        shown = reply if isinstance(reply, str) else reply.decode("latin-1")
        name = ascii(shown)[1:-1][:36]
        yield smtps(f"AUTH: {name}", {"AUTH": reply}, f"fail {code} auth")
    yield smtps("AUTH: 200", {"AUTH": "200 fine"})
    for name, password in (
        ("non-ASCII", "pässwörd-€-日本"),
        ("blanks", "  two blanks  inside and around "),
        ("200 characters", "x" * 200),
        ("quotes and dollars", "'\"\\${A}$`#"),
    ):
        yield smtps(f"password: {name}", scripts.password_is(password), password=password)


def _mails() -> Iterator[Case]:
    for reply, expected in (
        ("553 5.7.1 Sender address rejected", "fail sender-refused mail"),
        ("550 5.7.60 Client does not have permission", "fail sender-refused mail"),
        ("452 4.2.2 Over quota", "fail quota mail"),
        ("421 4.3.2 Later", "fail server-trouble mail"),
        ("530 5.7.0 Must issue a STARTTLS command first", "fail encryption-required mail"),
    ):
        yield smtps(f"MAIL: {reply[:36]}", {"MAIL": reply}, expected)
    yield smtps(
        "MAIL: greylisted",
        {"MAIL": "451 4.7.1 Greylisted", "RCPT": "503 5.5.1 Sender first"},
        "warn greylisted mail",
        recipient=TO,
        lettre="this very mail is refused, the next one a little later is not",
    )
    yield relay(
        "MAIL: 530 without a secret",
        {"MAIL": "530 5.7.0 Authentication required"},
        "fail secret-missing mail",
        password=None,
    )
    yield smtps("non-ASCII sender", {}, "fail smtputf8-missing mail", user="jürgen@example.org")
    yield smtps(
        "non-ASCII sender with SMTPUTF8",
        {"EHLO": "250-mail\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN"},
        user="jürgen@example.org",
    )
    yield smtps(
        "the user is not an address",
        {},
        "warn sender-unknown mail",
        user="apikey",
        lettre="lettre takes no such sender; which one the server then uses is not documented",
    )
    for reply in ("550 5.1.1 No such user", "452 4.2.2 Mailbox full"):
        yield smtps(f"RCPT, to the sender only: {reply}", {f"RCPT TO:<{USER}>": reply})
    yield smtps(
        "RCPT: EHLO name refused, in a group of commands",
        {
            "EHLO": "250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN",
            "RCPT": "504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname",
        },
        "fail ehlo-refused rcpt",
    )
    for reply, expected in (
        ("554 5.7.1 Relay access denied", "fail recipient-refused rcpt"),
        ("550 5.1.1 No such user", "fail recipient-refused rcpt"),
        ("550 5.2.252 SendAsDenied", "fail sender-refused rcpt"),
    ):
        yield smtps(f"RCPT: {reply}", {"RCPT": reply}, expected, recipient=TO)
    yield smtps("RCPT: 251", {"RCPT": "251 User not local; will forward"}, recipient=TO)
    for verb, reply, expected in (
        ("DATA", "554 5.5.1 No valid recipients", "fail mail-refused data"),
        ("DATA", "CLOSE", "fail protocol-error data"),
        (".", "550 5.7.1 Looks like spam", "fail mail-refused data"),
        (".", "554 Message rejected: Email address is not verified.", "fail sender-refused data"),
        (".", "552 5.3.4 Message too big", "fail mail-too-big data"),
        (".", "451 4.3.0 Later", "fail server-trouble data"),
        (".", "CLOSE", "fail protocol-error data"),
    ):
        yield smtps(
            f"{'the mail' if verb == '.' else verb}: {reply}"[:48],
            {verb: reply},
            expected,
            recipient=TO,
            deliver=True,
        )
    yield smtps("a real mail", {}, recipient=TO, deliver=True)


def _details() -> Iterator[Case]:
    """Where a client less strict, or more, than the server's would come to another verdict."""
    for greeting, expected in (
        ("354 hi", "pass"),
        ("220 ", "pass"),
        ("220 a\0b", "pass"),
        ("220 a\rb", "pass"),
        (b"220 a\r\r\n", "pass"),
        ("260 hi", "fail not-a-mail-server greeting"),
        (b"220 \xe4\r\n", "fail not-a-mail-server greeting"),
    ):
        yield smtps(f"greets: {greeting!r}", {"GREETING": greeting}, expected)
    long = b"250-mail\r\n250-%s\r\n250 AUTH PLAIN\r\n"
    for name, reply, expected in (
        ("AUTH in its first line", "250 AUTH PLAIN", "pass"),
        ("AUTH with a tab", HI + "AUTH\tPLAIN", "pass"),
        ("first line empty", "250-\r\n250 AUTH PLAIN", "fail protocol-error ehlo"),
        ("one line of 1000 bytes", long % (b"x" * 994), "pass"),
        ("one line of 1001 bytes", long % (b"x" * 995), "fail protocol-error ehlo"),
        (
            "40 kB",
            b"250-mail\r\n" + 45 * (b"250-" + b"x" * 900 + b"\r\n") + b"250 AUTH PLAIN\r\n",
            "pass",
        ),
        ("LF, then CR LF", b"250-a\n250-AUTH PLAIN\r\n250 x\r\n", "fail protocol-error ehlo"),
    ):
        yield smtps(f"EHLO: {name}", {"EHLO": reply}, expected)
    yield smtps("AUTH: 354", {"AUTH": "354 fine"})
    yield smtps("MAIL: 354", {"MAIL": "354 hm"}, recipient=TO)
    yield starttls(
        "starttls in lower case", {"EHLO": HI + "starttls"}, "fail starttls-missing starttls"
    )
    for prompts, expected in (
        (["USERNAME:", "PASSWORD:"], "pass"),
        (["User Name", "Password"], "pass"),
        (["Username: "], "fail protocol-error auth"),
        ([""], "fail protocol-error auth"),
        (["Username:"] * 9, "pass"),
        (["Username:"] * 11, "fail protocol-error auth"),
    ):
        name = f"{prompts[0]!r}, {len(prompts)} times" if len(prompts) > 2 else repr(prompts)
        yield smtps(f"LOGIN asks {name}", scripts.asking(prompts), expected)
    yield smtps(
        "certificate with a common name, and other names",
        {},
        "fail certificate-name tls",
        tls=lambda: server_context("other.example", common_name="localhost"),
    )
    yield smtps(
        "certificate with a common name, and no other names at all",
        {},
        "fail certificate-name tls",
        tls=issued,
    )
    yield smtps(
        "RSA without Diffie and Hellman",
        {},
        "fail tls-failed tls",
        tls=lambda: old_ciphers("AES128-GCM-SHA256"),
    )


CASES = (
    *_working(),
    *_silence(),
    *_endless(),
    *_greetings(),
    *_encryption(),
    *_logins(),
    *_mails(),
    *_details(),
)


def outcome(report: TestReport) -> str:
    """Return verdict, code and stage as in :attr:`Case.expected`."""
    found = report.diagnosis
    return " ".join([report.verdict, *([found.code, found.stage] if found else [])])


async def play(case: Case, ca: trustme.CA, events: list[Event] | None = None) -> TestReport:
    """Run the live test against the server of ``case``."""
    context = case.tls() if case.tls is not None else False
    async with serving(case.server, good(), tls=context) as port:
        return await run_test(
            LoopbackNetwork(port, ca),
            case.endpoint,
            starttls=case.starttls,
            user=case.user,
            password=case.password,
            recipient=case.recipient,
            deliver=case.deliver,
            timeout=case.deadline,
            events=events,
        )


async def _main() -> int:
    wrong = 0
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    for case in CASES:
        report = await play(case, authority())
        found = outcome(report)
        wrong += found != case.expected
        mark = " " if found == case.expected else f"  EXPECTED {case.expected}"
        sys.stdout.write(f"{case.name:<54} {found:<42} {report.seconds:6.2f} s{mark}\n")
    sys.stdout.write(f"{len(CASES)} cases, {wrong} unexpected\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
