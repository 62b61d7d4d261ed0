"""``endpoint`` in config.toml: what it may look like, and where it leads the server.

Modelled after the Rust crate ``lettre`` 0.11, since the server's documentation leaves it open.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from wizard.errors import InvalidValue
from wizard.formats.urls import mask_url_password
from wizard.secrets.secret import Secret
from wizard.text.language import N_, _

SCHEME = "smtp://"
_SMTPS, _SUBMISSION, _SMTP = 465, 587, 25
_STARTTLS_MEANT = {
    ("", "465", ""): False,
    ("", "587", ""): True,
    ("", "", "?tls=required"): True,
    ("", "587", "?tls=required"): True,
    **{
        (scheme, port, ""): False
        for scheme in ("smtps", "submissions", "ssl")
        for port in ("", "465")
    },
}
"""Scheme, port and query of unusable endpoints that mean the host and a certain starttls."""
_HOST_MEANT = {("", "", ""), ("http", "", ""), ("https", "", "")}
"""Those that mean the host alone."""
_LONGEST_MISTAKE = 300
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"


class Security(StrEnum):
    """How a connection is protected: TLS from the first byte, STARTTLS required, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Route(NamedTuple):
    """Where the server connects to. ``ehlo_name`` is None when it introduces itself as usual."""

    host: str
    port: int
    security: Security
    ehlo_name: str | None = None

    @property
    def in_short(self) -> str:
        """The route in a few words, for example "mail.example.org, port 587, STARTTLS"."""
        words = {
            Security.TLS: N_("{host}, port {port}, SMTPS"),
            Security.STARTTLS: N_("{host}, port {port}, STARTTLS"),
            Security.NONE: N_("{host}, port {port}, not encrypted"),
        }[self.security]
        return _(words, host=self.host, port=self.port)

    def as_sentence(self) -> str:
        """Say where the server connects to, and whether encrypted."""
        return _("The server {way}.", way=self.in_words())

    @property
    def way(self) -> str:
        """Port and encryption in a few words."""
        words = {
            Security.TLS: N_("port {port}, encrypted from the first byte"),
            Security.STARTTLS: N_("port {port}, encrypted before the login (STARTTLS)"),
            Security.NONE: N_("port {port}, not encrypted"),
        }[self.security]
        return _(words, port=self.port)

    def in_words(self) -> str:
        """Say the route as the end of a sentence that begins with "The server"."""
        words = {
            Security.TLS: N_(
                "connects to {host}, port {port}, encrypted from the first byte (SMTPS)"
            ),
            Security.STARTTLS: N_(
                "connects to {host}, port {port}, encrypted by STARTTLS before the login"
            ),
            Security.NONE: N_("connects to {host}, port {port}, not encrypted"),
        }[self.security]
        return _(words, host=self.host, port=self.port)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A valid ``endpoint``: a bare host name, or a ``smtp://`` URL. Build it with :meth:`parse`."""

    text: str = field(repr=False)
    _host: str
    _port: int | None
    _tls_required: bool
    _ehlo_name: str | None
    credentials: tuple[str, Secret] | None
    """User name and password in the URL; None without a password."""

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Return the endpoint; raise :class:`InvalidValue` with the sentence that helps."""
        try:
            return _parse_text(text)
        except InvalidValue as problem:
            meant = _meant(text)
            if meant:
                problem.correction = meant
                problem.remedy = _remedy(meant)
            raise

    @property
    def is_url(self) -> bool:
        """Whether this is the ``smtp://`` form, for which ``starttls`` is not consulted."""
        return self.text.startswith(SCHEME)

    @property
    def display(self) -> str:
        """The text with a password in it masked."""
        return mask_url_password(self.text)

    def route(self, starttls: bool) -> Route:
        """Return where the server connects to with this ``starttls``."""
        if not self.is_url:
            port, security = _SMTPS, Security.TLS
            if starttls:
                port, security = _SUBMISSION, Security.STARTTLS
        elif self._tls_required:
            port, security = self._port or _SUBMISSION, Security.STARTTLS
        else:
            port, security = self._port or _SMTP, Security.NONE
        return Route(self._host, port, security, self._ehlo_name)


