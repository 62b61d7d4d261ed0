"""Reading a certificate that may not be trusted, only to show it.

In pure Python, so that it works wherever the program does, also from its single file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from wizard.live_test.failure import Certificate
from wizard.text.display import printable

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
    return printable(text, limit=_LIMIT)
