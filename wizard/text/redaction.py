"""Text from outside made fit to be shown: no part of a secret in it that anybody could use.

A mail server, or a proxy on the way, may echo the login that it was sent: cut, in brackets, wrapped
over lines, or encoded. So what is masked is not the secret as such, but every run of six or more
characters that a text shares with any form of it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote, quote_plus

from wizard.text.display import LIMIT, MASK, sanitize

_RUN = 6
_SHORTEST = 4
"""A form with fewer characters than a run is masked as a whole word; one with fewer than these is
not: it would garble the text, and at the same time be given away."""
_LONGEST = 8192
"""No text is shown at all if a secret is longer than that: no mail server takes such a login, and
comparing would take too much memory."""
_ENHANCED = r"[245]\.\d{1,3}\.\d{1,3}(?!\S)"
_REPLY_CODE = rf"(?<!\S)(?:[2-5]\d\d[- ](?:{_ENHANCED})?|{_ENHANCED})"
"""What a reply repeats in each line, also where it wraps a word."""
_LINE_BREAK = re.compile(rf"(\n(?:{_REPLY_CODE})?[ \t]*)")
_REPLY_CODES = re.compile(_REPLY_CODE)
_WORD = re.compile(r"[^\W_]+")
_LONGEST_GAP = 3
"""Characters of punctuation between two words of a phrase."""
_ORDINARY_WORDS = """
a able aborted about accept accepted access account action activate activated add additional
address addresses administrator administrators after again all allowed an and answer any app
application are argument arguments as associated at attempt attempts auth authenticate
authenticated authentication authorization authorize authorized backend bad banned basic be
because been before begin bin blacklisted blocked bounce bulk busy but by bye bytes can cannot
certificate cgi change channel check client clients close closed closing code codes com command
commands comment complete completed concurrent configuration configured connect connected
connection connections contact content continue control correct could credential credentials
criteria current currently customer daily data database day days deferred delivered delivery
denied details did disabled disallowed dns do docs does domain domains due during each ehlo either
email emails empty enabled encrypted encryption end enhancedstatuscodes enter error errors esmtp
etrn exceeded exist expired explanation external fail failed failure fast few file first follow
following for found free from full fully further gmail gmx go goodbye google granted gsmtp guide
has have header hello helo help host hostname hour hours how html http https id identities
identity if illegal in inbox incorrect information input insufficient internal into invalid ip is
issue it key kind ldap learn limit limited limits line list listed live local locked log logged
login logins long longer look lookup lost mail mailbox mailboxes mails many match maximum may
mechanism message messages messaging microsoft minute minutes missing more must mx my name names
need needed net network new no not number object obtain of off ok on one only open or org
organization other out outgoing outlook over own page parameter parameters password passwords per
permanent permanently permission permissions permitted pipelining plain please plus policy port
possible postfix postmaster present problem process protection protocol provider ptr queue queued
quota rate reach reached read ready reason receive received recipient recipients record records
refused registered rejected rejection relay relaying removal reply reputation request requested
require required requires reset resource resources restarting retry reverse rights sasl second
seconds secure security see send sender senders sending sent sequence server servers service
session settings several should sign simple size smtp smtpclientauthentication some sorry spam spf
ssl start starting starts starttls status still storage submission submit subtype success
successful successfully suite support supported suspended switched syntax system tar temporarily
temporary test than that the their then there this through time timeout tls to today token too
transaction transmission tried try trying turn two unable unauthorized unavailable under unknown
unsolicited unsuccessful until up upgrade usage use used user username users using valid
validation verification verified verify version via violation visit wait want was way we web
welcome were when which will with without would write wrong www yahoo yandex you your ugfzc3dvcmq6
ugfzc3dvcmqa vxnlcibuyw1laa vxnlcm5hbwu6
"""
"""The words of what mail servers say (tests/live_test/replies.toml), and the prompts of AUTH LOGIN.

