"""Certificates are read without trust, whatever they contain."""

from __future__ import annotations

import random
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.live_test.certificates import authority
from wizard.live_test.failure import Certificate
from wizard.live_test.tls import read_certificate

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
