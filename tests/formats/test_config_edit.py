from __future__ import annotations

import pytest

from wizard.errors import FileRefused
from wizard.formats.config_toml.edit import REMOVE, ConfigEdit, edit_config
from wizard.formats.config_toml.reading import parse_config
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.toml.statements import MAX_PARTS

SECRET = '"${SMTP_SECRET}"'
USER_LINE = "# Login name at the mail server, usually the full e-mail address.\n"
ENDPOINT_LINE = "# Mail server host name, or smtp://host:port for a local relay.\n"
SECRET_LINE = "# Password or API key for the login; read from the environment or .env.\n"
STARTTLS_LINE = "# Only if the server offers no SMTPS (implicit TLS); default is false.\n"

VENDOR = """\
# The database URL
db_url = "postgres://bomnipotent_user:${BOMNIPOTENT_DB_PW}@bomnipotent_db:5432/bomnipotent_db"
# Domain of your server
domain = "https://bomnipotent.example.org"

# TLS certificate paths
[tls]
certificate_chain_path = "/etc/ssl/certs/chain.crt"
secret_key_path = "/etc/ssl/private/secret_key"

# Mail delivery
[smtp]
user = "you@yourdomain.com"
endpoint = "your.smtp.host"
secret = "${SMTP_SECRET}"

# Publisher data according to the CSAF Standard linked below:
# https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html#3218-document-property---publisher
[provider_metadata.publisher]
name = "<Provide the name of your organsiation>"
namespace = "https://<your-domain>.<top-level>"
category = "vendor"
issuing_authority = "<Provide additional info here>"
contact_details = "<For security inquiries, please contact us at...>"
"""


def test_new_file_is_the_section_in_the_order_of_the_documentation() -> None:
    edit = ConfigEdit(user="you@example.org", endpoint="h", secret_source=SECRET, starttls=True)
    assert edit_config("", edit) == (
        f'[smtp]\n{USER_LINE}user = "you@example.org"\n{ENDPOINT_LINE}endpoint = "h"\n'
        f'{SECRET_LINE}secret = "${{SMTP_SECRET}}"\n{STARTTLS_LINE}starttls = true\n'
    )


def test_what_is_not_needed_is_not_written() -> None:
    edit = ConfigEdit(user="u", endpoint="h", secret_source=REMOVE, starttls=False)
    assert (
        edit_config("", edit) == f'[smtp]\n{USER_LINE}user = "u"\n{ENDPOINT_LINE}endpoint = "h"\n'
    )
    assert edit_config("", ConfigEdit()) == ""


def test_added_comments_contain_no_reference() -> None:
    # The server might replace references in comments, too.
    edit = ConfigEdit(user="u", endpoint="h", secret_source=SECRET, starttls=True)
    comments = [line for line in edit_config("", edit).splitlines() if line.startswith("#")]
    assert len(comments) == 4
    assert "${" not in "".join(comments)


def test_new_key_goes_after_the_last_one_and_before_the_next_headers_comment() -> None:
    secret = 'secret = "${SMTP_SECRET}"\n'
    assert edit_config(VENDOR, ConfigEdit(starttls=True)) == VENDOR.replace(
        secret, f"{secret}{STARTTLS_LINE}starttls = true\n"
    )


def test_value_that_is_there_already_changes_no_byte() -> None:
    edit = ConfigEdit(
        user="you@yourdomain.com",
        endpoint="your.smtp.host",
        secret_source=SECRET,
        starttls=False,
        skip=False,
        rename_misnamed=True,
    )
    assert edit_config(VENDOR, edit) == VENDOR


U = ConfigEdit(user="new")
E = ConfigEdit(endpoint="new")
S = ConfigEdit(secret_source=SECRET)
NO_SECRET = ConfigEdit(secret_source=REMOVE)
T = ConfigEdit(starttls=True)
F = ConfigEdit(starttls=False)

