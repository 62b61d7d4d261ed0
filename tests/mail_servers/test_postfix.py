"""The live test against Postfix with Dovecot, and by a client like the server's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail_servers import postfix
from tests.mail_servers.account import RECIPIENT, TOKEN
from tests.mail_servers.case import Case
from tests.mail_servers.machine import HOST, UNNAMED, Machine
from tests.mail_servers.verdicts import judge

pytestmark = pytest.mark.timeout(900)  # the first run fetches packages, and compiles lettre

FAR = "someone@elsewhere.example"

LATE = "by default Postfix refuses a client or a sender only once a recipient is named"


def at(port: int, tls: str = "?tls=required") -> str:
    return f"smtp://{HOST}:{port}{tls}"


CASES = [
    Case("SMTPS", HOST),
    Case("STARTTLS", HOST, starttls=True),
    Case("mail to far away after a login", HOST, to=FAR),
    Case("wrong password", HOST, "fail auth-rejected auth", password="wrong"),
    Case("wrong password, STARTTLS", HOST, "fail auth-rejected auth", True, password="wrong"),
    Case("unknown user", HOST, "fail auth-rejected auth", user="nobody@peer.example"),
    Case("login that may not send from its name", HOST, "fail sender-refused rcpt", user=TOKEN,
         to=RECIPIENT),
    Case("not the login's name, no recipient given", HOST, "fail sender-refused rcpt", user=TOKEN),
    Case("user without domain", HOST, "fail auth-rejected auth", user="you"),
    Case("login without secret", HOST, "fail secret-missing rcpt", password=None, to=RECIPIENT),
    Case("no secret, no recipient given", HOST, "fail secret-missing rcpt", password=None),
    Case("no relaying, and its own mailbox is here", at(25, ""), "pass", password=None, reader=LATE,
         mails=FAR),
    Case("another name than in the certificate", UNNAMED, "fail certificate-name tls"),
    Case("unknown authority", HOST, "fail certificate-untrusted tls", trusted=False),
    Case("expired", at(postfix.EXPIRED), "fail certificate-expired starttls"),
    Case("TLS 1.1", at(postfix.ANCIENT), "fail tls-too-old starttls"),
    Case("no STARTTLS", at(postfix.BARE), "fail starttls-missing starttls"),
    Case("login in clear text", at(postfix.BARE, ""), "warn clear-text-login auth"),
    Case("login only when encrypted", at(587, ""), "fail no-auth-offered auth"),
    Case("SMTPS port in clear text", at(465, ""), "fail tls-on-plain-port greeting"),
    Case("neither PLAIN nor LOGIN", at(postfix.CHALLENGING), "fail no-usable-mechanism auth"),
    Case("LOGIN alone", at(postfix.OLD_STYLE)),
    Case("no login offered", at(25), "fail no-auth-offered auth"),
    Case("mail to here", at(25, ""), password=None, to=RECIPIENT),
    Case("mail to nobody", at(25, ""), "fail recipient-refused rcpt", password=None,
         to="nobody@peer.example"),
    Case("relaying denied", at(25, ""), "fail recipient-refused rcpt", password=None, to=FAR),
    Case("relay", at(postfix.RELAY, ""), password=None, to=FAR),
    Case("encrypted relay", at(postfix.RELAY), password=None, to=FAR),
    Case("relay that demands encryption", at(postfix.DEMANDING, ""),
         "fail encryption-required mail", password=None),
    Case("greylisting", at(postfix.BUSY, ""), "warn greylisted rcpt", password=None, to=FAR,
         reader="lettre does not try again; whether the server does, nobody knows"),
    Case("mail too big", at(postfix.SMALL, ""), "fail mail-too-big data", password=None, to=FAR),
    Case("mailbox full", at(postfix.FULL, ""), "fail quota rcpt", password=None, to=RECIPIENT),
    Case("EHLO refused", at(postfix.STRICT, ""), "fail ehlo-refused ehlo", password=None),
    Case("blocked", at(postfix.BLOCKING, ""), "fail greeting-refused greeting", password=None),
    Case("too many connections", at(postfix.LIMITED, ""), "fail rate-limited greeting",
         password=None),
]  # fmt: skip


@pytest.fixture(scope="module")
def postfix_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("postfix")) as machine:
        postfix.start(machine)
        yield machine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict_is_right_and_agrees_with_a_real_mail(
    case: Case, postfix_machine: Machine, tmp_path: Path
) -> None:
    judge(case, postfix_machine, tmp_path)
