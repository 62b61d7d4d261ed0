"""References to environment variables, ``${NAME}``, as the server reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

from wizard.errors import InvalidValue
from wizard.text.language import _

DEFAULT_VARIABLE = "SMTP_SECRET"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
REFERENCE = re.compile(rf"\$\{{({_NAME})\}}")
"""``${NAME}``, which the server replaces by an environment variable anywhere in the file."""

_RESERVED = (
    # What programs are started and found by, and what they load: loader, shells, interpreters.
    r"(?:LD|DYLD|_RLD)_\w+|PATH|CDPATH|IFS|ENV|BASH\w*|SHELLOPTS|PS4|PROMPT_COMMAND|GLOBIGNORE"
    r"|ZDOTDIR|PYTHON\w*|PERL\w*|RUBY\w*|GEM_\w+|NODE_(?:OPTIONS|PATH)"
    r"|(?:_JAVA|JDK_JAVA|JAVA_TOOL)_OPTIONS|CLASSPATH|LUA_\w+|GCONV_PATH|GETCONF_DIR"
    r"|GLIBC_TUNABLES|MALLOC_\w+|LOCPATH|NLSPATH|TERMINFO\w*|TERMCAP|TZDIR"
    r"|OPENSSL_\w+|SSL_CERT_\w+|SSLKEYLOGFILE|CURL_\w+"
    # What decides where they read, write and connect.
    r"|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|TERM|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|TMP|TEMP"
    r"|EDITOR|VISUAL|PAGER|BROWSER|XDG_\w+|DBUS_\w+|DISPLAY|WAYLAND_\w+"
    r"|GIT_\w+|SSH_\w+|DOCKER_\w+|COMPOSE_\w+|BUILDKIT_\w+|CONTAINERS?_\w+|SUDO_\w+"
    r"|(?i:\w*_proxy)|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|RESOLV_\w+"
    r"|CREDENTIALS_DIRECTORY|NOTIFY_SOCKET|LISTEN_\w+|RUST_\w+"
)
"""Names that the loader, shells, interpreters and other programs give a meaning of their own: with
the value of such a variable they may be made to run something, or show it."""


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


def check_secret_variable(name: str) -> str:
    """Return ``name`` if a variable of that name can hold a secret and mean nothing else."""
    check_variable(name)
    if re.fullmatch(_RESERVED, name):
        raise InvalidValue(
            "variable-reserved",
            _(
                "The variable {name} cannot hold the secret: programs give it a meaning of its "
                "own, so that they would use or show what is in it.",
                name=name,
            ),
            _(
                "Use a name that means nothing else: smtp-wizard set --secret-var {example}",
                example=DEFAULT_VARIABLE,
            ),
        )
    return name


MAX_EXPANDED = 1 << 16
"""Characters of a value with all references replaced."""


def expand(text: str, lookup: Callable[[str], str | None]) -> str:
    """Replace each ``${NAME}`` as the server does before it reads config.toml.

    ``lookup`` returns a variable's value or None; it is asked once for each name. An unset one
    raises :class:`InvalidValue`, and so does a value that becomes longer than 64 KiB.
    """
    values: dict[str, str] = {}
    length = len(text)
    for name in REFERENCE.findall(text):
        if name not in values:
            values[name] = _value_of(name, lookup)
        length += len(values[name])
        if length > MAX_EXPANDED:
            raise InvalidValue(
                "value-too-long",
                _("With its variables replaced, this value is longer than 64 KiB."),
                _("Correct the value of {names}.", names=f"${{{name}}}"),
            )
    return REFERENCE.sub(lambda match: values[match[1]], text) if values else text


def _value_of(name: str, lookup: Callable[[str], str | None]) -> str:
    found = lookup(name)
    if found is None:
        raise InvalidValue(
            "variable-unset",
            _("config.toml uses ${{{name}}}, for which the server gets no value.", name=name),
            _("smtp-wizard check says where to set it."),
        )
    return found


def references(text: str) -> tuple[str, ...]:
    """Return the names of all ``${NAME}`` in ``text``, each once, in order."""
    return tuple(dict.fromkeys(REFERENCE.findall(text)))


class Readers(Enum):
    """Who reads a file."""

    SERVER_AND_COMPOSE = auto()
    """Both may: ``.env`` beside config.toml."""
    COMPOSE = auto()
    """Docker Compose alone: ``.env`` beside the compose file, and an ``env_file:``."""
    COMPOSE_RAW = auto()
    """Docker Compose alone, without any quoting: an ``env_file:`` with ``format: raw``."""
