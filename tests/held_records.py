"""A DNS that answers when it is told to, or never."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from wizard.demo.mail_server import DEMO_HOST
from wizard.demo.network import DEMO_RECORDS
from wizard.discovery.dns import FixedRecords, MxRecord, Records, SrvRecord

GOOGLES_CUSTOMER = "firm.example"
"""A domain whose mails Google receives."""
CUSTOMER = "hosted.example"
"""A domain that names two mail servers of others."""
HOSTED = "northwind.example"
"""A domain whose mail server belongs to somebody else."""

PUBLIC_RECORDS = FixedRecords(
    mx_records={**DEMO_RECORDS.mx_records, GOOGLES_CUSTOMER: [MxRecord(1, "aspmx.l.google.com")]},
    srv_records={
        **DEMO_RECORDS.srv_records,
        f"_submissions._tcp.{CUSTOMER}": [SrvRecord(0, 1, 465, "mail.hosting.example")],
        f"_submission._tcp.{CUSTOMER}": [SrvRecord(0, 1, 587, DEMO_HOST)],
        f"_submissions._tcp.{HOSTED}": [SrvRecord(0, 1, 465, DEMO_HOST)],
    },
)


class HeldRecords:
    """Implements :class:`wizard.discovery.records.Records`; holds its answers until released."""

    def __init__(self, records: Records = PUBLIC_RECORDS) -> None:
        self.released = asyncio.Event()
        self.asked: list[str] = []
        self._records = records

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        self.asked.append(domain)
        await self.released.wait()
        return await self._records.mx(domain)

    async def srv(self, name: str) -> Sequence[SrvRecord]:
        await self.released.wait()
        return await self._records.srv(name)
