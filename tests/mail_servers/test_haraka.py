"""The live test against Haraka, whose replies have no enhanced status codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.mail_servers import haraka
from tests.mail_servers.account import PASSWORD, RECIPIENT, USER
from tests.mail_servers.case import Case
from tests.mail_servers.machine import HOST, UNNAMED, Machine
from tests.mail_servers.names import NO_DOMAIN
from tests.mail_servers.verdicts import judge

FAR = "someone@elsewhere.example"
LOGIN = f"{quote(haraka.LOGIN)}:{quote(PASSWORD)}@"


def refused(plugin: str, expected: str, *, user: str = USER) -> Case:
    endpoint = f"smtp://{HOST}:{haraka.port_of(plugin)}"
    return Case(plugin, endpoint, f"fail {expected}", password=None, to=RECIPIENT, user=user)


CASES = [
    Case("SMTPS", HOST, to=FAR),
    Case("STARTTLS", HOST, starttls=True, to=FAR),
    Case("another name than in the certificate", UNNAMED, "fail certificate-name tls"),
    Case("wrong password", HOST, "fail auth-rejected auth", password="wrong"),
    Case("unknown user", HOST, "fail auth-rejected auth", user="nobody@peer.example"),
    Case("no login and no recipient given", f"smtp://{HOST}:2600", password=None),
    Case("relaying denied", f"smtp://{HOST}:2600", "fail recipient-refused rcpt", password=None,
         to=FAR),
    Case("sender of another domain than the login", f"smtp://{LOGIN}{HOST}:587?tls=required",
         "fail sender-refused mail", password=None, user="you@example.org"),
    refused("helo.checks", "ehlo-refused ehlo"),
    refused("mail_from.is_resolvable", "sender-refused mail", user=f"you@{NO_DOMAIN}"),
    refused("limit", "rate-limited rcpt"),
]  # fmt: skip


@pytest.fixture(scope="module")
def haraka_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    directory = tmp_path_factory.mktemp("haraka")
    with Machine(directory) as machine:
        haraka.start(machine, directory)
        yield machine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case, haraka_machine: Machine, tmp_path: Path) -> None:
    judge(case, haraka_machine, tmp_path)
