"""Replies of real mail servers: the test judges each by what it means for the server's mails."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import pytest

from tests.live_test.replies import PAGE, REPLIES, SHORT_NAMES, KnownReply, page
from tests.live_test.servers import HOST, PASSWORD, Run, Serve

ANSWERED = {
    "greeting": "GREETING",
    "ehlo": "EHLO",
    "starttls": "STARTTLS",
    "auth": "AUTH",
    "mail": "MAIL",
    "rcpt": "RCPT",
    "data": ".",
}
"""What the mail servers of these tests answer at each stage."""
FOR_EXAMPLES = [
    ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "127.0.0.0/8")
]
IP_ADDRESS = re.compile(r"(?<!RFC2821 )(?<!RFC-2821 )\b\d+(?:\.\d+){3}\b")  # sections look alike
MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\w")
OF_A_PROVIDER = {"delist@messaging.microsoft.com"}


def test_there_are_many_replies_of_many_servers() -> None:
    assert len(REPLIES) >= 150
    assert len({reply.provider for reply in REPLIES} - {""}) >= 25
    assert len({reply.software for reply in REPLIES} - {""}) >= 12
    assert {reply.stage for reply in REPLIES} == set(ANSWERED)
    assert len({(reply.verdict, reply.code) for reply in REPLIES}) >= 16


def test_the_page_of_replies_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_no_reply_is_listed_twice() -> None:
    assert not _repeated([(reply.stage, reply.said) for reply in REPLIES])


@pytest.mark.parametrize("reply", REPLIES, ids=SHORT_NAMES)
def test_a_reply_is_complete_and_has_no_personal_details(reply: KnownReply) -> None:
    *others, last = reply.said.split("\n")
    assert re.fullmatch(r"[2-5]\d\d( .*)?", last)
    assert all(line.startswith(f"{last[:3]}-") for line in others)
    if reply.verdict == "pass" and reply.stage != "rcpt":  # only a mailbox may be refused
        assert last.startswith("2")

    assert reply.source.startswith("https://")
    assert "." in urlsplit(reply.source).netloc
    for address in IP_ADDRESS.findall(reply.said):
        assert any(ip_address(address) in network for network in FOR_EXAMPLES)
    for address in MAIL_ADDRESS.findall(reply.said):
        assert address in OF_A_PROVIDER or re.search(r"@example\.(org|com|net)$", address)


@pytest.mark.parametrize("reply", REPLIES, ids=SHORT_NAMES)
async def test_a_reply_is_judged_by_what_it_means(
    serve: Serve, run: Run, reply: KnownReply
) -> None:
    """A mail server that wants encryption is spoken to without."""
    plain = reply.code == "encryption-required"
    starttls = reply.stage == "starttls"
    answers = {ANSWERED[reply.stage]: reply.said.replace("\n", "\r\n")}
    async with serve(answers, tls=not (plain or starttls)) as port:
        report = await run(
            port,
            f"smtp://{HOST}" if plain else HOST,
            starttls=starttls,
            password=PASSWORD if reply.login else None,
            recipient="admin@example.net" if reply.stage == "data" else None,
            deliver=reply.stage == "data",
        )
    code = report.diagnosis.code if report.diagnosis else ""
    assert (report.verdict.value, code) == (reply.verdict, reply.code)


def _repeated(items: list[object]) -> list[object]:
    return [item for item, times in Counter(items).items() if times > 1]
