"""An image named like the server's, which holds the reference reader and what it needs to run.

Its container waits; what the reader makes of the container's environment and files is asked by
``docker compose exec``.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.peers.programs import built

NAME = "wwhsoft/bomnipotent_server"
READER = "/reference_rust"
CONFIG = "/etc/bomnipotent_server/configs/config.toml"
_MSMTP = "/bin/msmtp"
_TRUST = ("/etc/ssl/certs/ca-certificates.crt", "/usr/lib/ssl/cert.pem")
"""Where OpenSSL looks for authorities, on Debian."""


def archive(trusted: Path) -> bytes:
    """Return the files of the image, for ``docker import``; ``trusted`` are its authorities."""
    sleep = Path(shutil.which("sleep") or "/bin/sleep")
    reader = built("reference_rust")
    files = {READER: reader, "/bin/sleep": sleep, **dict.fromkeys(_TRUST, trusted)}
    files[_MSMTP] = sleep  # which knows --version, and that is all that a health check asks for
    for program in (reader, sleep):
        said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        files |= {path: Path(path) for path in re.findall(r"(/\S+) \(0x", said)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as tar:
        for name, path in files.items():
            tar.add(path.resolve(), name)
    return packed.getvalue()
