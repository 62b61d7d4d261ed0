"""What the server makes of ``[smtp]``: the values it uses, and what is unwise about them.

The server is closed source. What its documentation leaves open is modelled here and in
:mod:`wizard.config.endpoint` after the Rust crates ``lettre`` 0.11 (where an endpoint leads, which
login is used) and ``dotenvy`` (where a ``${NAME}`` is read from). Nothing here does I/O; values are
valid once they are built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.config.endpoint import Endpoint, Route, Security, is_ip_address, is_loopback
from wizard.errors import Finding, InvalidValue
from wizard.formats.config_toml.view import SMTP_KEYS, ConfigView
from wizard.formats.variables import expand, references
from wizard.secrets.secret import Secret
from wizard.text.language import N_, _


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """What the server will use: every ``${NAME}`` replaced, every value valid."""

    user: str
    endpoint: Endpoint
    starttls: bool = False
    secret: Secret | None = None
    unknown_secret: str = ""
    """Why it is not known which secret the server has, as a part of a sentence; else empty."""

    @property
    def route(self) -> Route:
        """Where these settings lead."""
        return self.endpoint.route(self.starttls)

    @property
    def login(self) -> tuple[str, Secret] | None:
        """User name and password of the login; None when the server does not log in."""
        if self.secret is not None:
            return self.user, self.secret
        return self.endpoint.credentials


_VENDORS_EXAMPLES = (
    r"(?i)(?:^|[@.</])(?:your-?domain\.com|your\.smtp\.host)(?![\w.-])"
    r"|<(?:your|ihr|the[ -]|die[ -])[\w .-]*>|\AeHD5B6S8Kze3\Z"
)


def is_placeholder(text: str) -> bool:
    """Whether a value still is what the server's documentation has in its place.

    Some of these names belong to somebody, who would be sent the password.
    """
    return re.search(_VENDORS_EXAMPLES, text) is not None


def check_user(user: str) -> str:
    """Return ``user`` if the server can use it, else raise :class:`InvalidValue`.

    It need not be a mail address: some providers give a token name (see :func:`settings_findings`).
    But what is meant as an address must be one, or the server can send no mail.
    """
    if not user:
        raise InvalidValue(
            "user-empty",
            _("No user is given."),
            _("Enter the name you log in with at your mail provider, usually your mail address."),
        )
    if user != user.strip():
        raise _blanks_around(user)
    if is_placeholder(user):
        raise InvalidValue(
            "user-placeholder",
            _("The user is still the example from the documentation."),
            _("Enter the name you log in with at your mail provider, usually your mail address."),
        )
    if not user.isprintable():
        raise InvalidValue(
            "user-characters",
            _("The user has a line break or a control character in it."),
            _("Enter it on one line, in printable characters."),
        )
    if len(user) > 320:
        raise InvalidValue(
            "user-too-long",
            _(
                "The user is {length} characters long; a mail address has at most 320.",
                length=len(user),
            ),
            _("Enter the login name alone."),
        )
    if "@" in user or "<" in user:
        _check_mail_address(user)
    return user


def _blanks_around(user: str) -> InvalidValue:
    error = InvalidValue(
        "user-blanks",
        _("There are blanks around the user, which would become part of it."),
        _("Remove them."),
    )
    try:
        meant: object = check_user(user.strip())
    except InvalidValue as other:
        meant = other.correction.get("user")
    if isinstance(meant, str):
        error.correction, error.remedy = {"user": meant}, _("Enter {meant}.", meant=meant)
    return error


def check_endpoint(text: str) -> Endpoint:
    """Return the endpoint if the server can use it, else raise :class:`InvalidValue`."""
    if is_placeholder(text):
        raise InvalidValue(
            "endpoint-placeholder",
            _("The mail server is still the example from the documentation."),
            _("Enter its host name, for example mail.example.org."),
        )
    return Endpoint.parse(text)


def check_secret(secret: Secret) -> None:
    """Raise :class:`InvalidValue` for the documentation's example of a secret."""
    if is_placeholder(secret.reveal()):
        raise InvalidValue(
            "secret-placeholder",
            _("The password is still the example from the documentation."),
            _("Enter the password or API key that your mail provider has given you."),
        )


SWITCH_TYPE = N_("The value of {key} has to be true or false, without quotes.")


def wrong_type(key: str) -> InvalidValue:
    """Return what is wrong with a key of ``[smtp]`` whose value has another type."""
    message = N_("The value of {key} has to be a text in quotes.")
    remedy = N_("Set it by: smtp-wizard set --{key} …")
    if SMTP_KEYS[key] is bool:
        message = SWITCH_TYPE
        remedy = N_("Set it by: smtp-wizard set --{key}, or --no-{key}")
    if key == "secret":
        remedy = N_("Set it by: smtp-wizard set --secret-stdin, or --no-secret")
    return InvalidValue("smtp-key-type", _(message, key=key), _(remedy, key=key))


