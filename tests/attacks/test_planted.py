"""What another account has put into its directory leads root nowhere else, whatever the command."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.attacker import ATTACKER, exchange
from tests.attacks.conftest import Site, give, give_link, write
from tests.files.accounts import fork, in_child, needs_root
from tests.saving.test_transaction import ENV, killed_before_config
from wizard.cli import main
from wizard.errors import FileRefused, WizardError
from wizard.files.location import Location, UntrustedPath
from wizard.files.reading import is_writable, read_file
from wizard.files.replacing import delete_file, replace_file
from wizard.files.writing import LOCK_FILE
from wizard.saving.lock import lock_config
from wizard.saving.transaction import recover_interrupted
from wizard.system.state import read_private, remove_private, write_private

pytestmark = needs_root

COMMANDS = {
    "set": ("set", "--user", "x@example.org", "--secret-env", "GIVEN", "--no-test"),
    "show": ("show",),
    "test": ("test",),
    "exec": ("exec", "--", "true"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("target", ["notes", "private/secret", "missing"])
def test_a_planted_env_file_is_refused_by_every_command_in_the_same_way(
    site: Site,
    command: str,
    target: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    give_link(site.configs / ".env", site.root / target)
    roots_own = site.roots_own()
    monkeypatch.setenv("GIVEN", "open$esame")
    assert main(["-c", str(site.configs / "config.toml"), *COMMANDS[command]]) == 4
    out, err = capfd.readouterr()
    assert f"which belongs to the account #{ATTACKER} and could be made to lead" in err
    assert f"sudo -u '#{ATTACKER}' smtp-wizard …" in err
    assert f"leads through {site.configs / '.env'}," in err
    assert "hunter22" not in out + err
    assert site.roots_own() == roots_own
    assert not (site.root / "missing").exists()


@pytest.mark.parametrize("name", [".env", ".gitignore"])
@pytest.mark.parametrize("kind", ["link", "hard link"])
def test_no_repair_reaches_a_file_of_root(
    site: Site, name: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", str(site.configs)], check=True)
    write(site.notes, "SMTP_SECRET=open$esame\n", 0o644)
    if name == ".gitignore":
        give(write(site.configs / ".env", "SMTP_SECRET=theirs\n", 0o644))
    if kind == "link":
        give_link(site.configs / name, site.notes)
    else:
        (site.configs / name).hardlink_to(site.notes)
    roots_own = site.roots_own()
    main(["-c", str(site.configs / "config.toml"), "check", "--fix"])
    assert site.roots_own() == roots_own
    out, err = capfd.readouterr()
    assert "esame" not in out + err


@pytest.mark.parametrize("target", ["notes", "private/secret", "missing"])
def test_a_planted_compose_file_counts_for_no_command(
    site: Site, target: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """All take the server for one without Compose, as though there were no such file."""
    write(site.notes, "services: {bomnipotent: {image: bomnipotent_server}}\n", 0o644)
    give_link(site.configs / "compose.yaml", site.root / target)
    monkeypatch.setenv("GIVEN", "open$esame")
    codes = {"set": 0, "show": 0, "test": 3, "exec": 4}
    for command, arguments in COMMANDS.items():
        assert main(["-c", str(site.configs / "config.toml"), *arguments]) == codes[command]
        out, err = capfd.readouterr()
        assert "hunter22" not in out + err
        assert "standalone" in out or command != "show"


def test_a_planted_file_with_the_secret_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Else the attacker, who can read what is then in .env, could choose which secret it is."""
    monkeypatch.chdir(site.configs)
    give_link(site.configs / "secret.txt", site.private / "secret")
    arguments = ("set", "--user", "x@example.org", "--secret-file", "secret.txt", "--no-test")
    assert main(list(arguments)) == 4
    assert "could be made to lead to any file" in capfd.readouterr().err
    assert not (site.configs / ".env").exists()


