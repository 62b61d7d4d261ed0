"""Settings for mail programs, as they are published and as an attacker could write them."""

from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.discovery import web
from wizard.discovery.autoconfig import InvalidAutoconfig, parse_autoconfig
from wizard.discovery.offers import AdvertisedServer, suggestions_from
from wizard.discovery.suggestion import DiscoverySource, SourceResult

ADDRESS, DOMAIN = "you@example.org", "example.org"


def servers_in(*servers: str) -> list[AdvertisedServer]:
    return parse_autoconfig(web.settings(*servers), ADDRESS, DOMAIN)


def suggested(*servers: str) -> SourceResult:
    return suggestions_from(DiscoverySource.AUTOCONFIG, DOMAIN, "", servers_in(*servers))


def test_the_server_for_outgoing_mail_is_found() -> None:
    [found] = suggested(web.server()).suggestions
    assert (found.endpoint, found.starttls, found.user) == ("mail.example.org", False, ADDRESS)
    assert found.usable
    assert found.notes == ()


@pytest.mark.parametrize(
    ("port", "socket_type", "endpoint", "starttls"),
    [
        ("465", "SSL", "mail.example.org", False),
        ("587", "STARTTLS", "mail.example.org", True),
        ("25", "STARTTLS", "smtp://mail.example.org:25?tls=required", False),
        ("2525", "STARTTLS", "smtp://mail.example.org:2525?tls=required", False),
    ],
    ids=["SSL on 465", "STARTTLS on 587", "STARTTLS on 25", "STARTTLS on 2525"],
)
def test_a_server_is_suggested_with_the_settings_that_lead_to_it(
    port: str, socket_type: str, endpoint: str, starttls: bool
) -> None:
    [found] = suggested(web.server(port=port, socket_type=socket_type)).suggestions
    assert (found.endpoint, found.starttls) == (endpoint, starttls)
    assert found.route is not None
    assert found.route.port == int(port)


@pytest.mark.parametrize(
    ("port", "socket_type", "why"),
    [("2465", "SSL", "only do on port 465"), ("587", "plain", "without encryption")],
    ids=["SSL on 2465", "plain on 587"],
)
def test_a_server_that_no_endpoint_leads_to_is_left_out_with_a_remark(
    port: str, socket_type: str, why: str
) -> None:
    found = suggested(web.server(port=port, socket_type=socket_type))
    assert found.suggestions == ()
    assert why in found.remarks[0]
    assert port in found.remarks[0]


@pytest.mark.parametrize(
    ("template", "user"),
    [
        ("%EMAILADDRESS%", "you@example.org"),
        ("%EMAILLOCALPART%", "you"),
        ("%EMAILLOCALPART%@%EMAILDOMAIN%", "you@example.org"),
        ("%EMAILLOCALPART%+smtp", "you+smtp"),
        ("somebody@example.org", None),
        ("", None),
        ("${SMTP_SECRET}%EMAILADDRESS%", None),
        ("%EMAILADDRESS%\u202e", None),
        ("%EMAILADDRESS% x", None),
    ],
    ids=[
        "address",
        "local part",
        "local part and domain",
        "local part with a suffix",
        "fixed",
        "empty",
        "reference",
        "control character",
        "blank",
    ],
)
def test_the_user_is_filled_in_or_left_alone(template: str, user: str | None) -> None:
    [found] = suggested(web.server("mail.example.org", "465", "SSL", template)).suggestions
    assert found.user == user


@pytest.mark.parametrize(
    ("methods", "usable"),
    [
        ((), True),
        (("password-cleartext",), True),
        (("OAuth2", "password-cleartext"), True),
        (("none",), True),
        (("client-IP-address",), True),
        (("OAuth2",), False),
        (("password-encrypted", "NTLM"), False),
    ],
)
def test_a_login_that_the_server_does_not_support_is_reported(
    methods: tuple[str, ...], usable: bool
) -> None:
    server = web.server("mail.example.org", "465", "SSL", "%EMAILADDRESS%", *methods)
    [found] = suggested(server).suggestions
    assert found.usable is usable
    assert usable or "no login by password" in found.notes[0]


def test_a_host_of_a_known_provider_comes_with_its_notes() -> None:
    [google, outlook] = suggested(
        web.server("smtp.gmail.com"), web.server("smtp-mail.outlook.com", "587", "STARTTLS")
    ).suggestions
    assert google.provider == "Google"
    assert "app password" in google.notes[0]
    assert not outlook.usable
    assert "OAuth" in outlook.notes[0]


def test_a_host_of_another_domain_comes_with_a_warning() -> None:
    [found] = suggested(web.server("mail.elsewhere.example")).suggestions
    assert "take it only if you know" in found.notes[0]