SHAPES = {
    # replacing
    "in place": ('[smtp]\nuser = "old"\n', U, '[smtp]\nuser = "new"\n'),
    "trailing comment": ('[smtp]\nuser="old"\t # c\n', U, '[smtp]\nuser="new"\t # c\n'),
    "literal": ("[smtp]\nuser = 'old'\n", U, "[smtp]\nuser = 'new'\n"),
    "multi-line": ('[smtp]\nuser = """\nold\n""" # c\n', U, '[smtp]\nuser = "new" # c\n'),
    "multi-line literal": ("[smtp]\nuser = '''old'''\n", U, '[smtp]\nuser = "new"\n'),
    "odd header": ('[ smtp ] # h\nuser = "o"\n', U, '[ smtp ] # h\nuser = "new"\n'),
    "quoted header": ('["smtp"]\n"user" = "o"\n', U, '["smtp"]\n"user" = "new"\n'),
    "escaped header": ('["\\u0073mtp"]\nuser = "o"\n', U, '["\\u0073mtp"]\nuser = "new"\n'),
    "indented": ('  [smtp]\n\tuser = "o"\n', U, '  [smtp]\n\tuser = "new"\n'),
    "byte order mark": ('\ufeff[smtp]\nuser = "o"', U, '\ufeff[smtp]\nuser = "new"'),
    "reference": ('[smtp]\nuser = "${U}"\n', U, '[smtp]\nuser = "new"\n'),
    "bare reference": ("[smtp]\nuser = ${U} # c\n", U, '[smtp]\nuser = "new" # c\n'),
    "wrong type": ("[smtp]\nuser = [\n  1,\n] # c\n", U, '[smtp]\nuser = "new" # c\n'),
    "inline": ('smtp = {user="o" , x = 1} # c\n', U, 'smtp = {user="new" , x = 1} # c\n'),
    "dotted": ('smtp.user = "o"\na = 1\n', U, 'smtp.user = "new"\na = 1\n'),
    "dotted with blanks": ('"smtp" . user = "o"\n', U, '"smtp" . user = "new"\n'),
    "decoy in a string": (
        'a = """\n[smtp]\nuser = "o"\n"""\n[smtp]\nuser = "o"\n',
        U,
        'a = """\n[smtp]\nuser = "o"\n"""\n[smtp]\nuser = "new"\n',
    ),
    "same key elsewhere": (
        '[a.smtp]\nuser = "o"\n[smtp]\nuser = "o"\n[b]\nuser = "o"\n',
        U,
        '[a.smtp]\nuser = "o"\n[smtp]\nuser = "new"\n[b]\nuser = "o"\n',
    ),
    "false in place": ("[smtp]\nstarttls = true # c\n", F, "[smtp]\nstarttls = false # c\n"),
    "false for a reference": ("[smtp]\nstarttls = ${T}\n", F, "[smtp]\nstarttls = false\n"),
    "false for a string": ('[smtp]\nstarttls = "true"\n', F, "[smtp]\nstarttls = false\n"),
    "other quotes": ("[smtp]\nsecret = '${SMTP_SECRET}'\n", S, f"[smtp]\nsecret = {SECRET}\n"),
    # adding
    "empty section": ("[smtp]\n\n[a]\n", U, f'[smtp]\n{USER_LINE}user = "new"\n\n[a]\n'),
    "empty at the end": ("[smtp]", U, f'[smtp]\n{USER_LINE}user = "new"'),
    "no final newline": (
        '[smtp]\r\nuser = "u"',
        E,
        f'[smtp]\r\nuser = "u"\r\n{ENDPOINT_LINE[:-1]}\r\nendpoint = "new"',
    ),
    "aligned with blanks": (
        '[smtp]\nuser     = "u"\nendpoint = "e"\n',
        S,
        f'[smtp]\nuser     = "u"\nendpoint = "e"\n{SECRET_LINE}secret   = {SECRET}\n',
    ),
    "aligned with tabs": (
        '[smtp]\n\tuser\t\t=\t"u"\n\tendpoint\t=\t"e"\n',
        T,
        f'[smtp]\n\tuser\t\t=\t"u"\n\tendpoint\t=\t"e"\n\t{STARTTLS_LINE}\tstarttls\t=\ttrue\n',
    ),
    "aligned but too long": (
        '[smtp]\nuser   = "u"\nsecret = "s"\n',
        E,
        f'[smtp]\nuser   = "u"\nsecret = "s"\n{ENDPOINT_LINE}endpoint = "new"\n',
    ),
    "without blanks": (
        '[smtp]\nuser="u"\n',
        E,
        f'[smtp]\nuser="u"\n{ENDPOINT_LINE}endpoint="new"\n',
    ),
    "between sections": (
        '[a]\n[smtp]\nuser = "u" # c\n# d\n\n# b\n[b]\n',
        E,
        f'[a]\n[smtp]\nuser = "u" # c\n{ENDPOINT_LINE}endpoint = "new"\n# d\n\n# b\n[b]\n',
    ),
    "before its sub-table": (
        '[smtp]\nuser = "u"\n[smtp.x]\ny = 1\n',
        E,
        f'[smtp]\nuser = "u"\n{ENDPOINT_LINE}endpoint = "new"\n[smtp.x]\ny = 1\n',
    ),
    "behind a multi-line value": (
        "[smtp]\nx = [\n  1,\n]\n",
        E,
        f'[smtp]\nx = [\n  1,\n]\n{ENDPOINT_LINE}endpoint = "new"\n',
    ),
    "only a sub-table": (
        "[smtp.x]\ny = 1\n\n",
        U,
        f'[smtp.x]\ny = 1\n\n[smtp]\n{USER_LINE}user = "new"\n\n',
    ),
    "inline empty": ("smtp = {}\n", U, 'smtp = {user = "new"}\n'),
    "inline empty with a blank": ("smtp = { }\n", U, 'smtp = { user = "new" }\n'),
    "inline one": ('smtp = { user="u" }\n', E, 'smtp = { user="u", endpoint="new" }\n'),
    "inline more": (
        'smtp = {user = "u",x = {y = 1}}\n',
        E,
        'smtp = {user = "u",x = {y = 1},endpoint = "new"}\n',
    ),
    "dotted among others": (
        'smtp.user = "u"\na = 1\nsmtp.x.y = 2\nb = 1\n[c]\n',
        E,
        f'smtp.user = "u"\na = 1\nsmtp.x.y = 2\n{ENDPOINT_LINE}smtp.endpoint = "new"\nb = 1\n[c]\n',
    ),
    "no section": ("a = 1\n", U, f'a = 1\n\n[smtp]\n{USER_LINE}user = "new"\n'),
    "no section, blank lines at the end": (
        "[a]\n# c\n\n\n",
        U,
        f'[a]\n# c\n\n[smtp]\n{USER_LINE}user = "new"\n\n\n',
    ),
    "no section, no final newline": ("a = 1", U, f'a = 1\n\n[smtp]\n{USER_LINE}user = "new"'),
    "no section, CRLF": (
        "a = 1\r\n",
        U,
        f'a = 1\n\n[smtp]\n{USER_LINE}user = "new"\n'.replace("\n", "\r\n"),
    ),
    "mixed line ends": (
        '[smtp]\nuser = "u"\r\n[a]\n',
        E,
        f'[smtp]\nuser = "u"\r\n{ENDPOINT_LINE[:-1]}\r\nendpoint = "new"\r\n[a]\n',
    ),
    "only a byte order mark": ("\ufeff", U, f'\ufeff[smtp]\n{USER_LINE}user = "new"\n'),
    "beside references": (
        "p = ${PORT}\n[smtp]\nx = ${X}\n",
        U,
        f'p = ${{PORT}}\n[smtp]\nx = ${{X}}\n{USER_LINE}user = "new"\n',
    ),
    # what is commented out
    "disabled key": (
        '[smtp]\nuser = "u"\n  # endpoint = "old" # c\n',
        E,
        '[smtp]\nuser = "u"\n  endpoint = "new" # c\n',
    ),
    "disabled key, literal": ("[smtp]\n#user='old'\n", U, "[smtp]\nuser='new'\n"),
    "disabled key, last line": ("[smtp]\n# user = 'old'", U, "[smtp]\nuser = 'new'"),
    "disabled key, indented siblings": (
        '[smtp]\n  user = "u"\n#  starttls = false\r\n',
        T,
        '[smtp]\n  user = "u"\n  starttls = true\r\n',
    ),
    "several disabled keys, one wanted": (
        '[smtp]\n# user = "a"\n# user = "new"\n',
        U,
        '[smtp]\n# user = "a"\nuser = "new"\n',
    ),
    "several disabled keys, none wanted": (
        '[smtp]\n# user = "a"\n# user = "b"\n',
        U,
        '[smtp]\nuser = "new"\n# user = "b"\n',
    ),
    "disabled but there too": (
        '[smtp]\n# user = "a"\nuser = "b"\n',
        U,
        '[smtp]\n# user = "a"\nuser = "new"\n',
    ),
    "prose is no disabled key": (
        "[smtp]\n# user = whoever logs in\n",
        U,
        f'[smtp]\n{USER_LINE}user = "new"\n# user = whoever logs in\n',
    ),
    "disabled key of a disabled section": (
        '[smtp]\nx = 1\n# [b]\n# user = "b"\n',
        U,
        f'[smtp]\nx = 1\n{USER_LINE}user = "new"\n# [b]\n# user = "b"\n',
    ),
    "disabled key of another section": (
        '# user = "a"\n[smtp]\nx = 1\n[b]\n# user = "b"\n',
        U,
        f'# user = "a"\n[smtp]\nx = 1\n{USER_LINE}user = "new"\n[b]\n# user = "b"\n',
    ),
    "disabled dotted key": (
        'smtp.user = "u"\n# smtp.starttls = true\na = 1\n',
        T,
        'smtp.user = "u"\nsmtp.starttls = true\na = 1\n',
    ),
    "disabled section": (
        'a = 1\n\n # [smtp] # h\n# user = "old"\n# secret = "x"\n\n# b\n[b]\nc = 1\n',
        U,
        'a = 1\n\n [smtp] # h\nuser = "new"\n# secret = "x"\n\n# b\n[b]\nc = 1\n',
    ),
    "disabled section at the end": (
        "a = 1\n# [smtp]",
        U,
        f'a = 1\n[smtp]\n{USER_LINE}user = "new"',
    ),
    "disabled section above keys stays": (
        "# [smtp]\na = 1\n",
        U,
        f'# [smtp]\na = 1\n\n[smtp]\n{USER_LINE}user = "new"\n',
    ),
    "prose is no disabled section": (
        "# [smtp] is missing\n",
        U,
        f'# [smtp] is missing\n\n[smtp]\n{USER_LINE}user = "new"\n',
    ),
    # removing
    "removed": ('[smtp]\nsecret = "s" # c\nuser = "u"\n', NO_SECRET, '[smtp]\nuser = "u"\n'),
    "removed with our comment": (
        f'[smtp]\nuser = "u"\n{SECRET_LINE}secret = "s"\n',
        NO_SECRET,
        '[smtp]\nuser = "u"\n',
    ),
    "removed without another comment": (
        '[smtp]\n# mine\nsecret = "s"\n',
        NO_SECRET,
        "[smtp]\n# mine\n",
    ),
    "removed at the end": ('[smtp]\r\nsecret = "s"', NO_SECRET, "[smtp]"),
    "removed over lines": ('[smtp]\nsecret = """\na\nb"""\n[c]\n', NO_SECRET, "[smtp]\n[c]\n"),
    "removed first inline": (
        'smtp = { secret = "s" , user = "u" }\n',
        NO_SECRET,
        'smtp = { user = "u" }\n',
    ),
    "removed last inline": (
        'smtp = { user = "u" , secret = "s" }\n',
        NO_SECRET,
        'smtp = { user = "u" }\n',
    ),
    "removed only inline": ('smtp = { secret = "s" }\n', NO_SECRET, "smtp = { }\n"),
    "removed dotted": ('smtp.secret = "s"\nsmtp.user = "u"\n', NO_SECRET, 'smtp.user = "u"\n'),
    "removed only dotted": ('a = 1\nsmtp.secret = "s"\n', NO_SECRET, "a = 1\n"),
    "removed from nothing": ("[smtp]\n", NO_SECRET, "[smtp]\n"),
    "removed nothing": ('[smtp]\n# secret = "s"\n', NO_SECRET, '[smtp]\n# secret = "s"\n'),
}


