"""docs/providers.md, made from the table of providers.

``python -m tests.discovery.listing`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from wizard.config.endpoint import Security
from wizard.discovery.guide import notes_on_provider
from wizard.discovery.providers import Provider, providers

FILE = Path(__file__).parents[2] / "docs" / "providers.md"
_NAMES_SHOWN = 3
_INTRODUCTION = """\
# Which mail providers the wizard knows

It suggests a mail server for your address from these sources, the first that has one wins:

| source | what is asked | filled in by itself |
|---|---|---|
| the list below, by the domain of the address | nobody | yes |
| the list below, by who receives the domain's mail | the DNS: MX records | yes |
| a server that the domain names | the DNS: SRV records | if it is within the domain |
| settings published for mail programs | its web servers, by HTTPS | if it is within the domain |
| Mozilla's directory | it, only if you choose so: it learns the domain | no |
| usual names, `smtp.` and `mail.` | these hosts, to which nothing is sent | no |

What is not filled in is offered. `--no-lookup` leaves nothing but the list by domain. A host that
nobody has confirmed is offered too, and says so. Names in MX records that only filter, as those of
Hornetsecurity or Mimecast, tell nothing about the mailbox.

The list is `wizard/discovery/providers.toml`, with the source of each entry;
[CONTRIBUTING](../CONTRIBUTING.md#recipes) tells how to add one. This page is made from it.
"""
_SECTIONS = {
    "By the domain of the address": lambda each: bool(each.domains),
    "By the MX record of your own domain": lambda each: bool(each.mx) and not each.domains,
    "By the host that you enter": lambda each: not each.mx and not each.domains,
}


def listing() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for title, belongs in _SECTIONS.items():
        found = sorted(filter(belongs, providers()), key=lambda each: each.name.casefold())
        parts.append("".join(f"{line}\n" for line in _section(title, found)))
    return "\n".join(parts)


def _section(title: str, found: Iterable[Provider]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| provider | recognised by | mail server | to know |"
    yield "|---|---|---|---|"
    for each in found:
        names = each.domains or each.mx or each.hosts or (each.smtps or each.starttls or "",)
        notes = " ".join(notes_on_provider(each))
        yield f"| {each.name} | {_shortened(names)} | {_server(each)} | {notes} |"


def _shortened(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _server(provider: Provider) -> str:
    route = provider.preferred_server()
    if route is None:
        return "-"
    host = "the host in the MX record" if route.host == "{mx}" else route.host
    how = ", STARTTLS" if route.security is Security.STARTTLS else ""
    unsure = "" if provider.is_confirmed() else " (unconfirmed)"
    return f"{host}, {route.port}{how}{unsure}"


if __name__ == "__main__":
    FILE.write_text(listing(), "utf-8")
