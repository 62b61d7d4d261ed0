"""An endpoint that is a service: whether it leads there, and whether the relay can pass mails on.

Each layout is judged twice: as Compose tells it, and as its files tell it without Compose.
"""

from __future__ import annotations

import pytest

from tests.check.conftest import Check
from tests.check.vendors import COMPOSE, CONFIG, compose
from tests.compose.plugin import docker_config

TOML = "bomnipotent_config/config.toml"
SERVER = COMPOSE.count("\n", 0, COMPOSE.index("    container_name: bomnipotent_server")) + 1
RELAY = """
  smtp_relay:
    image: crazymax/msmtpd
    environment:
      SMTP_HOST: mail.example.org
      SMTP_PORT: 465
      SMTP_TLS: "on"
      SMTP_STARTTLS: "off"
      SMTP_AUTH: "on"
      SMTP_USER: me@example.org
      SMTP_PASSWORD: ${SMTP_SECRET}
    networks: [bomnipotent_network]
"""
WITH_RELAY = COMPOSE + RELAY
ENDPOINT = 'endpoint = "mail.example.org"\nsecret = "${SMTP_SECRET}"\n'


@pytest.fixture(params=["files", pytest.param("compose", marks=pytest.mark.heavy)])
def judge(request: pytest.FixtureRequest, check: Check) -> Check:
    if request.param == "compose":
        check.environ["DOCKER_CONFIG"] = str(docker_config())
    else:
        check.environ["PATH"] = ""
    return check


def endpoint(text: str, more: str = "") -> str:
    assert CONFIG.count(ENDPOINT) == 1
    return CONFIG.replace(ENDPOINT, f'endpoint = "{text}"\n{more}')


def changed(*changes: tuple[str, str], text: str = WITH_RELAY) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def found(judge: Check, yaml: str, config: str) -> set[tuple[str, str, str, int | None]]:
    """Return the findings about relays and databases."""
    return {each for each in judge(compose(yaml, config)) if each[0].startswith(("relay", "datab"))}


BY_NAME = endpoint("smtp://smtp_relay:2500")
ENDPOINT_LINE = BY_NAME.count("\n", 0, BY_NAME.index("endpoint = ")) + 1
NETWORK = RELAY[RELAY.index("    networks:") :]
OTHER = ("networks:\n  bomnipotent_network:", "networks:\n  other:\n  bomnipotent_network:")
OWN_NETWORK = OTHER, (NETWORK, "    networks: [other]\n")


@pytest.mark.parametrize(
    ("yaml", "name"),
    [
        (WITH_RELAY, "smtp_relay"),
        (WITH_RELAY, "SMTP_RELAY"),
        (changed((NETWORK, "    container_name: outgoing\n" + NETWORK)), "outgoing"),
        (changed((NETWORK, "    hostname: mailout\n" + NETWORK)), "mailout"),
        (
            changed((NETWORK, "    networks: {bomnipotent_network: {aliases: [postman]}}\n")),
            "postman",
        ),
        (WITH_RELAY, "bomnipotent_server_containers-smtp_relay-1"),
        (
            changed(
                (
                    "    image: wwhsoft/",
                    "    extra_hosts: ['elsewhere_in=192.0.2.7']\n    image: wwhsoft/",
                )
            ),
            "elsewhere_in",
        ),
    ],
    ids=["service", "case", "container", "host name", "alias", "Compose's own", "extra host"],
)
def test_each_name_of_a_service_leads_there(judge: Check, yaml: str, name: str) -> None:
    assert found(judge, yaml, endpoint(f"smtp://{name}:2500")) == set()


@pytest.mark.parametrize(
    ("yaml", "address", "expected"),
    [
        (COMPOSE, "smtp_relay", ("relay-unknown", "error")),
        (COMPOSE, "mailhost", ("relay-unknown", "warning")),
        (
            changed(
                ("bomnipotent_network:\n    driver: bridge", "bomnipotent_network: {external: on}"),
                text=COMPOSE,
            ),
            "smtp_relay",
            ("relay-unknown", "warning"),
        ),
        (WITH_RELAY, "localhost", ("relay-loopback", "error")),
        (WITH_RELAY, "127.0.0.1", ("relay-loopback", "error")),
        (WITH_RELAY, "bomnipotent_server", ("relay-loopback", "error")),
    ],
    ids=["unknown", "perhaps elsewhere", "perhaps external", "localhost", "127.0.0.1", "itself"],
)
def test_name_that_leads_nowhere_is_found(
    judge: Check, yaml: str, address: str, expected: tuple[str, str]
) -> None:
    judged = found(judge, yaml, endpoint(f"smtp://{address}:2500"))
    assert {each for each in judged if each[0] != "database-apart"} == {
        (*expected, TOML, ENDPOINT_LINE)
    }


def test_remedy_names_the_relay_that_is_there(judge: Check) -> None:
    findings = judge.layout(compose(WITH_RELAY, endpoint("smtp://localhost:25")))
    assert [each.remedy for each in findings if each.code == "relay-loopback"] == [
        "Change it: smtp-wizard set --endpoint smtp://smtp_relay:2500"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        OWN_NETWORK,
        ((NETWORK, ""),),
        ((NETWORK, "    network_mode: host\n"),),
        (OTHER, (NETWORK, "    networks: {other: {aliases: [smtp_relay]}}\n")),
    ],
    ids=["another network", "the default network", "the host's network", "alias elsewhere"],
)
def test_relay_on_another_network_is_found(
    judge: Check, changes: tuple[tuple[str, str], ...]
) -> None:
    yaml = changed(*changes)
    line = yaml.count("\n", 0, yaml.index("    container_name: bomnipotent_server")) + 1
    assert found(judge, yaml, BY_NAME) == {("relay-apart", "error", "compose.yaml", line)}


