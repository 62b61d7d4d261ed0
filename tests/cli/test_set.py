"""``set`` changes what its flags say, all or nothing, and says what it did."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Cli
from wizard.formats.dotenv.variables import read_variable


def test_first_set_up_creates_both_files(cli: Cli) -> None:
    result = cli(
        "set", "--user", "me@example.org", "--endpoint", "mail.example.org", "--secret-stdin",
        "--no-test", "--json", stdin=b"s3cret#1\n",
    )  # fmt: skip
    assert result.code == 0
    document = result.json
    assert document["changed"] is True
    assert [(f["created"], f["changed"]) for f in document["files"]] == [(True, True)] * 2
    assert [Path(f["path"]).name for f in document["files"]] == ["config.toml", ".env"]
    assert document["secret"] == {"store": "env", "variable": "SMTP_SECRET", "changed": True}
    assert document["test"] is None
    assert document["restart_needed"] is True
    assert "server-settings-missing" in [w["code"] for w in document["warnings"]]
    written = tomllib.loads((cli.directory / "config.toml").read_text())
    assert written["smtp"] == {
        "user": "me@example.org",
        "endpoint": "mail.example.org",
        "secret": "${SMTP_SECRET}",
    }
    assert read_variable((cli.directory / ".env").read_text(), "SMTP_SECRET") == "s3cret#1"
    assert (cli.directory / ".env").stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in result.out + result.err


def test_second_identical_run_changes_no_byte(cli: Cli) -> None:
    arguments = [
        "set", "--user", "me@example.org", "--endpoint", "mail.example.org", "--starttls",
        "--secret-stdin", "--no-test", "--json",
    ]  # fmt: skip
    cli(*arguments, stdin=b"a 'b\n")
    before = cli.snapshot()
    result = cli(*arguments, stdin=b"a 'b\n")
    assert result.json["changed"] is False
    assert [f["changed"] for f in result.json["files"]] == [False, False]
    assert result.json["secret"]["changed"] is False
    assert result.json["restart_needed"] is False
    assert cli.snapshot() == before


def test_value_without_a_flag_is_kept(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=old\n")
    result = cli("set", "--user", "you@example.org", "--no-test", "--json")
    assert path.read_text() == CONFIG.replace("me@example.org", "you@example.org")
    assert (cli.directory / ".env").read_text() == "SMTP_SECRET=old\n"
    assert result.json["restart_needed"] is False
    assert [f["changed"] for f in result.json["files"]] == [True, False]


def test_starttls_goes_after_secret_not_below_the_next_comment(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=old\n")
    cli("set", "--starttls", "--no-test")
    lines = path.read_text().splitlines()
    assert lines[lines.index("starttls = true") - 2] == 'secret = "${SMTP_SECRET}"'
    assert lines[lines.index("[provider_metadata.publisher]") - 1] == "# Publisher data"
    cli("set", "--no-starttls", "--no-test")
    assert "starttls = false" in path.read_text()


def test_secret_file_and_secret_env_are_read(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.write("config.toml", CONFIG)
    secret = cli.write("secret.txt", "from file\r\n")
    cli("set", "--secret-file", str(secret), "--no-test")
    assert read_variable((cli.directory / ".env").read_text(), "SMTP_SECRET") == "from file"
    monkeypatch.setenv("MAIL_PASSWORD", "from env")
    cli("set", "--secret-env", "MAIL_PASSWORD", "--no-test")
    assert read_variable((cli.directory / ".env").read_text(), "SMTP_SECRET") == "from env"


def test_no_secret_removes_it_from_both_files(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG)
    env = cli.write(".env", "A=1\nSMTP_SECRET=old\nB=2\n")
    result = cli("set", "--no-secret", "--endpoint", "smtp://relay:25", "--no-test", "--json")
    assert result.json["secret"] == {"store": None, "variable": None, "changed": True}
    assert "secret" not in tomllib.loads(path.read_text())["smtp"]
    assert env.read_text() == "A=1\nB=2\n"


def test_variable_that_is_used_elsewhere_stays(cli: Cli) -> None:
    cli.write("config.toml", 'other = "${SMTP_SECRET}"\n' + CONFIG)
    env = cli.write(".env", "SMTP_SECRET=old\n")
    cli("set", "--no-secret", "--no-test")
    assert env.read_text() == "SMTP_SECRET=old\n"


def test_variable_of_the_config_is_used(cli: Cli) -> None:
    cli.write("config.toml", CONFIG.replace("SMTP_SECRET", "MAIL_PW"))
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new")
    assert result.json["secret"]["variable"] == "MAIL_PW"
    assert read_variable((cli.directory / ".env").read_text(), "MAIL_PW") == "new"


def test_new_name_for_the_variable_moves_the_secret(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG)
    env = cli.write(".env", "SMTP_SECRET='a b'\nX=1\n")
    result = cli("set", "--secret-var", "MAIL_PW", "--no-test", "--json")
    assert result.code == 0
    assert 'secret = "${MAIL_PW}"' in path.read_text()
    assert read_variable(env.read_text(), "MAIL_PW") == "a b"
    assert "SMTP_SECRET" not in env.read_text()


def test_secret_is_not_stored_in_a_variable_with_a_meaning_of_its_own(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG.replace("SMTP_SECRET", "LD_PRELOAD"))
    env = cli.write(".env", "LD_PRELOAD=old\n")
    before = cli.snapshot()
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new")
    assert (result.code, result.json["error"]["code"]) == (2, "variable-reserved")
    assert cli.snapshot() == before
    assert cli("set", "--secret-var", "SMTP_SECRET", "--no-test").code == 0
    assert path.read_text() == CONFIG
    assert env.read_text() == "SMTP_SECRET=old\n"


def test_dry_run_prints_the_diff_masked_and_writes_nothing(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "DB=dbpass\nSMTP_SECRET=oldpass\n")
    before = cli.snapshot()
    result = cli("set", "--secret-stdin", "--no-test", "--dry-run", stdin=b'new"pass\n')
    assert "-SMTP_SECRET=********\n+SMTP_SECRET=********" in result.out
    assert "+secret = '''${SMTP_SECRET}'''" in result.out
    for secret in ("dbpass", "oldpass", 'new"pass', "new"):
        assert secret not in result.out.replace("+++", "")
    assert cli.snapshot() == before


@pytest.mark.parametrize(
    "endpoint",
    [
        "smtp:/u:hunter2@host",
        "smtp:\\\\u:hunter2@host",
        "u:hunter2@host",
        "smtp://u%3Ahunter2@host",
    ],
)
def test_dry_run_masks_the_password_of_a_malformed_endpoint_as_show_does(
    cli: Cli, endpoint: str
) -> None:
    written = endpoint.replace("\\", "\\\\")
    cli.write("config.toml", f'[smtp]\nuser = "me@example.org"\nendpoint = "{written}"\n')
    options = ["--no-test", "--dry-run"]
    for result in (
        cli("set", "--user", "you@example.org", *options),
        cli("set", "--endpoint", "mail.example.org", *options),
        cli("show"),
        cli("check"),
    ):
        assert "hunter2" not in result.out + result.err
    assert "********" in cli("set", "--endpoint", "mail.example.org", *options).out


def test_skip_verification_is_written_in_the_form_of_the_named_version(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG)
    result = cli("set", "--skip-verification", "--server-version", "1.5", "--json")
    assert result.code == 0
    assert tomllib.loads(path.read_text())["user"] == {"skip_verification": True}
    result = cli("set", "--skip-verification", "--server-version", "0.6", "--json")
    assert tomllib.loads(path.read_text())["skip_user_verification"] is True
    assert "user" not in tomllib.loads(path.read_text())
    cli.write(".env", "SMTP_SECRET=x\n")
    cli("set", "--verify-users", "--no-test")
    assert path.read_text() == CONFIG


@pytest.mark.parametrize(
    ("image", "before", "form"),
    [
        ("wwhsoft/bomnipotent_server", "tmp_admin = 'a'\n", "[user]\nskip_verification = true"),
        ("wwhsoft/bomnipotent_server:0.6", "[tlp]\n", "skip_user_verification = true"),
        (f"wwhsoft/bomnipotent_server@sha256:{64 * 'a'}", "[open_pgp]\n",
         "[user]\nskip_verification = true"),
        (f"wwhsoft/bomnipotent_server@sha256:{64 * 'a'}", "tmp_admin = 'a'\n",
         "skip_user_verification = true"),
        ("wwhsoft/bomnipotent_server:ours", "[[tasks]]\nname = 'x'\n",
         "[user]\nskip_verification = true"),
    ],
    ids=["no tag", "old tag", "digest, newer table", "digest, older key", "own tag, newer table"],
)  # fmt: skip
def test_version_is_that_of_the_image_or_else_of_what_the_file_has(
    cli: Cli, image: str, before: str, form: str
) -> None:
    cli.write("compose.yaml", f"services:\n  bomnipotent_server:\n    image: {image}\n")
    path = cli.write("bomnipotent_config/config.toml", before)
    done = cli("set", "--skip-verification", "--json")
    assert done.code == 0
    assert "skip-form-assumed" not in [each["code"] for each in done.json["warnings"]]
    assert form in path.read_text()


def test_unknown_version_takes_the_old_form_and_says_so(cli: Cli) -> None:
    result = cli("set", "--skip-verification")
    assert result.code == 0
    assert (cli.directory / "config.toml").read_text().count("skip_user_verification = true") == 1
    assert "--server-version" in result.err


def test_verify_users_without_mail_settings_is_refused(cli: Cli) -> None:
    cli("set", "--skip-verification")
    before = cli.snapshot()
    result = cli("set", "--verify-users", "--json")
    assert result.code == 2
    assert result.json["error"]["code"] == "settings-missing"
    assert cli.snapshot() == before


def test_misnamed_section_is_renamed_on_request(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG.replace("[smtp]", "[smtp_config]"))
    result = cli("set", "--skip-verification", "--server-version", "1", "--json", "--dry-run")
    assert "section-misnamed" in [w["code"] for w in result.json["warnings"]]
    cli.write(".env", "SMTP_SECRET=x\n")
    cli("set", "--rename-section", "--no-test")
    assert path.read_text() == CONFIG


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--user", ""], "user-empty"),
        (["--user", " a@b"], "user-blanks"),
        (["--user", "a\nb"], "user-characters"),
        (["--user", "Me <a@b>"], "user-brackets"),
        (["--endpoint", "mail.example.org:587"], "endpoint-port"),
        (["--endpoint", "smtps://mail.example.org"], "endpoint-scheme"),
        (["--secret-var", "1X"], "variable-name"),
        (["--secret-var", "LD_PRELOAD"], "variable-reserved"),
        (["--secret-env", "NOT_SET"], "secret-env-unset"),
        (["--server-version", "x", "--skip-verification"], "server-version"),
        (["--colour"], "usage"),
        (["--user"], "usage"),
        (["--timeout", "soon"], "usage"),
        (["--timeout", "-1"], "usage"),
        (["--no-secret", "--secret-stdin"], "usage"),
        (["--store", "cloud"], "usage"),
    ],
)
def test_invalid_value_is_a_usage_error_and_changes_nothing(
    cli: Cli, arguments: list[str], code: str
) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=old\n")
    before = cli.snapshot()
    result = cli("set", "--no-test", "--json", *arguments)
    assert result.code == 2
    assert result.json["error"]["code"] == code
    assert result.json["error"]["message"]
    assert cli.snapshot() == before


@pytest.mark.parametrize(
    ("key", "typed", "flags"),
    [
        ("user", "Me <me@example.org>", "--user me@example.org"),
        ("user", "me@example.org,you@example.org", "--user me@example.org"),
        ("user", "mailto:o'hara@example.org", "--user 'o'\"'\"'hara@example.org'"),
        ("endpoint", "mail.example.org:587", "--endpoint mail.example.org --starttls"),
        ("endpoint", "smtps://mail.example.org", "--endpoint mail.example.org --no-starttls"),
    ],
    ids=["brackets", "list", "mailto", "port", "scheme"],
)
def test_correction_is_offered_as_flags_quoted_for_the_shell(
    cli: Cli, key: str, typed: str, flags: str
) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=x\n")
    error = cli("set", "--no-test", "--json", f"--{key}", typed).json["error"]
    assert error["remedy"] == f"Give it as: {flags}"
    taken = cli("set", "--no-test", "--dry-run", "--json", *shlex.split(flags))
    assert taken.code == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "secret-empty"),
        (b"\n", "secret-empty"),
        (b"a\nb\n", "secret-multiline"),
        (b"a\x00b", "secret-control-character"),
        (b"\xff\xffx", "secret-not-utf8"),
        ("hunter22\r\n".encode("utf-16"), "secret-utf16"),
        ("hunter22\r\n".encode("utf-16-le"), "secret-utf16"),
        ("hunter22".encode("utf-16-be"), "secret-utf16"),
        (b"\xef\xbb\xbfhunter22\r\n", "secret-byte-order-mark"),
        (b"x" * 9000, "secret-too-long"),
        (b"a'''b\"c\\d", "secret-not-representable"),
    ],
    ids=[
        "empty",
        "line end alone",
        "two lines",
        "NUL",
        "not UTF-8",
        "UTF-16",
        "UTF-16 without a mark",
        "UTF-16-BE",
        "byte order mark",
        "too long",
        "not representable",
    ],
)
def test_secret_that_cannot_be_stored_is_refused_without_showing_it(
    cli: Cli, data: bytes, code: str
) -> None:
    cli.write("config.toml", CONFIG)
    before = cli.snapshot()
    (cli.directory.parent / "secret").write_bytes(data)
    from_file = ("--secret-file", str(cli.directory.parent / "secret"))
    for source in (("--secret-stdin",), from_file):
        result = cli("set", *source, "--no-test", "--json", stdin=data)
        assert result.code == 2
        assert result.json["error"]["code"] == code
        assert "hunter22" not in result.out + result.err
    assert cli.snapshot() == before


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("hunter22\u00a0", "secret-invisible"),
        ("\u200bhunter22", "secret-invisible"),
        ("\u201chunter22\u201d", "secret-quoted"),
        (" hunter22", "secret-blanks"),
    ],
)
def test_what_may_not_belong_to_the_secret_is_kept_with_a_warning(
    cli: Cli, secret: str, code: str
) -> None:
    cli.write("config.toml", CONFIG)
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=secret.encode())
    assert code in [warning["code"] for warning in result.json["warnings"]]
    assert read_variable((cli.directory / ".env").read_text(), "SMTP_SECRET") == secret
    again = cli("set", "--user", "you@example.org", "--no-test", "--json")
    assert again.json["warnings"] == [], "it is said once, when the secret is entered"


def test_byte_order_mark_in_the_env_file_is_said(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "\ufeffSMTP_SECRET=old\n")
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new")
    assert "byte-order-mark" in [warning["code"] for warning in result.json["warnings"]]
    assert (cli.directory / ".env").read_text() == "\ufeffSMTP_SECRET=new\n"


@pytest.mark.parametrize(
    ("env", "command"),
    [
        ("A=ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\nsops_version=3.9.0\n", "sops .env"),
        (
            '# x\n\nSMTP_SECRET="encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt+"\n',
            "dotenvx encrypt",
        ),
        ("export A='encrypted:BDqDBibm4wsYqMpCjTQ6'\n", "dotenvx encrypt"),
    ],
    ids=["sops", "dotenvx", "dotenvx with export"],
)
def test_env_file_that_another_program_encrypts_is_refused_with_its_command(
    cli: Cli, env: str, command: str
) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", env)
    before = cli.snapshot()
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new")
    error = result.json["error"]
    assert (result.code, error["code"]) == (4, "env-encrypted")
    assert command in error["remedy"]
    assert cli.snapshot() == before


def test_first_set_up_names_what_is_missing(cli: Cli) -> None:
    assert cli("set", "--json").json["error"]["code"] == "settings-missing"
    result = cli("set", "--user", "a@b", "--no-test", "--json")
    assert (result.code, result.json["error"]["code"]) == (2, "endpoint-missing")
    result = cli("set", "--endpoint", "b", "--no-test", "--json")
    assert (result.code, result.json["error"]["code"]) == (2, "user-missing")
    assert cli.snapshot() == {}


def test_unusable_keyring_is_reported_and_nothing_is_written(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(cli.directory))
    result = cli(
        "set", "--store", "keyring", "--user", "a@b", "--endpoint", "c", "--secret-stdin",
        "--no-test", "--json", stdin=b"hunter22",
    )  # fmt: skip
    assert result.code == 6
    assert result.json["error"]["code"].startswith("keyring-")
    assert ".env" in result.json["error"]["remedy"]
    assert cli.snapshot() == {}


BROKEN = [
    ("smtp = 3\n", "smtp-not-a-table"),
    ("[[smtp]]\n", None),
    ("[smtp\n", "config-invalid-toml"),
    ('[smtp]\nuser = "a"\nuser = "b"\n', "config-invalid-toml"),
]


@pytest.mark.parametrize(
    ("text", "code"), BROKEN, ids=["no table", "array of tables", "open header", "key twice"]
)
def test_file_that_cannot_be_edited_safely_is_refused(
    cli: Cli, text: str, code: str | None
) -> None:
    path = cli.write("config.toml", text)
    result = cli("set", "--user", "a@b", "--endpoint", "c", "--no-test", "--json")
    assert result.code == 4
    error = result.json["error"]
    assert error["path"] == str(path)
    assert error["line"]
    assert code in (None, error["code"])
    assert path.read_text() == text


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfea\x00", b"user = \xe4\n", b"a = 1\x00\n", b"#" * (2 << 20)],
    ids=["UTF-16", "Latin-1", "NUL", "too large"],
)
def test_bytes_that_are_not_a_configuration_are_refused(cli: Cli, data: bytes) -> None:
    path = cli.directory / "config.toml"
    path.write_bytes(data)
    result = cli("set", "--user", "a@b", "--endpoint", "c", "--no-test", "--json")
    assert result.code == 4
    assert result.json["error"]["path"] == str(path)
    assert path.read_bytes() == data


def test_directory_in_the_place_of_a_file_is_refused(cli: Cli) -> None:
    (cli.directory / "config.toml").mkdir()
    result = cli("set", "--user", "a@b", "--endpoint", "c", "--no-test")
    assert result.code == 4
    assert "a directory" in result.err


def test_malformed_env_is_refused_with_its_line(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    env = cli.write(".env", "A=1\nX=it's\nSMTP_SECRET=old\n")
    before = cli.snapshot()
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new")
    assert result.code == 4
    assert (result.json["error"]["path"], result.json["error"]["line"]) == (str(env), 2)
    assert cli.snapshot() == before


def test_failure_on_the_second_file_puts_the_first_one_back(cli: Cli) -> None:
    """config.toml is written last; /proc takes no new files, not even from root."""
    result = cli(
        "-c", "/proc/config.toml", "--env-file", str(cli.directory / ".env"), "set", "--user",
        "a@b", "--endpoint", "c", "--secret-stdin", "--no-test", "--json", stdin=b"new",
    )  # fmt: skip
    assert result.code == 5
    assert result.json["error"]["code"] == "write-failed"
    assert cli.snapshot() == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_directory_is_reported(cli: Cli) -> None:
    cli.directory.chmod(0o500)
    try:
        result = cli(
            "set", "--user", "you@example.org", "--endpoint", "c", "--no-secret", "--no-test",
            "--json",
        )  # fmt: skip
    finally:
        cli.directory.chmod(0o700)
    assert result.code == 5
    assert "sudo" in result.json["error"]["remedy"]


def test_config_may_come_before_or_after_the_command(cli: Cli) -> None:
    path = cli.write("elsewhere/config.toml", CONFIG)
    assert cli("-c", str(path), "show", "--json").json["user"] == "me@example.org"
    assert cli("show", "--json", "-c", str(path)).json["user"] == "me@example.org"
    assert cli("--json", "show", "-c", str(path)).json["user"] == "me@example.org"


def test_environment_that_wins_is_warned_about(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.write("config.toml", CONFIG)
    monkeypatch.setenv("SMTP_SECRET", "theirs42")
    result = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new")
    assert "environment-wins" in [w["code"] for w in result.json["warnings"]]
    assert "theirs42" not in result.out


def test_reference_in_a_value_is_kept_and_expanded_for_the_check(cli: Cli) -> None:
    path = cli.write("config.toml", CONFIG.replace("mail.example.org", "${MAIL_HOST}"))
    cli.write(".env", "MAIL_HOST=mail.example.org\nSMTP_SECRET=x\n")
    assert cli("set", "--user", "you@x", "--no-test").code == 0
    assert 'endpoint = "${MAIL_HOST}"' in path.read_text()
    cli.write(".env", "MAIL_HOST=mail.example.org:587\nSMTP_SECRET=x\n")
    assert cli("set", "--user", "me@x", "--no-test").code == 2


def test_starttls_by_reference_is_kept_while_it_means_the_same(cli: Cli) -> None:
    text = CONFIG.replace('secret = "', 'starttls = ${MAIL_STARTTLS}\nsecret = "')
    path = cli.write("config.toml", text)
    cli.write(".env", "MAIL_STARTTLS=true\nSMTP_SECRET=x\n")
    assert cli("show", "--json").json["starttls"] is True
    cli("set", "--starttls", "--no-test")
    assert path.read_text() == text
    cli("set", "--no-starttls", "--no-test")
    assert "starttls = false" in path.read_text()


@pytest.mark.parametrize(
    ("flags", "stdin", "code"),
    [
        (["--user", "you@yourdomain.com"], None, "user-placeholder"),
        (["--user", "<you@yourdomain.com>"], None, "user-placeholder"),
        (["--endpoint", "your.smtp.host"], None, "endpoint-placeholder"),
        (["--endpoint", "<your.smtp.host>"], None, "endpoint-placeholder"),
        (["--endpoint", "smtp://mail.yourdomain.com:2500"], None, "endpoint-placeholder"),
        (["--secret-stdin"], b"<your-smtp-authentication-secret>", "secret-placeholder"),
    ],
    ids=["user", "user in brackets", "endpoint", "endpoint in brackets", "relay", "secret"],
)
def test_example_of_the_documentation_is_refused(
    cli: Cli, flags: list[str], stdin: bytes | None, code: str
) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=x\n")
    before = cli.snapshot()
    for test in ("--test", "--no-test"):
        refused = cli("set", test, "--json", *flags, stdin=stdin)
        assert (refused.code, refused.json["error"]["code"]) == (2, code)
    assert cli.snapshot() == before


def test_reader_that_ignores_the_line_of_the_secret_is_named(cli: Cli) -> None:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "export SMTP_SECRET=old\n")
    for _twice in range(2):
        done = cli("set", "--secret-stdin", "--no-test", "--json", stdin=b"new42")
        (warning,) = [each for each in done.json["warnings"] if each["code"] == "secret-misread"]
        assert "systemd" in warning["message"]
        assert "docker run" in warning["message"]
    assert (cli.directory / ".env").read_text() == "export SMTP_SECRET=new42\n"


@pytest.mark.parametrize("place", ["/dev/fd", "/proc/self/fd"])
def test_secret_may_come_from_a_pipe(cli: Cli, place: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe\n")
    os.close(writing)
    cli.write("config.toml", CONFIG)
    result = cli("set", "--secret-file", f"{place}/{reading}", "--no-test")
    os.close(reading)
    assert result.code == 0
    assert read_variable((cli.directory / ".env").read_text(), "SMTP_SECRET") == "from a pipe"


def test_starttls_that_nothing_sets_is_replaced_only_when_named(cli: Cli) -> None:
    text = CONFIG.replace('secret = "', 'starttls = ${MAIL_STARTTLS}\nsecret = "')
    path = cli.write("config.toml", text)
    cli.write(".env", "SMTP_SECRET=x\n")
    assert cli("set", "--user", "you@x", "--no-test").code == 0
    assert "starttls = ${MAIL_STARTTLS}\n" in path.read_text()
    assert cli("set", "--starttls", "--no-test").code == 0
    assert "starttls = true" in path.read_text()


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ('user = "${MAIL_USER}"', "MAIL_USER"),
        ('endpoint = "${MAIL_HOST}"', "MAIL_HOST"),
        ('secret = "${SMTP_SECRET}"', "SMTP_SECRET"),
        ("starttls = ${MAIL_STARTTLS}", "MAIL_STARTTLS"),
    ],
    ids=["user", "endpoint", "secret", "starttls"],
)
def test_variable_that_only_the_service_sets_is_a_warning_without_a_test(
    cli: Cli, setting: str, name: str
) -> None:
    key = setting.partition(" ")[0]
    values = {"user": '"a@example.org"', "endpoint": '"mail.example.org"', "starttls": "false"}
    lines = [f"{each} = {value}" for each, value in values.items() if each != key]
    path = cli.write("config.toml", "\n".join(["[smtp]", *lines, setting, ""]))
    other = ("--endpoint", "b.example") if key == "user" else ("--user", "b@example.org")
    before = cli.snapshot()
    refused = cli("set", *other, "--json")
    assert (refused.code, cli.snapshot()) == (2, before)
    assert "--no-test" in refused.json["error"]["remedy"]
    done = cli("set", *other, "--no-test", "--json")
    assert done.code == 0
    (warning,) = [each for each in done.json["warnings"] if each["code"] == "variable-unset"]
    assert name in warning["message"]
    assert setting in path.read_text().splitlines()


def test_variable_that_compose_passes_on_may_be_set_by_the_host_alone(cli: Cli) -> None:
    """Compose makes an empty value of it, which is no user and no endpoint."""
    names = ("MAIL_USER", "MAIL_HOST", "SMTP_SECRET")
    passed = "".join(f"      {name}: ${{{name}}}\n" for name in names)
    cli.write(
        "compose.yaml",
        "services:\n  bom:\n    image: wwhsoft/bomnipotent_server\n    environment:\n" + passed,
    )
    text = '[smtp]\nuser = "${MAIL_USER}"\nendpoint = "${MAIL_HOST}"\nsecret = "${SMTP_SECRET}"\n'
    path = cli.write("bomnipotent_config/config.toml", text)
    refused = cli("set", "--starttls", "--json")
    assert (refused.code, path.read_text()) == (2, text)
    done = cli("set", "--starttls", "--no-test", "--json")
    assert done.code == 0
    told = [each["message"] for each in done.json["warnings"] if each["code"] == "variable-unset"]
    assert len(told) == 3
    assert all(any(name in message for message in told) for name in names)
    assert path.read_text().startswith(text)


COMPOSE = "services:\n  bom:\n    image: wwhsoft/bomnipotent_server\n    environment:\n"
COMPLETE = ("--user", "you@example.org", "--endpoint", "mail.example.org", "--secret-stdin")


def test_lines_to_paste_are_followed_by_a_line_of_prose(cli: Cli) -> None:
    cli.write("compose.yaml", COMPOSE + "      TZ: UTC\n")
    cli.write("bomnipotent_config/config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=hunter22\n")
    result = cli("set", "--endpoint", "smtp://127.0.0.1:1")
    [line] = [line for line in result.err.splitlines() if "SMTP_SECRET: ${" in line]
    assert line.endswith("}")


@pytest.mark.parametrize(
    ("wrong", "flag"),
    [
        ('starttls = "yes"', "--no-starttls"),
        ('starttls = "yes"', "--starttls"),
        ("secret = 5", "--no-secret"),
    ],
)
def test_value_of_another_type_is_warned_of_and_set_by_its_flag(
    cli: Cli, wrong: str, flag: str
) -> None:
    begin = '[smtp]\nuser = "me@example.org"\nendpoint = "mail.example.org"\n'
    config = cli.write("config.toml", f"{begin}{wrong}\n")
    given = ("set", "--user", "me@example.org", "--json")
    assert [each["code"] for each in cli(*given, "--no-test").json["warnings"]] == ["smtp-key-type"]
    refused = cli(*given).json["error"]
    assert refused["code"] == "smtp-key-type"
    assert flag in refused["remedy"]
    assert cli("set", flag, "--no-test").code == 0
    expected = {"--starttls": "starttls = true\n", "--no-starttls": "starttls = false\n"}
    assert config.read_text() == begin + expected.get(flag, "")


def test_line_to_paste_into_the_compose_file_is_a_line_of_its_own(cli: Cli) -> None:
    cli.write("compose.yaml", COMPOSE + "      SMTP_SECRET: fixed\n")
    cli.write("bomnipotent_config/config.toml", "")
    done = cli("set", *COMPLETE, "--no-test", stdin=b"new secret\n")
    assert done.code == 0
    assert "\n    SMTP_SECRET: ${SMTP_SECRET:?}\n" in done.err
    assert "\\n" not in done.err


def test_warning_says_what_to_do(cli: Cli) -> None:
    cli.write("compose.yaml", COMPOSE + "      SMTP_SECRET:\n      DB_PW: ${DB_PW:?}\n")
    cli.write("bomnipotent_config/config.toml", "")
    done = cli("set", *COMPLETE, "--no-test", "--dry-run", stdin=b"new secret\n")
    env = cli.directory / ".env"
    assert f"requires DB_PW, which nothing sets, and starts nothing. Set it in {env}." in done.err
    assert "# Read by Docker Compose. Do not commit" in done.out
    content = cli("set", *COMPLETE, "--no-test", "--dry-run", "--json", stdin=b"new secret\n").json
    (required,) = [
        each for each in content["warnings"] if each["code"] == "compose-variable-required"
    ]
    assert required["remedy"] == f"Set it in {env}."


def test_variable_that_nothing_sets_may_be_given_as_a_value_without_a_test(cli: Cli) -> None:
    given = ("--user", "${MAIL_USER}", "--endpoint", "${MAIL_HOST}")
    done = cli("set", *given, "--no-test", "--json")
    assert done.code == 0
    codes = [each["code"] for each in done.json["warnings"]]
    assert codes.count("variable-unset") == 2
    assert 'user = "${MAIL_USER}"' in (cli.directory / "config.toml").read_text()
    assert cli("set", *given, "--no-test", "--json").json["changed"] is False


@pytest.mark.parametrize(
    "written",
    [
        "skip_user_verification = ${SKIP}\n",
        "skip_user_verification = false # not here\n",
        "[user]\nskip_verification = ${SKIP}\n",
        "user = { skip_verification = ${SKIP} }\n",
        "[user]\nskip_verification = 'no'\n",
    ],
    ids=["global", "global false", "table", "inline", "of another type"],
)
@pytest.mark.parametrize("value", [None, "true", "false", "perhaps"])
def test_skip_key_that_is_not_named_stays_as_it_is_written(
    cli: Cli, written: str, value: str | None
) -> None:
    text = f'{written}\n[smtp]\nuser = "a@example.org"\nendpoint = "mail.example.org"\n'
    path = cli.write("config.toml", text)
    if value is not None:
        cli.write(".env", f"SKIP={value}\n")
    shown = cli("show", "--json").json["skip_verification"]
    assert shown is ("${SKIP}" in written and value == "true")
    assert cli("set", "--user", "b@example.org", "--no-test").code == 0
    assert path.read_text() == text.replace("a@example", "b@example")
    assert cli("set", "--verify-users", "--no-test").code == 0
    if "${SKIP}" in written and value != "false":
        assert "verification = false" in path.read_text()
    else:
        assert path.read_text() == text.replace("a@example", "b@example")


@pytest.mark.parametrize(
    "line",
    [
        "endpoint = 'MAIL.example.org' # theirs",
        'endpoint = "SMTP://relay.example.org:2500/"',
        'endpoint = "${MAIL_HOST}"',
        "endpoint = ${MAIL_HOST}",
        '"endpoint"="""mail.example.org"""',
        'secret = "${SMTP_SECRET}${SMTP_SECRET}"',
        "secret = ${SMTP_SECRET}",
        "secret = '${NOBODY_SETS}'",
        'secret = "in the clear"',
        "starttls = ${MAIL_STARTTLS}",
        "starttls = ${NOBODY_SETS}",
        "starttls = false",
        "starttls = 'true'",
    ],
)
@pytest.mark.parametrize("others", [("--user", "b@example.org"), ("--user", "${MAIL_USER}")])
def test_key_that_is_not_named_stays(cli: Cli, line: str, others: tuple[str, ...]) -> None:
    user = 'user = "a@example.org"\n'
    endpoint = "" if "endpoint" in line else 'endpoint = "mail.example.org"\n'
    path = cli.write("config.toml", f"[smtp]\n{user}{endpoint}{line}\n")
    cli.write(".env", "MAIL_HOST=mail.example.org\nMAIL_STARTTLS=true\nSMTP_SECRET=x\n")
    assert cli("set", *others, "--no-test").code == 0
    assert path.read_text() == f'[smtp]\nuser = "{others[1]}"\n{endpoint}{line}\n'


def test_skip_key_by_reference_is_rewritten_only_for_another_value(cli: Cli) -> None:
    text = "[user]\nskip_verification = ${SKIP}\n"
    path = cli.write("config.toml", text)
    cli.write(".env", "SKIP=true\n")
    assert cli("set", "--skip-verification", "--no-test").code == 0
    assert path.read_text() == text
    cli.write(".env", "SKIP=false\n")
    assert cli("set", "--skip-verification", "--no-test").code == 0
    assert path.read_text() == "[user]\nskip_verification = true\n"


def test_commands_to_copy_are_quoted_for_the_shell(cli: Cli) -> None:
    compose = "services: {bomnipotent_server: {image: wwhsoft/bomnipotent_server}}\n"
    cli.write("a $(touch pwn)/compose.yaml", compose)
    config = cli.write("a $(touch pwn)/bomnipotent_config/config.toml", CONFIG)
    result = cli("-c", str(config), "set", "--secret-stdin", "--no-test", stdin=b"x")
    assert f"--project-directory '{config.parent.parent}' up -d" in result.err


def test_line_separators_do_not_shift_the_preview(cli: Cli) -> None:
    text = 'api_token = "a\u2028b\x85c"\n' + CONFIG
    cli.write("config.toml", text)
    cli.write(".env", "SMTP_SECRET=x\n")
    result = cli("set", "--user", "new@b.c", "--dry-run", "--no-test")
    assert [line for line in result.out.splitlines() if line[:1] in "-+"][2:] == [
        '-user = "me@example.org"   # the mailbox',
        '+user = "new@b.c"   # the mailbox',
    ]


def test_secret_comes_whole_from_a_pipe_that_does_not_block(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def write_slowly() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for piece in (b"kQ7#", b"vZ2m", b"-Tr0\n"):
                time.sleep(0.05)
                pipe.write(piece)

    writer = threading.Thread(target=write_slowly)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        writer.start()
        values = ("--user", "me@example.org", "--endpoint", "mail.example.org")
        result = cli("set", *values, "--secret-stdin", "--no-test")
        writer.join()
    assert result.code == 0
    assert "kQ7#vZ2m-Tr0" in (cli.directory / ".env").read_text()


def test_of_thousands_of_variables_that_compose_requires_a_few_are_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    cli.write("config.toml", CONFIG)
    cli.write(".env", "SMTP_SECRET=correct-horse\n")
    variables = "".join(f"      V{number}: ${{V{number}:?}}\n" for number in range(2000))
    head = "services:\n  server:\n    image: bomnipotent_server\n    environment:\n"
    cli.write("compose.yaml", f"{head}      SMTP_SECRET: ${{SMTP_SECRET}}\n{variables}")
    result = cli("set", "--user", "you@example.org", "--no-test", "--dry-run", "--json")
    codes = [warning["code"] for warning in result.json["warnings"]]
    assert 0 < codes.count("compose-variable-required") <= 10


@pytest.mark.parametrize(
    "secret", ["hunter22", "Tr0ub4dor&3", "abcd efgh ijkl mnop"], ids=["word", "sign", "blanks"]
)
@pytest.mark.parametrize(
    "comment",
    ["# {0} is the one of the mailbox\n", "# ours was {0}, now changed\n", "# ({0})\n"],
    ids=["first", "in the middle", "in brackets"],
)
def test_preview_shows_the_secret_in_no_comment_either(cli: Cli, secret: str, comment: str) -> None:
    cli.write("config.toml", CONFIG)
    told = comment.format(secret)
    cli.write(".env", f"{told}SMTP_SECRET='{secret}'\n{told}# and new-one-5 is next\n")
    given = ("set", "--no-test", "--secret-stdin", "--dry-run")
    for flags in ((), ("--json",)):
        result = cli(*given, *flags, stdin=b"new-one-5")
        assert "+SMTP_SECRET=" in result.out
        assert secret not in result.out
        assert "new-one-5" not in result.out
    cli.write("config.toml", told + CONFIG.replace("${SMTP_SECRET}", secret))
    moved = cli("set", "--no-test", "--store", "env", "--dry-run")
    assert "+secret" in moved.out
    assert secret not in moved.out


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n"])
def test_the_line_end_does_not_count_for_the_length_of_a_secret(cli: Cli, line_end: bytes) -> None:
    cli.write("config.toml", CONFIG)
    given = ("set", "--secret-stdin", "--no-test")
    assert cli(*given, stdin=b"x" * 8192 + line_end).code == 0
    assert cli(*given, stdin=b"x" * 8193 + line_end).code == 2


def test_usage_error_in_json_says_where_the_flags_are(cli: Cli) -> None:
    error = cli("undo", "--bogus", "--json").json["error"]
    assert error["remedy"] == "See smtp-wizard undo --help."
