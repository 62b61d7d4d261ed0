"""Every sentence about the search and what it has found."""

from __future__ import annotations

from collections.abc import Collection

from wizard.config.endpoint import Route, Security
from wizard.discovery.providers import Provider, known_domains
from wizard.discovery.suggestion import DiscoverySource, SearchState
from wizard.text.language import N_, _

_SOURCES = {
    DiscoverySource.MX: N_("MX records"),
    DiscoverySource.SRV: N_("SRV records"),
    DiscoverySource.AUTOCONFIG: N_("settings for mail programs"),
    DiscoverySource.DIRECTORY: N_("entries of Mozilla's directory"),
    DiscoverySource.GUESS: N_("usual names"),
}

_ALIKE = 0.8
"""How alike a mistyped domain is to the one that was meant: from 0 to 1."""


def known_by_domain(provider: Provider) -> str:
    """Say that the table of providers has the domain."""
    if not provider.is_confirmed():
        return _("From the wizard's own list of providers, unconfirmed.")
    return _("From the wizard's own list of providers.")


def known_by_mx(provider: Provider, domain: str) -> str:
    """Say that the provider was recognised by the MX record."""
    if not provider.is_confirmed(by_mx=True):
        return _(
            "{name} receives the mail of {domain} (MX record), but the mail server is unconfirmed.",
            name=provider.name,
            domain=domain,
        )
    return _("{name} receives the mail of {domain} (MX record).", name=provider.name, domain=domain)


def behind_filter(domain: str, host: str) -> str:
    """Say that the MX record does not tell the provider."""
    return _(
        "A filter receives the mail of {domain} first ({host}), so its MX record does not tell "
        "where the mailbox is.",
        domain=domain,
        host=host,
    )


def named_by_srv(domain: str) -> str:
    """Say that the domain names the server in the DNS."""
    return _("{domain} names it in its DNS (SRV record).", domain=domain)


def named_by_autoconfig(domain: str) -> str:
    """Say that the domain publishes it."""
    return _("{domain} publishes it for mail programs (autoconfig).", domain=domain)


def named_by_directory(domain: str) -> str:
    """Say that Mozilla's directory lists the domain."""
    return _("Mozilla's directory names it for {domain}.", domain=domain)


def not_in_directory(domain: str) -> str:
    """Say that Mozilla's directory does not list the domain."""
    return _("Mozilla's directory does not know {domain}.", domain=domain)


def directory_unreachable() -> str:
    """Say that Mozilla's directory did not answer."""
    return _("Mozilla's directory cannot be reached.")


def guessed(host: str, port: int) -> str:
    """Say that it is a guess, and that the port accepts connections."""
    return _("A guess: {host} accepts connections on port {port}.", host=host, port=port)


def outside(domain: str) -> str:
    """Warn about a server that anybody who can forge DNS answers could have named."""
    return _("It is not part of {domain}: take it only if you know it.", domain=domain)


def out_of_reach(source: DiscoverySource, route: Route) -> str:
    """Say that no endpoint leads to the server that was found."""
    words = N_(
        "The {source} name {host}, port {port}, encrypted from the first byte, which the server "
        "can only do on port 465: left out."
    )
    if route.security is Security.NONE:
        words = N_("The {source} name {host}, port {port}, without encryption: left out.")
    return _(words, source=_(_SOURCES[source]), host=route.host, port=route.port)


def no_password_login(source: DiscoverySource, host: str) -> str:
    """Say that the host requires a kind of login that BOMnipotent Server does not support."""
    name = _(_SOURCES[source])
    return _(
        "According to the {source}, {host} takes no login by password, the only one that "
        "the server can do: put a relay in between.",
        source=name,
        host=host,
    )


def not_offered(domain: str) -> str:
    """Say that the domain declares that it has no server for outgoing mail."""
    return _(
        "{domain} says that it offers no server for outgoing mail (SRV record).", domain=domain
    )


def takes_no_mail(domain: str) -> str:
    """Say that the domain has a null MX (RFC 7505)."""
    return _("{domain} receives no mails (MX record): is the address right?", domain=domain)


def no_such_domain(domain: str) -> str:
    """Say that the DNS does not know the domain, and which known one is written alike."""
    from difflib import get_close_matches  # only for this mistake

    if meant := get_close_matches(domain, known_domains(), 1, _ALIKE):
        return _(
            "There is no domain {domain}. Did you mean {meant}?", domain=domain, meant=meant[0]
        )
    return _("There is no domain {domain}: is the address right?", domain=domain)


def not_an_app_password(provider: Provider) -> str:
    """Say what an app password looks like."""
    letters = provider.app_password_letters
    return _("App passwords of {name} have {count} letters.", name=provider.name, count=letters)


def dns_silent(domain: str) -> str:
    """Say that the DNS could not be queried."""
    return _("The DNS of this machine gives no answer about {domain}.", domain=domain)


def wrong_certificate(host: str) -> str:
    """Say that a web server was not asked because its certificate is not valid."""
    return _("{host} was not asked, because its certificate is not valid.", host=host)


def autoconfig_unreadable(host: str) -> str:
    """Say that the published file is unreadable."""
    return _("{host} publishes settings for mail programs that cannot be read.", host=host)


def unanswered(domain: str, late: Collection[DiscoverySource]) -> list[str]:
    """Say which sources had not answered by the deadline."""
    in_dns = {DiscoverySource.MX, DiscoverySource.SRV}
    found = [dns_silent(domain)] if in_dns & set(late) else []
    others = [_(_SOURCES[source]) for source in late if source not in in_dns]
    if others:
        found.append(_("No answer in time: {others}.", others=", ".join(others)))
    return found


def search_status(state: SearchState) -> str:
    """Say how far the search has got."""
    best = state.best
    if best is not None and best.route is not None:
        return _(
            "Found for {domain}: the server {way}.",
            domain=state.domain,
            way=best.route.in_words(),
        )
    if not state.finished:
        return _("Looking for the mail server of {domain} …", domain=state.domain)
    if state.suggestions:
        return _(
            "The server cannot send mails through the provider of {domain}.", domain=state.domain
        )
    return _(
        "Nothing was found for {domain}. Your provider's help names the host under SMTP or "
        "outgoing server.",
        domain=state.domain,
    )
