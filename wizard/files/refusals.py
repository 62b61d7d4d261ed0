"""What is said when a file can be neither read nor written: the system's words, and the remedy."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from shlex import quote

from wizard.errors import FileRefused, WriteFailed

_DENIED = (errno.EACCES, errno.EPERM)
_REMEDIES = {
    errno.EROFS: "The file system is mounted read-only: run the wizard where it is writable, "
    "for example on the host instead of in the container.",
    errno.ENOSPC: "Free some space and try again; df -h and df -i show what is used up.",
    errno.EDQUOT: "Your quota is used up: free some space and try again.",
    errno.EFBIG: "The size of files is limited for this process: lift it with ulimit -f.",
    errno.EIO: "The disk or the network file system reports an error: see dmesg, and try again "
    "when it is mended.",
    errno.ESTALE: "The network file system has lost the file: try again, or mount it anew.",
    errno.EBUSY: "The file is mounted on its own: mount its directory instead, "
    "so that the server notices changes.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


def reason(error: OSError) -> str:
    """Return the system's own words for ``error``."""
    return error.strerror or type(error).__name__


def unreadable(path: Path, error: OSError) -> FileRefused:
    """Return the refusal for a file that cannot be read."""
    remedy = _as_owner("file") if error.errno in _DENIED else "Check the path."
    return FileRefused(
        "file-unreadable", f"The file cannot be read: {reason(error)}.", remedy, path=path
    )


def changed(path: Path) -> FileRefused:
    """Return the refusal for a file that somebody else has changed."""
    return FileRefused(
        "file-changed",
        "Somebody else changed the file since the wizard read it; it was left as it is now.",
        "Start again to see the new content.",
        path=path,
    )


def file_not_written(
    path: Path, target: Path, error: OSError, *, is_ours: bool = False
) -> WriteFailed:
    """Return the failure for a file that may not be opened for writing."""
    remedy = None
    if error.errno == errno.EPERM:
        remedy = _protected("The file", target, "lsattr")
    elif error.errno == errno.EACCES and is_ours:
        remedy = (
            "It is read-only, though it is yours: if it may be changed, "
            f"chmod u+w {quote(str(target))}"
        )
    elif error.errno == errno.EACCES:
        remedy = _as_owner("file")
    return _failed(path, error, remedy)


def not_written(path: Path, target: Path, error: OSError) -> WriteFailed:
    """Return the failure for a new file that its directory or the disk does not take."""
    remedy = None
    if error.errno == errno.EPERM:
        remedy = _protected("The directory", target.parent, "lsattr -d")
    elif error.errno == errno.EACCES:
        remedy = _as_owner("directory")
    return _failed(path, error, remedy)


def not_given_away(path: Path, error: OSError) -> WriteFailed:
    """Return the failure for a new file that root cannot give to the owner of its directory."""
    remedy = "Run the wizard as the account that owns the directory: a server that runs as that "
    remedy += "account could not read a file of another one."
    return _failed(path, error, remedy)


def not_removed(path: Path, target: Path, error: OSError) -> WriteFailed:
    """Return the failure for a file that cannot be removed."""
    remedy = None
    if error.errno == errno.EPERM:
        remedy = _protected("The file or its directory", target, "lsattr -a", target.parent)
    elif error.errno == errno.EACCES:
        remedy = _as_owner("directory")
    return _failed(path, error, remedy, "removed")


def not_put_back(path: Path, error: OSError | None) -> WriteFailed:
    """Return the failure that leaves a file which is not as it was."""
    words = "" if error is None else f": {reason(error)}"
    return WriteFailed(
        "not-put-back",
        f"Writing failed{words}, and the file could not be put back as it was.",
        "Look at the file before you start the server.",
        path=path,
    )


def _failed(path: Path, error: OSError, remedy: str | None, doing: str = "written") -> WriteFailed:
    if remedy is None:
        remedy = _REMEDIES.get(error.errno or 0, "Mend the cause and try again.")
    return WriteFailed(
        "write-failed",
        f"The file cannot be {doing}: {reason(error)}. Everything is as before.",
        remedy,
        path=path,
    )


def _protected(what: str, path: Path, command: str, directory: Path | None = None) -> str:
    """Name the attributes of a file that stop even root."""
    name = quote(str(path))
    shown = name if directory is None else quote(str(directory))
    return (
        f"{what} is probably protected against changes: {command} {shown} shows an i or an a, "
        f"and sudo chattr -i -a {name} lifts that."
    )


def _as_owner(what: str) -> str:
    """Say who could; root is refused by network file systems, for one."""
    also = ", or with sudo." if os.geteuid() else "; here, not even root may."
    return f"Run the wizard as the account that owns the {what}{also}"
