"""Everything that relies on undocumented parts of argparse, as in Python 3.11 to 3.14.

argparse lists neither the flags and commands of a parser, which completions and the man page need,
nor can its messages be translated. ``tests/cli/test_argparse_internals.py`` fails if another
version of Python differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

FlagGroup = argparse._ArgumentGroup  # noqa: SLF001  (the type of a group of flags)


class Command(NamedTuple):
    """A command of a parser."""

    name: str
    summary: str
    parser: argparse.ArgumentParser


def flags(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the flags of a parser, in the order of their groups."""
    return [action for action in parser._actions if action.option_strings]  # noqa: SLF001


def commands(parser: argparse.ArgumentParser) -> list[Command]:
    """Return the commands of a parser, in the order of its help."""
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            summaries = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001
            return [
                Command(name, summaries.get(name, ""), each)
                for name, each in action.choices.items()
            ]
    return []


@contextmanager
def translated_messages(
    translate: Callable[[str], str], plural: Callable[[str, str, int], str]
) -> Iterator[None]:
    """Translate the messages of argparse in this context.

    It uses functions of gettext, which depend on the environment alone and cannot read from an
    archive. So those functions are replaced in its namespace.
    """
    before = vars(argparse).copy()
    vars(argparse).update(_=translate, ngettext=plural)
    try:
        yield
    finally:
        vars(argparse).update(before)
