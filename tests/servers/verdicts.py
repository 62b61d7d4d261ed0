"""The wizard's verdict on a mail server, beside what comes of a mail that is really sent there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.peers.crate import built
from tests.peers.reference import Answer
from tests.servers.case import Case, agree, outcome
from tests.servers.machine import Machine


PATIENCE = "8"
"""Seconds after which the reader is taken to be stuck: each of its reads has a minute."""


def judge(case: Case, machine: Machine, directory: Path) -> None:
    """Check that the verdict is the expected one, and that the reference reader agrees."""
    config = case.write(directory)
    environ = machine.environ()
    if not case.trusted:
        environ["SSL_CERT_FILE"] = "/dev/null"
    to = ["--to", case.to] if case.to else []
    command = ["-c", config, "test", "--json", "--transcript", "--no-alternatives", *to]
    ours = machine.run(sys.executable, "-m", "wizard", *command, environ=environ)
    reader = ["timeout", PATIENCE, built("reference_rust"), "text", config, case.recipient]
    theirs = Answer.parse(machine.run(*reader, environ=environ).stdout)
    evidence = "\n".join([f"{ours.stderr}{theirs}", *json.loads(ours.stdout).get("transcript", ())])
    assert outcome(ours.stdout) == case.expected, evidence
    if case.reader:
        assert not agree(case.expected, theirs), f"no longer a difference: {case.reader}"
    else:
        assert agree(case.expected, theirs), evidence
