"""What is run or read for another account's files is run and read with its rights alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attacks.attacker import ATTACKER
from tests.attacks.conftest import Site, give, give_link, write
from tests.compose.test_running import stand_in
from tests.files.accounts import in_child, needs_root
from wizard.compose import ask
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.secrets.keyring import keyring_user
from wizard.server.reload import RunningServer

pytestmark = needs_root

COMPOSE = """\
services:
  server:
    image: wwhsoft/bomnipotent_server
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
"""


def swapped(app: Path, there: Path) -> None:
    """Put the attacker's own directory in place of a link, or the other way round."""
    app.rename(app.with_name("before"))
    if app.with_name("before").is_symlink():
        app.mkdir()
    else:
        app.symlink_to(there)


@pytest.mark.parametrize("begins_as_link", [False, True], ids=["directory", "link"])
def test_compose_runs_as_root_in_no_directory_of_the_attacker(
    site: Site, monkeypatch: pytest.MonkeyPatch, begins_as_link: bool
) -> None:
    """The attacker swaps it after it was looked at, at the very moment that suits best."""
    app = site.home / "app"
    if begins_as_link:
        give_link(app, site.private)
    else:
        app.mkdir()
        give(app)
    who = site.root / "who"
    write(who, "", 0o666)
    environ = stand_in(site.root, f"echo $(id -u) $(stat -c %u .) >> {who}; echo '{{}}'")
    find: Callable[..., str | None] = shutil.which

    def which(*arguments: object, **named: object) -> str | None:
        if not (site.home / "before").is_symlink() and not (site.home / "before").exists():
            in_child(lambda: swapped(app, site.private), ATTACKER)
        return find(*arguments, **named)

    monkeypatch.setattr(shutil, "which", which)
    ask.ask_container(app / "compose.yaml", app, app / "config" / "config.toml", environ)
    # Who the tool was run as, and whose directory it was in.
    asked = set(who.read_text().splitlines())
    assert asked == (set() if begins_as_link else {f"{ATTACKER} {ATTACKER}"})


@pytest.mark.parametrize("by_link", [False, True], ids=["named", "by a link"])
def test_no_file_of_root_is_read_as_the_log(site: Site, by_link: bool) -> None:
    secret = site.private / "secret"
    name = "server.log" if by_link else str(secret)
    text = (site.configs / "config.toml").read_text() + f"[log]\nfile = '{name}'\n"
    give(write(site.configs / "config.toml", text, 0o644))
    if by_link:
        give_link(site.configs / "server.log", secret)
    server = RunningServer(load_config(find_layout(site.configs / "config.toml")))
    assert server.log() is None
    (site.configs / "server.log").unlink(missing_ok=True)
    own = give(write(site.configs / "own.log", "x\n", 0o600))
    text = text.replace(f"'{name}'", f"'{own.name}'")
    give(write(site.configs / "config.toml", text, 0o644))
    assert RunningServer(load_config(find_layout(site.configs / "config.toml"))).log() is not None


def test_no_link_of_the_attacker_leads_to_an_entry_of_root_in_the_keyring(site: Site) -> None:
    app = give_link(site.home / "app", site.private)
    assert keyring_user(app / "config.toml") == str(app / "config.toml")
    roots_own = site.root / "link"
    roots_own.symlink_to(site.private)
    assert keyring_user(roots_own / "config.toml") == str(site.private / "config.toml")


def test_exec_takes_no_variable_that_others_may_choose(site: Site) -> None:
    """A compose file that everybody may write decides what the secret is called."""
    configs = site.private / "bomnipotent_config"
    configs.mkdir()
    config = write(configs / "config.toml", (site.private / "config.toml").read_text(), 0o600)
    text = COMPOSE.replace("{SMTP_SECRET}", "{LD_PRELOAD}")
    write(site.private / ".env", "LD_PRELOAD=/nonexistent.so\nSMTP_SECRET=x\n", 0o600)
    for mode in (0o666, 0o644):
        write(site.private / "compose.yaml", text, mode)
        command = [
            sys.executable,
            "-m",
            "wizard",
            "-c",
            str(config),
            "exec",
            "--",
            "/bin/echo",
            "run",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode != 0, done.stdout) == (True, "")
        assert ("compose.yaml" if mode == 0o666 else "LD_PRELOAD cannot hold") in done.stderr
