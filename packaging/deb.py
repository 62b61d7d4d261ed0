"""smtp-wizard_VERSION_all.deb: the single file, man page and completions at Debian's places."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import zipfile
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
_MAINTAINER = "smtp-wizard maintainers <maintainers@smtp-wizard.invalid>"
_CONTROL = """\
Package: smtp-wizard
Version: {version}
Architecture: all
Maintainer: {maintainer}
Installed-Size: {size}
Depends: python3 (>= 3.11)
Recommends: ca-certificates, python3-cryptography
Section: mail
Priority: optional
Description: set up the SMTP settings of BOMnipotent Server
 smtp-wizard asks for user, mail server and password in a terminal, tests them
 live as the server will use them, shows every line that will change, and
 writes config.toml and .env without disturbing anything else in them.
 .
 The OS keyring and "smtp-wizard demo" need python3-cryptography.
"""
_CHANGELOG = """\
smtp-wizard ({version}) unstable; urgency=medium

  * What has changed is in CHANGELOG.md.gz, beside this file.

 -- {maintainer}  {date}
"""
_COPYRIGHT = """\
This package is made from the sources of smtp-wizard itself.

{ours}

/usr/bin/smtp-wizard carries the packages below, each under its own licence. The Mozilla Public
License 2.0 is in /usr/share/common-licenses/MPL-2.0.
"""
_LICENCE = re.compile(r"([^/]+)\.dist-info/(?:.*/)?([^/]*(?:LICEN[CS]E|NOTICE|AUTHORS)[^/]*)")
_APACHE = re.compile(r" *Apache License\s+Version 2\.0, .*END OF TERMS AND CONDITIONS", re.DOTALL)
_APACHE_IN_DEBIAN = "Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0"


def make(built: Path, version: str, scratch: Path, epoch: int) -> None:
    """Write the package into ``built``, from the other files there.

    ``epoch`` is the time of every file in it, in seconds since 1970.
    """
    version = re.sub(r"\.?(a|b|rc|dev)", r"~\1", version)  # before the release, to dpkg as well
    root = scratch / "deb"
    _lay_out(root, _files(built, version, epoch), version)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.utime(path, (epoch, epoch))
    # What fills the package is compressed already; xz's bytes depend on its number of threads.
    command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root)]
    environ = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    out = built / f"smtp-wizard_{version}_all.deb"
    subprocess.run([*command, str(out)], env=environ, check=True, stdout=subprocess.DEVNULL)


def _files(built: Path, version: str, epoch: int) -> dict[str, bytes]:
    """Return what is installed, by path."""
    changelog = _CHANGELOG.format(
        version=version,
        maintainer=_MAINTAINER,
        date=format_datetime(datetime.fromtimestamp(epoch, UTC)),
    )
    return {
        "usr/bin/smtp-wizard": _for_debian((built / "smtp-wizard.pyz").read_bytes()),
        "usr/share/bash-completion/completions/smtp-wizard": (
            built / "smtp-wizard.bash"
        ).read_bytes(),
        "usr/share/doc/smtp-wizard/CHANGELOG.md.gz": _packed((ROOT / "CHANGELOG.md").read_bytes()),
        "usr/share/doc/smtp-wizard/changelog.gz": _packed(changelog.encode()),
        "usr/share/doc/smtp-wizard/copyright": _copyright(built / "smtp-wizard.pyz").encode(),
        "usr/share/man/man1/smtp-wizard.1.gz": _packed((built / "smtp-wizard.1").read_bytes()),
        "usr/share/zsh/vendor-completions/_smtp-wizard": (built / "smtp-wizard.zsh").read_bytes(),
    }


def _for_debian(archive: bytes) -> bytes:
    """Return the archive, run by Debian's own Python, whose packages it may need."""
    line, end, rest = archive.partition(b"\n")
    # The offsets in the archive count from here, so the line keeps its length; the kernel drops
    # the blanks.
    return b"#!/usr/bin/python3".ljust(len(line)) + end + rest


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _copyright(archive: Path) -> str:
    """Return our licence, and those of all that the archive carries."""
    text = _COPYRIGHT.format(ours=(ROOT / "LICENSE").read_text("utf-8").strip())
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            licence = _LICENCE.fullmatch(name)
            if licence is not None and not name.startswith("smtp_wizard-"):
                title = f"{licence[1]}: {licence[2]}"
                body = opened.read(name).decode().replace("\r\n", "\n")
                body = _APACHE.sub(_APACHE_IN_DEBIAN, body).strip("\n")
                text += f"\n\n{title}\n{'=' * len(title)}\n\n{body}\n"
    return text


def _lay_out(root: Path, files: dict[str, bytes], version: str) -> None:
    sums = ""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        sums += f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}  {name}\n"
    control = root / "DEBIAN"
    control.mkdir()
    (control / "md5sums").write_text(sums, "utf-8")
    size = sum(map(len, files.values())) // 1024
    text = _CONTROL.format(version=version, maintainer=_MAINTAINER, size=size)
    (control / "control").write_text(text, "utf-8")
