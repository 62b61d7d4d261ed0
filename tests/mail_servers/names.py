"""The name server of a machine: what its mail servers find in the DNS. Run as a program."""

from __future__ import annotations

import asyncio

from tests.discovery.name_server import name_server, serve_zone

PORT = 53
BLOCK_LIST = "blocked.example"
BLOCKED_DOMAIN = "blocked-domain.example"
"""Its mails and its name are listed, as opposed to an address."""
NO_DOMAIN = "nowhere.example"
NO_MAIL = "no-mail.example"
"""Its null MX says that it has no mailboxes (RFC 7505)."""
_LISTED = {"A": ["127.0.0.2"], "TXT": ['"https://blocked.example/why"']}
_ZONE = {f"{NO_MAIL} MX": ["0 ."]} | {
    f"{name}.{BLOCK_LIST} {kind}": records
    for name in ("1.0.0.127", BLOCKED_DOMAIN)
    for kind, records in _LISTED.items()
}


async def _serve() -> None:
    async with name_server(serve_zone(_ZONE), port=PORT):
        # Whoever connects learns that questions are answered; UDP has nothing to wait for.
        await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", PORT)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
