"""Who else can read the secret: other accounts, and everybody with the git history."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.check.conftest import Check
from tests.check.vendors import CONFIG, ENV, compose, standalone, write
from tests.files.accounts import needs_root


def codes(check: Check, config: Path) -> set[tuple[str, str]]:
    return {(one.code, str(one.severity)) for one in check.config(config)}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0o600, set()),
        (0o400, set()),
        (0o640, {("env-group-readable", "note")}),
        (0o644, {("env-world-readable", "error")}),
        (0o602, {("env-world-readable", "error")}),
    ],
)
def test_env_that_others_can_read_is_found(
    check: Check, mode: int, expected: set[tuple[str, str]]
) -> None:
    config = write(check.directory, compose())
    (check.directory / ".env").chmod(mode)
    assert codes(check, config) == expected


def test_configuration_that_others_can_read_is_found_only_with_a_secret_in_it(check: Check) -> None:
    config = write(check.directory, compose())
    config.chmod(0o644)
    assert codes(check, config) == set()
    config.write_text(CONFIG.replace("mail.example.org", "smtp://u:sesame99@localhost"))
    found = codes(check, config) - {("relay-loopback", "error")}
    assert found == {("password-in-endpoint", "warning"), ("config-world-readable", "error")}


def test_file_that_is_no_file_is_found(check: Check) -> None:
    files = compose()
    del files[".env"]
    config = write(check.directory, files)
    (check.directory / ".env").mkdir()
    assert ("file-not-regular", "error") in codes(check, config)


def test_environment_that_blanks_the_env_file_is_found(check: Check) -> None:
    check.environ["SMTP_SECRET"] = ""
    assert {one[0] for one in check(standalone())} == {"environment-blank"}


def test_credential_of_a_service_needs_exec(check: Check) -> None:
    config = write(check.directory, standalone(env=ENV.replace("SMTP_SECRET=hunter22\n", "")))
    (check.directory / "smtp_secret").write_text("hunter22")
    check.environ["CREDENTIALS_DIRECTORY"] = str(check.directory)
    (found,) = check.config(config)
    assert found.code == "secret-needs-exec"
    assert "systemd credential" in found.message


# git


@pytest.fixture
def repository(check: Check) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(check.directory, "init", "--quiet")
    return write(check.directory, compose())


def git(directory: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@y", *arguments],
        cwd=directory, check=True, capture_output=True,
    )  # fmt: skip


def test_env_that_git_does_not_ignore_is_found(check: Check, repository: Path) -> None:
    assert codes(check, repository) == {("env-not-ignored", "warning")}
    (check.directory / ".gitignore").write_text("*.env\n")
    assert codes(check, repository) == set()
    (check.directory / ".gitignore").write_text("*.env\n!.env\n")
    assert codes(check, repository) == {("env-not-ignored", "warning")}


def test_env_in_the_history_of_git_is_found_even_if_it_is_ignored(
    check: Check, repository: Path
) -> None:
    git(check.directory, "add", ".env")
    (check.directory / ".gitignore").write_text(".env\n")
    assert codes(check, repository) == {("env-tracked", "error")}


def test_repository_above_is_found(check: Check, repository: Path) -> None:
    inner = check.directory / "inner"
    config = write(inner, compose())
    (check.directory / ".gitignore").write_text(".env\n")
    assert codes(check, config) == set()


def test_nothing_of_a_hostile_repository_is_run(
    check: Check, repository: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "pwned"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {marker}\n")
    evil.chmod(0o755)
    git(check.directory, "add", "bomnipotent_config")
    git(check.directory, "commit", "--quiet", "-m", "x")
    for name in (
        "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass",
        "core.gitProxy", "diff.external", "credential.helper", "filter.x.clean", "filter.x.process",
        "alias.ls-files", "alias.check-ignore", "trace2.eventTarget", "gpg.program",
        "uploadpack.packObjectsHook", "remote.origin.uploadpack",
    ):  # fmt: skip
        value = f"!{evil}" if name.startswith("alias") else str(evil)
        git(check.directory, "config", name, value)
    git(check.directory, "config", "core.hooksPath", str(tmp_path))
    for hook in ("fsmonitor-watchman", "query-watchman", "post-index-change", "post-checkout"):
        shutil.copy(evil, tmp_path / hook)
        shutil.copy(evil, check.directory / ".git" / "hooks" / hook)
    (check.directory / ".gitattributes").write_text("* filter=x diff=x\n")
    assert not marker.exists()
    assert codes(check, repository) == {("env-not-ignored", "warning")}
    assert not marker.exists()
    subprocess.run(["git", "status"], cwd=check.directory, capture_output=True, check=False)
    assert marker.exists(), "the trap works"


def test_variables_of_git_do_not_lead_it_elsewhere(check: Check, repository: Path) -> None:
    check.environ |= {
        "GIT_DIR": "/nonexistent", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.excludesFile",
        "GIT_CONFIG_VALUE_0": "/dev/null", "GIT_EXTERNAL_DIFF": "/bin/false",
    }  # fmt: skip
    (check.directory / ".gitignore").write_text(".env\n")
    assert codes(check, repository) == set()


@needs_root
def test_repository_of_another_account_is_one_that_git_does_not_look_into(
    check: Check, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    for path in (check.directory, *check.directory.rglob("*")):
        os.chown(path, 3456, 3456)
    assert codes(check, repository) >= {("env-git-not-asked", "note")}
    monkeypatch.setenv("SUDO_UID", "3456")  # as sudo does for the account that calls it
    assert codes(check, repository) == {("env-not-ignored", "warning")}


@pytest.mark.parametrize("content", ["", "gitdir: /nonexistent\n"])
def test_broken_repository_is_no_finding(check: Check, content: str) -> None:
    config = write(check.directory, compose())
    (check.directory / ".git").write_text(content)
    assert codes(check, config) == set()


def test_git_that_is_missing_or_in_the_working_directory_is_not_started(
    check: Check, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(check.directory)
    planted = check.directory / "git"
    planted.write_text(f"#!/bin/sh\ntouch {check.directory}/pwned\n")
    planted.chmod(0o755)
    for path in ("", ".", "/nonexistent"):
        check.environ["PATH"] = path
        assert codes(check, repository) == set()
    assert not (check.directory / "pwned").exists()
