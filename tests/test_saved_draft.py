"""What was entered comes back, and nothing that could be a secret is ever kept."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.secrets.secret import Keep, Remove, Replace, Secret
from wizard.secrets.sources import ENV_FILE, KEYRING
from wizard.ui.saved_draft import discard_draft, load_draft, save_draft

SECRET = "hunter22"
CONFIG = """\
[smtp]
user = "me@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the state directory of a test, which is not made yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "smtp-wizard"


def read(directory: Path, text: str | None = None) -> CurrentConfig:
    if text is not None:
        (directory / "config.toml").write_text(text)
    return load_config(find_layout(directory / "config.toml"), environ={})


def file_of(now: CurrentConfig, state: Path) -> Path:
    (found,) = (state / "drafts").iterdir()
    return found


ENTERED = Draft("new@example.org", "smtp://relay.example.org:2500", True)


def test_what_was_entered_comes_back(tmp_path: Path, state: Path) -> None:
    now = read(tmp_path, CONFIG)
    draft = replace(ENTERED, skip=True, skip_key=SkipKey.USER_TABLE, secret=Remove())
    assert save_draft(draft, now)
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft == draft
    assert kept.omitted == frozenset()
    assert not kept.config_changed
    assert timedelta(0) <= datetime.now(UTC) - kept.saved < timedelta(minutes=1)
    path = file_of(now, state)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_secret_has_to_be_entered_again(tmp_path: Path, state: Path) -> None:
    now = read(tmp_path, CONFIG)
    assert save_draft(replace(ENTERED, secret=Replace(Secret(SECRET))), now)
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft.secret == Keep()
    assert kept.omitted == {"secret"}
    assert SECRET not in file_of(now, state).read_text()


def test_place_of_a_secret_that_is_not_kept_does_not_move_the_stored_one(tmp_path: Path) -> None:
    now = read(tmp_path, CONFIG)
    entered = replace(ENTERED, store=KEYRING)
    save_draft(replace(entered, secret=Replace(Secret(SECRET))), now)
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft.store is ENV_FILE
    save_draft(entered, now)
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft.store is KEYRING


def test_secret_that_was_lost_is_still_missed_after_a_second_end(tmp_path: Path) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(ENTERED, secret=Replace(Secret(SECRET))), now)
    first = load_draft(now)
    assert first is not None
    save_draft(replace(first.draft, user="other@example.org"), now)
    second = load_draft(now)
    assert second is not None
    assert second.draft.user == "other@example.org"
    assert second.omitted == {"secret"}


@pytest.mark.parametrize(
    "endpoint",
    [
        "smtp://me:hunter22@relay",
        "smtp://me@example.org:hunter22@relay:25",
        "smtp://me:hunter22",
        "smtp://me:hu",
        "me:hunter22@relay",
        "smtp://me:hunter22@relay?tls=required",
        "smtp://${USER}:hunter22@relay",
        "smtp:/me:hunter22@relay",
        "smtp:\\\\me:hunter22@relay",
        "smtp://me%3Ahunter22%40relay",
        "relay/me%3ahunter22%40relay",
        f"smtp://{'x' * 2000}",
    ],
    ids=[
        "credentials",
        "address as the user",
        "no host",
        "cut off",
        "no scheme",
        "with a query",
        "user is a reference",
        "one slash",
        "backslashes",
        "encoded",
        "encoded in a path",
        "too long",
    ],
)
def test_endpoint_that_may_hold_a_password_is_left_out(
    tmp_path: Path, state: Path, endpoint: str
) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(ENTERED, endpoint=endpoint), now)
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft.endpoint == "mail.example.org"
    assert kept.omitted == {"endpoint"}
    assert "hu" not in file_of(now, state).read_text()


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "mail", "mail.example.", "smtp:", "smtp:/", "smtp://", "smtp://relay", "smtp_relay",
        "mail.example.org:587", "smtp://relay:2500/name", "smtp://relay:587?tls=required",
        "smtp://[::1]:25", "https://mail.example.org", "${HOST}", "smtp://${HOST}:${PORT}",
        "smtp://${HOST}:25", "münchen.example",
    ],
)  # fmt: skip
def test_half_typed_and_wrong_endpoints_come_back(tmp_path: Path, endpoint: str) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(ENTERED, endpoint=endpoint), now)
    kept = load_draft(now)
    assert kept is not None
    if endpoint != "smtp://${HOST}:${PORT}":  # as good as a user with a password
        assert kept.draft.endpoint == endpoint