def test_relay_is_found_where_the_server_uses_the_hosts_network(judge: Check) -> None:
    old = "    networks:\n      - bomnipotent_network\n    ports:"
    host = changed((old, "    network_mode: host\n    ports:"))
    expected = ("relay-host-network", "error", TOML, ENDPOINT_LINE)
    assert found(judge, host, BY_NAME) == {expected}
    assert found(judge, host, endpoint("smtp://localhost:2500")) == set()


@pytest.mark.parametrize("mode", ["service:bomnipotent_server", "container:somebody"])
def test_shared_network_of_two_containers_is_not_judged(judge: Check, mode: str) -> None:
    yaml = changed((NETWORK, f'    network_mode: "{mode}"\n'))
    assert found(judge, yaml, BY_NAME) == set()
    beside = found(judge, yaml, endpoint("smtp://localhost:2500"))
    assert bool(beside) == mode.startswith("container")


def test_list_of_networks_that_drops_the_database_is_found(judge: Check) -> None:
    """As by the vendor's page about relays, whose list is one for the relay alone."""
    old = "    networks:\n      - bomnipotent_network\n    ports:"
    yaml = changed(
        (old, "    networks:\n      - smtp_network\n    ports:"),
        ("networks:\n  bomnipotent_network:", "networks:\n  smtp_network:\n  bomnipotent_network:"),
        (NETWORK, "    networks: [smtp_network]\n"),
    )
    [(code, severity, path, _line)] = found(judge, yaml, BY_NAME)
    assert (code, severity, path) == ("database-apart", "error", "compose.yaml")


def test_override_that_drops_the_default_network_is_found(judge: Check) -> None:
    def without_networks(text: str) -> str:
        lines = "    networks:\n      - bomnipotent_network\n"
        text = text.replace("    networks: [bomnipotent_network]\n", "")
        return text.replace(lines, "").replace(
            "networks:\n  bomnipotent_network:\n    driver: bridge\n", ""
        )

    override = """\
services:
  bomnipotent_server: {networks: [smtp_network]}
  smtp_relay: {networks: [smtp_network]}
networks: {smtp_network: }
"""
    files = compose(without_networks(WITH_RELAY), BY_NAME, **{"compose.override.yaml": override})
    codes = {each[0] for each in judge(files) if each[0].startswith(("relay", "datab"))}
    assert codes == {"database-apart"}


@pytest.mark.parametrize(
    ("old", "new", "code", "part"),
    [
        ("mail.example.org", "''", "relay-host", "SMTP_HOST"),
        ("mail.example.org", "your.smtp.host", "relay-host", "SMTP_HOST"),
        ("SMTP_PORT: 465", "SMTP_PORT: smtps", "relay-host", "SMTP_PORT"),
        ("${SMTP_SECRET}", "${SMTP_PASSWORD}", "relay-login-incomplete", "SMTP_PASSWORD"),
        ('      SMTP_AUTH: "on"\n', "", "relay-login-off", "  smtp_relay:"),
        ('SMTP_AUTH: "on"', "SMTP_AUTH: off", "relay-login-off", "SMTP_AUTH"),
    ],
    ids=["no host", "example", "port", "no password", "no SMTP_AUTH", "SMTP_AUTH off"],
)
def test_relay_that_passes_nothing_on_is_found(
    judge: Check, old: str, new: str, code: str, part: str
) -> None:
    head, tail = WITH_RELAY[: -len(RELAY)], RELAY
    yaml = head + changed((old, new), text=tail)
    line = yaml.count("\n", 0, yaml.rindex(part)) + 1 + part.startswith("  ")
    assert found(judge, yaml, BY_NAME) == {(code, "error", "compose.yaml", line)}


@pytest.mark.parametrize(
    "relay",
    [
        changed(("SMTP_PASSWORD: ${SMTP_SECRET}", "SMTP_PASSWORD_FILE: /run/pw"), text=RELAY),
        changed(
            ('      SMTP_AUTH: "on"\n', ""),
            ("      SMTP_PASSWORD: ${SMTP_SECRET}\n", ""),
            text=RELAY,
        ),
        changed(("crazymax/msmtpd", "boky/postfix"), ("mail.example.org", "''"), text=RELAY),
    ],
    ids=["password in a file", "no login", "another image"],
)
def test_relay_that_may_work_is_left_alone(judge: Check, relay: str) -> None:
    assert found(judge, COMPOSE + relay, BY_NAME) == set()


def test_port_and_secret_that_the_relay_has_no_use_for_are_found(judge: Check) -> None:
    config = endpoint("smtp://smtp_relay", 'secret = "${SMTP_SECRET}"\n')
    assert found(judge, WITH_RELAY, config) == {
        ("relay-port", "error", TOML, ENDPOINT_LINE),
        ("relay-without-login", "error", TOML, ENDPOINT_LINE + 1),
    }
    moved = changed(("      SMTP_PORT:", "      LISTEN_PORT: 25\n      SMTP_PORT:"))
    assert found(judge, moved, endpoint("smtp://smtp_relay")) == set()


def test_user_that_is_no_address_can_have_a_relay_where_there_is_none(judge: Check) -> None:
    def remedies(yaml: str) -> list[str]:
        config = CONFIG.replace('user = "me@example.org"', 'user = "apikey"')
        findings = judge.layout(compose(yaml, config))
        return [each.remedy for each in findings if each.code == "user-not-an-address"]

    [remedy] = remedies(COMPOSE)
    assert "set --relay" in remedy
    [remedy] = remedies(WITH_RELAY)
    assert "set --relay" not in remedy
