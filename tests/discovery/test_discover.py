"""Discovery as a whole: all sources at once, the best suggestion first, and an end in time."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest
import trustme

from tests.discovery import web
from tests.discovery.conftest import Listen, Serve
from tests.discovery.internet import Internet
from tests.discovery.name_server import name_server, serve_zone
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.demo.network import DEMO_RECORDS, DemoNetwork
from wizard.discovery import sentences
from wizard.discovery.dns import FixedRecords, MxRecord, SrvRecord, SystemRecords
from wizard.discovery.search import discover
from wizard.discovery.sentences import autoconfig_unreadable, search_status
from wizard.discovery.suggestion import DiscoverySource, SearchState, Suggestion, ranked_suggestions
from wizard.errors import InvalidValue
from wizard.secrets.secret import Secret

ADDRESS, DOMAIN = "you@example.org", "example.org"
SOON = 10.0
NOTHING = FixedRecords({DOMAIN: []})
SRV = FixedRecords(
    {DOMAIN: []}, {"_submissions._tcp.example.org": [SrvRecord(0, 1, 465, "mail.example.org")]}
)


async def states(
    network: Internet, records: FixedRecords | SystemRecords = NOTHING, seconds: float = SOON
) -> list[SearchState]:
    stream = discover(ADDRESS, network=network, records=records, seconds=seconds)
    async with aclosing(stream):
        found = [each async for each in stream]
    assert [each.finished for each in found] == [False] * (len(found) - 1) + [True]
    assert await network.all_closed()
    return found


async def last(
    network: Internet, records: FixedRecords | SystemRecords = NOTHING, seconds: float = SOON
) -> SearchState:
    return (await states(network, records, seconds))[-1]


class Listener:
    """A port that accepts connections and records what is sent on them."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.connected = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        self.heard += await reader.read()
        writer.close()


@pytest.fixture
def no_network(authority: trustme.CA) -> Internet:
    return Internet(authority)


async def test_a_provider_known_by_its_domain_is_found_at_once_without_any_network(
    no_network: Internet,
) -> None:
    found = [each async for each in discover("you@gmail.com", network=no_network)]
    assert len(found) == 1
    assert found[0].finished
    assert found[0].best is not None
    assert found[0].best.source is DiscoverySource.DOMAIN
    assert no_network.resolved == []


async def test_the_network_can_be_asked_although_the_provider_is_known(
    no_network: Internet,
) -> None:
    records = FixedRecords({}, {"_submissions._tcp.gmx.de": [SrvRecord(0, 1, 465, "smtp.gmx.de")]})
    stream = discover("you@gmx.de", network=no_network, records=records, even_if_known=True)
    found = [each async for each in stream]
    assert found[0].best is not None  # known before any source has answered
    assert [each.source for each in found[-1].suggestions] == [
        DiscoverySource.DOMAIN,
        DiscoverySource.SRV,
    ]


@pytest.mark.parametrize("address", ["apikey", "you@localhost"])
async def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue):
        await anext(discover(address))


async def test_the_first_state_names_the_sources(no_network: Internet) -> None:
    first = (await states(no_network))[0]
    assert first == SearchState(
        DOMAIN,
        pending=(
            DiscoverySource.MX,
            DiscoverySource.SRV,
            DiscoverySource.AUTOCONFIG,
            DiscoverySource.GUESS,
        ),
    )
    assert search_status(first).startswith("Looking for the mail server of example.org")


async def test_sources_that_agree_give_one_suggestion_from_the_best_of_them(
    serve: Serve, authority: trustme.CA
) -> None:
    script = web.pages({"/mail/config-v1.1.xml": web.response(web.settings())})
    async with serve(script) as port:
        network = Internet(authority, {("autoconfig.example.org", 443): port})
        found = await last(network, SRV)
    [only] = found.suggestions
    assert only.source is DiscoverySource.SRV
    assert only.user == ADDRESS  # only autoconfig has it
    assert "port 465" in search_status(found)