@pytest.mark.parametrize("where", ["link to a directory", "link in the middle", "dots in a link"])
def test_no_link_of_the_attacker_leads_to_a_directory_of_root(site: Site, where: str) -> None:
    targets = {
        "link to a directory": ("../private", "config.toml"),
        "link in the middle": ("..", "private/config.toml"),
        "dots in a link": ("configs/../../private/.", "config.toml"),
    }
    target, rest = targets[where]
    link = give_link(site.home / "trap", target)
    with pytest.raises(FileRefused, match=f"{link}, which belongs") as refused:
        read_file(link / rest)
    assert refused.value.code == "path-not-trusted"


def test_links_of_the_attacker_within_its_own_directories_are_followed(site: Site) -> None:
    give_link(site.home / "current", site.configs)  # absolute: by way of directories of root
    path = site.home / "current" / "config.toml"
    replace_file(read_file(path), b"new")
    assert (site.configs / "config.toml").read_bytes() == b"new"
    assert (site.configs / "config.toml").stat().st_uid == ATTACKER


def test_links_of_root_lead_root_anywhere(site: Site) -> None:
    (site.root / "etc").symlink_to("private")
    replace_file(read_file(site.root / "etc" / "config.toml"), b"new")
    assert (site.private / "config.toml").read_bytes() == b"new"


def test_a_directory_of_a_second_account_is_not_reached_by_way_of_the_first(site: Site) -> None:
    theirs = site.home / "theirs"
    theirs.mkdir()
    os.chown(theirs, 3456, 3456)
    with pytest.raises(FileRefused, match=f"{site.home}, which belongs"):
        read_file(theirs / "config.toml")


