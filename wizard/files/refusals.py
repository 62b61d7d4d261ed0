"""What to tell the operator about a file that cannot be read, written, or replaced in one step."""

from __future__ import annotations

import errno
import os
from enum import StrEnum
from pathlib import Path
from shlex import quote

from wizard.errors import FileRefused, WizardError, WriteFailed
from wizard.files.location import DeniedToOwner, UntrustedPath
from wizard.text.language import N_, _

_DENIED = (errno.EACCES, errno.EPERM)
_REMEDIES = {
    errno.EROFS: N_(
        "The file system is mounted read-only: run the wizard where it is writable, for example "
        "on the host instead of in the container."
    ),
    errno.ENOSPC: N_("Free some space and try again; df -h and df -i show what is used up."),
    errno.EDQUOT: N_("Your quota is used up: free some space and try again."),
    errno.EFBIG: N_("The size of files is limited for this process: lift it with ulimit -f."),
    errno.EIO: N_(
        "The disk or the network file system reports an error: see dmesg, and try again once it "
        "is repaired."
    ),
    errno.ESTALE: N_("The network file system has lost the file: try again, or mount it again."),
    errno.EBUSY: N_(
        "The file is mounted on its own: mount its directory instead, so that the server notices "
        "changes."
    ),
    errno.ENAMETOOLONG: N_("Choose a shorter name."),
}


def os_reason(error: OSError) -> str:
    """Return the system's own words for ``error``."""
    return error.strerror or type(error).__name__


def account_name(uid: int) -> str:
    """Return the name of an account; without one, its number as ``sudo -u`` takes it."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def file_unreadable(path: Path, error: OSError) -> FileRefused:
    """Return the refusal for a file that cannot be read."""
    if isinstance(error, UntrustedPath):
        return _path_not_trusted(path, error)
    remedy = _("Check the path.")
    if error.errno in _DENIED:
        remedy = _as_owner(path, error)
    return FileRefused(
        "file-unreadable",
        _("The file cannot be read: {reason}.", reason=os_reason(error)),
        remedy,
        path=path,
    )


def _path_not_trusted(path: Path, error: UntrustedPath) -> FileRefused:
    """Return the refusal of a path that an account could lead to the files of others."""
    account = account_name(error.uid)
    remedy = _("Name the file by a path that only you and root can change.")
    if os.geteuid() == 0:
        remedy = _(
            "Name the file by a path that only root can change, or give the wizard no more rights "
            "than that account has: sudo -u {account} smtp-wizard …",
            account=quote(account),
        )
    return FileRefused(
        "path-not-trusted",
        _(
            "The path leads through {component}, which belongs to the account {account} and could "
            "be made to lead to any file.",
            component=error.component,
            account=account,
        ),
        remedy,
        path=path,
    )


def changed_meanwhile(path: Path) -> FileRefused:
    """Return the refusal for a file that somebody else has changed."""
    return FileRefused(
        "file-changed",
        _("Somebody else changed the file since the wizard read it; it was left as it is now."),
        _("Start again to see the new content."),
        path=path,
    )


def file_not_written(
    path: Path, target: Path, error: OSError, *, is_ours: bool = False
) -> WizardError:
    """Return the failure for an existing file that cannot be opened for writing."""
    remedy = None
    if error.errno == errno.EPERM:
        remedy = _protected(_("The file"), target, "lsattr")
    elif error.errno == errno.EACCES and is_ours and not isinstance(error, DeniedToOwner):
        remedy = _(
            "It is read-only, though it is yours: if it may be changed, chmod u+w {path}",
            path=quote(str(target)),
        )
    elif error.errno == errno.EACCES:
        remedy = _as_owner(target, error)
    return _failed(path, error, remedy)


def not_written(path: Path, target: Path, error: OSError) -> WizardError:
    """Return the failure for a new file that its directory or the disk does not accept."""
    protected = _protected(_("The directory"), target.parent, "lsattr -d")
    return _failed(path, error, _in_directory(target.parent, error, protected))


def mode_not_changed(path: Path, error: OSError) -> WizardError:
    """Return the failure for permissions that only the file's owner may change."""
    remedy = None
    if error.errno == errno.EPERM:
        remedy = _("Run the wizard as the account that owns the file, or with sudo.")
    return _failed(path, error, remedy, N_("The permissions cannot be changed: {reason}."))


