"""The reference reader: what BOMnipotent Server makes of the files, in the server's own language.

Its source, ``reference_rust``, is the only other place besides ``wizard/settings.py`` that says
what the server does, and shares nothing with it.
"""

from __future__ import annotations

from dataclasses import dataclass

HOWS = ("text", "values")
"""Whether a ``${NAME}`` is replaced before or after the TOML is read: nobody knows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader says: the settings that it sees, or why it does not get that far."""

    outcome: str
    """``ok``, ``skip`` (users are not verified) or ``error``."""
    reason: str = ""
    user: str = ""
    endpoint: str = ""
    starttls: bool = False
    secret: str | None = None

    @classmethod
    def parse(cls, said: str) -> Answer:
        """Understand what the program prints; nothing, if it was stopped."""
        if not said:
            return cls("error", "stuck")
        outcome, *rest = said.split("\0")
        if outcome != "ok":
            return cls(outcome, reason=" ".join(rest))
        user, endpoint, starttls, *secret = rest
        return cls(outcome, "", user, endpoint, starttls == "true", secret[0] if secret else None)
