"""Keyrings in every condition."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.secrets.session_bus import SessionBus, session_bus


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    """A session bus without any keyring."""
    with session_bus() as started:
        yield started


@pytest.fixture
def keyring_bus(bus: SessionBus) -> SessionBus:
    """A session bus on which gnome-keyring may be started."""
    if shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("gnome-keyring is not installed")
    return bus


@pytest.fixture
def unlocked(keyring_bus: SessionBus) -> SessionBus:
    """A session with an unlocked keyring."""
    keyring_bus.keyring(unlocked=True)
    return keyring_bus


@pytest.fixture
def locked(keyring_bus: SessionBus) -> SessionBus:
    """A session whose keyring was made by an earlier login, and is locked in this one."""
    former = keyring_bus.keyring(unlocked=True)
    former.kill()
    former.wait()
    keyring_bus.keyring(unlocked=False)
    return keyring_bus
