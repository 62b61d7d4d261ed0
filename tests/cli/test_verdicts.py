"""``test`` and ``set`` on mail servers that neither plainly work nor plainly refuse the login."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.conftest import Cli
from tests.scenarios.scripted import scripted


@dataclass(frozen=True)
class Case:
    """A mail server in :mod:`tests.scenarios.scripted`, and what must come of it."""

    server: str
    verdict: str
    code: str
    exit_code: int
    summary: str
    german: str
    user: str = "you@example.org"


CASES = [
    Case(
        "greylisting", "warn", "greylisted", 0,
        "127.0.0.1 refuses the first mail of a new sender and wants it again later (greylisting).",
        "127.0.0.1 lehnt die erste Mail eines neuen Absenders ab",
    ),
    Case(
        "block list", "fail", "client-refused", 3,
        "127.0.0.1 refuses this machine: its address is on a block list.",
        "Seine Adresse steht auf einer Sperrliste",
    ),
    Case(
        "broken", "fail", "server-trouble", 3,
        "127.0.0.1 has trouble of its own and takes no mails for now.",
        "hat selbst eine Störung",
    ),
    Case(
        "accepts anybody", "warn", "sender-unknown", 0,
        "127.0.0.1 accepts apikey, which is not a mail address: nobody knows the mails' sender.",
        "so ist der Absender der Mails ungewiss",
        user="apikey",
    ),
    Case(
        "never greets", "untestable", "slow", 7,
        "127.0.0.1 is too slow for this test: no answer within 1 seconds at the greeting.",
        "zu langsam",
    ),
]  # fmt: skip
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
OUTCOMES = {
    "warn": "The server can send mail, with a caveat.",
    "fail": "The server cannot send mail.",
    "untestable": "This cannot be tested from here.",
}


def settings(case: Case, port: int) -> tuple[str, ...]:
    endpoint = f"smtp://127.0.0.1:{port}"
    return ("--user", case.user, "--endpoint", endpoint, "--no-secret", "--timeout", "1")


@each_case
def test_test_says_verdict_and_reason_side_by_side(cli: Cli, case: Case) -> None:
    with scripted(case.server, tls=False) as port:
        document = cli("test", "--json", *settings(case, port))
        said = cli("test", *settings(case, port))
        german = cli("--lang", "de", "test", *settings(case, port))
    diagnosis = document.json["diagnosis"]
    assert (document.json["verdict"], diagnosis["code"]) == (case.verdict, case.code)
    assert diagnosis["summary"] == case.summary
    assert document.json["seconds"] < 2
    assert {document.code, said.code, german.code} == {case.exit_code}
    lines = said.out.splitlines()
    place = lines.index(OUTCOMES[case.verdict])
    assert lines[place + 1 : place + 3] == [f"{case.summary} ({case.code})", diagnosis["remedy"]]
    assert case.german in german.out


@each_case
def test_set_writes_unless_the_server_will_fail(cli: Cli, case: Case) -> None:
    before = cli.snapshot()
    with scripted(case.server, tls=False) as port:
        document = cli("set", "--json", "--dry-run", *settings(case, port))
        said = cli("set", *settings(case, port))
    assert case.summary in said.err
    if case.verdict == "fail":
        assert {document.code, said.code} == {3}
        assert document.json["error"]["code"] == case.code
        assert cli.snapshot() == before
        return
    assert {document.code, said.code} == {0}
    assert {"code": case.code, "message": case.summary} in document.json["warnings"]
    assert document.json["test"]["verdict"] == case.verdict
    assert case.user in (cli.directory / "config.toml").read_text()
