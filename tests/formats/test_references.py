from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import InvalidValue
from wizard.formats.config_toml.reference import choose_reference, secret_reference


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("${SMTP_SECRET}", "SMTP_SECRET"),
        ("${smtp_2}", "smtp_2"),
        ("x${SMTP_SECRET}", None),
        ("${SMTP_SECRET}\n", None),
        ("${A}${B}", None),
        ("${}", None),
        ("$SMTP_SECRET", None),
        ("", None),
    ],
)
def test_a_reference_is_the_whole_value(value: str, name: str | None) -> None:
    assert secret_reference(value) == name


@pytest.mark.parametrize(
    ("secret", "present", "source"),
    [
        ("plain", None, '"${X}"'),
        ("it's", None, '"${X}"'),
        ('say "hi"', None, "'''${X}'''"),
        (r"a\b", None, "'''${X}'''"),
        (r"a\q", None, "'''${X}'''"),
        (r"ends in \\", None, "'''${X}'''"),
        ("ends in ''", None, '"${X}"'),
        ("\"ends in ''", None, "'''${X}'''"),
        ("a'''b", None, '"${X}"'),
        ("a'''b\"c", None, '"""${X}"""'),
        ("plain", "'${X}'", "'${X}'"),
        ("plain", "'''${X}'''", "'''${X}'''"),
        (r"a\b", "'${X}'", "'${X}'"),
        ("it's", "'${X}'", '"${X}"'),
        ('say "hi"', '"${X}"', "'''${X}'''"),
        ("plain", '"${OTHER}"', '"${X}"'),
        ("plain", '"literal"', '"${X}"'),
        ("plain", '"plain"', '"${X}"'),
        ("plain", "${X}", '"${X}"'),
        ("plain", '"${X}" # not only a string', '"${X}"'),
        ("contains ${X} itself", None, '"${X}"'),
    ],
    ids=[
        "plain",
        "single quote",
        "double quotes",
        "escape",
        "invalid escape",
        "two backslashes at the end",
        "two quotes at the end",
        "both kinds, two at the end",
        "three quotes",
        "three quotes and a double one",
        "single stays",
        "three single stay",
        "single stays for an escape",
        "single does not hold its own",
        "double does not hold its own",
        "other reference",
        "literal",
        "literal alike",
        "no quotes",
        "comment",
        "reference in the secret",
    ],
)
def test_reference_is_quoted_so_that_the_secret_survives(
    secret: str, present: str | None, source: str
) -> None:
    assert choose_reference("X", secret, present) == source


@pytest.mark.parametrize("secret", ["'''\\", "'''\"\"\"", "'''\"\\", "a\r\nb", "a\x7fb"])
def test_secret_that_no_string_can_contain_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        choose_reference("X", secret, None)
    assert refused.value.code == "secret-not-representable"
    assert secret not in str(refused.value)


@given(
    st.text(st.sampled_from("'\"\\ab\t$ {}#=]ü"), min_size=1),
    st.sampled_from([None, '"${X}"', "'${X}'", "'''${X}'''", '"""${X}"""', "'old'"]),
)
def test_secret_is_the_same_replaced_before_or_after_parsing(
    secret: str, present: str | None
) -> None:
    try:
        source = choose_reference("X", secret, present)
    except InvalidValue:
        assert "'''" in secret
        return
    line = f"secret = {source}\n"
    assert tomllib.loads(line) == {"secret": "${X}"}
    assert tomllib.loads(line.replace("${X}", secret)) == {"secret": secret}
