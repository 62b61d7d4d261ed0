"""A finished test to hand on: as commands that repeat it, and as a text for a ticket.

Neither contains the secret: swaks asks for it when it is run. A ticket has no words of the mail
server from after the login either, except well-known ones: nobody knows how it may echo the login.
"""

from __future__ import annotations

import platform
import re
import shlex
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import replace

import wizard
from wizard.config.endpoint import Route, Security, is_nearby
from wizard.live_test.events import Direction, TestedFrom, TestReport, TranscriptLine
from wizard.live_test.failure import Stage
from wizard.text.language import _
from wizard.text.redaction import is_ordinary

_CODES = re.compile(r"[2-5]\d\d(?:[- ](?:[245]\.\d{1,3}\.\d{1,3}(?!\S))?|\Z)")
_CERTIFICATE_KEYS = (
    *("subject", "names", "issuer", "self_signed", "not_before", "not_after"),
    *("rule", "reason", "would_match"),
)


def reproduce(report: TestReport) -> tuple[str, ...]:
    """Return shell commands that repeat the test by hand; none if that is not possible here."""
    route = report.route
    inside = report.place is TestedFrom.CONTAINER
    if route is None or (inside and is_nearby(route.host)):
        return ()
    commands = [_swaks(report, route)]
    if route.security is not Security.NONE:
        commands.append(_openssl(route))
    return tuple(shlex.join(command) for command in commands)


def ticket(report: TestReport) -> str:
    """Return the whole report as plain text that may be pasted where strangers read it."""
    return "\n".join(_ticket(report)) + "\n"


def _swaks(report: TestReport, route: Route) -> list[str]:
    command = ["swaks", "--server", route.host, "--port", str(route.port)]
    if route.security is Security.TLS:
        command += ["--tls-on-connect", "--tls-verify"]
    elif route.security is Security.STARTTLS:
        command += ["--tls", "--tls-verify"]
    if name := route.ehlo_name or report.ehlo_name:
        command += ["--ehlo", name]
    if report.login is not None:
        command += ["--auth", _mechanism(report), "--auth-user", report.login]
        command += ["--protect-prompt", "--auth-hide-password"]
    command += ["--from", report.sender]
    delivered = any(stage.stage is Stage.DATA for stage in report.stages)
    recipient = report.recipient or report.sender
    if "@" in recipient:
        command += ["--to", recipient]
    if not delivered:
        command += ["--quit-after", "RCPT" if "@" in recipient else "MAIL"]
    return command


def _mechanism(report: TestReport) -> str:
    """Return the mechanism that was used, or else those that could be."""
    for stage in report.stages:
        if stage.stage is Stage.AUTH and "mechanism" in stage.detail:
            return str(stage.detail["mechanism"])
    return "PLAIN,LOGIN"


def _openssl(route: Route) -> list[str]:
    starttls = ["-starttls", "smtp"] if route.security is Security.STARTTLS else []
    return [
        *("openssl", "s_client", "-connect", f"{route.host}:{route.port}"),
        *("-servername", route.host, "-verify_hostname", route.host, "-verify_return_error"),
        *("-crlf", *starttls),
    ]


def reply_for_strangers(report: TestReport) -> str:
    """Return the words of the mail server behind the diagnosis that strangers may read."""
    said = None if report.diagnosis is None else report.diagnosis.server_said
    return _without_unknown_words(said, after_login=_logs_in(report)) if said else ""


def _ticket(report: TestReport) -> Iterator[str]:
    yield _("smtp-wizard {version}: live test", version=wizard.__version__)
    yield (
        f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, "
        f"{platform.system()} {platform.release()}"
    )
    if report.route is not None:
        yield report.route.as_sentence()
        yield ", ".join(_who(report))
    yield _(
        "Verdict: {verdict} after {decided:.3f} s",
        verdict=report.verdict,
        decided=report.decided_after,
    )
    if report.remark:
        yield report.remark
    yield from _explanation(report)
    yield from _section(
        _("Stages"),
        (
            f"{stage.stage:<9} {stage.outcome:<5} {stage.seconds:8.3f} s  {stage.message}"
            for stage in report.stages
        ),
    )
    yield from _section(_("Certificate"), _certificate(report))
    yield from _section(_("Dialogue (the login is left out)"), _dialogue(report))
    yield from _section(_("By hand"), reproduce(report))


def _who(report: TestReport) -> Iterator[str]:
    yield _("Endpoint {endpoint}", endpoint=report.endpoint)
    yield _("no login") if report.login is None else _("login as {user}", user=report.login)
    yield _("mail from {sender}", sender=report.sender)
    if report.recipient is not None:
        yield _("mail to {recipient}", recipient=report.recipient)


def _explanation(report: TestReport) -> Iterator[str]:
    diagnosis = report.diagnosis
    if diagnosis is not None:
        yield f"{diagnosis.code} ({diagnosis.stage}): {diagnosis.summary}"
        yield _("Advice: {remedy}", remedy=diagnosis.remedy)
        if said := reply_for_strangers(report):
            yield _("The mail server said: {server_said}", server_said=said)
    for other in report.alternatives:
        starttls = str(other.starttls).lower()
        yield _(
            "Alternative ({verdict}): {endpoint}, starttls = {starttls}",
            verdict=other.verdict,
            endpoint=other.endpoint,
            starttls=starttls,
        )
        yield f"  {other.description}"


def _dialogue(report: TestReport) -> Iterator[str]:
    """Yield the lines of the transcript, those of the mail server with care after the login."""
    after_login = False
    for line in report.transcript:
        after_login |= _is_login(line)
        text = line.text
        if line.direction is Direction.RECEIVED:
            text = _without_unknown_words(text, after_login=after_login)
        yield str(replace(line, text=text))


def _logs_in(report: TestReport) -> bool:
    return any(map(_is_login, report.transcript))


def _is_login(line: TranscriptLine) -> bool:
    return line.direction is Direction.SENT and line.text.startswith("AUTH")


def _without_unknown_words(text: str, *, after_login: bool) -> str:
    """Return what the mail server said, or only its codes if it is not made of well-known words."""
    if not after_login or is_ordinary(text):
        return text
    code = _CODES.match(text)
    return " ".join(filter(None, [code and code[0].strip(), _("(left out)")]))


def _certificate(report: TestReport) -> Iterator[str]:
    """Yield what the last certificate of the test says about itself."""
    details = [stage.detail for stage in report.stages if "issuer" in stage.detail]
    for key in _CERTIFICATE_KEYS if details else ():
        value = details[-1].get(key)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if shown is not None:
            yield f"{key.replace('_', ' ')}: {shown}"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    indented = [f"  {line}" for line in lines]
    if indented:
        yield ""
        yield f"{title}:"
        yield from indented
