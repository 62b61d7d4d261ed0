"""The comparison with Mozilla's ISPDB finds what differs, and says nothing where both agree."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.discovery import web
from tests.discovery.compare_ispdb import Entry, compare, main, read_ispdb
from wizard.discovery.providers import providers

STRATO = [
    web.server("smtp.strato.de"),
    web.server("smtp.strato.de", "587", "STARTTLS"),
]


def entry(name: str, domain: str, *servers: str) -> Entry:
    content = web.settings(*servers).replace(b"<domain>example.org", b"<domain>" + domain.encode())
    return Entry(name, (domain,), content)


def contradictions(name: str, domain: str, *servers: str) -> tuple[str, ...]:
    table = [each for each in providers() if each.id == name]
    return compare([entry("file", domain, *servers)], table).contradictions


def test_what_agrees_is_not_mentioned() -> None:
    assert contradictions("strato", "rzone.de", *STRATO) == ()


@pytest.mark.parametrize(
    ("provider", "domain", "server", "said"),
    [
        (
            "strato",
            "rzone.de",
            web.server("mail.strato.de"),
            "has smtps smtp.strato.de, there mail.strato.de",
        ),
        (
            "strato",
            "rzone.de",
            web.server("smtp.strato.de", "465", "SSL", "%EMAILLOCALPART%"),
            "has user address, otherwise there",
        ),
        (
            "strato",
            "rzone.de",
            web.server("smtp.strato.de", "465", "SSL", "%EMAILADDRESS%", "OAuth2"),
            "can be used, but takes no passwords there",
        ),
        (
            "tuta",
            "tuta.com",
            web.server("smtp.tuta.com"),
            "cannot be used, but takes passwords there",
        ),
    ],
    ids=["host", "user", "OAuth only", "usable"],
)
def test_what_differs_is_said(provider: str, domain: str, server: str, said: str) -> None:
    assert contradictions(provider, domain, server) == (f"file: {provider} {said}",)


def test_what_is_unconfirmed_contradicts_nothing() -> None:
    server = web.server("smtp.web.de", "465", "SSL", "%EMAILLOCALPART%")
    assert contradictions("web-de", "web.de", server) == ()


def test_an_entry_whose_source_is_gone_is_named() -> None:
    table = [each for each in providers() if each.id == "strato"]
    assert compare([], table).contradictions == ("strato is no longer there",)


def test_an_archive_is_read_and_what_only_it_has_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ispdb.tar"
    with tarfile.open(file, "w") as archive:
        for name, domain in (("ispdb/new.example.xml", "new.example"), ("README.md", "none")):
            content = entry("", domain).content
            member = tarfile.TarInfo(f"autoconfig/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert [each.domains for each in read_ispdb(file)] == [("new.example",)]
    assert main([str(file), "--missing"]) == 1
    printed = capsys.readouterr().out
    assert "strato is no longer there" in printed
    assert "new.example: nobody has new.example" in printed
