"""One row of the table of diagnoses: when it matches, and what its sentences can refer to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from wizard.config.endpoint import Security, is_container_name, is_loopback, is_nearby
from wizard.config.settings import SmtpSettings
from wizard.discovery.providers import Provider, ProviderNote, UserNameForm, provider_by_host
from wizard.live_test.failure import Cause, Failure, Stage, Verdict, shown_user
from wizard.live_test.refusals import LONGEST_READ, Subject, subject_of
from wizard.text.display import sanitize
from wizard.text.language import N_, _, day

_NAMES_SHOWN = 6
_STEPS = {
    Stage.DNS: N_("the name lookup"),
    Stage.TCP: N_("the connection"),
    Stage.TLS: N_("the start of encryption"),
    Stage.GREETING: N_("the greeting"),
    Stage.EHLO: N_("the introduction (EHLO)"),
    Stage.STARTTLS: N_("the start of encryption (STARTTLS)"),
    Stage.AUTH: N_("the login"),
    Stage.MAIL: N_("the sender (MAIL)"),
    Stage.RCPT: N_("the recipient (RCPT)"),
    Stage.RSET: N_("the reset (RSET)"),
    Stage.DATA: N_("the mail itself (DATA)"),
    Stage.QUIT: N_("the goodbye (QUIT)"),
}

Condition = Callable[[Failure, SmtpSettings], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: it matches failures with this cause that meet all conditions.

    All words are filled in from :func:`rule_facts`. ``field`` and ``reason`` are given where they
    differ from those of the code (``CORRECTIONS``); a field of None: nothing entered is wrong.
    """

    cause: Cause
    conditions: tuple[Condition, ...]
    code: str
    summary: str
    remedy: str
    verdict: Verdict = Verdict.FAIL
    field: str | None = ""
    reason: str = ""

    def matches(self, failure: Failure, settings: SmtpSettings) -> bool:
        """Whether this rule explains ``failure``, if none before it does."""
        return self.cause is failure.cause and all(
            condition(failure, settings) for condition in self.conditions
        )


# What the sentences can refer to


def rule_facts(failure: Failure, settings: SmtpSettings) -> dict[str, str | int]:
    """Return the values for the placeholders in a rule's sentences."""
    route, certificate = settings.route, failure.certificate
    facts: dict[str, str | int] = {
        "host": route.host,
        "port": route.port,
        "user": shown_user(failure.stage, settings),
        "fixed": _fixed_user(settings) or "",
        "text": _details(failure),
        "step": _(_STEPS[failure.stage]),
        "names": _("unknown"),
        "better": "",
        "issuer": _("an unknown issuer"),
        "since": "",
        "until": "",
    }
    if certificate is not None:
        facts |= {
            "names": _names(certificate.names),
            "better": certificate.closest_name(route.host) or "",
            "issuer": certificate.issuer,
            "since": f"{day(certificate.not_before)} {certificate.not_before:%H:%M} UTC",
            "until": day(certificate.not_after),
        }
    return facts


def _details(failure: Failure) -> str:
    """Return what else is known about a failure, as a part of a sentence."""
    match failure.cause:
        case Cause.TIMEOUT:
            return _("{seconds:g} seconds", seconds=failure.waited)
        case Cause.ADDRESS_SILENT:
            return _(" and ").join(failure.silent)
        case Cause.NO_MECHANISM:
            return sanitize(", ".join(failure.mechanisms))  # there may be thousands
        case (
            Cause.MALFORMED
            | Cause.UNEXPECTED
            | Cause.CERTIFICATE_UNCOMMON
            | Cause.CIPHER_UNCOMMON
            | Cause.SECRET_UNKNOWN
        ):
            return failure.problem
        case _:
            return failure.system_words


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    if len(names) > _NAMES_SHOWN:
        more = len(names) - _NAMES_SHOWN
        return _("{names} and {number} more", names=shown, number=more)
    return shown or _("no name at all")


def _provider(settings: SmtpSettings) -> Provider | None:
    return provider_by_host(settings.route.host)


def _fixed_user(settings: SmtpSettings) -> str | None:
    known = _provider(settings)
    return None if known is None else known.fixed_user


# Conditions on the failure


def at(*stages: Stage) -> Condition:
    """Match failures at one of these stages."""
    return lambda failure, _: failure.stage in stages


