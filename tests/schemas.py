"""The JSON schemas of docs/schemas: what the tests of commands print is held to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DIRECTORY = Path(__file__).parents[1] / "docs" / "schemas" / "v1"
VALIDATORS = {
    path.stem: Draft202012Validator(json.loads(path.read_text("utf-8")))
    for path in DIRECTORY.glob("*.json")
}


def problems(document: Any, name: str) -> list[str]:
    """Return what a schema has against a document, and against the test that is in it."""
    found = [
        f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(document)
    ]
    if name in ("set", "error") and isinstance(document.get("test"), dict):
        found += problems(document["test"], "test")
    return found


def of_command(arguments: tuple[str, ...], document: dict[str, Any]) -> str:
    """Return the name of the schema for what a command prints."""
    return (
        "error" if "error" in document else next(each for each in arguments if each in VALIDATORS)
    )