They tell nobody anything about a secret in which they occur, while a mask in a well-known sentence
would tell which word it is.
"""
_ORDINARY = frozenset(_ORDINARY_WORDS.split())


class Redactor:
    """Makes text from outside fit to be shown, for a login with one of these ``secrets``.

    Masked is every run of six or more characters, case and line breaks ignored, that the text
    shares with a secret as it is, or encoded: base64 (as in AUTH, also cut anywhere), hex, percent
    signs, escapes. So are runs that are interrupted by punctuation, or by the reply codes of
    continuation lines. Shorter secrets are masked where they are a whole word.

    Left alone are ordinary words of replies, and what is ``public``, such as the mail server's
    name, as long as it is not all of the secret. Takes linear time.
    """

    def __init__(
        self, secrets: Iterable[str] = (), users: Iterable[str] = (), public: Iterable[str] = ()
    ) -> None:
        self._secrets = frozenset(filter(None, secrets))
        self._hides_all = any(len(secret) > _LONGEST for secret in self._secrets)
        compared = frozenset() if self._hides_all else self._secrets
        names = tuple(users)
        forms = {form for secret in compared for form in encodings_of(secret, names)}
        self._patterns = tuple(_Pattern(kept, compared, forms) for kept in (_visible, str.isalnum))
        self._short = _any_word(
            form
            for form in {"".join(filter(_visible, form)) for form in forms}
            if _SHORTEST <= len(form) < _RUN and form.lower() not in _ORDINARY
        )
        self._public = _any_word(public)

    def __call__(self, text: str, limit: int = LIMIT) -> str:
        """Return ``text`` masked, printable, on one line, and cut at ``limit``."""
        return sanitize(self.mask(text), limit)

    def lines(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Return the lines of one reply, masked together, each printable and cut."""
        return tuple(map(sanitize, self.mask("\n".join(lines)).split("\n")))

    def mask(self, text: str) -> str:
        """Return ``text`` with the same lines and a mask for every run; it is not cut."""
        if self._hides_all:
            return re.sub("[^\n]+", MASK, text)
        if not self._secrets:
            return text
        codes = [match.span() for match in _REPLY_CODES.finditer(text)]
        public = [match.span() for match in self._public(text)]
        harmless = _harmless(text, [*codes, *public])
        found = [match.span() for match in self._short(text)]
        for pattern in self._patterns:
            found += pattern.runs(text, [], harmless)
            if codes:
                found += pattern.runs(text, codes, harmless)
        return _masked(text, found)


def is_ordinary(text: str) -> bool:
    """Whether a reply consists of its codes and of words that mail servers use anyway."""
    words = _WORD.findall(_REPLY_CODES.sub(" ", text))
    return all(word.lower() in _ORDINARY for word in words)


