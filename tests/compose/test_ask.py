"""What comes of a Compose that hangs, talks too much, or refuses; and who it runs as.

The programs here are fakes, for what the real Compose does only where something is broken.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compose.test_running import stand_in
from wizard.compose.ask import ask_container
from wizard.compose.container import Container, OriginKind

COMPOSE = """\
services:
  server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment:
      SMTP_SECRET: ${MAIL_PW}
"""
ANSWER = '{"services": {"server": {"image": "bomnipotent_server", "environment": {"A": "p$$w"}}}}'
SECRET = "correct-horse"


def ask(directory: Path, script: str | None, text: str = COMPOSE) -> Container:
    """Ask a stand-in for docker; without a script, there is none."""
    compose = directory / "compose.yaml"
    compose.write_text(text)
    (directory / ".env").write_text(f"MAIL_PW={SECRET}\n")
    nothing = {"PATH": str(directory / "empty")}
    environ = nothing if script is None else stand_in(directory, script)
    return ask_container(compose, directory, directory / "config" / "config.toml", environ)


def test_dollar_signs_are_as_the_container_gets_them(tmp_path: Path) -> None:
    container = ask(tmp_path, f"cat <<'END'\n{ANSWER}\nEND")
    assert container.asked == "docker compose"
    assert container.value("A") == "p$w"


def test_docker_without_compose_is_no_docker(tmp_path: Path) -> None:
    container = ask(tmp_path, "echo 'docker: unknown command: docker compose' >&2; exit 1")
    assert (container.asked, container.not_judged) == ("files", "")
    assert container.value("SMTP_SECRET") == SECRET


def test_without_docker_the_plain_files_are_read(tmp_path: Path) -> None:
    container = ask(tmp_path, None)
    assert (container.asked, container.not_judged) == ("files", "")
    assert container.origin("SMTP_SECRET") == (
        OriginKind.PROJECT, "MAIL_PW", tmp_path / ".env", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("sleep 60", "docker compose did not answer within 4 seconds"),
        ("(sleep 60 &) ; sleep 60", "docker compose did not answer within 4 seconds"),
        ("yes | head -c 100000000", "docker compose printed too much"),
    ],
    ids=["hangs", "hangs with a child", "100 MB"],
)
def test_compose_that_gives_no_answer_is_said_to(tmp_path: Path, script: str, reason: str) -> None:
    container = ask(tmp_path, script)
    assert (container.asked, container.not_judged) == ("files", reason)


@pytest.mark.parametrize(
    "words",
    [
        f'invalid interpolation format for services.server.environment.X: "{SECRET}${{"',
        f'failed to read .env: line 1: unexpected character "(" in variable name "{SECRET}("',
        f'an open quote: "{SECRET}',
    ],
    ids=["interpolation", ".env", "open quote"],
)
def test_reason_of_compose_is_told_without_what_it_quotes(tmp_path: Path, words: str) -> None:
    script = f"case \"$*\" in *version|*help) exit 0;; esac\ncat >&2 <<'END'\n{words}\nEND\nexit 1"
    container = ask(tmp_path, script)
    assert container.refusal.startswith(words.partition('"')[0])
    assert SECRET not in container.refusal


def test_reason_of_compose_is_told_without_values_that_it_does_not_quote(tmp_path: Path) -> None:
    words = f"services.server.ports: invalid port {SECRET} (also {SECRET.upper()[:9]})"
    script = f"case \"$*\" in *version|*help) exit 0;; esac\necho '{words}' >&2\nexit 1"
    refusal = ask(tmp_path, script).refusal
    assert refusal.startswith("services.server.ports: invalid port ")
    assert SECRET[:6] not in refusal.lower()


def test_output_that_is_no_project_is_survived(tmp_path: Path) -> None:
    for output in ("[]", "{}", "services: []", '{"services": null}', "\\xff"):
        assert ask(tmp_path, f"printf '{output}'").service == ""


def test_nothing_is_fetched_from_elsewhere_unless_it_is_wished(tmp_path: Path) -> None:
    script = 'env > "$(dirname "$0")/../seen"; echo \'{}\''
    ask(tmp_path, script)
    seen = (tmp_path / "seen").read_text()
    assert "COMPOSE_EXPERIMENTAL_GIT_REMOTE=false" in seen
    assert "COMPOSE_EXPERIMENTAL_OCI_REMOTE=false" in seen


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as somebody else")
def test_in_a_strangers_directory_compose_has_no_more_rights_and_sees_nothing_of_root(
    place: Path,
) -> None:
    os.chown(place, 4711, 4711)
    script = 'id -u > "$(dirname "$0")/../who"; env >> "$(dirname "$0")/../who"; echo \'{}\''
    code = f"""
import os
from pathlib import Path
from tests.compose.test_ask import ask
os.environ["TOP_SECRET"] = "of root"
container = ask(Path({str(place)!r}), {script!r})
assert "TOP_SECRET" not in container.project.variables
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"SUDO_UID": "x"})
    who = (place / "who").read_text()
    assert who.splitlines()[0] == "4711"
    assert "of root" not in who


def test_dollar_compose_file_may_name_other_files(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(COMPOSE)
    text = "COMPOSE_FILE=stack.yaml:more.yaml\nMAIL_PW=x\n"
    (tmp_path / "more.yaml").write_text("services: {server: {hostname: mail.example.org}}\n")
    (tmp_path / ".env").write_text(text)
    container = ask_container(
        tmp_path / "stack.yaml", tmp_path, tmp_path / "c" / "config.toml", {"PATH": ""}
    )
    assert container.hostname == "mail.example.org"
    assert container.value("SMTP_SECRET") == "x"
    assert container.project.files == (tmp_path / "stack.yaml", tmp_path / "more.yaml")


def test_an_older_compose_has_put_in_the_env_files_already(tmp_path: Path) -> None:
    (tmp_path / "mail.env").write_text(f"# ours\nSMTP_SECRET={SECRET}\n")
    text = COMPOSE.replace(
        "    environment:\n      SMTP_SECRET: ${MAIL_PW}\n", "    env_file: mail.env\n"
    )
    environment = f'{{"SMTP_SECRET": "{SECRET}"}}'
    answer = f'{{"services": {{"server": {{"image": "x", "environment": {environment}}}}}}}'
    answer = answer.replace('"x"', '"bomnipotent_server"')
    container = ask(tmp_path, f"cat <<'END'\n{answer}\nEND", text)
    path = tmp_path / "mail.env"
    assert container.origin("SMTP_SECRET") == (OriginKind.ENV_FILE, "SMTP_SECRET", path, 2)
    target = container.target("SMTP_SECRET")
    assert target is not None
    assert target.path == path


def test_an_older_compose_has_put_in_what_it_passes_on(tmp_path: Path) -> None:
    text = COMPOSE.replace("      SMTP_SECRET: ${MAIL_PW}\n", "      - MAIL_PW\n")
    environment = f'{{"MAIL_PW": "{SECRET}"}}'
    answer = f'{{"services": {{"server": {{"environment": {environment}}}}}}}'
    answer = answer.replace('"environment"', '"image": "bomnipotent_server", "environment"')
    container = ask(tmp_path, f"cat <<'END'\n{answer}\nEND", text)
    assert container.origin("MAIL_PW") == (OriginKind.PROJECT, "MAIL_PW", tmp_path / ".env", 1)
