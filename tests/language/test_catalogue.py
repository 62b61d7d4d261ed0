from __future__ import annotations

import ast
import re
from collections import Counter

import pytest
from babel.messages.catalog import Message

from tests.language import catalogue
from tests.language.allowed import ALLOWED
from tests.language.argparse_words import FOR_PROGRAMMERS, WORDS, words_of_this_python
from tests.language.catalogue import is_translated, strings
from tests.language.sources import Found, Literal, Reader, placeholders, sentences
from wizard.text.language import LANGUAGES

_OF_ARGPARSE = re.compile(r"%(?:\(\w+\))?[sr]")


@pytest.fixture(scope="module")
def found() -> Found:
    return sentences()


@pytest.fixture(scope="module", params=LANGUAGES[1:])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def messages(language: str) -> list[Message]:
    return [each for each in catalogue.read(catalogue.po_file(language), language) if each.id]


def test_every_sentence_is_in_the_catalogue_and_nothing_else(
    messages: list[Message], language: str
) -> None:
    assert {message.id for message in messages} == {text for text, _ in catalogue.wanted()}
    assert "#~" not in catalogue.po_file(language).read_text("utf-8")


def test_no_translation_is_missing_or_fuzzy(messages: list[Message]) -> None:
    assert [message.id for message in messages if not is_translated(message)] == []
    assert [message.id for message in messages if message.fuzzy] == []


def test_a_translation_has_the_placeholders_of_its_sentence(messages: list[Message]) -> None:
    for message in messages:
        for text in strings(message.string):
            original = strings(message.id)[-1]
            if isinstance(message.id, tuple) or message.id in WORDS:
                assert Counter(_OF_ARGPARSE.findall(text)) == Counter(
                    _OF_ARGPARSE.findall(original)
                ), message.id
            else:
                assert placeholders(text) == placeholders(original), message.id


def test_a_translation_begins_and_ends_with_the_blanks_of_its_sentence(
    messages: list[Message],
) -> None:
    for message in messages:
        for original, text in zip(strings(message.id), strings(message.string), strict=True):
            assert _margins(text) == _margins(original), message.id
            assert text.count("\n") == original.count("\n"), message.id


def test_a_translation_ends_as_its_sentence_does(messages: list[Message]) -> None:
    ends = ".:…?"
    for message in messages:
        for original, text in zip(strings(message.id), strings(message.string), strict=True):
            end, other = original.rstrip()[-1:], text.rstrip()[-1:]
            assert (end if end in ends else "") == (other if other in ends else ""), message.id


def test_what_gettext_reads_is_made_from_what_translators_write(language: str) -> None:
    po = catalogue.po_file(language)
    again = catalogue.updated(catalogue.read(po, language))
    assert po.read_bytes() == catalogue.as_po(again)
    assert po.with_suffix(".mo").read_bytes() == catalogue.as_mo(again)


def test_the_catalogue_does_not_say_when_and_by_whom_it_was_made(language: str) -> None:
    po = catalogue.po_file(language)
    head = po.read_text("utf-8").split("\n\n")[0]
    assert not re.search(r"\d{4}-\d{2}-\d{2}|-Date|Translator|Generated-By", head)
    assert not re.search(
        rb"Creation-Date|Last-Translator|Generated-By", po.with_suffix(".mo").read_bytes()
    )


def test_no_sentence_is_left_unmarked(found: Found) -> None:
    left = [
        f"{literal.path}:{literal.line}: {literal.text}"
        for literal in found.unmarked
        if not any(each.covers(literal) for each in ALLOWED)
    ]
    assert left == []


def test_no_exception_is_out_of_date(found: Found) -> None:
    unused = [
        (each.path, beginning)
        for each in ALLOWED
        for beginning in each.beginnings or ("",)
        if not any(
            literal.path.startswith(each.path) and literal.text.startswith(beginning)
            for literal in found.unmarked
        )
    ]
    assert unused == []


def test_only_plain_texts_are_marked(found: Found) -> None:
    assert found.unusable == []


def test_a_sentence_gets_a_value_for_each_placeholder(found: Found) -> None:
    wrong = [
        f"{literal.path}:{literal.line}: {literal.text}"
        for literal in found.marked
        if literal.values and placeholders(literal.text) != set(literal.values)
    ]
    assert wrong == []


def test_every_sentence_of_argparse_is_known() -> None:
    assert set(words_of_this_python()) - set(WORDS) - FOR_PROGRAMMERS == set()


@pytest.mark.parametrize(
    "source",
    [
        'say("Something went wrong.")',
        'title = "Mail server"',
        'say(f"There is no {name}.")',
        'say("Cancelled.")',
        'TABLE = {"a": "the connection was made"}',
        'button("Back")',
        'say(_("It is {name}.", name="no user"))',
    ],
)
def test_a_sentence_without_a_mark_is_noticed(source: str) -> None:
    assert _unmarked(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring of a module."""',
        'say(_("Something went wrong."))',
        'TABLE = {"a": N_("the connection was made")}',
        'raise ValueError("a secret is never empty")',
        'pattern = re.compile("too many|rate limit")',
        'code = "file-not-trusted"',
        'name = f"{user}@{host}"',
        'key = settings["Authorization"]',
    ],
    ids=[
        "docstring",
        "marked",
        "marked for later",
        "error for developers",
        "pattern",
        "code",
        "no words",
        "key",
    ],
)
def test_what_is_marked_or_not_a_sentence_is_not_reported(source: str) -> None:
    assert not _unmarked(source)


@pytest.mark.parametrize("source", ['_(f"No {name}.")', '_("No " + name)', '_("A" if b else "B")'])
def test_a_mark_around_something_else_is_noticed(source: str) -> None:
    assert _read(source).unusable


def _read(source: str) -> Found:
    found = Found()
    Reader("some.py", found).visit(ast.parse(source))
    return found


def _unmarked(source: str) -> list[Literal]:
    return _read(source).unmarked


def _margins(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
