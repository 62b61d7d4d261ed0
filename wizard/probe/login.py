"""Logging in exactly as the server's client does: one mechanism, one attempt (model: lettre)."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode

from wizard.live_test.smtp import Conversation
from wizard.probe.reply import Malformed, Reply
from wizard.secrets.secret import Secret
from wizard.text.language import _

_CONTINUE = 334
_MOST_CHALLENGES = 10
_USER_PROMPTS = frozenset({"user name", "username:", "username", "user name\0"})
_PASSWORD_PROMPTS = frozenset({"password", "password:", "password\0"})


async def log_in(conversation: Conversation, mechanism: str, user: str, secret: Secret) -> Reply:
    """Send the login; return the reply that decides, positive or not.

    ``mechanism`` is ``PLAIN`` or ``LOGIN``. Raises :class:`Malformed` for a challenge that the
    server's client cannot answer.
    """
    if mechanism == "PLAIN":
        reply = await conversation.command(b"AUTH", b"PLAIN", _plain(user, secret), hidden=1)
        if reply.code == _CONTINUE:
            raise Malformed(_("a challenge where PLAIN has none"), reply.text.encode())
        return reply
    reply = await conversation.command(b"AUTH", mechanism.encode())
    for _number in range(_MOST_CHALLENGES):
        if reply.code != _CONTINUE:
            return reply
        answer = user if _asks_for_user(reply) else secret.reveal()
        reply = await conversation.command(_base64(answer), hidden=1)
    raise Malformed(_("one challenge after the other"), reply.text.encode())


def as_sent(user: str, secret: Secret) -> tuple[str, ...]:
    """Return every form in which the secret goes over the line, so that none is ever shown."""
    return (
        secret.reveal(),
        _base64(secret.reveal()).decode(),
        _plain(user, secret).decode(),
    )


def _asks_for_user(reply: Reply) -> bool:
    """Tell the prompt for the user name (True) from that for the password (False)."""
    words = reply.lines[0].split()
    try:
        prompt = b64decode(words[0], validate=True).decode().lower() if words else ""
    except (binascii.Error, ValueError):
        prompt = ""
    if prompt in _USER_PROMPTS:
        return True
    if prompt in _PASSWORD_PROMPTS:
        return False
    raise Malformed(_("a prompt that is neither for user name nor password"), reply.text.encode())


def _plain(user: str, secret: Secret) -> bytes:
    return _base64(f"\0{user}\0{secret.reveal()}")


def _base64(text: str) -> bytes:
    # A lone surrogate cannot be part of what the server sends either; the login is just wrong.
    return b64encode(text.encode("utf-8", "surrogatepass"))
