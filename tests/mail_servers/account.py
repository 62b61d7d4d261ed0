"""The accounts on the mail servers."""

from __future__ import annotations

DOMAIN = "peer.example"
USER = f"you@{DOMAIN}"
RECIPIENT = f"admin@{DOMAIN}"
MAILBOXES = (USER, RECIPIENT)
TOKEN = f"token@{DOMAIN}"
"""A login that may not send mails from its own name."""
PASSWORD = "correct horse $battery' #\"staple"
"""It needs every kind of quoting; servers whose files cannot hold it get it encoded."""
