"""The network of another process: its connections, its ``/etc/hosts`` and its name servers.

A thread of its own joins the process's network namespace for each socket, and ends with that; the
socket stays in the namespace in which it was created. Nothing else of the process is joined. What
is read of its files is text from outside: it may be anything, of any size.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import ipaddress
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Self, TypeVar

from wizard.system.background import run_in_thread
from wizard.system.network import Address, SystemNetwork

if TYPE_CHECKING:
    from dns.name import Name
    from dns.resolver import Resolver

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", 0)
_LARGEST_FILE = 4 << 20
"""Bytes. A host that shares its ``/etc/hosts`` may keep a block list there."""
_QUERY_SECONDS = 5.0
"""For one query to one name server; as in resolv.conf(5), which has no more than three of them."""
_LOOKUP_SECONDS = 10.0
"""For one name, whatever it takes."""
_MOST_NAME_SERVERS = 3
_MOST_ADDRESSES = 16
_NO_DATA = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)


class NamespaceNetwork(SystemNetwork):
    """The network of the process ``pid``, with the trust store of this machine.

    ``group`` is a part of the name of a control group that the process is in: by now its number
    may be another process's, or have been one of another machine. Raises :class:`OSError` where it
    is not that process, and :class:`PermissionError` where only root may join. End it with
    :meth:`close`.
    """

    def __init__(self, pid: int, group: str) -> None:
        super().__init__()
        with contextlib.ExitStack() as opened:

            def opening(path: str, flags: int, directory: int | None = None) -> int:
                descriptor = os.open(path, flags | os.O_CLOEXEC, dir_fd=directory)
                opened.callback(os.close, descriptor)
                return descriptor

            # Whatever is opened through this is the same process's, or fails once that has ended.
            process = opening(f"/proc/{pid}", _DIRECTORY)
            _check_group(process, group)
            self._namespace = opening("ns/net", os.O_RDONLY, process)
            # The link leads to the root directory as that process sees it.
            self._root = opening("root", _DIRECTORY & ~os.O_NOFOLLOW, process)
            self._inside(lambda: None)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the namespace; connections that are open stay so."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Look ``host`` up as the process would: an address, ``/etc/hosts``, then the DNS."""
        return await run_in_thread(lambda: self._inside(partial(self._resolve, host, port)))

    def _create_socket(self, family: socket.AddressFamily) -> socket.socket:
        return self._inside(partial(super()._create_socket, family))

    def _inside(self, function: Callable[[], T]) -> T:
        """Run ``function`` in the namespace; return its result or raise its exception."""
        outcome: Future[T] = Future()

        def work() -> None:
            try:
                _join_network(self._namespace)
                outcome.set_result(function())
            except BaseException as error:  # noqa: BLE001  (raised again by result())
                outcome.set_exception(error)

        # A new thread, which ends: one that has joined must do nothing else afterwards.
        threading.Thread(target=work, daemon=True, name="namespace").start()
        return outcome.result()

    def _resolve(self, host: str, port: int) -> Sequence[Address]:
        ips = _numeric(host) or list(_from_hosts(self._read("hosts"), host)) or self._query(host)
        addresses = [Address(ip, port) for ip in dict.fromkeys(ips)][:_MOST_ADDRESSES]
        return sorted(addresses, key=_rank)

    def _query(self, host: str) -> list[str]:
        """Return the addresses in the DNS; raise :class:`socket.gaierror` if there are none."""
        resolver = _resolver(self._read("resolv.conf"))
        deadline = time.monotonic() + _LOOKUP_SECONDS
        error: socket.gaierror | None = None
        for name in _candidates(host, resolver):
            found: list[str] = []
            for kind in ("A", "AAAA"):
                try:
                    found += _records(resolver, name, kind, deadline)
                except socket.gaierror as problem:
                    # That one server failed says more than that a name of the list is unknown.
                    error = problem if error is None or problem.errno == socket.EAI_AGAIN else error
            if found:
                return found
        raise error or socket.gaierror(_NO_DATA, "no address")

    def _read(self, name: str) -> str:
        """Return a file of ``/etc``, empty where there is none; refuse all but a plain file."""
        try:
            directory = os.open("etc", _DIRECTORY, dir_fd=self._root)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise _unreadable(name) from error
        try:
            return _read_plain(name, directory)
        finally:
            os.close(directory)


