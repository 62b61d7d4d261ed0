"""``test`` with a relay among the services: where that one passes the mails on to is tested, too.

The relay here uses the host's network, so that a mail server on loopback is its mail server, too.
``tests/compose`` has relays on a network of containers.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import CONFIG, Cli
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.secrets.secret import Secret

PASSWORD = "correct horse 0815"
COMPOSE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs:ro]
  smtp_relay:
    image: crazymax/msmtpd
    network_mode: host
    environment:
      SMTP_HOST: localhost
      SMTP_PORT: PORT
      SMTP_TLS: "on"
      SMTP_STARTTLS: "off"
      SMTP_AUTH: login
      SMTP_USER: USER
      SMTP_PASSWORD: ${SMTP_PASSWORD}
"""


@pytest.fixture
def server(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """The relay's mail server; this machine trusts its certificate."""
    monkeypatch.setenv("PATH", "/nonexistent")  # no Docker, so the wizard reads the files
    with MailServer(DEMO_USER, Secret(PASSWORD)) as running:
        authority = cli.write("authority.pem", running.authority_pem.decode())
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        yield running


def project(cli: Cli, port: int, password: str = PASSWORD, old: str = "", new: str = "") -> None:
    config = CONFIG.replace("mail.example.org", "smtp://smtp_relay:2500")
    config = config.replace("me@example.org", DEMO_USER).replace('secret = "${SMTP_SECRET}"\n', "")
    cli.write("bomnipotent_config/config.toml", config)
    compose = COMPOSE.replace("PORT: PORT", f"PORT: {port}").replace(
        "USER: USER", f"USER: {DEMO_USER}"
    )
    assert old in compose
    cli.write("compose.yaml", compose.replace(old, new))
    cli.write(".env", f"SMTP_PASSWORD={password!r}\n")


def test_relay_that_logs_in_leaves_the_servers_own_verdict(cli: Cli, server: MailServer) -> None:
    project(cli, server.ports.smtps)
    result = cli("test", "--json")
    assert (result.code, result.json["diagnosis"]["code"]) == (7, "container-internal")
    relay = result.json["relay"]
    assert relay["service"] == "smtp_relay"
    assert relay["verdict"] in {"pass", "warn"}, relay
    assert relay["route"]["port"] == server.ports.smtps
    stages = {stage["stage"]: stage["outcome"] for stage in relay["stages"]}
    assert stages["auth"] == stages["mail"] == "pass"


def test_relay_that_is_refused_fails_and_says_where_to_correct_it(
    cli: Cli, server: MailServer
) -> None:
    project(cli, server.ports.smtps, "wrong one")
    result = cli("test", "--json")
    assert result.code == 3
    diagnosis = result.json["diagnosis"]
    assert diagnosis["code"] == "relay-fails"
    assert f"smtp_relay logs in at localhost as {DEMO_USER}" in diagnosis["summary"]
    assert "SMTP_PASSWORD" in diagnosis["remedy"]
    assert "compose.yaml, line 15" in diagnosis["remedy"]
    assert result.json["relay"]["diagnosis"]["code"] == "auth-rejected"
    assert "wrong one" not in result.out


def test_relay_is_tested_with_starttls_as_its_variables_say(cli: Cli, server: MailServer) -> None:
    project(
        cli, server.ports.starttls, old='SMTP_STARTTLS: "off"', new="SMTP_DOMAIN: relay.example"
    )
    relay = cli("test", "--json").json["relay"]
    assert relay["verdict"] in {"pass", "warn"}, relay
    assert relay["route"]["security"] == "starttls"
    names = {each["detail"]["name"] for each in relay["stages"] if each["stage"] == "ehlo"}
    assert names == {"relay.example"}


def test_stages_of_the_relay_follow_those_of_the_server(cli: Cli, server: MailServer) -> None:
    project(cli, server.ports.smtps)
    out = cli("test").out
    way = f"The relay smtp_relay connects to localhost, port {server.ports.smtps}"
    assert out.index("The server connects to smtp_relay, port 2500") < out.index(way)


def test_relay_without_a_password_fails_without_a_connection(cli: Cli, server: MailServer) -> None:
    project(cli, server.ports.smtps, old="${SMTP_PASSWORD}", new="''")
    result = cli("test", "--json")
    assert (result.code, result.json["diagnosis"]["code"]) == (3, "relay-fails")
    assert "its SMTP_PASSWORD is empty" in result.json["diagnosis"]["summary"]
    assert result.json["relay"] == {"service": "smtp_relay", "verdict": "untestable"}


def test_relay_with_a_password_in_a_file_is_not_judged(cli: Cli, server: MailServer) -> None:
    project(
        cli, server.ports.smtps, old="SMTP_PASSWORD: ${SMTP_PASSWORD}", new="SMTP_PASSWORD_FILE: /x"
    )
    result = cli("test")
    assert result.code == 7
    assert "How the relay smtp_relay logs in is not known here" in result.out


@pytest.mark.parametrize(("old", "new"), [("crazymax/msmtpd", "other"), ("  smtp_relay:", "  x:")])
def test_nothing_is_said_of_what_is_no_known_relay(
    cli: Cli, server: MailServer, old: str, new: str
) -> None:
    project(cli, server.ports.smtps, old=old, new=new)
    assert "relay" not in cli("test", "--json").json
