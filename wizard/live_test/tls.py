"""What a TLS handshake and a certificate tell, whether the certificate is trusted or not.

Certificates are read in pure Python, so that it works wherever the program does, also from its
single file.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from wizard.live_test.events import JSON, StagePassed
from wizard.live_test.failure import Cause, Certificate, Failure, Stage
from wizard.live_test.smtp import ConnectionClosed, SmtpConnection
from wizard.system.network import Address, Network
from wizard.text.display import sanitize
from wizard.text.language import _

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
_ELLIPTIC_CURVE = "1.2.840.10045.2.1"
_ED25519 = "1.3.101.112"
_COMMON_KEYS = {
    "1.2.840.113549.1.1.1": 1040,  # RSA of 8192 bits
    "1.2.840.10045.3.1.7": 65,
    "1.3.132.0.34": 97,
    _ED25519: 32,
}
"""The most bytes of a key, for each curve or other algorithm."""
_COMMON_SIGNATURES = {
    "1.2.840.113549.1.1.10": 1024,
    "1.2.840.113549.1.1.11": 1024,
    "1.2.840.113549.1.1.12": 1024,
    "1.2.840.113549.1.1.13": 1024,
    "1.2.840.10045.4.3.2": 104,
    "1.2.840.10045.4.3.3": 104,
    _ED25519: 64,
}
"""The most bytes of a signature, for each algorithm. One by ECDSA shows by its length that the
authority's key is on a larger curve than P-384."""
_COMMON_EXTENSIONS = frozenset(
    {"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.37"}
)
"""Those that may be critical."""
_NAMES = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.10045.3.1.7": "P-256",
    "1.3.132.0.34": "P-384",
    "1.3.132.0.35": "P-521",
    "1.3.101.113": "Ed448",
    "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.2.840.113549.1.1.11": "RSA-SHA256",
    "1.2.840.113549.1.1.12": "RSA-SHA384",
    "1.2.840.113549.1.1.13": "RSA-SHA512",
    "1.2.840.10045.4.3.2": "ECDSA-SHA256",
    "1.2.840.10045.4.3.3": "ECDSA-SHA384",
    "1.2.840.10045.4.3.4": "ECDSA-SHA512",
}
_FEW_DAYS = 14
_MOST_NAMES = 50
_LONGEST_TEXT = 120


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


