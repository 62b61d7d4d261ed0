"""MX and SRV records: what is asked, and who asks it."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True, order=True)
class Mx:
    """A host that receives mails; the least ``preference`` comes first. No host: a null MX."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class Srv:
    """A server for a service; the least ``priority`` comes first. No host: not offered."""

    priority: int
    weight: int
    port: int
    host: str


class Records(Protocol):
    """The part of the DNS that :class:`wizard.probe.network.Network` does not have.

    Hosts come as they stand in the DNS, without the dot at the end, and are not checked.
    A name without such records has none; :class:`socket.gaierror` says with ``EAI_NONAME`` that
    there is no such name, and with anything else that the DNS could not be asked.
    """

    async def mx(self, domain: str) -> Sequence[Mx]:
        """Return the MX records of ``domain``, in order."""

    async def srv(self, name: str) -> Sequence[Srv]:
        """Return the SRV records of ``name``, for example ``_submissions._tcp.example.org``."""


@dataclass(frozen=True, slots=True)
class FixedRecords:
    """Records that are told beforehand; every other name does not exist. For the demo."""

    mx_records: Mapping[str, Sequence[Mx]] = field(default_factory=dict)
    srv_records: Mapping[str, Sequence[Srv]] = field(default_factory=dict)

    async def mx(self, domain: str) -> Sequence[Mx]:
        """Return the records of ``domain``."""
        return _told(self.mx_records, domain)

    async def srv(self, name: str) -> Sequence[Srv]:
        """Return the records of ``name``."""
        return _told(self.srv_records, name)


def _told(records: Mapping[str, Sequence[R]], name: str) -> Sequence[R]:
    if name not in records:
        raise socket.gaierror(socket.EAI_NONAME, "the name is not among those that were told")
    return records[name]
