"""The page about providers says what the table says."""

from __future__ import annotations

from tests.discovery.listing import FILE, listing
from wizard.discovery.providers import providers


def test_the_page_about_providers_is_current() -> None:
    assert FILE.read_text("utf-8") == listing()  # else: python -m tests.discovery.listing


def test_every_provider_is_on_the_page_once() -> None:
    rows = [line for line in listing().splitlines() if line.startswith("| ")]
    named = [line.split(" | ")[0].removeprefix("| ") for line in rows]
    for name in {each.name for each in providers()}:
        assert named.count(name) == sum(each.name == name for each in providers())
