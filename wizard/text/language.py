"""Every sentence in the operator's language.

Sentences are written in English where they are used, as ``_("… {name} …", name=value)``; tables of
them are marked by ``N_`` and translated when they are shown. The catalogues in
``wizard/text/locale`` are gettext's, so that translators can use their own tools.
"""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING

from wizard.text.display import on_one_line

if TYPE_CHECKING:
    from datetime import datetime

LANGUAGES = ("en", "de")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

_DECIMAL_MARKS = {"de": ","}

_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_decimal_mark = "."


def _(text: str, /, **values: object) -> str:
    """Return a sentence in the operator's language, with its placeholders filled in.

    No value begins a line of its own, whatever a path or a file says.
    """
    translated = _catalogue.gettext(text) if text else ""
    if not values:
        return translated
    return translated.format(**{name: _as_part(value) for name, value in values.items()})


def _as_part(value: object) -> object:
    """Return texts and paths on one line; numbers and the like as they are, for their formats."""
    return on_one_line(str(value)) if isinstance(value, (str, PurePath)) else value


def N_(text: str) -> str:  # noqa: N802  (gettext's own name)
    """Mark a sentence that is translated when it is shown."""
    return text


def plural(one: str, many: str, number: int) -> str:
    """Return the form that fits ``number``: what argparse calls for its own messages.

    Our sentences have no plurals, and none would be found here by ``tests.language.catalogue``:
    ``_("1 line") if count == 1 else _("{count} lines", count=count)``.
    """
    return _catalogue.ngettext(one, many, number)


def decimal(number: float, places: int = 1) -> str:
    """Return ``number`` with the decimal mark of the operator's language."""
    return f"{number:.{places}f}".replace(".", _decimal_mark)


def day(moment: datetime) -> str:
    """Return the date of ``moment``, as the operator's language writes it."""
    return format(moment, _("%Y-%m-%d"))


def day_and_time(moment: datetime) -> str:
    """Return ``moment`` in local time, as the operator's language writes it."""
    return format(moment.astimezone(), _("%Y-%m-%d %H:%M"))


def use(language: str) -> None:
    """Switch to one of :data:`LANGUAGES`."""
    global _catalogue, _decimal_mark
    _decimal_mark = _DECIMAL_MARKS.get(language, ".")
    _catalogue = gettext.NullTranslations()
    if language != LANGUAGES[0]:
        import io
        import pkgutil  # gettext itself cannot read from an archive

        with suppress(OSError):
            data = pkgutil.get_data("wizard.text", f"locale/{language}/LC_MESSAGES/smtp-wizard.mo")
            _catalogue = gettext.GNUTranslations(io.BytesIO(data or b""))


def choose(environ: Mapping[str, str] | None = None) -> str:
    """Return the language that the locale asks for, or English if there is no translation.

    The variables are those of POSIX, and GNU's ``LANGUAGE``, which lists several.
    """
    environ = os.environ if environ is None else environ
    locale = next((environ[name] for name in _VARIABLES[1:] if environ.get(name)), "C")
    if locale.partition(".")[0] in ("C", "POSIX"):
        return LANGUAGES[0]
    wanted = [*environ.get(_VARIABLES[0], "").split(":"), locale]
    codes = (re.split("[_.@]", name)[0] for name in wanted)
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])
