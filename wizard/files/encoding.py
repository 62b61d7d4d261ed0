"""Bytes to text and back without losing a byte, and refusing what is not a UTF-8 text."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from wizard.errors import FileRefused
from wizard.text.language import _

MAX_BYTES = 1 << 20
"""Nobody writes a configuration of more than 1 MiB by hand; such a file is something else."""
MAX_LINES = 100_000
"""Nor of so many lines, each of which costs time whatever is in it."""


def decode(data: bytes, what: str) -> str:
    """Return the text of a file; ``what`` is its name in a refusal, such as ``config.toml``.

    A byte order mark stays as the first character and line ends stay as they are, so that
    :func:`encode` gives back the same bytes. Raises `FileRefused` for more than `MAX_BYTES`,
    for UTF-16, for NUL bytes and for anything that is not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise FileRefused(
            "file-too-large",
            _(
                "{what} has {size:,} bytes; more than {limit:,} are not read.",
                what=what,
                size=len(data),
                limit=MAX_BYTES,
            ),
            _("Check that this is the file you mean."),
        )
    if is_utf16(data):
        raise FileRefused(
            "file-utf16",
            _(
                "{what} is encoded as UTF-16, as Windows PowerShell writes files, but it has to be "
                "UTF-8.",
                what=what,
            ),
            utf8_remedy(),
        )
    if (nul := data.find(0)) >= 0:
        raise FileRefused(
            "file-has-nul",
            _(
                "{what} has a NUL byte at offset {nul}, so it is not a text file.",
                what=what,
                nul=nul,
            ),
            _("Restore the file from a backup, or remove that byte."),
            line=_line(data, nul),
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(
            "file-not-utf8",
            _(
                "{what} is not UTF-8: byte 0x{byte:02x} at offset {offset}.",
                what=what,
                byte=data[error.start],
                offset=error.start,
            ),
            _("Save it again as UTF-8 in your editor."),
            line=_line(data, error.start),
        ) from None


def encode(text: str) -> bytes:
    """Return the bytes that :func:`decode` turns into ``text``."""
    return text.encode("utf-8")


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def is_utf16(data: bytes) -> bool:
    """Judge by the byte order mark, or by NULs in nearly every second byte."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    half = len(data) // 2
    return half > 1 and max(data[0::2].count(0), data[1::2].count(0)) > 0.8 * half


def utf8_remedy() -> str:
    """Return how a file that is UTF-16 becomes UTF-8."""
    return _(
        "Save it again as UTF-8 in an editor, or convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW"
    )


def byte_order_mark_remedy(path: Path) -> str:
    """Return how a file loses its byte order mark."""
    return _(
        "Save it as UTF-8 without it: sed -i '1s/^\\xef\\xbb\\xbf//' {path}", path=quote(str(path))
    )
