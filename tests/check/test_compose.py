"""What the container gets, whatever form the compose file is written in."""

from __future__ import annotations

import pytest

from tests.check.conftest import Check
from tests.check.vendors import COMPOSE, ENV, compose
from wizard.compose.container import Container
from wizard.compose.file import ComposeFile
from wizard.errors import FileRefused

PASSED = "      SMTP_SECRET: ${SMTP_SECRET}\n"
ENVIRONMENT = "    environment:\n      BOMNIPOTENT_DB_PW: ${BOMNIPOTENT_DB_PW}\n" + PASSED
MOUNT = """\
      - type: bind
        source: ./bomnipotent_config
        target: /etc/bomnipotent_server/configs/
        read_only: true
"""


def changed(old: str, new: str, **more: str) -> dict[str, str]:
    assert COMPOSE.count(old) == 1
    return compose(COMPOSE.replace(old, new), **more)


@pytest.mark.parametrize(
    "environment",
    [
        "    environment:\n      - BOMNIPOTENT_DB_PW\n      - SMTP_SECRET=${SMTP_SECRET}\n",
        "    environment: ['BOMNIPOTENT_DB_PW=$BOMNIPOTENT_DB_PW', SMTP_SECRET]\n",
        "    environment: {BOMNIPOTENT_DB_PW: , SMTP_SECRET: ~}\n",
        ENVIRONMENT.replace("${SMTP_SECRET}", '"${SMTP_SECRET:?say it}"'),
        ENVIRONMENT.replace("${SMTP_SECRET}", "${SMTP_SECRET:-}"),
        ENVIRONMENT.replace("${SMTP_SECRET}", "${SMTP_SECRET-}"),
        ENVIRONMENT.replace("${SMTP_SECRET}", "${OTHER:-${SMTP_SECRET}}"),
        "    env_file: .env\n",
        "    env_file: ['.env']\n",
        "    env_file:\n      - path: ./.env\n      - path: missing.env\n        required: false\n",
    ],
    ids=[
        "list",
        "flow list, by name",
        "flow mapping, by name",
        "required",
        "empty default",
        "default if unset",
        "default of another",
        "env_file",
        "list of env_file",
        "env_file that may be missing",
    ],
)
def test_variable_may_be_passed_in_any_way(check: Check, environment: str) -> None:
    assert check.layout(changed(ENVIRONMENT, environment)) == ()


@pytest.mark.parametrize(
    "mount",
    [
        "      - ./bomnipotent_config:/etc/bomnipotent_server/configs/:ro\n",
        "      - ./bomnipotent_config/:/etc/bomnipotent_server/configs\n",
        "      - ${CONFIG_DIRECTORY:-./bomnipotent_config}:/etc/bomnipotent_server/configs/:ro\n",
        "      - ${CONFIG_DIRECTORY}:/etc/bomnipotent_server/configs/:ro\n",
        "      - .:/etc/bomnipotent_server/:ro\n",
        "      - {type: bind, src: ./x/../bomnipotent_config, dst: /etc/x/}\n",
    ],
    ids=[
        "read-only",
        "slash at the end",
        "variable with a default",
        "variable",
        "directory above",
        "long form",
    ],
)
def test_directory_may_be_mounted_in_any_way(check: Check, mount: str) -> None:
    assert check.layout(changed(MOUNT, mount)) == ()


def test_anchors_and_merges_are_followed(check: Check) -> None:
    anchors = (
        "x-common: &common\n  SMTP_SECRET: ${SMTP_SECRET}\n"
        "x-more: &more {BOMNIPOTENT_DB_PW: $BOMNIPOTENT_DB_PW}\n"
    )
    text = COMPOSE.replace(ENVIRONMENT, "    environment:\n      <<: [*common, *more]\n")
    assert check.layout(compose(anchors + text)) == ()
    text = COMPOSE.replace(ENVIRONMENT, "    environment: *common\n")
    assert {one[0] for one in check(compose(anchors + text))} == {"compose-variable-not-passed"}


def test_own_value_wins_over_a_merged_one(check: Check) -> None:
    anchors = "x-common: &common {SMTP_SECRET: '', BOMNIPOTENT_DB_PW: $BOMNIPOTENT_DB_PW}\n"
    text = COMPOSE.replace(ENVIRONMENT, f"    environment:\n{PASSED}      <<: *common\n")
    assert check.layout(compose(anchors + text)) == ()


