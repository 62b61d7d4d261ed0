"""The library that injects faults is checked by strace, which sees what reaches the kernel."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import shim
from tests.faults.runner import ARMED, DISARMED
from tests.faults.scenario import NEW_SECRET, SCENARIOS, VARIABLE
from tests.faults.site import Site
from tests.faults.sweep import NEXT_START

ROOT = Path(__file__).parents[2]
_CHANGING = re.compile(
    r"(?:creat|p?write(?:v|64|v2)?|f?truncate|fallocate|f(?:data)?sync|syncfs|(?:rename|unlink|link"
    r"|symlink|mkdir|mknod)(?:at|at2)?|rmdir|[fl]?ch(?:mod|own)(?:at2?)?|utime(?:s|nsat)?|futimesat"
    r"|[fl]?(?:set|remove)xattr(?:at)?|copy_file_range|sendfile|splice|tee|io_uring_\w+|io_submit)"
)
_MAY_WRITE = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
_OTHER_NAMES = {"pwritev64v2": "pwritev2", "mkfifo": "mknod"}


@pytest.fixture
def strace() -> str:
    if why := shim.missing():
        pytest.skip(why)
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    if subprocess.run([found, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    return found


@pytest.mark.parametrize(
    "scenario", ["first run, Compose", "reconfiguration, links", "secret removed"]
)
def test_every_call_that_changes_a_file_is_counted(
    strace: str, tmp_path: Path, scenario: str
) -> None:
    trace = tmp_path / "trace"
    command = [sys.executable, "-m", "tests.faults", "--scenario", scenario, "--calls"]
    done = subprocess.run(
        [strace, "-f", "-qq", "-s", "200", "-o", str(trace), *command],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    counted = [line.split(" ", 2)[1] for line in done.stdout.splitlines() if line[0] in "wf"]
    assert [_kernel_name(name) for name in counted] == list(_traced(trace.read_text()))
    assert len(counted) > 10


def _kernel_name(name: str) -> str:
    """Return the kernel's name for a function of libc."""
    if re.fullmatch(r"open(at)?(64)?", name):
        return "openat"
    return name.removesuffix("64") if name != "pwrite64" else name


def _traced(trace: str) -> list[str]:
    """Return the system calls that change files, between the two marks of the armed process."""
    lines = trace.splitlines()
    armed = next(line for line in lines if ARMED in line)
    process = armed.split()[0]
    traced: list[str] = []
    for line in lines[lines.index(armed) :]:
        number, _, call = line.partition(" ")
        if number != process:
            continue
        if DISARMED in call:
            return traced
        name = re.match(r"\s*(\w+)\(", call)
        if name is None:
            continue
        opens = name[1] in ("open", "openat", "openat2") and _MAY_WRITE.search(call)
        if opens or _CHANGING.fullmatch(name[1]):
            traced.append("openat" if opens else name[1])
    raise AssertionError("the process was not disarmed")


INJECTED = [
    ("renameat", 1, "error=EIO"),
    ("renameat", 2, "signal=SIGKILL"),
    ("renameat", 3, "signal=SIGKILL"),
    ("renameat", 3, "error=EIO"),
    ("renameat", 4, "signal=SIGKILL"),
    ("fsync", 5, "error=EIO"),
    ("pwrite64", 1, "error=ENOSPC"),
    ("pwrite64", 3, "error=ENOSPC"),
]


@pytest.mark.parametrize(("call", "when", "fault"), INJECTED)
def test_fault_by_strace_in_a_whole_process_loses_nothing(
    strace: str, tmp_path: Path, call: str, when: int, fault: str
) -> None:
    """The same by other means: in a process of its own, with faults from the kernel's side."""
    site = Site(tmp_path)
    site.create()
    scenario = next(each for each in SCENARIOS if each.name == "reconfiguration")
    scenario.prepare(site.files)
    site.keep("old")
    old = site.state()
    environ = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        VARIABLE: NEW_SECRET,
    } | site.environ

    def start(arguments: tuple[str, ...], *prefix: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wizard", *scenario.command(site.files, arguments)]
        return subprocess.run(
            [*prefix, *command], env=environ, capture_output=True, text=True, check=False
        )

    assert start(scenario.save).returncode == 0
    new = site.state()
    site.bring_back("old")
    trace = tmp_path / "trace"
    inject = f"inject={call}:{fault}:when={when}"
    done = start(scenario.save, strace, "-f", "-o", str(trace), "-e", inject)
    assert done.returncode in ((-signal.SIGKILL,) if "KILL" in fault else (0, 5)), done.stderr
    assert "(INJECTED)" in trace.read_text() or done.returncode < 0
    if done.returncode >= 0:
        assert site.state() == (new if done.returncode == 0 else old)
    assert start(NEXT_START).returncode == 0
    assert site.final_state() in (old, new)
