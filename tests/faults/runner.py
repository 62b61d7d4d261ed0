"""Commands run in forks of this process, with or without a fault."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import signal
import sys
import traceback
from dataclasses import dataclass, field

import wizard
from tests.faults.scenario import NEW_SECRET, VARIABLE
from tests.faults.shim import Call, Fault, Shim
from tests.faults.site import Site
from wizard.cli import main

ARMED, DISARMED = "/faults/armed", "/faults/disarmed"
"""Paths that are looked up, so that strace shows where the counting begins and ends."""
_SECONDS = 60
"""A run that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended; ``code`` is None where it was killed."""

    code: int | None
    hung: bool
    output: str = field(repr=False)
    spoiled: int
    calls: list[Call] = field(repr=False)
    imported: list[str] = field(repr=False)
    """The modules that it had to import, which is not part of a save; none if it was killed."""


def prepare_process(site: Site) -> None:
    """Prepare this process, so that its forks run commands in ``site`` and import nothing more."""
    os.environ.update({**site.environ, VARIABLE: NEW_SECRET})
    for name in ("SMTP_SECRET", "CREDENTIALS_DIRECTORY"):
        os.environ.pop(name, None)
    if not site.has_keyring:
        os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        sys.executable = str(site.no_keyring)
    not_imported = (
        "wizard.ui.textual",
        "wizard.demo",
        "wizard.live_test",
        "wizard.secrets.keyring_child",
    )
    for module in pkgutil.walk_packages(wizard.__path__, "wizard."):
        if not module.name.startswith((*not_imported, "wizard.__main__")):
            importlib.import_module(module.name)
    os.chdir(site.root)


def run(shim: Shim, arguments: list[str], fault: Fault | None = None, at: int = 0) -> Run:
    """Run smtp-wizard in a fork, where call number ``at`` meets ``fault``."""
    shim.plan(fault, at)
    output, imported = os.memfd_create("output"), os.memfd_create("imported")
    child = os.fork()
    if child == 0:
        _become(shim, arguments, output, imported)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    return Run(
        ended if ended >= 0 else None,
        ended == -signal.SIGALRM,
        _text(output),
        shim.spoiled,
        shim.calls,
        _text(imported).split(),
    )


def _text(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, "rb") as stream:
        return stream.read().decode(errors="replace")


def _become(shim: Shim, arguments: list[str], output: int, imported: int) -> None:
    """Become smtp-wizard; never returns."""
    code, known = 99, set(sys.modules)
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS)
        _mark(ARMED)
        shim.arm()
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 99
        finally:
            shim.disarm()
            _mark(DISARMED)
            os.write(imported, " ".join(set(sys.modules) - known).encode())
    except BaseException:  # noqa: BLE001  (it must be seen, whatever it is)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _mark(path: str) -> None:
    with contextlib.suppress(OSError):
        os.stat(path)  # noqa: PTH116