def test_override_file_is_merged(check: Check) -> None:
    without = compose(COMPOSE.replace(PASSED, ""))
    override = f"services:\n  bomnipotent_server:\n    environment:\n{PASSED}"
    assert check.layout({**without, "compose.override.yaml": override}) == ()
    assert check({**compose(), "compose.override.yaml": "services: ["}) == {
        ("compose-invalid", "error", "compose.override.yaml", 1)
    }


def test_what_may_stand_in_another_file_is_not_missed(check: Check) -> None:
    text = COMPOSE.replace(PASSED, "    extends: {service: base, file: base.yaml}\n")
    (found,) = check.layout(compose(text))
    assert (found.code, found.severity) == ("compose-not-judged", "note")


def test_included_file_changes_no_service_of_this_file(check: Check) -> None:
    """Compose refuses that: services.… conflicts with imported resource."""
    text = "include: [other.yaml]\n" + COMPOSE.replace(PASSED, "")
    (found,) = check.layout(compose(text))
    assert (found.code, found.severity) == ("compose-variable-not-passed", "error")


def test_secret_in_the_keyring_reaches_compose_through_exec(check: Check) -> None:
    check.keep_in_keyring("hunter22")
    env = ENV.replace("SMTP_SECRET=hunter22\n", "")
    for form in ("${SMTP_SECRET}", "${SMTP_SECRET:?}", ""):
        (found,) = check.layout(changed("${SMTP_SECRET}", form, env=env))
        assert (found.code, found.severity) == ("secret-needs-exec", "note")
        assert found.remedy == "Start it by: smtp-wizard exec -- docker compose up -d"


def test_secret_of_the_shell_reaches_compose(check: Check) -> None:
    check.environ["SMTP_SECRET"] = "hunter22"
    assert check.layout(compose(env=ENV.replace("SMTP_SECRET=hunter22\n", ""))) == ()


def test_env_beside_the_configuration_is_read_by_the_server(check: Check) -> None:
    files = compose(COMPOSE.replace(PASSED, ""), env=ENV.replace("SMTP_SECRET=hunter22\n", ""))
    assert check.layout({**files, "bomnipotent_config/.env": "SMTP_SECRET=hunter22\n"}) == ()


def test_blank_value_that_wins_is_explained_with_the_file_that_loses(check: Check) -> None:
    files = compose(env=ENV.replace("SMTP_SECRET=hunter22\n", ""))
    (found,) = check.layout({**files, "bomnipotent_config/.env": "SMTP_SECRET=hunter22\n"})
    assert "wins over the value in" in found.message
    assert str(check.directory / "bomnipotent_config" / ".env") in found.message
    assert found.remedy == f"Move the line from there to {check.directory / '.env'}."


def container(
    check: Check, text: str, env: str = "", environ: dict[str, str] | None = None
) -> Container:
    check.environ |= environ or {}
    server = "services:\n  server:\n    image: bomnipotent_server\n"
    found = check.inspect_files(compose(server + text, env=env)).container
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "env", "expected"),
    [
        ("${X}", "X=a\n", "a"),
        ("${X}", "", ""),
        ("$$X", "X=a\n", "$X"),
        ("a$$${X}", "X=b\n", "a$b"),
        ("${X:-d}", "X=\n", "d"),
        ("${X-d}", "X=\n", ""),
        ("${X:+s}", "X=a\n", "s"),
        ("plain", "", "plain"),
        ("", "X=a\n", "a"),
        ("''", "X=a\n", ""),
    ],
)
def test_value_is_worked_out_as_compose_does(
    check: Check, value: str, env: str, expected: str
) -> None:
    assert container(check, f"    environment:\n      X: {value}\n", env).value("X") == expected


def test_name_alone_is_passed_on_only_when_it_is_set(check: Check) -> None:
    assert container(check, "    environment: [X]\n").value("X") is None
    assert container(check, "    environment: [Y]\n").value("X") is None
    assert container(check, "    environment: [X]\n", environ={"X": "a"}).value("X") == "a"


def test_required_variable_stops_compose(check: Check) -> None:
    found = container(check, "    environment: {X: '${X:?no}'}\n")
    assert found.value("X") is None
    assert found.required == ("X",)