def check_recipient(address: str) -> str:
    """Return ``address`` if a test mail can be sent there, else raise :class:`InvalidValue`."""
    local, _at, domain = address.rpartition("@")
    is_local = re.fullmatch(_QUOTED, local) or _is_atom(local.replace(".", ""))
    is_domain = re.fullmatch(_ADDRESS_LITERAL, domain) or _is_domain(domain)
    if not (is_local and is_domain and address.isprintable()):
        raise InvalidValue(
            "recipient",
            _("This is not one mail address."),
            _("Enter an address whose mailbox you can look into, for example you@example.org."),
        )
    return address


# Users that are mail addresses. Which texts are is up to lettre, whose ``Address`` and ``Mailbox``,
# as which it reads a mail's From, do not agree: measured with lettre 0.11.23, ``Address`` takes
# ``"a b"@example.org`` and ``you@[192.0.2.1]``, which ``Mailbox`` does not; it takes
# ``You <you@example.org>``, which is no login. Only what both take is an address here: atoms and
# single dots around one @. What is not ASCII is left to the live test.

# Not a pattern: one with a range over all of Unicode takes longer to compile than all others.
_NOT_IN_ATOMS = frozenset(' "(),.:;<>@[\\]')
_QUOTED = r'"[^"\\ ]+"'
_ADDRESS_LITERAL = r"\[[0-9A-Za-z.:]+\]"
_LINK = "mailto:"
_MAX_LOCAL_PART, _MAX_DOMAIN, _MAX_LABEL = 64, 254, 63
"""In bytes."""
_ALONE = N_("Enter the address alone, for example you@example.org.")
_EXACTLY = N_("Enter the address exactly as your mail provider gives it.")


def _check_mail_address(text: str) -> None:
    """Raise :class:`InvalidValue` unless this user is one address; offer the one that was meant."""
    problem = _address_problem(text)
    if problem is None:
        return
    code, message, remedy = problem
    meant = _address_meant(text)
    error = InvalidValue(code, _(message), _("Enter {meant}.", meant=meant) if meant else _(remedy))
    if meant:
        error.correction = {"user": meant}
    raise error


def _address_problem(text: str) -> tuple[str, str, str] | None:
    """Return code, message and remedy of what is wrong with ``text``; None if nothing is."""
    local, _at, domain = text.rpartition("@")
    if text.lower().startswith(_LINK):
        message = N_("The user begins with mailto:, which is not part of the address.")
        return "user-mailto", message, _ALONE
    if set(text) & set(",;") and not _is_one_with_name(text):
        message = N_("The user has a comma or semicolon: it must be one address, not a list.")
        return "user-list", message, _ALONE
    if set(text) & set("<>"):
        message = N_("The user has angle brackets: enter the address alone.")
        return "user-brackets", message, _ALONE
    if " " in text:
        return "user-blanks", N_("The user has a blank in it, which no mail address has."), _ALONE
    if text.count("@") > 1 and '"' not in local:
        return "user-at-signs", N_("The user has more than one @."), _ALONE
    if not domain:
        return "user-incomplete", N_("Something is missing after the @."), _ALONE
    if not local:
        return "user-incomplete", N_("Something is missing before the @."), _ALONE
    if not _is_domain(domain):
        message = N_("What follows the @ cannot be the domain of a mail address.")
        return "user-domain", message, _EXACTLY
    if not _is_local_part(local):
        message = N_("What precedes the @ cannot be part of a mail address.")
        return "user-local-part", message, _EXACTLY
    return None


def _is_one_with_name(text: str) -> bool:
    """Whether commas occur only in the name of the one address, which is in angle brackets."""
    return text.count("@") == 1 and re.fullmatch("[^<>]*<[^<>,;]*>", text) is not None


def _is_atom(text: str) -> bool:
    return text != "" and _NOT_IN_ATOMS.isdisjoint(text)


def _is_local_part(text: str) -> bool:
    return len(text.encode()) <= _MAX_LOCAL_PART and all(map(_is_atom, text.split(".")))


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    if len(text) > _MAX_DOMAIN or not all(map(_is_atom, labels)):
        return False
    return not text.isascii() or all(
        len(label) <= _MAX_LABEL and label[0].isalnum() and label[-1].isalnum() for label in labels
    )


