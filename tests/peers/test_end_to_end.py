"""From the keys of an operator to a mail in a mailbox, with nothing of ours behind the files.

The wizard is typed into on a real terminal; what it has written is read by the reference reader,
through Docker Compose where the layout has it, and the mail goes to Postfix by the name, the port
and the certificate that the server would use.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail_servers import postfix
from tests.mail_servers.account import PASSWORD, RECIPIENT, USER
from tests.mail_servers.machine import HOST, Machine
from tests.peers.programs import built
from tests.peers.readers import Reader
from tests.peers.reference import HOWS, Answer
from tests.terminal.test_in_tmux import Terminal
from wizard.demo.stage import write_demo_files

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

WORKS = "The server can send mail"
CAVEAT = "The server can send mail, with a caveat"
"""In a container, which need not trust the machine's authority."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("end-to-end")) as made:
        postfix.start(made)
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def set_up(
    terminal: Terminal, machine: Machine, config: Path, endpoint: str, *variables: str,
    verdict: str = WORKS,
) -> None:  # fmt: skip
    """Go through the wizard for the first time; leave it with everything written.

    ``variables`` (``NAME=value``) are what the wizard's environment has besides.
    """
    wizard: list[str | Path] = [sys.executable, "-m", "wizard", "-c", config]
    trust = f"SSL_CERT_FILE={machine.trusted}"
    terminal.run(shlex.join(machine.command("env", trust, *variables, *wizard)) + "; echo exit=$?")
    terminal.wait("Enter go on")
    for entered in (USER, PASSWORD, endpoint):
        terminal.type(entered)
        terminal.press("Enter")
    for place in (verdict, "These lines will be written", "What to do now"):
        terminal.wait(place)
        terminal.press("Enter")
    terminal.wait("exit=0")
    assert PASSWORD not in terminal.history()


def sends(machine: Machine, config: Path, environ: dict[str, str]) -> None:
    """Check that the reference reader sees what was typed, and sends one mail with it."""
    before = mails(machine)
    for how in HOWS:
        said = machine.run(
            built("reference_rust"), how, config, RECIPIENT, environ=machine.environ(**environ)
        ).stdout
        answer = Answer.parse(said)
        assert (answer.outcome, answer.reason) == ("ok", "")
        assert (answer.user, answer.secret) == (USER, PASSWORD)
    machine.wait_until(lambda: mails(machine) == before + len(HOWS), "the mails arrive")


def mails(machine: Machine) -> int:
    """Return how many mails of the reference reader have arrived."""
    text = postfix.mails(machine, RECIPIENT)
    return len(re.findall(rf"^From: {re.escape(USER)}$", text, re.MULTILINE))


@pytest.mark.parametrize("endpoint", [HOST, f"smtp://{HOST}:587?tls=required"])
def test_what_is_typed_sends_a_mail(
    terminal: Terminal, machine: Machine, tmp_path: Path, endpoint: str
) -> None:
    config = tmp_path / "config.toml"
    set_up(terminal, machine, config, endpoint)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    sends(machine, config, {})


def test_what_is_typed_sends_a_mail_through_docker_compose(
    terminal: Terminal, machine: Machine, tmp_path: Path, compose: Reader
) -> None:
    config = write_demo_files(tmp_path)
    set_up(terminal, machine, config, HOST, verdict=CAVEAT)
    accepted, variables = compose((tmp_path / ".env").read_text("utf-8"), {})
    assert accepted
    # compose.yaml passes these two to the container, where there is no .env beside config.toml.
    sends(machine, config, {name: variables[name] for name in ("BOMNIPOTENT_DB_PW", "SMTP_SECRET")})
