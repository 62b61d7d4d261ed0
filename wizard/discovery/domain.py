"""The domain of a mail address, in the form that the DNS has."""

from __future__ import annotations

import ipaddress

from wizard.config.settings import Endpoint
from wizard.errors import InvalidValue
from wizard.text.language import _


def domain_of(address: str) -> str:
    """Return the domain in lower-case ASCII; raise :class:`InvalidValue` if there is none."""
    _local, at, text = address.rpartition("@")
    if not at:
        raise InvalidValue(
            "domain-missing",
            _("This is not a mail address, so there is no domain to look at."),
            _("Enter the mail server by hand."),
        )
    domain = as_host(text)
    if domain is None:
        raise InvalidValue(
            "domain-invalid",
            _("What stands behind the @ is not a domain on the internet."),
            _("Correct the mail address, or enter the mail server by hand."),
        )
    return domain


def as_host(text: str) -> str | None:
    """Return ``text`` as a host name on the internet in lower-case ASCII, None if it is none.

    An IP address is none, nor is a name of one label: nobody outside of a machine or a container
    network can mean the same by it.
    """
    if len(text) > 253:
        return None
    try:
        name = text.lower() if text.isascii() else _in_ascii(text)
        Endpoint.parse(name)
    except (UnicodeError, InvalidValue):
        return None
    if "." not in name or "://" in name or name.endswith(".localhost") or _is_address(name):
        return None
    return name


def _in_ascii(text: str) -> str:
    """Return the form that the DNS has; raise :class:`UnicodeError` where there is none."""
    import idna  # most names need none of it

    return idna.encode(text, uts46=True).decode("ascii")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def within(host: str, domain: str) -> bool:
    """Whether ``host`` is ``domain`` or a name below it."""
    return host == domain or host.endswith(f".{domain}")