def _address_meant(text: str) -> str:
    """Return the address that was meant, the first of a list; nothing where that is a guess.

    Only what surrounds an address or its signs is removed, and what is there twice.
    """
    if text.count("@") == 1 and "<" not in text:
        before, _at, after = text.partition("@")
        domain, comma, rest = after.partition(",")
        if comma and rest and " " not in after and "." not in domain:
            text = f"{before}@{after.replace(',', '.')}"
        elif "," in before or (rest and " " not in rest):  # a dot was meant, or there are two names
            return ""
    for part in re.split("[,;]", text):
        bracketed = re.search("<([^<>]*)", part)
        address = (bracketed[1] if bracketed else part).strip(" >")
        if address.lower().startswith(_LINK):
            address = address[len(_LINK) :].partition("?")[0]
        local, _at, domain = re.sub("[ ]*@+[ ]*", "@", address).rpartition("@")
        domain = re.sub("[ ]*[.][ ]*", ".", domain)
        if len(local) > 2 and local[0] == local[-1] == '"':
            local = local[1:-1]
        address = f"{local}@{re.sub(r'[.]+', '.', domain).strip('.')}"
        if _address_problem(address) is None:
            return address
    return ""


def skips_verification(view: ConfigView, lookup: Callable[[str], str | None]) -> bool | None:
    """Return whether users are not verified; None where a variable decides that is not known."""
    if view.skip is not None:
        return True
    for source in view.skip_references.values():
        try:
            text = expand(source, lookup)
        except InvalidValue:
            return None
        if text != "false":
            return True if text == "true" else None
    return False


TEXT_KEYS: Mapping[str, Callable[[str], Any]] = {"user": check_user, "endpoint": check_endpoint}
"""The keys of ``[smtp]`` with a text, and what makes of it what the server uses, or raises."""
SWITCHES: Mapping[str, str] = {
    "starttls": N_("starttls is {value} in config.toml; it must be true or false."),
}
"""The keys that are true or false, absent ones false; and what to say of another ``{value}``."""


def text_value(key: str, text: str, lookup: Callable[[str], str | None]) -> Any:
    """Return what the server makes of one of :data:`TEXT_KEYS`, with every ``${NAME}`` replaced.

    Raises :class:`InvalidValue` where it cannot use it; a part of a variable, which may hold a
    secret, is not offered as the correction.
    """
    try:
        return TEXT_KEYS[key](expand(text, lookup))
    except InvalidValue as problem:
        names = references(text)
        if names and problem.correction:
            problem.correction = {}
            problem.remedy = _("Correct the value of {names}.", names=", ".join(names))
        raise


def settings_findings(settings: SmtpSettings, services: Collection[str] = ()) -> Iterator[Finding]:
    """Yield what works differently from what an operator may expect of these settings.

    ``services`` are those of the server's compose file, which are on the same machine.
    """
    if "@" not in settings.user:
        yield Finding(
            "user-not-an-address",
            _(
                "The user is not a mail address, but the sender of the server's mails: many mail "
                "servers refuse that."
            ),
            field="user",
        )
    yield from encryption_findings(settings, services)
    if settings.secret is not None and "${" in settings.secret.reveal():
        yield Finding(
            "secret-contains-reference",
            _(
                "The password contains ${, which the server may take for a variable. Choose one "
                "without it if the login fails."
            ),
            field="secret",
        )


def encryption_findings(settings: SmtpSettings, services: Collection[str]) -> Iterator[Finding]:
    """Yield what is unwise about the way in which the connection is encrypted, or is not."""
    route, is_url = settings.route, settings.endpoint.is_url
    if settings.starttls and is_url:
        yield Finding(
            "starttls-without-effect",
            _(
                "starttls has no effect where the mail server begins with smtp://. Enter the host "
                "name alone, or append ?tls=required.",
            ),
            field="starttls",
        )
    elif settings.starttls:
        yield Finding(
            "starttls-discouraged",
            _(
                "SMTPS (port 465) is the better choice where the mail server offers it: "
                "STARTTLS begins in clear text."
            ),
            field="starttls",
        )
    # Any other name may lead anywhere, also one without a dot; the live test knows its address.
    is_nearby = is_loopback(route.host) or route.host in services
    if route.security is Security.NONE and settings.login and not is_nearby:
        yield Finding(
            "clear-text-login",
            _(
                "The password is sent to {host} in clear text: everybody on the way can read it. "
                "Enter {host} without smtp://, or append ?tls=required.",
                host=route.host,
            ),
            field="endpoint",
        )
    if route.security is not Security.NONE and is_ip_address(route.host):
        yield Finding(
            "address-needs-certificate",
            _(
                "The mail server is an IP address, which the certificate would have to name; that "
                "is rare. Prefer the host name."
            ),
            field="endpoint",
        )
