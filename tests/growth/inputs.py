"""Kinds of config.toml and `.env` that grow with a number, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Files = Mapping[str, str]

_SMTP = '[smtp]\nuser = "me@example.org"\nendpoint = "127.0.0.1"\nsecret = "${SMTP_SECRET}"\n'
_ENV = "SMTP_SECRET=hunter22\n"


def lines(line: str) -> Callable[[int], str]:
    """Return what repeats a line, with its number in the place of ``N``."""
    return lambda count: "".join(f"{line.replace('N', str(number))}\n" for number in range(count))


def of_config(
    text: Callable[[int], str], smtp: str = _SMTP, env: str = _ENV
) -> Callable[[int], Files]:
    """Return config.toml with this text before ``[smtp]``."""
    return lambda count: {"config.toml": text(count) + smtp, ".env": env}


def of_smtp(text: Callable[[int], str], env: str = _ENV) -> Callable[[int], Files]:
    """Return config.toml with this text in ``[smtp]``."""
    return lambda count: {"config.toml": _SMTP + text(count), ".env": env}


def of_env(
    text: Callable[[int], str], end: str = _ENV, smtp: str = _SMTP
) -> Callable[[int], Files]:
    """Return `.env` with this text before the secret."""
    return lambda count: {"config.toml": smtp, ".env": text(count) + end}


def with_value(key: str, value: Callable[[int], str], env: str = _ENV) -> Callable[[int], Files]:
    """Return config.toml in which one key of ``[smtp]`` has this value, in basic quotes."""

    def files(count: int) -> Files:
        kept = [line for line in _SMTP.splitlines() if not line.startswith(f"{key} ")]
        return {"config.toml": "\n".join([*kept, f'{key} = "{value(count)}"', ""]), ".env": env}

    return files


def _nested(opening: str, closing: str, inside: str = "1") -> Callable[[int], str]:
    return lambda count: opening * count + inside + closing * count


def _chain(count: int) -> str:
    """Return variables, each with the one before it in it twice."""
    return "A0=xxxxxxxx\n" + "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, count))


INPUTS: Mapping[str, Callable[[int], Files]] = {
    # config.toml as a whole
    "blank lines": of_config(lines("")),
    "comments": of_config(lines("# prose about something")),
    "commented-out pairs": of_config(lines('# user = "me@example.org"')),
    "commented-out pairs in smtp": of_smtp(lines("# starttls = true")),
    "commented-out headers": of_config(lines("# [smtp]"), smtp=""),
    "commented-out secrets": of_config(lines('# password = "x:y@z"')),
    "commented-out multi-line strings": of_config(lines("# secret = '''")),
    "comment lines with URLs": of_config(lines("# smtp://a:b@c d:e@f")),
    "one long comment": of_config(lambda count: "# " + "pass:@ " * count + "\n"),
    "keys": of_config(lines("kN = 1")),
    "keys in smtp": of_smtp(lines("kN = 1")),
    "quoted keys in smtp": of_smtp(lines('"k N" = 1')),
    "confidential keys": of_config(lines('secretN = "x"')),
    "keys in user": of_smtp(lambda count: "[user]\n" + lines("kN = 1")(count)),
    "tables": of_config(lines("[tN]\nendpoint = 1")),
    "tables below smtp": of_smtp(lines("[smtp.tN]")),
    "arrays of tables": of_config(lines("[[t]]\nx = 1")),
    "dotted keys": of_config(lines("a.bN.c = 1")),
    "dotted keys of smtp": lambda count: {
        "config.toml": lines("smtp.kN = 1")(count)
        + 'smtp.user = "me@example.org"\nsmtp.endpoint = "127.0.0.1"\n',
        ".env": _ENV,
    },
    "inline table": of_config(
        lambda count: "a = {" + ", ".join(f"k{n} = 1" for n in range(count)) + "}\n"
    ),
    "smtp as inline table": lambda count: {
        "config.toml": 'smtp = { user = "me@example.org", endpoint = "127.0.0.1", '
        + ", ".join(f"k{n} = 1" for n in range(count))
        + "}\n",
        ".env": _ENV,
    },
    "inline table of secrets": of_config(
        lambda count: "a = {" + ", ".join(f'secret{n} = "x"' for n in range(count)) + "}\n"
    ),
    "array": of_config(lambda count: "a = [" + "1, " * count + "]\n"),
    "array over lines": of_config(lambda count: "a = [\n" + '  "x",\n' * count + "]\n"),
    "array of inline tables": of_config(lambda count: "a = [" + "{b = 1}, " * count + "]\n"),
    "nested arrays": of_config(lambda count: "a = " + _nested("[", "]")(count) + "\n"),
    "nested inline tables": of_config(lambda count: "a = " + _nested("{b = ", "}")(count) + "\n"),
    "multi-line strings": of_config(lines("kN = '''\n\n'''")),
    "one multi-line string": of_config(lambda count: "a = '''\n" + "x\n" * count + "'''\n"),
    "one long string": of_config(lambda count: 'a = "' + "x" * count + '"\n'),
    "one long string of escapes": of_config(lambda count: 'a = "' + "\\\\" * count + '"\n'),
    "one long key": of_config(lambda count: "a" * count + " = 1\n"),
    "one long number": of_config(lambda count: "a = " + "1" * count + "\n"),
    "one long word": of_config(lambda count: "a = " + "x" * count + "\n"),
    "underscores": of_config(lambda count: "a = 1" + "_1" * count + "\n"),
    "blanks in a line": of_config(lambda count: "a = " + " " * count + "1\n"),
    "blanks after a value": of_config(lambda count: "a = 1" + " " * count + "\n"),
    "line of brackets": of_config(lambda count: "[" * count + "\n"),
    "open strings": of_config(lines('a = "x')),
    "open multi-line strings": of_config(lines("aN = '''")),
    "odd quotes": of_config(lambda count: "a = " + "'" * count + "\n"),
    "dots in a key": of_config(lambda count: "a" + ".a" * count + " = 1\n"),
    "quoted dots in a key": of_config(lambda count: "a" + '."a"' * count + " = 1\n"),
    "invalid last line": lambda count: {
        "config.toml": _SMTP + lines("kN = 1")(count) + "what = \n",
        ".env": _ENV,
    },
    "invalid line below a multi-line string": lambda count: {
        "config.toml": _SMTP + lines("kN = '''\n'''")(count) + "what = \n",
        ".env": _ENV,
    },
    "control character at the end": lambda count: {
        "config.toml": _SMTP + lines("kN = 1")(count) + "\x01",
        ".env": _ENV,
    },
    "carriage returns": of_config(lambda count: "\r\n" * count),
    # references
    "references": of_config(lines('kN = "${XN}"')),
    "bare references": of_config(lines("kN = ${XN}")),
    "one reference again and again": of_config(lines('kN = "${SMTP_SECRET}"')),
    "references to variables that are set": lambda count: {
        "config.toml": lines('kN = "${XN}"')(count) + _SMTP,
        ".env": lines("XN=1")(count) + _ENV,
    },
    "references in user": with_value("user", lambda count: "${A}" * count, env="A=x\n" + _ENV),
    "references in endpoint": with_value(
        "endpoint", lambda count: "${A}" * count, env="A=x\n" + _ENV
    ),
    "references in secret": with_value("secret", lambda count: "${A}" * count, env="A=x\n"),
    "references to a long value": lambda count: {
        "config.toml": with_value("secret", lambda n: "${A}" * n)(count)["config.toml"],
        ".env": "A=" + "x" * 4000 + "\n",
    },
    "open references": with_value("secret", lambda count: "${" * count),
    # values of [smtp]
    "long user": with_value("user", lambda count: "a" * count + "@example.org"),
    "user of signs": with_value("user", lambda count: '<@,;\\"' * count),
    "user of at signs": with_value("user", lambda count: "a@" * count),
    "user of dots": with_value("user", lambda count: "a." * count + "@example.org"),
    "long endpoint": with_value("endpoint", lambda count: "a" * count),
    "endpoint of labels": with_value("endpoint", lambda count: "a." * count + "a"),
    "endpoint of at signs": with_value("endpoint", lambda count: "smtp://" + "a:b@" * count),
    "endpoint of colons": with_value("endpoint", lambda count: "smtp://" + ":" * count),
    "endpoint of slashes": with_value("endpoint", lambda count: "smtp:" + "/" * count),
    "endpoint of percent signs": with_value("endpoint", lambda count: "smtp://" + "%3a%40" * count),
    "endpoint of parameters": with_value("endpoint", lambda count: "smtp://a?" + "tls=a&" * count),
    "endpoint in another script": with_value("endpoint", lambda count: "\u0660" * count),
    "long secret": with_value("secret", lambda count: "x" * count),
    "secret of quotes": with_value("secret", lambda count: "'\u201c" * count),
    # .env
    "variables": of_env(lines("AN=x")),
    "quoted variables": of_env(lines("AN='x y'")),
    "exported variables": of_env(lines('export AN="x"')),
    "the secret again and again": of_env(lines("SMTP_SECRET=x")),
    "the secret with comments": of_env(lines("SMTP_SECRET=x # old")),
    "blank lines in .env": of_env(lines("")),
    "comments in .env": of_env(lines("# prose")),
    "placeholders": of_env(lines("# SMTP_SECRET="), end=""),
    "placeholders and variables": of_env(lines("# SMTP_SECRET=\nAN='\n'"), end=""),
    "values over lines": of_env(lines("AN='\n'")),
    "one value over lines": of_env(lambda count: "A='" + "x\n" * count + "'\n"),
    "one long value": of_env(lambda count: "A=" + "x" * count + "\n"),
    "one long quoted value": of_env(lambda count: 'A="' + "x" * count + '"\n'),
    "value of quotes": of_env(lambda count: "A=" + "''" * count + "\n"),
    "value of weak quotes": of_env(lambda count: "A=" + '""' * count + "\n"),
    "value of escapes": of_env(lambda count: 'A="' + "\\\\" * count + '"\n'),
    "value of blanks": of_env(lambda count: "A=" + " " * count + "\n"),
    "blanks and a comment": of_env(lambda count: "A=x" + " " * count + "# y\n"),
    "comment signs": of_env(lambda count: "A=x" + " #" * count + "\n"),
    "open quote": of_env(lambda count: "A='" + "x\n" * count, end=""),
    "open quotes": of_env(lines("A='x"), end=""),
    "open weak quotes": of_env(lines('A="'), end=""),
    "chained references in .env": of_env(_chain),
    "references to undefined variables": of_env(lines("AN=${BN}")),
    "references in one value": of_env(lambda count: "B=x\nA=" + "${B}" * count + "\n"),
    "references to a long variable": of_env(
        lambda count: "B=" + "x" * 1000 + "\n" + "A=" + "${B}" * count + "\n"
    ),
    "plain references to a long variable": of_env(
        lambda count: "B=" + "x" * 1000 + "\n" + "A=" + "$B" * count + "\n"
    ),
    "references to a long variable in lines": of_env(
        lambda count: "B=" + "x" * 1000 + "\n" + lines("AN=${B}")(count)
    ),
    "nested defaults": of_env(lambda count: "A=" + _nested("${B:-", "}", "x")(count) + "\n"),
    "defaults": of_env(lambda count: "A=" + "${B:-x}" * count + "\n"),
    "open references in .env": of_env(lambda count: "A=" + "${" * count + "\n", end=""),
    "dollars": of_env(lambda count: "A=" + "$" * count + "\n"),
    "names without a value": of_env(lines("AN")),
    "one long name": of_env(lambda count: "A" * count + "=x\n"),
    "equals signs": of_env(lambda count: "A" + "=" * count + "\n"),
    "exports": of_env(lambda count: "export " * count + "A=x\n", end=""),
}