@pytest.mark.parametrize(("before", "edit", "after"), SHAPES.values(), ids=SHAPES.keys())
def test_shape(before: str, edit: ConfigEdit, after: str) -> None:
    assert edit_config(before, edit) == after
    assert edit_config(after, edit) == after


def test_all_keys_are_added_to_a_section_in_one_edit() -> None:
    edit = ConfigEdit(user="u", endpoint="h", secret_source="'''${X}'''", starttls=True)
    assert edit_config("[smtp]\n# note\n[b]\n", edit) == (
        f'[smtp]\n{USER_LINE}user = "u"\n{ENDPOINT_LINE}endpoint = "h"\n'
        f"{SECRET_LINE}secret = '''${{X}}'''\n{STARTTLS_LINE}starttls = true\n# note\n[b]\n"
    )


def test_bare_reference_that_is_set_again_stays() -> None:
    text = "[smtp]\nuser = ${USER}\nendpoint = ${HOST}\nstarttls = ${TLS}\n"
    assert edit_config(text, ConfigEdit(user="${USER}", endpoint="${HOST}")) == text


RENAMED = {
    "header": ('[smtp_config] # c\nuser = "u"\n', '[smtp] # c\nuser = "u"\n'),
    "upper case": ('[ SMTP ]\nuser = "u"\n', '[ smtp ]\nuser = "u"\n'),
    "quoted, with sub-tables": (
        '["smtp_config" . x]\n[smtp_config]\nsmtp_config = 1\n[[ smtp_config.y]]\n[a.SMTP]\n',
        "[smtp . x]\n[smtp]\nsmtp_config = 1\n[[ smtp.y]]\n[a.SMTP]\n",
    ),
    "inline": ("smtp_config = { user = 'u' }\n", "smtp = { user = 'u' }\n"),
    "dotted": ("smtp_config.user = 'u'\na = 1\n", "smtp.user = 'u'\na = 1\n"),
    "nothing to do": ("a = 1\n", "a = 1\n"),
    "no table": ("SMTP = 1\n", "SMTP = 1\n"),
}


