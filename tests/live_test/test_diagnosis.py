"""The table of diagnoses: what operators are told about each failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live_test.replies import REPLIES, KnownReply
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.diagnosis import CORRECTIONS, TABLE, diagnose
from wizard.live_test.events import TestReport, headline, not_configured_report
from wizard.live_test.failure import Cause, Certificate, Diagnosis, Failure, Stage, Verdict
from wizard.secrets.secret import Secret
from wizard.text import language
from wizard.text.language import _

DOCUMENTED = {
    "name-not-found",
    "dns-unavailable",
    "refused",
    "timeout",
    "unreachable",
    "plain-on-tls-port",
    "tls-on-plain-port",
    "tls-too-old",
    "certificate-name",
    "certificate-expired",
    "certificate-not-yet-valid",
    "certificate-untrusted",
    "starttls-missing",
    "starttls-refused",
    "greeting-refused",
    "not-a-mail-server",
    "ehlo-refused",
    "no-auth-offered",
    "no-usable-mechanism",
    "secret-missing",
    "encryption-required",
    "auth-rejected",
    "app-password-needed",
    "auth-disabled",
    "auth-temporary",
    "sender-refused",
    "recipient-refused",
    "rate-limited",
    "protocol-error",
    "client-refused",
    "server-trouble",
    "slow",
    "sender-unknown",
    "container-internal",
    # beyond what was promised
    "address-silent",
    "certificate-expires-soon",
    "certificate-local-trust",
    "clear-text-login",
    "compose-not-judged",
    "greylisted",
    "mail-postponed",
    "mail-refused",
    "mail-too-big",
    "quota",
    "smtputf8-missing",
    "tls-failed",
    "tls-uncommon",
    "unexpected",
}


def setting(
    endpoint: str = "mail.example.org",
    *,
    starttls: bool = False,
    user: str = "you@example.org",
    secret: str | None = "correct horse",
) -> SmtpSettings:
    return SmtpSettings(
        user, Endpoint.parse(endpoint), starttls, Secret(secret) if secret else None
    )


def refusal(stage: Stage, said: str) -> Failure:
    match = re.match(r"(\d{3}) (?:(\d\.\d+\.\d+) )?", said)
    assert match
    return Failure(stage, Cause.REPLY, int(match[1]), match[2], said)


def test_codes_are_kebab_case() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.code) for rule in TABLE)


SETTINGS = [
    setting(),
    setting(starttls=True),
    setting("smtp://relay.example.org:2500", secret=None),
    setting("smtp://relay.example.org", user="token"),
]


@pytest.mark.parametrize("cause", list(Cause), ids=lambda cause: cause.name)
@pytest.mark.parametrize("stage", list(Stage))
def test_every_failure_has_whole_sentences(cause: Cause, stage: Stage) -> None:
    for tested in SETTINGS:
        found = diagnose(Failure(stage, cause, system_words="something"), tested)
        for sentence in (found.summary, found.remedy):
            assert sentence.isprintable()
            assert sentence[-1] == "."
            assert "{" not in sentence


NOT_THE_PASSWORD = {"rate-limited", "client-refused", "server-trouble", "ehlo-refused"}
NAMES_A_LIMIT = re.compile(r"\b(quotas?|credits?|plans?|rate|ips?)\b|per (hour|day)", re.IGNORECASE)
NAMES_THE_PASSWORD = re.compile("passw|secret|geheimnis", re.IGNORECASE)
CLEARS_THE_PASSWORD = re.compile("your password is not the cause|am Passwort liegt es nicht")
LIMITS = (
    "not enough credits",
    "No credits left",
    "daily quota exceeded",
    "Maximum credits exceeded",
    "Authentication failed: quota exceeded",
    "Message rate exceeded",
    "Sending rate too high",
    "rate limit exceeded",
    "You have exceeded your plan limit",
    "Your plan does not include SMTP",
    "Please upgrade your plan to send more",
    "Unauthorized IP address",
    "Authentication failed: IP not allowed",
    "Login denied: your IP address is not authorized",
    "Invalid login from this IP",
    "IP 192.0.2.1 not in allowlist",
)
HOSTS = ("mail.example.org", "smtp-relay.brevo.com", "smtp.gmail.com", "smtp.163.com")


@pytest.mark.parametrize("name", ["en", "de"])
def test_no_remedy_for_a_limit_or_an_ip_address_blames_the_password(name: str) -> None:
    codes = ("421", "451", "454 4.7.0", "535 5.7.8", "550", "554 5.7.1")
    said = [
        *((Stage(reply.stage), _in_one_line(reply)) for reply in REPLIES if reply.code),
        *(
            (stage, f"{code} {limit}")
            for stage in (Stage.AUTH, Stage.MAIL, Stage.RCPT, Stage.DATA)
            for code in codes
            for limit in LIMITS
        ),
    ]
    language.use(name)
    try:
        for host, (stage, words) in product(HOSTS, said):
            found = diagnose(refusal(stage, words), setting(host))
            if found.code in NOT_THE_PASSWORD or NAMES_A_LIMIT.search(words):
                remedy = CLEARS_THE_PASSWORD.sub("", found.remedy)
                assert not NAMES_THE_PASSWORD.search(remedy), (host, stage, words)
    finally:
        language.use("en")


def _in_one_line(reply: KnownReply) -> str:
    """Return a reply as the live test reads it."""
    return f"{reply.said[:3]} " + " ".join(line[4:] for line in reply.said.split("\n"))


@given(
    st.sampled_from(list(Stage)),
    st.integers(400, 559),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=80),
)
def test_every_refusal_is_explained(stage: Stage, code: int, text: str) -> None:
    found = diagnose(refusal(stage, f"{code} {text}"), setting())
    assert isinstance(found, Diagnosis)
    assert found.server_said == f"{code} {text}"


@pytest.mark.parametrize(
    ("stage", "said", "code"),
    [
        (Stage.GREETING, "421 4.3.2 Service not available", "server-trouble"),
        (Stage.GREETING, "554 5.7.1 Service unavailable; blocked using zen", "greeting-refused"),
        (Stage.GREETING, "550 go away", "greeting-refused"),
        (Stage.EHLO, "501 5.5.4 Invalid domain name", "ehlo-refused"),
        (Stage.STARTTLS, "454 4.7.0 TLS not available due to local problem", "starttls-refused"),
        (Stage.AUTH, "534 5.7.9 Application-specific password required.", "app-password-needed"),
        (Stage.AUTH, "535 5.7.8 Please use an App Password", "app-password-needed"),
        (Stage.AUTH, "535 5.7.139 Authentication unsuccessful", "auth-disabled"),
        (Stage.AUTH, "535 5.7.8 Username and Password not accepted", "auth-rejected"),
        (Stage.AUTH, "535 Authentication Credentials Invalid", "auth-rejected"),
        (Stage.AUTH, "550 5.7.0 no", "auth-rejected"),
        (Stage.AUTH, "454 4.7.0 Temporary authentication failure", "auth-temporary"),
        (Stage.AUTH, "454 4.7.0 Too many login attempts, please try again later", "rate-limited"),
        (Stage.AUTH, "530 5.7.0 Must issue a STARTTLS command first", "encryption-required"),
        (Stage.AUTH, "538 5.7.11 Encryption required", "encryption-required"),
        (Stage.AUTH, "504 5.7.4 Unrecognized authentication type", "no-usable-mechanism"),
        (Stage.MAIL, "553 5.7.1 <a@b>: Sender address rejected: not owned", "sender-refused"),
        (
            Stage.MAIL,
            "550 5.7.60 SMTP; Client does not have permissions to send as",
            "sender-refused",
        ),
        (Stage.MAIL, "451 4.7.1 Greylisting in action", "greylisted"),
        (Stage.MAIL, "452 4.5.3 Too many recipients", "rate-limited"),
        (Stage.RCPT, "450 4.7.1 <a@b>: Recipient address rejected: Greylisted", "greylisted"),
        (Stage.RCPT, "554 5.2.252 SendAsDenied; not allowed to send as", "sender-refused"),
        (Stage.RCPT, "554 5.7.1 <a@b>: Relay access denied", "recipient-refused"),
        (Stage.RCPT, "552 5.2.2 Mailbox full", "quota"),
    ],
    ids=[
        "greeting: not available",
        "greeting: on a block list",
        "greeting: go away",
        "EHLO: invalid name",
        "STARTTLS: not available",
        "AUTH: application-specific password",
        "AUTH: App Password",
        "AUTH: 535 5.7.139",
        "AUTH: not accepted",
        "AUTH: invalid",
        "AUTH: 550",
        "AUTH: temporary",
        "AUTH: too many attempts",
        "AUTH: STARTTLS first",
        "AUTH: 538",
        "AUTH: unrecognized type",
        "MAIL: not owned",
        "MAIL: no permission to send as",
        "MAIL: greylisted",
        "MAIL: too many recipients",
        "RCPT: greylisted",
        "RCPT: SendAsDenied",
        "RCPT: relay denied",
        "RCPT: mailbox full",
    ],
)
def test_known_replies_of_known_servers(stage: Stage, said: str, code: str) -> None:
    assert diagnose(refusal(stage, said), setting()).code == code


@pytest.mark.parametrize(
    "said",
    [
        "530 5.7.0 Authentication Required",
        "530 5.7.57 Client not authenticated to send mail",
        "553 5.7.1 <you@example.org>: Sender address rejected: not logged in",
        "550 5.7.1 Authentication is required to send",
    ],
    ids=["530 5.7.0", "530 5.7.57", "553 5.7.1", "550 5.7.1"],
)
def test_a_demand_for_a_login_means_a_missing_secret_only_without_one(said: str) -> None:
    failure = refusal(Stage.MAIL, said)
    assert diagnose(failure, setting(secret=None)).code == "secret-missing"
    assert diagnose(failure, setting()).code == "sender-refused"


def test_a_denied_relay_without_login_proposes_a_login() -> None:
    failure = refusal(Stage.RCPT, "554 5.7.1 Relay access denied")
    assert "password" in diagnose(failure, setting(secret=None)).remedy
    assert "password" not in diagnose(failure, setting()).remedy


@pytest.mark.parametrize(
    ("secret", "user", "word"),
    [
        ("${SMTP_SECRET}", "you@example.org", "${…}"),
        (" pasted ", "you@example.org", "blanks"),
        ("fine", "you", "full mail address"),
        ("fine", "you@example.org", "API key"),
    ],
    ids=["reference", "blanks", "no full address", "nothing"],
)
def test_a_rejected_login_is_explained_by_what_looks_wrong_about_it(
    secret: str, user: str, word: str
) -> None:
    found = diagnose(refusal(Stage.AUTH, "535 5.7.8 no"), setting(secret=secret, user=user))
    assert found.code == "auth-rejected"
    assert word in f"{found.summary} {found.remedy}"
    assert secret not in f"{found.summary} {found.remedy}"


@pytest.mark.parametrize(
    ("endpoint", "starttls", "word"),
    [
        ("smtp://mail.example.org", False, "465"),
        ("mail.example.org", False, "587"),
        ("mail.example.org", True, "465"),
        ("smtp://mail.example.org:2500", False, "firewall"),
    ],
)
def test_a_blocked_port_proposes_another(endpoint: str, starttls: bool, word: str) -> None:
    failure = Failure(Stage.TCP, Cause.TIMEOUT, waited=15)
    found = diagnose(failure, setting(endpoint, starttls=starttls))
    assert found.code == "timeout"
    assert "15 seconds" in found.summary
    assert word in found.remedy


def certificate(*names: str) -> Certificate:
    start, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    return Certificate("subject", names, "Some CA", start, end)


@pytest.mark.parametrize(
    ("names", "proposed"),
    [
        (("smtp.example.net", "smtp.example.org", "example.com"), "smtp.example.org"),
        (("SMTP.Example.ORG", "example.net"), "SMTP.Example.ORG"),
        (("*.example.org", "mx.example.net"), "mx.example.net"),
    ],
)
def test_the_closest_name_in_the_certificate_is_proposed(
    names: tuple[str, ...], proposed: str
) -> None:
    failure = Failure(Stage.TLS, Cause.CERTIFICATE_NAME, certificate=certificate(*names))
    found = diagnose(failure, setting("mail.example.org"))
    assert f"Enter {proposed} instead," in found.remedy


@pytest.mark.parametrize("names", [(), ("*.example.net",), ("192.0.2.1", "2001:db8::")])
def test_no_name_is_proposed_where_none_could_be_entered(names: tuple[str, ...]) -> None:
    failure = Failure(Stage.TLS, Cause.CERTIFICATE_NAME, certificate=certificate(*names))
    found = diagnose(failure, setting())
    assert "your mail provider" in found.remedy


def test_many_names_are_cut() -> None:
    names = [f"host{number}.example.net" for number in range(40)]
    failure = Failure(Stage.TLS, Cause.CERTIFICATE_NAME, certificate=certificate(*names))
    summary = diagnose(failure, setting()).summary
    assert "and 34 more" in summary
    assert "host39" not in summary


def test_braces_in_values_are_just_text() -> None:
    failure = Failure(Stage.EHLO, Cause.UNEXPECTED, problem="{host}")
    assert "{host}" in diagnose(failure, setting(user="{user}@example.org")).summary


def test_no_login_is_usable_where_only_oauth_is_offered() -> None:
    failure = Failure(Stage.AUTH, Cause.NO_MECHANISM, mechanisms=("XOAUTH2", "OAUTHBEARER"))
    assert "OAuth" in diagnose(failure, setting()).summary
    failure = Failure(Stage.AUTH, Cause.NO_MECHANISM, mechanisms=("CRAM-MD5", "XOAUTH2"))
    assert "CRAM-MD5" in diagnose(failure, setting()).summary


def test_a_diagnosis_prints_as_the_documented_document() -> None:
    found = diagnose(refusal(Stage.AUTH, "535 5.7.8 no"), setting())
    assert list(found.to_json()) == [
        *("code", "stage", "summary", "remedy", "server_said", "field", "reason")
    ]
    assert found.to_json()["stage"] == "auth"
    timeout = diagnose(Failure(Stage.DNS, Cause.TIMEOUT, waited=1), setting())
    assert timeout.to_json()["server_said"] is None


SAYINGS = [
    "535 5.7.8 Your plan does not include SMTP",
    *("421 4.3.2 Later", "501 name", "502 no", "504 mech", "550 no", "554 5.7.1 Blocked"),
    *("454 4.7.0 no", "451 4.7.1 grey", "451 4.3.0 later", "452 full", "552 5.3.4 too big"),
    *("530 login", "534 5.7.9 app", "535 5.7.139 off", "535 5.7.8 no", "538 encrypt"),
    *("550 5.7.60 SendAs", "554 not verified", "554 relay denied", "HTTP/1.1 400", "SSH-2.0"),
    *("+OK", "535 use your authorization code", "550 no permission", "550 has no permission"),
    *("450 daily quota exceeded", "454 too many", "501 invalid helo", "554 on a block list"),
    *("554 unauthorized ip", "550 relay: registered in your service", "550 no reverse DNS"),
    *("450 greylisted", "552 5.2.3 too big", "550 sender rejected", "550 user unknown"),
    *("552 mailbox full", "400 what", "500 what", "454 temporary"),
]
CERTIFICATES = [
    Certificate(
        "subject",
        names,
        "issuer",
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=UTC),
        self_signed=not names,
    )
    for names in (("a.example.org",), ())
]
ALL_SETTINGS = [
    setting(endpoint, starttls=starttls, user=user, secret=secret)
    for endpoint, starttls in [
        ("mail.example.org", False),
        ("mail.example.org", True),
        ("smtp://mail.example.org", False),
        ("smtp://relay:2500", False),
        ("smtp://localhost:2500", False),
        ("smtp.gmail.com", False),
        ("smtp-mail.outlook.com", True),
        ("smtp.office365.com", False),
        ("smtp.sendgrid.net", False),
        ("mail.gmx.net", False),
        ("smtp.mail.yahoo.com", False),
        ("smtp.mailbox.org", False),
        ("smtp.mailgun.org", False),
        ("smtp-relay.brevo.com", False),
        ("smtp.mail.yahoo.com", False),
        ("smtp.163.com", False),
    ]
    for user, secret in [
        ("you@example.org", "fine"),
        ("you", "fine"),
        ("you@example.org", None),
        ("you@example.org", "${A}"),
        ("you@example.org", " pasted "),
    ]
]


def failures() -> Iterator[Failure]:
    """Yield failures of all kinds, at all stages."""
    for stage in Stage:
        for cause in Cause:
            if cause is Cause.REPLY:
                yield from (refusal(stage, said) for said in SAYINGS if said[0] in "45")
            elif cause is Cause.MALFORMED:
                yield from (Failure(stage, cause, said=said) for said in SAYINGS)
            elif cause.name.startswith("CERTIFICATE"):
                yield from (Failure(stage, cause, certificate=one) for one in CERTIFICATES)
            else:
                yield Failure(stage, cause, mechanisms=("CRAM-MD5",))
                yield Failure(stage, cause, mechanisms=("XOAUTH2",))
                yield Failure(stage, cause, offers_starttls=True)
                yield Failure(stage, cause, no_alternative=True)
                yield Failure(stage, cause, inside=True)


def test_every_rule_is_the_first_to_match_some_failure() -> None:
    hit = {
        next(number for number, rule in enumerate(TABLE) if rule.matches(failure, tested))
        for failure in failures()
        for tested in ALL_SETTINGS
    }
    assert [rule for number, rule in enumerate(TABLE) if number not in hit] == []


def test_codes_are_documented() -> None:
    assert {rule.code for rule in TABLE} == DOCUMENTED


@pytest.mark.parametrize(
    ("endpoint", "stage", "said", "code", "word"),
    [
        ("smtp.gmail.com", Stage.AUTH, "534 5.7.9 App", "app-password-needed", "apppasswords"),
        ("smtp.gmail.com", Stage.AUTH, "535 5.7.8 BadCredentials", "auth-rejected", "apppasswords"),
        ("smtp.office365.com", Stage.AUTH, "535 5.7.139 off", "auth-disabled", "Authenticated"),
        ("smtp.office365.com", Stage.AUTH, "550 5.7.30 basic", "auth-disabled", "relay"),
        ("smtp-mail.outlook.com", Stage.AUTH, "535 5.7.139 off", "auth-disabled", "provider"),
        ("mail.gmx.net", Stage.AUTH, "535 Authentication failed", "auth-rejected", "POP3"),
        ("smtp.mail.me.com", Stage.AUTH, "535 5.7.8 no", "auth-rejected", "app password"),
        ("email-smtp.eu-west-1.amazonaws.com", Stage.AUTH, "535 no", "auth-rejected", "credential"),
        ("smtp.sendgrid.net", Stage.AUTH, "535 no", "auth-rejected", "apikey"),
        ("notgmail.com", Stage.AUTH, "535 5.7.8 no", "auth-rejected", "SMTP"),
    ],
    ids=[
        "gmail 534",
        "gmail 535",
        "office365 535",
        "office365 550",
        "outlook",
        "gmx",
        "icloud",
        "amazon",
        "sendgrid",
        "unknown",
    ],
)
def test_the_remedy_fits_the_provider(
    endpoint: str, stage: Stage, said: str, code: str, word: str
) -> None:
    found = diagnose(refusal(stage, said), setting(endpoint))
    assert found.code == code
    assert word in found.remedy


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.CONNECTION_REFUSED])
def test_a_provider_without_smtps_is_known(cause: Cause) -> None:
    found = diagnose(Failure(Stage.TCP, cause, waited=1), setting("smtp.office365.com"))
    assert found.remedy == "Use STARTTLS, port 587 (starttls = true)."
    assert "only offers STARTTLS" in found.summary


def test_outlook_com_cannot_be_used_at_all() -> None:
    failure = Failure(Stage.AUTH, Cause.NO_MECHANISM, mechanisms=("XOAUTH2",))
    found = diagnose(failure, setting("smtp-mail.outlook.com", starttls=True))
    assert found.code == "no-usable-mechanism"
    assert "another provider" in found.remedy


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.CONNECTION_REFUSED])
def test_no_port_is_recommended_once_all_were_tried(cause: Cause) -> None:
    failure = Failure(Stage.TCP, cause, waited=15, no_alternative=True)
    for tested in (setting(), setting(starttls=True), setting("smtp://mail.example.org")):
        found = diagnose(failure, tested)
        assert "starttls =" not in found.remedy
        assert "465, 587" in found.remedy


def test_a_self_signed_certificate_is_called_self_signed() -> None:
    failure = Failure(Stage.TLS, Cause.CERTIFICATE_UNTRUSTED, certificate=CERTIFICATES[1])
    assert "self-signed" in diagnose(failure, setting()).summary


@pytest.mark.parametrize(
    ("said", "word"), [("SSH-2.0-x", "SSH"), ("HTTP/1.1 400", "web"), ("* OK IMAP4", "IMAP")]
)
def test_a_server_for_something_else_is_recognised(said: str, word: str) -> None:
    found = diagnose(Failure(Stage.GREETING, Cause.MALFORMED, said=said), setting())
    assert found.code == "not-a-mail-server"
    assert word in found.summary


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.CLOSED])
def test_a_mail_without_an_answer_may_have_arrived(cause: Cause) -> None:
    found = diagnose(Failure(Stage.DATA, cause, waited=15), setting())
    assert "has arrived" in found.remedy


def test_a_user_that_is_the_secret_is_masked() -> None:
    found = diagnose(refusal(Stage.AUTH, "535 no"), setting(user="token-1", secret="token-1"))
    assert "token-1" not in f"{found.summary} {found.remedy}"


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_every_rule_says_in_a_word_or_two_what_is_wrong_and_where_it_is_corrected(
    spoken: str,
) -> None:
    language.use(spoken)
    try:
        for rule in TABLE:
            field, reason = CORRECTIONS[rule.code]
            words = _(rule.reason or reason, port=65535)
            assert 0 < len(words) <= 24, words
            assert words.isprintable()
            assert words[-1] != "."
            if spoken != "en":
                assert words != (rule.reason or reason).format(port=65535)
            for where in (field, rule.field or None):
                assert where in {"user", "endpoint", "secret", "starttls", "store", None}
    finally:
        language.use("en")


SENTENCE_ENDS = re.compile(r"(?<!\bext)[.?!](?=\s+[A-ZÄÖÜ]|$)")
POINTS_AT_A_SCREEN = re.compile(r"\b(above|below|oben|unten|press|drücken Sie)\b", re.IGNORECASE)


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_a_cause_is_one_sentence_and_a_remedy_two_at_most_wherever_they_are_shown(
    spoken: str,
) -> None:
    language.use(spoken)
    try:
        for rule in TABLE:
            summary, remedy = _(rule.summary), _(rule.remedy)
            assert len(SENTENCE_ENDS.findall(summary)) == 1, summary
            assert len(SENTENCE_ENDS.findall(remedy)) <= 2, remedy
            assert not POINTS_AT_A_SCREEN.search(f"{summary} {remedy}"), remedy
    finally:
        language.use("en")


def test_no_correction_is_kept_for_a_code_that_is_gone() -> None:
    assert CORRECTIONS.keys() == {rule.code for rule in TABLE}


@pytest.mark.parametrize(
    ("failure", "field", "reason"),
    [
        (refusal(Stage.AUTH, "535 5.7.8 no"), "secret", "login refused"),
        (refusal(Stage.AUTH, "534 5.7.9 app"), "secret", "app password needed"),
        (refusal(Stage.AUTH, "454 too many attempts"), None, "too many attempts"),
        (refusal(Stage.RCPT, "450 daily quota exceeded"), None, "sending limit reached"),
        (refusal(Stage.MAIL, "553 5.7.1 sender not owned"), "user", "sender refused"),
        (refusal(Stage.RCPT, "550 5.1.1 user unknown"), None, "recipient refused"),
        (Failure(Stage.DNS, Cause.NAME_UNKNOWN), "endpoint", "no such host"),
        (Failure(Stage.DNS, Cause.TIMEOUT), None, "DNS does not answer"),
        (Failure(Stage.TCP, Cause.TIMEOUT), "endpoint", "no answer"),
        (Failure(Stage.DATA, Cause.TIMEOUT), None, "too slow to tell"),
        (Failure(Stage.TCP, Cause.CONNECTION_REFUSED), "endpoint", "port 465 is closed"),
        (Failure(Stage.STARTTLS, Cause.STARTTLS_MISSING), "starttls", "no STARTTLS there"),
        (Failure(Stage.GREETING, Cause.MALFORMED, said="SSH-2.0"), "endpoint", "not a mail server"),
        (Failure(Stage.AUTH, Cause.NO_AUTH), "store", "no login offered"),
        (Failure(Stage.AUTH, Cause.NO_AUTH, offers_starttls=True), "endpoint", "no login offered"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_field_and_the_reason_fit_the_failure(
    failure: Failure, field: str | None, reason: str
) -> None:
    found = diagnose(failure, setting())
    assert (found.field, found.reason) == (field, reason)


def test_the_place_of_the_secret_is_the_secret_for_programs() -> None:
    found = diagnose(Failure(Stage.AUTH, Cause.NO_AUTH), setting())
    assert (found.field, found.to_json()["field"]) == ("store", "secret")


def _report(verdict: Verdict, diagnosis: Diagnosis | None = None) -> TestReport:
    return TestReport(verdict, None, "", (), diagnosis, 0.0)


def test_a_headline_says_the_verdict_and_why() -> None:
    refused = diagnose(refusal(Stage.AUTH, "535 5.7.8 no"), setting())
    expires = Failure(Stage.TLS, Cause.CERTIFICATE_ENDS_SOON, certificate=CERTIFICATES[0])
    caveat = diagnose(expires, setting())
    assert headline(_report(Verdict.PASS)) == "The server can send mail"
    assert headline(_report(Verdict.WARN, caveat)) == (
        "The server can send mail, with a caveat: certificate ends soon"
    )
    assert headline(_report(Verdict.FAIL, refused)) == "The server cannot send mail: login refused"
    assert headline(not_configured_report()) == (
        "This cannot be tested from here: nothing is set up"
    )
    assert headline(None) == "The test was stopped"


def test_a_headline_in_german_fits_the_width_of_a_terminal() -> None:
    refused = diagnose(refusal(Stage.AUTH, "535 5.7.8 no"), setting())
    language.use("de")
    try:
        german = diagnose(refusal(Stage.AUTH, "535 5.7.8 no"), setting())
        said = headline(_report(Verdict.FAIL, german))
        longest = max(len(headline(_report(verdict, refused))) for verdict in Verdict)
    finally:
        language.use("en")
    assert said == "Der Server kann keine Mails senden: Anmeldung abgewiesen"
    assert longest - len(refused.reason) + 24 <= 80
