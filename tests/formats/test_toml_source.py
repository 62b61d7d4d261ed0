from __future__ import annotations

import tomllib

import pytest

from wizard.errors import FileRefused
from wizard.formats.toml.document import inline_pairs
from wizard.formats.toml.statements import (
    MAX_PARTS,
    Statement,
    StatementKind,
    TomlSource,
    fill_references,
    parse_toml,
    split_statements,
    toml_references,
)

TEXTS = {
    "empty": "",
    "line end": "\n",
    "blanks": "  ",
    "mark": "\ufeff",
    "mark and key": "\ufeffa = 1\n",
    "no line end": "a = 1",
    "tight": "a=1#c",
    "tabs and CR LF": "\ta\t=\t1\t# c\r\n\r\n# d\r\nb = 2",
    "dotted keys": 'a.b . \'c d\'."e\\"]" = 1\n',
    "headers": "[ a . 'b]' ] # [c]\nd = 1\n[[e]]\n[[ e.f ]]\ng = 1",
    "long basic string": 's = """\n[smtp]\nuser = "x"\n"""\n[t]\n',
    "long literal string": "s = '''\n[smtp]\n# '''\nb = ''''a'''''\nc = \"\"\"\\\"\"\"\"\"\"\n",
    "empty strings": 'e = """"""\nf = \'\'\'\'\'\'\ng = ""\nh = \'\'\ni = """"""""\n',
    "array": 'a = [ # ]\n  1, # "\n  [2, "]"], { b = "}" },\n] # end\nc = 1',
    "inline table": "a = { b = [1, 2], \"c d\" . e = { f = '}' } }\n",
    "numbers": "d = 1979-05-27 07:32:00Z # c\nf = -0.0\ni = 0xFF\nn = nan\nt = 07:32:00.5\n",
    "references": "p = ${PORT}\nq = [${A}, ${B}]\nr = -${C} # ${D}\n",
    "odd keys": "'' = 1\n\"\\t\" .a = 2\n",
    "blank after a value": "x = 1 \r\n",
    "blank lines": "\n\r\n \t\n#\n#\r\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_statements_cover_the_text(text: str) -> None:
    source = parse_toml(text)
    assert source.text == text
    assert all(statement.text for statement in source.statements)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_spans_contain_the_value_that_tomllib_reads(text: str) -> None:
    for pair in parse_toml(text).statements:
        if pair.kind is StatementKind.PAIR:
            value = tomllib.loads(f"v = {pair.filled[slice(*pair.value_span)]}")["v"]
            whole = tomllib.loads(pair.filled)
            for part in pair.key:
                whole = whole[part]
            assert repr(whole) == repr(value)


def lines(source: TomlSource) -> list[tuple[StatementKind, int, tuple[str, ...]]]:
    return [(s.kind, s.line, s.path) for s in source.statements]


def test_each_statement_knows_its_line_and_its_path() -> None:
    text = 'a.b = """\n\n"""\n# c\n\n[t."u v"]\nx = 1\n[[w]]\ny = 2\n'
    assert lines(parse_toml(text)) == [
        (StatementKind.PAIR, 1, ("a", "b")),
        (StatementKind.COMMENT, 4, ()),
        (StatementKind.BLANK, 5, ()),
        (StatementKind.HEADER, 6, ("t", "u v")),
        (StatementKind.PAIR, 7, ("t", "u v", "x")),
        (StatementKind.ARRAY_HEADER, 8, ("w",)),
        (StatementKind.PAIR, 9, ("w", "y")),
    ]


def only(text: str) -> Statement:
    (statement,) = split_statements(text)
    return statement


def test_inline_pairs_are_found_in_tables_and_arrays() -> None:
    statement = only('a = { b = 1, c.d={e="}",f=[{ g = 2 }, []]}, "h" = {} }\n')
    found = {
        ".".join(pair.path): (statement.text[slice(*pair.value_span)], pair.is_direct)
        for pair in inline_pairs(statement)
    }
    assert found == {
        "a.b": ("1", True),
        "a.c.d": ('{e="}",f=[{ g = 2 }, []]}', True),
        "a.c.d.e": ('"}"', False),
        "a.c.d.f": ("[{ g = 2 }, []]", False),
        "a.c.d.f.g": ("2", False),
        "a.h": ("{}", True),
    }


@pytest.mark.parametrize("text", ["a = 1", "a = [1, [2], '{b = 1}']", "a = {}", 'a = "{b = 1}"'])
def test_values_without_inline_tables_have_no_inline_pairs(text: str) -> None:
    assert inline_pairs(only(text)) == []


def test_references_outside_of_strings_become_integers_of_the_same_length() -> None:
    text = "a = ${PORT} # ${C}\nb = \"${B}\"\nc = '''\n${D}'''\n"
    assert fill_references(text) == text.replace("${PORT}", "1111111")
    assert [name for name, _ in toml_references(text)] == ["PORT", "B", "D"]
    assert all(text[at : at + 2] == "${" for _, at in toml_references(text))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a = 1\nb = \n", "config-invalid-toml", 2),
        ("a = 1\na = 2\n", "config-invalid-toml", 2),
        ("[a]\nb = 1\n[a]\n", "config-invalid-toml", 3),
        ("a = {b = 1}\n[a.c]\n", "config-invalid-toml", 2),
        ("a = 1\rb = 2\n", "config-invalid-toml", 1),
        ('a = """\n', "config-invalid-toml", 2),
        ("a = 2026-02-30\n", "config-invalid-toml", 1),
        ("a = " + "1" * 5000, "config-invalid-toml", None),
        ("\ufeff\ufeffa = 1", "config-invalid-toml", 1),
        ("x = " + "[" * 5000, "config-too-deep", None),
        ("a = 1\n" + "b." * 40 + "c = 1", "config-too-deep", 2),
        ("a = [" + "1," * MAX_PARTS + "]\n", "config-too-large", None),
        ("[[a]]\n" * (MAX_PARTS // 2 + 1), "config-too-large", None),
        ("a = 1\n${EXTRA}\n", "config-reference-alone", 2),
        ("a = 1\n  ${EXTRA} # c\r\n", "config-reference-alone", 2),
        ("a = 1\n${KEY} = 2\n", "config-reference-as-key", 2),
        ("a = 1\n[${TABLE}]\n", "config-reference-as-key", 2),
        ("[a.${TABLE}.b]\n", "config-reference-as-key", 1),
    ],
    ids=[
        "no value",
        "key twice",
        "table twice",
        "inline table extended",
        "CR alone",
        "open string",
        "no such date",
        "huge number",
        "two byte order marks",
        "deep list",
        "deep key",
        "long list",
        "many tables",
        "reference alone",
        "reference alone, indented",
        "reference as a key",
        "reference as a table",
        "reference in a header",
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    text: str, code: str, line: int | None
) -> None:
    with pytest.raises(FileRefused) as refused:
        parse_toml(text)
    assert (refused.value.code, refused.value.line) == (code, line)
    assert refused.value.remedy


def test_refusal_names_the_column_and_the_key() -> None:
    with pytest.raises(FileRefused) as refused:
        parse_toml("[log]\nlevel = warn\n")
    assert "column 9" in refused.value.message
    assert refused.value.remedy.endswith("level = …")


@pytest.mark.parametrize(
    "text",
    [
        "[smtp]\nsecret = hunter2\n",
        "[smtp]\nuser = hunter2\n",
        "[smtp]\n[smtp]\nx = 'hunter2\n",
        "smtp.x = hunter2\n",
        'db_url = "postgres://u:hunter2@h/d\n',
        "password = hunter2\n",
        'x = """\nhunter2 = \\q\n"""\n',
        "tokens = [\n  'hunter2' 'b',\n]\n",
        "hunter2\n",
        'a = 1\n"hunter2" = 1\n"hunter2" = 2\n',
        "kennwort = hunter2\n",
        "pin = 0815 # or hunter2\n",
        "[a] # hunter2\n[a]\n[b # hunter2\n",
        "hunter2==\n",
    ],
    ids=[
        "secret",
        "user",
        "table twice",
        "dotted key",
        "open URL",
        "password",
        "long string",
        "list",
        "alone",
        "key twice",
        "another word",
        "comment",
        "header comment",
        "base64",
    ],
)
def test_refusal_of_invalid_toml_shows_no_line_that_may_contain_a_secret(text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        parse_toml(text)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(refused.value)


@pytest.mark.parametrize("text", ["a = ''\n", 'a = """b"""\n', "a = '''b\n'''\n", "a = '\u2028'\n"])
def test_lines_end_at_line_feeds_only(text: str) -> None:
    assert len(parse_toml(text + "b = 1\n").statements) == 2


MEBIBYTE = 1 << 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "".join(f"a{i % 50}.b{i % 7}.c{i} = '{'x' * 35}'\n" for i in range(MAX_PARTS)),
        "x = [\n" + f'  "{"a" * 340}", [1, 2], {{ b = "}}" }},\n' * (MAX_PARTS // 7 - 1) + "]\n",
        "x = 1" + " " * MEBIBYTE,
        "x = '" + "a." * (MEBIBYTE // 2) + "'",
        'x = """' + '\\""' * (MEBIBYTE // 4) + 'x"""',
        "a" * MEBIBYTE + " = 1",
        f"# {'c' * 50}\n" * MAX_PARTS,
    ],
    ids=["dotted", "array", "blanks", "literal", "quotes", "key", "comments"],
)
def test_a_mebibyte_is_read_to_the_end(text: str) -> None:
    assert parse_toml(text).text == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["a." * MEBIBYTE, '"""' * MEBIBYTE, "[" * MEBIBYTE, "${" * MEBIBYTE, '"\\' * MEBIBYTE],
    ids=["dots", "quotes", "brackets", "references", "escapes"],
)
def test_a_mebibyte_of_nonsense_is_refused(text: str) -> None:
    with pytest.raises(FileRefused):
        parse_toml(text[:MEBIBYTE])


def test_first_and_last_of_many_blank_lines_are_statements_of_their_own() -> None:
    for text, expected in (
        ("\n\n\n\n\n", ["\n", "\n\n\n", "\n"]),
        ("a = 1\n\n\n\n\nb = 2\n", ["a = 1\n", "\n", "\n\n", "\n", "b = 2\n"]),
        ("a = 1\n\nb = 2\n", ["a = 1\n", "\n", "b = 2\n"]),
        ("a = 1\r\n\r\n\n\n\n", ["a = 1\r\n", "\r\n", "\n", "\n", "\n"]),
        ("a = 1\r\n\r\n\r\n\r\n\r\n", ["a = 1\r\n", "\r\n", "\r\n\r\n", "\r\n"]),
    ):
        statements = parse_toml(text).statements
        assert [statement.text for statement in statements] == expected
        assert statements[-1].line == text.count("\n", 0, len(text) - 1) + 1
