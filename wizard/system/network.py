"""Connecting to a name with several addresses: quick, and yet with the server's choice.

The server's client tries one address after the other. So the first address in order that answers
is the one to test, and an address before it that stays silent is what delays every mail.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wizard.probe.network import Address, Network

HEAD_START = 0.25
"""Seconds before the next address is tried beside one that has not answered (RFC 8305)."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection that the server would use, and the addresses before it that failed."""

    sock: socket.socket
    address: Address
    failed: Mapping[Address, OSError]
    silent: tuple[Address, ...]
    """Addresses before it that neither answered nor failed in time."""


async def connect_first(
    network: Network, addresses: Sequence[Address], patience: float
) -> Connected:
    """Connect to the first address in order that answers.

    Once any address has answered, those before it have ``patience`` seconds left.
    Raises the :class:`OSError` that says most if all fail; never leaves a socket or task behind.
    """
    tasks: dict[Address, asyncio.Task[socket.socket]] = {}
    chosen: Address | None = None
    try:
        await _first_answer(network, addresses, tasks)
        earlier = _before_answer(tasks)
        pending = [tasks[address] for address in earlier if not tasks[address].done()]
        if pending:
            await asyncio.wait(pending, timeout=patience)
        earlier = _before_answer(tasks)
        if len(earlier) == len(tasks):
            raise _worst(tasks)
        chosen = list(tasks)[len(earlier)]
        failed = {address: error for address in earlier if (error := _error(tasks[address]))}
        silent = tuple(address for address in earlier if not tasks[address].done())
        return Connected(tasks[chosen].result(), chosen, failed, silent)
    finally:
        await _clear(task for address, task in tasks.items() if address != chosen)


async def _first_answer(
    network: Network,
    addresses: Sequence[Address],
    tasks: dict[Address, asyncio.Task[socket.socket]],
) -> None:
    """Fill ``tasks``, one head start after the other, until one has connected or all failed."""
    pending: set[asyncio.Task[socket.socket]] = set()
    waiting = list(dict.fromkeys(addresses))
    while waiting or pending:
        if waiting:
            address = waiting.pop(0)
            tasks[address] = asyncio.create_task(network.connect(address))
            pending.add(tasks[address])
        done, pending = await asyncio.wait(
            pending,
            timeout=HEAD_START if waiting else None,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if any(_answered(task) for task in done):
            return


def _before_answer(tasks: Mapping[Address, asyncio.Task[socket.socket]]) -> list[Address]:
    """Return the addresses before the first that has answered; all of them if none has."""
    earlier = []
    for address, task in tasks.items():
        if _answered(task):
            break
        earlier.append(address)
    return earlier


def _answered(task: asyncio.Task[socket.socket]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _error(task: asyncio.Task[socket.socket]) -> OSError | None:
    if not task.done() or task.cancelled():
        return None
    error = task.exception()
    return error if isinstance(error, OSError) else None


def _worst(tasks: Mapping[Address, asyncio.Task[socket.socket]]) -> BaseException:
    """Choose the error to show: a refusal proves that the machine is there."""
    errors = [error for task in tasks.values() if (error := task.exception())]
    refusals = [error for error in errors if isinstance(error, ConnectionRefusedError)]
    return refusals[0] if refusals else errors[-1]


async def _clear(tasks: Iterable[asyncio.Task[socket.socket]]) -> None:
    """Cancel what is under way, and close what has connected in the meantime."""
    remaining = list(tasks)
    for task in remaining:
        task.cancel()
    for result in await asyncio.gather(*remaining, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()
