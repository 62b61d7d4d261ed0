"""MX and SRV records from a real name server, and what can go wrong."""

from __future__ import annotations

import asyncio
import socket
import struct

import dns.message
import dns.rcode
import pytest

from tests.discovery.name_server import Misbehave, name_server, rcode, serve_zone
from wizard.discovery.dns import FixedRecords, MxRecord, SrvRecord, SystemRecords, by_mx, by_srv
from wizard.discovery.sentences import no_such_domain
from wizard.discovery.suggestion import SourceResult

ADDRESS, DOMAIN = "you@example.org", "example.org"
SMTPS, STARTTLS = "_submissions._tcp.example.org SRV", "_submission._tcp.example.org SRV"


async def mx(answer: Misbehave) -> SourceResult:
    async with name_server(answer) as port:
        return await by_mx(ADDRESS, DOMAIN, SystemRecords("127.0.0.1", port))


async def srv(answer: Misbehave) -> SourceResult:
    async with name_server(answer) as port:
        return await by_srv(DOMAIN, SystemRecords("127.0.0.1", port))


async def test_records_come_in_order() -> None:
    zone = {
        "example.org MX": ["20 b.example.org.", "10 A.example.org."],
        SMTPS: ["10 1 465 c.example.org.", "0 1 465 b.example.org.", "0 5 465 a.example.org."],
    }
    async with name_server(serve_zone(zone)) as port:
        records = SystemRecords("127.0.0.1", port)
        assert await records.mx(DOMAIN) == [
            MxRecord(10, "A.example.org"),
            MxRecord(20, "b.example.org"),
        ]
        assert [each.host[0] for each in await records.srv(SMTPS.split()[0])] == ["a", "b", "c"]


async def test_a_provider_is_recognised_for_a_customers_own_domain() -> None:
    found = await mx(
        serve_zone({"example.org MX": ["1 aspmx.l.google.com.", "5 alt1.aspmx.l.google.com."]})
    )
    [google] = found.suggestions
    assert (google.endpoint, google.user, google.provider) == ("smtp.gmail.com", ADDRESS, "Google")
    assert "receives the mail of example.org" in google.origin
    assert "app password" in google.notes[0]


async def test_a_provider_without_smtp_is_recognised_too() -> None:
    [tuta] = (await mx(serve_zone({"example.org MX": ["10 mail.tutanota.de."]}))).suggestions
    assert not tuta.usable


async def test_a_filter_in_front_of_the_mailbox_is_named_and_suggests_nothing() -> None:
    zone = {"example.org MX": ["10 mxa-001.pphosted.com.", "10 mxb-001.pphosted.com."]}
    found = await mx(serve_zone(zone))
    assert found.suggestions == ()
    [remark] = found.remarks
    assert remark.startswith("A filter receives the mail of example.org first (mxa-001.pphosted")


async def test_a_provider_whose_customers_have_their_own_hosts_is_suggested_with_that() -> None:
    found = await mx(serve_zone({"example.org MX": ["10 W0123456.kasserver.com."]}))
    [only] = found.suggestions
    assert (only.endpoint, only.starttls, only.safe) == ("w0123456.kasserver.com", False, True)


async def test_only_the_most_preferred_hosts_count() -> None:
    zone = {"example.org MX": ["10 mail.example.org.", "20 aspmx.l.google.com."]}
    assert await mx(serve_zone(zone)) == SourceResult()


async def test_a_domain_that_receives_no_mail_is_reported() -> None:
    found = await mx(serve_zone({"example.org MX": ["0 ."]}))
    assert "receives no mails" in found.remarks[0]


async def test_a_domain_that_does_not_exist_is_reported() -> None:
    found = await mx(serve_zone({"example.net MX": ["10 mail.example.net."]}))
    assert found.remarks == ("There is no domain example.org: is the address right?",)


def test_a_mistyped_domain_of_a_known_provider_is_recognised() -> None:
    assert no_such_domain("gmial.com") == "There is no domain gmial.com. Did you mean gmail.com?"
    assert no_such_domain("web.ed") == "There is no domain web.ed. Did you mean web.de?"


async def test_a_domain_without_records_is_not_mentioned() -> None:
    assert await mx(serve_zone({"example.org TXT": ["x"]})) == SourceResult()
    assert await srv(serve_zone({"example.org TXT": ["x"]})) == SourceResult()


async def test_both_services_are_suggested_the_better_one_first() -> None:
    zone = {SMTPS: ["0 1 465 mail.example.org."], STARTTLS: ["0 1 587 mail.example.org."]}
    found = (await srv(serve_zone(zone))).suggestions
    assert [(each.endpoint, each.starttls) for each in found] == [
        ("mail.example.org", False),
        ("mail.example.org", True),
    ]
    assert {each.user for each in found} == {None}
    assert not any(each.notes for each in found)


async def test_a_service_that_is_not_offered_is_not_suggested() -> None:
    zone = {SMTPS: ["0 0 0 ."], STARTTLS: ["0 1 587 mail.example.org."]}
    [found] = (await srv(serve_zone(zone))).suggestions
    assert found.starttls


async def test_a_domain_that_offers_neither_says_so() -> None:
    found = await srv(serve_zone({SMTPS: ["0 0 0 ."], STARTTLS: ["0 0 0 ."]}))
    assert found.suggestions == ()
    assert "offers no server for outgoing mail" in found.remarks[0]


