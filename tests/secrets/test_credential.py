"""systemd credentials: why they cannot be used, and what a service finds."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.secrets.test_contract import usable_systemd_creds
from wizard.errors import StoreUnusable
from wizard.secrets.credential import (
    CredentialStore,
    credential_path,
)
from wizard.secrets.secret import Secret
from wizard.secrets.sources import credential_setting
from wizard.secrets.store import SecretReader
from wizard.server.next_steps import render_drop_in


def fake_tool(directory: Path, patch: pytest.MonkeyPatch, script: str) -> None:
    tool = directory / "systemd-creds"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    patch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def test_missing_tool_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = CredentialStore(tmp_path / "x.cred").check_availability()
    assert (found.usable, found.code) == (False, "credential-no-systemd")
    with pytest.raises(StoreUnusable):
        CredentialStore(tmp_path / "x.cred").write(Secret("hunter22"))


def test_old_systemd_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_tool(tmp_path, monkeypatch, "echo 'systemd 249 (249.1)'")
    found = CredentialStore(tmp_path / "x.cred").check_availability()
    assert found.code == "credential-systemd-too-old"
    assert "249" in found.sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="is not about root")
def test_account_other_than_root_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tool(tmp_path, monkeypatch, "echo 'systemd 252 (252.1)'")
    assert CredentialStore(tmp_path / "x.cred").check_availability().code == "credential-needs-root"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_tool_that_fails_or_hangs_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.cred"
    version = "[ $1 = --version ] && echo 'systemd 252' && exit 0"
    fake_tool(tmp_path, monkeypatch, f"{version}; exit 1")
    with pytest.raises(StoreUnusable) as refusal:
        CredentialStore(path).write(Secret("hunter22"))
    assert refusal.value.code == "credential-not-encrypted"
    fake_tool(tmp_path, monkeypatch, f"{version}; exec sleep 20")
    with pytest.raises(StoreUnusable) as refusal:
        CredentialStore(path, seconds=1).write(Secret("hunter22"))
    assert refusal.value.code == "credential-timeout"
    assert not path.exists()


def test_credential_of_another_machine_is_reported(tmp_path: Path) -> None:
    usable_systemd_creds()
    path = tmp_path / "x.cred"
    path.write_text("bm90IGEgY3JlZGVudGlhbA==\n")
    assert CredentialStore(path).exists()
    with pytest.raises(StoreUnusable) as refusal:
        CredentialStore(path).read()
    assert refusal.value.code == "credential-not-decrypted"
    assert refusal.value.path == path


def test_encrypted_file_is_private_and_does_not_hold_the_secret(tmp_path: Path) -> None:
    usable_systemd_creds()
    path = credential_path(tmp_path / "config.toml")
    CredentialStore(path).write(Secret("hunter22"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"hunter22" not in path.read_bytes()
    command = ["systemd-creds", "decrypt", "--name=smtp_secret", str(path), "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout.rstrip(b"\n") == b"hunter22"


def received(directory: str | Path) -> SecretReader:
    environ = {"CREDENTIALS_DIRECTORY": str(directory)}
    return CredentialStore.reader(Path("/nowhere/config.toml"), environ)


def test_service_finds_its_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert received("").read() is None
    assert received(tmp_path).read() is None
    assert not received(tmp_path).exists()
    path = tmp_path / "smtp_secret"
    path.write_bytes(b"hunter22\n")
    assert received(tmp_path).read() == Secret("hunter22")
    assert received(tmp_path).exists()
    monkeypatch.chdir(tmp_path)
    for directory in ("", ".", f"../{tmp_path.name}"):
        assert not received(directory).exists()
        assert received(directory).read() is None
    path.write_bytes(b"")
    assert received(tmp_path).read() is None


@pytest.mark.parametrize("data", [b"two\nlines", b"\xff", b"a\0b"], ids=["lines", "bytes", "NUL"])
def test_credential_that_is_not_one_line_of_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "smtp_secret").write_bytes(data)
    with pytest.raises(StoreUnusable) as refusal:
        received(tmp_path).read()
    assert refusal.value.code == "credential-not-a-secret"


UNIT = "[Unit]\nDescription=Server\n[Service]\nExecStart=/bin/true config.toml\n"


@pytest.mark.parametrize(
    "config", ["/srv/bomnipotent/config.toml", "/srv/a b/100%/$HOME \"x\" \\n 'y'/config.toml"]
)
def test_drop_in_is_accepted_by_systemd(tmp_path: Path, config: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = Path(config)
    text = render_drop_in(path, credential_setting(path), server="/bin/true", program="/bin/true")
    unit = tmp_path / "bomnipotent.service"
    unit.write_text(UNIT)
    directory = tmp_path / "bomnipotent.service.d"
    directory.mkdir()
    (directory / "smtp-secret.conf").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    about_us = [line for line in done.stderr.splitlines() if "bomnipotent" in line]
    assert (done.returncode, about_us) == (0, [])
    # It does complain of a wrong line, so its silence proves something.
    (directory / "smtp-secret.conf").write_text(text + "LoadCredentialEncrypt=x\n")
    wrong = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert "LoadCredentialEncrypt" in wrong.stderr


def test_drop_in_is_as_documented() -> None:
    def drop_in(config: Path) -> str:
        server, program = "/srv/b/bomnipotent_server", "/usr/local/bin/smtp-wizard"
        return render_drop_in(config, credential_setting(config), server=server, program=program)

    text = drop_in(Path("/srv/b/config.toml"))
    assert text == (
        "# /etc/systemd/system/bomnipotent.service.d/smtp-secret.conf\n"
        "[Service]\n"
        "LoadCredentialEncrypted=smtp_secret:/srv/b/smtp_secret.cred\n"
        "ExecStart=\n"
        "ExecStart=/usr/local/bin/smtp-wizard --config /srv/b/config.toml exec -- "
        "/srv/b/bomnipotent_server /srv/b/config.toml\n"
    )
    text = drop_in(Path('/a b/$x%"\\/c.toml'))
    assert text.count('"/a b/$$x%%\\"\\\\/c.toml"') == 2
    assert 'LoadCredentialEncrypted=smtp_secret:/a b/$x%%"\\/smtp_secret.cred\n' in text
