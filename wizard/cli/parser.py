"""Commands and flags, and shell completions for them."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Never

from wizard import __version__
from wizard.cli import argparse_internals, output
from wizard.cli.argparse_internals import CommandParser, FlagGroup, HelpFormatter, arrange_groups
from wizard.errors import UsageError
from wizard.text.language import LANGUAGES, _, plural

DEFAULT_TIMEOUT = 15.0
SHELLS = ("bash", "zsh")
_CHECK_FORMATS = ("text", "json", "github", "sarif")
_TEST_FORMATS = ("text", "json", "nagios")
_GIVES_AWAY = (
    r"(?is)--?(?:smtp-?)?(?:secrets?|passwords?|passwd|pass|pw|pwd|token|api-?key)(?:=.*)?"
    r"|--(?:no-secret|secret-stdin)=.*"
)
_COMMON_DEFAULTS: dict[str, Any] = {
    "config": None,
    "env_file": None,
    "json": False,
    "format": None,
    "timeout": DEFAULT_TIMEOUT,
    "plain": False,
    "no_mouse": False,
    "no_lookup": False,
    "debug": False,
    "lang": None,
}


class _PrintCompletion(argparse.Action):
    """Prints and ends, as ``--version`` does."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> Never:
        output.result(completion(build_parser(), values), as_it_is=True)
        parser.exit()


def language_of(arguments: Sequence[str]) -> str | None:
    """Return the language that ``--lang`` asks for, needed even for usage errors."""
    return _last_value("--lang", LANGUAGES, arguments)


def called(arguments: Sequence[str]) -> str:
    """Return the program and the command that ``arguments`` name, if any."""
    command = next((word for word in arguments if word in _commands()), "")
    return f"smtp-wizard {command}".rstrip()


def format_of(arguments: Sequence[str]) -> str:
    """Return the format that is asked for, needed even for usage errors."""
    if "--json" in arguments:
        return "json"
    return _last_value("--format", (*_CHECK_FORMATS, *_TEST_FORMATS), arguments) or "text"


def _last_value(wanted: str, choices: Sequence[str], arguments: Sequence[str]) -> str | None:
    chosen = None
    for flag, value in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, joined = flag.partition("=")
        if name == wanted and (word := joined if equals else value) in choices:
            chosen = word
    return chosen


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; raise :class:`UsageError` if they are invalid.

    ``module`` in the result names the module of this package that runs the command.
    """
    _refuse_secret(arguments)
    with argparse_internals.translated_messages(_, plural):
        options = _parse_before_program(arguments)
    for name, value in _COMMON_DEFAULTS.items():
        if not hasattr(options, name):
            setattr(options, name, value)
    if options.json and options.format not in (None, "json"):
        raise UsageError(
            "usage",
            _("--json and --format {name} contradict each other.", name=options.format),
            _("Leave out one of them."),
        )
    options.format = "json" if options.json else options.format or "text"
    options.json = options.format == "json"
    return options


def _refuse_secret(arguments: Sequence[str]) -> None:
    """Refuse a secret on the command line before anything repeats it."""
    for word in arguments:
        if word == "--":
            return
        if re.fullmatch(_GIVES_AWAY, word):
            raise secret_as_argument()


def secret_as_argument() -> UsageError:
    """Return why a secret in an argument is not used."""
    return UsageError(
        "secret-as-argument",
        _(
            "A secret is not taken from the command line, where other accounts can read it and "
            "the shell keeps it."
        ),
        _("Use --secret-stdin, --secret-file or --secret-env."),
    )


def _parse_before_program(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse without what follows ``exec … --``, in which argparse would look for flags."""
    if "--" in arguments:
        end = list(arguments).index("--")
        before, program = arguments[:end], list(arguments[end + 1 :])
        if "exec" in before:
            options = build_parser(before).parse_args(before)
            if options.command == "exec":
                options.program = program
                return options
    return build_parser(arguments).parse_args(arguments)