def test_user_that_is_the_secret_is_left_out(tmp_path: Path, state: Path) -> None:
    now = read(tmp_path, CONFIG)
    (tmp_path / ".env").write_text("SMTP_SECRET=oldpass\n")
    now = read(tmp_path)
    for user in (SECRET, f"{SECRET}@example.org", "oldpass"):
        save_draft(replace(ENTERED, user=user, secret=Replace(Secret(SECRET))), now)
        kept = load_draft(now)
        assert kept is not None
        assert kept.omitted == {"user", "secret"}
        text = file_of(now, state).read_text()
        assert SECRET not in text
        assert "oldpass" not in text


@pytest.mark.parametrize(
    ("user", "kept"),
    [
        ("other@example.org", True),
        ("apikey", True),
        ("${SMTP_USER}", True),
        ("hunter2-secret", False),
        ("Geheim", False),
        ("P@ssw0rd", False),
        ("me@example.org:hunter2", False),
        ("hunter 2@example.org", False),
    ],
)
def test_user_that_may_be_a_password_is_left_out(
    tmp_path: Path, state: Path, user: str, kept: bool
) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(ENTERED, user=user), now)
    saved = load_draft(now)
    assert saved is not None
    assert (saved.draft.user == user) is kept
    assert ("user" in saved.omitted) is not kept
    assert (user in file_of(now, state).read_text()) is kept


def test_first_letters_of_a_secret_cost_nothing(tmp_path: Path) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(ENTERED, secret=Replace(Secret("ne"))), now)
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft.user == ENTERED.user


def test_what_the_operator_did_not_touch_follows_the_file(tmp_path: Path) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(Draft.of(now), endpoint="mail2.example.org"), now)
    now = read(tmp_path, CONFIG.replace("me@", "somebody-else@"))
    kept = load_draft(now)
    assert kept is not None
    assert kept.config_changed
    assert kept.draft == Draft("somebody-else@example.org", "mail2.example.org")


def test_draft_that_was_written_in_the_meantime_is_not_offered(tmp_path: Path, state: Path) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(replace(Draft.of(now), user="new@example.org"), now)
    now = read(tmp_path, CONFIG.replace("me@", "new@"))
    assert load_draft(now) is None
    assert list((state / "drafts").iterdir()) == []


def test_draft_that_changes_nothing_is_none(tmp_path: Path) -> None:
    now = read(tmp_path, CONFIG)
    assert save_draft(ENTERED, now)
    assert not save_draft(Draft.of(now), now)
    assert load_draft(now) is None


def test_secret_that_was_to_be_moved_out_of_the_file_is_not_copied(
    tmp_path: Path, state: Path
) -> None:
    now = read(tmp_path, CONFIG.replace("${SMTP_SECRET}", SECRET))
    draft = replace(Draft.of(now), secret=Replace(Secret(SECRET)), store=ENV_FILE)
    save_draft(draft, now)
    assert SECRET not in file_of(now, state).read_text()
    kept = load_draft(now)
    assert kept is not None
    assert kept.draft == draft


def test_digest_of_the_file_tells_nothing_about_a_secret_in_it(tmp_path: Path) -> None:
    config = CONFIG.replace("${SMTP_SECRET}", "{}")
    for password in (SECRET, "oldpass"):
        now = read(tmp_path, config.replace("{}", password))
        save_draft(ENTERED, now)
    kept = load_draft(read(tmp_path, config.replace("{}", SECRET)))
    assert kept is not None
    assert not kept.config_changed


def test_each_configuration_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = read(tmp_path / "a", CONFIG), read(tmp_path / "b", CONFIG)
    save_draft(ENTERED, first)
    assert load_draft(second) is None
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert load_draft(read(tmp_path / "link")) is not None
    discard_draft(second)
    assert load_draft(first) is not None
    discard_draft(first)
    assert load_draft(first) is None


