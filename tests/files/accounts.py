"""Running a part of a test in a process of its own, as an as_ordinary account."""

from __future__ import annotations

import os
import pickle
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from wizard.errors import WizardError

T = TypeVar("T")

ROOT = os.geteuid() == 0
ORDINARY = 1234
"""The number of an account and its group; they need no entry in /etc/passwd."""

needs_root = pytest.mark.skipif(not ROOT, reason="only root may do that")


def in_child(function: Callable[[], T], uid: int | None = None, groups: Sequence[int] = ()) -> T:
    """Return what ``function`` returns in a child process, or raise what it raises.

    With ``uid`` the child gives up root for good first.
    """
    reader, writer = os.pipe()
    child = fork()
    if child == 0:
        try:
            if uid is not None:
                os.setgroups(list(groups))
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            answer: object = (function(), None)
        except WizardError as error:
            answer = (None, (type(error), error.code, error.message, error.remedy, error.path))
        except BaseException:  # noqa: BLE001  (the parent has to know, whatever it is)
            answer = (None, traceback.format_exc())
        with os.fdopen(writer, "wb") as stream:
            stream.write(pickle.dumps(answer))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    assert os.waitpid(child, 0)[1] == 0
    result, raised = pickle.loads(data)  # noqa: S301  (from our own child)
    if isinstance(raised, tuple):
        kind, code, message, remedy, path = raised
        raise kind(code, message, remedy, path=path)
    assert raised is None, raised
    return result  # type: ignore[no-any-return]


def fork() -> int:
    """Fork; threads that other tests have left behind do not matter to the child."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def as_ordinary(function: Callable[[], T]) -> T:
    """Run ``function`` as an account that is not root."""
    return in_child(function, ORDINARY if ROOT else None)
