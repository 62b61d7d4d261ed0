"""Which file gets a new secret, and what is said where none of them reaches the container."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.compose.test_running import stand_in
from wizard.check.warnings import ask_container_again, plan_warnings
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import FileRefused
from wizard.saving.plan import Plan, make_plan
from wizard.secrets.secret import Replace, Secret
from wizard.server.next_steps import next_steps

CONFIG = """\
[smtp]
user = "you@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""
NEW = "it's $ecret"


def layout(directory: Path, service: str, files: dict[str, str]) -> CurrentConfig:
    compose = f"services:\n  server:\n    image: wwhsoft/bomnipotent_server:1.5.0\n{service}"
    config = directory / "bomnipotent_config" / "config.toml"
    for name, text in {**files, "compose.yaml": compose, config.as_posix(): CONFIG}.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    return load_config(find_layout(config), {"PATH": ""}).with_container()


def plan_of(current: CurrentConfig) -> tuple[Draft, Plan]:
    draft = replace(Draft.of(current), secret=Replace(Secret(NEW)))
    return draft, make_plan(current, draft)


@pytest.mark.parametrize(
    ("service", "files", "changed", "expected"),
    [
        (
            "    environment: {SMTP_SECRET: '${MAIL_PW:?}'}\n",
            {".env": "# keep\nMAIL_PW=old # why\n"},
            ".env",
            '# keep\n# why\nMAIL_PW="it\'s \\$ecret"\n',
        ),
        (
            "    environment: [SMTP_SECRET]\n",
            {".env": "TITLE=My page\n"},
            ".env",
            'TITLE=My page\nSMTP_SECRET="it\'s \\$ecret"\n',
        ),
        (
            "    env_file: mail.env\n",
            {".env": "A=1\n", "mail.env": "SMTP_SECRET=old\n"},
            "mail.env",
            'SMTP_SECRET="it\'s \\$ecret"\n',
        ),
        (
            "    env_file: [{path: mail.env, format: raw}]\n",
            {"mail.env": "# raw\nSMTP_SECRET='old'\n"},
            "mail.env",
            "# raw\nSMTP_SECRET=it's $ecret\n",
        ),
        (
            "    env_file: [one.env, two.env]\n",
            {"one.env": "SMTP_SECRET=old\n", "two.env": "B=1\n"},
            "one.env",
            'SMTP_SECRET="it\'s \\$ecret"\n',
        ),
        (
            "    environment: {OTHER: x}\n",
            {"bomnipotent_config/.env": "SMTP_SECRET=old\n"},
            "bomnipotent_config/.env",
            'SMTP_SECRET="it\'s \\$ecret"\n',
        ),
    ],
    ids=["another name", "by name", "env_file", "raw", "the one that has it", "beside config.toml"],
)
def test_the_secret_goes_where_the_container_gets_it_from(
    tmp_path: Path, service: str, files: dict[str, str], changed: str, expected: str
) -> None:
    current = layout(tmp_path, service, files)
    draft, plan = plan_of(current)
    (change,) = (change for change in plan.changes if change.changed)
    assert change.before.path == tmp_path / changed
    assert (change.after or b"").decode() == expected
    assert not [each for each in plan_warnings(current, draft, plan) if "compose" in each.code]


def test_value_in_the_compose_file_is_to_be_replaced_before_the_start(tmp_path: Path) -> None:
    current = layout(tmp_path, "    environment:\n      SMTP_SECRET: hunter22\n", {})
    draft, plan = plan_of(current)
    steps = next_steps(current, draft, plan, warnings=plan_warnings(current, draft, plan))
    assert steps[0].text == (
        f"{tmp_path}/compose.yaml, line 5: the container keeps the value written here. Replace "
        "that line with:\n    SMTP_SECRET: ${SMTP_SECRET:?}"
    )
    assert any("docker compose" in step.text for step in steps[1:])


