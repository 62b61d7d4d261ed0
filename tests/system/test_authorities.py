"""Which authorities came with the system: the others are known to this machine alone."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme

from wizard.system.network import BUNDLES, SystemNetwork, comes_with_system, trust_anchor


def der(authority: trustme.CA) -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())


@pytest.fixture(scope="module")
def public() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def own() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(tmp_path: Path, public: trustme.CA, own: trustme.CA) -> Path:
    """All authorities that a system trusts, the added one among them, as its tools leave it."""
    path = tmp_path / "bundle.crt"
    path.write_bytes(public.cert_pem.bytes().replace(b"\n", b"\r\n") + own.cert_pem.bytes())
    return path


def test_an_authority_of_the_bundle_comes_with_the_system(
    bundle: Path, public: trustme.CA, tmp_path: Path
) -> None:
    assert comes_with_system(der(public), [tmp_path / "none", bundle], [tmp_path / "none"])


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_an_added_authority_does_not_although_the_bundle_has_it(
    bundle: Path, own: trustme.CA, tmp_path: Path, form: str
) -> None:
    added = tmp_path / "added" / "company"
    added.mkdir(parents=True)
    pem = own.cert_pem.bytes()
    (added / "own.crt").write_bytes(pem if form == "PEM" else der(own))
    assert comes_with_system(der(own), [bundle], [tmp_path / "added"]) is False


def test_an_authority_that_only_a_variable_names_does_not(bundle: Path) -> None:
    assert comes_with_system(der(trustme.CA()), [bundle], []) is False


def test_without_a_bundle_nothing_is_said(tmp_path: Path, public: trustme.CA) -> None:
    assert comes_with_system(der(public), [tmp_path / "none", tmp_path], []) is None


def test_an_authority_of_this_machine_comes_with_it() -> None:
    bundle = next((path for path in BUNDLES if path.exists()), None)
    if bundle is None:
        pytest.skip("no authorities are installed")
    end = "-----END CERTIFICATE-----"
    first = bundle.read_text("utf-8").partition(end)[0] + end
    assert comes_with_system(ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :]))


def test_the_anchor_is_the_authority_that_the_connection_was_accepted_by(
    own: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Through an authority in between, and with one that ``SSL_CERT_FILE`` names."""
    own.cert_pem.write_to_path(tmp_path / "own.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.create_child_ca().issue_cert("mail.example.org").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve_once, args=[listening, context])
        thread.start()
        network = SystemNetwork()
        with socket.create_connection(listening.getsockname()) as sock:
            tls = _handshake(sock, network.tls_context())
        thread.join()
    assert trust_anchor(tls) == der(own)
    assert network.is_trusted_only_here(tls) is any(path.exists() for path in BUNDLES)


def _serve_once(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    with (
        connection,
        context.wrap_socket(connection, server_side=True) as stream,
        contextlib.suppress(OSError),  # the client leaves with something unread
    ):
        stream.recv(1)


def _handshake(sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLObject:
    """Shake hands by an object that has no socket, as asyncio does."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="mail.example.org")
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))
        else:
            sock.sendall(outgoing.read())
            return tls
