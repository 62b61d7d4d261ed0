"""The keyring of a session, read and restored from outside of the wizard."""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.state import KEYRING, Entry, State


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as the keyring has it."""

    label: str
    attributes: tuple[tuple[str, str], ...]
    secret: bytes


def read_items() -> tuple[Item, ...]:
    """Return all entries of the default collection."""
    with _collection() as collection:
        return tuple(
            Item(item.get_label(), tuple(sorted(item.get_attributes().items())), item.get_secret())
            for item in collection.get_all_items()
        )


def settled_items() -> tuple[Item, ...]:
    """Return the entries once nobody is changing them any more.

    The child process of a killed wizard may go on for a moment.
    """
    before = read_items()
    while True:
        time.sleep(0.3)
        now = read_items()
        if now == before:
            return now
        before = now


def put_items(items: tuple[Item, ...]) -> None:
    """Replace all entries by these."""
    with _collection() as collection:
        for item in list(collection.get_all_items()):
            item.delete()
        for wanted in items:
            collection.create_item(wanted.label, dict(wanted.attributes), wanted.secret)


def as_state(items: tuple[Item, ...]) -> State:
    """Return the entries as if they were files, without their labels."""
    found: dict[str, Entry] = {}
    for item in sorted(items, key=lambda item: item.secret):
        # Some libraries add the schema; it is not part of what is searched for.
        name = KEYRING + " ".join(value for key, value in item.attributes if key != "xdg:schema")
        while name in found:
            name += " and another"
        found[name] = Entry(stat.S_IFREG, 0o600, (0, 0), item.secret, ())
    return found


@contextlib.contextmanager
def _collection() -> Iterator[Any]:
    import secretstorage  # only here: it is not installed everywhere

    with contextlib.closing(secretstorage.dbus_init()) as connection:
        yield secretstorage.get_collection_by_alias(connection, "default")
