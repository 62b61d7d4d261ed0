"""What holds for every config.toml and every edit."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from wizard.errors import FileRefused
from wizard.formats.config_toml.edit import COMMENTS, MARK, REMOVE, ConfigEdit, edit_config
from wizard.formats.config_toml.reading import parse_config
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.config_toml.view import SMTP_KEYS
from wizard.formats.masking import mask_config
from wizard.formats.toml.statements import (
    StatementKind,
    fill_references,
    parse_toml,
    split_statements,
)
from wizard.formats.toml.values import same_value

BLANKS = st.sampled_from(["", " ", "  ", "\t", " \t"])
TRAILERS = st.sampled_from(["", " ", " # c", "\t#c = [", "# \"'", " # ${C}"])
VALUES = st.sampled_from(
    [
        "1",
        "-0.0",
        "nan",
        "+inf",
        "0xFF",
        "1_000",
        "true",
        "1979-05-27 07:32:00Z",
        "07:32:00.123",
        "${PORT}",
        "-${PORT}",
        '""',
        "''",
        '"a # b"',
        "'[smtp]'",
        '"\\"\\\\"',
        '"${X}"',
        '"""\n[smtp]\nuser = "x"\n# """',
        "'''\n\n[user]\nskip_verification = true\n'''",
        '""""a"""""',
        "[]",
        "[ 1, 2, # ]\n  [ 'a', ], ${A},\n]",
        "{}",
        "{ a = 1, b.c = '}', d = { e = [ {} ] } }",
    ]
)
STRINGS = st.sampled_from(
    ['"old"', "'old'", '"""\nold"""', "'''old'''", '"${OLD}"', "${OLD}", '"it\'s \\" \\\\"', "7"]
)
KEY_FORMS = st.sampled_from(["k{}", '"k {}"', "'k#{}'", "k.{}", 'k . "]" .{}', "K-{}_"])


@st.composite
def pairs(draw: st.DrawFn, prefix: str, keys: list[str], values: st.SearchStrategy[str]) -> str:
    """Key/value pairs, each with its own blanks, some after comments and blank lines."""
    text = ""
    for key in keys:
        text += draw(st.sampled_from(["", "", "\n", " \t\n", "# note\n", "\n  # note = ${N}\n"]))
        value = draw(values)
        if key == "starttls":
            value = draw(st.sampled_from(["true", "false", "${TLS}", '"true"']))
        if key in ("skip_verification", "skip_user_verification"):
            value = draw(st.sampled_from(["true", "false"]))
        before, after = draw(BLANKS), draw(BLANKS)
        text += f"{draw(BLANKS)}{prefix}{key}{before}={after}{value}{draw(TRAILERS)}\n"
    return text


@st.composite
def others(draw: st.DrawFn) -> list[str]:
    """Keys that have nothing to do with the edit."""
    count = draw(st.integers(0, 3))
    return [draw(KEY_FORMS).format(number) for number in range(count)]


@st.composite
def tables(draw: st.DrawFn, name: str, known: tuple[str, ...]) -> tuple[str, str]:
    """One table: (the lines above the first header, the lines of a section of its own)."""
    keys = draw(st.lists(st.sampled_from(known), unique=True))
    keys += draw(st.sampled_from([[], ["x"], ["x.y", "x.z"]]))
    keys = draw(st.permutations(keys))
    match draw(
        st.sampled_from(["none", "header", "header", "inline", "dotted", "sub", "disabled"])
    ):
        case "header":
            header = draw(st.sampled_from(["[{}]", " [ {} ]", '["{}"] # h', "['{}']"]))
            below = draw(st.sampled_from(["", f"[{name}.sub]\nuser = 1\n", f"[[{name}.array]]\n"]))
            body = draw(pairs("", keys, STRINGS))
            disabled = draw(st.lists(st.sampled_from([f"# {key} = 'd'\n" for key in known])))
            return "", f"{header.format(name)}\n{body}{''.join(disabled)}{below}"
        case "inline":
            one_line = STRINGS.filter(lambda value: "\n" not in value)
            texts = [draw(pairs("", [key], one_line)) for key in keys]
            inner = [re.sub(r"\A(?:.*\n)*?(?=.*=)", "", text) for text in texts]
            plain = [key_value(text) for text in inner]
            blank = draw(BLANKS)
            return f"{name} = {{{blank}{', '.join(plain)}{blank}}}{draw(TRAILERS)}\n", ""
        case "dotted":
            return draw(pairs(f"{name}.", keys, STRINGS)), ""
        case "sub":
            return "", f"[{name}.sub]\nuser = 'not this one'\n"
        case "disabled":
            return "", f"# [{name}]\n" + "".join(f"#{key} = 'd' # c\n" for key in known)
    return "", ""