def test_the_account_that_calls_sudo_may_lead_root_anywhere(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_link(site.home / "trap", "../private")
    monkeypatch.setenv("SUDO_UID", str(ATTACKER))
    assert read_file(site.home / "trap" / "config.toml").exists


def test_an_ordinary_account_is_protected_as_well(site: Site) -> None:
    """The attacker leads it to a file of its own."""
    own = site.root / "own"
    own.mkdir()
    write(own / ".env", "SMTP_SECRET=open$esame\n", 0o600)
    for path in (own, own / ".env"):
        os.chown(path, 3456, 3456)
    give_link(site.configs / ".env", own / ".env")
    with pytest.raises(FileRefused, match="only you and root can change"):
        in_child(lambda: read_file(site.configs / ".env"), 3456)


# With the rights of the owner


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_root_does_not_read_for_the_attacker_what_the_attacker_may_not(
    site: Site, mode: int
) -> None:
    """A second name of root's file, or one that was moved there."""
    planted = site.configs / ".env"
    planted.hardlink_to(site.private / "secret")
    planted.chmod(mode)
    with pytest.raises(FileRefused, match=f"only the rights of #{ATTACKER}") as refused:
        read_file(planted)
    assert f"sudo chown {ATTACKER} {planted}" in refused.value.remedy
    assert "sudo -u NAME smtp-wizard …" in refused.value.remedy


def test_root_does_not_write_for_the_attacker_what_the_attacker_may_not(site: Site) -> None:
    planted = site.configs / ".env"
    planted.hardlink_to(site.notes)
    before = read_file(planted)
    assert not is_writable(before)
    with pytest.raises(WizardError, match=f"only the rights of #{ATTACKER}"):
        replace_file(before, b"SMTP_SECRET=hunter22")
    assert site.notes.read_text() == "SMTP_SECRET=\n"


def test_what_root_creates_belongs_to_the_owner_of_the_directory(site: Site) -> None:
    path = site.home / "new" / "deep" / ".env"
    previous = os.umask(0)
    try:
        replace_file(read_file(path), b"x")
    finally:
        os.umask(previous)
    for created, mode in ((path, 0o600), (path.parent, 0o755), (path.parent.parent, 0o755)):
        status = created.stat()
        assert (status.st_uid, status.st_gid) == (ATTACKER, ATTACKER)
        assert stat.S_IMODE(status.st_mode) == mode
    replace_file(read_file(path), b"y")
    assert path.stat().st_uid == ATTACKER
    delete_file(read_file(path))
    assert not path.exists()


def test_rights_are_those_of_root_again_afterwards(site: Site) -> None:
    groups = os.getgroups()
    with Location(site.configs / ".env") as location:
        with location.rights():
            with pytest.raises(PermissionError):
                os.listdir(site.private)  # noqa: PTH208
            assert os.getgroups() == [ATTACKER]
        with contextlib.suppress(KeyError), location.rights():
            raise KeyError
    assert os.listdir(site.private)  # noqa: PTH208
    assert os.getgroups() == groups


# The lock, and what the wizard keeps


def test_recovery_is_not_led_elsewhere(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    config = site.configs / "config.toml"
    give(write(site.configs / ".env", ENV, 0o600))
    killed_before_config(config, monkeypatch)
    roots_own = site.roots_own()
    trap = give_link(site.home / "trap", site.private)
    exchange(trap, site.configs)
    with pytest.raises(FileRefused, match="could be made to lead to any file"):
        recover_interrupted(config)
    assert site.roots_own() == roots_own
    exchange(trap, site.configs)
    (finding,) = recover_interrupted(config)
    assert finding.code == "write-recovered"
    assert (site.configs / ".env").read_text() == ENV
    assert sorted(path.name for path in site.configs.iterdir()) == [".env", "config.toml"]


@contextlib.contextmanager
def holding(directory: Path, uid: int, groups: list[int]) -> Iterator[None]:
    """Let another account hold all that it can get hold of: the directory, and the lock in it."""
    ready, holds = os.pipe()
    child = fork()
    if child == 0:
        os.setgroups(groups)
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        with contextlib.suppress(OSError):
            fcntl.flock(os.open(directory, os.O_RDONLY), fcntl.LOCK_EX)
        with contextlib.suppress(OSError), lock_config(directory / "config.toml"):
            os.write(holds, b".")
            signal.pause()
        os._exit(1)
    os.read(ready, 1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for descriptor in (ready, holds):
            os.close(descriptor)


READER, GROUP = 3456, 4567


@pytest.mark.parametrize("left", [False, True])
def test_who_may_only_read_the_directory_keeps_nobody_waiting(site: Site, left: bool) -> None:
    if left:  # by a crash
        with lock_config(site.configs / "config.toml"):
            (site.configs / "kept").hardlink_to(site.configs / LOCK_FILE)
        (site.configs / "kept").rename(site.configs / LOCK_FILE)
    with holding(site.configs, READER, []), lock_config(site.configs / "config.toml", 0):
        pass
    assert [path.name for path in site.configs.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("owner", [0, ATTACKER])
def test_who_may_write_there_is_waited_for(site: Site, owner: int) -> None:
    os.chown(site.configs, owner, GROUP)
    os.chown(site.home, owner, owner)
    site.configs.chmod(0o775)
    with holding(site.configs, READER, [GROUP]):
        with pytest.raises(FileRefused) as refused, lock_config(site.configs / "config.toml", 0):
            pass
        assert refused.value.code == "locked"
        assert f"(#{READER}, running since" in refused.value.message
    with lock_config(site.configs / "config.toml", 0):
        pass


@pytest.mark.parametrize("plant", ["link", "directory", "fifo"])
def test_nothing_at_the_name_of_the_lock_leads_anywhere(site: Site, plant: str) -> None:
    path = site.configs / LOCK_FILE
    if plant == "link":
        path.symlink_to(site.private / "secret")
    elif plant == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    give(path)
    roots_own = site.roots_own()
    with lock_config(site.configs / "config.toml", 0):
        pass
    assert site.roots_own() == roots_own


def test_a_record_in_a_directory_of_another_account_is_not_trusted(site: Site) -> None:
    """Nor where it is in a directory of root inside: its name may be the attacker's choice."""
    directory = site.home / ".smtp-wizard"
    directory.mkdir(0o700)
    with pytest.raises(UntrustedPath):
        read_private(directory / "record")
    with pytest.raises(UntrustedPath):
        write_private(directory / "record", b"x")
    with pytest.raises(UntrustedPath):
        remove_private(directory / "record")
    give(directory)
    with pytest.raises(PermissionError, match="belongs to this account alone"):
        read_private(directory / "record")
