"""Every key of ``[smtp]`` is known everywhere: read, entered, named by a flag, and written."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from wizard.cli.parser import build_parser
from wizard.config.draft import Draft
from wizard.config.settings import SWITCHES, TEXT_KEYS, SmtpSettings
from wizard.formats.config_toml.edit import COMMENTS, ConfigEdit
from wizard.formats.config_toml.view import SMTP_KEYS, SmtpValues
from wizard.ui.account.view import Field

KEYS = (*TEXT_KEYS, *SWITCHES)


def test_the_file_has_no_other_keys() -> None:
    assert {*KEYS, "secret"} == set(SMTP_KEYS) == set(COMMENTS)


@pytest.mark.parametrize("values", [SmtpValues, ConfigEdit, Draft, SmtpSettings])
def test_every_key_has_a_field(values: Any) -> None:
    assert set(KEYS) <= {field.name for field in fields(values)}


def test_every_key_has_the_type_of_its_table() -> None:
    assert all(SMTP_KEYS[key] is str for key in TEXT_KEYS)
    assert all(SMTP_KEYS[key] is bool for key in SWITCHES)


def test_every_key_is_named_by_a_flag() -> None:
    for command in ("set", "test"):
        assert set(KEYS) <= set(vars(build_parser().parse_args([command])))


def test_every_key_is_a_field_of_the_form() -> None:
    assert set(KEYS) <= set(Field)