async def test_suggestions_come_in_the_order_of_trust(serve: Serve, authority: trustme.CA) -> None:
    records = FixedRecords(
        {DOMAIN: [MxRecord(1, "mx.gandi.net"), MxRecord(1, "spool.mail.gandi.net")]},
        SRV.srv_records,
    )
    path = "/.well-known/autoconfig/mail/config-v1.1.xml"
    file = web.settings(web.server("out.example.org"))
    async with serve(web.pages({path: web.response(file)})) as port:
        found = await last(Internet(authority, {("example.org", 443): port}), records)
    assert [(each.source.value, each.endpoint) for each in found.suggestions] == [
        ("mx", "mail.gandi.net"),
        ("srv", "mail.example.org"),
        ("autoconfig", "out.example.org"),
    ]


async def test_the_autoconfig_host_is_trusted_before_the_web_site(
    serve: Serve, authority: trustme.CA
) -> None:
    first = web.response(web.settings(web.server("first.example.org")))
    second = web.response(web.settings(web.server("second.example.org")))
    async with serve(web.always(first)) as one, serve(web.always(second)) as two:
        ports = {("autoconfig.example.org", 443): one, ("example.org", 443): two}
        found = await last(Internet(authority, ports))
    assert [each.endpoint for each in found.suggestions] == ["first.example.org"]


async def test_nothing_but_names_of_the_domain_is_asked_for(
    serve: Serve, authority: trustme.CA
) -> None:
    requests: list[str] = []
    questions: list[str] = []
    async with (
        serve(web.pages({}, requests)) as port,
        name_server(serve_zone({"example.org TXT": ["x"]}), questions) as dns,
    ):
        ports = {("autoconfig.example.org", 443): port, ("example.org", 443): port}
        network = Internet(authority, ports)
        await last(network, SystemRecords("127.0.0.1", dns))
    assert sorted(set(questions)) == [
        "_submission._tcp.example.org",
        "_submissions._tcp.example.org",
        "example.org",
    ]
    assert set(network.resolved) == {
        "autoconfig.example.org",
        "example.org",
        "smtp.example.org",
        "mail.example.org",
    }
    assert len(requests) == 2
    assert not any("you" in text for text in [*requests, *questions])


@pytest.mark.parametrize(
    ("open_ports", "expected"),
    [
        ([("smtp", 465)], [("smtp", False)]),
        ([("mail", 587)], [("mail", True)]),
        ([("smtp", 587), ("smtp", 465)], [("smtp", False)]),
        ([("smtp", 587), ("mail", 465)], [("mail", False), ("smtp", True)]),
        ([("smtp", 465), ("mail", 465)], [("smtp", False), ("mail", False)]),
        ([("smtp", 25)], []),
    ],
    ids=["smtp 465", "mail 587", "smtp on both", "587 and 465", "both on 465", "smtp 25"],
)
async def test_guesses_are_hosts_that_accept_connections_and_are_sent_nothing(
    listen: Listen,
    authority: trustme.CA,
    open_ports: list[tuple[str, int]],
    expected: list[tuple[str, bool]],
) -> None:
    listener = Listener()
    async with listen(listener) as port:
        ports = {(f"{name}.example.org", number): port for name, number in open_ports}
        found = await last(Internet(authority, ports))
        await asyncio.sleep(0.05)
    assert [(each.endpoint, each.starttls) for each in found.suggestions] == [
        (f"{name}.example.org", starttls) for name, starttls in expected
    ]
    assert all("guess" in each.origin and each.user is None for each in found.suggestions)
    assert listener.heard == b""
    assert bool(found.suggestions) != search_status(found).startswith("Nothing was found")


async def test_guesses_are_dropped_if_another_source_knows_better(
    listen: Listen, authority: trustme.CA
) -> None:
    async with listen(Listener()) as port:
        found = await last(Internet(authority, {("smtp.example.org", 587): port}), SRV)
        await asyncio.sleep(0.05)
    assert [each.source for each in found.suggestions] == [DiscoverySource.SRV]


async def test_guesses_are_not_waited_for_if_another_source_knows_better(
    authority: trustme.CA,
) -> None:
    began = time.monotonic()
    found = await last(Internet(authority, {("smtp.example.org", 465): None}), SRV, seconds=60)
    assert time.monotonic() - began < 30
    assert [each.source for each in found.suggestions] == [DiscoverySource.SRV]
    assert found.remarks == ()