DAMAGED = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 5000, b"{}",
    b'{"format": 2}', b"x" * 20000,
]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    DAMAGED,
    ids=[
        "empty",
        "open object",
        "list",
        "null",
        "number",
        "text",
        "not UTF-8",
        "too deep",
        "no format",
        "other format",
        "too long",
    ],
)
def test_damaged_file_is_ignored_and_goes(tmp_path: Path, state: Path, data: bytes) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(ENTERED, now)
    path = file_of(now, state)
    path.write_bytes(data)
    assert load_draft(now) is None
    assert not path.exists() or len(data) > 16384
    assert save_draft(ENTERED, now)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", 1), ("user", None), ("user", "x" * 2000), ("endpoint", []), ("starttls", "yes"),
        ("skip", None), ("skip_form", "both"), ("skip_form", []), ("store", "cloud"),
        ("store", {}),
    ],
    ids=[
        "user is a number", "no user", "user too long", "endpoint is a list", "starttls is text",
        "no skip", "unknown skip form", "skip form is a list", "unknown store",
        "store is an object",
    ],
)  # fmt: skip
def test_damaged_value_is_no_draft(tmp_path: Path, state: Path, field: str, value: object) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(ENTERED, now)
    path = file_of(now, state)
    content = json.loads(path.read_text())
    content["entered"][field] = value
    path.write_text(json.dumps(content))
    assert load_draft(now) is None
    assert not path.exists()


@pytest.mark.parametrize("saved", ["2020-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00",
                                   "2026-01-01T00:00:00", "yesterday", 5])  # fmt: skip
def test_draft_of_another_time_goes(tmp_path: Path, state: Path, saved: object) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(ENTERED, now)
    path = file_of(now, state)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"saved": saved}))
    assert load_draft(now) is None
    assert not path.exists()


def test_planted_files_are_not_believed(tmp_path: Path, state: Path) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(ENTERED, now)
    path = file_of(now, state)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert load_draft(now) is None
    path.unlink()
    elsewhere.rename(path)
    path.chmod(0o622)
    assert load_draft(now) is None
    path.chmod(0o600)
    assert load_draft(now) is not None
    path.unlink()
    os.mkfifo(path)
    assert load_draft(now) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_file_of_somebody_else_is_not_believed(tmp_path: Path, state: Path) -> None:
    now = read(tmp_path, CONFIG)
    save_draft(ENTERED, now)
    os.chown(file_of(now, state), 65534, 65534)
    assert load_draft(now) is None
    os.chown(state / "drafts", 65534, 65534)
    assert load_draft(now) is None
    assert not save_draft(ENTERED, now)


@pytest.mark.parametrize("place", ["file", "/proc/no-such-thing", "/dev/null"])
def test_unusable_state_directory_stands_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / place))
    now = read(tmp_path, CONFIG)
    assert not save_draft(ENTERED, now)
    assert load_draft(now) is None
    discard_draft(now)


TEXT = st.text(max_size=30) | st.sampled_from(["me@example.org", "smtp://a:b@c", "${A}", "\ud800"])


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    user=TEXT,
    endpoint=TEXT,
    secret=st.text("abcXYZ0189$#'\" ", min_size=6),
    around=st.sampled_from(["{}", "smtp://u:{}@h", "smtp://{}", "x{}y", "smtp://u:{}"]),
    into=st.sampled_from(["user", "endpoint", ""]),
    starttls=st.sampled_from([True, False, None]),
    skip=st.booleans(),
)
def test_no_secret_is_ever_in_the_file_and_nothing_else_is_lost(
    tmp_path: Path,
    state: Path,
    user: str,
    endpoint: str,
    secret: str,
    around: str,
    into: str,
    starttls: bool | None,
    skip: bool,
) -> None:
    typed = {"user": user, "endpoint": endpoint}
    if into:
        typed[into] = around.format(secret)
    now = read(tmp_path, CONFIG)
    draft = Draft(typed["user"], typed["endpoint"], starttls, Replace(Secret(secret)), skip=skip)
    save_draft(draft, now)
    for path in (state / "drafts").glob("*"):
        entered = json.loads(path.read_text())["entered"]
        assert secret not in "".join(map(str, entered.values()))
    kept = load_draft(now)
    if kept is None:
        return
    for name in ("user", "endpoint", "starttls", "skip"):
        if name not in kept.omitted:
            assert getattr(kept.draft, name) == getattr(draft, name)
