"""The mail settings themselves: can the server use them, and are they wise."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.check.inspection import Inspection
from wizard.config.current import CurrentConfig
from wizard.config.endpoint import Security
from wizard.config.relay import relay_obstacle
from wizard.config.settings import SWITCHES, TEXT_KEYS, SmtpSettings, settings_findings
from wizard.discovery.guide import limits_of_provider
from wizard.discovery.providers import provider_by_host
from wizard.errors import FileRefused, Finding, InvalidValue, Severity, WizardError, as_flags
from wizard.formats.urls import mask_url_password
from wizard.text.language import N_, _

_REMEDIES = {
    "user-not-an-address": N_(
        "Use the mail address, or a local relay that sets the sender (doc.bomnipotent.de, page "
        '"SMTP Server").'
    ),
    "starttls-without-effect": N_("Change the endpoint: smtp-wizard set --endpoint …"),
    "starttls-discouraged": N_("Try it: smtp-wizard test --no-starttls"),
    "clear-text-login": N_("Find a form that works: smtp-wizard test"),
    "address-needs-certificate": N_("Change the endpoint: smtp-wizard set --endpoint …"),
    "secret-contains-reference": N_("Have a new one generated."),
    "provider-limits": N_(
        'Plan a relay (doc.bomnipotent.de, page "SMTP Server") or a mailbox of another provider.'
    ),
}
_NOTES = ("starttls-discouraged",)


def mail_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with user, endpoint and starttls.

    What depends on a variable that nothing sets is not judged: that is a finding of its own.
    """
    current = inspection.current
    if current is None or not current.configured:
        return
    problems = list(_value_findings(current))
    yield from problems
    if not problems and (settings := _settings(current)) is not None:
        yield from (_located(current, finding) for finding in _advice(settings, current))


def _value_findings(current: CurrentConfig) -> Iterator[Finding]:
    smtp = current.view.smtp
    if smtp is None:
        return
    for key in (*TEXT_KEYS, *SWITCHES):
        try:
            if getattr(smtp, key) is not None:
                current.value(key)
        except (InvalidValue, FileRefused) as problem:
            if _concerns_value(problem):
                _name_command(key, problem)
                yield Finding.from_error(problem, current.config.path, smtp.lines.get(key))
    if smtp.endpoint is not None and mask_url_password(smtp.endpoint) != smtp.endpoint:
        yield Finding(
            "password-in-endpoint",
            _(
                "There is a password in the endpoint, where everybody who may read config.toml "
                "sees it."
            ),
            _("Move it to .env: smtp-wizard set --endpoint … --secret-stdin"),
            path=current.config.path,
            line=smtp.lines.get("endpoint"),
        )


def _name_command(key: str, problem: WizardError) -> None:
    """Make the command that corrects the value its remedy."""
    if isinstance(problem, InvalidValue) and problem.correction:
        flags = as_flags(problem.correction)
        problem.remedy = _("Correct it: smtp-wizard set {flags}", flags=flags)


def _concerns_value(problem: InvalidValue | FileRefused) -> bool:
    return isinstance(problem, InvalidValue) and problem.code != "variable-unset"


def _settings(current: CurrentConfig) -> SmtpSettings | None:
    """Return the settings without their secret where that is not known."""
    smtp = current.view.smtp
    if smtp is None or smtp.user is None or smtp.endpoint is None:
        return None
    try:
        values = {key: current.value(key) for key in (*TEXT_KEYS, *SWITCHES)}
    except (InvalidValue, FileRefused):
        return None
    try:
        secret = current.resolver.secret()
    except (InvalidValue, FileRefused):
        secret = None
    return SmtpSettings(**values, secret=secret)


def _advice(settings: SmtpSettings, current: CurrentConfig) -> Iterator[Finding]:
    provider = provider_by_host(settings.route.host)
    for sentence in () if provider is None else limits_of_provider(provider):
        yield Finding("provider-limits", sentence, field="endpoint")
    offers_smtps = _offers_smtps(settings)
    no_choice = offers_smtps or (provider is not None and provider.only_starttls)
    services = () if current.container is None else current.container.services
    for finding in settings_findings(settings, services):
        if not (no_choice and finding.code == "starttls-discouraged"):
            yield finding
    if offers_smtps:
        yield Finding(
            "starttls-though-smtps",
            _(
                "{host} offers SMTPS (port 465), which is the better choice: STARTTLS begins in "
                "clear text.",
                host=settings.route.host,
            ),
            field="starttls",
        )


def _offers_smtps(settings: SmtpSettings) -> bool:
    if settings.endpoint.is_url or settings.route.security is not Security.STARTTLS:
        return False
    provider = provider_by_host(settings.route.host)
    return provider is not None and provider.offers_smtps(settings.route.host)


def _located(current: CurrentConfig, finding: Finding) -> Finding:
    """Return a finding about the settings with its place in config.toml and a remedy."""
    smtp = current.view.smtp
    remedy = _(_REMEDIES.get(finding.code, N_("Change it: smtp-wizard set --no-starttls")))
    if finding.code == "user-not-an-address" and relay_obstacle(current.container) is None:
        remedy = _(
            "Put a relay beside the server that sends from an address: smtp-wizard set --relay …"
        )
    return finding._replace(
        remedy=remedy,
        severity=Severity.NOTE if finding.code in _NOTES else Severity.WARNING,
        path=current.config.path,
        line=None if smtp is None else smtp.lines.get(finding.field, smtp.line),
    )
