"""The password of an endpoint is hidden wherever it is shown, however the endpoint is written."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wizard.config.endpoint import Endpoint
from wizard.errors import FileRefused, InvalidValue
from wizard.formats.masking import mask_config, mask_dotenv
from wizard.formats.toml.statements import parse_toml
from wizard.formats.toml.values import render_string
from wizard.formats.urls import mask_url_password, mask_urls, url_password

PASSWORD = "hunter2pw"


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("smtp://u:hunter22@relay:25", "smtp://u:********@relay:25"),
        ("smtp://me@x.org:hunter22@relay", "smtp://me@x.org:********@relay"),
        ("smtp://u:pa/hunter22@relay", "smtp://u:********@relay"),
        ("smtp://u:pa#hunter22?@relay", "smtp://u:********@relay"),
        ("smtp://u:pa hunter22@relay", "smtp://u:********@relay"),
        ("smtp://u:a@hunter22@relay", "smtp://u:********@relay"),
        ("u:hunter22@relay", "u:********@relay"),
        ("u: hunter22@relay", "u:********@relay"),
        (":hunter22@relay", ":********@relay"),
        ("smtp:/u:hunter22@relay", "smtp:********@relay"),
        ("smtp:\\\\u:hunter22@relay", "smtp:********@relay"),
        ("SMTP:/U:hunter22@relay", "SMTP:********@relay"),
        ("smtp:///u:hunter22@relay", "smtp:///u:********@relay"),
        ("smtp://u%3Ahunter22@relay", "smtp://u%3A********@relay"),
        ("smtp://u:hunter22%40relay", "smtp://u:********%40relay"),
        ("smtp%3a%2f%2fu%3ahunter22%40relay", "smtp%3a********%40relay"),
        ("smtp://u:hunter22", "smtp://u:********"),
        ("smtp://u:hunter22/name", "smtp://u:********"),
        ("me@example.org:hunter22", "me@example.org:********"),
        ("mail.example.org", "mail.example.org"),
        ("mail.example.org:587", "mail.example.org:587"),
        ("smtp://relay:2500/name", "smtp://relay:2500/name"),
        ("smtp://me@relay:25", "smtp://me@relay:25"),
        ("smtp://me%40example.org@relay:25", "smtp://me%40example.org@relay:25"),
        ("me@example.org", "me@example.org"),
        ("smtp:/relay:2500?tls=required", "smtp:/relay:2500?tls=required"),
        ("smtp://[::1]:25", "smtp://[::1]:25"),
        ("2001:db8::1", "2001:db8::1"),
        ("smtp:relay", "smtp:relay"),
        ("smtp://relay:${PORT}/x", "smtp://relay:${PORT}/x"),
        ("smtp://u:${SMTP_SECRET}@relay", "smtp://u:${SMTP_SECRET}@relay"),
        ("smtp://u:${A}x@relay", "smtp://u:********@relay"),
    ],
    ids=[
        "credentials", "address as the user", "slash", "query and fragment", "blank", "at sign",
        "no scheme", "blank before it", "no user", "one slash", "backslashes", "capitals",
        "three slashes", "encoded colon", "encoded at sign", "all encoded", "no host",
        "no host and a name", "no host, address as the user", "host",
        "host and port", "relay and name", "user alone", "address as the user alone",
        "mail address", "one slash, no user", "IPv6 in a URL", "IPv6", "no slashes, no user",
        "port from a variable", "reference", "reference and text",
    ],
)  # fmt: skip
def test_password_in_an_endpoint_is_masked_however_malformed(endpoint: str, shown: str) -> None:
    assert mask_url_password(endpoint) == shown
    assert (url_password(endpoint) is None) == (endpoint == shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at postgres://u:hunter22@h/x", "at postgres://u:********@h/x"),
        ("at smtp:/u:hunter22@h", "at smtp:********@h"),
        ("at u:hunter22@h", "at u:********@h"),
        ("see https://example.org, or write to: me@example.org",) * 2,
        ("the port is 465: see https://example.org:443/docs",) * 2,
    ],
    ids=["address", "one slash", "no scheme", "mail address", "ports"],
)
def test_passwords_are_masked_in_other_text_and_punctuation_is_left_alone(
    text: str, shown: str
) -> None:
    assert mask_urls(text) == shown


FORMS = [
    "smtp://u:{}@host", "SMTP://U:{}@HOST:25", "smtp:/u:{}@host", "smtp:\\\\u:{}@host",
    "smtp:\\u:{}@host", "smtp:u:{}@host", "smtp//u:{}@host", "//u:{}@host", "u:{}@host",
    ":{}@host", "me@example.org:{}@host", "smtp://me%40example.org:{}@host", "smtp:///u:{}@host",
    "smtps://u:{}@host", "u%3A{}%40host", "smtp%3A%2F%2Fu%3A{}%40host", "smtp://u:{}@h/x@y",
    "smtp://u:{}@host?tls=required", "smtp://smtp://u:{}@host", "host/u:{}@host",
]  # fmt: skip

QUOTED = [
    "[smtp]\nendpoint = {}\n",
    "[smtp]\r\nuser = 'me@example.org'\r\nendpoint = {} # c\r\nstarttls = true",
    "smtp.endpoint = {}\n",
    "[smtp_config]\n'endpoint'={}",
    "smtp = {{ user = 'u', endpoint = {}, starttls = true }}\n",
    "a = [{{ endpoint = {} }}, {{ b.'endpoint' = {} }}]\n",
    "# endpoint = {}\n",
    "#endpoint={} # the old one\n",
    "[smtp]\n# smtp.endpoint = {}\n",
    "[x]\nEndpoint = {}\ndb_url = {}\nsmtp_uri = {}\n",
    "[[relays]]\nendpoint = {}\n",
]


def basic(text: str) -> str:
    return render_string(text)


def escaped(text: str) -> str:
    """Write every character as an escape."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def separators_escaped(text: str) -> str:
    return basic(text).replace(":", "\\u003a").replace("@", "\\u0040")


