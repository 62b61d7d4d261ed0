"""What the operator had entered when the terminal went away, saved for the next start.

The secret is never saved, nor anything else that may hold a password. Only changed values are
saved; all others are read from the files at the next start. A draft is a convenience, so nothing
here raises: without a usable state directory, nothing is saved.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.settings import SWITCHES, TEXT_KEYS
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.masking import mask_config
from wizard.formats.variables import REFERENCE
from wizard.secrets.secret import Remove, Replace
from wizard.secrets.sources import store_kind
from wizard.system.state import config_key, read_private, remove_private, state_dir, write_private

LONGEST_AGE = timedelta(days=30)
_FORMAT = 1
_MAX_BYTES = 16384
_MAX_TEXT = 1000
"""Characters; a longer text is neither a user nor a host."""
_RECOGNISABLE = 6
"""Characters that a secret must have to be recognised within another text."""
_SKIP_KEYS = {".".join(form.path): form for form in SkipKey}

# A half-typed URL may hold a password that no "@" shows yet.
_HOST_AND_PORT = re.compile(
    r"(?:[a-z]+://)?[^\s:/@?%\[\]]*(?:\[[0-9a-f:.]*\])?(?::[0-9]{0,5})?(?:/[^\s:@%]*)?(?:\?[a-z=&]*)?",
    re.IGNORECASE,
)


_ADDRESS = re.compile(r"[^@:\s]+@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft to go on with."""

    draft: Draft
    saved: datetime
    """When it was saved, in UTC."""
    omitted: frozenset[str]
    """The fields of :class:`Draft` that were not saved and have to be entered again."""
    config_changed: bool
    """Whether config.toml has changed since."""


def save_draft(draft: Draft, current: CurrentConfig) -> bool:
    """Save ``draft`` for the next start; return whether anything was saved.

    A draft that changes nothing is not saved, and discards an earlier one.
    """
    entered, omitted = _entered(draft, current)
    if not entered:
        discard_draft(current)
        return False
    earlier = load_draft(current)
    if earlier is not None:
        stored = Draft.of(current)
        omitted |= {
            name for name in earlier.omitted if getattr(draft, name) == getattr(stored, name)
        }
    content = {
        "format": _FORMAT,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": _digest(current),
        "entered": entered,
        "left_out": sorted(omitted),
    }
    try:
        write_private(_path(current), json.dumps(content, indent=1).encode())
    except OSError:
        return False
    return True


def load_draft(current: CurrentConfig) -> SavedDraft | None:
    """Return what was saved for this configuration; None if nothing in it is new.

    Removes a file that is damaged, too old, or has nothing new. A file of another account is
    ignored and left in place.
    """
    try:
        data = read_private(_path(current), _MAX_BYTES)
    except OSError:
        return None
    if data is None:
        return None
    try:
        saved = _parse(data, current)
    except (ValueError, TypeError, KeyError, RecursionError):
        saved = None
    if saved is None or abs(datetime.now(UTC) - saved.saved) > LONGEST_AGE:
        discard_draft(current)
        return None
    return saved


def discard_draft(current: CurrentConfig) -> None:
    """Remove what was saved for this configuration."""
    with suppress(OSError):
        remove_private(_path(current))


def _path(current: CurrentConfig) -> Path:
    return state_dir("drafts") / f"{config_key(current.layout.config)}.json"


def _digest(current: CurrentConfig) -> str:
    """Return a digest of the masked config.toml.

    One of the unmasked text could be used to guess the secret in it.
    """
    text = (current.config.data or b"").decode("utf-8", "replace")
    return hashlib.sha256(mask_config(text).encode("utf-8", "replace")).hexdigest()


