"""The program in German: its words change, and nothing else does."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.language.sources import PACKAGE, placeholders
from wizard.cli.parser import parse_arguments
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.delivery import compose_test_mail
from wizard.live_test.diagnosis import TABLE, diagnose
from wizard.live_test.diagnosis_rule import Rule
from wizard.live_test.failure import Failure, Stage
from wizard.secrets.secret import Secret
from wizard.text import language
from wizard.text.language import _

GERMAN = {"LANG": "de_DE.UTF-8"}
ENGLISH = {"LANG": "en_GB.UTF-8"}
SETTINGS = SmtpSettings("me@example.org", Endpoint.parse("mail.example.org"), False, Secret("x"))
CONFIG = """\
[smtp]
user = "me@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(
    directory: Path, environ: dict[str, str], *arguments: str, stdin: str | None = None
) -> Result:
    """Run the program with nothing but ``environ`` to tell it a language."""
    kept = ("PATH", "XDG_STATE_HOME")
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments],
        cwd=directory,
        env={
            **{name: os.environ[name] for name in kept},
            "HOME": str(directory),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUTF8": "1",
            **environ,
        },
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def german() -> Iterator[None]:
    """Speak German in this process."""
    language.use("de")
    yield
    language.use("en")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de"}, "de"),
        ({"LANG": "de_AT@euro"}, "de"),
        ({"LANG": "de@euro"}, "de"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": ""}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_CH.UTF-8"}, "de"),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:de"}, "de"),
        ({"LANG": "C", "LANGUAGE": "de"}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environ: dict[str, str], expected: str) -> None:
    assert language.choose(environ) == expected


@pytest.mark.parametrize(
    ("environ", "flags"),
    [
        (GERMAN, ()),
        ({"LC_ALL": "C"}, ("--lang", "de")),
        (ENGLISH, ("--lang=de",)),
        (ENGLISH, ("--lang", "en", "--lang", "de")),
    ],
)
def test_help_is_german(tmp_path: Path, environ: dict[str, str], flags: tuple[str, ...]) -> None:
    done = run(tmp_path, environ, *flags, "--help")
    assert done.code == 0
    assert done.out.startswith("Aufruf: smtp-wizard")
    assert "Richtet die SMTP-Einstellungen von BOMnipotent Server ein" in done.out
    assert "diese Hilfe zeigen und beenden" in done.out
    assert "usage:" not in done.out


@pytest.mark.parametrize(
    ("environ", "flags"),
    [({**GERMAN, "LC_ALL": "C"}, ()), (GERMAN, ("--lang", "en")), ({}, ())],
)
def test_help_is_english(tmp_path: Path, environ: dict[str, str], flags: tuple[str, ...]) -> None:
    done = run(tmp_path, environ, *flags, "--help")
    assert done.out.startswith("usage: smtp-wizard")
    assert "show this help message and exit" in done.out
    assert "Einstellungen" not in done.out


def test_the_flag_may_follow_the_command(tmp_path: Path) -> None:
    assert run(tmp_path, ENGLISH, "check", "--lang", "de", "--help").out.startswith("Aufruf:")


