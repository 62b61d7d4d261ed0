"""Settings that a domain publishes for mail programs, in the format of Thunderbird's autoconfig.

https://www.ietf.org/archive/id/draft-ietf-mailmaint-autoconfig-00.html
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from wizard.config.endpoint import Route, Security
from wizard.discovery import sentences
from wizard.discovery.https import HttpsClient, NoServer, NotFound, UnusableResponse
from wizard.discovery.offers import AdvertisedServer, suggestions_from
from wizard.discovery.suggestion import DiscoverySource, SourceResult, as_host
from wizard.system.background import run_in_thread
from wizard.system.network import Network

_MAX_SERVERS = 5
"""More servers in one file are ignored."""
_SECURITY = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS, "plain": Security.NONE}
_BY_PASSWORD = frozenset({"password-cleartext", "plain"})
_WITHOUT_LOGIN = frozenset({"none", "client-IP-address", "smtp-after-pop"})
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._+@-]*\Z")


class InvalidAutoconfig(Exception):
    """The file is not in this format."""


class _Builder(TreeBuilder):
    """Refuses a file with a document type, which is where entities would be declared."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise InvalidAutoconfig


def parse_autoconfig(file: bytes, address: str, domain: str) -> list[AdvertisedServer]:
    """Return the servers for outgoing mail, in the order of the file; raise `InvalidAutoconfig`.

    Servers without a public host name are left out.
    """
    parser = XMLParser(target=_Builder())  # noqa: S314  (the builder refuses what is dangerous)
    try:
        parser.feed(file)
        root = parser.close()
    except (ParseError, LookupError, ValueError) as error:  # unknown encodings raise the latter two
        raise InvalidAutoconfig from error
    if not isinstance(root, Element) or root.tag != "clientConfig":
        raise InvalidAutoconfig
    servers = root.findall("emailProvider/outgoingServer[@type='smtp']")[:_MAX_SERVERS]
    return [each for server in servers for each in _advertised(server, address, domain)]


def _advertised(server: Element, address: str, domain: str) -> Iterator[AdvertisedServer]:
    host = as_host(_text(server, "hostname").replace("%EMAILDOMAIN%", domain))
    port = _text(server, "port")
    security = _SECURITY.get(_text(server, "socketType"))
    if host is None or security is None or not re.fullmatch(r"[1-9][0-9]{0,4}", port, re.ASCII):
        return
    if int(port) < 65536:
        user = _user(_text(server, "username"), address, domain)
        yield AdvertisedServer(Route(host, int(port), security), user, _takes_password(server))


def _text(server: Element, tag: str) -> str:
    return (server.findtext(tag) or "").strip()


def _user(template: str, address: str, domain: str) -> str | None:
    """Fill in ``template``; None if it is a fixed name or contains unusual characters."""
    filled = {
        "%EMAILADDRESS%": address,
        "%EMAILLOCALPART%": address.rpartition("@")[0],
        "%EMAILDOMAIN%": domain,
    }
    pieces = re.split(f"({'|'.join(filled)})", template)
    fixed = pieces[::2]
    if not {"%EMAILADDRESS%", "%EMAILLOCALPART%"} & set(pieces) or not all(
        _PLAIN_TEXT.match(piece) for piece in fixed
    ):
        return None
    return "".join(filled.get(piece, piece) for piece in pieces)


def _takes_password(server: Element) -> bool:
    """Whether it accepts a password in clear text, or needs no login."""
    methods = {(each.text or "").strip() for each in server.findall("authentication")}
    return not methods or bool(methods & (_BY_PASSWORD | _WITHOUT_LOGIN))


_URLS = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
"""The most trustworthy first. Nothing in them identifies the operator: no ``emailaddress=``."""


async def by_autoconfig(address: str, domain: str, network: Network) -> SourceResult:
    """Take the first file that has suggestions."""
    context = await run_in_thread(network.tls_context)  # reads a hundred certificates
    client = HttpsClient(network, context, domain)
    urls = (url.format(domain=domain) for url in _URLS)
    results = await asyncio.gather(*(_fetch(url, address, domain, client) for url in urls))
    for each in results:
        if each.suggestions:
            return each
    return SourceResult(remarks=tuple(dict.fromkeys(r for each in results for r in each.remarks)))


_DIRECTORY_URL = "https://autoconfig.thunderbird.net/v1.1/{domain}"


async def by_directory(address: str, domain: str, network: Network) -> SourceResult:
    """Query Mozilla's directory, which thereby learns ``domain``."""
    context = await run_in_thread(network.tls_context)
    client = HttpsClient(network, context, domain)
    url = _DIRECTORY_URL.format(domain=domain)
    origin = sentences.named_by_directory(domain)
    try:
        return await _read(url, address, client, DiscoverySource.DIRECTORY, origin)
    except NoServer:
        return SourceResult(remarks=(sentences.directory_unreachable(),))
    except NotFound:
        return SourceResult(remarks=(sentences.not_in_directory(domain),))


async def _fetch(url: str, address: str, domain: str, client: HttpsClient) -> SourceResult:
    origin = sentences.named_by_autoconfig(domain)
    try:
        return await _read(url, address, client, DiscoverySource.AUTOCONFIG, origin)
    except NotFound:
        return SourceResult()


async def _read(
    url: str, address: str, client: HttpsClient, source: DiscoverySource, origin: str
) -> SourceResult:
    """Return what the file at ``url`` says; raise :class:`NotFound`."""
    domain = client.domain
    host = urlsplit(url).hostname or domain
    try:
        servers = parse_autoconfig(await client.get(url), address, domain)
    except ssl.SSLCertVerificationError:
        return SourceResult(remarks=(sentences.wrong_certificate(host),))
    except (UnusableResponse, InvalidAutoconfig):
        return SourceResult(remarks=(sentences.autoconfig_unreadable(host),))
    return suggestions_from(source, domain, origin, servers)
