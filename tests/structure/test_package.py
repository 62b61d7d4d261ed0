"""The figures are right, wherever an import is."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.structure.package import Package, cycles, longest_chain

Build = Callable[[Mapping[str, str]], Package]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make a package of some files, and measure it."""

    def write(files: Mapping[str, str]) -> Package:
        for name, source in files.items():
            path = tmp_path / "house" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return Package(tmp_path / "house")

    return write


@pytest.mark.parametrize(
    "statement",
    [
        "import house.low.text",
        "from house.low import text",
        "from house.low.text import shown",
        "from house.low.text import *",
        "from .low import text",
        "from .low.text import shown",
        "def late():\n    from house.low import text",
        "if TYPE_CHECKING:\n    from house.low.text import Shown",
        "try:\n    import house.low.text\nexcept ImportError:\n    pass",
    ],
    ids=lambda statement: statement[:40],
)
def test_every_import_counts(build: Build, statement: str) -> None:
    package = build({"__init__.py": "", "high.py": statement, "low/text.py": ""})
    assert package.pairs == [("house.high", "house.low.text")]
    assert package.room_imports == {"__init__": set(), "high": {"low"}, "low": set()}


def test_a_package_is_told_from_its_modules(build: Build) -> None:
    package = build(
        {
            "__init__.py": "version = 1",
            "__main__.py": "from house.high import main",
            "high/__init__.py": "from .inner import main",
            "high/inner.py": "from house import version\nfrom ..low import text\nimport os",
            "low/__init__.py": '"""Nothing but words."""',
            "low/text.py": "",
        }
    )
    assert package.rooms == {"high", "low"}
    assert sorted(package.pairs) == [
        ("house.__main__", "house.high"),
        ("house.high", "house.high.inner"),
        ("house.high.inner", "house"),
        ("house.high.inner", "house.low.text"),
    ]
    assert [name for name, file in package.files.items() if file.is_empty_package] == ["house.low"]
    assert longest_chain(package.room_imports) == ["__main__", "high", "__init__"]
    assert cycles(package.file_imports) == []


def test_circles_are_found(build: Build) -> None:
    package = build(
        {
            "a/one.py": "from house.b import two",
            "a/four.py": "",
            "b/two.py": "import house.c",
            "c.py": "def late():\n    import house.a.four",
            "d.py": "import house.a.one",
        }
    )
    assert cycles(package.file_imports) == []
    assert len(longest_chain(package.file_imports)) == 5
    assert cycles(package.room_imports) == [["a", "b", "c"]]
    with pytest.raises(graphlib.CycleError):
        longest_chain(package.room_imports)


def test_names_and_functions_are_found(build: Build) -> None:
    source = """\
TITLE = 1
_private, shared = 2, [other for other in ()]
typed: int = 3
with_attribute.changed = 4
if True:
    class Conditional:
        def method(self):
            local = 5

            async def inner():
                return (assigned := 6)
"""
    package = build({"a.py": source, "b.py": "def shared():\n    pass\nTITLE = 1\n_private = 2"})
    assert package.files["house.a"].public_names() == {"shared", "typed", "Conditional"}
    assert package.names_defined_twice == {"shared": ["house.a", "house.b"]}
    assert list(package.functions_over(1).items()) == [
        ("house.a:7 method", 5),
        ("house.b:1 shared", 2),
        ("house.a:10 inner", 2),
    ]
