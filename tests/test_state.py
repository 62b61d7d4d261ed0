"""Where nothing can be kept, that is an error of the system like any other."""

from __future__ import annotations

import os

import pytest

from tests.files.accounts import ORDINARY, apart, needs_root
from wizard import state


@needs_root
def test_account_without_home_and_without_entry_has_no_state_directory() -> None:
    """As in a container that is started with a number for its user."""

    def ask() -> None:
        for name in ("HOME", "XDG_STATE_HOME"):
            os.environ.pop(name, None)
        for question in (state.existing, state.directory):
            with pytest.raises(PermissionError, match="no home directory"):
                question()

    apart(ask, ORDINARY)
