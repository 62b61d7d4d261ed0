"""What the DNS of the demo's own little internet says about its mail domain."""

from __future__ import annotations

from wizard.demo.mail_server import DEMO_HOST, DEMO_USER
from wizard.discovery.records import FixedRecords, Mx, Srv

_DOMAIN = DEMO_USER.rpartition("@")[2]

DEMO_RECORDS = FixedRecords(
    mx_records={_DOMAIN: [Mx(10, DEMO_HOST)]},
    srv_records={
        f"_submissions._tcp.{_DOMAIN}": [Srv(0, 1, 465, DEMO_HOST)],
        f"_submission._tcp.{_DOMAIN}": [Srv(0, 1, 587, DEMO_HOST)],
    },
)
"""Goes with :class:`wizard.demo.network.DemoNetwork`; nothing is ever asked."""