def build_parser(arguments: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Return the parser; its help is the reference of the command line.

    Given ``arguments``, only the commands that occur in them get their flags.
    """
    common = _common()
    parser = CommandParser(
        prog="smtp-wizard",
        usage="smtp-wizard [-c PATH] [COMMAND] [OPTIONS]",
        allow_abbrev=False,
        formatter_class=HelpFormatter,
        parents=[common],
        description=_(
            "Set up the SMTP settings of BOMnipotent Server: test them as the server will use "
            "them, and write config.toml and .env without disturbing them. Without a command: the "
            "wizard, on the full screen."
        ),
        epilog=_(
            "Exit codes: 0 done, 1 unexpected error, 2 usage, 3 the server's mails will fail, 4 a "
            "file cannot be edited safely, 5 writing failed, 6 secret store unusable, 7 not "
            "testable from here, 8 check found errors, 130 aborted; of exec also 126 not "
            "executable, 127 not found."
        ),
    )
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        help=_("print the completions for a shell; evaluate them there, or keep them in a file"),
    )
    parser.set_defaults(module="wizard_command")
    parser.examples = _examples("")
    subparsers = parser.add_subparsers(
        prog="smtp-wizard",
        metavar="COMMAND",
        dest="command",
        parser_class=CommandParser,
    )
    for name, (summary, add_flags) in _commands().items():
        needed = arguments is None or name in arguments
        command = subparsers.add_parser(
            name,
            usage=f"smtp-wizard {name} [OPTIONS]",
            allow_abbrev=False,
            formatter_class=HelpFormatter,
            parents=[common] if needed else [],
            help=summary,
            description=f"{summary[:1].upper()}{summary[1:]}.",
        )
        command.set_defaults(module=f"{name}_command")
        if needed:
            add_flags(command)
            command.examples = _examples(name)
        arrange_groups(command, _("commands"), _("common options"))
    arrange_groups(parser, _("commands"), _("common options"))
    return parser


def _examples(command: str) -> list[tuple[str, str]]:
    """Return calls of a command, and what they are for; without one, of the whole program."""
    return {
        "": [
            ("smtp-wizard", _("set up mail, or change it, on the full screen")),
            ("smtp-wizard demo", _("try it without any server")),
            ("smtp-wizard test", _("can the server send mail?")),
            ("smtp-wizard check", _("what is wrong or risky")),
        ],
        "set": [
            ("smtp-wizard set --endpoint mail.example.org --dry-run", _("show what would change")),
            ("smtp-wizard set --secret-stdin < FILE", _("store a new password")),
            ("smtp-wizard set --starttls", _("change one setting")),
        ],
        "test": [
            ("smtp-wizard test", _("test what is stored")),
            ("smtp-wizard test --endpoint mail.example.org", _("try another mail server")),
            ("smtp-wizard test --to you@example.org", _("send a real mail")),
            ("smtp-wizard test --report", _("a report for a ticket")),
        ],
        "check": [
            ("smtp-wizard check", _("what is wrong or risky")),
            ("smtp-wizard check --fix", _("repair what has one right answer")),
        ],
        "show": [("smtp-wizard show --json", _("for scripts"))],
        "exec": [
            ("smtp-wizard exec -- docker compose up -d", _("start the server with the secret")),
        ],
        "undo": [("smtp-wizard undo --dry-run", _("show what would be put back"))],
        "demo": [("smtp-wizard demo", _("nothing of yours is touched"))],
    }[command]


def _common() -> CommandParser:
    """Return the flags that may come before or after the command."""
    common = CommandParser(
        add_help=False, argument_default=argparse.SUPPRESS, formatter_class=HelpFormatter
    )
    group = common.add_argument_group(_("common options"))
    _add_paths(group)
    _add_ways_to_run(group)
    _add_messages(group)
    return common


def _add_paths(group: FlagGroup) -> None:
    group.add_argument(
        "-c",
        "--config",
        type=_path,
        metavar="PATH",
        help=_(
            "config.toml (default: the first of ./config.toml, ./bomnipotent_config/config.toml, "
            "/etc/bomnipotent_server/configs/config.toml)"
        ),
    )
    group.add_argument(
        "--env-file",
        type=_path,
        metavar="PATH",
        help=_(".env (default: beside the compose file, else beside config.toml)"),
    )


def _add_ways_to_run(group: FlagGroup) -> None:
    group.add_argument("--json", action="store_true", help=_("print one JSON document on stdout"))
    group.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help=_(
            "deadline of the whole live test (default: {seconds:g})",
            seconds=DEFAULT_TIMEOUT,
        ),
    )
    group.add_argument(
        "--plain", action="store_true", help=_("line by line, with numbered choices")
    )
    group.add_argument(
        "--no-mouse", action="store_true", help=_("leave the mouse to the terminal's own selection")
    )
    group.add_argument(
        "--no-lookup",
        action="store_true",
        help=_(
            "suggest mail servers from the wizard's own list alone: ask neither the DNS nor web "
            "servers"
        ),
    )


def _add_messages(group: FlagGroup) -> None:
    group.add_argument(
        "--debug",
        action="store_true",
        help=_("print the report of an unexpected error: places in the code, no values"),
    )
    group.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=_("language of the messages (default: that of the locale)"),
    )
    group.add_argument(
        "--version",
        action="version",
        version=f"smtp-wizard {__version__}",
        help=_("show program's version number and exit"),
    )


def _commands() -> dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]:
    """Return command → what it does, and the function that adds its own flags."""
    return {
        "set": (_("change settings without asking"), _add_set),
        "test": (_("test live what the server would use"), _add_test),
        "check": (
            _("look over configuration, .env, compose file and permissions; no network"),
            _add_check,
        ),
        "show": (_("show what is set and where it comes from"), _add_nothing),
        "exec": (_("replace this process by CMD with the secret in its environment"), _add_exec),
        "undo": (_("put back what the last write replaced"), _add_undo),
        "demo": (
            _("try the wizard in a scratch directory, against a mail server of its own"),
            _add_nothing,
        ),
    }


def _add_nothing(parser: argparse.ArgumentParser) -> None:
    """Add no flags of its own."""


def _add_values(parser: argparse.ArgumentParser) -> None:
    """Add the flags for values."""
    group = parser.add_argument_group(_("values"))
    group.add_argument("--user", metavar="U", help=_("login name, usually the full mail address"))
    group.add_argument(
        "--endpoint", metavar="E", help=_("mail server's host name, or smtp://host:port")
    )
    group.add_argument(
        "--starttls",
        action=argparse.BooleanOptionalAction,
        help=_("STARTTLS on port 587 instead of SMTPS on port 465"),
    )
    secret = group.add_mutually_exclusive_group()
    secret.add_argument(
        "--secret-stdin",
        action="store_true",
        help=_("read the secret from standard input, one line"),
    )
    secret.add_argument(
        "--secret-file", type=_path, metavar="F", help=_("read the secret from a file, one line")
    )
    secret.add_argument(
        "--secret-env", metavar="NAME", help=_("take the secret from an environment variable")
    )
    secret.add_argument(
        "--no-secret", action="store_true", help=_("no login; removes a stored secret")
    )


def _add_set(parser: argparse.ArgumentParser) -> None:
    from wizard.secrets.sources import STORES  # the other commands do without

    _add_values(parser)
    parser.add_argument(
        "--relay",
        metavar="SENDER",
        help=_("put a relay beside the server that logs in with these values, and mails as SENDER"),
    )
    parser.add_argument(
        "--secret-var",
        metavar="NAME",
        help=_(
            "variable for the secret (default: the one config.toml refers to, else SMTP_SECRET)"
        ),
    )
    parser.add_argument(
        "--store",
        choices=tuple(store.option for store in STORES),
        help=_("where the secret is kept (default: where it is, else .env)"),
    )
    _add_skip(parser)
    parser.add_argument(
        "--rename-section",
        action="store_true",
        help=_("rename a misnamed [smtp_config] to [smtp]"),
    )
    parser.add_argument(
        "--test",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=_("write only what the live test does not fail (default: test)"),
    )
    parser.add_argument("--dry-run", action="store_true", help=_("print the diff, write nothing"))
    parser.add_argument(
        "--no-backup", action="store_true", help=_("keep nothing afterwards: no undo of this write")
    )


def _add_skip(parser: argparse.ArgumentParser) -> None:
    """Add the flags about the verification of users."""
    skip = parser.add_mutually_exclusive_group()
    skip.add_argument(
        "--skip-verification",
        action="store_const",
        const=True,
        dest="skip",
        help=_("do not verify users by mail"),
    )
    skip.add_argument(
        "--verify-users",
        action="store_const",
        const=False,
        dest="skip",
        help=_("verify users by mail again"),
    )
    parser.add_argument(
        "--server-version", metavar="X.Y", help=_("version of the server, for --skip-verification")
    )


def _add_test(parser: argparse.ArgumentParser) -> None:
    _add_values(parser)
    parser.add_argument("--to", metavar="ADDRESS", help=_("send a real test mail there"))
    parser.add_argument(
        "--from",
        choices=("container", "host"),
        dest="place",
        help=_("where to test from (default: the server's container where possible)"),
    )
    parser.add_argument(
        "--transcript", action="store_true", help=_("print the dialogue, without the login")
    )
    parser.add_argument(
        "--report", action="store_true", help=_("print a report for a ticket, without the secret")
    )
    parser.add_argument(
        "--no-alternatives", action="store_true", help=_("do not search for a form that works")
    )
    parser.add_argument(
        "--format",
        choices=_TEST_FORMATS,
        help=_("print text (default), JSON, or one line for Nagios and Icinga, with their codes"),
    )


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fix", action="store_true", help=_("repair what has one right answer; undo takes it back")
    )
    parser.add_argument(
        "--dry-run", action="store_true", help=_("with --fix: print the diff, write nothing")
    )
    parser.add_argument(
        "--format",
        choices=_CHECK_FORMATS,
        help=_("print text (default), JSON, annotations for GitHub Actions, or SARIF"),
    )


def _add_exec(parser: argparse.ArgumentParser) -> None:
    parser.usage = "smtp-wizard exec [-c PATH] [--env-file PATH] [--json] -- CMD..."
    # What follows "--" is gone already, so anything here lacks the "--".
    parser.add_argument("stray", nargs="*", help=argparse.SUPPRESS)
    parser.set_defaults(program=[])


def _add_undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help=_("print the diff, write nothing"))
    parser.add_argument(
        "--no-backup", action="store_true", help=_("keep nothing afterwards: no undo of the undo")
    )


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(_("not a path"))
    return Path(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(
            _("{text!r} is not a number of seconds up to 3600", text=text)
        )
    return seconds


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that makes ``shell`` complete commands, flags, their values and paths."""
    import shtab  # slow to import

    subparsers = [each.parser for each in argparse_internals.commands(parser)]
    for each in (parser, *subparsers):
        for flag in argparse_internals.flags(each):
            if flag.metavar in ("PATH", "F"):
                vars(flag)["complete"] = shtab.FILE  # where shtab looks
    script: str = shtab.complete(parser, shell=shell)
    return script
