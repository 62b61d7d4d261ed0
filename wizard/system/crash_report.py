"""The report of an unexpected error: what it takes to fix it, and no value at all.

A message, a local variable or a line of a file may hold a secret; so a report contains only places
in the code, types of exceptions and versions.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wizard import __version__
from wizard.errors import WizardError
from wizard.system.state import remove_private, state_dir, write_private

KEPT = 5
"""How many reports are kept."""
_DISTRIBUTIONS = ("textual", "rich", "tomlkit", "keyring", "aiosmtplib", "cryptography")
_PACKAGES = re.compile(r".*/(?:site-packages|dist-packages|python3\.\d+)/")
_OWN_ROOT = str(Path(__file__).parents[2]) + os.sep
_TERMINAL_NAME = re.compile(r"[\w.+-]{1,40}\Z", re.ASCII)
_MAX_FRAMES = 60
_MAX_EXCEPTIONS = 12


@dataclass(frozen=True, slots=True)
class CrashContext:
    """What the program was doing: constants of its own, never anything that was entered."""

    command: str = ""
    """``set``, ``wizard`` and so on; empty while it is not known yet."""
    stage: str = ""
    """The step of the wizard."""
    layout: str = ""
    """How the server is run."""


class StepCrashed(Exception):
    """An unexpected error at a step of the wizard; the error itself is the cause."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self.stage = stage


def crash_report_text(error: BaseException, context: CrashContext) -> str:
    """Return the whole report."""
    rows = {
        "smtp-wizard": __version__,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": context.command,
        "stage": context.stage,
        "layout": context.layout,
        "python": f"{sys.implementation.name} {sys.version.split()[0]}",
        "system": _system(),
        "terminal": _terminal(),
        "encoding": getattr(sys.stdout, "encoding", None) or "",
        **_versions(),
    }
    head = [f"{name + ':':<13}{value}" for name, value in rows.items() if value]
    return "\n".join([*head, "", *_exceptions(error)]) + "\n"


def save_crash_report(report: str) -> Path | None:
    """Keep a report, readable by this account alone; return its path, None where that failed.

    It goes to the state directory; where there is none, to that for temporary files.
    """
    with suppress(OSError):
        directory = state_dir("reports")
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
        path = directory / f"{stamp}.txt"
        write_private(path, report.encode("utf-8", "backslashreplace"))
        _remove_oldest(directory)
        return path
    with suppress(OSError):
        descriptor, name = tempfile.mkstemp(prefix="smtp-wizard-", suffix=".txt")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(report.encode("utf-8", "backslashreplace"))
        return Path(name)
    return None


def _remove_oldest(directory: Path) -> None:
    # Their names begin with the time.
    for path in sorted(directory.glob("*.txt"))[:-KEPT]:
        with suppress(OSError):
            remove_private(path)


def _exceptions(error: BaseException) -> Iterator[str]:
    """Yield the lines about the exception and all that led to it, the last one first."""
    waiting: list[tuple[str, BaseException]] = [("", error)]
    reported: set[int] = set()
    while waiting and len(reported) < _MAX_EXCEPTIONS:
        relation, each = waiting.pop(0)
        if id(each) in reported:
            continue
        reported.add(id(each))
        if relation:
            yield f"\n{relation}:"
        yield from _exception(each)
        if each.__cause__ is not None:
            waiting.append(("caused by", each.__cause__))
        if each.__context__ is not None:
            waiting.append(("while dealing with", each.__context__))
        if isinstance(each, BaseExceptionGroup):
            waiting += [("one of the group", member) for member in each.exceptions]


def _exception(error: BaseException) -> Iterator[str]:
    """Yield the type of an exception and the places it came through, the innermost last."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    if isinstance(error, WizardError):
        name += f" ({error.code})"
    elif isinstance(error, OSError) and isinstance(error.errno, int):
        name += f" (errno {error.errno})"
    yield name
    yield from _places(error)


def _places(error: BaseException) -> Sequence[str]:
    frames = [
        f"  {_file(frame.f_code.co_filename)}:{line} in {frame.f_code.co_qualname}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    if len(frames) > _MAX_FRAMES:
        half = _MAX_FRAMES // 2
        omitted = len(frames) - 2 * half
        frames[half:-half] = [f"  … {omitted} more …"]
    return frames


def _file(name: str) -> str:
    """Return a file's name without the directories of the operator's machine."""
    short = _PACKAGES.sub("", name.removeprefix(_OWN_ROOT))
    return "/".join(Path(short).parts[-3:]) if short.startswith(os.sep) else short


def _system() -> str:
    import platform

    return f"{platform.system()} {platform.release()} {platform.machine()}"


def _terminal() -> str:
    name = os.environ.get("TERM", "")
    if not _TERMINAL_NAME.match(name):  # anybody may have set it to anything
        return ""
    with suppress(OSError):
        columns, lines = os.get_terminal_size(2)
        return f"{name}, {columns}x{lines}"
    return name


def _versions() -> dict[str, str]:
    """Return the versions of the installed distributions, without importing any."""
    from importlib import metadata

    found = {}
    for name in _DISTRIBUTIONS:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
