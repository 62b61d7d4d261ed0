"""``show``: what is set and where it comes from; never the secret."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any, TypeVar

from wizard import current, layout
from wizard.cli import output
from wizard.current import Current, Place
from wizard.errors import InvalidValue
from wizard.settings import mask_url_password
from wizard.stores import where

T = TypeVar("T")

_OUT_OF_REACH = ((Place.CREDENTIAL,), (Place.KEYRING,))
"""Effective places whose secret is not read just to say that there is one."""


def run(options: Namespace) -> int:
    """Print the configuration; return 0."""
    now = current.load(layout.find(options.config, options.env_file))
    found = where.find(now, thorough=False)
    content = describe(now, found)
    if options.json:
        output.document(content)
        return 0
    for line in in_words(now, found, content):
        output.result(line)
    return 0


def describe(now: Current, found: where.Where) -> dict[str, Any]:
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
    None: "not set",
    Place.ENVIRONMENT: "set, in the environment",
    Place.ENV_FILE: "set, in .env",
    Place.LITERAL: "set, in config.toml itself",
    Place.CREDENTIAL: "set, as a systemd credential (the server needs: smtp-wizard exec)",
    Place.KEYRING: "set, in the keyring (the server needs: smtp-wizard exec)",
}


def in_words(now: Current, found: where.Where, content: dict[str, Any]) -> list[str]:
    """Return the configuration as lines for a person."""
    secret = content["secret"]
    place = _PLACES[Place(secret["effective"]) if secret["effective"] else None]
    if secret["effective"] and not secret["set"]:
        place = place.replace("set", "empty", 1)
    reference = f" ({secret['reference']})" if secret["reference"] else ""
    rows = [
        ("config.toml", f"{content['config']}{'' if now.config.exists else ' (does not exist)'}"),
        (".env", f"{content['env_file']}{'' if now.env.exists else ' (does not exist)'}"),
        ("layout", content["layout"]),
        ("user", content["user"] or "not set"),
        ("endpoint", content["endpoint"] or "not set"),
        ("starttls", {True: "true", False: "false", None: "invalid"}[content["starttls"]]),
        ("secret", f"{place}{reference}"),
        ("verification", "skipped" if content["skip_verification"] else "by mail"),
    ]
    lines = [f"{name:<13} {value}" for name, value in rows]
    if not secret["effective"] and (problem := found.keyring_problem):
        lines.append(f"{'keyring':<13} could not be asked: {problem}")
    try:
        if now.configured:
            lines.append(f"{'route':<13} the server {now.settings().route.in_words()}")
    except InvalidValue as problem:
        lines.append(f"{'problem':<13} {problem}")
    return lines
