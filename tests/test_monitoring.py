"""What docs/monitoring.md gives to paste is understood by those who read it."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_readme import page
from wizard.cli.parser import parse_arguments
from wizard.cli.test_command import NAGIOS_EXIT
from wizard.live_test.failure import Verdict

PAGE = page("monitoring")
PROGRAM = "/usr/local/bin/smtp-wizard"
CONFIG = "/srv/bomnipotent/bomnipotent_config/config.toml"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def units() -> dict[str, str]:
    """Return the name of each unit's file, and what is in it."""
    found = {}
    for block in blocks("ini"):
        head, _line_feed, text = block.partition("\n")
        found[Path(head.removeprefix("# ")).name] = text
    return found


def commands() -> list[list[str]]:
    """Return the arguments of each call of the program, wherever it stands."""
    [icinga] = blocks("icinga2")
    listed = re.findall(r'"([^"]*)"', icinga[icinga.index("[") : icinga.index("]")])
    lines = [
        shlex.split(line.partition(" | ")[0])
        for language in ("sudoers", "nagios", "ini", "cron")
        for block in blocks(language)
        for line in block.splitlines()
        if PROGRAM in line
    ]
    found = [*lines, listed]
    return [words[next(n for n, word in enumerate(words) if word.endswith(PROGRAM)) + 1 :]
            for words in found]  # fmt: skip


def test_each_command_is_understood() -> None:
    shown = [parse_arguments(words) for words in commands()]
    assert {(options.command, str(options.config)) for options in shown} == {("test", CONFIG)}
    assert [options.format for options in shown].count("nagios") == 4
    assert len(shown) == 5


def test_the_states_are_those_of_the_plugin() -> None:
    rows = re.findall(r"^\| ([A-Z]+) \| (\d) \| (\w+)", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
    for (_word, code, verdict), each in zip(rows, Verdict, strict=True):
        assert each.startswith(verdict)
        assert int(code) == NAGIOS_EXIT[each]


def test_sudo_allows_exactly_what_the_plugin_calls() -> None:
    [rule] = blocks("sudoers")
    allowed = rule.partition("NOPASSWD: ")[2].strip()
    [nagios] = blocks("nagios")
    assert f"/usr/bin/sudo {allowed}\n" in nagios


def test_sudo_reads_its_line(tmp_path: Path) -> None:
    visudo = shutil.which("visudo", path="/usr/sbin:/usr/bin")
    if visudo is None:
        pytest.skip("sudo is not installed")
    file = tmp_path / "smtp-wizard"
    file.write_text(blocks("sudoers")[0])
    done = subprocess.run([visudo, "-cf", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_units_name_each_other() -> None:
    read = {}
    for name, text in units().items():
        read[name] = configparser.ConfigParser(interpolation=None, delimiters="=")
        read[name].read_string(text)
    service, timer, failed = "smtp-test.service", "smtp-test.timer", "smtp-test-failed.service"
    assert read.keys() == {service, timer, failed}
    assert read[service]["Unit"]["OnFailure"] == failed
    assert read[timer]["Install"]["WantedBy"] == "timers.target"
    assert f"systemctl enable --now {timer}" in PAGE


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for name, text in units().items():
        # The programs need not be on this machine.
        (tmp_path / name).write_text(
            re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M)
        )
    verify = ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    about_ours = [line for line in done.stderr.splitlines() if "smtp-test" in line]
    assert (done.returncode, about_ours) == (0, [])


def test_systemd_reads_the_time(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    [when] = re.findall(r"^OnCalendar=(.*)$", PAGE, re.MULTILINE)
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=3", when],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Normalized form: *-*-* *:00/30:00" in done.stdout


def test_cron_has_five_fields_an_account_and_no_percent_sign() -> None:
    """Cron takes a percent sign for the end of the line."""
    [block] = blocks("cron")
    [line] = [line for line in block.splitlines() if not line.startswith("#")]
    *times, account, program = line.split()[:7]
    assert all(re.fullmatch(r"[\d,*/-]+", field) for field in times)
    assert (len(times), account, program) == (5, "root", PROGRAM)
    assert "%" not in line
