"""``show``: what is set and where it comes from; never the secret."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any, TypeVar

from wizard.cli import output
from wizard.config.current import CurrentConfig, load_config
from wizard.config.layout import find_layout
from wizard.errors import InvalidValue
from wizard.formats.urls import mask_url_password
from wizard.secrets import resolver
from wizard.secrets.resolver import SecretSources
from wizard.secrets.store import SecretSource
from wizard.text.language import N_, _

T = TypeVar("T")

_WIDTH = 13
"""Of the names, at least."""
_OUT_OF_REACH = ((SecretSource.CREDENTIAL,), (SecretSource.KEYRING,))
"""Effective places whose secret is not read just to say that there is one."""


def run(options: Namespace) -> int:
    """Print the configuration; return 0."""
    now = load_config(find_layout(options.config, options.env_file))
    found = resolver.find(now, thorough=False)
    content = describe(now, found)
    if options.json:
        output.document(content)
        return 0
    for line in in_words(now, found, content):
        output.result(line)
    return 0


def describe(now: CurrentConfig, found: SecretSources) -> dict[str, Any]:
    """Return the configuration as the contract prints it."""
    smtp = now.view.smtp
    places = found.places
    return {
        "config": str(now.layout.config),
        "env_file": str(now.layout.env_file),
        "layout": str(now.layout.kind),
        "user": None if smtp is None else smtp.user,
        "endpoint": None
        if smtp is None or smtp.endpoint is None
        else mask_url_password(smtp.endpoint),
        "starttls": _or_none(now.starttls),
        "skip_verification": now.view.skip is not None,
        "secret": {
            "set": places[:1] in _OUT_OF_REACH or _or_none(now.secret) is not None,
            "reference": None if now.reference is None else f"${{{now.reference}}}",
            "variable": now.reference,
            "found_in": [str(place) for place in places],
            "effective": str(places[0]) if places else None,
        },
    }


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except InvalidValue:
        return None


_PLACES = {
    None: N_("not set"),
    SecretSource.ENVIRONMENT: N_("set, in the environment"),
    SecretSource.ENV_FILE: N_("set, in .env"),
    SecretSource.LITERAL: N_("set, in config.toml itself"),
    SecretSource.CREDENTIAL: N_(
        "set, as a systemd credential (the server needs: smtp-wizard exec)"
    ),
    SecretSource.KEYRING: N_("set, in the keyring (the server needs: smtp-wizard exec)"),
}
_EMPTY = {
    SecretSource.ENVIRONMENT: N_("empty, in the environment"),
    SecretSource.ENV_FILE: N_("empty, in .env"),
    SecretSource.LITERAL: N_("empty, in config.toml itself"),
}
"""The others are not read here."""


def in_words(now: CurrentConfig, found: SecretSources, content: dict[str, Any]) -> list[str]:
    """Return the configuration as lines for a person."""
    secret = content["secret"]
    effective = SecretSource(secret["effective"]) if secret["effective"] else None
    place = _PLACES[effective] if effective is None or secret["set"] else _EMPTY[effective]
    reference = f" ({secret['reference']})" if secret["reference"] else ""
    rows = [
        ("config.toml", _file(content["config"], exists=now.config.exists)),
        (".env", _file(content["env_file"], exists=now.env.exists)),
        (_("layout"), content["layout"]),
        ("user", content["user"] or _("not set")),
        ("endpoint", content["endpoint"] or _("not set")),
        ("starttls", {True: "true", False: "false", None: _("invalid")}[content["starttls"]]),
        ("secret", f"{_(place)}{reference}"),
        (_("verification"), _("skipped") if content["skip_verification"] else _("by mail")),
    ]
    if not secret["effective"] and (problem := found.keyring_problem):
        rows.append((_("keyring"), _("could not be asked: {problem}", problem=problem)))
    try:
        if now.configured:
            way = now.settings().route.in_words()
            rows.append((_("route"), _("the server {way}", way=way)))
    except InvalidValue as invalid:
        rows.append((_("problem"), str(invalid)))
    width = max(_WIDTH, *(len(name) for name, _value in rows))
    return [f"{name:<{width}} {value}" for name, value in rows]


def _file(path: str, *, exists: bool) -> str:
    return path if exists else _("{path} (does not exist)", path=path)
