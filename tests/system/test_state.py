"""Where nothing can be kept, that is an error of the system like any other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.files.accounts import ORDINARY, apart, needs_root
from wizard.system.state import existing_state_dir, state_dir


@needs_root
def test_account_without_home_and_without_entry_has_no_state_directory() -> None:
    """As in a container that is started with a number for its user."""

    def ask() -> None:
        for name in ("HOME", "XDG_STATE_HOME"):
            os.environ.pop(name, None)
        for question in (existing_state_dir, state_dir):
            with pytest.raises(PermissionError, match="no home directory"):
                question()

    apart(ask, ORDINARY)


@needs_root
def test_root_keeps_nothing_where_a_link_in_the_home_of_another_account_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a sudo that keeps HOME: the account could lead root's journal away."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / ".local").mkdir(parents=True)
    (elsewhere / "smtp-wizard" / "journal").mkdir(mode=0o700, parents=True)
    (home / ".local" / "state").symlink_to(elsewhere)
    os.chown(home, ORDINARY, ORDINARY)
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(home))
    assert existing_state_dir("journal") != home / ".local" / "state" / "smtp-wizard" / "journal"