@pytest.mark.parametrize(("before", "after"), RENAMED.values(), ids=RENAMED.keys())
def test_misnamed_section_is_renamed(before: str, after: str) -> None:
    edit = ConfigEdit(rename_misnamed=True)
    assert edit_config(before, edit) == after
    assert edit_config(after, edit) == after
    assert edit_config(before, ConfigEdit()) == before


def test_renaming_and_setting_go_together() -> None:
    edit = ConfigEdit(user="new", starttls=True, rename_misnamed=True)
    assert edit_config("[smtp_config]\nuser = 'u'\n# starttls = true\n", edit) == (
        "[smtp]\nuser = 'new'\nstarttls = true\n"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [("[smtp]\n[smtp_config]\n", 2), ("[SMTP]\n[smtp_config]\n", 1)],
    ids=["old name second", "old name first"],
)
def test_renaming_is_refused_if_two_sections_would_have_the_same_name(text: str, line: int) -> None:
    with pytest.raises(FileRefused) as refused:
        edit_config(text, ConfigEdit(rename_misnamed=True))
    assert (refused.value.code, refused.value.line) == ("smtp-twice", line)


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nsmtp = 3\n", 2), ("\n[[smtp]]\nuser = 'u'\n", 2), ("smtp = []", 1)]
)
def test_smtp_that_is_not_a_table_is_refused(text: str, line: int) -> None:
    with pytest.raises(FileRefused) as refused:
        edit_config(text, U)
    assert (refused.value.code, refused.value.line) == ("smtp-not-a-table", line)


