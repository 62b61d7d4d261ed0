"""The scenarios: what is saved, and what was there before."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OLD_SECRET, NEW_SECRET = "oldpass", "hunter22"
VARIABLE = "FAULTS_SECRET"
"""The environment variable by which the new secret is given."""

CONFIG = """\
# Ours
domain = "https://x.example"

[smtp]
user = "me@example.org"   # the mailbox
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"

[provider_metadata.publisher]
name = "X"
"""
ENV = f"# database\nDB=dbpass\nSMTP_SECRET={OLD_SECRET}\n"
COMPOSE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server:1.5.0
    env_file: .env
    volumes: ["./bomnipotent_config:/etc/bomnipotent_server/configs"]
"""

_ANOTHER = 1234
"""The number of an account and its group; they need no entry in /etc/passwd."""

Prepare = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A save: ``prepare`` creates files, the commands ``first`` come next, then ``save``."""

    name: str
    prepare: Prepare
    save: tuple[str, ...]
    first: tuple[tuple[str, ...], ...] = ()
    config: str = "config.toml"
    needs: str = ""
    """A program without which this save is impossible."""

    def command(self, site: Path, arguments: tuple[str, ...]) -> list[str]:
        """Return the arguments of smtp-wizard, for the files below ``site``."""
        return ["-c", str(site / self.config), *arguments]


def _nothing(site: Path) -> None:
    """A first run."""


def _compose(site: Path) -> None:
    _write(site / "compose.yaml", COMPOSE, 0o644)


def _both(site: Path) -> None:
    _write(site / "config.toml", CONFIG, 0o644)
    _write(site / ".env", ENV, 0o600)


def _linked(site: Path) -> None:
    for name, text in (("config.toml", CONFIG), (".env", ENV)):
        _write(site / "elsewhere" / name, text, 0o640)
        (site / name).symlink_to(Path("elsewhere") / name)


def _hard_linked(site: Path) -> None:
    _both(site)
    for name in ("config.toml", ".env"):
        (site / f"other name of {name}").hardlink_to(site / name)


def _literal(site: Path) -> None:
    _write(site / "config.toml", CONFIG.replace("${SMTP_SECRET}", OLD_SECRET), 0o640)
    _write(site / ".env", "DB=dbpass\n", 0o600)


def _of_another_account(site: Path) -> None:
    _both(site)
    if os.geteuid() == 0:  # which then works with the rights of that account
        for path in (site, *site.iterdir()):
            os.chown(path, _ANOTHER, _ANOTHER)


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


_NO_TEST = "--no-test"
_SECRET = ("--secret-env", VARIABLE, _NO_TEST)
_FIRST = ("set", "--user", "you@example.org", "--endpoint", "mail2.example.org", *_SECRET)
_AGAIN = ("set", "--endpoint", "mail2.example.org", *_SECRET)
_TO_CREDENTIAL = ("set", "--store", "credential", _NO_TEST)
_UNDO = ("undo",)

SCENARIOS = (
    Scenario("first run", _nothing, _FIRST, config="deep/er/config.toml"),
    Scenario("first run, Compose", _compose, _FIRST, config="bomnipotent_config/config.toml"),
    Scenario("reconfiguration", _both, _AGAIN),
    Scenario("reconfiguration, links", _linked, _AGAIN),
    Scenario("reconfiguration, in place", _hard_linked, _AGAIN),
    Scenario("reconfiguration, another's", _of_another_account, _AGAIN),
    Scenario("secret only", _both, ("set", *_SECRET)),
    Scenario("skip only", _both, ("set", "--skip-verification", "--server-version", "1.5")),
    Scenario("literal to .env", _literal, ("set", "--store", "env", _NO_TEST)),
    Scenario("secret removed", _both, ("set", "--no-secret", _NO_TEST)),
    Scenario("undo", _both, _UNDO, first=(_AGAIN,)),
    Scenario("undo of the undo", _both, _UNDO, first=(_AGAIN, _UNDO)),
    Scenario("undo of a first run", _nothing, _UNDO, first=(_FIRST,), config="deep/er/config.toml"),
    Scenario(".env to credential", _both, _TO_CREDENTIAL, needs="systemd-creds"),
    Scenario(
        "credential to .env",
        _both,
        ("set", "--store", "env", _NO_TEST),
        first=(_TO_CREDENTIAL,),
        needs="systemd-creds",
    ),
    Scenario(
        "new credential",
        _both,
        _AGAIN,
        first=(_TO_CREDENTIAL,),
        needs="systemd-creds",
    ),
)

_TO_KEYRING = ("set", "--store", "keyring", _NO_TEST)

KEYRING_SCENARIOS = (
    Scenario(".env to keyring", _both, _TO_KEYRING),
    Scenario("keyring to .env", _both, ("set", "--store", "env", _NO_TEST), first=(_TO_KEYRING,)),
    Scenario("new secret in the keyring", _both, _AGAIN, first=(_TO_KEYRING,)),
)
"""These need a session with an unlocked keyring, and a second or two per point."""
