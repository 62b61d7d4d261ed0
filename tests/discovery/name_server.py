"""A real name server on loopback that misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = Mapping[str, Sequence[str]]
"""Name and type, such as ``example.org MX``, and what its records say."""
Misbehave = Callable[[dns.message.Message], bytes | None]
"""Returns the answer to a question, None for silence."""


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answer: Misbehave, asked: list[str]) -> None:
        self._answer = answer
        self._asked = asked
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        self._asked.append(name_of(question))
        answer = self._answer(question)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def name_of(question: dns.message.Message) -> str:
    return question.question[0].name.to_text(omit_final_dot=True)


def serve_zone(zone: Zone) -> Misbehave:
    """Answer by ``zone``; a name that has no records of any type does not exist."""
    names = {key.split()[0] for key in zone}

    def answer(question: dns.message.Message) -> bytes:
        response = dns.message.make_response(question)
        response.flags |= dns.flags.AA | dns.flags.RA
        asked = question.question[0]
        name = name_of(question)
        records = zone.get(f"{name} {asked.rdtype.name}", ())
        if records:
            response.answer.append(
                dns.rrset.from_text_list(asked.name, 300, "IN", asked.rdtype.name, list(records))
            )
        elif name not in names:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    return answer


def rcode(code: dns.rcode.Rcode) -> Misbehave:
    def answer(question: dns.message.Message) -> bytes:
        response = dns.message.make_response(question)
        response.set_rcode(code)
        return response.to_wire()

    return answer


@contextlib.asynccontextmanager
async def name_server(
    answer: Misbehave, asked: list[str] | None = None, port: int = 0
) -> AsyncIterator[int]:
    """Serve on a port, by default its own; append each name that is queried to ``asked``."""
    notes = [] if asked is None else asked
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Server(answer, notes), local_addr=("127.0.0.1", port)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        await asyncio.sleep(0)
