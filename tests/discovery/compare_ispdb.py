"""The table of providers beside a saved copy of Mozilla's ISPDB.

``python -m tests.discovery.compare_ispdb FILE`` reads a tar archive of the repository
github.com/thunderbird/autoconfig (``git archive``, or GitHub's download). It prints where the table
contradicts it, and what only one of both has. The exit code is 1 if there is a contradiction, so
a new version of the directory shows at once which entries to look at. The copy is not kept here.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from wizard.config.endpoint import Security
from wizard.discovery.autoconfig import parse_autoconfig
from wizard.discovery.offers import AdvertisedServer
from wizard.discovery.providers import (
    Provider,
    UserNameForm,
    is_within,
    provider_by_domain,
    provider_by_mx,
    providers,
)

SOURCE = "Mozilla ISPDB"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the ISPDB."""

    name: str
    domains: tuple[str, ...]
    """Some are names of hosts that receive mail: Thunderbird looks for both."""
    content: bytes

    def servers(self, domain: str) -> list[AdvertisedServer]:
        """Return the servers for outgoing mail of an address at ``domain``."""
        return parse_autoconfig(self.content, f"local@{domain}", domain)


def read_ispdb(file: Path) -> Iterator[Entry]:
    """Yield the entries of an archive, by name."""
    with tarfile.open(file) as archive:
        for member in sorted(archive.getmembers(), key=lambda each: each.name):
            path = Path(member.name)
            if path.suffix == ".xml" and path.parent.name == "ispdb":
                stream = archive.extractfile(member)
                assert stream is not None
                content = stream.read()
                root = ET.fromstring(content)  # noqa: S314  (the developer's own copy)
                domains = (each.text or "" for each in root.iterfind("emailProvider/domain"))
                yield Entry(path.stem, tuple(domains), content)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, one line each."""

    contradictions: tuple[str, ...]
    """The table says one thing, the ISPDB another or nothing any more."""
    missing: tuple[str, ...]
    """Domains of a provider of the table, and whole entries, that only the ISPDB has."""


def compare(entries: Sequence[Entry], table: Sequence[Provider]) -> Comparison:
    """Compare all entries whose provider is in ``table``, and name the others."""
    contradictions: list[str] = []
    missing: list[str] = []
    sourced = {provider.id for provider in table if SOURCE in _sources(provider)}
    for entry in entries:
        unknown = []
        known: dict[str, tuple[Provider, str]] = {}
        for domain in entry.domains:
            provider = _find(domain, table)
            if provider is None:
                unknown.append(domain)
            else:
                known.setdefault(provider.id, (provider, domain))
        if unknown:
            missing.append(f"{entry.name}: {', '.join(known) or 'nobody'} has {', '.join(unknown)}")
        for provider, domain in known.values():
            found = _contradictions(provider, entry.servers(domain))
            contradictions += [f"{entry.name}: {provider.id} {each}" for each in found]
        sourced -= known.keys()
    contradictions += [f"{each} is no longer there" for each in sorted(sourced)]
    return Comparison(tuple(contradictions), tuple(missing))


def _find(domain: str, table: Sequence[Provider]) -> Provider | None:
    """Return the provider with mail addresses at ``domain``, or that receives mail there."""
    by_domain = provider_by_domain(domain)
    if by_domain is not None and domain in by_domain.domains:
        return by_domain
    above_mx = (each for each in table if any(is_within(name, domain) for name in each.mx))
    return provider_by_mx(domain) or by_domain or next(above_mx, None)


def _sources(provider: Provider) -> set[str]:
    return set(provider.source.split("; "))


def _contradictions(provider: Provider, servers: Sequence[AdvertisedServer]) -> Iterator[str]:
    """Yield what the table says otherwise; what it calls unconfirmed contradicts nothing."""
    takes_password = any(server.takes_password for server in servers)
    if not provider.usable:
        if takes_password:
            yield "cannot be used, but takes passwords there"
        return
    if not takes_password and provider.is_confirmed() and _sources(provider) <= {SOURCE, "mxmap"}:
        yield "can be used, but takes no passwords there"
    for key, port, security in (
        ("smtps", 465, Security.TLS),
        ("starttls", 587, Security.STARTTLS),
    ):
        ours = getattr(provider, key)
        routes = [server.route for server in servers]
        theirs = {each.host for each in routes if (each.port, each.security) == (port, security)}
        if theirs and ours not in theirs and key not in provider.unconfirmed:
            yield f"has {key} {ours}, there {', '.join(sorted(theirs))}"
    is_address = {"@" in server.user for server in servers if server.user is not None}
    forms = {UserNameForm.ADDRESS: True, UserNameForm.LOCAL_PART: False}
    if "user" not in provider.unconfirmed and is_address == {not forms.get(provider.user)}:
        yield f"has user {provider.user}, otherwise there"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="tar archive of github.com/thunderbird/autoconfig")
    parser.add_argument("--missing", action="store_true", help="print what only the ISPDB has")
    options = parser.parse_args(arguments)
    entries = list(read_ispdb(options.file))
    if not entries:
        parser.error(f"there is no ispdb/….xml in {options.file}")
    found = compare(entries, providers())
    lines = [*found.contradictions, *(found.missing if options.missing else ())]
    counts = f"{len(found.contradictions)} contradictions, {len(found.missing)} only there"
    sys.stdout.write("".join(f"{line}\n" for line in [*lines, f"{len(entries)} entries: {counts}"]))
    return 1 if found.contradictions else 0


if __name__ == "__main__":
    sys.exit(main())
