"""config.toml and `.env` made fit to be shown: a mask over everything that may be a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from operator import itemgetter

from wizard.errors import FileRefused
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.dotenv.compose_go import read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.reading import BYTE_ORDER_MARK, ParsedEnv
from wizard.formats.toml.document import commented_out, inline_pairs
from wizard.formats.toml.statements import (
    KeyPath,
    Span,
    Statement,
    StatementKind,
    map_strings_and_comments,
    parse_toml,
)
from wizard.formats.toml.values import is_string, read_string
from wizard.formats.urls import mask_url_password, mask_urls
from wizard.text.display import MASK

# All patterns are bounded, so that a long line takes no more than linear time.
_WORD = (
    r"(?:secret|passw|passphrase|kennwort|token|credential|api[_-]?key|private[_-]?key"
    r"|authorization|(?<![a-z])bearer"
    r"|(?<![a-z])(?:pass|pwd|pw|passwd)(?![a-z]))"
)
_CONFIDENTIAL = re.compile(_WORD, re.IGNORECASE)
_HARMLESS = re.compile(r"[_-](?:path|file|dir|directory)$", re.IGNORECASE)
_URL_KEY = re.compile(r"endpoint|ur[il]$|dsn$|^user(?:name)?$|login$", re.IGNORECASE)
_NAME_REST = r"[a-z_-]{0,40}\\?[\"']?[ \t]{0,8}"
_ASSIGNMENT = (
    # A value in quotes, or of several words, may go on to the end of the text.
    rf"(?is)({_WORD}{_NAME_REST}[:=][ \t]{{0,8}})(\\?[\"'].*|(?:basic|bearer)[ \t].*|[^\s&;]+)"
    rf"|((?<![\w-])--?[a-z-]{{0,40}}{_WORD}[a-z-]{{0,40}}[ \t])(.*)"
)
_OPTION_NAME = rf"(?<![\w-])--?(?:[a-z]{{1,20}}[_-]){{0,3}}{_WORD}[a-z]{{0,12}}(?![\w-])"
"""An option that takes a password; not ``--password-file``."""
_OPTION = (
    rf"(?i){_OPTION_NAME}(?:=|[\"']?,?[ \t]{{1,8}})"
    r"(?!(?:to|or|and|for|if|in|is|are|on|with|without|when|from|of|as|by|not|the|an?|it|option"
    r"|zu|und|oder|für|wenn|ist|mit|ohne|aus|von|als|nicht|die|das|der|eine?)\b)"
    r"(?P<value>[\"']?[^\s\"'$<-])"
)
"""Such an option with its value, not with the words of a sentence."""
_SHORT_OPTION = r"(?<![\w-])(?<!compose )-a?p(?P<gap>[\"']?,?[ \t]{0,8})(?P<value>[^\s-]\S*)"
_LOGS_IN = (
    r"(?i)(?<![\w-])(?:-a?u|--?user(?:name)?|login|swaks)(?![\w-])|\b(?P<attached>mysql|mariadb)"
)
"""What a command has that takes a password with ``-p``; some take it without a blank as well."""
_PORT = r"[\d.:\[\]-]+(?:/\w+)?"
_MIXED = r"(?=\S*[^\W\d_])(?=\S*[\d!#%&*+?^@])[^\s/]{5,}"
"""Letters and something else: neither a word nor a path."""
_AUTH_KEY = r"(?i)(?:^|[_-])auth$"
_AUTH = r"(?i)(?<![a-z])auth\\?[\"']?[ \t]{0,8}[:=][ \t]{0,8}(?P<value>\S+)"
_MECHANISMS = (
    r"(?i)(?:(?:plain|login|basic|digest|bearer|x?oauth(?:2|bearer)?|(?:cram|digest|scram)-[\w-]++"
    r"|ntlm|gssapi|external|anonymous|ldap|oidc|saml|jwt|s?tls|starttls|none|any|auto|on|off|yes|no"
    r"|true|false|required|optional)(?![\w-])[\s,|]*+)*+"
)
"""How to log in, or whether to: what ``auth`` may say without being a secret."""
_PAIR = r"#[ \t]*(?P<user>\S+)[ \t]+[/|:][ \t]+(?P<value>\S+)(?P<more>.*)"
_ADDRESS = r"\S*@\S+|[\w-]+(?:\.[a-zA-Z-]+)+"
_PRIVATE_KEY = "PRIVATE KEY-----"
_ASSIGN = re.compile(r"(?:=|:(?!//))[ \t]*|(?<!\w)(?:is|was|ist|war|lautet)[ \t]+", re.IGNORECASE)
_PROSE = r"""(?x)[("'`]?(?:
        [^\W\d_]+(?:[-/'][^\W\d_]+)*  # a word
        | [A-Z]+(?:_[A-Z0-9]+)+ | \$\{\w+\}  # a variable
        | \[\w+\] | (?:[\w-]+/)*[\w-]*\.(?:env|toml|ya?ml|md|txt|service)  # a table, a file
        | https?://[^@:]+ | [^@:\s]+@[\w.-]+  # an address
        | [-=*#~+|<>]+ | \S*\*{8}\S*  # a line, a mask
    )?[)"'`]?[.,;:!?…]*"""
"""What a comment consists of that holds no password."""
_SHORTEST_ALONE = 6
"""Characters of the only word after one that announces a password."""
_ALONE = r"#[ \t]*((?=[^\d\s]*\d)(?=\S*[^\W\d_])[^\s./]{6,})\s*"
_MULTI_LINE_QUOTES = ("'''", '"""')
_MULTI_LINE_VALUE = r"=[ \t]*('''|\"\"\")"


def mask_config(text: str) -> str:
    """Return ``text`` with a mask over everything that may be a secret, line by line.

    Masked are values of keys such as ``secret`` or ``password``, passwords in URLs, and both in
    comments. A value that is only a ``${NAME}`` reference stays. Of a text that is not valid TOML,
    only blank lines are shown. Never raises.
    """
    try:
        source = parse_toml(text)
    except FileRefused:
        return "\n".join(MASK if line.strip() else line for line in text.split("\n"))
    shown = [source.bom]
    closing = ""  # what ends a multi-line string that is commented out
    for statement in source.statements:
        if closing and statement.kind is StatementKind.COMMENT:
            shown.append(f"{statement.indent}# {MASK}{statement.line_end}")
            closing = "" if closing in statement.text else closing
            continue
        shown.append(_mask_statement(statement))
        closing = _opened_in_comment(statement)
    return "".join(shown)


def hidden_values(lines: Iterable[str], masked: Iterable[str]) -> Iterator[str]:
    """Yield what the masks in ``masked`` stand for in ``lines``, without quotes and comments.

    Nothing is yielded of what is too short to be looked for anywhere else.
    """
    for line, shown in zip(lines, masked, strict=True):
        begin, *rest = shown.split(MASK)
        at = len(begin)
        for after in rest:
            end = line.find(after, at) if after else len(line)
            if end < 0:
                break
            for value in (line[at:end], line[at:end].partition(" #")[0]):
                if len(word := value.strip(" \t\r\n\"'")) >= _SHORTEST_ALONE:
                    yield word
            at = end + len(after)


def mask_words(words: Collection[str]) -> Callable[[str], str]:
    """Return what puts a mask over each of these words in a text."""
    if not words:
        return str
    longest_first = sorted(words, key=len, reverse=True)
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
    return partial(re.compile(pattern).sub, MASK)


def _opened_in_comment(statement: Statement) -> str:
    """Return the quotes that end a multi-line string which begins in a comment, or nothing."""
    text = statement.text
    if statement.kind is not StatementKind.COMMENT:
        return ""
    if value := re.search(_MULTI_LINE_VALUE, text):
        return value[1] if text.count(value[1]) == 1 else ""
    if not _CONFIDENTIAL.search(text):
        return ""
    quote = next((quote for quote in _MULTI_LINE_QUOTES if text.count(quote) == 1), "")
    return quote or _open_quote(text)


def _open_quote(comment: str) -> str:
    """Return the quotation mark that the value in a comment begins with and does not end with."""
    value = re.search(r"[:=][ \t]*([\"'])(?!\1)", comment)
    return value[1] if value and comment.find(value[1], value.end()) < 0 else ""


def _mask_statement(statement: Statement) -> str:
    text = statement.text
    if statement.kind is StatementKind.COMMENT:
        return _mask_comment_line(statement)
    shown = []
    start = 0
    for (begin, end), mask in _special_values(statement):
        if begin >= start:  # a table that is masked as a whole may contain further such keys
            shown += [_mask_strings(text[start:begin]), mask(text[begin:end])]
            start = end
    secret = start > 0 and statement.kind is StatementKind.PAIR and _holds_secret(statement)
    mask = _mask_comment_on_secret if secret else _mask_comment
    return "".join([*shown, _mask_strings(text[start:], mask)])


def _mask_comment_line(statement: Statement) -> str:
    pair = commented_out(statement)
    if pair is None or pair.kind is not StatementKind.PAIR:
        return _mask_comment(statement.text)
    source = pair.text[len(pair.indent) :]
    return statement.text.removesuffix(source) + _mask_statement(pair)[len(pair.indent) :]


def _special_values(statement: Statement) -> list[tuple[Span, Callable[[str], str]]]:
    """Return the spans of secrets and URLs, each with what masks it, outer ones first."""
    if statement.kind is not StatementKind.PAIR:
        return []
    values = [(statement.path, statement.value_span)]
    values += [(pair.path, pair.value_span) for pair in inline_pairs(statement)]
    found: list[tuple[Span, Callable[[str], str]]] = []
    for path, span in values:
        if _is_confidential(path) or _is_login(path[-1], statement.text[slice(*span)]):
            found.append((span, _mask_value))
        elif _URL_KEY.search(path[-1]) and _quote(statement.text[span[0] :]):
            found.append((span, _mask_url_value))
    return sorted(found, key=itemgetter(0))


def _is_confidential(path: KeyPath) -> bool:
    return any(map(_CONFIDENTIAL.search, path)) and not _HARMLESS.search(path[-1])


def _is_login(key: str, source: str) -> bool:
    """Whether the key is ``auth`` and its value a text that says more than how to log in."""
    if not re.search(_AUTH_KEY, key) or not _quote(source):
        return False
    return re.fullmatch(_MECHANISMS, source.strip("'\"")) is None


def _holds_secret(statement: Statement) -> bool:
    paths = [statement.path, *(pair.path for pair in inline_pairs(statement))]
    return any(map(_is_confidential, paths))


def _mask_value(source: str) -> str:
    """Return a mask with as many lines as the value has, or the value if it is a reference."""
    quote = _quote(source)
    if secret_reference(source.removeprefix(quote).removesuffix(quote)):
        return source
    line_end = "\r\n" if "\r\n" in source else "\n"
    if "\n" in source:
        return line_end.join([MASK] * (source.count("\n") + 1))
    return f'"{MASK}"' if quote else MASK


def _quote(source: str) -> str:
    """Return the quotation marks that a value begins with, or nothing."""
    if source.startswith(_MULTI_LINE_QUOTES):
        return source[:3]
    return source[:1] if source.startswith(("'", '"')) else ""


def _mask_strings(text: str, mask_comment: Callable[[str], str] | None = None) -> str:
    """Mask passwords inside strings and comments; ``text`` begins outside of both.

    A string after one that is an option for a password, as in the list of a command, is one.
    """
    option, login = "", _login_in(text)

    def mask_string(source: str) -> str:
        nonlocal option
        before, option = option, source.strip("'\"")
        short = re.fullmatch(_SHORT_OPTION, f"{before} {option}")
        if re.fullmatch(_OPTION_NAME, before, re.IGNORECASE) or (short and _logs_in(short, login)):
            return _mask_value(source)
        return _mask_string(source)

    return map_strings_and_comments(text, mask_string, mask_comment or _mask_comment)


def _mask_string(source: str) -> str:
    return _mask_inside(source, _mask_text)


def _mask_url_value(source: str) -> str:
    return _mask_inside(source, mask_url_password)


def _mask_inside(source: str, mask: Callable[[str], str]) -> str:
    """Mask a part of a string, or all of it if escape sequences hide which part that is."""
    quote = _quote(source)
    shown = quote + mask(source[len(quote) :].removesuffix(quote)) + quote
    if "\\" in source and quote.startswith('"'):
        value = read_string(source) if is_string(source) else ""
        if not is_string(shown) or read_string(shown) != mask(value):
            return _mask_value(source)
    return shown


def _mask_text(text: str) -> str:
    """Mask what a string of any meaning holds: URLs, assignments, options, private keys."""
    if _PRIVATE_KEY in text:
        return _mask_lines(text)
    text = mask_urls(text)
    if _CONFIDENTIAL.search(text):
        text = re.sub(_ASSIGNMENT, _mask_assigned, text)
    start = _login_start(text)
    return text if start is None else text[:start] + _mask_lines(text[start:])


def _login_start(text: str) -> int | None:
    """Return where a password begins that a command or ``auth`` holds; None where none does."""
    login = _login_in(text)
    short = (found for found in re.finditer(_SHORT_OPTION, text) if _logs_in(found, login))
    auth = (found for found in re.finditer(_AUTH, text) if _is_odd(found["value"]))
    return min((found.start("value") for found in (*short, *auth)), default=None)


def _login_in(text: str) -> re.Match[str] | None:
    """Return what tells that a command logs in."""
    return re.search(_LOGS_IN, text) if "-p" in text or "-ap" in text else None


def _logs_in(option: re.Match[str], login: re.Match[str] | None) -> bool:
    """Whether ``-p`` gives a password, rather than a port, a path or a project."""
    value = option["value"].strip("\"'`,;)]}")
    if not value or value[0] in "$~./<" or re.fullmatch(_PORT, value):
        return False
    if not option["gap"]:
        return login is not None and login["attached"] is not None
    return login is not None or re.fullmatch(_MIXED, value) is not None


def _is_odd(value: str) -> bool:
    """Whether the value of ``auth`` is neither prose nor a way to log in."""
    bare = value.strip("\"'`,;)]}")
    return not (re.fullmatch(_PROSE, value) or re.fullmatch(_MECHANISMS, bare) or "${" in value)


def _mask_assigned(found: re.Match[str]) -> str:
    name, value = (found[1], found[2]) if found[1] else (found[3], found[4])
    return found[0] if secret_reference(value.strip("\"'")) else name + _mask_lines(value)


def _mask_lines(text: str) -> str:
    return re.sub(r"[^\r\n]+", MASK, text)


def _mask_comment(text: str) -> str:
    """Mask a password in a comment, where a word announces it or nothing else is in it."""
    text = mask_urls(text)
    end = len(text.rstrip())
    if word := _CONFIDENTIAL.search(text):
        rest = re.match(r"\S*", text[word.end() :])
        next_word = word.end() + (rest.end() if rest else 0)
        start = _password_start(text, word.end(), next_word, end)
    else:
        start = _lone_password(text)
    option = re.search(_OPTION, text)
    starts = (start, option and option.start("value"), _login_start(text), _start_in_pair(text))
    return _mask_from(text, min((one for one in starts if one is not None), default=None), end)


def _start_in_pair(text: str) -> int | None:
    """Return where the password begins in a comment such as ``# me@example.org / hunter2``."""
    pair = re.fullmatch(_PAIR, text.rstrip())
    if pair is None or re.fullmatch(_ADDRESS, pair["value"]):
        return None
    word = not re.search(r"\d", pair["user"]) and not pair["more"]
    found = "@" in pair["user"] or (word and re.fullmatch(_MIXED, pair["value"]))
    return pair.start("value") if found else None


def _mask_comment_on_secret(text: str) -> str:
    """Mask a password in a comment on the line of a secret, which needs no word to announce it."""
    text = mask_urls(text)
    end = len(text.rstrip())
    start = _password_start(text, 1, 1, end, alone=False)
    return _mask_from(text, start, end)


def _mask_from(text: str, start: int | None, end: int) -> str:
    if start is None or secret_reference(text[start:end].strip(" \t\r'\"")):
        return text
    return text[:start] + MASK + text[end:]


def _password_start(
    text: str, word_end: int, next_word: int, end: int, *, alone: bool = True
) -> int | None:
    """Return where a password may begin after a word that announces one; None for mere prose.

    It follows a sign or verb, or is what prose does not consist of, or all that follows
    (``alone``).
    """
    starts = []
    assign = _ASSIGN.search(text, word_end)
    if assign and assign.end() < end:
        starts.append(assign.end())
    tokens = list(re.finditer(r"\S+", text[next_word:end]))
    found = [token.start() for token in tokens if not re.fullmatch(_PROSE, token[0])]
    if alone and len(tokens) == 1 and len(tokens[0][0]) >= _SHORTEST_ALONE:
        found.append(tokens[0].start())
    starts += [next_word + start for start in found[:1]]
    return min(starts, default=None)


def _lone_password(text: str) -> int | None:
    """Return where a comment begins that is nothing but one word of letters and digits."""
    alone = re.fullmatch(_ALONE, text)
    return None if alone is None else alone.start(1)


_EMPTY = r"""\s*=\s*(?:""|'')?\s*"""
_SIGN = r"\s*="
# After "=" or ":" a comment may contain an old value (not after the colon of "https://"). So may
# one without a blank after the "#", which may have been meant as a part of a value.
_COMMENT = r"(?s)(\s*#(?:[ \t](?:(?!=|:(?!//)).)*[=:]?)?)(.*)"


def mask_dotenv(text: str) -> str:
    """Return the text with ``********`` for every value; takes any text, malformed or not.

    It keeps the number of lines, as ``splitlines`` counts them. Names, empty values and comments
    up to an equals sign or a colon stay. A line that BOMnipotent Server and Docker Compose do not
    read alike is masked as a whole, and so is everything after the point where one stops reading.
    """
    readings = read_dotenvy(text), read_compose(text)
    in_value = _value_flags(text, *readings)
    name_ends = _name_ends(*readings)
    start = 0
    closing = ""  # what ends a value that is commented out
    lines = []
    for line in text.splitlines(keepends=True):
        content = line.splitlines()[0]
        mark = BYTE_ORDER_MARK if start == 0 and content.startswith(BYTE_ORDER_MARK) else ""
        first = start + len(content) - len(content.removeprefix(mark).lstrip())
        if first in name_ends:
            closing = ""
            shown = _mask_definition(content, name_ends[first] - start)
        elif any(in_value[start : start + max(1, len(content))]):
            shown = MASK
        else:
            shown = mark + _mask_other_line(content.removeprefix(mark), closing)
            ends = closing and closing in content
            closing = "" if ends else closing or _open_quote(content)
        lines.append(shown + line[len(content) :])
        start += len(line)
    return "".join(lines)


def _name_ends(dotenvy: ParsedEnv, compose: ParsedEnv) -> dict[int, int]:
    """Map the start of each definition that both readers see to the end of its name."""
    ours, theirs = (
        {(one.start, one.name_end) for one in reading.assignments} for reading in (dotenvy, compose)
    )
    return dict(ours & theirs)


def _value_flags(text: str, *readings: ParsedEnv) -> bytearray:
    """Return a flag for each character: whether it may belong to a value."""
    flags = bytearray(len(text) + 1)
    for reading in readings:
        ranges = [(one.start, one.end) for one in reading.assignments]
        if reading.rejection is not None:
            ranges.append((reading.rejection.offset, len(text)))
        for start, end in ranges:
            flags[start:end] = b"\1" * (end - start)
    return flags


def _mask_definition(line: str, name_end: int) -> str:
    """Mask a line that begins with a definition; ``name_end`` is an index into it."""
    name, rest = line[:name_end], line[name_end:]
    sign = re.match(_SIGN, rest)
    if sign is None:
        return MASK
    return line if re.fullmatch(_EMPTY, rest) else name + sign[0] + MASK


def _mask_other_line(line: str, closing: str) -> str:
    """Mask a line outside of all definitions, which should be blank or a comment.

    With ``closing`` it goes on with a value that is commented out.
    """
    comment = re.fullmatch(_COMMENT, line)
    if comment is None or closing:
        return MASK if line.strip() else line
    shown, rest = comment.groups()
    return mask_urls(shown) + MASK if rest.strip() else _mask_comment(shown) + rest
