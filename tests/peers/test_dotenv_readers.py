"""What the wizard writes into `.env` and reads from it, against the real readers of such files."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from dotenv import dotenv_values
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.peers.readers import Reader
from tests.peers.table import LINES
from wizard.errors import FileRefused, InvalidValue
from wizard.formats.dotenv.compose_go import read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.quoting import (
    DOCKER_RUN,
    NODE,
    PYTHON,
    SHELL,
    SYSTEMD,
    Misreading,
    check_value,
    quote_value,
    readers_that_differ,
)
from wizard.formats.dotenv.variables import (
    definition_lines,
    read_variable,
    remove_variable,
    set_variable,
)

NAME = "SMTP_SECRET"
LIMITS = settings(max_examples=300)

NASTY_SECRETS = [
    "x", " ", "\t", " lead", "trail ", "a b", "a\tb", "#", "#ab", "a#b", "a #b", "=", "a=b", "==",
    "'", "''", "'''", '"', '""', '"""', "'\"", "it's", 'say "hi"', "\\", "\\\\", "\\\\\\", "a\\",
    "a\\\\", "a\\\\\\", "\\n", "\\t", "a\\b", "\\'", "\\\\'", '\\"', '\\\\"', "'\\", "'\\\\",
    "$", "$$", "$$$", "a$", "$a", "$A_B", "${A}", "${A:-b}", "${A", "${", "${}", "$}", "\\$",
    "\\\\$", "'$", "'$$", "'${A}", "'\\$", "'\\\\${A:-b}", "'$A\\", "${:-x}", "'\\n", "'\\t",
    "'\\0123", "export", "export A=1", "A=1", f"{NAME}=x", "a:b", "*", "?", "[a]", "{a,b}", "~",
    "~root", "!!", "%s", "%%", "^", "|", "&", ";", "(", ")", "<", ">", "a;b", "-n", "@", "é", "ß€",
    "日本語", "😀", "\xa0", "\u200b", "\u3000x", "e\u0301", "\U0010fffd", "x" * 2000, "'" * 50,
    "\\" * 51, "$" * 50,
]  # fmt: skip

# Each is accepted by dotenvy and by Compose, whatever the other readers say.
NASTY_FILES = [
    "",
    "\n",
    "\ufeff",
    "# nothing but a comment",
    "A=1",
    "A=1\n",
    "A=1\r\nB=2\r\n",
    "\ufeffA=1\nB=2",
    f"{NAME}=old",
    f"{NAME}=\n",
    f"{NAME}= # put it here\n",
    f"{NAME} = 'old' # comment\r\nB=2\r\n",
    f"\ufeff  export   {NAME}=old # why\nA=1\n",
    f"{NAME}=one\nA=1\n{NAME}=two\n\texport {NAME}='three'",
    f"# {NAME}=\n# more\nA=1\n",
    f"#{NAME}=",
    f"A='\n{NAME}=in the value of A\n# {NAME}=\n'\nB=2\n",
    f'A="\n{NAME}=in the value of A\n"\n{NAME}="old\nold"\nB=2\n',
    f"{NAME}='old\\' # it'\n",
    "A=x  # it's\n# don't\n",
    f"{NAME}=old  # it's\n# don't\nB=2\n",
    f"A=1\n{NAME}_OLD=a\nX{NAME}=b\n{NAME}.x=c\n",
    "A=\nB=$A${A}x\nC='$A'\nD=\"${A:-d}\"\n",
    "A=x\x0b\nB=\x0c\n\x85\n\u2028C=3\n",
    "A=a\rb\nB=2\n",
]


def is_secret(text: str) -> bool:
    try:
        check_value(text)
    except InvalidValue:
        return False
    return True


FRAGMENTS = [
    "a", "B", "1", "_", "é", "😀", " ", "\t", "#", " #", "=", "'", '"', "\\", "\\\\", "\\n", "\\'",
    "$", "$$", "$A", "${", "${A}", "${A:-b}", "}", "{", ":", "`", "!", "%", "~", "*", "export ",
]  # fmt: skip
secrets = st.one_of(
    st.sampled_from(NASTY_SECRETS),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=8).map("".join),
    st.text(min_size=1, max_size=30),
).filter(is_secret)