def _parse_text(text: str) -> Endpoint:
    if not text:
        raise InvalidValue(
            "endpoint-empty",
            _("No mail server is given."),
            _("Enter its host name, for example mail.example.org."),
        )
    if text != text.strip():
        raise InvalidValue(
            "endpoint-blanks",
            _("There are blanks around the mail server's name, which would become part of it."),
            _("Remove them."),
        )
    if any(c.isspace() or not c.isprintable() for c in text):
        raise InvalidValue(
            "endpoint-characters",
            _("The mail server's name has a blank, a line break or a control character in it."),
            _("Enter the host name alone, for example mail.example.org."),
        )
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Endpoint(text, _bare_host(text), None, False, None, None)
    if scheme.lower() != "smtp":
        raise _scheme_error(scheme, rest)
    return _parse_url(rest)


def begins_with_scheme(text: str) -> bool:
    """Whether ``text``, valid or not, begins with ``smtp://``, in lower case or not."""
    return text[: len(SCHEME)].lower() == SCHEME


def is_loopback(host: str) -> bool:
    """Whether ``host`` means the machine, or the container, that connects."""
    address = _ip_address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def is_container_name(host: str) -> bool:
    """Whether ``host`` looks like a name that only a container network knows."""
    return not is_ip_address(host) and (
        "_" in host or ("." not in host and host.lower() != "localhost")
    )


def is_nearby(host: str) -> bool:
    """Whether a connection to ``host`` does not leave this machine."""
    return is_loopback(host) or is_container_name(host)


def is_ip_address(host: str) -> bool:
    """Whether ``host`` is an IP address."""
    return _ip_address(host) is not None


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _meant(text: str) -> dict[str, str | bool]:
    """Return the settings that were meant by an unusable endpoint; none where that is a guess.

    What has an @ in it may hold a password and is left alone.
    """
    if len(text) > _LONGEST_MISTAKE:
        return {}
    text = re.sub(r"\s*([.:/])\s*", r"\1", text.strip())
    text = re.sub(r"\s+(?=\d+$)", ":", text)
    text = re.sub(r"^(smtps?):/(?!/)", r"\1://", text, flags=re.I)
    parts = re.fullmatch(r"(?:([a-z]+)://)?([^\s:/?#@\[]+)(?::(\d+))?/*(\?[a-z=]+)?", text, re.I)
    if parts is None:
        return {}
    scheme, host, port, query = ((part or "").lower() for part in parts.groups())
    host, kind = _host_meant(parts[2]), (scheme, port, query)
    meant: dict[str, str | bool] = {"endpoint": host}
    if scheme == "smtp" and query in {"", "?tls=required", "?tls=opportunistic"}:
        port = f":{port}" if port else ""
        meant["endpoint"] = f"{SCHEME}{host}{port}{'?tls=required' if query else ''}"
    elif kind == ("", port, "") and is_loopback(host) and port not in {"", "465", "587"}:
        meant["endpoint"] = f"{SCHEME}{host}:{port}"  # no other form leads to a relay here
    elif kind in _STARTTLS_MEANT:
        meant["starttls"] = _STARTTLS_MEANT[kind]
    elif kind not in _HOST_MEANT:
        return {}
    try:
        _parse_text(str(meant["endpoint"]))
    except InvalidValue:
        return {}
    return meant


def _host_meant(text: str) -> str:
    """Return the host name that was meant: with single dots, in ASCII."""
    host = re.sub(r"\.+", ".", text).strip(".")
    if "," in host and host.rpartition(",")[2] != "localhost" and not _is_list(host):
        host = host.replace(",", ".")
    if not host.isascii():
        import idna  # only for this mistake

        with suppress(idna.IDNAError):
            host = idna.encode(host, uts46=True).decode("ascii")
    return host