def test_file_that_gives_the_container_a_variable_is_named(check: Check) -> None:
    environment = "    environment:\n      BOMNIPOTENT_DB_PW:\n    env_file: mail.env\n"
    files = changed(ENVIRONMENT, environment, **{".env": "A=1\n", "mail.env": "B=2\n"})
    password, secret = (each for each in check.layout(files) if each.code.endswith("-unset"))
    env, mail = check.directory / ".env", check.directory / "mail.env"
    assert (str(env) in password.message, str(mail) in secret.message) == (True, True)
    assert password.remedy == f"Write BOMNIPOTENT_DB_PW=… into {env}."
    assert ".env" not in secret.message.replace(str(mail), "")


def test_quotes_around_a_reference_are_one_finding(check: Check) -> None:
    environment = (
        "    environment:\n      - BOMNIPOTENT_DB_PW\n      - SMTP_SECRET='${SMTP_SECRET}'\n"
    )
    (finding,) = check.layout(changed(ENVIRONMENT, environment))
    assert finding.code == "compose-value-composed"
    assert finding.remedy.endswith("- SMTP_SECRET=${SMTP_SECRET:?}")


def test_lines_to_add_to_a_service_can_be_pasted(check: Check) -> None:
    finding = next(
        each
        for each in check.layout(changed(ENVIRONMENT, ""))
        if each.code == "compose-variable-not-passed" and "SMTP_SECRET" in each.message
    )
    indented = "      environment:\n        SMTP_SECRET: ${SMTP_SECRET:?}"
    assert finding.remedy == f"Add to {check.directory / 'compose.yaml'}:\n{indented}"


def test_environment_of_compose_wins_over_env(check: Check) -> None:
    found = container(check, "    environment: {X: $X}\n", "X=file\n", {"X": "shell"})
    assert found.value("X") == "shell"


@pytest.mark.parametrize(
    "text",
    [
        "services: [",
        "services:\n\tx: y",
        "a: b: c",
        "services: &x [*y]",
        "%YAML 9",
        "[" * 50_000,
        "x: " * 500,
        "- !!python/object/apply:os.system [id]\n- *gone",
        "a: 'hunter22",
        "\x07",
    ],
    ids=[
        "open list",
        "tab",
        "two colons",
        "unknown alias",
        "unknown directive",
        "too deep",
        "many colons",
        "python object",
        "open quote",
        "control character",
    ],
)
def test_invalid_yaml_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        ComposeFile(text)
    assert refusal.value.code == "compose-invalid"
    assert "hunter22" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "just text",
        "[]",
        "services:",
        "services: []",
        "services: {server: }",
        "services: {server: [a, b]}",
        "services: {server: {environment: 5, volumes: x, env_file: [[a]], image: [b]}}",
        "services: {server: {environment: [5, [a], {b: c}, =x], volumes: [{}, [], 7]}}",
        "services: &s {server: *s}",
        "services: {server: {environment: &e {<<: *e, X: y}}}",
        "? [a, b]\n: c\n",
        "a: !!python/object/apply:os.system ['touch /tmp/pwned']",
        "services: {server: {environment: {1: 2, true: no}}}",
    ],
    ids=[
        "empty",
        "comment",
        "text",
        "list",
        "no services",
        "list of services",
        "empty service",
        "list in a service",
        "scalars for mappings",
        "odd entries",
        "service within itself",
        "mapping merged with itself",
        "list as a key",
        "python object",
        "numbers and booleans",
    ],
)
def test_unusual_yaml_is_survived(check: Check, text: str) -> None:
    assert set(ComposeFile(text).beyond("")) <= {"!!python/object/apply:os.system"}
    assert set(ComposeFile(text).odd_variables("server")) <= {"true"}
    check.layout(compose(text))


def test_aliases_that_multiply_do_no_harm(check: Check) -> None:
    lines = ["a0: &a0 {X: y}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 30)]
    lines.append("services: {server: {environment: *a29}}")
    ComposeFile("\n".join(lines))


def test_too_large_file_is_refused() -> None:
    with pytest.raises(FileRefused) as refusal:
        ComposeFile("#" * 200_000)
    assert refusal.value.code == "compose-too-large"
