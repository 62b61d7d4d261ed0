"""What a config.toml says, as far as smtp-wizard is concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from wizard.formats.config_toml.skip_key import SkipKey

SMTP = "smtp"
SMTP_KEYS: Mapping[str, type] = {"user": str, "endpoint": str, "secret": str, "starttls": bool}
"""The keys and the types of their values, in the order of the vendor's documentation."""

PUBLISHER, METADATA_FILE = ("provider_metadata", "publisher"), ("provider_metadata", "path")
REQUIRED = (
    ("db_url", (("db_url",),)),
    ("domain", (("domain",),)),
    ("[tls]", (("tls",),)),
    ("[provider_metadata.publisher]", (PUBLISHER, METADATA_FILE)),
)
"""What the server does not start without: how it is called, and the paths of which it needs one."""


@dataclass(frozen=True, slots=True)
class SmtpValues:
    """The ``[smtp]`` table; None means that a key is absent or of the wrong type.

    Line numbers are 1-based; ``lines`` has one for each known key that is present. For a reference
    outside of a string, such as ``starttls = ${TLS}``, the value is its source.
    """

    line: int
    user: str | None = None
    endpoint: str | None = field(default=None, repr=False)
    """It may contain a password, too."""
    secret: str | None = field(default=None, repr=False)
    secret_source: str | None = field(default=None, repr=False)
    """The secret's value as it is written, with its quotes."""
    starttls: bool | str | None = None
    lines: Mapping[str, int] = field(default_factory=dict, hash=False)
    unknown: tuple[tuple[str, int], ...] = ()
    wrong_type: tuple[tuple[str, int], ...] = ()
    """The keys whose values have another type than the server expects, with their lines."""


class ConfigView(NamedTuple):
    """What a config.toml says; line numbers are 1-based."""

    smtp: SmtpValues | None
    """None if there is no ``[smtp]`` at all."""
    skip_on: frozenset[SkipKey]
    """The keys that are switched on; both at once is an error for every server."""
    skip_present: frozenset[SkipKey]
    """The keys that are in the file, with whatever value."""
    skip_references: Mapping[SkipKey, str]
    """The source of those whose value is a ``${NAME}`` outside of a string."""
    skip_wrong_type: frozenset[SkipKey]
    """Those whose value is neither that nor true or false."""
    misnamed: tuple[tuple[str, int], ...]
    """Tables that were probably meant to be ``[smtp]``, with their lines."""
    version_evidence: SkipKey | None
    """The key that the server seems to know, judging by other keys in the file."""
    newer_part: str
    """What of the file speaks for server 0.7 or later, such as ``[open_pgp]``; or nothing."""
    missing_required: tuple[str, ...]
    """What the server needs to start and does not find."""
    database_host: str | None
    """The host in ``db_url``, as it is written."""
    domain: str | None
    """Where clients reach the server, as it is written."""
    log_file: str | None
    """Where the server logs instead of to its standard output, as it is written."""
    log_level: str | None
    references: frozenset[str]
    """The name of each ``${NAME}`` outside of comments."""
    references_elsewhere: frozenset[str]
    """The names of those that are used anywhere but in the secret of ``[smtp]``."""

    @property
    def skip(self) -> SkipKey | None:
        """The key that is switched on; the newer one if both are."""
        newest_first = (SkipKey.USER_TABLE, SkipKey.GLOBAL)
        return next((key for key in newest_first if key in self.skip_on), None)


EMPTY_CONFIG = ConfigView(
    smtp=None,
    skip_on=frozenset(),
    skip_present=frozenset(),
    skip_references={},
    skip_wrong_type=frozenset(),
    misnamed=(),
    version_evidence=None,
    newer_part="",
    missing_required=tuple(name for name, _path in REQUIRED),
    database_host=None,
    domain=None,
    log_file=None,
    log_level=None,
    references=frozenset(),
    references_elsewhere=frozenset(),
)
"""What an empty config.toml says, known without the modules that read TOML."""