def not_removed(path: Path, target: Path, error: OSError) -> WizardError:
    """Return the failure for a file that cannot be removed."""
    protected = _protected(_("The file or its directory"), target, "lsattr -a", target.parent)
    remedy = _in_directory(target.parent, error, protected)
    return _failed(path, error, remedy, N_("The file cannot be removed: {reason}."))


def _in_directory(directory: Path, error: OSError, protected: str) -> str | None:
    """Return the remedy for a directory that refuses a change; None for any other error."""
    if isinstance(error, DeniedToOwner):
        return _as_owner(directory, error)
    if error.errno == errno.EACCES:
        if os.geteuid():
            return _("Run the wizard as the account that owns the directory, or with sudo.")
        return _("Run the wizard as the account that owns the directory; here, not even root may.")
    return protected if error.errno == errno.EPERM else None


def not_put_back(path: Path, error: OSError | None) -> WriteFailed:
    """Return the failure that leaves the file other than it was."""
    message = _("Writing failed, and the file could not be put back as it was.")
    if error is not None:
        message = _(
            "Writing failed: {reason}, and the file could not be put back as it was.",
            reason=os_reason(error),
        )
    return WriteFailed(
        "not-put-back",
        message,
        _("Look at the file before you start the server."),
        path=path,
    )


def _failed(
    path: Path,
    error: OSError,
    remedy: str | None,
    what: str = N_("The file cannot be written: {reason}."),
) -> WizardError:
    if isinstance(error, UntrustedPath):
        return _path_not_trusted(path, error)
    if remedy is None:
        remedy = _(_REMEDIES.get(error.errno or 0, N_("Remove the cause and try again.")))
    return WriteFailed(
        "write-failed",
        f"{_(what, reason=os_reason(error))} {_('Everything is as before.')}",
        remedy,
        path=path,
    )


def _protected(what: str, path: Path, command: str, directory: Path | None = None) -> str:
    """Return the remedy for the file attributes that stop even root."""
    name = quote(str(path))
    shown = name if directory is None else quote(str(directory))
    return _(
        "{what} is probably protected against changes: {command} {shown} shows an i or an a, "
        "and sudo chattr -i -a {name} lifts that.",
        what=what,
        command=command,
        shown=shown,
        name=name,
    )


def _as_owner(denied: Path, error: OSError) -> str:
    """Return the remedy; even root may be refused, for example by a network file system."""
    if isinstance(error, DeniedToOwner):
        account = account_name(error.uid)
        return _(
            "In a directory of {account}, the wizard has only the rights of {account}. Extend "
            "them, for example with sudo chown {owner} {path}, or run the wizard as an account "
            "that has more: sudo -u NAME smtp-wizard …",
            account=account,
            owner=quote(account.removeprefix("#")),  # as chown takes a number
            path=quote(str(denied)),
        )
    if os.geteuid():
        return _("Run the wizard as the account that owns the file, or with sudo.")
    return _("Run the wizard as the account that owns the file; here, not even root may.")


class InPlaceReason(StrEnum):
    """Why a file was written in place instead of being replaced in one step."""

    MOUNT = "mount"
    """The file itself is a mount point, which cannot be replaced."""
    HARD_LINKS = "hard-links"
    """It has further names, which would keep the old content."""
    DIRECTORY = "directory"
    """This account may write the file, but not its directory."""
    OWNER = "owner"
    """A new file could not be given its owner, group or access rights."""
    RENAME = "rename"
    """The file system cannot rename one file over another here."""

    @property
    def message(self) -> str:
        """What to tell the operator: one or two sentences."""
        return _(_MESSAGES[self])

    @property
    def code(self) -> str:
        """The code of the finding: the operator has to act where the server does not notice."""
        return "written-in-place" if self.server_notices else "written-unnoticed"

    @property
    def server_notices(self) -> bool:
        """Whether a server that watches the file's directory notices the change by itself."""
        return self is not InPlaceReason.MOUNT


_MESSAGES = {
    InPlaceReason.MOUNT: N_(
        "It is mounted on its own, so it was written in place, and the server does not notice the "
        "change by itself: restart it. Better mount the directory."
    ),
    InPlaceReason.HARD_LINKS: N_(
        "It has further names (hard links), so it was written in place: all of them show the new "
        "content."
    ),
    InPlaceReason.DIRECTORY: N_(
        "This account may not replace files in its directory, so it was written in place."
    ),
    InPlaceReason.OWNER: N_(
        "It was written in place, so that its owner, group and access rights stay as they are."
    ),
    InPlaceReason.RENAME: N_(
        "The file system cannot replace files here, so it was written in place."
    ),
}