def _is_list(text: str) -> bool:
    """Whether what is between commas are several names, not labels of one."""
    return all("." in part for part in text.split(","))


def _remedy(meant: Mapping[str, str | bool]) -> str:
    host = meant["endpoint"]
    if "starttls" not in meant:
        return _("Enter {host}.", host=host)
    if meant["starttls"]:
        return _("Enter {host} alone and choose STARTTLS, port 587.", host=host)
    return _("Enter {host} alone: that is SMTPS, port 465.", host=host)


def _scheme_error(scheme: str, rest: str) -> InvalidValue:
    host = re.split(r"[:/?#]", rest.rpartition("@")[2], maxsplit=1)[0] or "mail.example.org"
    port = re.search(r":(\d+)/*$", rest)
    if scheme.lower() == "smtps" and port is not None and port[1] != str(_SMTPS):
        remedy = _(
            "Enter {host} alone: that is SMTPS, which the server uses on port 465 only.", host=host
        )
    elif scheme.lower() == "smtps":
        remedy = _("Enter {host} alone: that is SMTPS, port 465.", host=host)
    else:
        remedy = _("Enter {host} alone, or smtp://host:port for a local relay.", host=host)
    shown = scheme if len(scheme) <= 20 else f"{scheme[:20]}…"
    return InvalidValue(
        "endpoint-scheme", _("The server does not know {shown}://.", shown=shown), remedy
    )


def _bare_host(text: str) -> str:
    """Return the host of an endpoint without ``://``."""
    if is_ip_address(text):
        return text
    if "@" in text:
        raise InvalidValue(
            "endpoint-is-address",
            _("This is a mail address, not the name of a mail server."),
            _(
                "Enter the host name, often smtp.{domain} or mail.{domain}.",
                domain=_after_at(text),
            ),
        )
    if text.startswith("["):
        raise _brackets_error()
    host, colon, port = text.partition(":")
    if colon:
        raise _port_error(host, port)
    bare = re.split(r"[/?#]", text)[0]
    if bare != text:
        raise InvalidValue(
            "endpoint-path",
            _("No path can follow a host name: it would become part of the name."),
            _("Enter {host} alone.", host=bare) if bare else _("Enter the host name alone."),
        )
    return _check_host(text)


def _after_at(text: str) -> str:
    return text.rpartition("@")[2] or "example.org"


def _brackets_error() -> InvalidValue:
    return InvalidValue(
        "endpoint-brackets",
        _("The server cannot use an IPv6 address in brackets."),
        _("Use a host name; for a relay on the same machine 127.0.0.1 or localhost."),
    )


def _port_error(host: str, port: str) -> InvalidValue:
    number = _port_number(port)
    if number is None or number in {_SMTPS, _SUBMISSION}:
        remedy = _("Enter the host name alone.")
    else:
        remedy = _(
            "Enter smtp://{host}:{number}?tls=required for STARTTLS on this port, or "
            "smtp://{host}:{number} for a local relay without encryption.",
            host=host,
            number=number,
        )
    return InvalidValue(
        "endpoint-port", _("No port can follow a host name without smtp://."), remedy
    )


def _port_number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= 65535:
        return int(text)
    return None


