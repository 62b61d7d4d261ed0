from __future__ import annotations

import pytest

from wizard.errors import FileRefused
from wizard.formats.config_toml.edit import MARK, ConfigEdit, edit_config
from wizard.formats.config_toml.reading import parse_config
from wizard.formats.config_toml.skip_key import SkipKey

GLOBAL = ConfigEdit(skip=SkipKey.GLOBAL)
TABLE = ConfigEdit(skip=SkipKey.USER_TABLE)
OFF = ConfigEdit(skip=False)
KEY = "skip_user_verification = true\n"
TABLE_KEY = "skip_verification = true\n"

SWITCHED_ON = {
    # a global key
    "empty": ("", GLOBAL, f"{MARK}\n{KEY}"),
    "behind the last global key": (
        "a = 1\nb = [\n 1 ] # c\n\n# t\n[t]\n",
        GLOBAL,
        f"a = 1\nb = [\n 1 ] # c\n{MARK}\n{KEY}\n# t\n[t]\n",
    ),
    "in the style of its siblings": (
        "\ta\t=\t1\n[t]\n",
        GLOBAL,
        f"\ta\t=\t1\n\t{MARK}\n\tskip_user_verification\t=\ttrue\n[t]\n",
    ),
    "above the comment of the first header": (
        "# file\n\n# t\n# u\n[t]\na = 1\n",
        GLOBAL,
        f"# file\n\n{MARK}\n{KEY}\n# t\n# u\n[t]\na = 1\n",
    ),
    "above a comment at the top": (
        "\ufeff# t\r\n[[t]]",
        GLOBAL,
        f"\ufeff{MARK}\n{KEY}\n".replace("\n", "\r\n") + "# t\r\n[[t]]",
    ),
    "only a comment": ("# file\n\n\n", GLOBAL, f"# file\n\n{MARK}\n{KEY}\n\n"),
    "only a comment, no final newline": ("# file", GLOBAL, f"# file\n\n{MARK}\n{KEY[:-1]}"),
    "global key not in another table": (
        "[a]\nskip_user_verification = false\n",
        GLOBAL,
        f"{MARK}\n{KEY}\n[a]\nskip_user_verification = false\n",
    ),
    "disabled global key stays": (
        "a = 1\n# skip_user_verification = true\n",
        GLOBAL,
        f"a = 1\n{MARK}\n{KEY}# skip_user_verification = true\n",
    ),
    "flipped": (
        "skip_user_verification = false # c\n",
        GLOBAL,
        "skip_user_verification = true # c\n",
    ),
    "on already": (
        "'skip_user_verification'=true # c\n",
        GLOBAL,
        "'skip_user_verification'=true # c\n",
    ),
    # a key of [user]
    "no table": ("a = 1\n", TABLE, f"a = 1\n\n{MARK}\n[user]\n{TABLE_KEY}"),
    "no table in an empty file": ("\n", TABLE, f"{MARK}\n[user]\n{TABLE_KEY}\n"),
    "only a sub-table": (
        "[user.x]\n",
        TABLE,
        f"[user.x]\n\n{MARK}\n[user]\n{TABLE_KEY}",
    ),
    "table": (
        "[user]\n  tmp_admin = 'a'\n\n# t\n[t]\n",
        TABLE,
        f"[user]\n  tmp_admin = 'a'\n  {MARK}\n  {TABLE_KEY}\n# t\n[t]\n",
    ),
    "empty table": ("[user]", TABLE, f"[user]\n{MARK}\n{TABLE_KEY[:-1]}"),
    "disabled key of the table stays": (
        "[user]\n# skip_verification = true\n",
        TABLE,
        f"[user]\n{MARK}\n{TABLE_KEY}# skip_verification = true\n",
    ),
    "inline table": (
        " user = { tmp_admin = 'a' } # c\n",
        TABLE,
        f" {MARK}\n user = {{ tmp_admin = 'a', skip_verification = true }} # c\n",
    ),
    "empty inline table": ("user={}", TABLE, f"{MARK}\nuser={{skip_verification = true}}"),
    "dotted": (
        "user.tmp_admin = 'a'\nb = 1\n",
        TABLE,
        f"user.tmp_admin = 'a'\n{MARK}\nuser.{TABLE_KEY}b = 1\n",
    ),
    "flipped in the table": (
        "[user]\nskip_verification\t= false # c\n",
        TABLE,
        "[user]\nskip_verification\t= true # c\n",
    ),
    # from one key to the other
    "moved to the table": (
        f"a = 1\n{MARK}\n{KEY}b = 1\n",
        TABLE,
        f"a = 1\nb = 1\n\n{MARK}\n[user]\n{TABLE_KEY}",
    ),
    "the operator's global key is removed": (
        f"{KEY}[user]\n{TABLE_KEY}",
        TABLE,
        f"[user]\n{TABLE_KEY}",
    ),
    "a false one goes, too": (
        "[user]\nskip_verification = false\n",
        GLOBAL,
        f"{MARK}\n{KEY}\n[user]\n",
    ),
    "moved to the global key": (
        f"[t]\n\n{MARK}\n[user]\n{TABLE_KEY}",
        GLOBAL,
        f"{MARK}\n{KEY}\n[t]\n",
    ),
    "moved out of an inline table": (
        f"{MARK}\nuser = {{ tmp_admin = 'a', skip_verification = true }}\n",
        GLOBAL,
        f"user = {{ tmp_admin = 'a' }}\n{MARK}\n{KEY}",
    ),
}


