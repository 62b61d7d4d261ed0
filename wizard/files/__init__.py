"""Reading and writing the few files the wizard edits.

A file is replaced in one step, so that readers see the whole old or the whole new one; where that
cannot be it is written in place. Owner, group, mode, access control lists and a symbolic link to
the file are kept, and a file that changed since it was read is never overwritten.
"""

from wizard.files.directories import remove_directories
from wizard.files.in_place import is_torn
from wizard.files.permissions import is_writable, new_file_mode
from wizard.files.reading import Snapshot, read
from wizard.files.refusals import changed, reason
from wizard.files.replacing import delete, put_back, replace
from wizard.files.temporary import PRIVATE, leftovers
from wizard.files.written import InPlace, Written
from wizard.formats.text import MAX_BYTES

__all__ = [
    "MAX_BYTES",
    "PRIVATE",
    "InPlace",
    "Snapshot",
    "Written",
    "changed",
    "delete",
    "is_torn",
    "is_writable",
    "leftovers",
    "new_file_mode",
    "put_back",
    "read",
    "reason",
    "remove_directories",
    "replace",
]
