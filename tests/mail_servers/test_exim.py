"""The live test against Exim, which has other words and another TLS library than Postfix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.mail_servers import exim
from tests.mail_servers.account import PASSWORD, RECIPIENT, TOKEN, USER
from tests.mail_servers.case import Case
from tests.mail_servers.machine import HOST, STRANGER, UNNAMED, Machine
from tests.mail_servers.names import BLOCKED_DOMAIN, NO_DOMAIN
from tests.mail_servers.verdicts import judge

FAR = "someone@elsewhere.example"
LOGIN = f"{quote(TOKEN)}:{quote(PASSWORD)}@"


def at(port: int, tls: str = "", login: str = "") -> str:
    return f"smtp://{login}{HOST}:{port}{tls}"


CASES = [
    Case("SMTPS", HOST),
    Case("STARTTLS", HOST, starttls=True),
    Case("mail to here", HOST, to=RECIPIENT),
    Case("login in the URL", at(587, "?tls=required", LOGIN), user=TOKEN, password=None),
    Case("wrong password", HOST, "fail auth-rejected auth", password="wrong"),
    Case("wrong password, STARTTLS", HOST, "fail auth-rejected auth", True, password="wrong"),
    Case("unknown user", HOST, "fail auth-rejected auth", user="nobody@peer.example"),
    Case("login without secret", HOST, "fail secret-missing mail", True, password=None),
    Case("sender that is not the login's", at(587, "?tls=required", LOGIN),
         "fail sender-refused mail", password=None),
    Case("another name than in the certificate", UNNAMED, "fail certificate-name tls"),
    Case("unknown authority", HOST, "fail certificate-untrusted starttls", True, trusted=False),
    Case("login only when encrypted", at(587), "fail no-auth-offered auth"),
    Case("SMTPS port in clear text", at(465), "fail tls-on-plain-port greeting"),
    Case("no login offered", at(25, "?tls=required"), "fail no-auth-offered auth"),
    Case("mail to nobody", at(25), "fail recipient-refused rcpt", password=None,
         to="nobody@peer.example"),
    Case("relaying denied", at(25), "fail recipient-refused rcpt", password=None, to=FAR),
    Case("relay", at(exim.RELAY), password=None, to=FAR),
    Case("EHLO refused", f"{at(exim.RELAY)}/my_host", "fail ehlo-refused ehlo", password=None),
    Case("sender that cannot be reached", at(exim.CALLING), "fail sender-refused rcpt",
         password=None, to=FAR),
    Case("greylisting", at(exim.BUSY), "warn greylisted rcpt", password=None, to=FAR,
         reader="lettre does not try again; whether the server does, nobody knows"),
    Case("mail too big", at(exim.SMALL), "fail mail-too-big data", password=None, to=FAR),
    Case("taken for spam", HOST, "fail mail-refused data", to="spamtrap@elsewhere.example"),
    Case("blocked", at(exim.BLOCKING), "fail greeting-refused greeting", password=None),
]  # fmt: skip


def refused(name: str, expected: str, *, host: str = HOST, user: str = USER) -> Case:
    endpoint = f"smtp://{host}:{exim.port_of(name)}"
    return Case(name, endpoint, f"fail {expected}", password=None, to=FAR, user=user)


REFUSALS = [
    refused("short name", "ehlo-refused ehlo"),
    refused("name of another address", "ehlo-refused ehlo", host=STRANGER),
    refused("name, without a reason", "ehlo-refused ehlo"),
    refused("listed address at connect", "greeting-refused greeting"),
    refused("listed address", "client-refused rcpt"),
    refused("listed domain", "sender-refused rcpt", user=f"you@{BLOCKED_DOMAIN}"),
    refused("unroutable sender", "sender-refused rcpt", user=f"you@{NO_DOMAIN}"),
    refused("unroutable sender at once", "sender-refused mail", user=f"you@{NO_DOMAIN}"),
    refused("too fast", "rate-limited mail"),
    refused("quota used up", "rate-limited rcpt"),
    refused("broken lookup", "server-trouble rcpt"),
    refused("broken lookup at once", "server-trouble mail"),
    refused("broken lookup for the mail", "server-trouble data"),
    refused("address without name, which Exim does not say", "recipient-refused rcpt",
            host=STRANGER),
    refused("no reason", "recipient-refused rcpt"),
    refused("no reason for now", "server-trouble rcpt"),
]  # fmt: skip


@pytest.fixture(scope="module")
def exim_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("exim")) as machine:
        exim.start(machine)
        yield machine


@pytest.mark.parametrize("case", [*CASES, *REFUSALS], ids=lambda case: case.name)
def test_verdict(case: Case, exim_machine: Machine, tmp_path: Path) -> None:
    judge(case, exim_machine, tmp_path)