async def test_silence_ends_at_the_deadline_and_is_reported(authority: trustme.CA) -> None:
    ports = {("autoconfig.example.org", 443): None, ("smtp.example.org", 465): None}
    found = await last(Internet(authority, ports), seconds=1.5)
    assert found.suggestions == ()
    assert found.remarks == ("No answer in time: settings for mail programs, usual names.",)


async def test_what_is_found_before_the_deadline_counts(authority: trustme.CA) -> None:
    found = await last(Internet(authority, {("example.org", 443): None}), SRV, seconds=1.5)
    assert [each.source for each in found.suggestions] == [DiscoverySource.SRV]
    assert found.remarks == ()


async def test_dns_that_is_down_is_reported_once(no_network: Internet) -> None:
    async with name_server(lambda _: b"") as port:
        pass  # nothing listens there any more
    found = await last(no_network, SystemRecords("127.0.0.1", port), seconds=1.0)
    assert found.suggestions == ()
    assert found.remarks == ("The DNS of this machine gives no answer about example.org.",)


async def test_a_wrong_certificate_is_reported_and_its_server_is_not_asked(
    serve: Serve, authority: trustme.CA
) -> None:
    file = web.always(web.response(web.settings()))
    async with serve(file, "other.example") as port:
        found = await last(Internet(authority, {("autoconfig.example.org", 443): port}))
    assert found.suggestions == ()
    assert found.remarks == (
        "autoconfig.example.org was not asked, because its certificate is not valid.",
    )


async def test_a_hostile_file_is_reported_and_does_no_harm(
    serve: Serve, authority: trustme.CA
) -> None:
    file = web.response(b'<!DOCTYPE x [<!ENTITY a "b">]><clientConfig>&a;</clientConfig>')
    async with serve(web.always(file)) as port:
        found = await last(Internet(authority, {("example.org", 443): port}))
    assert found.remarks == (
        "example.org publishes settings for mail programs that cannot be read.",
    )


async def test_closing_the_stream_closes_all_connections_at_once(
    serve: Serve, authority: trustme.CA
) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.Event().wait()

    async with serve(silent) as port, name_server(lambda _: None) as dns:
        ports = {("autoconfig.example.org", 443): port, ("smtp.example.org", 465): None}
        network = Internet(authority, ports)
        stream = discover(ADDRESS, network=network, records=SystemRecords("127.0.0.1", dns))
        await anext(stream)
        step = asyncio.ensure_future(anext(stream))
        await network.connecting.wait()
        await asyncio.sleep(0.1)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        await stream.aclose()
        assert await network.all_closed()
        assert not [task for task in asyncio.all_tasks() if "/wizard/" in repr(task)]


async def test_the_domain_may_be_in_unicode(no_network: Internet) -> None:
    records = FixedRecords(
        {},
        {
            "_submissions._tcp.xn--mller-kva.example": [
                SrvRecord(0, 1, 465, "m.xn--mller-kva.example")
            ]
        },
    )
    stream = discover("du@müller.example", network=no_network, records=records)
    found = [each async for each in stream][-1]
    assert [each.endpoint for each in found.suggestions] == ["m.xn--mller-kva.example"]
    assert found.suggestions[0].notes == ()


async def test_a_domain_whose_names_are_too_long_is_not_found(
    no_network: Internet,
) -> None:
    domain = ".".join(["a" * 60] * 4)[:248]
    async with name_server(serve_zone({})) as dns:
        records = SystemRecords("127.0.0.1", dns)
        stream = discover(f"you@{domain}", network=no_network, records=records, seconds=3)
        found = [each async for each in stream][-1]
    assert found.suggestions == ()


async def test_the_demo_finds_its_own_server_and_asks_nobody() -> None:
    with MailServer(DEMO_USER, Secret("a throw-away")) as server:
        network = DemoNetwork(server)
        stream = discover(DEMO_USER, network=network, records=DEMO_RECORDS)
        found = [each async for each in stream][-1]
        # Its server still works after connections on which nothing was sent.
        assert await greeting(server.ports.smtps, network.tls_context())
        assert await greeting(server.ports.starttls, None)
    assert [(each.endpoint, each.starttls) for each in found.suggestions] == [
        (DEMO_HOST, False),
        (DEMO_HOST, True),
    ]


