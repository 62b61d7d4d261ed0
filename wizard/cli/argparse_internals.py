"""Everything that relies on what argparse does not document, seen in Python 3.11 to 3.14.

It can neither be asked for the flags and commands of a parser, which completions and the man page
are made of, nor told whose words to use. ``tests/cli/test_argparse_internals.py`` fails where
another Python does it in another way.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

FlagGroup = argparse._ArgumentGroup  # noqa: SLF001  (the type of what a parser documents)


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
def words_of_ours(
    translate: Callable[[str], str], plural: Callable[[str, str, int], str]
) -> Iterator[None]:
    """Let argparse speak the operator's language in here.

    It looks its words up by functions of gettext, which go by the environment alone and read no
    archive. So they are replaced under the names that argparse has for them.
    """
    before = vars(argparse).copy()
    vars(argparse).update(_=translate, ngettext=plural)
    try:
        yield
    finally:
        vars(argparse).update(before)
