"""Certificates are read without trust, whatever they contain."""

from __future__ import annotations

import random
import re
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from tests.live_test.certificates import authority
from wizard.live_test.failure import Certificate
from wizard.live_test.tls import read_certificate

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


def test_damaged_certificate_is_read_or_refused_and_raises_nothing() -> None:
    chance = random.Random(1)  # noqa: S311  (the same damage each time)
    whole = issued("mail.example.org", "127.0.0.1")
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        read_certificate(bytes(data[: chance.choice((len(data), chance.randrange(len(data))))]))
