"""Coming back later: change one thing, keep the rest; leave without a trace."""

from __future__ import annotations

import json
import threading
from functools import partial
from pathlib import Path

import pytest

from tests.compose.test_running import stand_in
from tests.scenarios.scenario import CONFIG
from tests.ui_textual.conftest import (
    DEMO_HOST,
    DEMO_USER,
    NORMAL,
    PASSWORD,
    SMALL,
    Operator,
    Wizard,
)
from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import FileRefused, Finding, Severity
from wizard.formats.dotenv.variables import read_variable
from wizard.live_test.run import run_live_test
from wizard.text.display import short_path
from wizard.ui.account.form import AccountForm
from wizard.ui.account.rows import rows
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Field

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
async def test_what_is_set_is_shown_and_never_the_secret(
    config: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(config, size) as operator:
        assert operator.focus == "Test"
        assert DEMO_USER in operator.drawn_row("user")
        assert "stored in .env" in operator.drawn_row("secret")
        assert operator.value("secret") == ""
        assert PASSWORD not in operator.drawn() + operator.text()


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("${SMTP_SECRET}", "stored as a systemd credential"),
        ("before-${OTHER}", "${OTHER}"),
    ],
)
def test_unreadable_secret_is_shown(tmp_path: Path, secret: str, shown: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.replace("${SMTP_SECRET}", secret))
    (tmp_path / "smtp_secret.cred").write_text("encrypted on another machine")
    now = load_config(find_layout(config), {}).with_stored()
    form = AccountForm(WizardSession(now, run_live_test, 5.0), Draft.of(now))
    form.finished.add(Field.SECRET)
    (row,) = [row for row in rows(form) if row.field is Field.SECRET]
    assert shown in row.placeholder + row.note.text


