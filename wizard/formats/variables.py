"""References to environment variables, ``${NAME}``, as the server reads them."""

from __future__ import annotations

import re
from collections.abc import Callable

from wizard.errors import InvalidValue
from wizard.text.language import _

DEFAULT_VARIABLE = "SMTP_SECRET"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
REFERENCE = re.compile(rf"\$\{{({_NAME})\}}")
"""``${NAME}``, which the server replaces by an environment variable anywhere in the file."""


def check_variable(name: str) -> str:
    """Return ``name`` if every reader accepts it as the name of an environment variable."""
    if not re.fullmatch(_NAME, name):
        raise InvalidValue(
            "variable-name",
            _("{name!r} is not a name for an environment variable.", name=name),
            _(
                "Use letters, digits and underscores, for example {example}.",
                example=DEFAULT_VARIABLE,
            ),
        )
    return name


def expand(text: str, lookup: Callable[[str], str | None]) -> str:
    """Replace each ``${NAME}`` as the server does before it reads config.toml.

    ``lookup`` returns a variable's value or None; an unset one raises :class:`InvalidValue`.
    """

    def value(match: re.Match[str]) -> str:
        found = lookup(match[1])
        if found is None:
            raise InvalidValue(
                "variable-unset",
                _(
                    "${{{name}}} is used in config.toml, but nothing sets this variable.",
                    name=match[1],
                ),
                _(
                    "Set {name} in the environment or in .env, or enter the value itself.",
                    name=match[1],
                ),
            )
        return found

    return REFERENCE.sub(value, text)


def references(text: str) -> tuple[str, ...]:
    """Return the names of all ``${NAME}`` in ``text``, in order."""
    return tuple(REFERENCE.findall(text))
