"""Nothing that moves a terminal's cursor or changes its title gets through."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.text.display import escape_controls, short_path, supports_unicode


def test_control_characters_are_shown_as_escapes() -> None:
    assert escape_controls("a\x1b]0;x\x07b") == "a\\x1b]0;x\\x07b"
    assert escape_controls("\x9b31m \u202e \r") == "\\x9b31m \\u202e \\r"
    assert escape_controls("\udcff") == "\\udcff"


def test_readable_text_stays() -> None:
    for text in ("", "Grüße ✓", "line\nline\ttab", "日本語"):
        assert escape_controls(text) == text


@given(st.text(st.characters()))
def test_all_text_is_made_printable(text: str) -> None:
    shown = escape_controls(text).replace("\n", "").replace("\t", "")
    assert shown == "" or shown.isprintable()


def test_pythons_own_locale_is_not_mistaken_for_the_operators() -> None:
    assert supports_unicode({"LANG": "de_DE.UTF-8"}, "utf-8")
    assert supports_unicode({"LC_ALL": "C.UTF-8"}, "utf-8")
    assert supports_unicode({"LC_CTYPE": "en_GB.utf8", "LANG": "C"}, "utf-8")
    assert not supports_unicode({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "utf-8")
    assert not supports_unicode({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1")
    assert not supports_unicode({"LANG": "de_DE.UTF-8"}, "ascii")
    assert not supports_unicode({}, "utf-8")


def test_the_font_of_the_linux_console_lacks_the_marks() -> None:
    assert not supports_unicode({"LANG": "de_DE.UTF-8", "TERM": "linux"}, "utf-8")
    assert supports_unicode({"LANG": "de_DE.UTF-8", "TERM": "xterm"}, "utf-8")


def test_a_path_is_shown_relative_to_the_working_directory_where_that_is_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_path(tmp_path / "etc" / "config.toml") == "etc/config.toml"
    assert short_path(Path("/x")) == "/x"
    assert "\n" not in short_path(tmp_path / "a\nb")