def key_value(text: str) -> str:
    """Return the last line of ``text`` up to the end of its value."""
    statement = list(split_statements(text))[-1]
    return statement.text[: statement.value_span[1]].strip(" \t")


@st.composite
def configs(draw: st.DrawFn) -> str:
    """Valid config.toml texts of every shape."""
    smtp_top, smtp_section = draw(tables("smtp", tuple(SMTP_KEYS)))
    user_top, user_section = draw(tables("user", ("tmp_admin", "skip_verification")))
    top = [draw(pairs("", draw(others()), VALUES)), smtp_top, user_top]
    if draw(st.booleans()):
        top.append(draw(pairs("", ["skip_user_verification"], VALUES)))
    sections = [smtp_section, user_section]
    for headers in draw(
        st.lists(st.sampled_from(["[t]", "[[l]]|[l.m]|[[l]]", "[u.'smtp']"]), unique=True)
    ):
        section = ""
        for header in headers.split("|"):
            section += draw(
                st.sampled_from(["", "\n", "# glued\n", "\n# glued\n", "# one\n\n# two\n"])
            )
            keys = draw(others()) + draw(st.sampled_from([[], ["user", "secret"]]))
            section += header + "\n" + draw(pairs("", keys, VALUES))
        sections.append(section)
    start = draw(st.sampled_from(["", "# file\n", "# file\n\n", "\n\n"]))
    end = draw(st.sampled_from(["", "\n\n", "# end\n", "  \n"]))
    body = "".join(draw(st.permutations(sections)))
    text = start + "".join(draw(st.permutations(top))) + body + end
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    endings = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n", "\r\n"]]))
    lines = text.split("\n")
    joined = "".join(
        line + endings[number % len(endings)] for number, line in enumerate(lines[:-1])
    )
    return draw(st.sampled_from(["", "\ufeff"])) + joined + lines[-1]


TEXT_VALUES = st.none() | st.sampled_from(["old", "new", "it's \" \\ \t", "${NEW}", "ü", "d"])
EDITS = st.builds(
    ConfigEdit,
    user=TEXT_VALUES,
    endpoint=TEXT_VALUES,
    secret_source=st.sampled_from([None, REMOVE, '"${S}"', "'''${S}'''", "'old'"]),
    starttls=st.sampled_from([None, True, False]),
    skip=st.sampled_from([None, None, False, *SkipKey]),
)
MANY = settings(max_examples=150)


def loads(text: str) -> dict[str, Any]:
    return tomllib.loads(fill_references(text.removeprefix("\ufeff")))


def without(data: dict[str, Any], edit: ConfigEdit) -> dict[str, Any]:
    """Return what an edit must not change."""
    asked = [key for key in ("user", "endpoint", "starttls") if getattr(edit, key) is not None]
    asked += ["secret"] * (edit.secret_source is not None)
    rest = {key: value for key, value in data.items() if key not in ("smtp", "user")}
    rest["smtp"] = {k: v for k, v in data.get("smtp", {}).items() if k not in asked}
    rest["user"] = dict(data.get("user", {}))
    if edit.skip is not None:
        rest.pop("skip_user_verification", None)
        rest["user"].pop("skip_verification", None)
    return rest


@MANY
@given(configs())
def test_statements_cover_every_config(text: str) -> None:
    source = parse_toml(text)
    assert source.text == text
    line = 1
    for statement in source.statements:
        assert statement.text
        assert statement.line == line
        line += statement.text.count("\n")
        if statement.kind is StatementKind.PAIR:
            value = loads(f"v = {statement.text[slice(*statement.value_span)]}")["v"]
            found: Any = loads(statement.text)
            for part in statement.key:
                found = found[part]
            assert same_value(found, value)


@MANY
@given(configs(), EDITS)
def test_an_edit_does_what_was_asked_and_nothing_else(text: str, edit: ConfigEdit) -> None:
    before = loads(text)
    after_text = edit_config(text, edit)
    after = loads(after_text)
    assert same_value(without(before, edit), without(after, edit))
    view = parse_config(after_text)
    smtp = view.smtp
    for key in ("user", "endpoint"):
        if (wanted := getattr(edit, key)) is not None:
            assert getattr(smtp, key) == wanted
    if edit.secret_source is REMOVE:
        assert smtp is None or "secret" not in smtp.lines
    elif edit.secret_source is not None:
        assert smtp is not None
        assert smtp.secret_source == edit.secret_source
    if edit.starttls is not None:
        assert (smtp is not None and smtp.starttls is True) is edit.starttls
        assert smtp is None or smtp.starttls in (True, False, None)
    if edit.skip is False:
        assert view.skip is None
    elif edit.skip is not None:
        assert view.skip_on == view.skip_present == {edit.skip}