PIECES = [
    "A", "B", "export", "export ", " ", "  ", "\t", "=", "=", "=", ":", "'", '"', "\\", "#", " #",
    "# ", "\n", "\n", "\r\n", "x", "y z", "'v'", '"w"', "it's", "\\n", "\\$", "\\0101", "\\012",
    "\\0377", "\\0777", "\\c", "$", "$$", "$A", "${A}", "${B:-", "${A:?x}", "${B+", "${", "{", "}",
    "-", "+", "?", "_", "[", ".", "`", "é", "½", "\u017f", "\u212a", "\u0131", "\x0b", "\x0c",
    "\x1c", "\x85", "\xa0", "\u2028", "\ufeff", "\r", "A=1\n", "B='2'\n", "\nA=", '\nB="', '"\n',
    "'\n", "\nexport A=", "A=x  # it's\n", "# don't\n",
]  # fmt: skip
soup = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
REFERENCE_PIECES = [
    "$", "$$", "{", "{}", "}", "A", "B", "${A", "${B", "${Q", ":-", "-", ":+", "+", ":?", "?", "x",
    " ", "\\", "\\$", "${A:-b}",
]  # fmt: skip
references = st.builds(
    "A=1\nB=\nC={0}{1}{0}\n".format,
    st.sampled_from(["", '"']),
    st.lists(st.sampled_from(REFERENCE_PIECES), max_size=14).map("".join),
)
values = ["", "x", "'a b'", '"a $A"', '"${B:-c}"', "$A", "'x\ny'", '"x\n#\ny"', "x # c", "\\$"]
others = st.builds(
    str.__add__,
    st.sampled_from(["A=", "B =", "export C=", "  A= ", "D.d="]),
    st.sampled_from(values),
)
lines = st.lists(
    st.one_of(
        others,
        st.sampled_from(NASTY_FILES).map(lambda text: text.removeprefix("\ufeff")),
        st.sampled_from(["", "# comment", f"# {NAME}=", f"{NAME}=old", f"{NAME} = 'old' # c"]),
    ),
    max_size=6,
)
files = st.builds(
    lambda parts, mark, line_break, end: mark + line_break.join(parts) + end,
    lines,
    st.sampled_from(["", "", "\ufeff"]),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.sampled_from(["", "\n", "\r\n"]),
)
environs = st.sampled_from([{}, {"A": "env"}, {"A": "it's $B", "B": ""}])


@settings(LIMITS, max_examples=1500)
@given(st.one_of(soup, files, references), environs)
def test_the_server_reads_any_text_as_our_grammar_does(
    dotenvy: Reader, text: str, environ: dict[str, str]
) -> None:
    ours = read_dotenvy(text, environ)
    first = {one.name: one.value for one in reversed(ours.assignments)}
    assert dotenvy(text, environ) == (ours.rejection is None, {**first, **environ})


@settings(LIMITS, max_examples=1500)
@given(st.one_of(soup, files, references), environs)
def test_compose_reads_any_text_as_our_grammar_does(
    compose: Reader, text: str, environ: dict[str, str]
) -> None:
    ours = read_compose(text, environ)
    last = {one.name: one.value for one in ours.assignments if one.defined}
    assert compose(text, environ) == (ours.rejection is None, last)


def check_written(
    before: str, secret: str, dotenvy: Reader, elder_dotenv: Reader, compose: Reader
) -> None:
    """Check that all three read the secret and, everywhere else, what they read before."""
    after = set_variable(before, NAME, secret)
    assert set_variable(after, NAME, secret) == after
    assert read_variable(after, NAME) == secret
    for reader in (dotenvy, elder_dotenv, compose):
        accepted, old = reader(before, {})
        if reader is elder_dotenv and not accepted:
            continue  # it knows neither a byte order mark nor a line break in a value
        accepted, new = reader(after, {})
        assert accepted
        assert new.pop(NAME) == secret
        old.pop(NAME, None)
        assert new == old


@pytest.mark.parametrize(
    "before",
    NASTY_FILES,
    ids=[
        "empty",
        "line end",
        "mark",
        "comment",
        "no line end",
        "one line",
        "CR LF",
        "mark and two lines",
        "old",
        "blank",
        "blank and comment",
        "quoted, CR LF",
        "mark and export",
        "three times",
        "disabled",
        "disabled, no end",
        "in single quotes",
        "in double quotes",
        "quote after quote",
        "quote in comments",
        "old, quote below",
        "other names",
        "references",
        "odd white space",
        "CR inside",
    ],
)
def test_each_nasty_secret_is_read_exactly_from_each_nasty_file(
    dotenvy: Reader, elder_dotenv: Reader, compose: Reader, before: str
) -> None:
    for secret in NASTY_SECRETS:
        check_written(before, secret, dotenvy, elder_dotenv, compose)


@settings(LIMITS, max_examples=600)
@given(files, secrets)
def test_any_secret_is_read_exactly_from_any_file_that_is_not_refused(
    dotenvy: Reader, elder_dotenv: Reader, compose: Reader, before: str, secret: str
) -> None:
    try:
        set_variable(before, NAME, secret)
    except FileRefused:
        assume(False)
    check_written(before, secret, dotenvy, elder_dotenv, compose)


