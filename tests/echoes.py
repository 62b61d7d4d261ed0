"""A mail server on loopback that sends back the login, and what of it can be read in a text."""

from __future__ import annotations

import re
import socketserver
import threading
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from textwrap import wrap
from urllib.parse import quote

from wizard.text.display import MASK

USER = "you@example.org"


def _base64(before: str, secret: str, encode: Callable[[bytes], bytes] = b64encode) -> str:
    return encode((before + secret).encode()).decode()


FORMS: list[Callable[[str], str]] = [
    lambda secret: secret,
    lambda secret: _base64("", secret),
    lambda secret: _base64(f"\0{USER}\0", secret),
    lambda secret: _base64(f"{USER}:", secret),
    lambda secret: _base64("?", secret)[2:],
    lambda secret: _base64("??", secret)[3:],
    lambda secret: _base64("", secret, urlsafe_b64encode),
    lambda secret: secret.encode().hex(),
    lambda secret: secret.encode().hex(":"),
    lambda secret: quote(secret, safe=""),
    lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    lambda secret: "".join(f"\\x{byte:02x}" for byte in secret.encode()),
]
"""The ways in which a program may print a secret."""


def surviving(shown: str, form: str) -> set[str]:
    """Return the runs of six characters of ``form`` that can still be read in ``shown``.

    Line ends, what a reply or a transcript puts before each line, and punctuation are read over.
    """
    text = re.sub(r"(?m)^(?: *\d+\.\d{3} S: )?[2-5]\d\d[- ](?:5\.7\.8 )?", "", shown)
    return {
        run
        for keep in (visible, str.isalnum)
        for piece in text.split(MASK)
        for run in _runs(piece, keep) & _runs(form, keep)
    }


def visible(char: str) -> bool:
    """Whether there is something to read."""
    return char.isprintable() and char != " "


def _runs(text: str, keep: Callable[[str], bool]) -> set[str]:
    kept = "".join(char.lower()[:1] for char in text if keep(char))
    return {kept[start : start + 6] for start in range(len(kept) - 5)}


def _login(secret: str) -> str:
    return _base64(f"\0{USER}\0", secret)


ECHOES: dict[str, Callable[[str], Sequence[str]]] = {
    "the secret": lambda secret: [f"What is {secret}?"],
    "capitals": lambda secret: [f"What is {secret.upper()}?"],
    "brackets": lambda secret: [f"<<{secret}>> [{secret}]({secret})"],
    "pieces in brackets": lambda secret: ["".join(f"[{piece}]" for piece in wrap(secret, 4))],
    "blanks": lambda secret: [" ".join(secret)],
    "beginning": lambda secret: [f"bad login {secret[:9]}..."],
    "end": lambda secret: [f"bad login ...{secret[-9:]}"],
    "one piece in each line": lambda secret: wrap(secret, 5),
    "one character in each line": list,
    "login": lambda secret: [f"AUTH PLAIN {_login(secret)}"],
    "login, wrapped": lambda secret: wrap(_login(secret), 7),
    "login, cut": lambda secret: [_login(secret)[5:], _login(secret)[7:], _login(secret)[-11:-2]],
    "answer to a prompt": lambda secret: [_base64("", secret)],
    "basic authentication": lambda secret: [f"Basic {_base64(f'{USER}:', secret)}"],
    "in other data": lambda secret: [_base64("pw=", secret), _base64("x", secret)],
    "base64 for URLs": lambda secret: [_base64("", f"{secret}???>>>", urlsafe_b64encode)],
    "hex": lambda secret: [secret.encode().hex(), secret.encode().hex(" ").upper()],
    "hex dump": lambda secret: [f"{piece}" for piece in wrap(secret.encode().hex(":"), 11)],
    "a link": lambda secret: [f"https://example.org/?user=u&password={quote(secret, safe='')}"],
    "every byte with a percent sign": lambda secret: [FORMS[10](secret)],
    "a dump of a program": lambda secret: [f"{{'auth': ('{USER}', {secret!r})}}"],
    "control characters": lambda secret: ["\t".join(secret), "\x08\u200b".join(secret)],
}
"""What a reply to AUTH says, by name."""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionError):  # the client has left, which it may
            self._talk()

    def _talk(self) -> None:
        self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb == "EHLO":
                self.wfile.write(b"250-mail.example.org\r\n250 AUTH PLAIN\r\n")
            elif verb == "AUTH":
                self._echo(b64decode(rest.partition(" ")[2]).decode().rpartition("\0")[2])
            else:
                self.wfile.write(b"221 Bye\r\n" if verb == "QUIT" else b"250 Ok\r\n")

    def _echo(self, secret: str) -> None:
        assert isinstance(self.server, _Server)
        lines = [line for echo in self.server.echoes for line in echo(secret)]
        for number, line in enumerate(lines, 1):
            mark = " " if number == len(lines) else "-"
            self.wfile.write(f"535{mark}5.7.8 {line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    echoes: Sequence[Callable[[str], Sequence[str]]] = ()


@contextmanager
def echoing(*echoes: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """Serve on loopback, refusing every login with these echoes; yield the endpoint."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.echoes = echoes
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