@pytest.mark.parametrize(
    ("service", "code", "line", "advice"),
    [
        (
            "    environment:\n      SMTP_SECRET: hunter22\n",
            "compose-value-fixed",
            5,
            "    SMTP_SECRET: ${SMTP_SECRET:?}",
        ),
        (
            "    environment:\n      - A=b\n      - SMTP_SECRET='${SMTP_SECRET}'\n",
            "compose-value-fixed",
            6,
            "    - SMTP_SECRET=${SMTP_SECRET:?}",
        ),
        (
            "    environment:\n      - A=b\n",
            "compose-variable-not-passed",
            4,
            "    - SMTP_SECRET=${SMTP_SECRET:?}",
        ),
        (
            "",
            "compose-variable-not-passed",
            3,
            "    environment:\n      SMTP_SECRET: ${SMTP_SECRET:?}",
        ),
    ],
    ids=["literal", "quotes in a list", "not passed", "no environment"],
)
def test_where_no_file_reaches_the_container_the_new_line_is_said(
    tmp_path: Path, service: str, code: str, line: int, advice: str
) -> None:
    current = layout(tmp_path, service, {})
    draft, plan = plan_of(current)
    (found,) = (each for each in plan_warnings(current, draft, plan) if "compose" in each.code)
    assert (found.code, found.path, found.line) == (code, tmp_path / "compose.yaml", line)
    assert found.message.endswith(f"\n{advice}")
    assert "hunter22" not in found.message


def test_a_variable_that_compose_requires_besides_is_named(tmp_path: Path) -> None:
    current = layout(tmp_path, "    environment: [SMTP_SECRET, 'DB=${DB_PW:?}']\n", {})
    draft, plan = plan_of(current)
    (found,) = (each for each in plan_warnings(current, draft, plan) if "compose" in each.code)
    assert found.code == "compose-variable-required"
    assert "DB_PW" in found.message


def test_nothing_is_written_for_a_project_that_compose_refuses(tmp_path: Path) -> None:
    current = layout(tmp_path, "    environment: {SMTP_SECRET: '${SMTP_SECRET', A: b}\n", {})
    with pytest.raises(FileRefused) as refusal:
        plan_of(current)
    assert refusal.value.code == "compose-refused"


def test_the_missing_env_file_that_is_written_is_no_reason_to_refuse(tmp_path: Path) -> None:
    current = layout(tmp_path, "    env_file: .env\n", {})
    _draft, plan = plan_of(current)
    (change,) = (change for change in plan.changes if change.changed)
    assert change.before.path == tmp_path / ".env"


@pytest.mark.parametrize(
    ("value", "code"),
    [(NEW, "container-secret-written"), ("old", "container-secret-differs")],
    ids=["new", "old"],
)
def test_compose_is_asked_again_once_the_files_are_written(
    tmp_path: Path, value: str, code: str
) -> None:
    current = layout(tmp_path, "    environment: [SMTP_SECRET]\n", {})
    draft, plan = plan_of(current)
    service = {"image": "bomnipotent_server", "environment": {"SMTP_SECRET": value}}
    answer = json.dumps({"services": {"server": service}}).replace("$", "$$")
    environ = stand_in(tmp_path, f"cat <<'END'\n{answer}\nEND")
    before = replace(current, environ=environ).with_container()
    found = ask_container_again(before, draft, plan)
    assert found is not None
    assert found.code == code


def test_only_compose_can_confirm_what_was_written(tmp_path: Path) -> None:
    current = layout(tmp_path, "    environment: [SMTP_SECRET]\n", {})
    draft, plan = plan_of(current)
    assert ask_container_again(current, draft, plan) is None


def test_compose_that_gave_no_answer_is_not_asked_again(tmp_path: Path) -> None:
    current = layout(tmp_path, "    environment: [SMTP_SECRET]\n", {})
    draft, plan = plan_of(current)
    environ = stand_in(tmp_path, f"touch '{tmp_path}/asked'; exit 1")
    assert ask_container_again(replace(current, environ=environ), draft, plan) is None
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("number", ["0o17", "0x1f", "1e3", "1_000", "2026-01-31", ".5"])
def test_a_number_that_compose_writes_anew_is_not_judged_nor_shown(
    tmp_path: Path, number: str
) -> None:
    current = layout(tmp_path, f"    environment: {{SMTP_SECRET: {number}}}\n", {})
    assert current.container is not None
    assert current.secret_doubt == "only Docker Compose can work out SMTP_SECRET"


@pytest.mark.parametrize("text", ["20260131", "'0o17'", "yes", "hunter2"])
def test_a_value_that_compose_leaves_as_it_is_is_judged(tmp_path: Path, text: str) -> None:
    current = layout(tmp_path, f"    environment: {{SMTP_SECRET: {text}}}\n", {})
    assert current.container is not None
    assert current.secret_doubt == ""
    assert current.container.value("SMTP_SECRET") == text.strip("'")