def said(pattern: str) -> Condition:
    """Search the server's words, which begin with the reply code; case does not matter."""
    return lambda failure, _: bool(re.search(pattern, failure.said[:LONGEST_READ], re.IGNORECASE))


def about(*subjects: Subject) -> Condition:
    """Match replies about one of these, at whichever stage they come."""
    return lambda failure, _: subject_of(failure.stage, failure.said, failure.enhanced) in subjects


def no_alternative(failure: Failure, _: SmtpSettings) -> bool:
    """Match when other endpoints of the same mail server do not work either."""
    return failure.no_alternative


def inside(failure: Failure, _: SmtpSettings) -> bool:
    """Match what was seen from inside the server's container."""
    return failure.inside


def self_signed(failure: Failure, _: SmtpSettings) -> bool:
    """Match a certificate that no authority has signed."""
    return failure.certificate is not None and failure.certificate.self_signed


def has_better_name(failure: Failure, settings: SmtpSettings) -> bool:
    """Match a certificate with a name that could be the endpoint."""
    certificate = failure.certificate
    return certificate is not None and certificate.closest_name(settings.route.host) is not None


def offers_starttls(failure: Failure, _: SmtpSettings) -> bool:
    """Match a server that may offer a login after STARTTLS."""
    return failure.offers_starttls


def offers_only_oauth(failure: Failure, _: SmtpSettings) -> bool:
    """Match a server that offers no login but variants of OAuth."""
    return all("OAUTH" in name.upper() for name in failure.mechanisms)


# Conditions on the settings


def security(*expected: Security) -> Condition:
    """Match routes that are protected in one of these ways."""
    return lambda _, settings: settings.route.security in expected


def port(*expected: int) -> Condition:
    """Match routes to one of these ports."""
    return lambda _, settings: settings.route.port in expected


def logs_in(_: Failure, settings: SmtpSettings) -> bool:
    """Match when the server logs in."""
    return settings.login is not None


def no_login(_: Failure, settings: SmtpSettings) -> bool:
    """Match when the server does not log in."""
    return settings.login is None


def nearby(_: Failure, settings: SmtpSettings) -> bool:
    """Match a host that is this machine or a container."""
    return is_nearby(settings.route.host)


def loopback(_: Failure, settings: SmtpSettings) -> bool:
    """Match a host that is whatever connects to it."""
    return is_loopback(settings.route.host)


def container_name(_: Failure, settings: SmtpSettings) -> bool:
    """Match a host name that only a container network may know."""
    return is_container_name(settings.route.host)


def secret_has_variable(_: Failure, settings: SmtpSettings) -> bool:
    """Match a secret with a variable that nobody has filled in."""
    return settings.login is not None and "${" in settings.login[1].reveal()


def secret_has_blanks(_: Failure, settings: SmtpSettings) -> bool:
    """Match a secret with blanks around it."""
    secret = settings.login[1].reveal() if settings.login else ""
    return secret != secret.strip()


def user_is_no_address(_: Failure, settings: SmtpSettings) -> bool:
    """Match a user that is not a mail address."""
    return "@" not in settings.user


# Conditions on the provider


def provider(identifier: str) -> Condition:
    """Match hosts of the provider with this id in the table of providers."""
    return lambda _, settings: (known := _provider(settings)) is not None and known.id == identifier


def provider_with(*notes: ProviderNote) -> Condition:
    """Match hosts of providers with one of these peculiarities."""
    return lambda _, settings: (
        (known := _provider(settings)) is not None and any(map(known.needs, notes))
    )


def known_host(_: Failure, settings: SmtpSettings) -> bool:
    """Match hosts of known providers, which exist."""
    return _provider(settings) is not None


def only_starttls(_: Failure, settings: SmtpSettings) -> bool:
    """Match hosts of providers that only offer STARTTLS."""
    known = _provider(settings)
    return known is not None and known.only_starttls


def generated_login(_: Failure, settings: SmtpSettings) -> bool:
    """Match hosts of providers that generate a user name and password for SMTP."""
    known = _provider(settings)
    return known is not None and known.user is UserNameForm.LOGIN


def wrong_fixed_user(_: Failure, settings: SmtpSettings) -> bool:
    """Match providers where all accounts have the same user, and this is another one."""
    fixed = _fixed_user(settings)
    return fixed is not None and settings.login is not None and settings.login[0] != fixed
