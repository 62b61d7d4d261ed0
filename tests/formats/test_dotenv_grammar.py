"""How BOMnipotent Server (dotenvy) and Docker Compose read `.env`, each with its own quirks.

The same grammars are compared with the real readers in tests/peers.
"""

from __future__ import annotations

import pytest

from wizard.formats.dotenv.compose_go import read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.reading import ParsedEnv
from wizard.formats.dotenv.variables import read_definitions


def pairs(reading: ParsedEnv) -> list[tuple[str, str]] | None:
    """Return names and values in order; None if the text is rejected."""
    if reading.rejection is not None:
        return None
    return [(one.name, one.value) for one in reading.assignments if one.defined]


@pytest.mark.parametrize(
    ("source", "dotenvy", "compose"),
    [
        ("a", "a", "a"),
        ("", "", ""),
        ("a b", None, "a b"),
        ("a\\tb", None, "a\\tb"),
        ("a\\$b", "a$b", "a\\"),
        ("a\\ b", "a b", "a\\ b"),
        ("#ab", "", "#ab"),
        (" # c", "", "# c"),
        ("a#b", "a#b", "a#b"),
        ("a # c", "a", "a"),
        ("a\t# c", "a", "a\t# c"),
        ("'a' # c", "a", "a"),
        ("'a $B ${C}'", "a $B ${C}", "a $B ${C}"),
        ("'a\\'", None, None),
        ("'a\\' # b'", "a\\", "a' # b"),
        ("'a\nb'", "a\nb", "a\nb"),
        ('"a\\n\\t"', None, "a\n\t"),
        ('"a\\n"', "a\n", "a\n"),
        ('"\\\\ \\" \\$"', '\\ " $', '\\ " $'),
        ('"\\\'"', "'", "\\'"),
        ('"\\0101"', None, "A"),
        ('"\\012"', None, "\\12"),
        ('"\\0400"', None, "\\400"),
        ('"\\c"', None, "\\c"),
        ("$X", "first", "last"),
        ("$X_", "first_", ""),
        ('"$X"', None, "last"),
        ('"$X "', "first ", "last "),
        ("${X}a", "firsta", "lasta"),
        ("${Q}", "", ""),
        ("$$", "", "$"),
        ("$", "", "$"),
        ("$X$X", "firstfirst", "lastlast"),
        ("a$1", "a", "a$1"),
        ("${X", None, None),
        ("${}", "", None),
        ("${Q:-d}", "", "d"),
        ("${Q:-${X}}", "}", "last"),
        ("${E-d}${E:-d}", "", "d"),
        ("${X+set}${X:+full}", "", "setfull"),
        ("${E+set}${E:+full}", "", "set"),
        ("${Q+set}", "", ""),
        ("${X?why}", "", "last"),
        ("${Q?why}", "", None),
        ("${E:?why}", "", None),
        ("${Q:-{a}}b", "}b", "{a}b"),
        ("${Q:-{}}x}", "}x}", "{}}x"),
        ("it's", None, "it's"),
        ("'a''b'", "ab", None),
        ("a'b c'", "ab c", "a'b c'"),
    ],
)
def test_what_each_reader_makes_of_a_value(
    source: str, dotenvy: str | None, compose: str | None
) -> None:
    text = f"X=first\nE=\nX=last\nV={source}\n"
    above = [("X", "first"), ("E", ""), ("X", "last")]
    assert pairs(read_dotenvy(text)) == (None if dotenvy is None else [*above, ("V", dotenvy)])
    assert pairs(read_compose(text)) == (None if compose is None else [*above, ("V", compose)])


@pytest.mark.parametrize(
    ("text", "dotenvy", "compose"),
    [
        ("", [], []),
        ("\ufeffA=1", [("A", "1")], [("A", "1")]),
        ("A=1\r\nB=2\r\n", [("A", "1"), ("B", "2")], [("A", "1"), ("B", "2")]),
        ("export  A = 1", [("A", "1")], [("A", "1")]),
        ("export=1", [("export", "1")], [("export", "1")]),
        ("export =1", [("export", "1")], [("", "1")]),
        ("A: 1", None, [("A", "1")]),
        ("A\n", None, []),
        ("A", None, [("", "A")]),
        ("A B=1", None, None),
        ("A-B=1", None, [("A-B", "1")]),
        ("A.b=1", [("A.b", "1")], [("A.b", "1")]),
        ("1A=1", None, [("1A", "1")]),
        ("A='x'B=1", [("A", "xB=1")], [("A", "x"), ("B", "1")]),
        ("A=it's\nB=d'f", [("A", "its\nB=df")], [("A", "it's"), ("B", "d'f")]),
        ("A=x  # it's\n# don't", [("A", "x")], [("A", "x")]),
        ("A=x # it's\n", [("A", "x")], [("A", "x")]),
        ("A=1 ", None, [("A", "1")]),
        ("A=1  ", [("A", "1")], [("A", "1")]),
        ("A=1 \n", [("A", "1")], [("A", "1")]),
        ("A=1\\", None, [("A", "1\\")]),
        ("A=1\\\n", [("A", "1")], [("A", "1\\")]),
        (" \t# A=1\n\u2028B=2", [("B", "2")], [("B", "2")]),
        ("\x1cA=1", None, None),
    ],
)  # fmt: skip
def test_what_each_reader_makes_of_a_text(
    text: str, dotenvy: list[tuple[str, str]] | None, compose: list[tuple[str, str]] | None
) -> None:
    assert pairs(read_dotenvy(text)) == dotenvy
    assert pairs(read_compose(text)) == compose


def test_the_environment_wins_over_the_file_in_substitutions() -> None:
    text = "A=file\nB=$A\nC=${D}"
    environ = {"A": "environ", "D": "d"}
    expected = [("A", "file"), ("B", "environ"), ("C", "d")]
    assert pairs(read_dotenvy(text, environ)) == expected
    assert pairs(read_compose(text, environ)) == expected


def test_a_name_alone_takes_its_value_from_composes_environment() -> None:
    assert pairs(read_compose("A\nB\n", {"A": "x"})) == [("A", "x")]


def test_what_is_above_a_rejected_line_is_still_read() -> None:
    reading = read_dotenvy("A=1\n  B=a b\nC=1\n")
    assert [one.name for one in reading.assignments] == ["A"]
    assert reading.rejection is not None
    assert reading.rejection.offset == len("A=1\n  ")


def test_deeply_nested_references_are_rejected_and_not_a_crash() -> None:
    reading = read_compose("A=" + "${A:-" * 5000 + "}" * 5000)
    assert reading.rejection is not None


def test_values_are_in_no_repr() -> None:
    text = "SMTP_SECRET=hunter22\n"
    found = (read_dotenvy(text), read_compose(text), read_definitions(text, {}))
    assert "SMTP_SECRET" in repr(found)
    assert "hunter22" not in repr(found)
