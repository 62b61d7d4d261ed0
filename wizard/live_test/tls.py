"""What a TLS handshake tells, whether the certificate is trusted or not."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime

from wizard.live_test.certificate import read_certificate
from wizard.live_test.events import JSON, StagePassed
from wizard.live_test.failure import Cause, Certificate, Failure, Stage
from wizard.live_test.smtp import ConnectionClosed, SmtpConnection
from wizard.system.network import Address, Network
from wizard.text.language import _, day
from wizard.text.redaction import Redactor

_VERIFICATION_CAUSES = {
    9: Cause.CERTIFICATE_NOT_YET_VALID,
    10: Cause.CERTIFICATE_EXPIRED,
    62: Cause.CERTIFICATE_NAME,
    64: Cause.CERTIFICATE_NAME,
}
"""OpenSSL's numbers ``X509_V_ERR_…``."""
_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "INVALID_RECORD_TYPE",
        "UNEXPECTED_MESSAGE",
    }
)
"""What OpenSSL makes of a server that answers in clear text; its versions differ."""
_TOO_OLD = frozenset(
    {
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_SSL_VERSION",
        "VERSION_TOO_LOW",
        "NO_PROTOCOLS_AVAILABLE",
    }
)
# What each TLS library accepts that the server may have: OpenSSL takes more, rustls with ring
# nothing else (measured with lettre 0.11.23, rustls 0.23 and webpki 0.103).
_COMMON_CIPHERS = frozenset(
    {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-CHACHA20-POLY1305",
    }
)
_FEW_DAYS = 14


def tls_cause(error: OSError) -> Cause:
    """Return why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFICATION_CAUSES.get(error.verify_code, Cause.CERTIFICATE_UNTRUSTED)
    reason = getattr(error, "reason", None) or ""
    if reason in _NOT_TLS:
        return Cause.NOT_TLS
    if reason in _TOO_OLD:
        return Cause.TLS_TOO_OLD
    if reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
        return Cause.CLIENT_CERTIFICATE
    return Cause.TLS_FAILED


def error_words(error: OSError) -> str:
    """Return the shortest description of ``error`` that OpenSSL or the system has."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, ConnectionError):
        return error.strerror or _("the connection was ended")
    return error.strerror or type(error).__name__


async def fetch_certificate(
    network: Network, address: Address, host: str, ehlo_name: str | None
) -> Certificate | None:
    """Connect once more, without verification and without a login, and return the certificate.

    The encryption begins by STARTTLS if there is an ``ehlo_name``, else with the first byte.
    Raises :class:`OSError` or the errors of :mod:`wizard.live_test.smtp` when there is no TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = await network.connect(address)
    connection = await SmtpConnection.open(sock, host, None if ehlo_name else context)
    try:
        if ehlo_name:
            await connection.read_reply()
            await connection.execute(b"EHLO", ehlo_name.encode())
            await connection.execute(b"STARTTLS")
            await connection.start_tls(context, host)
        if connection.tls is None:
            raise ConnectionClosed
        return _peer_certificate(connection.tls)
    finally:
        await connection.aclose()


def redacted(certificate: Certificate, redact: Redactor) -> Certificate:
    """Return ``certificate`` as it may be shown: it may be made for one who has logged in."""
    return replace(
        certificate,
        subject=redact(certificate.subject),
        names=tuple(map(redact, certificate.names)),
        issuer=redact(certificate.issuer),
    )


def describe_tls(
    stage: Stage, tls: ssl.SSLObject, redact: Redactor, *, only_here: bool = False
) -> StagePassed:
    """Describe a connection whose certificate was accepted, perhaps ``only_here``.

    A concern is what not every TLS library accepts, or a certificate that expires soon.
    """
    version, cipher = tls.version() or "TLS", tls.cipher()
    shown = version.replace("TLSv", "TLS ")
    certificate = _peer_certificate(tls)
    detail: dict[str, JSON] = {"version": version, "cipher": cipher[0] if cipher else None}
    concern = None
    if cipher is not None and cipher[0] not in _COMMON_CIPHERS:
        concern = Failure(stage, Cause.CIPHER_UNCOMMON, problem=cipher[0])
    if certificate is None:
        message = _("Encrypted with {version}.", version=shown)
        return StagePassed(message, detail, concern=concern)
    certificate = redacted(certificate, redact)
    days = (certificate.not_after - datetime.now(UTC)).days
    detail |= certificate_detail(certificate) | {"days_left": days}
    if only_here:
        concern = Failure(stage, Cause.CERTIFICATE_LOCAL_TRUST, certificate=certificate)
    elif certificate.uncommon:
        concern = Failure(stage, Cause.CERTIFICATE_UNCOMMON, problem=certificate.uncommon)
    elif concern is None and days < _FEW_DAYS:
        concern = Failure(stage, Cause.CERTIFICATE_ENDS_SOON, certificate=certificate)
    until = day(certificate.not_after)
    message = _(
        "{version}; the certificate is valid until {until}.",
        version=shown,
        until=until,
    )
    return StagePassed(message, detail, concern=concern)


def certificate_detail(certificate: Certificate) -> dict[str, JSON]:
    """Return a certificate as part of a stage's ``detail``; dates are in ISO 8601."""
    return {
        "subject": certificate.subject,
        "names": list(certificate.names),
        "issuer": certificate.issuer,
        "self_signed": certificate.self_signed,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


def _peer_certificate(tls: ssl.SSLObject) -> Certificate | None:
    der = tls.getpeercert(binary_form=True)
    return read_certificate(der) if der else None
