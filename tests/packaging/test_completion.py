"""The completions work in a real shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.cli import main

# What a shell does when Tab is pressed: it sets these, and calls the function.
TAB = """
. {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
$(complete -p smtp-wizard | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    printed = subprocess.run(
        [sys.executable, "-m", "wizard", "--print-completion", "bash"], capture_output=True,
        check=True,
    )  # fmt: skip
    assert printed.stderr == b""
    path = tmp_path_factory.mktemp("completion") / "smtp-wizard"
    path.write_bytes(printed.stdout)
    return path


def completed(script: Path, words: str, directory: Path) -> set[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", TAB.format(script=script, words=words)],
        cwd=directory, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("smtp-wizard ''", {"set", "test", "check", "show", "exec", "undo", "demo"}),
        ("smtp-wizard s", {"set", "show"}),
        ("smtp-wizard set --secret-", {"--secret-stdin", "--secret-file", "--secret-env",
                                       "--secret-var"}),
        ("smtp-wizard set --no-s", {"--no-starttls", "--no-secret"}),
        ("smtp-wizard set --store ''", {"env", "keyring", "credential"}),
        ("smtp-wizard test --trans", {"--transcript"}),
        ("smtp-wizard -c con", {"config.toml"}),
        ("smtp-wizard undo --dry", {"--dry-run"}),
    ],
)  # fmt: skip
def test_bash_completes(words: str, expected: set[str], script: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    assert completed(script, words, tmp_path) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_script_is_valid(shell: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", shell])
    assert ended.value.code == 0
    printed = capfd.readouterr().out
    assert "--secret-stdin" in printed
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(printed)
    flags = {"bash": ["-n"], "zsh": ["-f", "-n"]}[shell]
    checked = subprocess.run([shell, *flags, str(path)], capture_output=True, text=True, check=True)
    assert checked.stderr == ""


def test_nothing_is_imported_for_it_until_it_is_asked_for() -> None:
    code = (
        "import sys; from wizard.cli.parser import build_parser; build_parser(); "
        "print('shtab' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