@MANY
@given(configs(), EDITS)
def test_a_second_edit_changes_nothing(text: str, edit: ConfigEdit) -> None:
    once = edit_config(text, edit)
    assert edit_config(once, edit) == once


TOUCHED = re.compile(
    r"""[ \t]*(?:\#[ \t]*)?
    (?:\[smtp\]|\[user\]|(?:smtp\.|user\.)?
       (?:user|endpoint|secret|starttls|skip_verification|skip_user_verification)[ \t]*=
       |(?:smtp|user)[ ]=[ ]\{|old|$)""",
    re.VERBOSE,
)


@MANY
@given(configs(), EDITS)
def test_every_other_line_keeps_its_bytes_and_its_order(text: str, edit: ConfigEdit) -> None:
    assume("\n" in text)
    after = edit_config(text, edit)
    if after.removeprefix("\ufeff"):
        assert after.endswith("\n") == text.endswith("\n")
    old, new = (part.removeprefix("\ufeff").split("\n") for part in (text, after))
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    if not text.endswith("\n"):
        # Only the last line may lack the carriage return that the others have.
        old, new = ([line.removesuffix("\r") for line in lines] for lines in (old, new))
    ours = {*COMMENTS.values(), MARK}
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            for line in [*old[i:j], *new[k:m]]:
                assert line.strip() in ours or TOUCHED.match(line.rstrip("\r")), (old[i:j], line)


@MANY
@given(configs(), EDITS)
def test_other_comments_and_gaps_before_headers_survive(text: str, edit: ConfigEdit) -> None:
    after = edit_config(text, edit)
    for glued in re.findall(r"# (?:glued|one|two|note|file|end)\b[^\n]*\n[^\n]*", text):
        first, _, second = glued.partition("\n")
        assert first in after
        if second.lstrip(" \t").startswith(("[t", "[[l", "[l")):
            assert glued in after


@MANY
@given(configs(), st.sampled_from(SkipKey))
@example("# [user]\n#skip_verification = 'd' # c\n", SkipKey.USER_TABLE)
def test_skipping_verification_and_back_restores_every_byte(text: str, form: SkipKey) -> None:
    present = parse_config(text).skip_present
    assume(not present)
    on = edit_config(text, ConfigEdit(skip=form))
    assert edit_config(on, ConfigEdit(skip=False)) == text


@MANY
@given(configs(), EDITS)
def test_masking_keeps_the_lines_and_hides_the_secret(text: str, edit: ConfigEdit) -> None:
    after = edit_config(text, edit)
    assert mask_config(after).count("\n") == after.count("\n")
    literal = edit_config(after, ConfigEdit(secret_source="'hunter2'"))
    assert "hunter2" in literal
    assert "hunter2" not in mask_config(literal)


SCHEMES = ["smtp://", "SMTP://", "smtp:/", "smtp:\\\\", "smtp:", "//", "", "smtp%3A%2F%2F"]


@MANY
@given(
    configs(),
    st.sampled_from(SCHEMES),
    st.sampled_from(["you", "you@example.org", "you%40example.org", ""]),
    st.sampled_from([":", "%3A", "%3a"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
    st.sampled_from(["@", "%40"]),
)
def test_masking_hides_the_password_of_an_endpoint_in_any_config(
    text: str, scheme: str, user: str, colon: str, password: str, at: str
) -> None:
    endpoint = f"{scheme}{user}{colon}{password}hunter2{at}mail.example.org"
    after = edit_config(text, ConfigEdit(endpoint=endpoint))
    masked = mask_config(after)
    assert "hunter2" in after
    assert "hunter2" not in masked
    assert masked.count("\n") == after.count("\n")


@MANY
@given(st.text(st.sampled_from("ab.=[]{}\"'\\#\n\r\t ,${}1-"), max_size=30))
@example("a = {b = [1, 2]\n}")
@example("[a]\n[a.b]\r\n")
def test_any_text_is_covered_by_statements_or_refused(text: str) -> None:
    try:
        source = parse_toml(text)
    except FileRefused:
        return
    assert source.text == text
    assert edit_config(text, ConfigEdit()) == text


@MANY
@given(st.text(st.sampled_from("smtp.=[]{}'\n# user1,"), max_size=30), EDITS)
def test_any_text_is_edited_exactly_or_refused(text: str, edit: ConfigEdit) -> None:
    try:
        after = edit_config(text, edit)
    except FileRefused:
        return
    assert same_value(without(loads(text), edit), without(loads(after), edit))
    assert edit_config(after, edit) == after
