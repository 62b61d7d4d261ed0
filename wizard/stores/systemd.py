"""What to paste into the unit of a server that gets its secret through ``exec``.

Quoting: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from wizard.secrets.credential import CREDENTIAL

DROP_IN = Path("/etc/systemd/system/bomnipotent.service.d/smtp-secret.conf")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@+-]+")


def drop_in(
    config: Path,
    command: Sequence[str],
    *,
    program: Path = Path("/usr/local/bin/smtp-wizard"),
    credential: Path | None = None,
) -> str:
    """Return the text of a drop-in that starts ``command`` through ``exec``.

    ``command`` is what the unit starts now, ``program`` this program, both as absolute paths;
    ``credential`` is the encrypted file, where the secret is kept as one.
    """
    start = [str(program), "--config", str(config), "exec", "--", *command]
    lines = [f"# {DROP_IN}", "[Service]"]
    if credential is not None:
        lines.append(f"LoadCredentialEncrypted={CREDENTIAL}:{_specifiers(str(credential))}")
    # The empty line takes back the command of the unit itself; there can be only one.
    lines += ["ExecStart=", "ExecStart=" + " ".join(map(_word, start))]
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    """Return one word of a command line, so that systemd passes it on as it is."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    escaped = escaped.replace("\n", "\\n").replace("$", "$$")
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")
