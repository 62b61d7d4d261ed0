"""Names, connections and trust as the server's client sees them; the demo brings its own.

That client tries the addresses of a name one after the other. So the first one in order that
answers is the one to test, and one before it that stays silent is what delays every mail.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wizard.system.background import run_in_thread
from wizard.text.language import _

BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Arch, Alpine
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora and its relatives
    Path("/var/lib/ca-certificates/ca-bundle.pem"),  # SUSE
    Path("/etc/ssl/certs/ca-bundle.crt"),  # NixOS
    Path("/etc/ssl/cert.pem"),
)
"""All authorities that the system trusts, in one file; the first one that is there counts."""
ADDED = (
    Path("/usr/local/share/ca-certificates"),  # Debian, Alpine
    Path("/etc/pki/ca-trust/source/anchors"),  # Fedora and its relatives
    Path("/etc/pki/trust/anchors"),  # SUSE
    Path("/etc/ca-certificates/trust-source/anchors"),  # Arch
)
"""Where an administrator puts authorities, which the bundle then has as well."""
_LARGEST_FILE = 4 << 20


@dataclass(frozen=True, slots=True)
class Address:
    """One IP address and port that a name resolves to."""

    ip: str
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        """The address family, from the form of the address."""
        return socket.AF_INET6 if ":" in self.ip else socket.AF_INET

    def __str__(self) -> str:
        return _("{ip}, port {port}", ip=self.ip, port=self.port)


def is_own(address: Address) -> bool:
    """Whether an address belongs to this machine, as others reach it: loopback does not."""
    if ipaddress.ip_address(address.ip).is_loopback:
        return False
    with socket.socket(address.family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address.ip, 0))
        except OSError:
            return False
    return True


class Network(Protocol):
    """What the live test needs from the machine it runs on."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of ``host`` in order of preference.

        Raises :class:`socket.gaierror` if there are none.
        """

    async def connect(self, address: Address) -> socket.socket:
        """Return a connected, non-blocking socket; raise :class:`OSError`."""

    def tls_context(self) -> ssl.SSLContext:
        """Return a context that trusts and checks what the server's client does."""

    def is_trusted_only_here(self, tls: ssl.SSLObject) -> bool:
        """Whether the peer is trusted only because of what was added to this machine."""


class SystemNetwork:
    """The network and the trust store of this machine.

    ``extra_hosts`` are names with addresses that only the server knows.
    """

    def __init__(self, extra_hosts: Mapping[str, str] | None = None) -> None:
        self._extra_hosts = {name.lower(): ip for name, ip in (extra_hosts or {}).items()}

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Ask the system's resolver, as the server does."""
        host = self._extra_hosts.get(host.lower(), host)
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(host)
            return [Address(host, port)]
        # Bytes, because IDNA would change text, and the server's client changes nothing.
        name = host.encode("ascii")
        infos = await run_in_thread(lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        return list(dict.fromkeys(Address(str(info[4][0]), port) for info in infos))

    async def connect(self, address: Address) -> socket.socket:
        """Connect by TCP."""
        sock = self._create_socket(address.family)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, (address.ip, address.port))
        except BaseException:
            sock.close()
            raise
        return sock

    def _create_socket(self, family: socket.AddressFamily) -> socket.socket:
        """Create the socket; it belongs to the network in which that is done."""
        return socket.socket(family, socket.SOCK_STREAM)

    def tls_context(self) -> ssl.SSLContext:
        """Trust the system's store, honouring ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``."""
        return match_server_tls(ssl.create_default_context())

    def is_trusted_only_here(self, tls: ssl.SSLObject) -> bool:
        """Compare the authority with those that come with the system."""
        anchor = trust_anchor(tls)
        return anchor is not None and comes_with_system(anchor) is False


def match_server_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    """Make ``context`` judge as the server's client does, whatever this Python's defaults are."""
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 turned both on: the first refuses, the second accepts more than the server does.
    context.verify_flags &= ~(ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN)
    return context


def comes_with_system(
    authority: bytes, bundles: Iterable[Path] = BUNDLES, added: Iterable[Path] = ADDED
) -> bool | None:
    """Whether a DER certificate is one of the system's authorities; None where that is unknown."""
    bundle = next((data for path in bundles if (data := _read(path))), None)
    if bundle is None:
        return None
    if not _holds(bundle, authority):
        return False
    return not any(_holds(_read(path), authority) for path in _files(added))


def trust_anchor(tls: ssl.SSLObject) -> bytes | None:
    """Return the authority's certificate that made the peer's trusted, as DER."""
    if hasattr(tls, "get_verified_chain"):  # from Python 3.13
        chain = list(tls.get_verified_chain())
    else:
        import _ssl

        found = getattr(tls, "_sslobj").get_verified_chain()  # noqa: B009 - mypy knows it not
        chain = [each.public_bytes(_ssl.ENCODING_DER) for each in found or ()]
    return chain[-1] if chain else None


def _holds(data: bytes, authority: bytes) -> bool:
    """Whether a file in PEM or DER has this certificate."""
    return authority == data or base64.b64encode(authority) in b"".join(data.split())


def _files(directories: Iterable[Path]) -> Iterator[Path]:
    for directory in directories:
        try:
            yield from directory.rglob("*")
        except OSError:
            continue


def _read(path: Path) -> bytes:
    """Return what a file holds; nothing for one that cannot be read, or is none."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE)
    except OSError:
        return b""


HEAD_START = 0.25
"""Seconds until the next address is tried beside one that has not answered (RFC 8305)."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection that the server would use, and the addresses before it that failed."""

    sock: socket.socket
    address: Address
    failed: Mapping[Address, OSError]
    silent: tuple[Address, ...]
    """The addresses before it that neither answered nor failed in time."""

    @property
    def own_ip(self) -> str:
        """The address of this side; the same as the other one if the connection stays here."""
        return str(self.sock.getsockname()[0])


async def connect_first(
    network: Network, addresses: Sequence[Address], patience: float
) -> Connected:
    """Connect to the first address in order that answers.

    Once any address has answered, those before it have ``patience`` seconds left. If all fail,
    raises the most telling :class:`OSError`; never leaves a socket or task behind.
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
            raise _most_telling(tasks)
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
    """Start ``tasks``, each with a head start on the next, until one connects or all fail."""
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


def _most_telling(tasks: Mapping[Address, asyncio.Task[socket.socket]]) -> BaseException:
    """Return the error to show: a refusal proves that the machine is there."""
    errors = [error for task in tasks.values() if (error := task.exception())]
    refusals = [error for error in errors if isinstance(error, ConnectionRefusedError)]
    return refusals[0] if refusals else errors[-1]


async def _clear(tasks: Iterable[asyncio.Task[socket.socket]]) -> None:
    """Cancel what is under way, and close what has connected meanwhile."""
    remaining = list(tasks)
    for task in remaining:
        task.cancel()
    for result in await asyncio.gather(*remaining, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()
