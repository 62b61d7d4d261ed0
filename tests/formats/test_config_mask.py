from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.formats.config_toml.edit import ConfigEdit, edit_config
from wizard.formats.masking import mask_config

HIDDEN = {
    "basic": ('[smtp]\nsecret = "hunter2" # c\n', '[smtp]\nsecret = "********" # c\n'),
    "literal": ("[smtp]\r\nsecret='hunter2'", '[smtp]\r\nsecret="********"'),
    "multi-line": (
        '[smtp]\nsecret = """\nhunter2\nhunter2""" # c\n',
        "[smtp]\nsecret = ********\n********\n******** # c\n",
    ),
    "multi-line with CRLF": ("secret = '''hunter2\r\n'''\r\n", "secret = ********\r\n********\r\n"),
    "part of a reference": ('secret = "${A}hunter2"\n', 'secret = "********"\n'),
    "inline": (
        "smtp = { user = 'u', secret = 'hunter2', x = 1 }\n",
        "smtp = { user = 'u', secret = \"********\", x = 1 }\n",
    ),
    "dotted": ("smtp.'secret' = 'hunter2'\n", "smtp.'secret' = \"********\"\n"),
    "number": ("[a]\npin_token = 1234567\n", "[a]\npin_token = ********\n"),
    "array": ("tokens = ['hunter2', # c\n 'b']\n", "tokens = ********\n********\n"),
    "table below": ("[a.secrets]\nb = 'hunter2'\n", '[a.secrets]\nb = "********"\n'),
    "table in an array": ("a = [{ pw = 'hunter2' }]\n", 'a = [{ pw = "********" }]\n'),
    "nested twice": ("secret = { password = 'hunter2' }\n", "secret = ********\n"),
    "key in another form": ("smtpPassword = 'hunter2'\n", 'smtpPassword = "********"\n'),
    "URL": (
        'db_url = "postgres://u:hunter2@h:1/d"\n',
        'db_url = "postgres://u:********@h:1/d"\n',
    ),
    "URL with an odd password": (
        "a = 'postgres://me@example.org:hun/t@er:2 @h:1/d'\n",
        "a = 'postgres://me@example.org:********@h:1/d'\n",
    ),
    "URL without a user": ("a = ['redis://:hunter2@h']\n", "a = ['redis://:********@h']\n"),
    "URL in a multi-line string": (
        'a = """\nb\nc://d:hunter2@e\n"""\n',
        'a = """\nb\nc://d:********@e\n"""\n',
    ),
    "assignment in a string": (
        "a = 'host=h password=hunter2 user=u'\n",
        "a = 'host=h password=******** user=u'\n",
    ),
    "assignment at the end": ("a = 'h?token=hunter2'\n", "a = 'h?token=********'\n"),
    "disabled key": ("# secret = 'hunter2' # c\n", '# secret = "********" # c\n'),
    "disabled URL": ("#\ta='b://c:hunter2@d'\r\n", "#\ta='b://c:********@d'\r\n"),
    "comment": ("a = 1 # old password: hunter 2\n", "a = 1 # old password: ********\n"),
    "comment behind a header": ("[a] # b://c:hunter2@d\n", "[a] # b://c:********@d\n"),
    "disabled multi-line string": (
        "# secret = '''\n # hunter2\n# '''\n# b\n",
        "# secret = ********\n # ********\n# ********\n# b\n",
    ),
    "comment in an array": (
        "a = [ # secret = hunter2\n]\n",
        "a = [ # secret = ********\n]\n",
    ),
    "assignment of a text in quotes": (
        "a = \"password='hunter2 and blanks' b\"\n",
        'a = "password=********"\n',
    ),
    "JSON in a string": (
        'a = \'{"password": "hunter2 and blanks"}\'\n',
        "a = '{\"password\": ********'\n",
    ),
    "assignment over lines": (
        'a = """\npassword = \'b\nhunter2\'"""\n',
        'a = """\npassword = ********\n********"""\n',
    ),
    "option": ("a = 'login --smtp-password hun ter2'\n", "a = 'login --smtp-password ********'\n"),
    "header": ("a = 'Authorization: Basic hunter2'\n", "a = 'Authorization: ********'\n"),
    "private key": ("a = '--- PRIVATE KEY----- hunter2'\n", "a = '********'\n"),
    "user and password": (
        "user = 'me@example.org:hunter2'\n",
        "user = 'me@example.org:********'\n",
    ),
    "comment without a sign": ("# password hunter2 or so\n", "# password ********\n"),
    "comment that is a sentence": ("# The password is hun ter\n", "# The password is ********\n"),
    "comment of two words": ("# password hunter\n", "# password ********\n"),
    "comment of one word": ("# hunter2\n", "# ********\n"),
    "comment on the line of a secret": (
        "secret = 'a' # the old hunter2\n",
        'secret = "********" # the old ********\n',
    ),
    "disabled string that goes on": (
        "# password = 'b\n# hunter2'\n# c\n",
        "# password = ********\n# ********\n# c\n",
    ),
    "option in a list": (
        "command = ['x', '--smtp-password', 'hunter', '--host', 'h']\n",
        "command = ['x', '--smtp-password', \"********\", '--host', 'h']\n",
    ),
    "short option in a list": (
        "command = ['mysql', '-u', 'me', '-p', 'hunter']\n",
        "command = ['mysql', '-u', 'me', '-p', \"********\"]\n",
    ),
    "short option": ("a = 'dump -u me -p hunter db'\n", "a = 'dump -u me -p ********'\n"),
    "key auth": ("auth = 'me:hunter'\n", 'auth = "********"\n'),
    "key auth, inline": (
        "a = { b_auth = 'hunter', c = 1 }\n",
        'a = { b_auth = "********", c = 1 }\n',
    ),
    "auth in a string": ("a = 'auth: aHVudGVyMg=='\n", "a = 'auth: ********'\n"),
    "list in a comment": (
        "# command: ['--password', 'hunter', '--host', 'h']\n",
        "# command: ['--password', ********\n",
    ),
    "option in a comment": (
        "# x --password hunter --host h\n",
        "# x --password ********\n",
    ),
    "option with a sign in a comment": ("# x --pass=hunter -v\n", "# x --pass=********\n"),
    "short option in a comment": ("# x -p hunter2\n", "# x -p ********\n"),
    "login in a comment": ("# x -au me -ap hunter\n", "# x -au me -ap ********\n"),
    "short option without a blank": ("# mysql -phunter db\n", "# mysql -p********\n"),
    "auth in a comment": ("# auth: aHVudGVyMg==\n", "# auth: ********\n"),
    "user and password in a comment": ("# me / hunter2\n", "# me / ********\n"),
    "address and password in a comment": (
        "# me@example.org / hunter or so\n",
        "# me@example.org / ********\n",
    ),
    "not TOML": ("[smtp]\n\nsecret = hunter2\r\n", "********\n\n********\n"),
}

