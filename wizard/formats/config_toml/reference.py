"""How config.toml refers to the secret, so that the server reads it exactly.

The server's documentation does not say whether it replaces ``${NAME}`` before or after parsing the
TOML, so a reference has to be right either way.
"""

from __future__ import annotations

from wizard.errors import InvalidValue
from wizard.formats.variables import REFERENCE
from wizard.text.language import _

_QUOTES = ('"', "'''", '"""')
"""In order of preference; ``'`` is never needed, since ``'''`` survives whatever ``'`` does."""


def secret_reference(value: str) -> str | None:
    """Return ``NAME`` if a value is exactly ``${NAME}``, else None."""
    found = REFERENCE.fullmatch(value)
    return found[1] if found else None


def choose_reference(name: str, secret: str, present: str | None) -> str:
    """Return the TOML source of a string that refers to ``name`` and yields ``secret``.

    ``present``, the source of the current value, is kept if it is such a string. Raises
    `InvalidValue` if no kind of string can contain the secret.
    """
    forms = [f"{quote}${{{name}}}{quote}" for quote in _QUOTES]
    for source in [present, *forms] if present else forms:
        if _value(source) == f"${{{name}}}" and _survives(source, name, secret):
            return source
    raise InvalidValue(
        "secret-not-representable",
        _(
            "No string in config.toml can hold this secret: it combines ''' with other quotation "
            "marks or backslashes."
        ),
        _("Choose another password, or have a new API key generated."),
    )


def _survives(source: str, name: str, secret: str) -> bool:
    return _value(source.replace(f"${{{name}}}", secret)) == secret


def _value(source: str) -> str | None:
    """Return what the source of a string means, or None if it is anything else."""
    from wizard.formats.toml.values import is_string, read_string  # only a write needs them

    return read_string(source) if is_string(source) else None
