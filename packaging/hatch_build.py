"""Hatch's hook: every wheel brings the man page and the completions, made from the parser."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SHARED = {
    "smtp-wizard.1": "share/man/man1/smtp-wizard.1",
    "smtp-wizard.bash": "share/bash-completion/completions/smtp-wizard",
    "smtp-wizard.zsh": "share/zsh/site-functions/_smtp-wizard",
}


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc, unused-ignore]
    """Makes the files in a directory that lives as long as the build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files, and tell Hatch where in the wheel they belong."""
        self._scratch = tempfile.TemporaryDirectory(prefix="smtp-wizard-build-")
        made = Path(self._scratch.name)
        program = Path(self.root, "packaging", "shared.py")
        subprocess.run([sys.executable, "-B", str(program), str(made)], check=True)
        build_data["shared_data"] |= {str(made / name): to for name, to in _SHARED.items()}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the directory."""
        self._scratch.cleanup()
