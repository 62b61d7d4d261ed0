"""Hatch's hook: addresses of the repository, and a description whose links lead there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


class CustomMetadataHook(MetadataHookInterface):  # type: ignore[misc, unused-ignore]
    """Makes all addresses from the one in ``pyproject.toml``, for the version that is built."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set ``readme`` and ``urls``."""
        repository = self.config["repository"]
        tag = f"v{metadata['version']}"
        readme = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(readme, repository, tag),
        }
        pages = f"{repository}/blob/{tag}"
        metadata["urls"] = {
            "Repository": repository,
            "Documentation": f"{pages}/README.md",
            "Changelog": f"{pages}/CHANGELOG.md",
            "Security": f"{pages}/SECURITY.md",
            "Issues": f"{repository}/issues",
        }


def absolute(text: str, repository: str, tag: str) -> str:
    """Return Markdown whose relative links lead to the files of ``tag`` in the repository."""

    def link(found: re.Match[str]) -> str:
        kind = "raw" if found[1] else "blob"  # a picture, or a page
        return f"{found[1]}{found[2]}({repository}/{kind}/{tag}/{found[3]})"

    return _LINK.sub(link, text)
