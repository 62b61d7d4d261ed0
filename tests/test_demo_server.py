"""The embedded mail server of the demo is a real one, on loopback, and leaves no trace."""

from __future__ import annotations

import base64
import contextlib
import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer, Validity
from wizard.demo.network import RELAY_PORT, DemoNetwork
from wizard.secrets.secret import Secret
from wizard.system.network import Address

PASSWORD = "correct-horse"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server:
        yield server


def trusting(server: MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=server.authority_pem.decode())
    server.trust(context)
    return context


@contextlib.contextmanager
def smtps(server: MailServer) -> Iterator[smtplib.SMTP_SSL]:
    with smtplib.SMTP_SSL(
        "localhost", server.ports.smtps, timeout=10, context=trusting(server)
    ) as client:
        yield client


@contextlib.contextmanager
def plain(port: int) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("localhost", port, timeout=10) as client:
        yield client


def test_a_mail_that_is_accepted_can_be_seen(server: MailServer) -> None:
    with smtps(server) as client:
        client.login(DEMO_USER, PASSWORD)
        client.sendmail(DEMO_USER, ["a@example.org", "b@example.org"], "Subject: Hi\r\n\r\nText")
    [message] = server.messages
    assert message.sender == DEMO_USER
    assert message.recipients == ("a@example.org", "b@example.org")
    assert message.subject == "Hi"
    assert message.received.tzinfo is not None


def test_starttls_is_demanded_before_the_login(server: MailServer) -> None:
    with plain(server.ports.starttls) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 530
        client.starttls(context=trusting(server))
        client.login(DEMO_USER, PASSWORD)
        assert client.mail(DEMO_USER)[0] == 250


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_wrong_password_is_535(server: MailServer, mechanism: str) -> None:
    with smtps(server) as client:
        client.ehlo()
        assert mechanism in client.esmtp_features["auth"]
        client.user, client.password = DEMO_USER, "wrong"
        respond = client.auth_plain if mechanism == "PLAIN" else client.auth_login
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.auth(mechanism, respond)
    assert refused.value.smtp_code == 535
    assert "5.7.8" in str(refused.value.smtp_error)


def test_a_wrong_user_is_535(server: MailServer) -> None:
    with smtps(server) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("somebody@demo.example", PASSWORD)


def test_no_mail_without_a_login(server: MailServer) -> None:
    with smtps(server) as client:
        client.ehlo()
        assert client.mail(DEMO_USER) == (530, b"5.7.0 Authentication required")


def test_the_sender_must_be_the_logins_own(server: MailServer) -> None:
    with smtps(server) as client:
        client.login(DEMO_USER, PASSWORD)
        code, text = client.mail("somebody@else.example")
    assert code == 553
    assert text.startswith(b"5.7.1")


def test_the_relay_takes_mails_without_login_and_encryption(server: MailServer) -> None:
    with plain(server.ports.relay) as client:
        client.sendmail("any@example.org", ["b@example.org"], "Subject: Relay\r\n\r\nText")
        assert "starttls" not in client.esmtp_features
        assert "auth" not in client.esmtp_features
    assert [message.subject for message in server.messages] == ["Relay"]


def test_the_certificate_is_for_the_demos_name(server: MailServer) -> None:
    with (
        socket.create_connection(("127.0.0.1", server.ports.smtps), timeout=10) as sock,
        trusting(server).wrap_socket(sock, server_hostname=DEMO_HOST) as tls,
    ):
        assert tls.version() == "TLSv1.3"


def test_nobody_else_trusts_the_certificate(server: MailServer) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", server.ports.smtps), timeout=10) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(sock, server_hostname=DEMO_HOST)


def test_the_names_in_the_certificate_can_be_chosen() -> None:
    chosen = Validity(names=("other.example",))
    with (
        MailServer(DEMO_USER, Secret(PASSWORD), certificate=chosen) as server,
        socket.create_connection(("127.0.0.1", server.ports.smtps), timeout=10) as sock,
        trusting(server).wrap_socket(sock, server_hostname="other.example") as tls,
    ):
        assert tls.version()


def test_stopping_ends_open_connections_and_the_thread() -> None:
    before = set(threading.enumerate())
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server:
        ports = server.ports
        open_ones = [
            socket.create_connection(("127.0.0.1", port), timeout=10)
            for port in (ports.starttls, ports.relay)
        ]
        for sock in open_ones:
            assert sock.recv(100).startswith(b"220 ")
    for sock in open_ones:
        with sock, contextlib.suppress(ConnectionResetError):
            assert sock.recv(100) == b""
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports.relay), timeout=10)
    with pytest.raises(RuntimeError):
        _ = server.ports


def test_the_thread_does_not_hold_up_the_end_of_the_program(server: MailServer) -> None:
    threads = [thread for thread in threading.enumerate() if "demo" in thread.name]
    assert threads
    assert all(thread.daemon for thread in threads)


def test_nothing_is_logged_or_printed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    before = logging.getLogger("mail.log").disabled
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server:
        with smtps(server) as client:
            client.login(DEMO_USER, PASSWORD)
        with smtps(server) as client:
            client.ehlo()
            client.docmd("AUTH LOGIN")
            client.docmd(base64.b64encode(DEMO_USER.encode()).decode())
            client.docmd("not base64: " + PASSWORD)
        with socket.create_connection(("127.0.0.1", server.ports.smtps), timeout=10) as sock:
            sock.sendall(b"this is not TLS\r\n")
            sock.recv(100)
    assert logging.getLogger("mail.log").disabled == before
    assert [record for record in caplog.records if record.name != "asyncio"] == []
    assert PASSWORD not in caplog.text
    assert capfd.readouterr() == ("", "")


async def test_the_demos_network_knows_nothing_else(server: MailServer) -> None:
    network = DemoNetwork(server)
    assert await network.resolve(DEMO_HOST, 465) == [Address("127.0.0.1", server.ports.smtps)]
    assert await network.resolve(DEMO_HOST, 587) == [Address("127.0.0.1", server.ports.starttls)]
    assert await network.resolve("LOCALHOST", RELAY_PORT) == [
        Address("127.0.0.1", server.ports.relay)
    ]
    with pytest.raises(socket.gaierror):
        await network.resolve("mail.example.org", 465)
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        port = somebody_else.getsockname()[1]
        [address] = await network.resolve(DEMO_HOST, port)
        with pytest.raises(ConnectionRefusedError):
            await network.connect(address)