async def greeting(port: int, context: ssl.SSLContext | None) -> bytes:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=DEMO_HOST if context else None
    )
    line = await reader.readline()
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return line


def suggestion(source: DiscoverySource, endpoint: str = "", user: str | None = None) -> Suggestion:
    return Suggestion(source, "", endpoint, user=user)


def test_of_equal_suggestions_the_most_trustworthy_is_kept() -> None:
    found = ranked_suggestions(
        [
            suggestion(DiscoverySource.AUTOCONFIG, "a", "you"),
            suggestion(DiscoverySource.SRV, "a"),
            suggestion(DiscoverySource.MX, "b", "me"),
        ]
    )
    assert found == (
        suggestion(DiscoverySource.MX, "b", "me"),
        suggestion(DiscoverySource.SRV, "a", "you"),
    )


async def test_a_host_of_the_domain_itself_may_be_filled_in(
    serve: Serve, authority: trustme.CA
) -> None:
    file = web.settings(web.server("example.org"), web.server("mail.elsewhere.example"))
    async with serve(web.always(web.response(file))) as port:
        found = await last(Internet(authority, {("autoconfig.example.org", 443): port}), SRV)
    assert [(each.source.value, each.endpoint, each.safe) for each in found.suggestions] == [
        ("srv", "mail.example.org", True),
        ("autoconfig", "example.org", True),
        ("autoconfig", "mail.elsewhere.example", False),
    ]


@pytest.mark.parametrize("host", ["smtp.gmail.com", "mail.notexample.org", "mail.example.org.evil"])
async def test_a_host_elsewhere_that_the_dns_names_is_only_offered(
    no_network: Internet, host: str
) -> None:
    records = FixedRecords(
        {DOMAIN: []}, {"_submissions._tcp.example.org": [SrvRecord(0, 1, 465, host)]}
    )
    found = await last(no_network, records)
    assert [(each.endpoint, each.safe) for each in found.suggestions] == [(host, False)]


@pytest.mark.parametrize(
    ("mx", "safe"), [("aspmx.l.google.com", True), ("mail.tutanota.de", False)]
)
async def test_a_provider_known_by_the_mx_record_may_be_filled_in(
    no_network: Internet, mx: str, safe: bool
) -> None:
    found = await last(no_network, FixedRecords({DOMAIN: [MxRecord(1, mx)]}))
    assert [each.safe for each in found.suggestions] == [safe]


async def test_a_guess_is_only_offered(listen: Listen, authority: trustme.CA) -> None:
    async with listen(Listener()) as port:
        found = await last(Internet(authority, {("smtp.example.org", 465): port}))
        await asyncio.sleep(0.05)
    assert [each.safe for each in found.suggestions] == [False]


def test_a_provider_that_cannot_be_used_is_never_the_best() -> None:
    found = SearchState(DOMAIN, (Suggestion(DiscoverySource.MX, "", usable=False),))
    assert found.best is None
    assert found.suggestions[0].route is None
    assert search_status(found) == (
        "The server cannot send mails through the provider of example.org."
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda: sentences.unanswered(DOMAIN, tuple(DiscoverySource)[1:])[1],
        lambda: sentences.dns_silent(DOMAIN),
        lambda: autoconfig_unreadable(DOMAIN),
    ],
)
def test_every_remark_is_a_sentence(build: Callable[[], str]) -> None:
    assert build().endswith(".")
    assert build().isprintable()


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_dnspython_is_not_imported_before_anything_is_asked() -> None:
    code = """
        import sys
        import wizard.discovery.offers, wizard.discovery.search
        wizard.discovery.offers.suggest_by_domain("you@gmail.com")
        assert not [name for name in sys.modules if name.split(".")[0] == "dns"]
    """
    assert run(code).stderr == ""


def test_a_resolver_that_hangs_does_not_keep_the_process_from_ending() -> None:
    code = """
        import asyncio, socket, threading
        from wizard.discovery.dns import FixedRecords
        from wizard.discovery.search import discover

        socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

        async def main():
            async for found in discover(
                "you@example.org", records=FixedRecords({"example.org": []}), seconds=0.3
            ):
                last = found
            print(last.remarks)

        asyncio.run(main())
    """
    done = run(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No answer in time" in done.stdout