def test_another_language_is_a_usage_error(tmp_path: Path) -> None:
    english = run(tmp_path, ENGLISH, "--lang", "fr", "show", "--json")
    german = run(tmp_path, GERMAN, "--lang", "fr", "show", "--json")
    assert (english.code, german.code) == (2, 2)
    assert english.json["error"]["code"] == german.json["error"]["code"] == "usage"
    assert english.json["error"]["message"] == "--lang takes one of these: en, de."
    assert german.json["error"]["message"] == "--lang nimmt eines von diesen: en, de."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "--endpoint", "mail.example.org:465"), "kann kein Port folgen"),
        (("set", "--nonsense"), "unbekannte Argumente: --nonsense"),
        (("set", "--timeout", "x"), "keine Zahl von Sekunden"),
        (("show", "-c", "."), "Das ist ein Verzeichnis."),
        (("undo",), "rückgängig gemacht werden könnte"),
        (("exec", "--", "true"), ""),
    ],
    ids=["endpoint", "argument", "timeout", "directory", "undo", "exec"],
)
def test_an_error_is_german_and_has_its_code(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    flags = ("--json",) if arguments[0] != "exec" else ()
    command, *rest = arguments
    german = run(tmp_path, GERMAN, command, *flags, *rest)
    english = run(tmp_path, ENGLISH, command, *flags, *rest)
    assert german.code == english.code
    assert german.code != 0
    if flags:
        assert german.json["error"]["code"] == english.json["error"]["code"]
        assert german.json["error"].keys() == english.json["error"].keys()
        assert words.lower() in german.json["error"]["message"].lower()
    assert german.out + german.err != english.out + english.err


def test_findings_are_german_and_otherwise_the_same(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG + 'unknown = "x"\n')
    (tmp_path / ".env").write_text("SMTP_SECRET=\n")
    (tmp_path / ".env").chmod(0o644)
    german = run(tmp_path, GERMAN, "check", "--json")
    english = run(tmp_path, ENGLISH, "check", "--json")
    assert german.code == english.code == 8
    ours, theirs = german.json["findings"], english.json["findings"]
    assert len(ours) >= 3
    for one, other in zip(ours, theirs, strict=True):
        assert one.keys() == other.keys()
        for name in ("code", "severity", "path", "line"):
            assert one[name] == other[name]
        assert one["message"] != other["message"]
    unknown = next(one["message"] for one in ours if one["code"] == "smtp-key-unknown")
    assert unknown.startswith("Der Server kennt 'unknown' in [smtp] nicht")


def test_a_diagnosis_is_german_and_otherwise_the_same(tmp_path: Path) -> None:
    flags = ("test", "--user", "a@b.example", "--endpoint", "smtp://127.0.0.1:1", "--json")
    german, english = run(tmp_path, GERMAN, *flags), run(tmp_path, ENGLISH, *flags)
    assert german.code == english.code == 3
    ours, theirs = german.json, english.json
    assert ours["diagnosis"]["summary"] == "127.0.0.1 ist da, aber auf Port 1 lauscht nichts."
    assert ours["diagnosis"]["code"] == theirs["diagnosis"]["code"] == "refused"
    assert ours["route"] == theirs["route"]
    assert [each["stage"] for each in ours["stages"]] == [
        each["stage"] for each in theirs["stages"]
    ]
    assert ours.keys() == theirs.keys()


def test_the_files_are_the_same_in_every_language(tmp_path: Path) -> None:
    flags = (
        *("set", "--user", "me@example.org", "--endpoint", "mail.example.org", "--starttls"),
        *("--secret-stdin", "--no-test", "--skip-verification", "--server-version", "1.5"),
    )
    for name, environ in (("german", GERMAN), ("english", ENGLISH)):
        (tmp_path / name).mkdir()
        assert run(tmp_path / name, environ, *flags, stdin="open$esame\n").code == 0
    for name in ("config.toml", ".env"):
        theirs = (tmp_path / "english" / name).read_bytes()
        assert (tmp_path / "german" / name).read_bytes() == theirs


def test_a_second_run_in_the_other_language_changes_nothing(tmp_path: Path) -> None:
    flags = ("set", "--user", "me@example.org", "--endpoint", "mail.example.org", "--no-test")
    assert run(tmp_path, ENGLISH, *flags, "--no-secret").code == 0
    assert run(tmp_path, GERMAN, *flags, "--json").json["changed"] is False


def test_the_program_behind_exec_gets_the_environment_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / ".env").write_text("SMTP_SECRET=x\n")
    for given in ({}, {"LANGUAGE": "fr"}):
        done = run(tmp_path, {**ENGLISH, **given}, "--lang", "de", "exec", "--", "env")
        found = [line for line in done.out.splitlines() if line.startswith("LANGUAGE=")]
        assert found == [f"{name}={value}" for name, value in given.items()]


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.code)
def test_every_diagnosis_exists_in_german(rule: Rule) -> None:
    assert _(rule.summary) != rule.summary
    assert _(rule.remedy) != rule.remedy


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("stage", Stage)
def test_a_diagnosis_has_its_values_filled_in(stage: Stage) -> None:
    for cause in {rule.cause for rule in TABLE}:
        found = diagnose(
            Failure(stage, cause, system_words="nichts", waited=15, said="250 x"), SETTINGS
        )
        for sentence in (found.summary, found.remedy):
            assert not placeholders(sentence.replace("${…}", "")), sentence


@pytest.mark.usefixtures("german")
def test_the_test_mail_is_german_in_plain_ascii() -> None:
    data = compose_test_mail("me@example.org", "you@example.org", SETTINGS.route, "me@example.org")
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 78
    mail = message_from_bytes(data, policy=policy.default)
    assert mail["Subject"].startswith("Test-E-Mail: Die E-Mail-Einstellungen von BOMnipotent")
    text = mail.get_content()
    assert "vom ersten Byte an verschlüsselt" in text
    assert "Die Anmeldung von me@example.org wird angenommen." in text


def test_argparse_is_translated_only_while_the_command_line_is_parsed() -> None:
    before = vars(argparse)["_"], vars(argparse)["ngettext"]
    parse_arguments(["--lang", "de", "show"])
    assert (vars(argparse)["_"], vars(argparse)["ngettext"]) == before


def test_a_value_with_braces_is_shown_as_it_is() -> None:
    assert _("The server said: {words}", words="{name} {0} {") == "The server said: {name} {0} {"


def test_a_sentence_without_values_keeps_its_braces() -> None:
    text = "The password contains ${, which the server may take for a variable. "
    assert _(text) == text


def test_the_catalogue_is_found_inside_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "program.pyz"
    with zipfile.ZipFile(archive, "w") as made:
        for path in PACKAGE.rglob("*"):
            if "__pycache__" not in path.parts:
                made.write(path, path.relative_to(PACKAGE.parent))
    done = run(tmp_path, {**GERMAN, "PYTHONPATH": str(archive)}, "--help")
    assert done.out.startswith("Aufruf: smtp-wizard")
    assert "Live testen" in run(tmp_path, {**GERMAN, "PYTHONPATH": str(archive)}, "test", "-h").out


def test_a_number_has_a_point_in_english() -> None:
    assert language.decimal(0.44) == "0.4"


@pytest.mark.usefixtures("german")
def test_a_number_has_a_comma_in_german() -> None:
    assert language.decimal(0.44) == "0,4"
    assert language.decimal(12.346, 2) == "12,35"