def multi_line(text: str) -> str:
    return '""' + basic(text) + '""'


def continued(text: str) -> str:
    """Break a multi-line string where TOML takes the line end out again, in the password too."""
    pieces = [basic(text[at : at + 3])[1:-1] for at in range(0, len(text), 3)]
    return '"""\\\n' + "\\\n  ".join(pieces) + '"""'


NOTATIONS = [basic, separators_escaped, multi_line]
passwords = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12).map(
    lambda text: text.replace("$", "").replace("@", "") + PASSWORD
)


@settings(max_examples=400)
@given(
    passwords,
    st.booleans(),
    st.sampled_from(FORMS),
    st.sampled_from(QUOTED),
    st.sampled_from(NOTATIONS),
)
@example(PASSWORD, False, "smtp:/u:{}@host", QUOTED[0], basic)
@example(f" {PASSWORD}", False, "u%3A{}%40host", QUOTED[0], basic)
@example(PASSWORD, False, "smtp:\\\\u:{}@host", QUOTED[0], separators_escaped)
def test_no_config_shows_the_password_of_an_endpoint(
    password: str, encoded: bool, form: str, config: str, notation: Callable[[str], str]
) -> None:
    endpoint = form.format(quote(password, safe="") if encoded else password)
    source = notation(endpoint)
    text = config.format(*[source] * config.count("{}"))
    masked = mask_config(text)
    assert PASSWORD not in masked
    assert masked.count("\n") == text.count("\n")
    assert PASSWORD not in mask_url_password(endpoint)
    assert PASSWORD not in mask_dotenv(f"RELAY={source}\n# {endpoint}\n# RELAY={endpoint}\n")


@given(st.sampled_from(FORMS), st.sampled_from(["xyz", "xy z", " xyz", "x:y/z"]))
def test_escapes_and_continued_lines_hide_nothing_from_the_mask(form: str, password: str) -> None:
    endpoint = form.format(password).replace("smtp", "").replace("example", "")
    for source in (escaped(endpoint), continued(endpoint)):
        text = f"[smtp]\nendpoint = {source}\n"
        masked = mask_config(text)
        assert masked.count("\n") == text.count("\n")
        assert not {"x", "y", "z", "78", "79", "7a"} & set(masked)
        shown = parse_toml(masked).data["smtp"]["endpoint"] if '"' in masked else ""
        assert not set(shown.removesuffix("x@y")) & set("xyz")


def test_literal_strings_and_bare_comments_hide_it_too() -> None:
    for form in FORMS:
        endpoint = form.format(PASSWORD)
        for text in (
            f"[smtp]\nendpoint = '{endpoint}'\n",
            f"[smtp]\nendpoint = '''\n{endpoint}'''\n",
            f"a = 1 # {endpoint}\n",
            f"# endpoint = {endpoint}\n",
            f"# the relay was {endpoint} until May\n",
            f"a = [ # {endpoint}\n '{endpoint}',\n]\n",
            f"'{endpoint}' = 1\n",
            f"[smtp]\nendpoint = {endpoint}\n",
        ):
            assert PASSWORD not in mask_config(text), text


def test_a_commented_out_string_of_several_lines_is_hidden_to_its_end() -> None:
    text = '# endpoint = """\\\n#  smtp://u:hun\\\n#  ter2@host"""\n# c\n'
    assert mask_config(text) == '# endpoint = """\\\n# ********\n# ********\n# c\n'


@pytest.mark.parametrize("form", FORMS)
def test_refusals_do_not_repeat_it(form: str) -> None:
    endpoint = form.format(PASSWORD)
    try:
        said = repr(Endpoint.parse(endpoint))
    except InvalidValue as problem:
        said = f"{problem.message}{problem.remedy}"
    assert PASSWORD not in said
    for line in (f'relay = "{endpoint}" x', f"relay = {endpoint}"):
        with pytest.raises(FileRefused) as refused:
            parse_toml(f"{line}\n")
        assert PASSWORD not in f"{refused.value.message}{refused.value.remedy}"


MEBIBYTE = 1 << 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["a", ":", "://", "a://b", "%3a", "@", ":@", "%", "a b: c@"])
def test_a_mebibyte_takes_linear_time(piece: str) -> None:
    text = piece * (MEBIBYTE // len(piece))
    assert mask_url_password(text)
    assert mask_urls(text)