def test_the_domain_may_be_a_placeholder_in_the_host() -> None:
    [found] = suggested(web.server("smtp.%EMAILDOMAIN%")).suggestions
    assert found.endpoint == "smtp.example.org"


def test_a_host_in_unicode_is_suggested_in_its_dns_form() -> None:
    [found] = suggested(web.server("mäil.example.org")).suggestions
    assert found.endpoint == "xn--mil-qla.example.org"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "smtp_relay",
        "127.0.0.1",
        "[::1]",
        "mail.example.org:25",
        "smtp://mail.example.org",
        "mail.example.org/x",
        "mail.example.org&#10;secret = 1",
        "mail.example.org&#9;",
        "mail&#x202e;.example.org",
        "${SMTP_SECRET}.example.org",
        "you@mail.example.org",
        "a" * 64 + ".example.org",
        "a." * 300 + "example.org",
    ],
    ids=[
        "empty",
        "localhost",
        "underscore",
        "IPv4",
        "IPv6",
        "port",
        "scheme",
        "path",
        "line break",
        "tab",
        "right to left",
        "reference",
        "user",
        "label too long",
        "name too long",
    ],
)
def test_what_is_not_a_public_host_is_never_suggested(host: str) -> None:
    found = suggested(web.server(host))
    if found.suggestions:  # blanks around a host have no meaning in XML
        assert found.suggestions[0].endpoint == "mail.example.org"
    assert all(remark.isprintable() for remark in found.remarks)


@pytest.mark.parametrize(
    "port",
    ["", "0", "65536", "-1", "4 65", "٤٦٥", "465.0", "9" * 5000],
    ids=[
        "empty",
        "zero",
        "too high",
        "negative",
        "blank inside",
        "other digits",
        "fraction",
        "huge",
    ],
)
def test_what_is_not_a_port_is_left_out(port: str) -> None:
    assert servers_in(web.server(port=port)) == []


def test_only_the_first_servers_count() -> None:
    assert len(servers_in(*(web.server(f"smtp{n}.example.org") for n in range(100)))) == 5


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
)
HOSTILE = {
    "nothing": b"",
    "no XML": b"<html><body>Welcome<br></body>",
    "HTML": b"<html><body>Welcome</body></html>",
    "binary": bytes(range(256)),
    "cut off": web.settings()[:200],
    "another file": b"<clientConfig2/>",
    "billion laughs": f"<!DOCTYPE x [{LAUGHS}]><clientConfig>&l9;</clientConfig>".encode(),
    "quadratic": (
        b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 9000 + b'">]><clientConfig>' + b"&a;" * 9000
    )
    + b"</clientConfig>",
    "file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><clientConfig>&a;'
    b"</clientConfig>",
    "type elsewhere": b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><clientConfig/>',
    "parameters": b'<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1/x">%a;]><clientConfig/>',
    "unknown encoding": b'<?xml version="1.0" encoding="made-up"?><clientConfig/>',
    "encoding of several bytes": b'<?xml version="1.0" encoding="utf-7"?><clientConfig/>',
    "unknown entity": b"<clientConfig>&nothing;</clientConfig>",
    "null": b"<clientConfig>\0</clientConfig>",
}


@pytest.mark.parametrize("file", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_such_a_file_is_refused(file: bytes) -> None:
    with pytest.raises(InvalidAutoconfig):
        parse_autoconfig(file, ADDRESS, DOMAIN)


def test_a_file_in_another_encoding_is_read() -> None:
    text = web.settings().decode().replace("UTF-8", "UTF-16")
    assert parse_autoconfig(codecs.BOM_UTF16_LE + text.encode("utf-16-le"), ADDRESS, DOMAIN)


def test_a_deeply_nested_file_does_no_harm() -> None:
    depth = 8000
    file = b"<clientConfig>" + b"<a>" * depth + b"</a>" * depth + b"</clientConfig>"
    assert parse_autoconfig(file, ADDRESS, DOMAIN) == []


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(file: bytes) -> None:
    with contextlib.suppress(InvalidAutoconfig):
        parse_autoconfig(file, ADDRESS, DOMAIN)


@given(st.text(max_size=60), st.text(max_size=8), st.text(max_size=30))
def test_whatever_the_fields_contain_a_suggestion_is_fit_for_config(
    host: str, port: str, user: str
) -> None:
    escaped = [
        text.translate({ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;"})
        for text in (host, port, user)
    ]
    try:
        found = suggested(web.server(escaped[0], escaped[1] or "465", "SSL", escaped[2]))
    except (InvalidAutoconfig, UnicodeEncodeError):
        return
    for suggestion in found.suggestions:
        assert suggestion.route is not None
        assert "$" not in suggestion.endpoint + (suggestion.user or "")
        assert (suggestion.endpoint + (suggestion.user or "")).isprintable()