async def test_changing_one_thing_changes_one_line(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.choose("starttls", "STARTTLS, port 587")
        assert "● Encryption" in operator.drawn_row("starttls")
        assert "● 1 change, not written" in operator.drawn()
        await operator.press("enter")
        assert operator.focus == "Review the changes"
        await operator.press("enter", "enter", "enter")
    env = (config.parent.parent / ".env").read_text()
    lines = config.read_text().splitlines()
    assert [line for line in lines if line not in CONFIG.splitlines()] == [
        "# Only if the server offers no SMTPS (implicit TLS); default is false.",
        "starttls = true",
    ]
    assert lines.index("starttls = true") == lines.index('secret = "${SMTP_SECRET}"') + 2
    assert env == f"# Compose\nOTHER=only-mine\nSMTP_SECRET='{PASSWORD}'\n"


async def test_review_of_no_change_says_so_and_closing_it_claims_no_write(
    config: Path, wizard: Wizard
) -> None:
    async with wizard(config) as operator:
        await operator.push("Review")
        assert "nothing has to be changed" in operator.text()
        await operator.press("enter")
        await done(operator)
    assert operator.app.flow.done is None
    assert config.read_text() == CONFIG


async def test_new_secret_is_stored_where_the_old_one_was(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.fill("secret", "new'secret")
        assert "login refused" in operator.read()
        await operator.push("Review anyway")
        shown = operator.text() + operator.drawn()
        assert "new'secret" not in shown
        assert PASSWORD not in shown
        assert "only-mine" not in shown
        assert "it does not notice a new password" in shown
        await operator.push("Write anyway")
        await operator.press("enter")
    env = config.parent.parent / ".env"
    assert read_variable(env.read_text(), "SMTP_SECRET") == "new'secret"
    assert env.read_text().startswith("# Compose\nOTHER=only-mine\n")
    assert env.stat().st_mode & 0o777 == 0o640
    assert config.read_text() == CONFIG


async def test_literal_secret_is_marked_and_moved_to_env_if_that_is_chosen(
    config: Path, wizard: Wizard
) -> None:
    config.write_text(CONFIG.replace("${SMTP_SECRET}", PASSWORD))
    (config.parent.parent / ".env").unlink()
    async with wizard(config) as operator:
        assert "! Everybody who reads config.toml sees it" in operator.drawn_row("secret")
        await operator.choose("store", ".env")
        await operator.press("enter", "enter")
        assert operator.screen == "ReviewScreen"
        assert PASSWORD not in operator.text() + operator.drawn()
        await operator.press("enter", "enter")
    assert config.read_text() == CONFIG
    env = (config.parent.parent / ".env").read_text()
    assert read_variable(env, "SMTP_SECRET") == PASSWORD


async def test_skip_can_be_switched_off_again(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        await operator.choose("verify", "not at all")
        await operator.press("enter", "enter", "enter")
    assert "[user]\nskip_verification = true" in config.read_text()
    async with wizard(config) as operator:
        assert operator.focus == "verify"
        await operator.choose("verify", "by mail")
        await operator.press("enter", "enter", "enter")
        await operator.until(lambda: operator.screen == "DoneScreen")
        assert "lines removed" in operator.read()
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


@pytest.mark.parametrize("key", ["escape", "ctrl+q", "ctrl+c"])
async def test_leaving_with_changes_asks_first(config: Path, wizard: Wizard, key: str) -> None:
    async with wizard(config) as operator:
        await operator.go_to("user")
        await operator.type("x")
        await operator.press(key)
        assert operator.focus == "Stay"
        assert "What you entered is not written. No file has changed." in operator.read()
        await operator.press("escape")
        assert operator.focus == "user"
        assert operator.value("user") == "x"
        assert not operator.has_left
    assert config.read_text() == CONFIG


async def test_stored_values_are_looked_at_without_losing_the_entered_ones(
    config: Path, wizard: Wizard
) -> None:
    async with wizard(config) as operator:
        await operator.go_to("secret")
        await operator.type("new'secret")
        await operator.go_to("user")
        await operator.type("new@example.org")
        await operator.press("ctrl+n")
        assert DEMO_USER in operator.drawn_row("user")
        assert operator.value("secret") == ""
        assert "as stored" in operator.drawn().splitlines()[0]
        await operator.press("ctrl+n")
        assert operator.value("user") == "new@example.org"
        assert operator.value("secret") == "new'secret"
        assert "2 changes" in operator.drawn()


async def test_other_config_toml_takes_along_what_was_entered(
    config: Path, wizard: Wizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config.write_text("# First\n")
    second = tmp_path / "config.toml"
    second.write_text("# Second\n")
    async with wizard(config) as operator:
        session = operator.app.flow.session
        session.open = partial(reopened, session)
        await operator.fill("user", DEMO_USER)
        await operator.type(PASSWORD)
        await operator.press("ctrl+o")
        assert operator.screen == "FilesScreen"
        assert operator.focus.startswith("bomnipotent_config/config.toml")
        assert PASSWORD not in operator.text()
        assert "1 line, which stays as it is" in operator.text()
        await operator.press("escape")
        assert operator.value("secret") == PASSWORD
        await operator.press("ctrl+o")
        await operator.fill("path", str(second))
        assert operator.screen == "AccountScreen"
        assert operator.value("user") == DEMO_USER
        assert operator.value("secret") == PASSWORD
        assert "config.toml ─ 1 of 2" in operator.drawn()
        await operator.fill("endpoint", DEMO_HOST)
        await operator.press("enter", "enter", "enter")
    assert f'endpoint = "{DEMO_HOST}"' in second.read_text()
    assert config.read_text() == "# First\n"


async def test_list_of_files_answers_keys_while_compose_does_not(
    config: Path, wizard: Wizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("# Second\n")
    async with wizard(config) as operator:
        session = operator.app.flow.session
        session.open = partial(reopened, session)
        await operator.until(lambda: session.asked_compose is None)
        monkeypatch.setenv("PATH", stand_in(tmp_path, "exec sleep 300")["PATH"])
        operator.burst("ctrl+o")
        await operator.handled()
        assert operator.focus.startswith("bomnipotent_config/config.toml")
        assert "being read" in operator.text()
        operator.burst("up")
        await operator.handled()
        assert operator.focus.startswith("config.toml")
        operator.burst("escape")
        await operator.handled()
        assert operator.screen == "AccountScreen"


@pytest.mark.parametrize("typed", ["~no-such-account/config.toml", "{0}/a-file/below", "{0}"])
async def test_any_path_can_be_typed(
    config: Path, wizard: Wizard, tmp_path: Path, typed: str
) -> None:
    (tmp_path / "a-file").touch()
    async with wizard(config) as operator:
        session = operator.app.flow.session
        session.open = partial(reopened, session)
        await operator.press("ctrl+o")
        await operator.fill("path", typed.format(tmp_path))
        assert operator.screen == "AccountScreen"


def reopened(session: WizardSession, path: Path) -> WizardSession:
    now = load_config(find_layout(path), environ={})
    return WizardSession(now, session.live_test, session.timeout, open=session.open)


async def test_config_toml_that_cannot_be_used_changes_nothing_and_is_told(
    config: Path, wizard: Wizard, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("not = [toml\n")
    async with wizard(config) as operator:
        session = operator.app.flow.session
        session.open = partial(reopened, session)
        await operator.press("ctrl+o")
        await operator.fill("path", str(broken))
        assert "broken.toml" in operator.text()
        assert "✗" in operator.drawn()
        assert operator.app.flow.session is session


async def test_refusal_of_what_was_entered_is_said(
    config: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning refuses files that are too odd to be edited, such as a table in one line."""

    def refuse(*_: object, **__: object) -> None:
        raise FileRefused("config-unsafe", "This cannot be edited safely.", "Do it by hand.")

    async with wizard(config) as operator:
        await operator.choose("starttls", "STARTTLS, port 587")
        await operator.press("enter")
        monkeypatch.setattr("wizard.saving.plan.make_plan", refuse)
        await operator.press("enter")
        assert operator.screen == "AccountScreen"
        assert "✗ This cannot be edited safely." in operator.read()
        assert "→ Do it by hand." in operator.read()


async def test_problem_in_the_file_has_the_focus_at_once(config: Path, wizard: Wizard) -> None:
    config.write_text(CONFIG.replace(DEMO_HOST, f"{DEMO_HOST}:2526"))
    async with wizard(config) as operator:
        assert operator.focus == "endpoint"
        await operator.press("enter")
        assert operator.focus == "endpoint"
        assert "✗" in operator.drawn_row("endpoint")


async def test_help_explains_every_field(config: Path, wizard: Wizard) -> None:
    async with wizard(config) as operator:
        texts = set()
        for field in ("user", "secret", "endpoint", "starttls", "store", "verify"):
            await operator.go_to(field)
            for key in ("f1", "ctrl+g"):
                await operator.press(key)
                assert operator.screen == "PageScreen"
                texts.add(operator.text())
                await operator.press("escape")
            assert operator.focus == field
        assert len(texts) >= 5
        assert all(len(text) > 200 for text in texts)


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_an_error_in_the_files_is_in_view_although_the_test_has_passed(
    config: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    finding = Finding("env-world-readable", "Message.", "Advice.", Severity.ERROR, config, 3)
    async with wizard(config, size, check=lambda _container: [finding]) as operator:
        await operator.until(lambda: bool(operator.app.flow.session.findings))
        await operator.press("ctrl+r")
        await operator.until(lambda: "The server can send mail" in operator.read())
        assert "In the files: 1 error" in " ".join(operator.read().split())


async def test_findings_of_the_check_appear_with_their_remedies_in_the_details(
    config: Path, wizard: Wizard
) -> None:
    finding = Finding(
        "env-world-readable", "Everybody can read it.", "chmod 600", Severity.ERROR, config, 3
    )
    async with wizard(config, check=lambda _container: [finding]) as operator:
        await operator.until(lambda: "In the files: 1 error" in operator.read())
        assert "config.toml:3: Everybody can read it." in operator.text()
        await operator.press("ctrl+t")
        assert operator.screen == "PageScreen"
        assert "Everybody can read it." in operator.text()
        assert "→ chmod 600" in operator.text()
        await operator.press("escape")
        assert operator.screen == "AccountScreen"


async def test_check_that_never_ends_delays_nothing(config: Path, wizard: Wizard) -> None:
    never = threading.Event()

    def check(_container: object) -> list[Finding]:
        never.wait()
        return []

    async with wizard(config, check=check) as operator:
        assert "The files are being checked" in operator.read()
        await operator.go_to("user")
        await operator.press("escape")
        assert operator.has_left
    never.set()


def slow_compose(directory: Path) -> tuple[dict[str, str], Path]:
    """Put a Compose in place that answers nothing until a file is there, and then fails."""
    answer = directory / "answer"
    script = f"until [ -e '{answer}' ]; do sleep 0.02; done; exit 1"
    return {**stand_in(directory, script), "HOME": str(directory)}, answer


async def test_nothing_is_said_to_be_wrong_while_compose_has_not_answered(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    environ, answer = slow_compose(tmp_path)
    async with wizard(config, environ=environ) as operator:
        assert "✗" not in operator.drawn()
        focus = operator.focus
        answer.touch()
        await operator.until(lambda: "stored in .env" in operator.drawn())
        await operator.settled()
        assert operator.focus == focus


async def test_test_waits_for_compose_and_keys_are_not_lost(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    config.write_text("")
    environ, answer = slow_compose(tmp_path)
    async with wizard(config, environ=environ) as operator:
        assert "being asked" in operator.text()
        operator.burst(*DEMO_USER, "tab", *PASSWORD, "tab", *DEMO_HOST, "enter")
        await operator.handled()
        answer.touch()
        await operator.until(lambda: "The server can send mail" in operator.drawn())


async def test_secret_is_not_judged_where_compose_refuses_its_files(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  bom: [\n")
    async with wizard(config, environ={"PATH": ""}) as operator:
        assert "not known from here" in operator.drawn_row("secret")
        assert "✗" not in operator.drawn()


async def test_first_panel_names_the_file_that_gives_the_secret(
    config: Path, tmp_path: Path, wizard: Wizard
) -> None:
    service = "image: wwhsoft/bomnipotent_server\n    environment: {SMTP_SECRET: '${MAIL_PW}'}"
    (tmp_path / "compose.yaml").write_text(f"services:\n  bom:\n    {service}\n")
    config.write_text("")
    async with wizard(config, environ={"PATH": ""}) as operator:
        shown = f"{short_path(tmp_path / '.env')}, gets one more line"
        await operator.until(lambda: shown in operator.text())


async def test_operator_who_reads_nothing_changes_nothing(config: Path, wizard: Wizard) -> None:
    """Enter alone, however often, only tests and closes."""
    async with wizard(config) as operator:
        await operator.press("enter", "enter")
        await done(operator)
    assert config.read_text() == CONFIG


async def done(operator: Operator) -> None:
    await operator.until(lambda: operator.app._exit)  # noqa: SLF001
    assert operator.app.flow.closed


async def test_directory_that_cannot_be_searched_is_told_in_the_list_of_files(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "bomnipotent_config").symlink_to("a" * 300)  # fails even for root
    config = tmp_path / "other" / "config.toml"
    config.parent.mkdir()
    async with wizard(config) as operator:
        session = operator.app.flow.session
        session.open = partial(reopened, session)
        await operator.press("ctrl+o")
        assert operator.screen == "FilesScreen"
        assert "cannot be read" in operator.text()
        await operator.press("escape")
        await operator.choose("verify", "not at all")
        assert operator.screen == "AccountScreen"


async def test_password_that_compose_does_not_pass_on_is_not_called_missing(
    config: Path, wizard: Wizard
) -> None:
    compose = config.parent.parent / "compose.yaml"
    compose.write_text(COMPOSE.replace("      SMTP_SECRET: ${SMTP_SECRET}\n", "      TZ: UTC\n"))
    async with wizard(config) as operator:
        await operator.until(lambda: operator.app.flow.session.asked_compose is None)
        await operator.go_to("secret")
        await operator.press("enter")
        assert "Stored, but the server does not get it" in operator.drawn_row("secret")
        assert "SMTP_SECRET: ${SMTP_SECRET:?}" in operator.read()


async def test_compose_may_answer_during_a_test_that_the_password_is_not_passed_on(
    config: Path, wizard: Wizard, tmp_path: Path
) -> None:
    compose = config.parent.parent / "compose.yaml"
    compose.write_text(COMPOSE.partition("    environment:")[0])
    service = {"image": "wwhsoft/bomnipotent_server:1.5.0", "volumes": [
        {"type": "bind", "source": str(config.parent), "target": "/etc/bomnipotent_server/configs"}
    ]}  # fmt: skip
    model = json.dumps({"services": {"bomnipotent_server": service}})
    asked = tmp_path / "answer"
    script = f"while [ ! -e {asked} ]; do sleep 0.05; done; echo '{model}'"
    environ = stand_in(tmp_path, script)
    async with wizard(config, environ=environ) as operator:
        operator.burst("ctrl+r")
        await operator.until(lambda: "Live test" in operator.drawn())
        asked.touch()
        await operator.settled()
        assert operator.app.flow.session.asked_compose is None
        assert "the server does not get it" in operator.drawn_row("secret")


async def test_fixing_after_a_write_begins_with_what_was_written(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, check=partial(find_config, config)) as operator:
        await operator.fill("user", DEMO_USER)
        await operator.fill("secret", "wrong")
        await operator.fill("endpoint", DEMO_HOST)
        await operator.push("Review anyway")
        await operator.push("Write anyway")
        await operator.until(lambda: operator.screen == "DoneScreen")
        assert "Enter close" in operator.drawn().splitlines()[-1]
        await operator.press("right")
        await operator.until(lambda: "Enter correct it" in operator.drawn().splitlines()[-1])
        await operator.press("enter")
        await operator.until(lambda: operator.screen == "AccountScreen")
        await operator.settled()
        assert "as stored" in operator.drawn().splitlines()[0]
        assert operator.focus == "secret"
        assert "The stored one was refused" in operator.drawn_row("secret")
        assert not operator.app.flow.session.findings
        await operator.press("ctrl+q")
    assert operator.app.flow.done is not None


async def test_what_is_still_wrong_in_the_files_is_told_at_the_end(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = tmp_path / "config.toml"
    wrong = Finding("variable-unset", "Nothing sets DB.", "Set it.", Severity.ERROR, config, 1)
    async with wizard(config, check=lambda _container: [wrong]) as operator:
        await operator.fill("user", DEMO_USER)
        await operator.type(PASSWORD)
        await operator.press("enter")
        await operator.fill("endpoint", DEMO_HOST)
        await operator.press("enter", "enter")
        await operator.until(lambda: operator.screen == "DoneScreen")
        assert "In the files: 1 error" in operator.text()
        await operator.press("enter")
    done = operator.app.flow.done
    assert done is not None
    assert f"smtp-wizard check -c {short_path(config)}" in " ".join(done.lines)
    assert f"smtp-wizard undo -c {short_path(config)}" in " ".join(done.lines)


async def test_check_that_fails_after_a_write_does_not_deny_the_write(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = tmp_path / "config.toml"

    def fail(_container: object) -> list[Finding]:
        raise FileRefused("file-unreadable", "It cannot be read.", "Look at it.")

    async with wizard(config, check=fail) as operator:
        await operator.fill("user", DEMO_USER)
        await operator.type(PASSWORD)
        await operator.press("enter")
        await operator.fill("endpoint", DEMO_HOST)
        await operator.press("enter", "enter")
        await operator.until(lambda: operator.screen == "DoneScreen")
        assert "Not written" not in operator.text()
        await operator.press("enter")
    assert DEMO_HOST in config.read_text()


async def test_what_is_entered_after_a_write_is_not_lost_without_a_question(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.fill("user", DEMO_USER)
        await operator.fill("secret", "wrong")
        await operator.fill("endpoint", DEMO_HOST)
        await operator.push("Review anyway")
        await operator.push("Write anyway")
        await operator.press("right", "enter")
        await operator.go_to("secret")
        await operator.type("x")
        await operator.press("ctrl+q")
        assert operator.screen == "AskScreen"


async def test_a_password_stays_in_the_form_where_the_files_cannot_be_read_after_a_write(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config) as operator:
        await operator.fill("user", DEMO_USER)
        await operator.fill("secret", "wrong")
        await operator.fill("endpoint", DEMO_HOST)
        await operator.push("Review anyway")
        await operator.push("Write anyway")
        config.write_bytes(b"\xff")
        await operator.press("right", "enter")
        assert operator.value("secret") == "wrong"


def find_config(config: Path, _container: object) -> list[Finding]:
    if config.exists():
        return []
    return [Finding("smtp-key-unknown", "Message.", "Advice.", Severity.ERROR, config, 1)]
