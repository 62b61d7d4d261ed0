"""Coming back later: change one thing, keep the rest; leave without a trace."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.widgets import OptionList

from tests.compose.test_running import stand_in
from tests.scenarios.scenario import CONFIG
from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, NORMAL, PASSWORD, SMALL, Wizard
from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import Finding, Severity
from wizard.formats.dotenv.variables import read_variable
from wizard.live_test.run import run_live_test
from wizard.ui.steps.model import Step
from wizard.ui.steps.session import WizardSession
from wizard.ui.steps.summary import rows

COMPOSE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A Compose layout that works already."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    env = tmp_path / ".env"
    env.write_text(f"# Compose\nOTHER=only-mine\nSMTP_SECRET='{PASSWORD}'\n")
    env.chmod(0o640)
    path = tmp_path / "bomnipotent_config" / "config.toml"
    path.parent.mkdir()
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_summary_shows_what_is_set_and_never_the_secret(
    config: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(config, size) as operator:
        assert operator.step == "SummaryScreen"
        await operator.press("down", "down", "down", "down", "down", "down")
        drawn = operator.drawn()
        assert "stored in .env" in drawn
        assert "not tested yet" in drawn
        assert PASSWORD not in drawn


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("${SMTP_SECRET}", "stored as a systemd credential"),
        ("before-${OTHER}", "✗ ${OTHER} is used"),
    ],
)
def test_unreadable_secret_is_shown(tmp_path: Path, secret: str, shown: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.replace("${SMTP_SECRET}", secret))
    (tmp_path / "smtp_secret.cred").write_text("encrypted on another machine")
    now = load_config(find_layout(config), {}).with_stored()
    session = WizardSession(now, run_live_test, 5.0)
    (value,) = [row.value for row in rows(session, Draft.of(now)) if row.choice is Step.SECRET]
    assert shown in value


async def test_changing_one_thing_changes_one_line(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.press("down", "down", "enter")
        assert operator.step == "ServerScreen"
        await operator.press("tab", "down", "enter")
        assert operator.step == "SummaryScreen"
        assert "port 587, STARTTLS" in operator.drawn()
        await operator.press("end", "up", "enter")
        assert operator.step == "LiveTestScreen"
        assert "will be able to send" in operator.text()
        await operator.press("enter", "enter", "enter")
    env = (config.parent.parent / ".env").read_text()
    lines = config.read_text().splitlines()
    assert [line for line in lines if line not in CONFIG.splitlines()] == [
        "# Only if the server offers no SMTPS (implicit TLS); default is false.",
        "starttls = true",
    ]
    assert lines.index("starttls = true") == lines.index('secret = "${SMTP_SECRET}"') + 2
    assert env == f"# Compose\nOTHER=only-mine\nSMTP_SECRET='{PASSWORD}'\n"


async def test_empty_secret_field_keeps_the_stored_secret(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.press("down", "down", "down", "enter")
        assert operator.step == "SecretScreen"
        assert "Leave the field empty to keep it" in operator.text()
        await operator.press("enter")
        assert "nothing changed yet" in operator.drawn()
        await operator.press("end", "up", "enter")
        assert operator.step == "ReviewScreen"
        assert "nothing has to be changed" in operator.text()
        await operator.press("enter")
        done = operator.app.return_value
        assert done is not None
        assert done.lines == ("Nothing had to be changed.",)
    assert config.read_text() == CONFIG


async def test_new_secret_is_stored_where_the_old_one_was(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.press("down", "down", "down", "enter")
        await operator.type("new'secret")
        await operator.press("enter")
        assert "entered, not stored yet" in operator.drawn()
        await operator.press("end", "up", "enter")
        assert "rejects the login" in operator.text()
        await operator.press("shift+tab", "shift+tab", "enter")
        shown = operator.text() + operator.drawn()
        assert "new'secret" not in shown
        assert PASSWORD not in shown
        assert "only-mine" not in shown
        await operator.press("enter")
        assert "does not notice a new secret" in operator.text()
        await operator.press("enter")
    env = config.parent.parent / ".env"
    assert read_variable(env.read_text(), "SMTP_SECRET") == "new'secret"
    assert env.read_text().startswith("# Compose\nOTHER=only-mine\n")
    assert env.stat().st_mode & 0o777 == 0o640
    assert config.read_text() == CONFIG


async def test_literal_secret_is_moved_to_env_when_the_operator_agrees(
    config: Path, wizard: Wizard
) -> None:
    config.write_text(CONFIG.replace("${SMTP_SECRET}", PASSWORD))
    (config.parent.parent / ".env").unlink()
    async with wizard(config) as operator:
        assert "stands in config.toml itself" in operator.drawn()
        await operator.press("down", "down", "down", "enter")
        await operator.press("tab", "space", "tab", "enter")
        assert "entered, not stored yet" in operator.drawn()
        await operator.press("end", "up", "enter")
        assert "will be able to send" in operator.text()
        await operator.press("enter")
        assert PASSWORD not in operator.text() + operator.drawn()
        await operator.press("enter", "enter")
    assert config.read_text() == CONFIG
    env = (config.parent.parent / ".env").read_text()
    assert read_variable(env, "SMTP_SECRET") == PASSWORD


async def test_misnamed_section_is_reported_and_renamed(config: Path, wizard: Wizard) -> None:
    config.write_text(CONFIG.replace("[smtp]", "[smtp_config]"))
    async with wizard(config) as operator:
        assert "[smtp_config] in line 4" in operator.drawn()
        await operator.press("enter")
        assert DEMO_USER in operator.drawn()
        assert config.read_text() != CONFIG
        await operator.press("end", "up", "enter", "enter", "enter")
        if operator.step == "ReviewScreen":
            await operator.press("enter")
    assert config.read_text() == CONFIG


async def test_skip_can_be_switched_off_again(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.press("enter", "down", "enter")
        assert "skipped" in operator.drawn()
        await operator.press("end", "up", "enter")
        assert operator.step == "ReviewScreen"
        await operator.press("enter", "enter")
    assert "[user]\nskip_verification = true" in config.read_text()
    async with wizard(config) as operator:
        await operator.press("enter", "up", "enter", "end", "up", "enter", "enter", "enter")
        if operator.step != "SummaryScreen":
            await operator.press("enter")
    assert config.read_text() == CONFIG


@pytest.mark.parametrize("key", ["escape", "ctrl+q", "ctrl+c"])
async def test_leaving_without_a_change_asks_nothing(
    config: Path, wizard: Wizard, key: str
) -> None:
    async with wizard(config) as operator:
        await operator.press(key)
        assert operator.has_left
    assert config.read_text() == CONFIG


async def test_leaving_with_changes_asks_first_and_a_second_time_leaves(
    config: Path, wizard: Wizard
) -> None:
    async with wizard(config) as operator:
        await operator.press("down", "enter")
        await operator.type("x")
        await operator.press("ctrl+c")
        assert operator.step == "QuestionScreen"
        assert "no changes were made to any files" in operator.text()
        await operator.press("escape")
        assert operator.step == "UserScreen"
        await operator.press("ctrl+c")
        left_at_first = operator.has_left
        await operator.press("ctrl+c")
        assert (left_at_first, operator.has_left) == (False, True)
    assert config.read_text() == CONFIG


async def test_file_that_changed_meanwhile_is_read_again_and_entries_are_kept(
    config: Path, wizard: Wizard
) -> None:
    async with wizard(config) as operator:
        await operator.press("down", "down", "enter", "tab", "down", "enter")
        await operator.press("end", "up", "enter", "enter")
        assert operator.step == "ReviewScreen"
        config.write_text(CONFIG + "# theirs\n")
        await operator.press("enter")
        assert operator.step == "ReviewScreen"
        assert "somebody else has changed a file meanwhile" in operator.text()
        assert config.read_text() == CONFIG + "# theirs\n"
        await operator.press("enter")
        assert operator.step == "DoneScreen"
    text = config.read_text()
    assert text.endswith("# theirs\n")
    assert text != CONFIG + "# theirs\n"


async def test_problem_in_the_file_is_shown_and_asked_for_before_writing(
    config: Path, wizard: Wizard
) -> None:
    config.write_text(CONFIG.replace(DEMO_HOST, f"{DEMO_HOST}:587"))
    async with wizard(config) as operator:
        assert "✗" in operator.drawn()
        await operator.press("end", "up", "enter")
        assert operator.step == "ServerScreen"


async def test_help_explains_every_step(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        for downs in range(5):
            await operator.press("home", *["down"] * downs, "enter", "f1")
            assert operator.step == "PageScreen"
            assert len(operator.text()) > 200
            await operator.press("escape", "escape")
            assert operator.step == "SummaryScreen"


async def test_findings_of_the_check_appear_on_the_summary_and_can_be_opened(
    config: Path, wizard: Wizard
) -> None:
    finding = Finding(
        "env-world-readable", "Everybody can read it.", "chmod 600", Severity.ERROR, config, 3
    )
    async with wizard(config, check=lambda _container: [finding]) as operator:
        await operator.press("down")
        assert "✗ 1 error: open to read" in operator.drawn()
        await operator.press("end", "up", "up", "enter")
        assert operator.step == "PageScreen"
        assert "Everybody can read it." in operator.text()
        assert "line 3" in operator.text()
        await operator.press("escape")
        assert operator.step == "SummaryScreen"


async def test_check_that_never_ends_delays_nothing(config: Path, wizard: Wizard) -> None:
    never = threading.Event()

    def check(_container: object) -> list[Finding]:
        never.wait()
        return []

    async with wizard(config, check=check) as operator:
        await operator.press("down", "enter")
        assert operator.step == "UserScreen"
        await operator.press("escape", "escape")
        assert operator.has_left
    never.set()


def slow_compose(directory: Path) -> tuple[dict[str, str], Path]:
    """Put a Compose in place that answers nothing until a file is there, and then fails."""
    answer = directory / "answer"
    script = f"until [ -e '{answer}' ]; do sleep 0.02; done; exit 1"
    return {**stand_in(directory, script), "HOME": str(directory)}, answer


async def test_menu_says_nothing_wrong_while_compose_has_not_answered(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    environ, answer = slow_compose(tmp_path)
    async with wizard(config, environ=environ) as operator:
        assert operator.step == "SummaryScreen"
        assert "Docker Compose is being asked" in operator.drawn()
        assert "✗" not in operator.drawn()
        await operator.press("down")
        answer.touch()
        await operator.until(lambda: "stored in .env" in operator.drawn())
        assert "being asked" not in operator.drawn()
        menu = operator.app.screen.query_one(OptionList)
        assert menu.highlighted == 1


async def test_wait_for_compose_is_explained(config: Path, tmp_path: Path, wizard: Wizard) -> None:
    config.write_text("")
    environ, answer = slow_compose(tmp_path)
    async with wizard(config, environ=environ) as operator:
        assert operator.step == "FilesScreen"
        assert "which is being asked" in operator.text()
        operator.burst("enter")
        await operator.until(lambda: "what the server gets" in operator.drawn())
        answer.touch()
        await operator.until(lambda: operator.step == "DeliveryScreen")
        await operator.settled()


async def test_menu_does_not_judge_a_secret_where_compose_refuses_its_files(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  bom: [\n")
    async with wizard(config, environ={"PATH": ""}) as operator:
        assert "Secret           ! not judged: " in operator.drawn()


async def test_first_screen_names_the_file_that_gives_the_secret(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    service = "image: wwhsoft/bomnipotent_server\n    environment: {SMTP_SECRET: '${MAIL_PW}'}"
    (tmp_path / "compose.yaml").write_text(f"services:\n  bom:\n    {service}\n")
    config.write_text("")
    async with wizard(config, environ={"PATH": ""}) as operator:
        assert f"{tmp_path / '.env'}\nThere it is called MAIL_PW.\nExists" in operator.text()