def _entered(draft: Draft, current: CurrentConfig) -> tuple[dict[str, Any], set[str]]:
    """Return what may be saved of ``draft``, as JSON, and the fields that may not."""
    stored = Draft.of(current)
    entered: dict[str, Any] = {}
    omitted: set[str] = set()
    secrets = [secret.reveal() for secret in draft.known_secrets(current)]
    for name in (*TEXT_KEYS, "relay"):
        text = getattr(draft, name)
        if text is None or text == getattr(stored, name):
            continue
        if _may_be_saved(name, text, secrets):
            entered[name] = text
        else:
            omitted.add(name)
    for name in (*SWITCHES, "skip"):
        if getattr(draft, name) != getattr(stored, name):
            entered[name] = getattr(draft, name)
    if draft.skip and draft.skip_key is not None and draft.skip_key != stored.skip_key:
        entered["skip_form"] = ".".join(draft.skip_key.path)
    edit = _edit(draft, current)
    if edit is not None:
        entered["secret"] = edit
    elif isinstance(draft.secret, Replace):
        omitted.add("secret")
    # The store that was chosen for a new secret is not meant for the stored one.
    if "secret" not in omitted and draft.store != stored.store:
        entered["store"] = draft.store.option
    return entered, omitted


def _edit(draft: Draft, current: CurrentConfig) -> str | None:
    """Return what was to be done with the stored secret; None if a new one was typed."""
    match draft.secret:
        case Remove():
            return "remove"
        case Replace(secret) if secret == current.resolver.literal:
            return "move"
        case _:
            return None


def _may_be_saved(name: str, text: str, secrets: list[str]) -> bool:
    """Whether a typed text holds no secret, as far as can be told."""
    # The first characters of a half-typed secret occur in many words.
    contained = any(secret in text for secret in secrets if len(secret) >= _RECOGNISABLE)
    if len(text) > _MAX_TEXT or contained or text in secrets:
        return False
    shown = REFERENCE.sub("x", text)
    if name in ("user", "relay"):
        return text == "" or shown == "x" or bool(_ADDRESS.fullmatch(shown)) or _is_fixed(text)
    return bool(_HOST_AND_PORT.fullmatch(shown))


def _is_fixed(user: str) -> bool:
    """Whether a provider has this user for all accounts; any other word may be a password."""
    from wizard.discovery.providers import providers  # only here: it reads a table

    return any(user == provider.fixed_user for provider in providers())


def _parse(data: bytes, current: CurrentConfig) -> SavedDraft | None:
    """Return the draft in ``data``; None if it has nothing new; may raise for damaged data."""
    content = json.loads(data)
    if content["format"] != _FORMAT:
        return None
    saved = datetime.fromisoformat(content["saved"])
    if saved.tzinfo is None:
        raise ValueError("a time without a zone")
    omitted = frozenset(content["left_out"]) & {*TEXT_KEYS, "secret"}
    draft = _restored(content["entered"], current)
    if draft == Draft.of(current):
        return None
    return SavedDraft(draft, saved.astimezone(UTC), omitted, content["config"] != _digest(current))


def _restored(entered: Mapping[str, Any], current: CurrentConfig) -> Draft:
    """Return the draft of the present files with what was entered."""
    draft = Draft.of(current)
    values: dict[str, Any] = {
        **{key: _text(entered[key]) for key in (*TEXT_KEYS, "relay") if key in entered},
        **{key: _bool_or_none(entered[key]) for key in SWITCHES if key in entered},
    }
    if "skip" in entered:
        values["skip"] = _bool(entered["skip"])
    if "skip_form" in entered:
        values["skip_key"] = _SKIP_KEYS[entered["skip_form"]]
    if "store" in entered:
        values["store"] = store_kind(entered["store"])
    draft = replace(draft, **values)
    match entered.get("secret"):
        case "remove":
            return replace(draft, secret=Remove())
        case "move" if current.resolver.literal is not None:
            return replace(draft, secret=Replace(current.resolver.literal))
        case _:
            return draft


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ValueError("not a text of a field")
    return value


def _bool_or_none(value: object) -> bool | None:
    return None if value is None else _bool(value)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value