def _join_network(namespace: int) -> None:
    """Move the calling thread, and no other one, into a network namespace."""
    setns: Callable[[int, int], None] | None = getattr(os, "setns", None)  # from Python 3.12
    if setns is not None:
        setns(namespace, _CLONE_NEWNET)
    elif ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _check_group(process: int, group: str) -> None:
    """Raise :class:`ProcessLookupError` for a process that is not in a control group."""
    flags = os.O_RDONLY | os.O_CLOEXEC
    with os.fdopen(os.open("cgroup", flags, dir_fd=process), "rb") as file:
        if group.encode() not in file.read(_LARGEST_FILE):
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))


# The files of the process


def _read_plain(name: str, directory: int) -> str:
    """Return the text of a regular file in ``directory``; raise :class:`socket.gaierror`.

    It is looked at before it is opened for reading: opening a device can do something, and
    opening a pipe waits.
    """
    try:
        found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unreadable(name) from error
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise _unreadable(name)
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(f"/proc/self/fd/{found}", flags), "rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise _unreadable(name) from error
    finally:
        os.close(found)
    if len(data) > _LARGEST_FILE:
        raise _unreadable(name)
    return data.decode(errors="replace")


def _unreadable(name: str) -> socket.gaierror:
    return socket.gaierror(socket.EAI_AGAIN, f"/etc/{name} is not a file that can be read")


def _numeric(host: str) -> list[str]:
    """Return the address that ``host`` is, in any of the ways in which one can be written."""
    try:
        infos = socket.getaddrinfo(
            host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        return []
    return [str(info[4][0]) for info in infos]


def _from_hosts(text: str, host: str) -> Iterator[str]:
    """Yield the addresses of ``host`` in ``/etc/hosts``."""
    wanted = host.lower()
    for line in text.split("\n"):
        if wanted not in line.lower():
            continue
        ip, *names = line.partition("#")[0].split() or [""]
        if wanted in map(str.lower, names) and _is_ip(ip):
            yield ip


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# The DNS


def _resolver(text: str) -> Resolver:
    """Return a resolver as ``resolv.conf`` asks for it."""
    from dns.exception import DNSException
    from dns.name import root
    from dns.resolver import NoResolverConfiguration, Resolver

    resolver = Resolver(configure=False)
    resolver.domain = root  # which is this machine's otherwise
    try:
        resolver.read_resolv_conf(StringIO("\n".join(_usable_lines(text))))
    except NoResolverConfiguration:
        resolver.nameservers = ["127.0.0.1"]  # as resolv.conf(5) has it
    except DNSException as error:
        raise _unreadable("resolv.conf") from error
    resolver.timeout = _QUERY_SECONDS
    return resolver


def _usable_lines(text: str) -> Iterator[str]:
    """Yield the lines without name servers that are none: dnspython would also take URLs."""
    servers = 0
    for line in text.split("\n"):
        words = line.split()
        if words[:1] == ["nameserver"]:
            servers += 1
            if servers > _MOST_NAME_SERVERS or not _is_ip(words[1] if len(words) > 1 else ""):
                continue
        yield line


def _candidates(host: str, resolver: Resolver) -> list[Name]:
    """Return the full names to look up for ``host``, in order."""
    from dns.exception import DNSException
    from dns.name import from_text, root

    try:
        name = from_text(host, origin=None)
        if name.is_absolute():
            return [name]
        whole = name.concatenate(root)
        suffixes = resolver.search or ([] if resolver.domain == root else [resolver.domain])
        longer = [name.concatenate(suffix) for suffix in suffixes]
    except DNSException as error:
        raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
    ndots = 1 if resolver.ndots is None else resolver.ndots
    return [whole, *longer] if len(name) > ndots else [*longer, whole]


def _records(resolver: Resolver, name: Name, kind: str, deadline: float) -> list[str]:
    from dns.resolver import NXDOMAIN

    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.gaierror(socket.EAI_AGAIN, "the DNS did not answer in time")
    try:
        answer = resolver.resolve(name, kind, search=False, raise_on_no_answer=False, lifetime=left)
    except NXDOMAIN as error:
        raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
    except Exception as error:  # whatever dnspython makes of a hostile answer
        raise socket.gaierror(socket.EAI_AGAIN, "the DNS gave no usable answer") from error
    return [each.address for each in answer.rrset or ()]


def _rank(address: Address) -> tuple[bool, bool]:
    """Order as the C library does in the main: what can be reached, and IPv6, come first.

    Connecting by UDP sends nothing, and tells whether there is a way.
    """
    with socket.socket(address.family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address.ip, address.port))
        except OSError:
            return True, address.family is not socket.AF_INET6
    return False, address.family is not socket.AF_INET6
