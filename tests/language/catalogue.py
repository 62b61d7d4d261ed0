"""The catalogues, kept in step with the sources.

``python -m tests.language.catalogue`` takes new sentences into the German .po, drops those that are
gone, and compiles the .mo; ``--language CODE`` does so for another language, whose .po it begins.
``--add FILE…`` takes translations from other .po files, ``--missing`` prints what is not translated
yet as such a file. What comes out depends on the sources and translations alone, not on time or
place, and two runs at once wait for each other.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message

from tests.language.argparse_words import WORDS
from tests.language.sources import PACKAGE, sentences
from wizard.text.language import LANGUAGES

_ARGPARSE = "argparse"
_HEADERS = (
    "Language",
    "Plural-Forms",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)
"""What the catalogue says about itself; the repository knows when and by whom it was made."""
_COMMENT = "# Kept in step with the sources by: python -m tests.language.catalogue"
_GERMAN_COMMENT = """\
# smtp-wizard in German. The words are those of the German documentation of BOMnipotent Server
# where it has any; the operator is addressed as "Sie". One word for one thing:
#
#   secret                 Geheimnis (key names such as secret, user, endpoint, starttls stay)
#   password, API key      Passwort, API-Schlüssel
#   user verification      Benutzerverifizierung
#   mail, mail server      E-Mail, Mailserver; mail provider: E-Mail-Anbieter
#   endpoint               Endpunkt; host name: Hostname; bare host name: bloßer Hostname
#   sender, recipient      Absender, Empfänger
#   settings               Einstellungen
#   live test              Live-Test
#   login, log in          Anmeldung, sich anmelden
#   store (place)          Speicherort; stored: hinterlegt, gespeichert
#   environment (variable) Umgebung(svariable)
#   write, put back        schreiben, wiederherstellen
#   reload, restart        neu laden, neu starten
#   account (of a machine) Benutzerkonto; account (of a mailbox): Konto
#   blank                  Leerzeichen
#   clear text             Klartext
#
"""


def po_file(language: str) -> Path:
    """Return the file that translators work on; that of gettext is beside it."""
    return PACKAGE / "text" / "locale" / language / "LC_MESSAGES" / "smtp-wizard.po"


class Timeless(Catalog):
    """A catalogue that does not depend on the time or on the version of Babel."""

    def __iter__(self) -> Iterator[Message]:
        header, *messages = super().__iter__()
        lines = str(header.string).splitlines()
        kept = [line for line in lines if line.partition(":")[0] in _HEADERS]
        yield Message("", "".join(f"{line}\n" for line in kept))
        yield from messages


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; return 1 while a sentence is not translated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=LANGUAGES[1:], default="de")
    parser.add_argument("--add", metavar="FILE", type=Path, nargs="+", default=[])
    parser.add_argument("--missing", action="store_true", help="print them, change nothing")
    options = parser.parse_args(arguments)
    language = options.language
    po = po_file(language)
    with _alone(po.parent):
        additions = [read(path, language) for path in options.add]
        catalogue = updated(read(po, language), additions)
        missing = [message for message in catalogue if message.id and not is_translated(message)]
        if not options.missing:
            po.write_bytes(as_po(catalogue))
            po.with_suffix(".mo").write_bytes(as_mo(catalogue))
    if options.missing:
        rest = Timeless(locale=language, fuzzy=False)
        for message in missing:
            rest.add(message.id, locations=message.locations)
        sys.stdout.write(as_po(rest).decode())
    else:
        print(f"{len(catalogue)} sentences, {len(missing)} not translated")  # noqa: T201
    return 1 if missing else 0


def updated(old: Catalog, additions: Iterable[Catalog] = ()) -> Catalog:
    """Return the catalogue of the sentences that the sources have now."""
    new = Timeless(locale=old.locale, fuzzy=False)
    new.header_comment = (_GERMAN_COMMENT if str(old.locale) == "de" else "") + _COMMENT
    known = [*additions, old]
    for identifier, path in wanted():
        new.add(identifier, _translation(identifier, known), locations=[(path, 0)])
    return new


def wanted() -> Iterator[tuple[str | tuple[str, str], str]]:
    """Yield each sentence, or a singular and its plural, and where it comes from."""
    for literal in sentences().marked:
        yield literal.text, literal.path
    for words in WORDS:
        yield words, _ARGPARSE


def read(path: Path, language: str) -> Catalog:
    """Return the catalogue in a file, or an empty one if there is no file."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return pofile.read_po(stream, locale=language, ignore_obsolete=True, abort_invalid=True)


def as_po(catalogue: Catalog) -> bytes:
    """Return the text that translators work on."""
    stream = io.BytesIO()
    pofile.write_po(
        stream, catalogue, width=100, include_lineno=False, sort_by_file=True, ignore_obsolete=True
    )
    return stream.getvalue().rstrip() + b"\n"


def as_mo(catalogue: Catalog) -> bytes:
    """Return what gettext reads."""
    stream = io.BytesIO()
    mofile.write_mo(stream, catalogue)
    return stream.getvalue()


def strings(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return a sentence, or a translation, with its plural if it has one."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def is_translated(message: Message) -> bool:
    """Whether there is a translation for every form."""
    return all(strings(message.string))


def _translation(
    identifier: str | tuple[str, str], known: Iterable[Catalog]
) -> str | tuple[str, ...]:
    for catalogue in known:
        message = catalogue.get(identifier)
        if message is not None and is_translated(message) and not message.fuzzy:
            found = strings(message.string)
            return found[0] if isinstance(identifier, str) else found
    return ""


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    directory = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


if __name__ == "__main__":
    sys.exit(main())
