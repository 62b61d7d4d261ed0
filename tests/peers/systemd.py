"""What systemd makes of ``EnvironmentFile=``, by its own code.

A service needs a systemd that runs; the functions that its manager reads such a file with do not.
They are in the library that systemd's programs share.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

import pytest

PLACES = ("/usr/lib/*/systemd", "/usr/lib/systemd", "/lib/systemd")


def library() -> ctypes.CDLL:
    """Return the library; skip the test where there is none."""
    root = Path("/")
    found = (one for place in PLACES for one in root.glob(f"{place[1:]}/libsystemd-shared-*.so"))
    path = next(found, None)
    if path is None:
        pytest.skip("systemd is not installed")
    loaded = ctypes.CDLL(str(path))
    loaded.strv_env_clean_with_callback.restype = ctypes.POINTER(ctypes.c_char_p)
    return loaded


def ask(
    systemd: ctypes.CDLL, scratch: Path, text: str, environ: Mapping[str, str]
) -> tuple[bool, dict[str, str]]:
    """Read the text as the manager does for a unit: load it, then drop what no variable can be."""
    assert not environ, "systemd looks at nothing but the text"
    scratch.write_text(text, "utf-8", newline="")
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    stream = ctypes.c_void_p(libc.fopen(str(scratch).encode(), b"re"))
    pairs = ctypes.POINTER(ctypes.c_char_p)()
    status = systemd.load_env_file(stream, str(scratch).encode(), ctypes.byref(pairs))
    libc.fclose(stream)
    variables = {}
    cleaned = systemd.strv_env_clean_with_callback(pairs, None, None)
    index = 0
    while cleaned and (pair := cleaned[index]) is not None:
        name, _, value = pair.decode().partition("=")
        variables[name] = value
        index += 1
    return status >= 0, variables
