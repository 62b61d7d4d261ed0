"""The wizard's verdict on a mail server, compared with sending a real mail there."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.mail_servers.case import Case, agree, outcome
from tests.mail_servers.machine import Machine
from tests.peers.programs import built
from tests.peers.reference import Answer

PATIENCE = "8"
"""Seconds after which the reader is taken to be stuck: each of its reads has a minute."""


def judge(case: Case, machine: Machine, directory: Path) -> None:
    """Check that the verdict is the expected one, and that the reference reader agrees."""
    config = case.write(directory)
    environ = machine.environ()
    if not case.trusted:
        environ["SSL_CERT_FILE"] = "/dev/null"
    report = verdict(case, machine, config, environ)
    transcript = "\n".join(json.loads(report).get("transcript", [report]))
    assert outcome(report) == case.expected, f"{report}\n{transcript}"
    reader = ("timeout", PATIENCE, built("reference_rust"), "text", config, case.recipient)
    theirs = Answer.parse(machine.run(*reader, environ=environ).stdout)
    if case.reader:
        assert not agree(case.expected, theirs), f"no longer a difference: {case.reader}"
    else:
        assert agree(case.expected, theirs), f"{theirs}\n{transcript}"


def verdict(case: Case, machine: Machine, config: Path, environ: Mapping[str, str]) -> str:
    """Return what ``test --json`` prints, with the dialogue."""
    flags = ["--json", "--transcript", "--no-alternatives", *(["--to", case.to] if case.to else [])]
    wizard = (sys.executable, "-m", "wizard", "-c", str(config), "test", *flags)
    return machine.run(*wizard, environ=environ).stdout
