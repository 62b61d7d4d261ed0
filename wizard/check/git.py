"""Whether git ignores a file or has it in its history.

A repository may belong to somebody else, and its configuration can name programs to run. So only
two commands are used, which need none of them, and whatever could run or fetch is switched off.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from pathlib import Path

from wizard.system.process import (
    ChildOutputTooLong,
    ChildResult,
    ChildTimeout,
    minimal_environ,
    run_tool,
)

_SECONDS = 5.0
_SAFE_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "-c", "core.fsmonitor=false",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "core.untrackedCache=false",
    "-c", "protocol.allow=never",
    "-c", "submodule.recurse=false",
)  # fmt: skip
_SAFE_ENVIRON = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "LC_ALL": "C",
}
_DUBIOUS = b"dubious ownership"


class GitState(Enum):
    """What git does with a file."""

    NO_REPOSITORY = auto()
    IGNORED = auto()
    NOT_IGNORED = auto()
    TRACKED = auto()
    DUBIOUS = auto()
    """The repository belongs to somebody else, so that git refuses to look."""
    UNKNOWN = auto()


def git_state(path: Path, environ: Mapping[str, str]) -> GitState:
    """Return what git does with the file at ``path``; starts git only inside a work tree."""
    directory = Path(os.path.realpath(path.parent))
    if not any((parent / ".git").exists() for parent in (directory, *directory.parents)):
        return GitState.NO_REPOSITORY
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None or not Path(git).is_absolute():
        return GitState.UNKNOWN
    name = f"./{path.name}"  # so that no character at its beginning has a special meaning
    # Without an index, ls-files has nothing to name and ends with 1 as well.
    command = [git, *_SAFE_OPTIONS, "-C", str(directory)]
    listing = ("--literal-pathspecs", "ls-files", "--error-unmatch", "--", name)
    tracked = _run([*command, *listing], environ)
    if tracked is None:
        return GitState.UNKNOWN
    if tracked.code == 0:
        return GitState.TRACKED
    if _DUBIOUS in tracked.errors:
        return GitState.DUBIOUS
    ignored = _run([*command, "check-ignore", "-q", "--no-index", "--", name], environ)
    states = {0: GitState.IGNORED, 1: GitState.NOT_IGNORED}
    return states.get(-1 if ignored is None else ignored.code, GitState.UNKNOWN)


def _run(command: Sequence[str], environ: Mapping[str, str]) -> ChildResult | None:
    """Return how git ended; None where it did not, or cannot be started."""
    environ = minimal_environ(environ) | _SAFE_ENVIRON
    if "SUDO_UID" in os.environ:  # whose repositories git trusts, too, when root runs it
        environ["SUDO_UID"] = os.environ["SUDO_UID"]
    try:
        return run_tool(command, Path("/"), environ, _SECONDS)
    except (ChildTimeout, ChildOutputTooLong, OSError):
        return None