@pytest.mark.parametrize(("before", "edit", "after"), SWITCHED_ON.values(), ids=SWITCHED_ON.keys())
def test_verification_is_skipped(before: str, edit: ConfigEdit, after: str) -> None:
    assert edit_config(before, edit) == after
    assert edit_config(after, edit) == after
    view = parse_config(after)
    assert view.skip_on == view.skip_present == {edit.skip}


SWITCHED_OFF = {
    "the operator's own key": (f"a = 1\n{KEY}", "a = 1\nskip_user_verification = false\n"),
    "the operator's comment": (
        f"# mine\n{KEY}",
        "# mine\nskip_user_verification = false\n",
    ),
    "the operator's own in the table": (
        f"[user]\n{TABLE_KEY}",
        "[user]\nskip_verification = false\n",
    ),
    "the operator's own in an inline table": (
        "user = { skip_verification = true }",
        "user = { skip_verification = false }",
    ),
    "both": (
        f"{MARK}\n{KEY}[user]\n{TABLE_KEY}",
        "[user]\nskip_verification = false\n",
    ),
    "a reference": ("skip_user_verification = ${S}\n", "skip_user_verification = false\n"),
    "off already": ("skip_user_verification = false\n", "skip_user_verification = false\n"),
    "ours, with keys added behind it": (
        f"# file\n\n{MARK}\n{KEY}a = 1\n\n[t]\n",
        "# file\n\na = 1\n\n[t]\n",
    ),
    "our table, with keys added": (
        f"a = 1\n\n{MARK}\n[user]\ntmp_admin = 'a'\n{TABLE_KEY}",
        "a = 1\n\n[user]\ntmp_admin = 'a'\n",
    ),
    "our table, with a table behind it": (
        f"a = 1\n\n{MARK}\n[user]\n{TABLE_KEY}\n# t\n[t]\n",
        "a = 1\n\n# t\n[t]\n",
    ),
    "our table, with a comment added": (
        f"a = 1\n\n{MARK}\n[user]\n# mine\n{TABLE_KEY}",
        "a = 1\n# mine\n",
    ),
    "our table, without its blank line": (f"a = 1\n{MARK}\n[user]\n{TABLE_KEY}", "a = 1\n"),
}


@pytest.mark.parametrize(("before", "after"), SWITCHED_OFF.values(), ids=SWITCHED_OFF.keys())
def test_skipping_of_verification_is_undone(before: str, after: str) -> None:
    assert edit_config(before, OFF) == after
    assert edit_config(after, OFF) == after
    assert parse_config(after).skip is None


SITES = {
    "empty": "",
    "comment": "# file\n",
    "two comments": "# file\n\n# t\n[t]\nb = 1\n",
    "global key": "a = 1\n",
    "key and table": "a = 1\n\n\n[t]\n\n\n",
    "style": "  a   = 1\n  bcd = 2\n",
    "user": "[user]\n",
    "user with a key": "[user]\ntmp_admin = 'a'\n",
    "user above": "a = 1\n[user]\n# c\n\n[t]\n",
    "inline": "user = {}\n",
    "inline, blank": "user = { }\n",
    "inline, keys": "user = {  tmp_admin = 'a',x=1 }\n",
    "dotted": "user.tmp_admin = 'a'\n",
    "sub-tables": "[user.x]\n[[user.y]]\n",
    "disabled": "a = 1\n# skip_user_verification = true\n[user]\n# skip_verification = true\n",
    "marked": f"{MARK}\n",
    "marked user": f"{MARK}\n[user]\n",
    "marked table": f"a = 1\n\n{MARK}\n[t]\n",
    "reference": "p = ${PORT}\n",
    "long string": 'a = """\n[user]\n"""\n',
}
ENDINGS = {
    "no end": "", "end": "\n", "two ends": "\n\n", "blanks": "  ", "comment": "\n# end",
    "tab": "\n\t",
}  # fmt: skip


@pytest.mark.parametrize("form", SkipKey, ids=lambda form: form.name)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_unsetting_restores_every_byte(
    form: SkipKey, line_end: str, bom: str, site: str, ending: str
) -> None:
    text = bom + (site.removesuffix("\n") + ending).replace("\n", line_end)
    on = edit_config(text, ConfigEdit(skip=form))
    assert parse_config(on).skip is form
    assert edit_config(on, OFF) == text


@pytest.mark.parametrize("text", ["user = 3\n", "[[user]]\n", "user = 'a'\n", "user = []\n"])
def test_user_that_is_not_a_table_is_refused(text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        edit_config(f"\n{text}", TABLE)
    assert (refused.value.code, refused.value.line) == ("user-not-a-table", 2)
    assert parse_config(edit_config(text, GLOBAL)).skip is SkipKey.GLOBAL


def test_skip_key_that_is_a_table_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        edit_config("[skip_user_verification]\n", GLOBAL)
    assert refused.value.code == "edit-not-safe"
    assert refused.value.remedy.endswith("\nskip_user_verification = true")
    with pytest.raises(FileRefused) as refused:
        edit_config("[user.skip_verification]\n", TABLE)
    assert refused.value.remedy.endswith("\n[user]\nskip_verification = true")


def test_mark_contains_no_reference() -> None:
    assert MARK.startswith("# ")
    assert "${" not in MARK
