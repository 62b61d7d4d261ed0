"""Write man page and completions into a directory: ``python packaging/shared.py DIR``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import man  # noqa: E402

from wizard import __version__  # noqa: E402
from wizard.cli.parser import build_parser, completion  # noqa: E402


def main(out: Path) -> None:
    """Write ``smtp-wizard.1``, ``.bash`` and ``.zsh``."""
    reference = (ROOT / "docs" / "commands.md").read_text("utf-8")
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    page = man.page(
        build_parser(), __version__, man.exit_codes(reference), int(epoch) if epoch else None
    )
    (out / "smtp-wizard.1").write_text(page, "utf-8")
    for shell in ("bash", "zsh"):
        (out / f"smtp-wizard.{shell}").write_text(completion(build_parser(), shell), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
