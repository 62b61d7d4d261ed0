"""A secret that cannot be printed by accident, and what to do with the stored one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Never

from wizard.text.display import MASK


class Secret:
    """A password or API key.

    ``repr``, ``str``, ``format`` and Rich show a mask; pickling is refused.
    Only :meth:`reveal` gives the text. The text is never empty.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        if not text:
            raise ValueError("a secret is never empty")
        self.__text = text

    def reveal(self) -> str:
        """Return the text itself; call it as late as possible."""
        return self.__text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # here, because it loads OpenSSL

        mine = self.__text.encode("utf-8", "surrogatepass")
        theirs = other.__text.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __rich_repr__(self) -> Iterator[str]:
        yield MASK

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a secret is not pickled")


class _WithoutValue:
    """An edit that is equal to every other one of its kind."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Keep(_WithoutValue):
    """Leave the stored secret, and the way it is referred to, as they are."""

    __slots__ = ()


class Remove(_WithoutValue):
    """Use no secret: a relay without login. Removes the stored one."""

    __slots__ = ()


class Replace(NamedTuple):
    """Store this secret instead."""

    secret: Secret


SecretEdit = Keep | Remove | Replace
