"""The live test against OpenSMTPD, which answers in yet other words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail_servers import opensmtpd
from tests.mail_servers.account import RECIPIENT
from tests.mail_servers.case import Case
from tests.mail_servers.machine import HOST, UNNAMED, Machine
from tests.mail_servers.verdicts import judge

FAR = "someone@elsewhere.example"


def at(port: int, tls: str = "") -> str:
    return f"smtp://{HOST}:{port}{tls}"


CASES = [
    Case("another name than in the certificate", UNNAMED, "fail certificate-name tls"),
    Case("unknown authority", HOST, "fail certificate-untrusted starttls", True, trusted=False),
    Case("login in clear text", at(25), "fail no-auth-offered auth"),
    Case("encryption demanded", at(587), "fail encryption-required mail", password=None),
    Case("no STARTTLS", at(opensmtpd.RELAY, "?tls=required"), "fail starttls-missing starttls"),
    Case("mail to here", at(25), password=None, to=RECIPIENT),
    Case("mail to nobody", at(25), "fail recipient-refused rcpt", password=None,
         to="nobody@peer.example"),
    Case("relaying denied", at(25), "fail recipient-refused rcpt", password=None, to=FAR),
    Case("relay", at(opensmtpd.RELAY), password=None, to=FAR),
    Case("EHLO refused", at(opensmtpd.STRICT), "fail ehlo-refused ehlo", password=None),
    Case("greylisting", at(opensmtpd.BUSY), "warn greylisted rcpt", password=None, to=FAR,
         reader="lettre does not try again; whether the server does, nobody knows"),
]  # fmt: skip


@pytest.fixture(scope="module")
def opensmtpd_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("opensmtpd")) as machine:
        opensmtpd.start(machine)
        yield machine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case, opensmtpd_machine: Machine, tmp_path: Path) -> None:
    judge(case, opensmtpd_machine, tmp_path)
