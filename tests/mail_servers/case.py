"""A mail server as an operator would set it up, how it is reached, and what must come out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mail_servers.account import PASSWORD, RECIPIENT, USER
from tests.peers.reference import Answer
from wizard.formats.config_toml.edit import ConfigEdit, edit_config
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.dotenv.variables import set_variable
from wizard.formats.variables import DEFAULT_VARIABLE


@dataclass(frozen=True, slots=True)
class Case:
    """``expected`` is verdict, code and stage (``"fail auth-rejected auth"``), or just ``pass``.

    With ``to`` the wizard sends a real mail there; the reference reader always sends one.
    ``reader`` says why that reader, and so the server, comes to another verdict, if it does.
    """

    name: str
    endpoint: str
    expected: str = "pass"
    starttls: bool = False
    user: str = USER
    password: str | None = PASSWORD
    to: str | None = None
    trusted: bool = True
    """Whether the client trusts the authority of the machine."""
    reader: str = ""
    mails: str = RECIPIENT
    """Whom the reference reader writes to, where the wizard sends nothing."""

    def write(self, directory: Path) -> Path:
        """Write config.toml and ``.env`` into ``directory``; return the path of the former."""
        source = None
        if self.password is not None:
            source = choose_reference(DEFAULT_VARIABLE, self.password, None)
            env = directory / ".env"
            env.touch(0o600)
            env.write_text(set_variable("", DEFAULT_VARIABLE, self.password), "utf-8")
        config = directory / "config.toml"
        edit = ConfigEdit(self.user, self.endpoint, source, self.starttls)
        config.write_text(edit_config("", edit), "utf-8")
        return config

    @property
    def recipient(self) -> str:
        """Whom the reference reader writes to."""
        return self.to or self.mails


def outcome(said: str) -> str:
    """Return what ``test --json`` says in the form of :attr:`Case.expected`."""
    report: dict[str, Any] = json.loads(said)
    diagnosis = report["diagnosis"]
    if diagnosis is None:
        return str(report["verdict"])
    return f"{report['verdict']} {diagnosis['code']} {diagnosis['stage']}"


def agree(ours: str, theirs: Answer) -> bool:
    """Whether the wizard and the reference reader come to the same verdict."""
    return ours.startswith("fail") == (theirs.outcome == "error")
