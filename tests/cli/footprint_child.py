"""Run the program in this process, and report what it has loaded of its own.

``python -m tests.cli.footprint_child REPORT WORDS ARGUMENT…`` writes REPORT, as JSON, at the end of
a command, or when a full screen has drawn WORDS.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

_MOMENT = 0.1
"""Seconds; anything that waits longer is meant to come after the first screen."""


def main(report: Path, words: str, arguments: list[str]) -> None:
    if words:
        _report_when_drawn(words, report)
    from wizard.cli import main as program

    try:
        code: object = program(arguments)
    except SystemExit as ending:
        code = ending.code
    if words or code:
        sys.exit(f"ended with {code}")
    _write(report)


def _report_when_drawn(words: str, report: Path) -> None:
    """Have the report written, and end, as soon as ``words`` are on their way to the terminal."""
    from textual.drivers.linux_driver import LinuxDriver

    write, sleep = LinuxDriver.write, asyncio.sleep
    drawn: list[str] = []

    def watched(self: LinuxDriver, data: str) -> None:
        write(self, data)
        drawn.append(data)
        if words in "".join(drawn):
            _write(report)
            os._exit(0)

    async def held(delay: float, result: Any = None) -> Any:
        """Keep what is meant for later from running early on a busy machine."""
        if delay > _MOMENT:
            await asyncio.get_running_loop().create_future()
        return await sleep(delay, result)

    LinuxDriver.write = watched  # type: ignore[method-assign]
    asyncio.sleep = held


def _write(report: Path) -> None:
    modules = [
        module for _, module in sorted(sys.modules.items()) if isinstance(module, ModuleType)
    ]
    report.write_text(json.dumps(loaded(modules)))


def loaded(modules: Iterable[ModuleType]) -> dict[str, Any]:
    """Return which of ``modules`` are the program's own, and what they define."""
    own = [module for module in modules if _is_own(module.__name__)]
    held = [value for module in own for value in _values(module)]
    return {
        "modules": [module.__name__ for module in own],
        "dataclasses": len({id(value) for value in held if _is_own_dataclass(value)}),
        "patterns": len({id(value) for value in held if isinstance(value, re.Pattern)}),
    }


def _values(module: ModuleType) -> Iterator[object]:
    """Yield what a module defines, and what its classes do."""
    waiting: list[object] = [module]
    while waiting:
        for value in _dict(waiting.pop()).values():
            yield value
            if isinstance(value, type) and value.__module__ == module.__name__:
                waiting.append(value)


def _is_own_dataclass(value: object) -> bool:
    if not isinstance(value, type):
        return False
    return _is_own(value.__module__) and "__dataclass_fields__" in _dict(value)


def _is_own(module: str) -> bool:
    return module.partition(".")[0] == "wizard"


def _dict(value: object) -> dict[str, object]:
    """Return the attributes of a module or a class."""
    return dict(vars(value)) if isinstance(value, type | ModuleType) else {}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
