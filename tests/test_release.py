"""A release is refused unless tag, version, changelog and address fit together."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
REPOSITORY = "https://git.example/smtp-wizard"
CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-29

### Added

- Something.

## [1.2.2] - 2026-11-28

- Older.
"""
DOCKERFILE = 'LABEL org.opencontainers.image.version="1.2.3"\n'


class Release:
    """The script beside files of which one may be wrong."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "packaging").mkdir()
        shutil.copy(PROJECT / "packaging" / "release.py", directory / "packaging")
        (directory / "wizard").mkdir()
        self.write("wizard/__init__.py", '__version__ = "1.2.3"\n')
        self.write("CHANGELOG.md", CHANGELOG)
        self.write("packaging/Dockerfile", DOCKERFILE)
        real = (PROJECT / "pyproject.toml").read_text("utf-8").splitlines()
        ours = [
            f'repository = "{REPOSITORY}"' if line.startswith("repository = ") else line
            for line in real
        ]
        self.write("pyproject.toml", "\n".join(ours))

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text, "utf-8")

    def __call__(
        self, tag: str = "v1.2.3", repository: str = REPOSITORY
    ) -> subprocess.CompletedProcess[str]:
        script = self.directory / "packaging" / "release.py"
        return subprocess.run(
            [sys.executable, "-I", str(script), tag, repository],
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release(tmp_path)


def test_a_consistent_release_prints_its_notes(release: Release) -> None:
    done = release()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "### Added\n\n- Something.\n"


def test_another_tag_is_refused(release: Release) -> None:
    done = release("v1.2.4")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The tag is v1.2.4, and wizard/__init__.py says 1.2.3.\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("## [1.2.3] - 2026-11-29", "## [1.2.4] - 2026-11-30", "has to be [1.2.3]"),
        ("## [1.2.3] - 2026-11-29\n", "", "has to be [1.2.3]"),
        ("[1.2.3] - 2026-11-29", "[1.2.3]", "needs a date"),
        ("[Unreleased]\n", "[Unreleased]\n\n- Forgotten.\n", "still under [Unreleased]"),
    ],
    ids=["newer", "missing", "undated", "unreleased"],
)
def test_a_changelog_that_does_not_fit_is_refused(
    release: Release, before: str, after: str, expected: str
) -> None:
    assert before in CHANGELOG
    release.write("CHANGELOG.md", CHANGELOG.replace(before, after))
    done = release()
    assert (done.returncode, done.stdout) == (1, "")
    assert expected in done.stderr


def test_the_images_label_has_to_have_the_version(release: Release) -> None:
    release.write("packaging/Dockerfile", DOCKERFILE.replace("1.2.3", "1.2.2"))
    done = release()
    assert (done.returncode, done.stdout) == (1, "")
    assert "packaging/Dockerfile" in done.stderr


def test_the_address_has_to_be_that_of_the_repository(release: Release) -> None:
    done = release(repository="https://git.example/fork")
    assert done.returncode == 1
    assert f"says that the repository is {REPOSITORY}, and it is" in done.stderr
