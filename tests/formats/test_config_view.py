from __future__ import annotations

import pytest

from wizard.errors import FileRefused
from wizard.formats.config_toml.reading import parse_config
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.config_toml.view import EMPTY_CONFIG, SmtpValues


def smtp(text: str) -> SmtpValues:
    values = parse_config(text).smtp
    assert values is not None
    return values


FORMS = {
    "header": '[smtp]\nuser = "u"\nendpoint = "h"\nsecret = \'${S}\'\nstarttls = true\n',
    "odd header": '[ "smtp" ]\n"user"="u"\nendpoint=\'h\'\n secret\t= \'${S}\' # c\nstarttls=true',
    "inline": 'smtp = { user = "u", endpoint = "h", secret = \'${S}\', starttls = true }\n',
    "dotted": "smtp.user = 'u'\na = 1\nsmtp.endpoint = 'h'\nsmtp.secret = '${S}'\n"
    "smtp.starttls = true\n",
    "CRLF and BOM": "\ufeff[smtp]\r\nuser = 'u'\r\nendpoint = 'h'\r\nsecret = '${S}'\r\n"
    "starttls = true\r\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_values_are_read_from_every_form_of_the_table(text: str) -> None:
    values = smtp(text)
    assert (values.user, values.endpoint, values.secret) == ("u", "h", "${S}")
    assert values.starttls is True
    assert values.secret_source == "'${S}'"
    assert (values.unknown, values.wrong_type) == ((), ())


@pytest.mark.parametrize("text", ["", "\ufeff", "# [smtp]\n", "[SMTP]\n", 'a = "[smtp]"\n'])
def test_a_missing_table_is_distinguished_from_an_empty_one(text: str) -> None:
    assert parse_config(text).smtp is None
    assert smtp("[smtp]\n").lines == {}
    assert smtp("[smtp]\n").secret_source is None


def test_line_numbers_are_those_of_the_file() -> None:
    values = smtp('a = """\n\n"""\n\n[smtp] # 5\nuser = "u"\nx.y = 1\n[smtp.z]\n[smtp.z.w]\n')
    assert values.line == 5
    assert values.lines == {"user": 6}
    assert values.unknown == (("x", 7), ("z", 8))


def test_line_of_a_sub_table_that_comes_first() -> None:
    values = smtp(
        "[smtp.z]\n[smtp]\nuser = 3\nsecret = ['a']\nstarttls = 'true'\nendpoint = true\n"
    )
    assert values.line == 1
    assert values.wrong_type == (("user", 3), ("endpoint", 6), ("secret", 4), ("starttls", 5))
    assert values.secret_source is None


def test_values_of_references_outside_of_strings_are_their_source() -> None:
    values = smtp("[smtp]\nuser = ${U}\nsecret = ${S} # c\nstarttls = ${T}\nendpoint = 1\n")
    assert (values.user, values.secret, values.starttls) == ("${U}", "${S}", "${T}")
    assert values.secret_source == "${S}"
    assert values.wrong_type == (("endpoint", 5),)


@pytest.mark.parametrize(
    ("text", "skip", "both", "present"),
    [
        ("", None, False, set()),
        ("skip_user_verification = true\n", SkipKey.GLOBAL, False, {SkipKey.GLOBAL}),
        ("skip_user_verification = false\n", None, False, {SkipKey.GLOBAL}),
        ("skip_user_verification = 1\n", None, False, {SkipKey.GLOBAL}),
        ("[a]\nskip_user_verification = true\n", None, False, set()),
        ("[user]\nskip_verification = true", SkipKey.USER_TABLE, False, {SkipKey.USER_TABLE}),
        ("user.skip_verification = true", SkipKey.USER_TABLE, False, {SkipKey.USER_TABLE}),
        ("user = {skip_verification = true}", SkipKey.USER_TABLE, False, {SkipKey.USER_TABLE}),
        ("[user]\nskip_verification = false", None, False, {SkipKey.USER_TABLE}),
        ("[user]\nskip_verification = ${S}", None, False, {SkipKey.USER_TABLE}),
        (
            "skip_user_verification = true\n[user]\nskip_verification = true\n",
            SkipKey.USER_TABLE,
            True,
            set(SkipKey),
        ),
        (
            "skip_user_verification = true\n[user]\nskip_verification = false\n",
            SkipKey.GLOBAL,
            False,
            set(SkipKey),
        ),
    ],
    ids=[
        "empty",
        "global key",
        "global key, false",
        "global key, number",
        "other table",
        "key of user",
        "dotted key",
        "inline table",
        "key of user, false",
        "key of user, reference",
        "both",
        "both, user says false",
    ],
)
def test_skipped_verification_is_seen_in_both_forms(
    text: str, skip: SkipKey | None, both: bool, present: set[SkipKey]
) -> None:
    view = parse_config(text)
    assert (view.skip, view.skip_on == set(SkipKey)) == (skip, both)
    assert view.skip_present == present


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", None),
        ("[user]\n", SkipKey.USER_TABLE),
        ("user.tmp_admin = 'a'\n", SkipKey.USER_TABLE),
        ("tmp_admin = 'a'\n", SkipKey.GLOBAL),
        ("user_expiration_period = '1 year'\n", SkipKey.GLOBAL),
        ("skip_user_verification = false\n", SkipKey.GLOBAL),
        ("tmp_admin = 'a'\n[user]\n", SkipKey.USER_TABLE),
        ("[a]\ntmp_admin = 'a'\n", None),
        ("[open_pgp]\n", SkipKey.USER_TABLE),
        ("skip_user_verification = true\n[open_pgp]\n", SkipKey.USER_TABLE),
        ("[[tasks]]\nname = 'x'\n", SkipKey.USER_TABLE),
        ("[provider_metadata]\npath = 'x'\n", None),
        ("[provider_metadata.publisher]\nname = 'x'\n", None),
        ("[tlp]\ndefault_tlp = 'red'\n", None),
        ("tmp_admin = 'a'\n[tlp]\ndefault_tlp = 'red'\n", SkipKey.GLOBAL),
        ("[log]\nlevel = 'warn'\n[dos_prevention]\nlimit = 1\n", None),
        ("user = 3\n", None),
    ],
    ids=[
        "empty",
        "table user",
        "dotted user",
        "global admin",
        "global expiration period",
        "global skip",
        "global admin and table",
        "other table",
        "OpenPGP",
        "OpenPGP and global skip",
        "tasks",
        "metadata file",
        "publisher",
        "TLP",
        "TLP and global admin",
        "log and denial of service",
        "user is a number",
    ],
)
def test_version_is_inferred_from_the_names_in_use(text: str, form: SkipKey | None) -> None:
    assert parse_config(text).version_evidence == form