@pytest.mark.parametrize(
    "text",
    [
        "[smtp]\nuser.x = 1\n",
        "[smtp.user]\nx = 1\n",
        "[[smtp.user]]\nx = 1\n",
        "smtp = { user.x = 1 }\n",
        "smtp.user.x = 1\n",
    ],
    ids=["dotted key", "table", "tables", "inline", "all dotted"],
)
def test_an_edit_that_would_mean_something_else_is_refused_with_a_snippet(text: str) -> None:
    edit = ConfigEdit(
        user="new",
        endpoint="smtp://u:hunter2@host",
        secret_source='"hunter2"',
        starttls=True,
        skip=SkipKey.GLOBAL,
    )
    with pytest.raises(FileRefused) as refused:
        edit_config(text, edit)
    assert refused.value.code == "edit-not-safe"
    assert refused.value.remedy.endswith(
        '\nskip_user_verification = true\n[smtp]\nuser = "new"\n'
        'endpoint = "smtp://u:********@host"\nstarttls = true'
    )
    assert "hunter2" not in str(refused.value)


def test_the_snippet_has_the_reference_and_what_is_to_be_removed() -> None:
    with pytest.raises(FileRefused) as refused:
        edit_config("[smtp.user]\n", ConfigEdit(user="u", secret_source=SECRET))
    assert refused.value.remedy.endswith(f'\n[smtp]\nuser = "u"\nsecret = {SECRET}')
    with pytest.raises(FileRefused) as refused:
        edit_config("[smtp.secret]\n[smtp.user]\n", ConfigEdit(user="u", secret_source=REMOVE))
    assert refused.value.remedy.endswith('\n[smtp]\nuser = "u"\n# without secret')


@pytest.mark.parametrize("source", ["${X}", "3", '"a\nb"', '"""\n"""', '"a" # c', "'", ""])
def test_the_secret_of_an_edit_must_be_the_source_of_one_string(source: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        ConfigEdit(secret_source=source)


def test_secrets_are_in_no_repr() -> None:
    edit = ConfigEdit(endpoint="smtp://u:hunter2@h", secret_source='"hunter2"')
    view = parse_config(edit_config("", edit))
    assert "hunter2" not in repr(edit) + repr(view)


@pytest.mark.timeout(60)
def test_a_mebibyte_can_be_edited() -> None:
    text = "".join(f"a{i % 50}.b{i % 7}.c{i} = '{'x' * 35}'\n" for i in range(MAX_PARTS - 20))
    edit = ConfigEdit(user="u", endpoint="h", secret_source=SECRET, starttls=True)
    assert edit_config(text, edit) == f"{text}\n{edit_config('', edit)}"
