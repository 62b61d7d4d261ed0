"""On Windows the program says in one sentence where it runs instead, however it is started.

There is no Windows here. A stand-in has to do: a child that believes to be there, in which what
Windows lacks cannot be imported and is not in ``os`` and ``signal`` either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SENTENCE = (
    "smtp-wizard: This program does not run on Windows, only on Linux and macOS. "
    "Run it in WSL, or use the container image smtp-wizard.\n"
)
STAND_IN = """
import os, runpy, signal, sys
kept = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN"}
for name in [name for name in vars(signal) if name.startswith("SIG") and name not in kept]:
    delattr(signal, name)
for name in (
    "chown chroot environb fchown fork forkpty geteuid getegid getgid getgroups getpgid getuid"
    " killpg lchown mkfifo openpty pread pwrite setgid setsid setuid statvfs sysconf uname wait4"
    " O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK"
).split():
    delattr(os, name)
for name in (
    "crypt curses fcntl grp nis posix pty pwd readline resource spwd syslog termios tty"
).split():
    sys.modules[name] = None
sys.platform = "win32"
"""
SCRIPTS = {
    "console script": Path(sysconfig.get_path("scripts"), "smtp-wizard"),
    "single file": PROJECT / "packaging" / "pyz_main.py",
}
WAYS = {
    "module": "runpy.run_module('wizard', run_name='__main__')",
    **{
        name: f"runpy.run_path({str(path)!r}, run_name='__main__')"
        for name, path in SCRIPTS.items()
    },
}


def start(way: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", STAND_IN + WAYS[way], *arguments],
        cwd=PROJECT, env=os.environ | environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "arguments", [[], ["set", "--user", "a@b"], ["exec", "--", "x"], ["nonsense"]]
)
def test_one_sentence_whatever_is_asked_for(way: str, arguments: list[str]) -> None:
    done = start(way, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", SENTENCE)


@pytest.mark.parametrize("way", WAYS)
def test_in_the_format_that_is_asked_for(way: str) -> None:
    done = start(way, "test", "--json")
    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout)["error"]["code"] == "platform-unsupported"


def test_in_german() -> None:
    done = start("module", "--lang", "de")
    assert done.returncode == 2
    assert "WSL" in done.stderr
    assert "läuft nicht unter Windows" in done.stderr


def test_the_stand_in_lacks_what_the_commands_need() -> None:
    """Else these tests would prove nothing."""
    code = f"{STAND_IN}\nimport wizard.system.memory"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "resource" in done.stderr.splitlines()[-1]
