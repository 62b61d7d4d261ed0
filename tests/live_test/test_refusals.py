"""What refusing replies are about: wordings of every kind, and words that nobody knows."""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live_test.servers import HOST, PASSWORD, Run, Serve
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.diagnosis import diagnose
from wizard.live_test.failure import Cause, Failure, Stage, Verdict
from wizard.live_test.refusals import Subject, only_this_mailbox, subject_of
from wizard.secrets.secret import Secret

# fmt: off
VARIANTS = [
    ("rcpt",
     "504 5.5.2 <c0ffee>: Helo command rejected: need fully-qualified hostname", "ehlo-refused"),
    ("mail", '550 5.7.1 HELO/EHLO name "localhost" is not allowed here', "ehlo-refused"),
    ("rcpt", "550 rejected because of invalid hostname in EHLO", "ehlo-refused"),
    ("auth",
     "421 4.7.0 Try again later, closing connection. (EHLO) abc.12 - gsmtp", "ehlo-refused"),
    ("rcpt", "554 5.7.1 <box>: Helo command rejected: Access denied", "ehlo-refused"),
    ("mail", "501 5.5.4 Invalid HELO: bare host name", "ehlo-refused"),
    ("rcpt", "550 Bad HELO - host impersonating mail.example.net", "ehlo-refused"),
    ("ehlo", "502 5.5.2 Error: command not recognized", "ehlo-refused"),
    ("data", "550 5.7.1 Your HELO name does not resolve", "ehlo-refused"),
    ("rcpt",
     "554 5.7.1 <unknown[192.0.2.5]>: Client host rejected: Access denied", "client-refused"),
    ("mail", "550 5.7.25 [192.0.2.5] The sending IP address does not have a PTR record",
     "client-refused"),
    ("auth", "535 5.7.1 Your IP address is not authorized to use this account", "client-refused"),
    ("auth", "550 5.7.1 Unauthorized IP", "client-refused"),
    ("auth", "535 5.7.8 IP 192.0.2.5 not in allowlist", "client-refused"),
    ("auth", "535 5.7.8 Message rate exceeded", "rate-limited"),
    ("auth", "535 5.7.8 Your plan does not include SMTP", "auth-disabled"),
    ("auth", "550 Please upgrade your plan", "auth-disabled"),
    ("rcpt", "550 Your IP 192.0.2.5 is listed at bl.example.org", "client-refused"),
    ("rcpt", "421 4.7.1 Connection refused from 192.0.2.5: no reverse DNS", "client-refused"),
    ("mail", "550 5.7.1 Email rejected per DNSBL policy", "client-refused"),
    ("mail", "550-5.7.1 Invalid credentials for relay [192.0.2.5]", "client-refused"),
    ("rcpt", "553 5.7.1 Mail from 192.0.2.7 rejected, see our block list", "client-refused"),
    ("data", "554 Message refused: your IP has a poor reputation", "client-refused"),
    ("rcpt", "550 5.7.1 Client IP address not found in DNS", "client-refused"),
    ("greeting",
     "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked", "greeting-refused"),
    ("greeting", "550 No PTR for your address", "greeting-refused"),
    ("rcpt", "550 5.7.1 You have exceeded the maximum emails per hour (100)", "rate-limited"),
    ("rcpt", "450 4.7.1 too many emails from this account", "rate-limited"),
    ("auth", "451 4.7.1 credits exceeded, buy more", "rate-limited"),
    ("data", "454 Throttling failure: Daily message quota exceeded", "rate-limited"),
    ("mail", "452 4.5.3 Too many messages in this session", "rate-limited"),
    ("rcpt", "550 Account you@example.org has reached its daily sending limit", "rate-limited"),
    ("auth", "535 5.7.0 (#AUTH005) Too many bad auth attempts", "rate-limited"),
    ("data", "550 5.4.5 Daily user sending limit exceeded", "rate-limited"),
    ("rcpt", "451 4.7.1 Monthly plan limit reached. Upgrade your plan", "rate-limited"),
    ("mail", "421 4.7.28 Our system has detected an unusual rate of unsolicited mail: rate limited",
     "rate-limited"),
    ("rcpt", "451 4.3.5 Server configuration error", "server-trouble"),
    ("mail", "451 4.7.1 Service unavailable - try again later", "server-trouble"),
    ("rcpt", "451 4.3.0 Temporary lookup failure", "server-trouble"),
    ("rcpt", "450 4.3.2 Service currently unavailable", "server-trouble"),
    ("mail", "421 4.3.2 Service shutting down", "server-trouble"),
    ("rcpt", "451 Requested action aborted: local error in processing", "server-trouble"),
    ("data", "452 4.3.1 Insufficient system storage", "server-trouble"),
    ("rcpt", "451 4.4.3 DNS lookup timed out", "server-trouble"),
    ("rcpt", "554 5.3.5 Local configuration error", "server-trouble"),
    ("mail", "550 5.3.0 Internal error", "server-trouble"),
    ("greeting", "421 4.3.0 Temporary system problem", "server-trouble"),
    ("rcpt",
     "451 4.3.5 <pc[192.0.2.5]>: Client host rejected: Server configuration problem",
     "server-trouble"),
    ("rcpt", "451 4.3.5 <a@example.org>: Sender address rejected: Server configuration error",
     "server-trouble"),
    ("ehlo", "451 4.3.0 <box>: Helo command rejected: Temporary lookup failure", "server-trouble"),
    ("greeting", "451 4.3.5 <box[192.0.2.5]>: Client host rejected: Server configuration problem",
     "server-trouble"),
    ("rcpt", "550 5.7.0 DNS error during policy check (msg ID = ec6d55f2)", "server-trouble"),
    ("auth", "454 4.7.0 invalid username or password", "auth-rejected"),
    ("auth", "535 5.7.139 Authentication unsuccessful, user credentials were incorrect.",
     "auth-rejected"),
    ("auth", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", "auth-rejected"),
    ("auth", "535 5.7.8 Error: authentication failed: (reason unavailable)", "auth-rejected"),
    ("auth", "435 4.7.8 Wrong login or password", "auth-rejected"),
    ("auth", "550 5.7.8 Bad credentials", "auth-rejected"),
    ("auth", "500 Login incorrect", "auth-rejected"),
    ("auth", "501 5.7.0 Invalid password", "auth-rejected"),
    ("auth", "550 User has no permission", "auth-disabled"),
    ("auth", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled.",
     "auth-disabled"),
    ("auth",
     "550 5.7.30 Basic authentication is not supported for Client Submission.", "auth-disabled"),
    ("auth", "535 5.7.8 SMTP access is not enabled for this account", "auth-disabled"),
    ("auth", "535 user has no right to use smtp", "auth-disabled"),
    ("auth",
     "554 5.7.1 SMTP service is disabled, please enable it in the web mail", "auth-disabled"),
    ("auth", "535 Login fail. Please use your authorization code to log in", "app-password-needed"),
    ("auth", "534 5.7.9 Application-specific password required", "app-password-needed"),
    ("auth", "535 5.7.0 (#MB010) Please use an app password", "app-password-needed"),
    ("auth", "535 5.7.8 Use an app-specific password to sign in", "app-password-needed"),
    ("auth", "535-5.7.8 Please generate App Password and use it", "app-password-needed"),
    ("auth",
     "530 5.7.7 Email sending without SSL/TLS encryption is not allowed", "encryption-required"),
    ("mail", "530 5.7.0 Must issue a STARTTLS command first", "encryption-required"),
    ("auth", "538 5.7.11 Encryption required for requested authentication mechanism",
     "encryption-required"),
    ("mail", "550 5.7.1 TLS required", "encryption-required"),
    ("auth", "530 Plaintext authentication not allowed without SSL", "encryption-required"),
    ("rcpt", "554 5.7.1 <x@example.org>: Recipient rejected: session encryption is required",
     "encryption-required"),
    ("rcpt",
     "554 5.7.1 Service unavailable; Sender address [a@example.org] blocked using dbl.example.net",
     "sender-refused"),
    ("rcpt", "553 5.7.0 Unauthorized use of sender address (msg ID = 1)", "sender-refused"),
    ("rcpt", "501 5.7.27 Domain in MAIL FROM has null MX record", "sender-refused"),
    ("mail", "421 Domain example.org is not allowed to send", "sender-refused"),
    ("data", "553 Relaying disallowed as you@example.org", "sender-refused"),
    ("rcpt", "550 5.7.1 Sender address is not allowed", "sender-refused"),
    ("rcpt",
     "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b", "sender-refused"),
    ("mail",
     "550 5.7.60 Client does not have permissions to send as this sender", "sender-refused"),
    ("data", "554 5.7.1 Message rejected: email address is not verified", "sender-refused"),
    ("data", "550-5.7.26 This mail is unauthenticated, SPF did not pass", "sender-refused"),
    ("mail", "553 5.1.8 Domain of sender address does not exist", "sender-refused"),
    ("rcpt", "550 Sender verify failed", "sender-refused"),
    ("mail", "550 5.1.0 Address rejected", "sender-refused"),
    ("rcpt", "554 5.7.1 <x@example.net>: Relay access denied", "recipient-refused"),
    ("rcpt", "550 Relaying not permitted", "recipient-refused"),
    ("rcpt", "550 5.7.1 Recipient address rejected: Access denied", "recipient-refused"),
    ("rcpt", "550 Go away", "recipient-refused"),
    ("rcpt", "450 4.7.1 Not now", "recipient-refused"),
    ("rcpt", "530 5.7.0 Authentication required", "secret-missing"),
    ("mail", "550 5.7.1 Client was not authenticated", "secret-missing"),
    ("rcpt", "450 4.2.0 Greylisted, see http://postgrey.example.org", "greylisted"),
    ("rcpt", "451 4.7.1 Greylisting in action, please come back later", "greylisted"),
    ("rcpt", "450 4.7.1 Temporarily deferred, try again in 300 seconds", "greylisted"),
    ("rcpt", "451 4.7.1 You are on the gray list, retry in 5 minutes", "greylisted"),
    ("data", "451 4.7.1 Try again in 60 seconds (grey listing)", "greylisted"),
    ("rcpt", "550 5.1.1 <you@example.org>: Recipient rejected: User unknown in local table",
     ""),
    ("rcpt", "550 No such user here", ""),
    ("rcpt", "550 5.2.1 The account you tried to reach is disabled", ""),
    ("rcpt", "452 4.2.2 Mailbox full", ""),
    ("rcpt",
     "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ""),
    ("rcpt", "550 Unrouteable mailbox: unknown user", ""),
    ("rcpt", "550 Requested action not taken: mailbox unavailable", ""),
    ("rcpt", "554 5.2.2 mailbox is full", ""),
]
# fmt: on
"""Stage, reply, and the code of the diagnosis; none where only this mailbox takes no mail."""
for line in Path(__file__).with_name("wordings.txt").read_text("utf-8").splitlines():
    if not line.startswith("#"):
        stage, code, said = (field.strip() for field in line.split("|", 2))
        VARIANTS.append((stage, said, code))
REFUSING = [Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH, *(Stage.MAIL, Stage.RCPT)]
UNKNOWN_WORDS = st.lists(st.text("bcdfghjklmnpqrstvwxz", min_size=3, max_size=9), max_size=8).map(
    " ".join
)
"""Without vowels, so that they are no words that a rule could know."""


def refusal(stage: Stage, said: str) -> Failure:
    """Return the failure that this reply is."""
    words = said.split(" ")
    enhanced = words[1] if len(words) > 1 and re.fullmatch(r"[45](\.\d+){2}", words[1]) else None
    return Failure(stage, Cause.REPLY, int(words[0][:3]), enhanced, said)


def with_login(secret: str | None = PASSWORD) -> SmtpSettings:
    """Return settings that log in, or do not."""
    return SmtpSettings(
        "you@example.org", Endpoint.parse(HOST), secret=None if secret is None else Secret(secret)
    )


@pytest.mark.parametrize(("stage", "said", "code"), VARIANTS, ids=range(len(VARIANTS)))
def test_words_come_before_codes(stage: str, said: str, code: str) -> None:
    failure = refusal(Stage(stage), said)
    if not code:
        assert only_this_mailbox(failure)
        return
    assert not only_this_mailbox(failure)
    found = diagnose(failure, with_login(None if code == "secret-missing" else PASSWORD))
    assert found.code == code
    assert found.verdict is (Verdict.WARN if code == "greylisted" else Verdict.FAIL)


@settings(max_examples=400)
@given(st.sampled_from([*REFUSING, Stage.DATA]), st.integers(400, 559), UNKNOWN_WORDS)
def test_a_refusal_in_words_that_no_rule_knows_is_never_harmless(
    stage: Stage, code: int, words: str
) -> None:
    failure = refusal(stage, f"{code} {words}")
    assert not only_this_mailbox(failure)
    assert diagnose(failure, with_login()).verdict is Verdict.FAIL


@pytest.mark.parametrize("stage", REFUSING)
@pytest.mark.parametrize("reply", ["550 Qwrtz", "450 Qwrtz", "554 5.7.1 Qwrtz", "451 4.9.9 Qwrtz"])
async def test_a_server_that_refuses_in_unknown_words_fails_the_test(
    serve: Serve, run: Run, stage: Stage, reply: str
) -> None:
    starttls = stage is Stage.STARTTLS
    async with serve({stage.name: reply}, tls=not starttls) as port:
        report = await run(port, starttls=starttls)
    assert report.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("said", "forbidden"),
    [
        ("451 Authentication failed: Maximum credits exceeded", "secret"),
        ("525 5.7.1 Unauthorized IP address", "secret"),
        ("454 4.7.0 Too many login attempts", "password"),
    ],
)
def test_remedy_fits_the_words(said: str, forbidden: str) -> None:
    found = diagnose(refusal(Stage.AUTH, said), with_login())
    assert forbidden not in found.remedy.lower()
    assert found.field != "secret"


@pytest.mark.parametrize(
    "mailbox", ["554 5.1.1 #1", "550 #5.1.0 Address rejected.", "553 (#5.1.1)"]
)
def test_an_enhanced_code_is_read_wherever_servers_write_it(mailbox: str) -> None:
    assert only_this_mailbox(refusal(Stage.RCPT, mailbox))


@pytest.mark.parametrize(
    "name",
    [
        "<unknown-user@example.org>",
        "mailbox-full.example.org",
        "https://help.example.org/no-such-user",
        "help.example.org/errors?recipient-not-found",
        "<greylist@example.org>",
    ],
)
def test_words_in_links_say_nothing(name: str) -> None:
    for reply in (f"450 4.7.1 {name}: Refused", f"550 Refused, see {name}"):
        failure = refusal(Stage.RCPT, reply)
        assert subject_of(failure.stage, reply, failure.enhanced) is Subject.OTHER
        assert diagnose(failure, with_login()).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "more",
    [
        "for outgoing mail",
        "in allowed senders",
        "or not local",
        "from your network",
        "by policy",
        "status, upgrade the plan",
    ],
)
def test_more_words_are_about_more_than_the_mailbox(more: str) -> None:
    for words in ("550 Unknown user", "550 5.1.1 Unknown user", "550 Mailbox unavailable"):
        assert not only_this_mailbox(refusal(Stage.RCPT, f"{words} {more}"))