def describe_tls(stage: Stage, tls: ssl.SSLObject) -> StagePassed:
    """Describe a connection whose certificate was accepted.

    A concern is what not every TLS library accepts, or a certificate that expires soon.
    """
    version, cipher = tls.version() or "TLS", tls.cipher()
    certificate = _peer_certificate(tls)
    detail: dict[str, JSON] = {"version": version, "cipher": cipher[0] if cipher else None}
    concern = None
    if cipher is not None and cipher[0] not in _COMMON_CIPHERS:
        concern = Failure(stage, Cause.CIPHER_UNCOMMON, problem=cipher[0])
    if certificate is None:
        message = _("Encrypted with {version}.", version=version)
        return StagePassed(message, detail, concern=concern)
    days = (certificate.not_after - datetime.now(UTC)).days
    detail |= certificate_detail(certificate) | {"days_left": days}
    if certificate.uncommon:
        concern = Failure(stage, Cause.CERTIFICATE_UNCOMMON, problem=certificate.uncommon)
    elif concern is None and days < _FEW_DAYS:
        concern = Failure(stage, Cause.CERTIFICATE_ENDS_SOON, certificate=certificate)
    until = f"{certificate.not_after:%Y-%m-%d}"
    message = _(
        "Encrypted with {version}; the certificate is valid until {until}.",
        version=version,
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


def read_certificate(der: bytes) -> Certificate | None:
    """Return what the certificate says; None if it cannot be read."""
    from pyasn1.codec.der.decoder import decode  # takes a while to import, and only TLS needs it
    from pyasn1.error import PyAsn1Error
    from pyasn1_modules import rfc5280

    try:
        whole = decode(der, asn1Spec=rfc5280.Certificate())[0]
        content = whole["tbsCertificate"]
        return Certificate(
            subject=_common_name(content["subject"]),
            names=tuple(_alternative_names(content["extensions"])),
            issuer=_common_name(content["issuer"]),
            not_before=_time(content["validity"]["notBefore"]),
            not_after=_time(content["validity"]["notAfter"]),
            self_signed=content["issuer"] == content["subject"],
            uncommon=_uncommon_part(whole),
        )
    except (PyAsn1Error, ValueError, TypeError, RecursionError):
        return None


def _peer_certificate(tls: ssl.SSLObject) -> Certificate | None:
    der = tls.getpeercert(binary_form=True)
    return read_certificate(der) if der else None


def _common_name(name: Any) -> str:
    """Return the common name or else the organisation, by which people know an issuer."""
    from pyasn1_modules import rfc5280

    parts = [(each["type"], each["value"]) for group in name["rdnSequence"] for each in group]
    for wanted in (rfc5280.id_at_commonName, rfc5280.id_at_organizationName):
        for kind, value in parts:
            if kind == wanted:
                return _printable(_text(bytes(value)))
    return _printable(",".join(f"{kind}={_text(bytes(value))}" for kind, value in parts))


def _text(der: bytes) -> str:
    """Return a string, whichever of ASN.1's types it has."""
    from pyasn1.codec.der.decoder import decode

    return str(decode(der)[0])


def _time(time: Any) -> datetime:
    moment: datetime = time[time.getName()].asDateTime
    return moment.astimezone(UTC)


def _alternative_names(extensions: Any) -> Iterator[str]:
    """Yield the DNS names, then the IP addresses, as many as anybody would read."""
    from pyasn1.codec.der.decoder import decode
    from pyasn1_modules import rfc5280

    for each in extensions:
        if each["extnID"] == rfc5280.id_ce_subjectAltName:
            names = decode(bytes(each["extnValue"]), asn1Spec=rfc5280.SubjectAltName())[0]
            found = [(name.getName(), name.getComponent()) for name in names]
            dns = [_printable(str(value)) for kind, value in found if kind == "dNSName"]
            ips = [str(ip_address(bytes(value))) for kind, value in found if kind == "iPAddress"]
            yield from [*dns, *ips][:_MOST_NAMES]


def _uncommon_part(certificate: Any) -> str:
    """Return what not every TLS library accepts in a certificate; nothing if there is nothing.

    The certificates of its authorities are not looked at: Python shows them from 3.13 on.
    """
    content = certificate["tbsCertificate"]
    extensions = {str(each["extnID"]): each for each in content["extensions"]}
    if _is_authority(extensions):
        return _("the mark of an authority (CA:TRUE)")
    key = content["subjectPublicKeyInfo"]
    kind = str(key["algorithm"]["algorithm"])
    if kind == _ELLIPTIC_CURVE:
        kind = _text(bytes(key["algorithm"]["parameters"]))
    if name := _uncommon_kind(_COMMON_KEYS, kind, key["subjectPublicKey"]):
        return _("an uncommon key ({name})", name=name)
    kind = str(certificate["signatureAlgorithm"]["algorithm"])
    if name := _uncommon_kind(_COMMON_SIGNATURES, kind, certificate["signature"]):
        return _("an uncommon signature ({name})", name=name)
    for name, extension in extensions.items():
        if extension["critical"] and name not in _COMMON_EXTENSIONS:
            return _("an uncommon extension ({name})", name=_printable(name))
    return ""


def _is_authority(extensions: Mapping[str, Any]) -> bool:
    from pyasn1.codec.der.decoder import decode
    from pyasn1_modules import rfc5280

    found = extensions.get(str(rfc5280.id_ce_basicConstraints))
    if found is None:
        return False
    return bool(decode(bytes(found["extnValue"]), asn1Spec=rfc5280.BasicConstraints())[0]["cA"])


def _uncommon_kind(common: Mapping[str, int], kind: str, bits: Any) -> str:
    """Return what to call a key or signature that is not a ``common`` one; nothing if it is."""
    name = _printable(_NAMES.get(kind, kind))
    if kind not in common:
        return name
    length = len(bits) // 8
    return _("{name}, {number} bytes", name=name, number=length) if length > common[kind] else ""


def _printable(text: str) -> str:
    return sanitize(text, limit=_LONGEST_TEXT)
