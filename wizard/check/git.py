"""Whether git ignores a file or has it in its history.

A repository may belong to somebody else, and its configuration can name programs to run. So only
two commands are used, which need none of them, and whatever could run or fetch is switched off.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path

from wizard.system.process import ChildTimeout, run_child

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
}


class GitState(Enum):
    """What git does with a file."""

    NO_REPOSITORY = auto()
    IGNORED = auto()
    NOT_IGNORED = auto()
    TRACKED = auto()
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
    tracked = _run(
        git, directory, environ, "--literal-pathspecs", "ls-files", "--error-unmatch", "--", name
    )
    if tracked == 0:
        return GitState.TRACKED
    ignored = _run(git, directory, environ, "check-ignore", "-q", "--no-index", "--", name)
    return {0: GitState.IGNORED, 1: GitState.NOT_IGNORED}.get(ignored, GitState.UNKNOWN)


def _run(git: str, directory: Path, environ: Mapping[str, str], *command: str) -> int:
    arguments = [git, *_SAFE_OPTIONS, "-C", str(directory), *command]
    try:
        return run_child(arguments, b"", environ, _SECONDS, extra=_SAFE_ENVIRON).code
    except (ChildTimeout, OSError):
        return -1