@pytest.mark.parametrize("harmless", ["550 5.1.1 User unknown ", "450 4.2.0 Greylisted "])
def test_a_reply_that_is_too_long_to_be_read_is_never_harmless(harmless: str) -> None:
    failure = refusal(Stage.RCPT, harmless + "- " * 2000)
    assert not only_this_mailbox(failure)
    assert diagnose(failure, with_login()).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "repeated", ["rejected ip ", "1.1.1.1 ", "auth", "a.", "<a", "user is ", "5.2.2 ", "helo "]
)
def test_a_reply_of_any_length_costs_no_more_than_its_beginning(repeated: str) -> None:
    """Of the 2000 characters that are read, each costs the same.

    So the longest reply costs about 8 times as much as one of 250 characters. It would be 64 times
    if a pattern tried every beginning with every end, and 400 times if all were read.
    """
    costs: dict[int, list[float]] = {250: [], 100_000: []}
    for number in range(7):  # by turns, and the least of each: other programs slow both down
        for length, seconds in costs.items():
            said = "550 5.7.1 " + repeated * (length // len(repeated))
            failure = refusal(Stage.RCPT, f"{said}{number}")
            start = process_time()
            diagnose(failure, with_login())
            seconds.append(process_time() - start)
    assert min(costs[100_000]) < 24 * min(costs[250])


def test_only_a_recipient_can_be_harmless() -> None:
    for stage in (Stage.MAIL, Stage.DATA, Stage.AUTH):
        assert not only_this_mailbox(refusal(stage, "550 5.1.1 User unknown"))
    assert subject_of(Stage.RCPT, "550 5.1.1 User unknown", "5.1.1") is Subject.MAILBOX
