"""The example for cloud-init installs and runs the program that was checked, and no other."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from tests.fleet.fleet import DOCS

PROGRAM = """\
#!/bin/sh
{{ echo "$@"; cat; }} > {log}
"""
SECRET = "hunter22"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        pass


@pytest.fixture
def artifacts(tmp_path: Path) -> Iterator[str]:
    """Serve a directory with the program; return its URL."""
    directory = tmp_path / "artifacts"
    directory.mkdir()
    with HTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(directory))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Machine:
    """A machine at its first boot, below one directory; the vault and the program are stand-ins."""

    def __init__(self, root: Path, url: str, checksum: str = "") -> None:
        self.root = root
        self.log = root / "log"
        program = PROGRAM.format(log=self.log)
        (root / "artifacts" / "smtp-wizard.pyz").write_text(program)
        self._put("vault/vault-agent-of-yours", f"#!/bin/sh\necho {SECRET}\n")
        for directory in ("local/bin", "local/sbin"):
            (root / directory).mkdir(parents=True)
        text = (DOCS.parent / "fleets.md").read_text(encoding="utf-8")
        example = text[text.index("#cloud-config\n") :].partition("```")[0]
        checksum = checksum or hashlib.sha256(program.encode()).hexdigest()
        for ours, theirs in (
            ("SHA256-OF-IT", checksum),
            ("https://artifacts.example.org", url),
            ("/usr/local/", f"{root}/local/"),
        ):
            assert ours in example
            example = example.replace(ours, theirs)
        self._config = yaml.safe_load(example)

    def boot(self) -> None:
        """Do what cloud-init does: write the files, then run one script without ``set -e``."""
        for file in self._config["write_files"]:
            self._put(file["path"], file["content"], int(file["permissions"], 8))
        lines = [shlex.join(command) for command in self._config["runcmd"]]
        path = f"{self.root / 'vault'}:/usr/bin:/bin"
        subprocess.run(
            ["/bin/sh"], input="\n".join(lines), env={"PATH": path}, text=True,
            capture_output=True, check=False,
        )  # fmt: skip

    def _put(self, path: str, text: str, mode: int = 0o755) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


@needs_curl
def test_program_that_was_checked_gets_the_secret(tmp_path: Path, artifacts: str) -> None:
    machine = Machine(tmp_path, artifacts)
    machine.boot()
    arguments, secret = machine.log.read_text().splitlines()
    assert secret == SECRET
    assert " set --user " in arguments
    assert SECRET not in arguments


@needs_curl
@pytest.mark.parametrize("served", [True, False], ids=["another program", "no program"])
def test_nothing_is_installed_and_nothing_runs_unless_the_checksum_is_right(
    tmp_path: Path, artifacts: str, served: bool
) -> None:
    machine = Machine(tmp_path, artifacts, checksum="0" * 64)
    if not served:
        (tmp_path / "artifacts" / "smtp-wizard.pyz").unlink()
    machine.boot()
    assert not machine.log.exists()
    assert list((tmp_path / "local" / "bin").iterdir()) == []
