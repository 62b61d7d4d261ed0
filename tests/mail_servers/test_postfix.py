"""The live test against Postfix with Dovecot, and by a client like the server's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail_servers import postfix
from tests.mail_servers.account import RECIPIENT, TOKEN, USER
from tests.mail_servers.case import Case
from tests.mail_servers.machine import HOST, STRANGER, UNNAMED, Machine
from tests.mail_servers.names import BLOCKED_DOMAIN, NO_DOMAIN, NO_MAIL
from tests.mail_servers.verdicts import judge

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
    Case("login in clear text that stays on this machine", at(postfix.BARE, "")),
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
BLOCKED, LOST = f"you@{BLOCKED_DOMAIN}", f"you@{NO_DOMAIN}"


def refused(
    name: str, code: str, *, at_once: str, host: str = HOST, ehlo: str = "", user: str = USER
) -> list[Case]:
    """Return the same refusal once a recipient is named, as is the default, and at once."""
    early = "greeting-refused" if code == "client-refused" else code
    to = postfix.port_of(name), postfix.port_of(f"{name}, at once")
    return [
        Case(f"late: {name}", f"smtp://{host}:{to[0]}/{ehlo}", f"fail {code} rcpt",
             password=None, to=FAR, user=user),
        Case(name, f"smtp://{host}:{to[1]}/{ehlo}", f"fail {early} {at_once}",
             password=None, to=FAR, user=user),
    ]  # fmt: skip


def refused_after_login(name: str, code: str, stage: str = "rcpt") -> Case:
    return Case(name, at(postfix.port_of(name)), f"fail {code} {stage}", to=FAR)


REFUSALS = [
    *refused("short name", "ehlo-refused", at_once="ehlo"),
    *refused("name that is not in the DNS", "ehlo-refused", at_once="ehlo"),
    *refused("forbidden name", "ehlo-refused", at_once="ehlo"),
    *refused("listed name", "ehlo-refused", at_once="ehlo", ehlo=BLOCKED_DOMAIN),
    *refused("listed address", "client-refused", at_once="greeting"),
    *refused("forbidden address", "client-refused", at_once="greeting"),
    *refused("address without name", "client-refused", at_once="greeting", host=STRANGER),
    *refused("address without a valid name", "client-refused", at_once="greeting", host=STRANGER),
    *refused("unknown domain", "sender-refused", at_once="mail", user=LOST),
    Case("domain that has no mailboxes", f"smtp://{HOST}:{postfix.port_of('unknown domain')}",
         "fail sender-refused rcpt", password=None, to=FAR, user=f"you@{NO_MAIL}"),
    *refused("listed domain", "sender-refused", at_once="mail", user=BLOCKED),
    *refused("forbidden sender", "sender-refused", at_once="mail"),
    *refused("policy service that is down", "server-trouble", at_once="greeting"),
    *refused("table that is not there", "server-trouble", at_once="mail"),
    *(Case(name, at(postfix.port_of(name), ""), "fail server-trouble mail", password=None, to=FAR)
      for name in ("milter that is down", "full disk")),
    Case("milter that is down, no second try",
         at(postfix.port_of("milter that is down, no second try"), ""),
         "fail greeting-refused greeting", password=None, to=FAR),
    *(refused_after_login(f"too many commands: {limit}", "rate-limited", stage)
      for limit, stage in (("message", "mail"), ("recipient", "rcpt"), ("auth", "auth"))),
    refused_after_login("relay denied", "recipient-refused"),
    refused_after_login("relay denied for now", "recipient-refused"),
    refused_after_login("login without a right", "recipient-refused"),
]  # fmt: skip


@pytest.fixture(scope="module")
def postfix_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("postfix")) as machine:
        postfix.start(machine)
        yield machine


@pytest.mark.parametrize("case", [*CASES, *REFUSALS], ids=lambda case: case.name)
def test_verdict(case: Case, postfix_machine: Machine, tmp_path: Path) -> None:
    judge(case, postfix_machine, tmp_path)
