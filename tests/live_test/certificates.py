"""Certificates of throw-away authorities, in contexts for servers."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.live_test.servers import HOST

NOW = datetime.now(UTC).replace(tzinfo=None)
DAY = timedelta(days=1)
P256 = ec.SECP256R1()
SHA256 = hashes.SHA256()


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def stranger() -> trustme.CA:
    return trustme.CA(organization_name="Somebody Ltd")


def server_context(
    *names: str,
    by: Callable[[], trustme.CA] = authority,
    common_name: str | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> ssl.SSLContext:
    """A certificate for these names, by default for those that tests connect to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = by().issue_cert(
        *(names or (HOST, "localhost")),
        common_name=common_name,
        not_before=not_before,
        not_after=not_after,
    )
    leaf.configure_cert(context)
    return context


def good() -> ssl.SSLContext:
    return server_context()


def self_signed() -> ssl.SSLContext:
    """A certificate that nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - DAY, NOW + DAY)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return _serving(certificate, key)


NAMES = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")])
"""Those that tests connect to."""


def issued(
    *extensions: x509.ExtensionType,
    curve: ec.EllipticCurve = P256,
    digest: hashes.SHA256 | hashes.SHA512 = SHA256,
    not_after: datetime = NOW + 90 * DAY,
    through: ec.EllipticCurve | None = None,
) -> ssl.SSLContext:
    """A certificate of the authority with these extensions alone, and a common name.

    ``through``: signed by another authority in between, whose key is on this curve.
    """
    issuer = x509.load_pem_x509_certificate(authority().cert_pem.bytes())
    signing_key = serialization.load_pem_private_key(authority().private_key_pem.bytes(), None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    between = []
    if through is not None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "between")])
        key = ec.generate_private_key(through)
        issuer = (
            x509.CertificateBuilder(
                issuer.subject, name, key.public_key(), 1, NOW - DAY, NOW + 90 * DAY
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(signing_key, SHA256)
        )
        signing_key = key
        between = [issuer]
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(
        issuer.subject, name, key.public_key(), 1, NOW - DAY, not_after
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return _serving(builder.sign(signing_key, digest), key, *between)


def demanding_certificate(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A good certificate, for clients that have one themselves."""
    context = good()
    context.minimum_version = context.maximum_version = version
    context.load_verify_locations(cadata=authority().cert_pem.bytes().decode())
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def old_ciphers(ciphers: str) -> ssl.SSLContext:
    """TLS 1.2 with an RSA key and these ciphers, as OpenSSL names them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(HOST, "localhost", key_type=trustme.KeyType.RSA).configure_cert(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    return context


def old_tls() -> ssl.SSLContext:
    """TLS 1.1 and nothing newer, which OpenSSL only speaks at its lowest security level."""
    context = good()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _serving(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, *between: x509.Certificate
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        for each in (certificate, *between):
            file.write(each.public_bytes(serialization.Encoding.PEM))
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.flush()
        context.load_cert_chain(file.name)
    return context
