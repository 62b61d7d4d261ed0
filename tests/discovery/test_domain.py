"""The domain of an address, in the form used in the DNS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.config.endpoint import Endpoint
from wizard.discovery.providers import is_within
from wizard.discovery.suggestion import as_host, domain_of
from wizard.errors import InvalidValue


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("you@example.org", "example.org"),
        ("You@Example.ORG", "example.org"),
        ('"a@b"@example.org', "example.org"),
        ("du@müller.example", "xn--mller-kva.example"),
        ("du@MÜLLER.example", "xn--mller-kva.example"),
        ("du@xn--mller-kva.example", "xn--mller-kva.example"),
    ],
)
def test_the_domain_is_in_lower_case_ascii(address: str, domain: str) -> None:
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("apikey", "domain-missing"),
        ("", "domain-missing"),
        ("you@", "domain-invalid"),
        ("you@localhost", "domain-invalid"),
        ("you@a.localhost", "domain-invalid"),
        ("you@192.0.2.1", "domain-invalid"),
        ("you@[192.0.2.1]", "domain-invalid"),
        ("you@2001:db8::1", "domain-invalid"),
        ("you@example..org", "domain-invalid"),
        ("you@example.org.", "domain-invalid"),
        ("you@.example.org", "domain-invalid"),
        ("you@exa mple.org", "domain-invalid"),
        ("you@exa\nmple.org", "domain-invalid"),
        ("you@smtp://example.org", "domain-invalid"),
        ("you@example.org:25", "domain-invalid"),
        ("you@" + "a" * 64 + ".example", "domain-invalid"),
        ("you@" + "a." * 200 + "example", "domain-invalid"),
        ("you@\u2024\u2024.example", "domain-invalid"),
        ("you@" + "ü" * 300 + ".example", "domain-invalid"),
    ],
    ids=[
        "no at sign",
        "empty",
        "nothing after it",
        "localhost",
        "below localhost",
        "IPv4",
        "IPv4 in brackets",
        "IPv6",
        "two dots",
        "dot at the end",
        "dot at the start",
        "blank",
        "line break",
        "scheme",
        "port",
        "label too long",
        "name too long",
        "dot leaders",
        "too long in punycode",
    ],
)
def test_what_has_no_domain_is_refused_with_a_sentence(address: str, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        domain_of(address)
    assert refused.value.code == code
    assert refused.value.remedy


@given(st.text(max_size=80))
def test_a_host_is_always_a_valid_endpoint(text: str) -> None:
    host = as_host(text)
    if host is not None:
        assert Endpoint.parse(host).route(starttls=False).host == host
        assert host.isascii()
        assert host.isprintable()
        assert "$" not in host


def test_names_below_a_domain_belong_to_it() -> None:
    assert is_within("example.org", "example.org")
    assert is_within("mail.example.org", "example.org")
    assert not is_within("badexample.org", "example.org")