@LIMITS
@given(files)
def test_a_removed_variable_is_gone_and_nothing_else_is(
    dotenvy: Reader, compose: Reader, before: str
) -> None:
    assume(NAME in before)  # else even a malformed text is returned as it is
    try:
        after = remove_variable(before, NAME)
    except FileRefused:
        assume(False)
    for reader in (dotenvy, compose):
        _, old = reader(before, {})
        old.pop(NAME, None)
        assert reader(after, {}) == (True, old)


lines_before = st.sampled_from(list(LINES.values()))
"""What the file says before, for each form of line that the secret can be written into."""


def misreading(reader: str, text: str, secret: str) -> Misreading | None:
    found = readers_that_differ(definition_lines(text, NAME), secret)
    return next((one for one in found if one.reader == reader), None)


def check_prediction(
    name: str, before: str, secret: str, read: Callable[[str], str | None]
) -> None:
    """Check that the reader misreads the secret exactly when the wizard says so."""
    text = set_variable(before, NAME, secret)
    predicted = misreading(name, text, secret)
    if predicted is None or predicted.certain:
        assert (read(text) == secret) == (predicted is None)


@settings(LIMITS, max_examples=500)
@given(lines_before, secrets)
def test_docker_run_misreads_what_is_said(docker_run: Reader, before: str, secret: str) -> None:
    check_prediction(DOCKER_RUN, before, secret, lambda text: docker_run(text, {})[1].get(NAME))


@settings(LIMITS, max_examples=500)
@given(lines_before, secrets)
def test_python_dotenv_misreads_what_is_said(before: str, secret: str) -> None:
    check_prediction(
        PYTHON, before, secret, lambda text: dotenv_values(stream=io.StringIO(text)).get(NAME)
    )


@settings(LIMITS, max_examples=500)
@given(lines_before, secrets)
def test_node_misreads_what_is_said(node: Reader, before: str, secret: str) -> None:
    check_prediction(NODE, before, secret, lambda text: node(text, {})[1].get(NAME))


@LIMITS
@given(lines_before, secrets)
def test_a_shell_reads_exactly_what_is_not_said_to_be_misread(
    shell: Reader, before: str, secret: str
) -> None:
    check_prediction(SHELL, before, secret, lambda text: shell(text, {})[1].get(NAME))


def test_a_shell_runs_what_is_between_backticks(shell: Reader) -> None:
    secret = "it's `echo run`"
    text = set_variable("", NAME, secret)
    assert shell(text, {})[1][NAME] == "it's run"
    assert misreading(SHELL, text, secret) is not None


def test_a_shell_may_expand_braces_after_export(shell: Reader) -> None:
    secret = "{a,b}"
    text = set_variable(f"export {NAME}=old\n", NAME, secret)
    assert shell(text, {})[1][NAME] in (secret, "b")
    assert misreading(SHELL, text, secret) is not None
    assert misreading(SHELL, set_variable("", NAME, secret), secret) is None


def test_a_shell_does_not_run_backticks_in_single_quotes(shell: Reader) -> None:
    secret = "its `echo run`"
    text = set_variable("", NAME, secret)
    assert shell(text, {})[1][NAME] == secret
    assert misreading(SHELL, text, secret) is None


@LIMITS
@given(secrets)
def test_systemd_reads_every_secret_exactly(systemd_reader: Reader, secret: str) -> None:
    text = set_variable(f"A=1\n{NAME}=old # why\nB='2'\n", NAME, secret)
    assert misreading(SYSTEMD, text, secret) is None
    assert systemd_reader(text, {}) == (True, {"A": "1", NAME: secret, "B": "2"})


def test_node_may_read_on_behind_a_last_backslash(node: Reader) -> None:
    secret = "a b\\\\"
    text = set_variable("", NAME, secret)
    assert node(text, {})[1][NAME] == secret
    assert node(text + "# the hosts'\n", {})[1][NAME] != secret
    assert misreading(NODE, text, secret) is not None


@pytest.mark.parametrize(
    "secret",
    [secret for secret in NASTY_SECRETS if quote_value(secret)[0] not in "'\""],
    ids=lambda secret: secret[:12],
)
def test_every_reader_agrees_on_what_stands_without_quotes(
    dotenvy: Reader, compose: Reader, docker_run: Reader, node: Reader, shell: Reader,
    systemd_reader: Reader, secret: str,
) -> None:  # fmt: skip
    text = set_variable("", NAME, secret)
    for reader in (dotenvy, compose, docker_run, node, shell, systemd_reader):
        assert reader(text, {})[1][NAME] == secret
    assert dotenv_values(stream=io.StringIO(text))[NAME] == secret
