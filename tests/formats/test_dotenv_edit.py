"""Reading, setting and removing one variable in `.env`, with every other byte kept."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wizard.errors import FileRefused, InvalidValue
from wizard.formats.dotenv.variables import (
    check_edit,
    read_definitions,
    read_variable,
    remove_variable,
    set_variable,
)

NAME = "SMTP_SECRET"
HEADER = "# Read by BOMnipotent Server. Do not commit this file, it holds a secret.\n"

LINES = [
    "A=1", "B='x y'", 'export C="$A"', "  D=", "# comment", f"# {NAME}=", "",
    "E='\nSMTP_SECRET=no\n'", f"{NAME}=old", f"export {NAME} = 'old' # note",
    f'\t{NAME}="o\nld"', "X=it's", "A=b c", "F",
]  # fmt: skip
files = st.builds(
    lambda lines, line_break, end: line_break.join(lines) + end,
    st.lists(st.sampled_from(LINES), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n"]),
)
secrets = st.text("ab '\"\\$#{}é", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", HEADER + "SMTP_SECRET='a b'\n"),
        ("\ufeff", "\ufeff" + HEADER + "SMTP_SECRET='a b'\n"),
        ("A=1\n", "A=1\nSMTP_SECRET='a b'\n"),
        ("A=1", "A=1\nSMTP_SECRET='a b'\n"),
        ("A=1\r\nB=2", "A=1\r\nB=2\r\nSMTP_SECRET='a b'\r\n"),
        ("\n", "\nSMTP_SECRET='a b'\n"),
        ("# SMTP_SECRET=\nA=1\n", "# SMTP_SECRET=\nSMTP_SECRET='a b'\nA=1\n"),
        ("#SMTP_SECRET = x", "#SMTP_SECRET = x\nSMTP_SECRET='a b'\n"),
        ("\ufeff# export SMTP_SECRET=\nA=1", "\ufeff# export SMTP_SECRET=\nSMTP_SECRET='a b'\nA=1"),
        ("# MY_SMTP_SECRET=\nA=1\n", "# MY_SMTP_SECRET=\nA=1\nSMTP_SECRET='a b'\n"),
        ("A='\n# SMTP_SECRET=\n'\n", "A='\n# SMTP_SECRET=\n'\nSMTP_SECRET='a b'\n"),
    ],
    ids=[
        "empty",
        "byte order mark",
        "at the end",
        "no line end",
        "CR LF",
        "empty line",
        "below the disabled line",
        "disabled line without an end",
        "disabled line with export",
        "other disabled line",
        "disabled line in a value",
    ],
)
def test_a_new_variable_gets_a_line_of_its_own(before: str, after: str) -> None:
    assert set_variable(before, NAME, "a b") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SMTP_SECRET=old\n", "SMTP_SECRET=new\n"),
        ("SMTP_SECRET=old", "SMTP_SECRET=new"),
        ("SMTP_SECRET=\r\nA=1\r\n", "SMTP_SECRET=new\r\nA=1\r\n"),
        ("\ufeffSMTP_SECRET=old\n", "\ufeffSMTP_SECRET=new\n"),
        ("SMTP_SECRET = 'old' \n", "SMTP_SECRET=new\n"),
        ("\t export   SMTP_SECRET =old\n", "\t export   SMTP_SECRET=new\n"),
        ("SMTP_SECRET='o\nl\nd'\nA=1\n", "SMTP_SECRET=new\nA=1\n"),
        ("SMTP_SECRET=1\nA=2\nSMTP_SECRET=3", "SMTP_SECRET=new\nA=2\nSMTP_SECRET=new"),
        ("SMTP_SECRET=new\nSMTP_SECRET=old", "SMTP_SECRET=new\nSMTP_SECRET=new"),
        ("A='\nSMTP_SECRET=1\n'\nSMTP_SECRET=2\n", "A='\nSMTP_SECRET=1\n'\nSMTP_SECRET=new\n"),
        ("SMTP_SECRET_2=1\nSMTP_SECRET=2\n", "SMTP_SECRET_2=1\nSMTP_SECRET=new\n"),
        ("SMTP_SECRET=old\nA=${SMTP_SECRET}\n", "SMTP_SECRET=new\nA=${SMTP_SECRET}\n"),
    ],
    ids=[
        "plain",
        "no line end",
        "empty, CR LF",
        "byte order mark",
        "quotes and blanks",
        "export",
        "several lines",
        "twice",
        "twice, first already new",
        "name in a value",
        "other name alike",
        "used by another",
    ],
)
def test_an_existing_value_is_replaced_where_it_is(before: str, after: str) -> None:
    assert set_variable(before, NAME, "new") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SMTP_SECRET=old # note\n", "# note\nSMTP_SECRET=new\n"),
        ("SMTP_SECRET= # put it here\r\n", "# put it here\r\nSMTP_SECRET=new\r\n"),
        ("\ufeff  SMTP_SECRET='old' # note \n", "\ufeff  # note\n  SMTP_SECRET=new\n"),
        ("A=1\r\nSMTP_SECRET=old\t# note", "A=1\r\n# note\r\nSMTP_SECRET=new"),
        ("SMTP_SECRET='o\nld' # note\n", "# note\nSMTP_SECRET=new\n"),
        ("SMTP_SECRET=old  # it's\n# don't\n", "# it's\nSMTP_SECRET=new\n# don't\n"),
    ],
    ids=[
        "plain",
        "empty, CR LF",
        "quoted and indented",
        "last line",
        "several lines",
        "quote in the comment",
    ],
)
def test_a_comment_after_the_value_moves_to_the_line_above(before: str, after: str) -> None:
    assert set_variable(before, NAME, "new") == after


@pytest.mark.parametrize(
    "before",
    ["SMTP_SECRET=#old\n", "SMTP_SECRET='old\\' # er'\n"],
    ids=["hash at once", "after a quote"],
)
def test_what_only_dotenvy_reads_as_a_comment_is_removed(before: str) -> None:
    assert set_variable(before, NAME, "new") == "SMTP_SECRET=new\n"


@pytest.mark.parametrize(
    "text",
    [
        'SMTP_SECRET = "new" # as it was\n',
        "export SMTP_SECRET='new'",
        'SMTP_SECRET=new\nA=1\nSMTP_SECRET="new"\n',
        "A=new\nSMTP_SECRET=${A}\n",
    ],
)  # fmt: skip
def test_an_equal_value_changes_no_byte(text: str) -> None:
    assert set_variable(text, NAME, "new") == text


@pytest.mark.parametrize("text", ["SMTP_SECRET=new\\\n", "SMTP_SECRET=new\t# c\n"])
def test_a_value_that_is_equal_for_one_reader_only_is_replaced(text: str) -> None:
    assert "\nSMTP_SECRET=new\n" in "\n" + set_variable(text, NAME, "new")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nSMTP_SECRET=x\nB=2\n", "A=1\nB=2\n"),
        ("A=1\nSMTP_SECRET=x", "A=1\n"),
        ("\ufeffSMTP_SECRET=x # note\r\nB=2", "\ufeffB=2"),
        ("SMTP_SECRET='a\nb'\n\nSMTP_SECRET=c\n# end", "\n# end"),
        ("A='\nSMTP_SECRET=1\n'\n", "A='\nSMTP_SECRET=1\n'\n"),
        ("# SMTP_SECRET=1\n", "# SMTP_SECRET=1\n"),
        ("A=1\n", "A=1\n"),
        ("X=it's\n", "X=it's\n"),
    ],
    ids=[
        "between others",
        "last line",
        "with a comment",
        "twice, several lines",
        "name in a value",
        "in a comment",
        "not there",
        "unreadable",
    ],
)
def test_removing_takes_out_only_the_lines_of_the_variable(before: str, after: str) -> None:
    assert remove_variable(before, NAME) == after


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("A=1\n# SMTP_SECRET=x\n", None),
        ("SMTP_SECRET=\n", ""),
        ("SMTP_SECRET=one\nSMTP_SECRET=two\n", "one"),
        ("A=1\nSMTP_SECRET=x$A\n", "x1"),
        ("SMTP_SECRET=$A_B\n", "environ_B"),
        ("SMTP_SECRET='$A'\n", "$A"),
    ],
    ids=[
        "empty",
        "in a comment",
        "blank",
        "twice",
        "from a variable above",
        "from the environment",
        "single quotes",
    ],
)
def test_the_value_is_the_one_that_the_server_sees(text: str, value: str | None) -> None:
    environ = {} if "A=1" in text else {"A": "environ", NAME: "of the environment"}
    assert read_variable(text, NAME, environ) == value


@pytest.mark.parametrize(
    ("text", "code", "line", "reason"),
    [
        ("A=1\nB=2\nX=it's\nC=3\n", "env-malformed", 3, "The quote is never closed; the server"),
        ("A=1\nB='x\n", "env-malformed", 2, "The quote is never closed; the server"),
        ("A=b c\n", "env-malformed", 1, "The value holds a blank but is not quoted; the server"),
        ("\n\nA: 1\n", "env-malformed", 3, "This is not of the form NAME=value; the server"),
        ("A=a\\b\n", "env-malformed", 1, "A backslash precedes a character"),
        ("A=${B\n", "env-malformed", 1, "A ${ is never closed; the server"),
        ("A=1\nB=2 ", "env-malformed", 2, "The file ends in a blank without a line break"),
        ("A=1\nB=2\\", "env-malformed", 2, "The file ends in a backslash; the server"),
        ("A=1\n\nB=${1}\n", "env-malformed", 3, "Here ${…} does not hold a name"),
        ("A=1\nB=${C:?x}\n", "env-malformed", 2, "Here ${…?…} asks for a variable"),
        ("A=1\nB='x'+\n", "env-malformed", 2, "This is not of the form NAME=value; Docker"),
        ("A=1\nB='x'y\n", "env-ambiguous", 2, "The server and Docker Compose disagree on where"),
        ("A=1\nB=\0\n", "env-malformed", 2, "The file contains a NUL character"),
        ("A=1\nX=it's\nY=d'f\nB=1\n", "env-ambiguous", 2, "The server and Docker Compose disagree"),
        ("A='x'B=1\n", "env-ambiguous", 1, "The server and Docker Compose disagree on where"),
        ("A=1\nexport =1\n", "env-ambiguous", 2, "The server and Docker Compose disagree on what"),
    ],
    ids=[
        "open quote",
        "open at end",
        "blank in value",
        "colon",
        "backslash",
        "open ${",
        "blank at end",
        "backslash at end",
        "${1}",
        "required ${}",
        "after quotes, +",
        "after quotes, y",
        "NUL",
        "two odd quotes",
        "two in a line",
        "export alone",
    ],
)
def test_a_file_that_is_not_read_alike_is_refused_with_line_and_reason(
    text: str, code: str, line: int, reason: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        set_variable(text, NAME, "hunter2 hunter2")
    error = refused.value
    assert (error.code, error.line) == (code, line)
    assert error.message.startswith(reason)
    assert "SMTP_SECRET='…'" in error.remedy
    assert "hunter2" not in str(error)
    with pytest.raises(FileRefused):
        read_variable(text, NAME)


@pytest.mark.parametrize("text", ["A=hunter2 hunter2\n", "A='hunter2\n", "A=\\hunter2\n"])
def test_a_refusal_quotes_nothing_from_the_file(text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_variable(text, NAME)
    assert "hunter2" not in str(refused.value)


def test_an_edit_that_makes_another_value_unreadable_is_refused() -> None:
    text = "SMTP_SECRET=x\nA=${SMTP_SECRET:?needed}\n"
    with pytest.raises(FileRefused) as refused:
        remove_variable(text, NAME)
    assert refused.value.code == "env-not-safe"
    assert refused.value.remedy == "Remove SMTP_SECRET by hand."


def test_a_reference_that_fails_only_with_the_new_value_is_refused() -> None:
    text = "SMTP_SECRET=\nA=${SMTP_SECRET:+${1}}\n"
    with pytest.raises(FileRefused) as refused:
        set_variable(text, NAME, "hunter2 x")
    assert refused.value.code == "env-not-safe"
    assert "SMTP_SECRET='…'" in refused.value.remedy
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("after", "value"),
    [
        ("A=1\nSMTP_SECRET=old\n", "new"),
        ("A=1\nSMTP_SECRET=new\nSMTP_SECRET=old\n", "new"),
        ("A=1\nSMTP_SECRET=new\\\n", "new"),
        ("A=1\n", "new"),
        ("A=1\nSMTP_SECRET=old\n", None),
        ("A='1'\nSMTP_SECRET=new\n", "new"),
        ("A=2\nSMTP_SECRET=new\n", "new"),
        ("SMTP_SECRET=new\n", "new"),
        ("A=1\nB=2\nSMTP_SECRET=new\n", "new"),
        ("A=1\nSMTP_SECRET=new\nB='\n", "new"),
    ],
    ids=[
        "not replaced",
        "old one below",
        "backslash after it",
        "not there",
        "not removed",
        "other one quoted",
        "other value changed",
        "other one lost",
        "another one added",
        "open quote below",
    ],
)
def test_an_edit_that_did_something_else_would_be_noticed(after: str, value: str | None) -> None:
    before = "A=1\nSMTP_SECRET=old\n"
    with pytest.raises(FileRefused) as refused:
        check_edit(
            before, read_definitions(before, {}), after, NAME, value, {}, "Write it by hand."
        )
    assert refused.value.code == "env-not-safe"


def test_a_value_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(InvalidValue):
        set_variable("", NAME, "a\nb")


@given(files, secrets)
def test_setting_is_exact_idempotent_and_leaves_the_rest(before: str, secret: str) -> None:
    try:
        after = set_variable(before, NAME, secret)
    except FileRefused:
        assume(False)
    assert read_variable(after, NAME) == secret
    assert set_variable(after, NAME, secret) == after
    for name in "ABCDEF":
        assert read_variable(after, name) == read_variable(before, name)


@given(files, secrets)
def test_removing_what_was_added_restores_the_file(before: str, secret: str) -> None:
    try:
        bare = remove_variable(before, NAME)
        after = set_variable(bare, NAME, secret)
    except FileRefused:
        assume(False)
    assert read_variable(bare, NAME) is None
    assert remove_variable(bare, NAME) == bare
    assert remove_variable(after, NAME) in (bare, bare + "\n", bare + "\r\n", HEADER)