def test_misnamed_tables_are_reported_with_their_lines() -> None:
    view = parse_config("SMTP = 1\n[a]\n[smtp_config]\n[Smtp.x]\n[a.smtp_config]\n")
    assert view.misnamed == (("smtp_config", 3), ("Smtp", 4))


def test_what_else_the_server_needs_is_reported() -> None:
    everything = ("db_url", "domain", "[tls]", "[provider_metadata.publisher]")
    assert parse_config("[smtp]\n[provider_metadata]\n").missing_required == everything
    text = "db_url = 'x'\ndomain = 'y'\n[tls]\n[provider_metadata.publisher]\n"
    assert parse_config(text).missing_required == ()
    from_file = text.replace(".publisher]", "]\npath = 'metadata.json'")
    assert parse_config(from_file).missing_required == ()
    assert parse_config(text.replace("db_url", "url")).missing_required == ("db_url",)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[log]\nfile = '/var/log/b.log'\n", "/var/log/b.log"),
        ("log = { file = 'x' }", "x"),
        ("[log]\nlevel = 'info'\n", None),
        ("[log]\nfile = 3\n", None),
        ("log = 3\n", None),
    ],
)
def test_log_file(text: str, path: str | None) -> None:
    assert parse_config(text).log_file == path


@pytest.mark.parametrize(
    "secret",
    ["[smtp]\nsecret = '${S}'\n", "smtp = { secret = '${S}' }\n", "smtp.secret = ${S}\n"],
    ids=["table", "inline table", "dotted, no quotes"],
)
def test_references_elsewhere_are_not_that_of_the_secret(secret: str) -> None:
    view = parse_config(f"a = 'x${{A}}y' # ${{C}}\np = ${{P}}\n# ${{D}}\n{secret}")
    assert view.references == {"A", "P", "S"}
    assert view.references_elsewhere >= {"A", "P"}
    assert view.references_elsewhere.isdisjoint("SC")
    assert "S" in parse_config(f"b = ['${{S}}']\n{secret}").references_elsewhere


def test_an_unreadable_config_is_refused() -> None:
    with pytest.raises(FileRefused, match="not valid TOML"):
        parse_config("[smtp\n")


def test_reference_inside_a_string_is_not_a_boolean() -> None:
    values = smtp("[smtp]\nstarttls = '${T}'\nuser = ['${U}']\n")
    assert (values.starttls, values.user) == (None, None)
    assert values.wrong_type == (("user", 3), ("starttls", 2))


def test_what_an_empty_file_says_is_known_without_reading_it() -> None:
    assert parse_config("") == EMPTY_CONFIG
