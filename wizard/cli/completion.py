"""Completions for the operator's shell, made from the parser when they are asked for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that makes ``shell`` complete commands, flags, their values and paths."""
    import shtab  # only here

    for each in _parsers(parser):
        for action in each._actions:  # noqa: SLF001  (argparse has no other way to ask for them)
            if action.metavar in ("PATH", "F"):
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's own mark
    script: str = shtab.complete(parser, shell=shell)
    return script


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from action.choices.values()
