"""What is suggested for the mail server, and in which order."""

from __future__ import annotations

import asyncio
from itertools import pairwise, permutations

import pytest

from wizard.discovery.suggestion import DiscoverySource, SearchState, Suggestion, ranked_suggestions
from wizard.ui.steps.mail_server import Suggestions, search_message, suggestions_for
from wizard.ui.steps.mail_server_search import MailServerSearch

USER = "me@example.org"
ASKED = (DiscoverySource.MX, DiscoverySource.SRV, DiscoverySource.AUTOCONFIG, DiscoverySource.GUESS)


def suggestion(
    host: str, source: DiscoverySource = DiscoverySource.SRV, **values: object
) -> Suggestion:
    return Suggestion(source, f"By {source}.", host, **values)  # type: ignore[arg-type]


def shown(
    *found: Suggestion,
    pending: tuple[DiscoverySource, ...] = (),
    endpoint: str = "",
    stored: bool = False,
) -> Suggestions:
    discovery = MailServerSearch()
    discovery.state = SearchState("example.org", found, pending)
    return suggestions_for(discovery, USER, endpoint, stored=stored)


def test_one_offer_is_listed_with_its_source_and_what_is_special() -> None:
    found = shown(suggestion("mail.example.org", notes=("Mind this.",)))
    assert found.text.splitlines() == [
        "1 mail.example.org, port 465, SMTPS",
        "Enter takes it over; or type another host name.",
        "By srv. Mind this.",
    ]
    assert found.offers == ({"endpoint": "mail.example.org", "starttls": False},)


def test_several_offers_are_numbered_and_their_sources_too() -> None:
    found = shown(
        suggestion("a.example.org"),
        suggestion("smtp://b.example.org:2525?tls=required", DiscoverySource.AUTOCONFIG),
    )
    assert found.text.splitlines() == [
        "1 a.example.org, port 465, SMTPS",
        "2 smtp://b.example.org:2525?tls=required, port 2525, STARTTLS",
        "Enter takes over 1; or type a number, or another host name.",
        "1: By srv.",
        "2: By autoconfig.",
    ]


def test_host_is_offered_once_in_its_best_form() -> None:
    found = shown(suggestion("a.example.org"), suggestion("a.example.org", starttls=True))
    assert found.offers == ({"endpoint": "a.example.org", "starttls": False},)


def test_at_most_three_are_offered() -> None:
    assert len(shown(*(suggestion(f"{name}.example.org") for name in "abcdef")).offers) == 3


def test_nothing_is_offered_where_the_field_has_it_already() -> None:
    found = shown(
        suggestion("a.example.org"), suggestion("b.example.org"), endpoint="a.example.org"
    )
    assert found == Suggestions("By srv.")


def test_other_user_name_is_said_and_not_taken_over() -> None:
    found = shown(suggestion("a.example.org", user="me"))
    assert f"The user there is me, not {USER}: go back to change it." in found.text
    assert "user" not in found.offers[0]


def test_unusable_one_is_told_and_not_offered() -> None:
    found = shown(suggestion("a.example.org", usable=False, notes=("OAuth only.",)))
    assert found == Suggestions("! By srv. OAuth only.")


def test_where_a_server_is_stored_nothing_is_said_of_a_search_without_result() -> None:
    assert shown(endpoint="old.example.org", stored=True) == Suggestions()
    assert shown(pending=ASKED, endpoint="old.example.org", stored=True) == Suggestions()
    assert "To take it over" in shown(suggestion("a.example.org"), endpoint="x", stored=True).text


def test_what_could_still_be_beaten_is_not_numbered_yet() -> None:
    found = suggestion("a.example.org", DiscoverySource.AUTOCONFIG)
    assert shown(found, pending=(DiscoverySource.SRV,)).offers == ()
    assert len(shown(found, pending=(DiscoverySource.GUESS,)).offers) == 1


@pytest.mark.parametrize("order", list(permutations(ASKED)))
def test_numbers_never_change_whoever_answers_first(order: tuple[DiscoverySource, ...]) -> None:
    answers = [suggestion(f"{source}.example.org", source) for source in order]
    pictures = [
        SearchState("example.org", ranked_suggestions(answers[:count]), order[count:])
        for count in range(len(order) + 1)
    ]
    for before, after in pairwise(pictures):
        assert after.settled[: len(before.settled)] == before.settled
    assert pictures[-1].settled == pictures[-1].suggestions


async def test_changes_end_with_the_search_and_tell_its_last_picture() -> None:
    discovery = MailServerSearch()
    discovery.begin("me@gmail.com")
    assert not search_message(discovery)
    assert [change async for change in discovery.updates()] == [None]
    assert discovery.state is not None
    assert discovery.state.finished


@pytest.mark.parametrize("address", ["", "apikey", "me@localhost", "me@", "@", "me@exa mple.org"])
async def test_text_without_a_domain_is_looked_for_nowhere(address: str) -> None:
    discovery = MailServerSearch(online=True)
    discovery.begin("me@gmail.com")
    discovery.begin(address)
    assert discovery.state is None
    assert not discovery.searching


async def test_what_is_found_is_forgotten_with_its_address() -> None:
    discovery = MailServerSearch()
    discovery.begin("me@gmail.com")
    discovery.begin("me@unknown.example")
    assert discovery.state is None


async def test_stopping_leaves_nothing_behind() -> None:
    class Silent:
        async def mx(self, domain: str) -> list[object]:
            await asyncio.Event().wait()
            raise AssertionError

        srv = mx

    before = asyncio.all_tasks()
    discovery = MailServerSearch(online=True, records=Silent(), network=Nowhere())  # type: ignore[arg-type]
    discovery.begin(USER)
    await asyncio.sleep(0)
    discovery.stop()
    assert discovery.state is None
    await asyncio.wait(asyncio.all_tasks() - before)


class Nowhere:
    """A network in which nothing exists."""

    async def resolve(self, host: str, port: int) -> list[object]:
        raise OSError

    async def connect(self, address: object) -> None:
        raise OSError

    def tls_context(self) -> None:
        raise OSError
