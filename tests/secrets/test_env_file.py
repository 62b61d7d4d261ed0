"""The secret in ``.env``: read only where the server and Docker Compose read the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.secrets.test_contract import SECRETS
from wizard.errors import FileRefused, StoreUnusable
from wizard.formats.dotenv.variables import set_variable
from wizard.secrets.resolver import EnvText, SecretResolver
from wizard.secrets.secret import Secret

PATH = Path("/srv/.env")


def resolver(text: str) -> SecretResolver:
    return SecretResolver("${SMTP_SECRET}", Path("/srv/config.toml"), {}, EnvText(PATH, text))


@pytest.mark.parametrize("text", SECRETS, ids=range(len(SECRETS)))
def test_what_was_written_is_read_exactly(text: str) -> None:
    before = "# ours\nDB=1\nSMTP_SECRET=old\n"
    found = resolver(set_variable(before, "SMTP_SECRET", text, {})).for_exec()
    assert found == {"SMTP_SECRET": Secret(text)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SMTP_SECRET='never closed\n", "env-malformed"),
        ("A='x'B=1\nSMTP_SECRET=a\n", "env-ambiguous"),
    ],
    ids=["open quote", "two in a line"],
)
def test_file_that_its_readers_do_not_understand_is_refused(text: str, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        resolver(text).for_exec()
    assert refusal.value.code == code
    assert refusal.value.remedy
    assert refusal.value.path == PATH


@pytest.mark.parametrize("text", ["SMTP_SECRET=a$$b\n", "SMTP_SECRET=first\nSMTP_SECRET=last\n"])
def test_value_that_readers_disagree_on_is_refused(text: str) -> None:
    with pytest.raises(StoreUnusable) as refusal:
        resolver(text).for_exec()
    assert refusal.value.code == "env-value-ambiguous"
    assert refusal.value.path == PATH


def test_empty_value_is_refused() -> None:
    with pytest.raises(StoreUnusable) as refusal:
        resolver("SMTP_SECRET=\n").for_exec()
    assert refusal.value.code == "env-value-blank"
    assert refusal.value.path == PATH
