"""The wizard asks for a sender where the user is no mail address, and sets up the relay."""

from __future__ import annotations

from pathlib import Path

from tests.compose.plugin import docker_config
from tests.ui_plain.pty_terminal import PtyTerminal

SERVER = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment: {SMTP_SECRET: '${SMTP_SECRET}'}
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs]
"""


def test_relay_is_set_up_by_answers(tmp_path: Path) -> None:
    directory = tmp_path / "project"
    directory.mkdir()
    (tmp_path / "home").mkdir()
    (directory / "compose.yaml").write_text(SERVER)
    environ = {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "DOCKER_CONFIG": str(docker_config()),
    }
    terminal = PtyTerminal(["-m", "wizard", "--no-lookup", "--plain"], directory, environ)
    try:
        for prompt, answer in (
            ("Mail address", "apikey"),
            ("Password", "hunter22 hunter22"),
            ("Mail server", "smtp://127.0.0.1:1"),
            ("Enter tests", "7"),
            ("Sender", "no address"),
            ("Sender", "bom@example.org"),
            ("Enter tests", "9"),
        ):
            terminal.prompt(prompt)
            terminal.enter(answer)
        shown = terminal.prompt("Enter writes")
        assert "compose.override.yaml, new file" in shown
        assert "hunter22" not in shown
        terminal.enter()
        assert terminal.end() == 0
    finally:
        terminal.close()
    override = (directory / "compose.override.yaml").read_text()
    assert "      SMTP_USER: apikey\n" in override
    assert '      SMTP_FROM: "bom@example.org"\n' in override
    assert (directory / ".env").read_text().endswith("\nSMTP_PASSWORD='hunter22 hunter22'\n")
    config = (directory / "bomnipotent_config" / "config.toml").read_text()
    assert 'user = "bom@example.org"' in config
    assert 'endpoint = "smtp://smtp_relay:2500"' in config
    assert "docker compose up -d" in terminal.text
