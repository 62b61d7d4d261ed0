from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.formats.toml.values import is_string, render_string, same_value

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(ANY_TEXT, st.sampled_from(["", "'old'", '"old"', "'''old'''", '"""old"""', "3"]))
def test_a_rendered_string_means_the_value_and_is_one_line(value: str, like: str) -> None:
    source = render_string(value, like)
    assert tomllib.loads(f"v = {source}") == {"v": value}
    assert "\n" not in source
    assert "\r" not in source
    assert is_string(source)


@pytest.mark.parametrize(
    ("value", "like", "source"),
    [
        ("new", "'old'", "'new'"),
        ("C:\\mail\tx", "'old'", "'C:\\mail\tx'"),
        ("it's", "'old'", '"it\'s"'),
        ("a\nb", "'old'", '"a\\nb"'),
        ("a\x7f", "'old'", '"a\\u007f"'),
        ("new", "'''old'''", '"new"'),
        ("new", '"""old"""', '"new"'),
        ("ü", '"old"', '"ü"'),
        ("new", "''", "'new'"),
    ],
)
def test_literal_quotes_stay_where_the_value_allows(value: str, like: str, source: str) -> None:
    assert render_string(value, like) == source


@pytest.mark.parametrize(
    "source", ["3", '"a" # c', '"a"\nb = "c"', '"a', '"\\q"', "", "${X}", '["a"]', '"a""b"']
)
def test_what_is_not_one_string_is_recognised(source: str) -> None:
    assert not is_string(source)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (True, 1, False),
        (1, 1.0, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ({"a": [1, {"b": True}]}, {"a": [1, {"b": True}]}, True),
        ({"a": [1, {"b": True}]}, {"a": [1, {"b": 1}]}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ([], {}, False),
    ],
)
def test_values_are_compared_with_their_types(one: Any, other: Any, equal: bool) -> None:
    assert same_value(one, other) is equal


def test_deep_values_are_compared_without_recursion() -> None:
    def nested() -> Any:
        value: Any = 1
        for _ in range(5000):
            value = [value]
        return value

    assert same_value(nested(), nested())
