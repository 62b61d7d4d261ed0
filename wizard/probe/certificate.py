"""Reading a certificate that may not be trusted, only to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.diagnosis.failure import Certificate
from wizard.probe.printable import printable

if TYPE_CHECKING:
    from cryptography import x509

_MOST_NAMES = 50
_LIMIT = 120


def read_certificate(der: bytes) -> Certificate | None:
    """Return what the certificate says; None if it is not readable."""
    from cryptography import x509  # takes a while to import, and only TLS needs it

    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=_name(certificate.subject),
            names=_names(certificate),
            issuer=_name(certificate.issuer),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            self_signed=certificate.issuer == certificate.subject,
        )
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _name(name: x509.Name) -> str:
    """Return the common name or else the organisation, which is what people know an issuer by."""
    from cryptography.x509.oid import NameOID

    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return printable(str(attribute.value), limit=_LIMIT)
    return printable(name.rfc4514_string(), limit=_LIMIT)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    dns = extension.value.get_values_for_type(x509.DNSName)
    ips = extension.value.get_values_for_type(x509.IPAddress)
    names = [*dns, *(str(ip) for ip in ips)]
    return tuple(printable(name, limit=_LIMIT) for name in names[:_MOST_NAMES])