def _check_host(host: str) -> str:
    shown = mask_url_password(host)  # percent-encoded, a whole URL may have got here
    if not host.isascii():
        raise InvalidValue(
            "endpoint-not-ascii",
            _(
                "The host name {host} has characters that a name in the DNS cannot have.",
                host=shown,
            ),
            _("Enter it in the form that begins with xn--."),
        )
    labels = host.split(".")
    if labels[-1] == "" and len(labels) > 1 and all(labels[:-1]):
        raise InvalidValue(
            "endpoint-trailing-dot",
            _("The host name ends with a dot, which no certificate matches."),
            _("Enter {host}.", host=host.rstrip(".")),
        )
    if len(host) > 253 or max(map(len, labels)) > 63:
        raise InvalidValue(
            "endpoint-not-a-host",
            _("This is too long for a host name."),
            _("Look for text pasted twice: a host name has at most 253 characters, each part 63."),
        )
    if not all(map(_is_label, labels)):
        raise InvalidValue(
            "endpoint-not-a-host",
            _("{host!r} is not a host name.", host=shown[:60]),
            _("Use letters, digits, hyphens and single dots, for example mail.example.org."),
        )
    if labels[-1].isdigit():
        raise InvalidValue(
            "endpoint-not-an-address",
            _("{host!r} is neither a host name nor a complete IP address.", host=shown),
            _("Enter the host name, for example mail.example.org."),
        )
    return host


def _is_label(text: str) -> bool:
    return re.fullmatch(_LABEL, text) is not None


def _parse_url(rest: str) -> Endpoint:
    """Parse ``[user:password@]host[:port][/ehlo-name][?tls=required]`` after ``smtp://``."""
    if "#" in rest:
        raise InvalidValue(
            "endpoint-fragment",
            _("There is a # in it, and the server ignores what follows."),
            _("Remove it; in a password write %23."),
        )
    before_query, question, query = rest.partition("?")
    authority, _slash, path = before_query.partition("/")
    userinfo, _at, address = authority.rpartition("@")
    host, port = _host_and_port(address)
    return Endpoint(
        SCHEME + rest,
        host,
        port,
        _tls_required(query) if question else False,
        _ehlo_name(path),
        _credentials(userinfo),
    )


def _host_and_port(address: str) -> tuple[str, int | None]:
    if address.startswith("["):
        raise _brackets_error()
    host, colon, port = address.partition(":")
    if not host:
        raise InvalidValue(
            "endpoint-no-host",
            _("There is no host name after smtp://"),
            _("Enter for example smtp://localhost:2500."),
        )
    number = _port_number(port)
    if colon and number is None:
        raise InvalidValue(
            "endpoint-port-range",
            _("The port of {host} is not a number from 1 to 65535.", host=host),
            _("Enter for example smtp://{host}:2500.", host=host),
        )
    return (host if is_ip_address(host) else _check_host(host)), number


def _tls_required(query: str) -> bool:
    if query == "tls=required":
        return True
    if query == "tls=opportunistic":
        raise InvalidValue(
            "endpoint-opportunistic",
            _("With ?tls=opportunistic an attacker on the way can switch the encryption off."),
            _("Write ?tls=required."),
        )
    raise InvalidValue(
        "endpoint-query",
        _("Only tls=required may follow the ?."),
        _("Write ?tls=required, or remove the ? and what follows it."),
    )


def _ehlo_name(path: str) -> str | None:
    name = path.strip("/")
    if not name:
        return None
    literal = name.startswith("[") and name.endswith("]")
    if "/" in name or not (literal or all(map(_is_label, name.split(".")))):
        raise InvalidValue(
            "endpoint-path",
            _("What follows the / is the name for EHLO and must be a host name."),
            _(
                "Enter for example smtp://relay.example.org/myserver.example.org, or remove the / "
                "and what follows it."
            ),
        )
    return name


def _credentials(userinfo: str) -> tuple[str, Secret] | None:
    user, _colon, password = userinfo.partition(":")
    if not password:
        return None
    try:
        return (
            unquote_to_bytes(user).decode(),
            Secret(unquote_to_bytes(password).decode()),
        )
    except UnicodeDecodeError:
        raise InvalidValue(
            "endpoint-credentials",
            _("The user name or password in the URL is not UTF-8 once its %XX are decoded."),
            _("Remove both from the URL, and enter them as the user and the password."),
        ) from None
