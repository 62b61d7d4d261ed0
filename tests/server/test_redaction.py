"""The server's own words never show a secret, however it prints one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.conftest import load, standalone, write_config
from wizard.config.draft import Draft
from wizard.secrets.secret import Replace, Secret
from wizard.server.redaction import LogRedactor, redactor_for
from wizard.text.display import MASK
from wizard.text.redaction import encodings_of

TYPED = "new$secret'with\"all\\of#it é"


@pytest.fixture
def redact(tmp_path: Path) -> LogRedactor:
    config = standalone(tmp_path)
    write_config(config, 'db_url = "postgres://u:${DB_PW}@db:5432/x"')
    now = load(config, DB_PW="dbpass-of-somebody")
    draft = replace(Draft.of(now), secret=Replace(Secret(TYPED)))
    return redactor_for(now, replace(draft, endpoint="smtp://me:p%40ssword@mail.example.org"))


@pytest.mark.parametrize("form", sorted(encodings_of(TYPED)), ids=lambda form: form[:12])
def test_new_secret_is_masked_in_every_form(redact: LogRedactor, form: str) -> None:
    shown = redact(f"unexpected value {form}: of secret")
    assert form not in shown
    assert MASK in shown


def test_password_of_a_malformed_endpoint_is_masked(tmp_path: Path) -> None:
    config = standalone(tmp_path)
    write_config(config, "")
    now = load(config)
    redact = redactor_for(now, replace(Draft.of(now), endpoint="smtp:/me:p%40ssword@host"))
    for text in ("p%40ssword", "p@ssword"):
        assert text not in redact(f"invalid value: {text}, expected another")


@pytest.mark.parametrize(
    "text", ['correct horse "battery"', "dbpass-of-somebody", "p%40ssword", "p@ssword"]
)
def test_stored_and_other_secrets_are_masked(redact: LogRedactor, text: str) -> None:
    assert text not in redact(f"invalid value: {text}, expected another")


def test_values_in_quotes_and_passwords_in_urls_are_masked_unknown_as_they_are(
    redact: LogRedactor,
) -> None:
    shown = redact('invalid type: string "who knows", at postgres://u:hidden@h/x')
    assert shown == f'invalid type: string "{MASK}", at postgres://u:{MASK}@h/x'
    assert "begun" not in redact('invalid type: string "begun and never closed')


def test_names_of_fields_and_variables_stay(redact: LogRedactor) -> None:
    text = 'unknown field `usr`, expected `user`; environment variable "SMTP_SECRET" not found'
    assert redact(text) == text


def test_text_is_cut_and_fit_for_a_terminal(redact: LogRedactor) -> None:
    shown = redact("a\x1b]0;title\x07 \u202e b\n" + "long " * 100)
    assert shown.startswith("a ]0;title b long")
    assert len(shown) <= 300


def test_cut_does_not_leave_half_a_secret(redact: LogRedactor) -> None:
    for length in range(270, 300):
        assert "dbpass" not in redact("x" * length + " dbpass-of-somebody")


def test_cut_does_not_leave_half_a_password_of_a_url(redact: LogRedactor) -> None:
    assert "hidden" not in redact("x" * 270 + " postgres://u:hidden-password-of-somebody@host/x")
