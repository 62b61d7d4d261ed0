"""The reference reader sees in the files what the wizard was told to write, whatever it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.peers.programs import built
from tests.peers.reference import HOWS, Answer
from tests.peers.test_dotenv_readers import NASTY_FILES, NASTY_SECRETS, is_secret, secrets
from wizard.config.endpoint import Endpoint
from wizard.config.settings import check_user
from wizard.demo.stage import write_demo_files
from wizard.errors import InvalidValue
from wizard.formats.config_toml.edit import ConfigEdit, edit_config
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.dotenv.variables import set_variable
from wizard.formats.variables import DEFAULT_VARIABLE

Read = Callable[[str, Path, Mapping[str, str]], Answer]
DATABASE = {"BOMNIPOTENT_DB_PW": "x"}
"""What the vendor's own file refers to besides the secret."""
ENDPOINTS = [
    "mail.example.org", "smtp://relay:2500", "smtp://localhost", "smtp://h:1?tls=required",
    "smtp://u:p%22%20%5C@h/name", "127.0.0.1",
]  # fmt: skip
CONFIGS = [
    "", "[smtp]\n", "[ smtp ]\r\nuser = 'old'\r\n", 'smtp = { user = "old", endpoint = "h" }\n',
    'smtp.user = "old"\na = 1\nsmtp.endpoint = "h"\n', "# [smtp]\n# user = 'u'\n",
    '\ufeff[smtp]\nsecret = """old"""\nuser = "u"\nendpoint = "h"  # why\n\n[log]\nlevel = "info"',
    '["smtp"]\n\tstarttls\t= false\n\tendpoint\t= "h"\n', "[x]\ny = '''\n[smtp]\n'''\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def read() -> Read:
    program = built("reference_rust")

    def read(how: str, config: Path, environ: Mapping[str, str]) -> Answer:
        done = subprocess.run(
            [program, how, config], env={"PATH": os.defpath, **environ}, capture_output=True,
            text=True, timeout=60, check=True,
        )  # fmt: skip
        return Answer.parse(done.stdout)

    return read


def write(
    directory: Path, before: tuple[str, str], user: str, endpoint: str, secret: str, starttls: bool
) -> Path:
    config, env = before
    source = choose_reference(DEFAULT_VARIABLE, secret, None)
    written = edit_config(config, ConfigEdit(user, endpoint, source, starttls))
    path = directory / "config.toml"
    path.write_bytes(written.encode())
    (directory / ".env").write_bytes(set_variable(env, DEFAULT_VARIABLE, secret).encode())
    return path


users = st.one_of(
    st.sampled_from(["you@example.org", "apikey", "o'neil@example.org", 'a"b\\c@example.org']),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
)


@settings(max_examples=250)
@given(
    users, st.sampled_from(ENDPOINTS), secrets, st.booleans(), st.sampled_from(CONFIGS),
    st.sampled_from(NASTY_FILES),
)  # fmt: skip
def test_what_is_written_is_what_the_server_reads(
    read: Read, tmp_path_factory: pytest.TempPathFactory, user: str, endpoint: str, secret: str,
    starttls: bool, config: str, env: str,
) -> None:  # fmt: skip
    try:
        check_user(user)
        Endpoint.parse(endpoint)
        path = write(
            tmp_path_factory.getbasetemp(), (config, env), user, endpoint, secret, starttls
        )
    except InvalidValue:
        assume(False)
    assume("${" not in user + secret)  # said to be risky: which way it is read, nobody knows
    for how in HOWS:
        assert read(how, path, {}) == Answer("ok", "", user, endpoint, starttls, secret)


def test_each_nasty_secret_is_what_the_server_reads(read: Read, tmp_path: Path) -> None:
    for secret in filter(is_secret, NASTY_SECRETS):
        try:
            path = write(tmp_path, ("", ""), "u@example.org", "h.example", secret, False)
        except InvalidValue:
            continue  # no string in TOML can hold it under both readings
        for how in HOWS:
            if how == "values" or "${" not in secret:
                assert read(how, path, {}).secret == secret


def test_the_vendors_example_is_read_with_our_settings(read: Read, tmp_path: Path) -> None:
    config = write_demo_files(tmp_path)
    text = config.read_text("utf-8")
    edit = ConfigEdit("you@example.org", "mail.example.org", "'''${SMTP_SECRET}'''", True)
    config.write_text(edit_config(text, edit), "utf-8")
    for how in HOWS:
        answer = read(how, config, {**DATABASE, "SMTP_SECRET": "it's"})
        assert answer == Answer("ok", "", "you@example.org", "mail.example.org", True, "it's")


@pytest.mark.parametrize("form", SkipKey)
def test_either_skip_is_understood(read: Read, tmp_path: Path, form: SkipKey) -> None:
    config = write_demo_files(tmp_path)
    assert read("text", config, DATABASE).outcome == "error"
    config.write_text(edit_config(config.read_text("utf-8"), ConfigEdit(skip=form)), "utf-8")
    for how in HOWS:
        assert read(how, config, DATABASE).outcome == "skip"


def test_the_environment_wins_even_when_it_is_empty(read: Read, tmp_path: Path) -> None:
    path = write(tmp_path, ("", ""), "u@example.org", "h.example", "of the file", False)
    assert read("text", path, {}).secret == "of the file"
    assert read("text", path, {"SMTP_SECRET": "of the environment"}).secret == "of the environment"
    assert read("text", path, {"SMTP_SECRET": ""}).secret == ""


def test_an_unset_variable_and_an_unknown_key_are_errors(read: Read, tmp_path: Path) -> None:
    path = write(tmp_path, ("", ""), "u@example.org", "h.example", "x", False)
    (tmp_path / ".env").unlink()
    assert "SMTP_SECRET is not set" in read("text", path, {}).reason
    path.write_text('[smtp]\nuser = "u"\nendpoint = "h"\nport = 25\n')
    assert "unknown field `port`" in read("text", path, {}).reason