def encodings_of(secret: str, users: Iterable[str] = ()) -> set[str]:
    """Return the ways in which a program may print a secret: as it is, escaped, encoded.

    With base64 it may be in the middle of other data, or after one of ``users`` as in AUTH.
    """
    data = _bytes(secret)
    logins = [data]
    for name in map(_bytes, users):
        logins += [b"\0%b\0%b" % (name, data), b"%b\0%b\0%b" % (name, name, data)]
        logins.append(b"%b:%b" % (name, data))
    backslashes = secret.replace("\\", "\\\\")
    quotes = backslashes.replace('"', '\\"')
    forms = {
        *(secret, backslashes, quotes, quotes.replace("$", "\\$").replace("`", "\\`")),
        *(backslashes.replace("'", "\\'"), secret.replace("'", "'\\''")),
        *(json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]),
        *(quote(data), quote_plus(data), quote(data, safe="")),
        *(data.hex(), data.hex(":")),
        "".join(f"%{byte:02x}" for byte in data),
        "".join(f"\\x{byte:02x}" for byte in data),
    }
    for encode in (b64encode, urlsafe_b64encode):
        forms |= {encode(login).decode() for login in logins}
        for shift in (1, 2):  # the first characters depend on what is before the secret, too
            forms.add(encode(bytes(shift) + data).decode()[shift + 1 :])
    return forms


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class _Pattern:
    """Finds runs, comparing the characters for which ``kept`` is true and no others."""

    def __init__(
        self, kept: Callable[[str], bool], secrets: Iterable[str], forms: Iterable[str]
    ) -> None:
        self._kept = kept
        compared = {self._compared(form) for form in forms}
        self._parts = {
            form[start : start + _RUN] for form in compared for start in range(len(form) - _RUN + 1)
        }
        whole = {self._compared(secret) for secret in secrets}
        self._whole = sorted(one for one in whole if len(one) >= _RUN and one not in _ORDINARY)

    def runs(
        self, text: str, skipped: Iterable[tuple[int, int]], harmless: bytearray
    ) -> Iterator[tuple[int, int]]:
        """Yield what to mask; the ranges in ``skipped`` are read over."""
        kept = bytearray(map(self._kept, text))
        for start, end in skipped:
            kept[start:end] = bytes(end - start)
        places = [place for place, keep in enumerate(kept) if keep]
        compared = "".join([_lower(text[place]) for place in places])
        for start, end in self._shared(compared):
            if not all(harmless[place] for place in places[start:end]):
                yield places[start], places[end - 1] + 1
        for secret in self._whole:
            for match in re.finditer(re.escape(secret), compared):
                yield places[match.start()], places[match.end() - 1] + 1

    def _shared(self, compared: str) -> Iterator[tuple[int, int]]:
        parts = self._parts
        start = end = -1
        for place in range(len(compared) - _RUN + 1):
            if compared[place : place + _RUN] in parts:
                if place >= end:
                    if end > 0:
                        yield start, end
                    start = place
                end = place + _RUN
        if end > 0:
            yield start, end

    def _compared(self, text: str) -> str:
        return "".join(map(_lower, filter(self._kept, text)))


def _harmless(text: str, also: Iterable[tuple[int, int]]) -> bytearray:
    """Return a flag for each character: whether it may be shown although a secret has it, too.

    It may in ordinary words, between two of them, and in the ranges ``also``.
    """
    flags = bytearray(len(text))
    before = None
    for word in _WORD.finditer(text):
        start, end = word.span()
        if word[0].lower() not in _ORDINARY:
            before = None
            continue
        if before is not None and start - before <= _LONGEST_GAP:
            start = before
        flags[start:end] = b"\1" * (end - start)
        before = end
    for start, end in also:
        flags[start:end] = b"\1" * (end - start)
    return flags


def _visible(char: str) -> bool:
    """Whether a character is neither blank nor one that :func:`sanitize` drops."""
    return char != " " and char.isprintable()


def _lower(char: str) -> str:
    return char.lower()[:1]  # one character for one: some have two, such as the Turkish İ


def _any_word(words: Iterable[str]) -> Callable[[str], Iterator[re.Match[str]]]:
    """Return what finds any of these as a whole word; nothing if there are none."""
    longest_first = sorted(filter(None, words), key=len, reverse=True)
    choice = "|".join(map(re.escape, longest_first)) or r"(?!)"
    return re.compile(rf"(?<![^\W_])(?:{choice})(?![^\W_])", re.IGNORECASE).finditer


def _masked(text: str, found: Iterable[tuple[int, int]]) -> str:
    """Return ``text`` with a mask for each of these ranges, which may overlap, in each line."""
    shown = []
    written = 0
    for start, end in _united(found):
        pieces = _LINE_BREAK.split(text[start:end])
        shown.append(text[written:start])
        # Every other piece is a line break, with what the reply repeats after it.
        shown += [piece if number % 2 or not piece else MASK for number, piece in enumerate(pieces)]
        written = end
    return "".join([*shown, text[written:]])


def _united(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if united and start <= united[-1][1]:
            united[-1] = united[-1][0], max(end, united[-1][1])
        else:
            united.append((start, end))
    yield from united
