"""What variables add to a value is bounded: a few lines could otherwise fill the memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from wizard.errors import FileRefused, InvalidValue
from wizard.formats.dotenv.compose_go import interpolate, read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.reading import MAX_ASSIGNMENTS, MAX_EXPANSION, EnvSyntaxError, ParsedEnv
from wizard.formats.dotenv.variables import find_definitions, read_variable
from wizard.formats.variables import MAX_EXPANDED, Readers, expand

Reader = Callable[[str], ParsedEnv]
TEN_TIMES = "A0=xxxxxxxxxx\n" + "".join(f"A{n + 1}={f'${{A{n}}}' * 10}\n" for n in range(10))
"""523 bytes that mean 100 GB."""


@pytest.mark.parametrize("read", [read_dotenvy, read_compose])
@pytest.mark.parametrize(
    "text",
    [
        TEN_TIMES,
        f"B={'x' * 60_000}\n" + "".join(f"A{number}=${{B}}y\n" for number in range(90_000)),
        f"B={'x' * 60_000}\nA={'$B' * 400_000}\n",
        f"B={'x' * 60_000}\nA={'${B}${B:-${B}}' * 60_000}\n",
    ],
    ids=["ten times each", "many values", "one value", "defaults"],
)
def test_reader_gives_up_before_the_memory_is_full(read: Reader, text: str) -> None:
    tracemalloc.start()
    reading = read(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reading.rejection is not None
    assert reading.rejection.too_long
    assert peak < 30_000_000


@pytest.mark.parametrize("read", [read_dotenvy, read_compose])
def test_long_value_without_variables_and_a_few_variables_are_read(read: Reader) -> None:
    long = "x" * (1 << 20)
    assert read(f"A={long}\n").assignments[0].value == long
    text = f"A={'x' * 1000}\nB=${{A}}${{A}}y\n"
    assert read(text).assignments[1].value == "x" * 2000 + "y"


def test_refusal_names_the_line_and_not_the_readers() -> None:
    with pytest.raises(FileRefused) as refused:
        read_variable(TEN_TIMES, "A9")
    assert (refused.value.code, refused.value.line) == ("env-too-long", 5)
    assert "would stop" not in refused.value.message


@pytest.mark.parametrize("readers", list(Readers), ids=lambda readers: readers.name)
def test_more_variables_than_any_file_has_are_refused(readers: Readers) -> None:
    most = "A=1\n" * (MAX_ASSIGNMENTS - 1) + "B=2\n"
    assert read_variable(most, "B", readers=readers) == "2"
    with pytest.raises(FileRefused, match="more than 20,000 variables") as refused:
        read_variable(most + "C=3\n", "C", readers=readers)
    assert (refused.value.code, refused.value.line) == ("env-too-long", MAX_ASSIGNMENTS + 1)


def test_refusal_is_a_new_one_each_time() -> None:
    """Whoever catches it says which file it is about."""
    raised = []
    for _ in range(2):
        with pytest.raises(FileRefused) as refused:
            find_definitions("A='open\n", "A")
        raised.append(refused.value)
    assert raised[0] is not raised[1]


@pytest.mark.parametrize("nested", ["${A:-", "${B-"])
def test_deep_nesting_is_refused_and_some_is_read(nested: str) -> None:
    assert interpolate(nested * 20 + "x" + "}" * 20, {}) == "x"
    with pytest.raises(EnvSyntaxError, match="nested"):
        interpolate(nested * 10_000 + "x" + "}" * 10_000, {})


def test_value_of_config_toml_is_bounded_and_each_variable_looked_up_once() -> None:
    asked = []

    def lookup(name: str) -> str:
        asked.append(name)
        return "x" * 500_000 if name == "LONG" else "y"

    assert expand("${A}" * 1000, lookup) == "y" * 1000
    assert asked == ["A"]
    with pytest.raises(InvalidValue) as refused:
        expand("${LONG}" * 8000, lookup)
    assert refused.value.code == "value-too-long"
    assert MAX_EXPANDED == MAX_EXPANSION == 1 << 16
