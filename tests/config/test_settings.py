"""The model of the server's settings: where each endpoint leads, and each refusal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.config.endpoint import Endpoint, Route, Security, is_container_name, is_loopback
from wizard.config.settings import SmtpSettings, check_user, settings_findings
from wizard.errors import InvalidValue, as_flags
from wizard.formats.config_toml.skip_key import SkipKey, skip_key_of
from wizard.formats.variables import check_secret_variable, check_variable, expand, references
from wizard.secrets.secret import Secret

TLS, STARTTLS, NONE = Security.TLS, Security.STARTTLS, Security.NONE


@pytest.mark.parametrize(
    ("endpoint", "starttls", "route"),
    [
        ("mail.example.org", False, Route("mail.example.org", 465, TLS)),
        ("mail.example.org", True, Route("mail.example.org", 587, STARTTLS)),
        ("Mail.Example.ORG", False, Route("Mail.Example.ORG", 465, TLS)),
        ("192.0.2.7", False, Route("192.0.2.7", 465, TLS)),
        ("2001:db8::7", True, Route("2001:db8::7", 587, STARTTLS)),
        ("smtp_relay", False, Route("smtp_relay", 465, TLS)),
        ("smtp://relay", False, Route("relay", 25, NONE)),
        ("smtp://relay", True, Route("relay", 25, NONE)),
        ("smtp://smtp_relay:2500", False, Route("smtp_relay", 2500, NONE)),
        ("smtp://localhost:2500", True, Route("localhost", 2500, NONE)),
        ("smtp://127.0.0.1:2500/", False, Route("127.0.0.1", 2500, NONE)),
        ("SMTP://relay:26", False, Route("relay", 26, NONE)),
        ("smtp://relay?tls=required", False, Route("relay", 587, STARTTLS)),
        ("smtp://relay:25?tls=required", False, Route("relay", 25, STARTTLS)),
        ("smtp://relay/?tls=required", True, Route("relay", 587, STARTTLS)),
        ("smtp://relay/me.example.org", False, Route("relay", 25, NONE, "me.example.org")),
        (
            "smtp://relay:2525/[192.0.2.1]?tls=required",
            False,
            Route("relay", 2525, STARTTLS, "[192.0.2.1]"),
        ),
        ("smtp://u:p@relay:25", False, Route("relay", 25, NONE)),
        ("smtp://u@relay", False, Route("relay", 25, NONE)),
    ],
    ids=[
        "host",
        "host, STARTTLS",
        "capitals",
        "IPv4",
        "IPv6, STARTTLS",
        "underscore",
        "smtp",
        "smtp, STARTTLS",
        "smtp, port",
        "smtp to localhost",
        "smtp, IPv4 and slash",
        "smtp in capitals",
        "tls=required",
        "tls=required, port",
        "tls=required, slash",
        "own name",
        "own name, port and tls=required",
        "user and password",
        "user",
    ],
)
def test_route_is_where_the_server_connects(endpoint: str, starttls: bool, route: Route) -> None:
    assert Endpoint.parse(endpoint).route(starttls) == route


@pytest.mark.parametrize(
    ("endpoint", "code", "remedy"),
    [
        ("", "endpoint-empty", "host name"),
        (" mail.example.org", "endpoint-blanks", "Enter mail.example.org."),
        (" mail ", "endpoint-blanks", "Enter mail."),
        (" -mail\n", "endpoint-blanks", "Remove"),
        ("mail example.org", "endpoint-characters", "alone"),
        ("mail\x1b.example.org", "endpoint-characters", "alone"),
        ("mail.example.org:587", "endpoint-port", "choose STARTTLS"),
        ("mail.example.org:465", "endpoint-port", "Enter mail.example.org alone"),
        ("mail.example.org:2525", "endpoint-port", "smtp://mail.example.org:2525?tls=required"),
        ("mail.example.org:x", "endpoint-port", "alone"),
        ("mail.example.org:", "endpoint-port", "alone"),
        ("smtps://mail.example.org:465", "endpoint-scheme", "Enter mail.example.org alone"),
        ("smtps://u:geheim@mail.example.org", "endpoint-scheme", "Enter mail.example.org alone"),
        ("http://mail.example.org/", "endpoint-scheme", "Enter mail.example.org."),
        ("imap://mail.example.org/", "endpoint-scheme", "Enter mail.example.org alone"),
        ("://", "endpoint-scheme", "mail.example.org alone"),
        ("[::1]", "endpoint-brackets", "127.0.0.1"),
        ("smtp://[::1]:25", "endpoint-brackets", "127.0.0.1"),
        ("mail.example.org/", "endpoint-path", "Enter mail.example.org."),
        ("mail.example.org/smtp", "endpoint-path", "mail.example.org alone"),
        ("mail.example.org?tls=required", "endpoint-path", "choose STARTTLS"),
        ("you@example.org", "endpoint-is-address", "smtp.example.org"),
        ("bücher.example", "endpoint-not-ascii", "xn--bcher-kva.example"),
        ("straße.example", "endpoint-not-ascii", "xn--strae-oqa.example"),
        ("smtp://bücher.example:25", "endpoint-not-ascii", "xn--bcher-kva.example"),
        ("mail.example.org.", "endpoint-trailing-dot", "mail.example.org."),
        ("mail..example.org", "endpoint-not-a-host", "Enter mail.example.org."),
        ("mail+example.org", "endpoint-not-a-host", "single dots"),
        ("-mail.example.org", "endpoint-not-a-host", "hyphens"),
        ("a" * 64 + ".org", "endpoint-not-a-host", "pasted twice"),
        ("a." * 127 + "toolong", "endpoint-not-a-host", "pasted twice"),
        ("192.0.2", "endpoint-not-an-address", "host name"),
        ("192.0.2.256", "endpoint-not-an-address", "host name"),
        ("smtp://", "endpoint-no-host", "smtp://localhost:2500"),
        ("smtp://:25", "endpoint-no-host", "smtp://localhost:2500"),
        ("smtp://u:p@", "endpoint-no-host", "smtp://localhost:2500"),
        ("smtp:///name", "endpoint-no-host", "smtp://localhost:2500"),
        ("smtp://relay:0", "endpoint-port-range", "smtp://relay:2500"),
        ("smtp://relay:65536", "endpoint-port-range", "smtp://relay:2500"),
        ("smtp://relay:", "endpoint-port-range", "smtp://relay:2500"),
        ("smtp://relay:2५", "endpoint-port-range", "smtp://relay:2500"),
        ("smtp://relay:-1", "endpoint-port-range", "smtp://relay:2500"),
        ("smtp://relay?tls=opportunistic", "endpoint-opportunistic", "?tls=required"),
        ("smtp://relay?TLS=required", "endpoint-query", "?tls=required"),
        ("smtp://relay?", "endpoint-query", "?tls=required"),
        ("smtp://relay#x", "endpoint-fragment", "%23"),
        ("smtp://relay/a/b", "endpoint-path", "myserver.example.org"),
        ("smtp://relay/a_b!", "endpoint-path", "myserver.example.org"),
        ("smtp://u:%ff@relay", "endpoint-credentials", "password"),
    ],
    ids=[
        "empty",
        "blank before it",
        "blanks around it",
        "blank before a hyphen",
        "blank inside",
        "control character",
        "port 587",
        "port 465",
        "port 2525",
        "port is no number",
        "empty port",
        "smtps",
        "smtps with a password",
        "http",
        "imap",
        "nothing but a scheme",
        "IPv6 in brackets",
        "smtp, IPv6 in brackets",
        "slash",
        "path",
        "query",
        "mail address",
        "umlaut",
        "sharp s",
        "smtp, umlaut",
        "dot at the end",
        "two dots",
        "plus sign",
        "hyphen first",
        "label too long",
        "name too long",
        "three numbers",
        "number too high",
        "smtp, no host",
        "smtp, port alone",
        "smtp, user alone",
        "smtp, path alone",
        "smtp, port 0",
        "smtp, port 65536",
        "smtp, empty port",
        "smtp, other digits",
        "smtp, negative port",
        "opportunistic",
        "query in capitals",
        "empty query",
        "fragment",
        "two paths",
        "own name is no host",
        "invalid percent sign",
    ],
)
def test_unusable_endpoint_is_refused_with_a_remedy(endpoint: str, code: str, remedy: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Endpoint.parse(endpoint)
    assert caught.value.code == code
    assert remedy in caught.value.remedy
    assert caught.value.message.endswith((".", "//"))
    assert "geheim" not in str(caught.value)


MEANT = {
    "localhost:2500": "--endpoint smtp://localhost:2500",
    "127.0.0.1:25": "--endpoint smtp://127.0.0.1:25",
    "mail.example.org:587": "--endpoint mail.example.org --starttls",
    "mail.example.org: 587 ": "--endpoint mail.example.org --starttls",
    "mail.example.org 587": "--endpoint mail.example.org --starttls",
    "mail.example.org?tls=required": "--endpoint mail.example.org --starttls",
    "mail.example.org:465": "--endpoint mail.example.org --no-starttls",
    "smtps://mail.example.org": "--endpoint mail.example.org --no-starttls",
    "SMTPS://Mail.Example.org:465/": "--endpoint Mail.Example.org --no-starttls",
    "submissions://mail.example.org": "--endpoint mail.example.org --no-starttls",
    "ssl://mail.example.org:465": "--endpoint mail.example.org --no-starttls",
    "https://mail.example.org/": "--endpoint mail.example.org",
    "mail.example.org/": "--endpoint mail.example.org",
    "mail.example.org.": "--endpoint mail.example.org",
    "mail..example.org": "--endpoint mail.example.org",
    " mail.example.org\r\n": "--endpoint mail.example.org",
    "mail .example. org": "--endpoint mail.example.org",
    "mail,example,org": "--endpoint mail.example.org",
    "mail.example,org": "--endpoint mail.example.org",
    "bücher.example": "--endpoint xn--bcher-kva.example",
    "bücher.example:587": "--endpoint xn--bcher-kva.example --starttls",
    "smtp://bücher.example:25": "--endpoint smtp://xn--bcher-kva.example:25",
    "smtp:// relay:2500": "--endpoint smtp://relay:2500",
    "smtp://relay.:2500": "--endpoint smtp://relay:2500",
    "smtp://relay?TLS=required": "--endpoint 'smtp://relay?tls=required'",
    "smtp://relay?tls=opportunistic": "--endpoint 'smtp://relay?tls=required'",
    "localhost 2525": "--endpoint smtp://localhost:2525",
    "smtp:/localhost:2525": "--endpoint smtp://localhost:2525",
    "mail.example.org 2525": "",
    # Guesses
    "mail.example.org:25": "",
    "mail.example.org:2525": "",
    "mail.example.org:": "",
    "smtps://mail.example.org:587": "",
    "tls://mail.example.org": "",
    "imap://mail.example.org": "",
    "https://mail.example.org:8443/": "",
    "https://mail.example.org/webmail": "",
    "mail example org": "",
    "a.example,b.example": "",
    "mail.example.org,localhost": "",
    "you@example.org": "",
    "[::1]": "",
    "smtp://relay:0": "",
    "smtp://relay#x": "",
    # Perhaps with a password
    "smtps://u:geheim@mail.example.org": "",
    "smtp://u:geheim@relay?tls=opportunistic": "",
    "u:geheim@mail.example.org:587": "",
}


@pytest.mark.parametrize("typed", MEANT)
def test_what_was_meant_by_an_endpoint_is_offered(typed: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Endpoint.parse(typed)
    correction = caught.value.correction
    assert as_flags(correction) == MEANT[typed]
    assert "geheim" not in str(caught.value)
    if correction:
        Endpoint.parse(str(correction["endpoint"]))


@pytest.mark.parametrize(
    ("correction", "flags"),
    [
        ({}, ""),
        ({"user": "o'hara@example.org"}, "--user 'o'\"'\"'hara@example.org'"),
        ({"user": "-x@example.org"}, "--user=-x@example.org"),
        ({"endpoint": "a.example", "starttls": True}, "--endpoint a.example --starttls"),
        ({"starttls": False}, "--no-starttls"),
    ],
    ids=["nothing", "quotes", "hyphen first", "two settings", "no starttls"],
)
def test_a_correction_can_be_given_as_flags(correction: dict[str, str | bool], flags: str) -> None:
    assert as_flags(correction) == flags


def test_a_long_endpoint_is_refused_at_once() -> None:
    with pytest.raises(InvalidValue) as caught:
        Endpoint.parse("mail" + " " * 100_000 + "x")
    assert not caught.value.correction


@given(st.text(max_size=60))
def test_any_text_is_either_an_endpoint_or_refused(text: str) -> None:
    for candidate in (text, f"smtp://{text}", f"mail.example.org{text}"):
        try:
            endpoint = Endpoint.parse(candidate)
        except InvalidValue as problem:
            refusal = problem
            assert all((refusal.message, refusal.remedy))
            if meant := refusal.correction.get("endpoint"):
                Endpoint.parse(str(meant))
        else:
            assert 1 <= endpoint.route(starttls=False).port <= 65535
            assert Endpoint.parse(endpoint.text) == endpoint


@given(
    st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{1,20}){1,3}", fullmatch=True),
    st.integers(1, 65535),
    st.booleans(),
)
def test_url_port_is_used_and_starttls_ignored(host: str, port: int, starttls: bool) -> None:
    assert Endpoint.parse(f"smtp://{host}:{port}").route(starttls) == Route(host, port, NONE)
    secured = Endpoint.parse(f"smtp://{host}:{port}?tls=required").route(starttls)
    assert secured == Route(host, port, STARTTLS)


def test_scheme_is_written_in_lower_case() -> None:
    assert Endpoint.parse("SmTp://Relay:25").text == "smtp://Relay:25"


def test_credentials_of_the_url_are_percent_decoded_and_masked() -> None:
    endpoint = Endpoint.parse("smtp://me%40example.org:s%23cr%3At@relay:25")
    assert endpoint.credentials == ("me@example.org", Secret("s#cr:t"))
    assert endpoint.display == "smtp://me%40example.org:********@relay:25"
    assert "s%23" not in repr(endpoint.credentials)


def test_password_of_the_url_is_in_no_repr() -> None:
    settings = SmtpSettings("me@example.org", Endpoint.parse("smtp://u:hunter22@relay"))
    assert "hunter22" not in repr(settings)


def test_user_without_password_in_the_url_is_no_login() -> None:
    assert Endpoint.parse("smtp://me@relay").credentials is None
    assert Endpoint.parse("smtp://me:@relay").credentials is None


def test_explicit_secret_overrides_the_credentials_of_the_url() -> None:
    endpoint = Endpoint.parse("smtp://other:theirs@relay")
    assert SmtpSettings("me", endpoint).login == ("other", Secret("theirs"))
    assert SmtpSettings("me", endpoint, secret=Secret("mine")).login == ("me", Secret("mine"))


def test_route_can_be_put_into_words() -> None:
    words = Endpoint.parse("mail.example.org").route(starttls=False).in_words()
    expected = "connects to mail.example.org, port 465, encrypted from the first byte (SMTPS)"
    assert words == expected


@pytest.mark.parametrize(
    ("user", "code"),
    [
        ("", "user-empty"),
        (" me@example.org", "user-blanks"),
        ("me@example.org\r", "user-blanks"),
        ("me\nRCPT TO:<x@y>", "user-characters"),
        ("me\x00", "user-characters"),
        ("x" * 321, "user-too-long"),
    ],
    ids=["empty", "blank before it", "CR", "SMTP command", "NUL", "too long"],
)
def test_unusable_user_is_refused(user: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_user(user)
    assert caught.value.code == code


@pytest.mark.parametrize("user", ["me@example.org", "apikey", "Jörg@example.org", 'a"b'])
def test_user_need_not_be_an_address(user: str) -> None:
    assert check_user(user) == user


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "Ä", "A=", "A\n"])
def test_variable_name_that_a_reader_refuses_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        check_variable(name)


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PATH", "IFS", "ENV", "BASH_ENV", "PS4",
        "SHELLOPTS", "PYTHONPATH", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT", "RUBYOPT", "RUBYLIB",
        "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "GIT_SSH_COMMAND", "DOCKER_HOST",
        "COMPOSE_FILE", "GCONV_PATH", "LOCPATH", "TMPDIR", "HOME", "SSH_AUTH_SOCK", "SSH_ASKPASS",
        "https_proxy", "HTTP_PROXY", "no_proxy", "GLIBC_TUNABLES", "LC_ALL", "SUDO_UID",
    ],
)  # fmt: skip
def test_variable_with_a_meaning_of_its_own_holds_no_secret(name: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_secret_variable(name)
    assert refused.value.code == "variable-reserved"
    assert check_variable(name) == name


@pytest.mark.parametrize(
    "name",
    ["SMTP_SECRET", "MAIL_PW", "BOMNIPOTENT_SMTP_SECRET", "PATH_SECRET", "MY_LD_SECRET", "X", "_"],
)
def test_other_variables_hold_a_secret(name: str) -> None:
    assert check_secret_variable(name) == name


def test_references_are_replaced_before_the_value_is_used() -> None:
    values = {"HOST": "mail.example.org", "EMPTY": ""}
    assert (
        expand("x${HOST}y${EMPTY}$HOST", lambda name: values.get(name)) == "xmail.example.orgy$HOST"
    )
    assert references("${A}${B}") == ("A", "B")


def test_unset_variable_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"\$\{HOST\}.*gets no value"):
        expand("${HOST}", lambda name: None)


def test_value_of_a_variable_is_not_expanded_again() -> None:
    assert expand("${A}", lambda name: "${A}") == "${A}"


def _codes(
    user: str,
    endpoint: str,
    *,
    starttls: bool = False,
    secret: str = "x",
    services: Sequence[str] = (),
) -> list[str]:
    settings = SmtpSettings(
        user, Endpoint.parse(endpoint), starttls, Secret(secret) if secret else None
    )
    return [finding.code for finding in settings_findings(settings, services)]


def test_findings_say_what_works_differently() -> None:
    assert _codes("me@example.org", "mail.example.org") == []
    assert _codes("apikey", "mail.example.org") == ["user-not-an-address"]
    assert _codes("me@x", "mail.example.org", starttls=True) == ["starttls-discouraged"]
    assert _codes("me@x", "smtp://localhost", starttls=True) == ["starttls-without-effect"]
    assert _codes("me@x", "smtp://mail.example.org") == ["clear-text-login"]
    assert _codes("me@x", "smtp://mail.example.org", secret="") == []
    assert _codes("me@x", "smtp://u:p@mail.example.org", secret="") == ["clear-text-login"]
    assert _codes("me@x", "smtp://smtp_relay:2500") == ["clear-text-login"]
    assert _codes("me@x", "smtp://smtp_relay:2500", services=["smtp_relay"]) == []
    assert _codes("me@x", "smtp://localhost:2500") == []
    assert _codes("me@x", "192.0.2.1") == ["address-needs-certificate"]
    assert _codes("me@x", "mail.example.org", secret="a${B}") == ["secret-contains-reference"]


def test_loopback_and_container_names_are_distinguished() -> None:
    assert is_loopback("localhost")
    assert is_loopback("127.8.9.1")
    assert is_loopback("::1")
    assert not is_loopback("relay")
    assert is_container_name("relay")
    assert is_container_name("smtp_relay.internal")
    assert not is_container_name("localhost")
    assert not is_container_name("mail.example.org")
    assert not is_container_name("::1")


@pytest.mark.parametrize(
    ("version", "form"),
    [
        ("0.5", SkipKey.GLOBAL),
        ("0.6.9", SkipKey.GLOBAL),
        ("v0.6", SkipKey.GLOBAL),
        ("0.7", SkipKey.USER_TABLE),
        ("0.10.1", SkipKey.USER_TABLE),
        ("1", SkipKey.USER_TABLE),
        ("1.5.0-rc1", SkipKey.USER_TABLE),
        ("latest", SkipKey.USER_TABLE),
    ],
)
def test_server_version_decides_how_verification_is_skipped(version: str, form: SkipKey) -> None:
    assert skip_key_of(version) is form


@pytest.mark.parametrize("version", ["", "new", "1.x", "0.4", "-1.0"])
def test_version_without_such_a_setting_is_refused(version: str) -> None:
    with pytest.raises(InvalidValue):
        skip_key_of(version)
