"""The operator's language: every sentence goes through here on its way out.

Sentences are written in English, where they belong, as ``_("… {name} …", name=value)``; tables of
them are marked by ``N_`` and translated when they are shown. The catalogues are gettext's, so that
translators can use their own tools: ``wizard/locale``.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

DOMAIN = "smtp-wizard"
LANGUAGES = ("en", "de")
_LOCALE = Path(__file__).with_name("locale")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def _(text: str, /, **values: object) -> str:
    """Return a sentence in the operator's language, with its placeholders filled in."""
    translated = _catalogue.gettext(text) if text else ""
    return translated.format(**values) if values else translated


def N_(text: str) -> str:  # noqa: N802  (gettext's own name)
    """Mark a sentence that is translated later, when it is shown."""
    return text


def use(language: str) -> None:
    """Speak one of :data:`LANGUAGES` from now on; also in the words of argparse."""
    global _catalogue
    _catalogue = gettext.translation(DOMAIN, _LOCALE, [language], fallback=True)
    gettext.bindtextdomain(DOMAIN, str(_LOCALE))
    gettext.textdomain(DOMAIN)


def choose(environ: Mapping[str, str] | None = None) -> str:
    """Return the language that the locale asks for; English where it is none of ours.

    The variables are those of POSIX, and ``LANGUAGE`` of GNU, which lists several.
    """
    environ = os.environ if environ is None else environ
    locale = next((environ[name] for name in _VARIABLES[1:] if environ.get(name)), "C")
    if locale.partition(".")[0] in ("C", "POSIX"):
        return LANGUAGES[0]
    wanted = [*environ.get(_VARIABLES[0], "").split(":"), locale]
    codes = (name.partition(".")[0].partition("_")[0] for name in wanted)
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])
