"""The live test against maddy, whose replies are unlike those of the older mail servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.mail_servers import maddy
from tests.mail_servers.account import PASSWORD, TOKEN, USER
from tests.mail_servers.case import Case
from tests.mail_servers.machine import HOST, STRANGER, UNNAMED, Machine
from tests.mail_servers.names import BLOCKED_DOMAIN, NO_DOMAIN, NO_MAIL
from tests.mail_servers.verdicts import judge

FAR = "someone@elsewhere.example"
LOGIN = f"{quote(TOKEN)}:{quote(PASSWORD)}@"


def refused(
    name: str, expected: str, *, host: str = HOST, ehlo: str = "", user: str = USER
) -> Case:
    endpoint = f"smtp://{host}:{maddy.port_of(name)}/{ehlo}"
    return Case(name, endpoint, f"fail {expected}", password=None, to=FAR, user=user)


CASES = [
    Case("SMTPS", HOST, to=FAR),
    Case("STARTTLS", HOST, starttls=True, to=FAR),
    Case("login only when encrypted", f"smtp://{HOST}:587", "fail no-auth-offered auth"),
    Case("another name than in the certificate", UNNAMED, "fail certificate-name tls"),
    Case("wrong password, said to be temporary", HOST, "fail auth-rejected auth", password="wrong"),
    Case("unknown user", HOST, "fail auth-rejected auth", user="nobody@peer.example"),
    Case("login without secret", HOST, "fail secret-missing mail", True, password=None),
    Case("sender that is not the login's", f"smtp://{LOGIN}{HOST}:587?tls=required",
         "fail sender-refused rcpt", password=None, to=FAR),
    Case("mail to nobody", HOST, "fail recipient-refused rcpt", to="nobody@peer.example"),
    refused("listed address", "client-refused rcpt"),
    refused("listed name", "client-refused rcpt", ehlo=BLOCKED_DOMAIN),
    refused("no valid name", "client-refused rcpt"),
    Case("no name at all", f"smtp://{STRANGER}:{maddy.port_of('no valid name')}",
         "fail client-refused rcpt", password=None, to=FAR),
    refused("domain that has no mailboxes", "sender-refused rcpt", user=f"you@{NO_MAIL}"),
    Case("unknown domain, which maddy takes for trouble with the DNS",
         f"smtp://{HOST}:{maddy.port_of('domain that has no mailboxes')}",
         "fail server-trouble rcpt", user=f"you@{NO_DOMAIN}", password=None, to=FAR),
    refused("no encryption", "encryption-required rcpt"),
    refused("milter that is down", "server-trouble rcpt"),
    refused("rate", "server-trouble rcpt"),
]  # fmt: skip


@pytest.fixture(scope="module")
def maddy_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    directory = tmp_path_factory.mktemp("maddy")
    with Machine(directory) as machine:
        maddy.start(machine, directory)
        yield machine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case, maddy_machine: Machine, tmp_path: Path) -> None:
    judge(case, maddy_machine, tmp_path)