SHOWN = [
    "",
    '[smtp]\nuser = "u"\nsecret = "${SMTP_SECRET}"\n',
    "smtp.secret = '''${SMTP_SECRET}'''\n",
    "secret = ${SMTP_SECRET}\n",
    "# secret = '${SMTP_SECRET}' # c\n",
    'db_url = "postgres://u:${DB_PW}@h:1/d"\n',
    "[tls]\nsecret_key_path = '/etc/ssl/private/secret_key'\n",
    "tmp_admin = 'me'\nbypass = 1\n",
    "# see https://example.org:443/docs\nendpoint = 'smtp://relay:2500'\n",
    "\ufeffa = 1\r\n\n  # b",
    "# Password or API key for the login, from the provider's page (https://example.org/smtp).\n",
    "# The secret of me@example.org goes into .env as `SMTP_SECRET`, or stays here.\n",
    "a = 1 # see config.toml\n# ----\n# example.org\n",
    "a = ['docker', 'run', '-p', '8080:80', '--publish', '127.0.0.1:80:80/tcp']\n",
    "# docker run -p 8080:80 x; mkdir -p build; ssh -p 2222 host; docker compose -p smtp2go up\n",
    "# Use --password to give it.\n# smtp-wizard set --secret-stdin reads the password.\n",
    "auth = 'plain login'\nsmtp_auth = true\n[b.auth]\nmethod = 'cram-md5'\n",
    "# auth: see the manual\n# auth = CRAM-MD5\n# SMTP_AUTH on\n",
    "# yes / no\n# TLS / STARTTLS\n# SHA256 / SHA512\n# me@example.org / example.net\n",
    "# me@example.org / sales@example.org\n# server 0.6 / 0.7\n# user / password\n",
    edit_config(
        "", ConfigEdit(user="u", endpoint="h", secret_source='"${SMTP_SECRET}"', starttls=True)
    ),
]


@pytest.mark.parametrize(("text", "masked"), HIDDEN.values(), ids=HIDDEN.keys())
def test_what_may_be_a_secret_is_masked(text: str, masked: str) -> None:
    assert mask_config(text) == masked


@pytest.mark.parametrize(
    "text",
    SHOWN,
    ids=[
        "empty",
        "reference in a table",
        "dotted reference",
        "reference without quotes",
        "reference in a comment",
        "reference in a URL",
        "path of a key",
        "other names",
        "URL in a comment",
        "byte order mark",
        "comment about a password",
        "comment about a secret",
        "other comments",
        "ports in a list",
        "-p of other commands",
        "options in a sentence",
        "ways to log in",
        "ways to log in, in comments",
        "pairs of words",
        "pairs of addresses and versions",
        "new file",
    ],
)
def test_everything_else_is_shown_as_it_is(text: str) -> None:
    assert mask_config(text) == text


STRINGS = st.text(st.sampled_from("ab\"'\\\n#=[]{}@:/ $"), max_size=12)


@given(STRINGS, st.sampled_from(["{}", "secret = {}", "a = '{}'", "a = [{}]", "# secret = {}"]))
def test_masking_never_fails_and_keeps_the_number_of_lines(text: str, frame: str) -> None:
    source = frame.format(text)
    assert mask_config(source).count("\n") == source.count("\n")


@given(st.text(st.sampled_from("xyz'\\#={}@:/ ,&"), min_size=4), st.integers(0, 6))
def test_no_part_of_a_secret_is_left(secret: str, where: int) -> None:
    basic = '"' + secret.replace("\\", "\\\\") + '"'
    frames = (
        f"[smtp]\nsecret = {basic}\n",
        f"smtp = {{ user = 'u', secret = {basic} }}\n",
        f"smtp.secret = {basic} # c\n",
        f"# secret = {basic}\n",
        f'secret = """\n{basic[1:-1]}\n"""\n',
        f"a = [{{ b = {{ password = {basic} }} }}]\n",
        f"[a.tokens]\nb = {basic}\n",
    )
    assert not set(mask_config(frames[where]).replace("# c", "")) & set("xyz")


MEBIBYTE = 1 << 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        "a://b:",
        "secret",
        "secret=",
        "a://@",
        "secret ",
        "pw:",
        "-p ",
        "-p x ",
        "auth: ",
        "digest-a",
        "--pw ",
        "a / ",
    ],
)
@pytest.mark.parametrize("frame", ["# {}", "a = '{}'", "a = {}"])
def test_a_mebibyte_is_masked(piece: str, frame: str) -> None:
    assert len(mask_config(frame.format(piece * (MEBIBYTE // len(piece))))) > 0
