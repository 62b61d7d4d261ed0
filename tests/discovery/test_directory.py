"""Mozilla's directory is asked when the operator chooses it, and its answers are only offered."""

from __future__ import annotations

import asyncio

import pytest
import trustme

from tests.discovery import web
from tests.discovery.conftest import Listen, Serve
from tests.discovery.internet import Internet
from wizard.discovery.dns import FixedRecords, MxRecord
from wizard.discovery.search import ask_directory
from wizard.discovery.suggestion import DiscoverySource, SearchState, Suggestion
from wizard.ui.account.mail_server_search import MailServerSearch

ADDRESS, DOMAIN = "you@example.org", "example.org"
DIRECTORY, PATH = "autoconfig.thunderbird.net", f"/v1.1/{DOMAIN}"
NOTHING = SearchState(DOMAIN)
RECORDS = FixedRecords({DOMAIN: []})


def served(name: str = "mail.example.org") -> bytes:
    return web.response(web.settings(web.server(name)))


async def test_the_directory_learns_the_domain_and_nothing_else(
    serve: Serve, authority: trustme.CA
) -> None:
    requests: list[str] = []
    async with serve(web.always(served(), requests), DIRECTORY) as port:
        network = Internet(authority, {(DIRECTORY, 443): port})
        found = await ask_directory(ADDRESS, NOTHING, network=network)
        assert await network.all_closed()
    assert network.resolved == [DIRECTORY]
    [request] = requests
    assert request.startswith(f"GET {PATH} HTTP/1.1\r\n")
    assert "you" not in request
    [only] = found.suggestions
    assert (only.source, only.endpoint, only.user) == (
        DiscoverySource.DIRECTORY,
        "mail.example.org",
        ADDRESS,
    )
    assert only.origin == "Mozilla's directory names it for example.org."


async def test_what_the_directory_names_is_usable_but_never_filled_in_by_itself(
    serve: Serve, authority: trustme.CA
) -> None:
    async with serve(web.always(served("mail.hosting.example")), DIRECTORY) as port:
        network = Internet(authority, {(DIRECTORY, 443): port})
        found = await ask_directory(ADDRESS, NOTHING, network=network)
    [only] = found.suggestions
    assert only.usable
    assert not only.safe
    assert only.notes == ("It is not part of example.org: take it only if you know it.",)


async def test_the_directory_counts_more_than_a_guess(serve: Serve, authority: trustme.CA) -> None:
    guess = Suggestion(DiscoverySource.GUESS, "", "smtp.example.org")
    async with serve(web.always(served()), DIRECTORY) as port:
        network = Internet(authority, {(DIRECTORY, 443): port})
        found = await ask_directory(ADDRESS, SearchState(DOMAIN, (guess,)), network=network)
    assert [each.source for each in found.suggestions] == [DiscoverySource.DIRECTORY]


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        (web.NOT_FOUND, "Mozilla's directory does not know example.org."),
        (
            web.response(b"<nothing"),
            f"{DIRECTORY} publishes settings for mail programs that cannot be read.",
        ),
    ],
    ids=["unknown domain", "not XML"],
)
async def test_an_answer_without_a_server_is_reported(
    serve: Serve, authority: trustme.CA, answer: bytes, remark: str
) -> None:
    before = SearchState(DOMAIN, remarks=("Said before.",))
    async with serve(web.always(answer), DIRECTORY) as port:
        network = Internet(authority, {(DIRECTORY, 443): port})
        found = await ask_directory(ADDRESS, before, network=network)
    assert found == SearchState(DOMAIN, remarks=("Said before.", remark))


async def test_a_directory_that_is_down_is_not_one_that_knows_nothing(
    authority: trustme.CA,
) -> None:
    found = await ask_directory(ADDRESS, NOTHING, network=Internet(authority))
    assert found.remarks == ("Mozilla's directory cannot be reached.",)


async def test_a_silent_directory_is_given_up_at_the_deadline(authority: trustme.CA) -> None:
    network = Internet(authority, {(DIRECTORY, 443): None})
    found = await ask_directory(ADDRESS, NOTHING, network=network, seconds=0.2)
    assert found.remarks == ("No answer in time: entries of Mozilla's directory.",)


async def test_an_impostor_is_not_asked(serve: Serve, authority: trustme.CA) -> None:
    requests: list[str] = []
    async with serve(web.always(served(), requests), "other.example") as port:
        network = Internet(authority, {(DIRECTORY, 443): port})
        found = await ask_directory(ADDRESS, NOTHING, network=network)
    assert (found.suggestions, requests) == ((), [])


def offers_directory(search: MailServerSearch) -> bool:
    return search.can_ask_directory  # a call, so that mypy does not expect it to stay the same


async def finish(search: MailServerSearch) -> SearchState | None:
    async for _update in search.updates():
        pass
    return search.state


async def test_the_search_offers_the_directory_and_asks_it_only_on_request(
    serve: Serve, authority: trustme.CA
) -> None:
    async with serve(web.always(served()), DIRECTORY) as port:
        network = Internet(authority, {(DIRECTORY, 443): port})
        search = MailServerSearch(online=True, network=network, records=RECORDS)
        search.begin(ADDRESS)
        assert not offers_directory(search)  # the domain's own servers come first
        await finish(search)
        assert DIRECTORY not in network.resolved
        assert offers_directory(search)

        search.ask_directory()
        assert search.searching
        assert not offers_directory(search)
        state = await finish(search)
    assert state is not None
    assert state.best is not None
    assert state.best.endpoint == "mail.example.org"
    assert not offers_directory(search)


async def test_the_directory_can_be_asked_for_each_address_once(authority: trustme.CA) -> None:
    search = MailServerSearch(online=True, network=Internet(authority), records=RECORDS)
    search.begin(ADDRESS)
    await finish(search)
    search.ask_directory()
    state = await finish(search)
    assert state is not None
    assert "Mozilla's directory cannot be reached." in state.remarks
    assert not offers_directory(search)
    search.begin("you@other.example")
    await finish(search)
    assert offers_directory(search)


async def test_stopping_the_directory_leaves_what_was_found_before(
    listen: Listen, authority: trustme.CA
) -> None:
    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listen(quiet) as port:
        ports = {("smtp.example.org", 465): port, (DIRECTORY, 443): None}
        network = Internet(authority, ports)
        search = MailServerSearch(online=True, network=network, records=RECORDS)
        search.begin(ADDRESS)
        before = await finish(search)
        search.ask_directory()
        await network.connecting.wait()
        search.stop()
    assert search.state == before
    assert before is not None
    assert [each.source for each in before.suggestions] == [DiscoverySource.GUESS]
    assert offers_directory(search)  # it has not answered
    assert await network.all_closed()


async def test_nothing_is_offered_without_a_search_or_where_the_provider_is_known(
    authority: trustme.CA,
) -> None:
    offline = MailServerSearch(network=Internet(authority), records=RECORDS)
    offline.begin(ADDRESS)
    by_domain = MailServerSearch(online=True, network=Internet(authority), records=RECORDS)
    by_domain.begin("you@gmail.com")
    unusable = FixedRecords({DOMAIN: [MxRecord(1, "mail.tutanota.de")]})
    by_mx = MailServerSearch(online=True, network=Internet(authority), records=unusable)
    by_mx.begin(ADDRESS)
    await finish(by_mx)
    for search in (offline, by_domain, by_mx):
        assert not offers_directory(search)
        search.ask_directory()
        assert not search.searching
