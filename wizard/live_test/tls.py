"""What a failed TLS handshake means, and a look at a server's TLS without trusting it.

What an encrypted connection has to say for itself: version, cipher and certificate.

Reading a certificate that may not be trusted, only to show it.

In pure Python, so that it works wherever the program does, also from its single file.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from wizard.live_test.events import JSON, StagePassed
from wizard.live_test.failure import Cause, Certificate, Failure, Stage
from wizard.live_test.smtp import ConnectionClosed, SmtpConnection
from wizard.system.network import Address, Network
from wizard.text.display import sanitize
from wizard.text.language import _

# OpenSSL's X509_V_ERR_… numbers.
_VERIFICATION = {
    9: Cause.CERTIFICATE_NOT_YET_VALID,
    10: Cause.CERTIFICATE_EXPIRED,
    62: Cause.CERTIFICATE_NAME,
    64: Cause.CERTIFICATE_NAME,
}


# What OpenSSL makes of a peer that answers in clear text; the words differ between its versions.
_CLEAR_TEXT = frozenset(
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
_TOO_OLD = frozenset(
    {
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_SSL_VERSION",
        "VERSION_TOO_LOW",
        "NO_PROTOCOLS_AVAILABLE",
    }
)


def tls_cause(error: OSError) -> Cause:
    """Say why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFICATION.get(error.verify_code, Cause.CERTIFICATE_UNTRUSTED)
    reason = getattr(error, "reason", None) or ""
    if reason in _CLEAR_TEXT:
        return Cause.NOT_TLS
    if reason in _TOO_OLD:
        return Cause.TLS_TOO_OLD
    return Cause.TLS_FAILED


def error_words(error: OSError) -> str:
    """Return the shortest words that OpenSSL or the system have for ``error``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, ConnectionError):
        return error.strerror or _("the connection was ended")
    return error.strerror or type(error).__name__


async def fetch_certificate(
    network: Network, address: Address, host: str, starttls_as: str | None
) -> Certificate | None:
    """Connect once more without verification and without a login; return the certificate.

    ``starttls_as`` is the name for EHLO when the encryption begins by STARTTLS, None when it
    begins at once. Raises :class:`OSError` or a conversation's errors when there is no TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = await network.connect(address)
    conversation = await SmtpConnection.open(sock, host, None if starttls_as else context)
    try:
        if starttls_as:
            await conversation.reply()
            await conversation.command(b"EHLO", starttls_as.encode())
            await conversation.command(b"STARTTLS")
            await conversation.encrypt(context, host)
        if conversation.tls is None:
            raise ConnectionClosed
        der = conversation.tls.getpeercert(binary_form=True)
        return read_certificate(der) if der else None
    finally:
        await conversation.aclose()


_DAYS_LEFT = 14


def describe_tls(stage: Stage, tls: ssl.SSLObject) -> StagePassed:
    """Describe a connection whose certificate was accepted; one that ends soon is a concern."""
    version, cipher = tls.version() or "TLS", tls.cipher()
    der = tls.getpeercert(binary_form=True)
    certificate = read_certificate(der) if der else None
    detail: dict[str, JSON] = {"version": version, "cipher": cipher[0] if cipher else None}
    if certificate is None:
        return StagePassed(_("Encrypted with {version}.", version=version), detail)
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
    return StagePassed(message, detail, concern=concern)


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


_MOST_NAMES = 50
_LIMIT = 120


def read_certificate(der: bytes) -> Certificate | None:
    """Return what the certificate says; None if it is not readable."""
    from pyasn1.codec.der.decoder import decode  # takes a while to import, and only TLS needs it
    from pyasn1.error import PyAsn1Error
    from pyasn1_modules import rfc5280

    try:
        found = decode(der, asn1Spec=rfc5280.Certificate())[0]["tbsCertificate"]
        return Certificate(
            subject=_name(found["subject"]),
            names=tuple(_names(found["extensions"])),
            issuer=_name(found["issuer"]),
            not_before=_time(found["validity"]["notBefore"]),
            not_after=_time(found["validity"]["notAfter"]),
            self_signed=found["issuer"] == found["subject"],
        )
    except (PyAsn1Error, ValueError, TypeError, RecursionError):
        return None


def _name(name: Any) -> str:
    """Return the common name or else the organisation, which is what people know an issuer by."""
    from pyasn1_modules import rfc5280

    parts = [(each["type"], each["value"]) for group in name["rdnSequence"] for each in group]
    for wanted in (rfc5280.id_at_commonName, rfc5280.id_at_organizationName):
        for kind, value in parts:
            if kind == wanted:
                return _printable(_text(bytes(value)))
    return _printable(",".join(f"{kind}={_text(bytes(value))}" for kind, value in parts))


def _text(der: bytes) -> str:
    """Return a string of whichever of ASN.1's kinds."""
    from pyasn1.codec.der.decoder import decode

    return str(decode(der)[0])


def _time(time: Any) -> datetime:
    moment: datetime = time[time.getName()].asDateTime
    return moment.astimezone(UTC)


def _names(extensions: Any) -> Iterator[str]:
    """Yield the DNS names, then the IP addresses; as many as anybody would look at."""
    from pyasn1.codec.der.decoder import decode
    from pyasn1_modules import rfc5280

    for each in extensions:
        if each["extnID"] == rfc5280.id_ce_subjectAltName:
            names = decode(bytes(each["extnValue"]), asn1Spec=rfc5280.SubjectAltName())[0]
            found = [(name.getName(), name.getComponent()) for name in names]
            dns = [_printable(str(value)) for kind, value in found if kind == "dNSName"]
            ips = [str(ip_address(bytes(value))) for kind, value in found if kind == "iPAddress"]
            yield from [*dns, *ips][:_MOST_NAMES]


def _printable(text: str) -> str:
    return sanitize(text, limit=_LIMIT)
