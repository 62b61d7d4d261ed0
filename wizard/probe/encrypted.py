"""What an encrypted connection has to say for itself: version, cipher and certificate."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from wizard.live_test.events import JSON
from wizard.live_test.failure import Cause, Certificate, Failure, Stage
from wizard.probe.certificate import read_certificate
from wizard.probe.step import Passed
from wizard.text.language import _

_DAYS_LEFT = 14


def encrypted(stage: Stage, tls: ssl.SSLObject) -> Passed:
    """Describe a connection whose certificate was accepted; one that ends soon is a concern."""
    version, cipher = tls.version() or "TLS", tls.cipher()
    der = tls.getpeercert(binary_form=True)
    certificate = read_certificate(der) if der else None
    detail: dict[str, JSON] = {"version": version, "cipher": cipher[0] if cipher else None}
    if certificate is None:
        return Passed(_("Encrypted with {version}.", version=version), detail)
    days = (certificate.not_after - datetime.now(UTC)).days
    detail |= certificate_detail(certificate) | {"days_left": days}
    concern = None
    if days < _DAYS_LEFT:
        concern = Failure(stage, Cause.CERTIFICATE_ENDS_SOON, certificate=certificate)
    until = f"{certificate.not_after:%Y-%m-%d}"
    message = _(
        "Encrypted with {version}; the certificate is valid until {until}.",
        version=version,
        until=until,
    )
    return Passed(message, detail, concern=concern)


def certificate_detail(certificate: Certificate) -> dict[str, JSON]:
    """Return a certificate for machines; dates in ISO 8601."""
    return {
        "subject": certificate.subject,
        "names": list(certificate.names),
        "issuer": certificate.issuer,
        "self_signed": certificate.self_signed,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }
