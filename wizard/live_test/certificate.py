"""What a certificate says (RFC 5280), whether anybody trusts it or not.

It is read in pure Python, so that this works wherever the program does, also from its single file,
and only as far as its fixed structure goes: whatever a mail server sends, reading takes time in
proportion to its length. Libraries for all of ASN.1 have taken minutes for a few hundred bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import NamedTuple

from wizard.live_test.failure import Certificate
from wizard.text.display import sanitize
from wizard.text.language import _

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
_MOST_NAMES = 50
_LONGEST_TEXT = 120
_LONGEST_IDENTIFIER = 64
"""Bytes of an object identifier; its numbers, and so the time to print them, grow with them."""

_COMMON_NAME, _ORGANISATION = "2.5.4.3", "2.5.4.10"
_ALTERNATIVE_NAMES, _CONSTRAINTS = "2.5.29.17", "2.5.29.19"
_BOOLEAN, _IDENTIFIER, _UTC_TIME, _TIME = 0x01, 0x06, 0x17, 0x18
_VERSION, _EXTENSIONS, _DNS_NAME, _IP_ADDRESS = 0xA0, 0xA3, 0x82, 0x87
_ENCODINGS = {0x0C: "utf-8", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}
"""Of those string types that are not written in ASCII or Latin-1."""


def read_certificate(der: bytes) -> Certificate | None:
    """Return what the certificate says; None if it cannot be read."""
    try:
        return _certificate(der)
    except (ValueError, IndexError):
        return None


class _Element(NamedTuple):
    """One element of DER (X.690): its identifier octet, and its contents."""

    tag: int
    content: bytes

    def parts(self) -> list[_Element]:
        """Return the elements that it consists of."""
        return list(_elements(self.content))


def _elements(data: bytes) -> Iterator[_Element]:
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length >= 0x80:
            size = length - 0x80
            if not 1 <= size <= 4:
                raise ValueError("no length")
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if length > len(data) - position:
            raise ValueError("too short")
        yield _Element(tag, data[position : position + length])
        position += length


class _Extension(NamedTuple):
    critical: bool
    value: bytes


def _certificate(der: bytes) -> Certificate:
    (whole,) = _elements(der)
    content, algorithm, signature = whole.parts()
    fields = content.parts()
    if fields[0].tag == _VERSION:
        del fields[0]
    _serial, _algorithm, issuer, validity, subject, key, *optional = fields
    not_before, not_after = validity.parts()
    extensions = _extensions(optional)
    return Certificate(
        subject=_name(subject),
        names=tuple(_alternative_names(extensions)),
        issuer=_name(issuer),
        not_before=_moment(not_before),
        not_after=_moment(not_after),
        self_signed=issuer == subject,
        uncommon=_uncommon_part(extensions, key, algorithm, signature),
    )


def _extensions(optional: list[_Element]) -> dict[str, _Extension]:
    found = {}
    for field in optional:
        if field.tag == _EXTENSIONS:
            (extensions,) = field.parts()
            for each in extensions.parts():
                identifier, *critical, value = each.parts()
                is_critical = bool(critical) and any(critical[0].content)
                found[_identifier(identifier)] = _Extension(is_critical, value.content)
    return found


def _identifier(element: _Element) -> str:
    """Return an object identifier as numbers with dots."""
    content = element.content
    if element.tag != _IDENTIFIER or not content or len(content) > _LONGEST_IDENTIFIER:
        raise ValueError("no object identifier")
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _name(name: _Element) -> str:
    """Return the common name or else the organisation, by which people know an issuer."""
    parts = []
    for group in name.parts():
        for each in group.parts():
            identifier, value = each.parts()
            parts.append((_identifier(identifier), _text(value)))
    for wanted in (_COMMON_NAME, _ORGANISATION):
        for kind, text in parts:
            if kind == wanted:
                return _printable(text)
    return _printable(",".join(f"{kind}={text}" for kind, text in parts))


def _text(value: _Element) -> str:
    """Return a string, whichever of ASN.1's types it has."""
    return value.content.decode(_ENCODINGS.get(value.tag, "latin-1"), "replace")


def _moment(time: _Element) -> datetime:
    text = time.content.decode("ascii")
    if time.tag == _UTC_TIME:
        text = ("19" if text >= "50" else "20") + text
    elif time.tag != _TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _alternative_names(extensions: Mapping[str, _Extension]) -> list[str]:
    """Return the DNS names, then the IP addresses, as many as anybody would read."""
    found = extensions.get(_ALTERNATIVE_NAMES)
    if found is None:
        return []
    (names,) = _elements(found.value)
    dns: list[str] = []
    ips: list[str] = []
    for name in names.parts():
        if name.tag == _DNS_NAME and len(dns) < _MOST_NAMES:
            dns.append(_printable(_text(name)))
        elif name.tag == _IP_ADDRESS and len(ips) < _MOST_NAMES:
            ips.append(str(ip_address(name.content)))
    return [*dns, *ips][:_MOST_NAMES]


def _uncommon_part(
    extensions: Mapping[str, _Extension], key: _Element, algorithm: _Element, signature: _Element
) -> str:
    """Return what not every TLS library accepts in a certificate; nothing if there is nothing.

    The certificates of its authorities are not looked at: Python shows them from 3.13 on.
    """
    if _is_authority(extensions):
        return _("the mark of an authority (CA:TRUE)")
    key_algorithm, key_bits = key.parts()
    kind, *parameters = key_algorithm.parts()
    if _identifier(kind) == _ELLIPTIC_CURVE and parameters and parameters[0].tag == _IDENTIFIER:
        kind = parameters[0]  # the curve
    if name := _uncommon_kind(_COMMON_KEYS, _identifier(kind), key_bits):
        return _("an uncommon key ({name})", name=name)
    if name := _uncommon_kind(_COMMON_SIGNATURES, _identifier(algorithm.parts()[0]), signature):
        return _("an uncommon signature ({name})", name=name)
    for identifier, extension in extensions.items():
        if extension.critical and identifier not in _COMMON_EXTENSIONS:
            return _("an uncommon extension ({name})", name=identifier)
    return ""


def _is_authority(extensions: Mapping[str, _Extension]) -> bool:
    found = extensions.get(_CONSTRAINTS)
    if found is None:
        return False
    (constraints,) = _elements(found.value)
    return any(each.tag == _BOOLEAN and any(each.content) for each in constraints.parts())


def _uncommon_kind(common: Mapping[str, int], kind: str, bits: _Element) -> str:
    """Return what to call a key or signature that is not a ``common`` one; nothing if it is."""
    name = _NAMES.get(kind, kind)
    if kind not in common:
        return _printable(name)
    length = len(bits.content) - 1  # the first byte counts the unused bits
    return _("{name}, {number} bytes", name=name, number=length) if length > common[kind] else ""


def _printable(text: str) -> str:
    return sanitize(text[: 8 * _LONGEST_TEXT], limit=_LONGEST_TEXT)
