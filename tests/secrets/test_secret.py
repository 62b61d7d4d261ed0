"""A secret cannot be printed by accident."""

from __future__ import annotations

import copy
import pickle

import pytest
from rich.console import Console
from rich.pretty import pretty_repr

from wizard.secrets.secret import Replace, Secret
from wizard.text.display import MASK

TEXT = "correct horse"


def test_secret_shows_a_mask_in_every_form() -> None:
    secret = Secret(TEXT)
    console = Console(record=True, width=80, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(secret, Replace(secret), {"secret": secret})
    console.file.close()
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>30}", f"{secret!r}", "%s" % secret]  # noqa: UP031
    shown += [pretty_repr(Replace(secret)), repr(Replace(secret)), console.export_text()]
    for text in shown:
        assert TEXT not in text
        assert MASK in text


def test_secret_reveals_exactly_what_was_given() -> None:
    assert Secret(" ä\t$").reveal() == " ä\t$"


def test_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(TEXT))
    with pytest.raises(TypeError):
        copy.copy(Secret(TEXT))


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("\udcff") != Secret("a")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))


def test_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Secret("")
