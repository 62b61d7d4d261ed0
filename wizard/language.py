"""The operator's language: every sentence goes through here on its way out.

Sentences are written in English, where they belong, as ``_("… {name} …", name=value)``; tables of
them are marked by ``N_`` and translated when they are shown. The catalogues are gettext's, so that
translators can use their own tools: ``wizard/locale``.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DOMAIN = "smtp-wizard"
LANGUAGES = ("en", "de")
_LOCALE = Path(__file__).with_name("locale")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = LANGUAGES[0]


def _(text: str, /, **values: object) -> str:
    """Return a sentence in the operator's language, with its placeholders filled in."""
    translated = _catalogue.gettext(text) if text else ""
    return translated.format(**values) if values else translated


def N_(text: str) -> str:  # noqa: N802  (gettext's own name)
    """Mark a sentence that is translated later, when it is shown."""
    return text


def use(language: str) -> None:
    """Speak one of :data:`LANGUAGES` from now on."""
    global _catalogue, _language
    _catalogue = gettext.translation(DOMAIN, _LOCALE, [language], fallback=True)
    _language = language


@contextmanager
def of_libraries() -> Iterator[None]:
    """Let argparse speak the same language in here.

    It looks its words up by gettext's own functions, which go by the environment alone. That is
    only lent to them: the programs that are started later get it as it was.
    """
    domain, before = gettext.textdomain(), os.environ.get(_VARIABLES[0])
    gettext.bindtextdomain(DOMAIN, str(_LOCALE))
    gettext.textdomain(DOMAIN)
    os.environ[_VARIABLES[0]] = _language
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if before is None:
            del os.environ[_VARIABLES[0]]
        else:
            os.environ[_VARIABLES[0]] = before


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
