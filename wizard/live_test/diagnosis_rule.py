"""One line of the table of diagnoses: when it matches, and what its sentences can refer to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from wizard.config.settings import Security, SmtpSettings, is_container_name, is_nearby
from wizard.discovery.providers import ProviderNote, UserNameForm, provider_by_host
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.text.display import MASK
from wizard.text.language import N_, _

_NAMES_SHOWN = 6
_STEPS = {
    Stage.DNS: N_("the name was looked up"),
    Stage.TCP: N_("the connection was made"),
    Stage.TLS: N_("the encryption began"),
    Stage.GREETING: N_("the mail server should greet"),
    Stage.EHLO: N_("the introduction (EHLO)"),
    Stage.STARTTLS: N_("the encryption (STARTTLS) began"),
    Stage.AUTH: N_("the login"),
    Stage.MAIL: N_("the sender was named"),
    Stage.RCPT: N_("the recipient was named"),
    Stage.RSET: N_("the sender was taken back"),
    Stage.DATA: N_("the mail was handed over"),
    Stage.QUIT: N_("the goodbye"),
}

Condition = Callable[[Failure, SmtpSettings], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. What is left out matches everything.

    ``said`` is searched in the server's words, which begin with the reply code; upper and lower
    case are the same. ``summary`` and ``remedy`` are filled in from :func:`values`.
    """

    cause: Cause
    code: str
    summary: str
    remedy: str
    stages: tuple[Stage, ...] = ()
    said: str = ""
    when: Condition | None = None
    warning: bool = False

    def matches(self, failure: Failure, settings: SmtpSettings) -> bool:
        """Whether this is the line for ``failure``."""
        return (
            self.cause is failure.cause
            and (not self.stages or failure.stage in self.stages)
            and (not self.said or re.search(self.said, failure.said, re.IGNORECASE) is not None)
            and (self.when is None or self.when(failure, settings))
        )


def rule_facts(failure: Failure, settings: SmtpSettings) -> dict[str, str | int]:
    """Return what the sentences of a rule may refer to."""
    route, certificate = settings.route, failure.certificate
    filled: dict[str, str | int] = {
        "host": route.host,
        "port": route.port,
        "user": _user(settings),
        "fixed": _fixed_user(settings) or "",
        "text": failure.text,
        "step": _(_STEPS[failure.stage]),
        "names": _("unknown"),
        "better": "",
        "issuer": _("an unknown issuer"),
        "since": "",
        "until": "",
    }
    if certificate is not None:
        filled |= {
            "names": _names(certificate.names),
            "better": _better_name(failure, settings) or "",
            "issuer": certificate.issuer,
            "since": f"{certificate.not_before:%Y-%m-%d %H:%M} UTC",
            "until": f"{certificate.not_after:%Y-%m-%d}",
        }
    return filled


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    if len(names) > _NAMES_SHOWN:
        more = len(names) - _NAMES_SHOWN
        return _("{names} and {number} more", names=shown, number=more)
    return shown or _("no name at all")


def _user(settings: SmtpSettings) -> str:
    """Return the user; some providers make it the same as the secret, which is then masked."""
    user, login = settings.user, settings.login
    return MASK if login is not None and login[1].reveal() == user else user


def _better_name(failure: Failure, settings: SmtpSettings) -> str | None:
    certificate = failure.certificate
    return None if certificate is None else certificate.name_like(settings.route.host)


def every(*conditions: Condition) -> Condition:
    """Match when all ``conditions`` do."""
    return lambda failure, settings: all(match(failure, settings) for match in conditions)


def provider(name: str) -> Condition:
    """Match routes to hosts of this provider, by its id in the table of providers."""
    return lambda _, settings: (
        (at := provider_by_host(settings.route.host)) is not None and at.id == name
    )


def special(*codes: ProviderNote) -> Condition:
    """Match routes to providers that are special in one of these ways."""
    return lambda _, settings: (
        (at := provider_by_host(settings.route.host)) is not None
        and any(at.needs(code) for code in codes)
    )


def only_starttls(_: Failure, settings: SmtpSettings) -> bool:
    """Match routes to providers that only offer STARTTLS."""
    at = provider_by_host(settings.route.host)
    return at is not None and at.only_starttls


def made_login(_: Failure, settings: SmtpSettings) -> bool:
    """Match routes to providers that make user name and password for SMTP."""
    at = provider_by_host(settings.route.host)
    return at is not None and at.user is UserNameForm.LOGIN


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


def container_name(_: Failure, settings: SmtpSettings) -> bool:
    """Match a host name that only a container network may know."""
    return is_container_name(settings.route.host)


def alone(failure: Failure, _: SmtpSettings) -> bool:
    """Match when the other usual forms of the endpoint do not work either."""
    return failure.alone


def self_signed(failure: Failure, _: SmtpSettings) -> bool:
    """Match a certificate that vouches for itself."""
    return failure.certificate is not None and failure.certificate.self_signed


def wrong_fixed_user(_: Failure, settings: SmtpSettings) -> bool:
    """Match a provider where all accounts have the same user, and this is another one."""
    fixed = _fixed_user(settings)
    return fixed is not None and settings.login is not None and settings.login[0] != fixed


def _fixed_user(settings: SmtpSettings) -> str | None:
    at = provider_by_host(settings.route.host)
    return None if at is None else at.fixed_user


def unexpanded(_: Failure, settings: SmtpSettings) -> bool:
    """Match a secret with a variable that nobody has replaced."""
    return settings.login is not None and "${" in settings.login[1].reveal()


def blanks(_: Failure, settings: SmtpSettings) -> bool:
    """Match a secret with blanks around it."""
    secret = settings.login[1].reveal() if settings.login else ""
    return secret != secret.strip()


def local_part(_: Failure, settings: SmtpSettings) -> bool:
    """Match a user that is not a mail address."""
    return "@" not in settings.user


def named_better(failure: Failure, settings: SmtpSettings) -> bool:
    """Match a certificate with a name that the endpoint could have."""
    return bool(_better_name(failure, settings))


def offers_starttls(failure: Failure, _: SmtpSettings) -> bool:
    """Match a server that might offer a login after STARTTLS."""
    return failure.text == "STARTTLS"


def only_oauth(failure: Failure, _: SmtpSettings) -> bool:
    """Match a server that offers nothing but kinds of OAuth."""
    return all("OAUTH" in name for name in failure.text.upper().split(", "))
