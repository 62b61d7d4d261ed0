"""The JSON schemas promise what the commands print, and notice when it is not what is printed.

Besides, every document that a test of :mod:`tests.cli` reads is held to its schema.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests import schemas
from tests.check.vendors import CONFIG, compose, write
from tests.cli.conftest import Cli
from wizard.config.endpoint import Security
from wizard.config.layout import LayoutKind
from wizard.errors import Severity
from wizard.live_test.diagnosis import CORRECTIONS
from wizard.live_test.events import StageOutcome, TestedFrom
from wizard.live_test.failure import Stage, Verdict

NAMES = ("check", "error", "set", "show", "test", "undo")
OPTIONAL = {
    "test": {"transcript", "relay"},
    "check": {"fixed", "changed", "files", "restart_needed", "diff", "mode"},
    "show": {"container", "environment_used", "refusal", "not_judged"},
    "set": {"diff"},
    "undo": {"diff"},
    "error": {"changed", "test"},
}
"""Keys that are not in every document: v1 may get more of them, and lose none."""


def definition(name: str, *path: str) -> Any:
    found = schemas.VALIDATORS[name].schema
    assert isinstance(found, dict)
    for key in path:
        found = found[key]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_and_says_what_it_is(name: str) -> None:
    schema = definition(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:smtp-wizard:schema:v1:{name}"
    assert f"{name}.json" in {path.name for path in schemas.DIRECTORY.iterdir()}


def test_words_of_the_schemas_are_those_of_the_program() -> None:
    properties = definition("test", "properties")
    definitions = definition("test", "$defs")
    assert definitions["verdict"]["enum"] == [*Verdict]
    assert sorted(definitions["stage"]["enum"]) == sorted(Stage)
    assert definitions["stage_result"]["properties"]["outcome"]["enum"] == [*StageOutcome]
    assert sorted(definitions["route"]["properties"]["security"]["enum"]) == sorted(Security)
    assert properties["from"]["enum"] == [*TestedFrom]
    fields = {"secret" if field == "store" else field for field, _reason in CORRECTIONS.values()}
    assert set(definitions["diagnosis"]["properties"]["field"]["enum"]) == fields
    finding = definition("check", "$defs", "finding", "properties")
    assert finding["severity"]["enum"] == [*Severity]
    assert definition("show", "properties", "layout", "enum") == [*LayoutKind]


def documents(cli: Cli) -> dict[str, Any]:
    """Return a document of each schema, with as much in it as can be had at once."""
    flags = ("--user", "a@b", "--endpoint", "smtp://127.0.0.1:1", "--json")
    found = {"error": cli("set", *flags).json, "test": cli("test", *flags).json}
    write(cli.directory, compose(config=CONFIG.replace("[smtp]\n", "[smtp]\nport = 1\n")))
    found |= {name: cli(name, "--json").json for name in ("check", "show")}
    write(cli.directory, compose())
    found["set"] = cli("set", *flags, "--no-test").json
    found["undo"] = cli("undo", "--json").json
    return found


def objects(document: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object whose keys are promised."""
    if isinstance(document, dict):
        yield where, document
    parts = document.items() if isinstance(document, dict) else enumerate(document)
    for key, part in parts:
        if isinstance(part, (dict, list)) and key != "detail":
            yield from objects(part, f"{where}/{key}")


def test_a_key_that_is_missing_is_noticed_and_a_new_one_is_not(cli: Cli) -> None:
    noticed = 0
    for name, document in documents(cli).items():
        assert schemas.problems(document, name) == []
        for where, promised in objects(document):
            for key in promised.keys() - OPTIONAL[name]:
                changed = copy.deepcopy(document)
                part = dict(objects(changed))[where]
                part[f"{key}_renamed"] = part.pop(key)
                assert schemas.problems(changed, name), f"{name}{where}/{key}"
                noticed += 1
            grown = copy.deepcopy(document)
            dict(objects(grown))[where]["new_in_a_later_version"] = 1
            assert schemas.problems(grown, name) == [], f"{name}{where}"
    assert noticed > 60


WRONG_VALUES: list[tuple[str, str, str, object]] = [
    ("test", "", "verdict", "failed"),
    ("test", "", "verdict", "pass"),  # which has no diagnosis
    ("test", "", "seconds", "0.1"),
    ("test", "/stages/0", "stage", "name"),
    ("test", "/stages/0", "outcome", "ok"),
    ("test", "/diagnosis", "code", "Port_Closed"),
    ("test", "/diagnosis", "field", "store"),
    ("test", "/diagnosis", "reason", "25 characters are too many"),
    ("test", "/route", "security", "ssl"),
    ("check", "/findings/0", "severity", "fatal"),
    ("check", "/findings/0", "code", "smtp_key"),
    ("check", "/findings/0", "line", 0),
    ("show", "", "layout", "docker"),
    ("show", "/secret", "set", "hunter22"),
    ("set", "/secret", "changed", None),
    ("error", "/error", "code", "Not kebab"),
    ("error", "/test/stages/0", "outcome", "ok"),
]


def test_a_value_of_another_kind_is_noticed(cli: Cli) -> None:
    printed = documents(cli)
    for name, where, key, value in WRONG_VALUES:
        document = copy.deepcopy(printed[name])
        dict(objects(document))[where][key] = value
        assert schemas.problems(document, name), f"{name}{where}/{key}"


def test_documents_are_plain_json(cli: Cli) -> None:
    """No NaN, and nothing but ASCII, whatever the encoding of the pipe."""
    write(cli.directory, compose(config=CONFIG.replace("me@", "müller@")))
    shown = cli("show", "--json").out
    assert shown.isascii()
    assert json.loads(shown)["user"] == "müller@example.org"
