"""The style sheet names classes of widgets, and gives no error when one is renamed."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from textual.dom import DOMNode

import wizard.ui.textual
from wizard.ui.textual.app import WizardApp


def _subclasses(of: type[DOMNode]) -> Iterator[str]:
    for each in of.__subclasses__():
        yield each.__name__
        yield from _subclasses(each)


def test_every_widget_in_the_style_sheet_exists() -> None:
    for module in pkgutil.iter_modules(wizard.ui.textual.__path__, "wizard.ui.textual."):
        importlib.import_module(module.name)
    selectors = re.findall(
        r"(?<![\w.#$:-])[A-Z]\w*", re.sub(r"/\*.*?\*/", "", WizardApp.CSS, flags=re.DOTALL)
    )
    assert set(selectors) - set(_subclasses(DOMNode)) == set()
