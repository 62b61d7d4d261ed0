"""Everything that relies on undocumented parts of argparse, as in Python 3.11 to 3.14.

argparse lists neither the flags and commands of a parser, which completions and the man page need,
nor can its messages be translated; it repeats what it does not understand, and breaks paths.
``tests/cli/test_argparse_internals.py`` fails if another version of Python differs.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Never

from wizard.cli import output
from wizard.errors import UsageError
from wizard.text.language import _

_WIDTH = 80
_SIMILAR = 0.7
"""How much of two words has to be alike, where 1 is all."""
FlagGroup = argparse._ArgumentGroup  # noqa: SLF001  (the type of a group of flags)


class CommandParser(argparse.ArgumentParser):
    """Raises instead of exiting, so that ``--json`` applies to usage errors, too.

    What it does not understand is not repeated: it may be a secret in the wrong place. Something
    similar that exists is named.
    """

    examples: Sequence[tuple[str, str]] = ()
    """Commands, and what they are for."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the options; raise :class:`UsageError` for any that are not known."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            # A flag whose value is in the same word is cut there.
            found = [re.match("--[^=]+|-[^-=]", word) for word in unknown]
            raise self._unrecognized([flag[0] for flag in found if flag], options)
        return options

    def _unrecognized(self, words: Sequence[str], options: Any) -> UsageError:
        if not words:
            message = _(
                "An argument is not understood. It is not repeated here: it may be a secret."
            )
            return UsageError("usage", message)
        message = _("Unrecognized arguments: {words}.", words=" ".join(words))
        known = [*flags(self)]
        for command in commands(self):
            if command.name == getattr(options, "command", None):
                known += flags(command.parser)
            elif f"--{command.name}" in words:
                call = f"{self.prog} {command.name}"
                return UsageError("usage", message, _("Did you mean {name}?", name=call))
        names = [name for flag in known for name in flag.option_strings]
        return UsageError("usage", message, _did_you_mean(words, names))

    def error(self, message: str) -> Never:
        """Raise what argparse would print."""
        raise UsageError("usage", f"{message[:1].upper()}{message[1:]}.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = ", ".join(map(str, action.choices))
        message = _("There is no such command. There are: {names}.", names=names)
        if action.option_strings:
            flag = action.option_strings[-1]
            message = _("{flag} takes one of these: {names}.", flag=flag, names=names)
        remedy = _did_you_mean([value], [*action.choices])
        if value == "help":
            remedy = _("Did you mean {name}?", name=f"{self.prog} --help")
        raise UsageError("usage", message, remedy)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or version; argparse would not notice that nobody can read it."""
        output.print_text(message.removesuffix("\n"))

    def format_help(self) -> str:
        """Return the help, with the examples before all flags."""
        text = super().format_help()
        if not self.examples:
            return text
        usage, description, rest = text.split("\n\n", 2)
        return f"{usage}\n\n{description}\n\n{self._format_examples()}\n\n{rest}"

    def _format_examples(self) -> str:
        from wizard.cli.terminal import OutputLine, OutputStyle  # only help needs them

        width = max(len(command) for command, _words in self.examples)
        lines = [
            OutputLine(words, head=f"  {command:<{width}}  ") for command, words in self.examples
        ]
        style = OutputStyle(help_width())
        return f"{_('examples')}:\n{style.lay_out(lines)}"


class HelpFormatter(argparse.HelpFormatter):
    """Wraps at the terminal's width, but at 80 columns at most."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=help_width())

    def _split_lines(self, text: str, width: int) -> list[str]:
        text = " ".join(text.split())
        if len(text) <= width:
            return [text]
        from wizard.text.wrapping import hanging_lines  # only help needs it

        return hanging_lines(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))


def help_width() -> int:
    """Return the columns of the help; without importing shutil, which is slow."""
    try:
        columns = int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size().columns or _WIDTH
    except (ValueError, OSError):
        columns = _WIDTH
    return min(columns, _WIDTH)


def _did_you_mean(given: Sequence[str], known: Sequence[str]) -> str:
    """Return the question for the first word that looks like a known one; else nothing."""
    from difflib import get_close_matches  # only for mistakes

    for word in given:
        same_letters = [name for name in known if sorted(name) == sorted(word)]
        if close := same_letters or get_close_matches(word, known, n=1, cutoff=_SIMILAR):
            return _("Did you mean {name}?", name=close[0])
    return ""


def arrange_groups(parser: argparse.ArgumentParser, commands: str, last: str) -> None:
    """Name the group of commands, and show the group of flags named ``last`` after all others."""
    parser._positionals.title = commands  # noqa: SLF001
    parser._action_groups.sort(key=lambda group: group.title == last)  # noqa: SLF001


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
