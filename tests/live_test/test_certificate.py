"""Certificates are read without trust, whatever they contain."""

from __future__ import annotations

import random
import re
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from tests.live_test.certificates import authority
from wizard.live_test.certificate import read_certificate
from wizard.live_test.failure import Certificate

SHA256 = hashes.SHA256()
RSA = rsa.generate_private_key(65537, 2048)
P521 = ec.generate_private_key(ec.SECP521R1())
ED448 = ed448.Ed448PrivateKey.generate()
BEGIN, END = datetime(2020, 1, 2, tzinfo=UTC), datetime(2060, 1, 2, 3, 4, 5, tzinfo=UTC)


def signed(*attributes: x509.NameAttribute[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(attributes)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, END)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def issued(*names: str) -> bytes:
    pem = authority().issue_cert(*names).cert_chain_pems[0].bytes().decode()
    return ssl.PEM_cert_to_DER_cert(pem)


def read(der: bytes) -> Certificate:
    certificate = read_certificate(der)
    assert certificate is not None
    return certificate


def test_names_are_dns_names_first_then_addresses() -> None:
    certificate = read(issued("127.0.0.1", "a.example", "::1", "*.b.example", "ünï.example"))
    assert certificate.names == ("a.example", "*.b.example", "xn--n-nga1b.example", "127.0.0.1",
                                 "::1")  # fmt: skip
    assert certificate.issuer.startswith("trustme")
    assert not certificate.self_signed


def test_dates_of_either_form_are_in_utc() -> None:
    """Years from 2050 on are written with four digits, those before with two."""
    certificate = read(signed(x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")))
    assert (certificate.not_before, certificate.not_after) == (BEGIN, END)
    assert certificate.self_signed


def test_name_without_common_name_is_that_of_the_organisation_made_printable() -> None:
    organisation = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Ünïcode\x1b[31m GmbH")
    country = x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE")
    assert read(signed(country, organisation)).issuer == "Ünïcode [31m GmbH"
    assert read(signed(country)).issuer.endswith("=DE")


def test_certificate_with_thousands_of_names_is_cut() -> None:
    assert len(read(issued(*(f"h{number}.example" for number in range(2000)))).names) == 50


def uncommon(
    key: Any = None,
    by: Any = None,
    digest: Any = SHA256,
    critical: x509.ExtensionType | None = None,
) -> str:
    """Return what is uncommon about a certificate with this key, signed by that one."""
    key = key or ec.generate_private_key(ec.SECP256R1()).public_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    builder = x509.CertificateBuilder(name, name, key, 1, BEGIN, END)
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    made = builder.sign(by or ec.generate_private_key(ec.SECP384R1()), digest)
    return read(made.public_bytes(serialization.Encoding.DER)).uncommon


def rsa_key(bits: int) -> rsa.RSAPublicKey:
    """Return what looks like a key of this length."""
    return rsa.RSAPublicNumbers(65537, 2 ** (bits - 1) + 1).public_key()


def test_common_keys_and_signatures_are_not_uncommon() -> None:
    ed25519_key = ed25519.Ed25519PrivateKey.generate()
    for curve in (ec.SECP256R1(), ec.SECP384R1()):
        ours = ec.generate_private_key(curve)
        assert uncommon(ours.public_key(), ours) == ""
        assert uncommon(ours.public_key(), ours, hashes.SHA384()) == ""
    assert uncommon(ed25519_key.public_key(), ed25519_key, None) == ""
    assert uncommon(rsa_key(8192)) == ""
    for digest in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        assert uncommon(by=RSA, digest=digest) == ""
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    assert uncommon(critical=constraints) == ""


def test_uncommon_keys_are_named() -> None:
    assert uncommon(P521.public_key()) == "an uncommon key (P-521)"
    assert uncommon(ED448.public_key()) == "an uncommon key (Ed448)"
    assert uncommon(rsa_key(16384)) == "an uncommon key (RSA, 2062 bytes)"
    other = ec.generate_private_key(ec.SECP256K1())
    assert uncommon(other.public_key()) == "an uncommon key (1.3.132.0.10)"


def test_uncommon_signatures_are_named_and_the_authoritys_key_shows_in_their_length() -> None:
    assert uncommon(by=ED448, digest=None) == "an uncommon signature (Ed448)"
    assert uncommon(digest=hashes.SHA512()) == "an uncommon signature (ECDSA-SHA512)"
    assert uncommon(by=RSA, digest=hashes.SHA224()).startswith("an uncommon signature (1.2.840.")
    assert re.fullmatch(
        r"an uncommon signature \(ECDSA-SHA256, 1[0-9]{2} bytes\)", uncommon(by=P521)
    )


def test_authority_and_critical_extension_are_uncommon() -> None:
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    assert uncommon(critical=constraints) == "the mark of an authority (CA:TRUE)"
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)
    policies = x509.CertificatePolicies([policy])
    assert uncommon(critical=policies) == "an uncommon extension (2.5.29.32)"


@pytest.mark.parametrize(
    "data",
    [b"", b"0", b"\x30\x80", b"\xa0\x84\xff\xff\xff\xff", b"\x30" * 9999],
    ids=["empty", "one byte", "no length", "huge length", "nested"],
)
def test_other_data_is_not_a_certificate(data: bytes) -> None:
    assert read_certificate(data) is None


def element(tag: int, *parts: bytes) -> bytes:
    """Return one element of DER."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 + len(length))) + length + content


SEQUENCE, SET, INTEGER, IDENTIFIER, TEXT, TIME, BITS = 0x30, 0x31, 0x02, 0x06, 0x0C, 0x17, 0x03


def certificate_of(
    name: bytes = b"", identifier: bytes = b"\x55\x04\x03", extensions: bytes = b""
) -> bytes:
    """Return a certificate without meaning, around what is given as DER."""
    attribute = element(SEQUENCE, element(IDENTIFIER, identifier), element(TEXT, b"a"))
    whole_name = element(SEQUENCE, element(SET, attribute), name)
    algorithm = element(SEQUENCE, element(IDENTIFIER, b"\x2b\x65\x70"))
    time = element(TIME, b"200102000000Z")
    content = element(
        SEQUENCE,
        element(INTEGER, b"\1"), algorithm, whole_name, element(SEQUENCE, time, time), whole_name,
        element(SEQUENCE, algorithm, element(BITS, b"\0" * 33)), extensions,
    )  # fmt: skip
    return element(SEQUENCE, content, algorithm, element(BITS, b"\0" * 65))


def calls_to_read(der: bytes) -> int:
    """Return how many functions are called to read it."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read_certificate(der)
    finally:
        sys.setprofile(None)
    return calls


def names(count: int) -> bytes:
    one = element(SET, element(SEQUENCE, element(IDENTIFIER, b"\x55\x04\x0a"), element(TEXT, b"b")))
    return certificate_of(name=one * count)


def alternative_names(count: int) -> bytes:
    found = element(SEQUENCE, element(0x82, b"a.example") * count)
    extension = element(SEQUENCE, element(IDENTIFIER, b"\x55\x1d\x11"), element(0x04, found))
    return certificate_of(extensions=element(0xA3, element(SEQUENCE, extension)))


def extensions(count: int) -> bytes:
    one = element(SEQUENCE, element(IDENTIFIER, b"\x55\x1d\x63"), element(0x04, b""))
    return certificate_of(extensions=element(0xA3, element(SEQUENCE, one * count)))


@pytest.mark.parametrize("make", [names, alternative_names, extensions])
def test_reading_takes_time_in_proportion_to_the_length(make: Callable[[int], bytes]) -> None:
    assert read_certificate(make(1)) is not None
    few, many = make(500), make(2000)
    assert calls_to_read(many) <= len(many) / len(few) * calls_to_read(few) * 1.1


@pytest.mark.parametrize("length", [500, 60_000])
def test_long_object_identifier_is_not_worked_out(length: int) -> None:
    """Its numbers could take minutes to print."""
    assert read_certificate(certificate_of()) is not None
    der = certificate_of(identifier=b"\xff" * length + b"\x01")
    assert read_certificate(der) is None
    assert calls_to_read(der) < 1000


def test_deep_nesting_is_not_followed() -> None:
    deep = b""
    for _ in range(5000):
        deep = element(SEQUENCE, deep)
    assert calls_to_read(certificate_of(extensions=element(0xA1, deep))) < 1000


def test_damaged_certificate_is_read_or_refused_and_raises_nothing() -> None:
    chance = random.Random(1)  # noqa: S311  (the same damage each time)
    whole = issued("mail.example.org", "127.0.0.1")
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        read_certificate(bytes(data[: chance.choice((len(data), chance.randrange(len(data))))]))
