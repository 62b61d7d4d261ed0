"""The key that skips the verification of users, which depends on the server's version."""

from __future__ import annotations

import re
from enum import Enum

from wizard.errors import InvalidValue
from wizard.text.language import _

_VERSION = r"v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d+)?(?:[-+].*)?\Z"


class SkipKey(Enum):
    """The two keys that skip user verification; a server accepts only its own.

    The value is the path of the key from the root of config.toml.
    """

    GLOBAL = ("skip_user_verification",)
    """Server 0.5 and 0.6: a key before the first table header."""
    USER_TABLE = ("user", "skip_verification")
    """Server 0.7 and later."""

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the key from the root of config.toml."""
        return tuple(self.value)


def skip_key_of(version: str) -> SkipKey:
    """Return the key that server ``version`` ("0.6", "1.5.0", "latest") accepts."""
    if version == "latest":
        return SkipKey.USER_TABLE
    match = re.match(_VERSION, version)
    if match is None:
        raise InvalidValue(
            "server-version",
            _("{version!r} is not a version of BOMnipotent Server.", version=version),
            _("Give it as X.Y, for example 1.5."),
        )
    number = int(match[1]), int(match[2] or 0)
    if number < (0, 5):
        raise InvalidValue(
            "server-version",
            _("BOMnipotent Server {version} cannot skip user verification.", version=version),
            _("Update the server to 0.5 or later."),
        )
    return SkipKey.GLOBAL if number < (0, 7) else SkipKey.USER_TABLE