@pytest.mark.parametrize(
    ("records", "endpoint", "remark"),
    [
        ({STARTTLS: ["0 1 2525 m.example.org."]}, "smtp://m.example.org:2525?tls=required", None),
        ({SMTPS: ["0 1 2465 m.example.org."]}, None, "port 2465"),
    ],
    ids=["STARTTLS", "SMTPS"],
)
async def test_unusual_ports_become_settings_or_a_remark(
    records: dict[str, list[str]], endpoint: str | None, remark: str | None
) -> None:
    found = await srv(serve_zone(records))
    assert [each.endpoint for each in found.suggestions] == ([endpoint] if endpoint else [])
    assert bool(found.remarks) == bool(remark)
    assert remark is None or remark in found.remarks[0]


async def test_a_host_of_another_domain_comes_with_a_warning() -> None:
    [found] = (await srv(serve_zone({SMTPS: ["0 1 465 mail.elsewhere.example."]}))).suggestions
    assert "not part of example.org" in found.notes[0]


@pytest.mark.parametrize(
    "target",
    [
        "localhost.",
        "relay.",
        "127.0.0.1.",
        "mail\\010.example.org.",
        "m\\032ail.example.org.",
        "${SMTP_SECRET}.example.org.",
        "a\\@b.example.org.",
        "m\\195\\188ller.example.org.",
        "x\\.y.example.org.",
    ],
)
async def test_what_is_not_a_public_host_is_never_suggested(target: str) -> None:
    assert await srv(serve_zone({SMTPS: [f"0 1 465 {target}"]})) == SourceResult()


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP])
async def test_a_name_server_that_cannot_answer_is_reported(code: dns.rcode.Rcode) -> None:
    sentence = ("The DNS of this machine gives no answer about example.org.",)
    assert (await mx(rcode(code))).remarks == sentence
    assert (await srv(rcode(code))).remarks == sentence


async def test_one_service_is_enough_if_the_other_cannot_be_queried() -> None:
    well, ill = serve_zone({SMTPS: ["0 1 465 mail.example.org."]}), rcode(dns.rcode.SERVFAIL)

    def answer(question: dns.message.Message) -> bytes | None:
        return well(question) if "submissions" in str(question.question[0].name) else ill(question)

    found = await srv(answer)
    assert len(found.suggestions) == 1
    assert found.remarks == ()


def raw(rdata: bytes, *, count: int = 1) -> Misbehave:
    """Answer with ``count`` records of the queried type, whatever their data."""

    def answer(question: dns.message.Message) -> bytes:
        asked = question.question[0]
        head = struct.pack("!HHHHHH", question.id, 0x8580, 1, count, 0, 0)
        body = (asked.name.to_wire() or b"") + struct.pack("!HH", asked.rdtype, 1)
        record = b"\xc0\x0c" + struct.pack("!HHIH", asked.rdtype, 1, 300, len(rdata)) + rdata
        return head + body + record * min(count, 3)

    return answer


def loop(question: dns.message.Message) -> bytes:
    """Answer with an alias whose target is an alias of the first name."""
    response = dns.message.make_response(question)
    name = question.question[0].name
    text = name.to_text()
    for here, there in ((text, f"x.{text}"), (f"x.{text}", text)):
        response.answer.append(dns.rrset.from_text(here, 300, "IN", "CNAME", there))
    return response.to_wire()


HOSTILE: dict[str, Misbehave] = {
    "255 labels": raw(b"\0\x0a" + b"\1a" * 255 + b"\0"),
    "a pointer to itself": raw(b"\0\x0a\xc0\x2f"),
    "a pointer beyond the end": raw(b"\0\x0a\xff\xff"),
    "no data": raw(b""),
    "half a record": raw(b"\0"),
    "fewer than promised": raw(b"\0\x0a\0", count=9),
    "a circle of names": loop,
    "nothing": lambda _: b"",
    "not DNS": lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "another question": lambda q: dns.message.make_response(
        dns.message.make_query("example.net", "MX", id=q.id)
    ).to_wire(),
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_answers_end_at_the_deadline_at_the_latest(answer: Misbehave) -> None:
    for ask in (mx, srv):
        try:
            async with asyncio.timeout(0.4):
                found = await ask(answer)
        except TimeoutError:  # the name server is asked again, as another one would be
            continue
        assert found.suggestions == ()
        assert all(remark.isprintable() for remark in found.remarks)


async def test_only_the_first_records_count() -> None:
    zone = {"example.org MX": [f"{n} mx.example.org." for n in range(25)]}
    async with name_server(serve_zone(zone)) as port:
        assert len(await SystemRecords("127.0.0.1", port).mx(DOMAIN)) == 20


async def test_silence_can_be_cancelled_and_leaves_no_socket_behind() -> None:
    asked: list[str] = []
    async with name_server(lambda _: None, asked) as port:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await SystemRecords("127.0.0.1", port).mx(DOMAIN)
    assert asked == [DOMAIN]  # an open socket would be a warning, and those are errors


async def test_fixed_records_answer_like_the_dns() -> None:
    records = FixedRecords(
        {DOMAIN: [MxRecord(1, "mx.example.org")]}, {"a": [SrvRecord(0, 0, 465, "b")]}
    )
    assert await records.mx(DOMAIN) == [MxRecord(1, "mx.example.org")]
    assert await records.srv("a") == [SrvRecord(0, 0, 465, "b")]
    with pytest.raises(socket.gaierror) as refused:
        await records.srv("b")
    assert refused.value.errno == socket.EAI_NONAME
