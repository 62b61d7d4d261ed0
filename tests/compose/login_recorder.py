"""A mail server that accepts every password but an empty one, and writes down what it was told.

``python -m tests.compose.login_recorder ADDRESS PORT FILE`` appends to the file, for each
connection that got as far as ``EHLO``, one line of JSON: its name, user and secret.
"""

from __future__ import annotations

import base64
import json
import socketserver
import sys
from pathlib import Path


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    record: Path

    def handle(self) -> None:
        heard: dict[str, str | None] = {"name": None, "user": None, "secret": None}
        self.say("220 mail.peer.example ESMTP")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    heard["name"] = rest
                    self.say("250-mail.peer.example\r\n250 AUTH PLAIN")
                case "AUTH":
                    plain = base64.b64decode(rest.split()[-1]).decode()
                    _, heard["user"], heard["secret"] = plain.split("\0")
                    self.say("235 2.7.0 Accepted" if heard["secret"] else "535 5.7.8 No password")
                case "QUIT":
                    break
                case _:
                    self.say("250 2.0.0 Ok")
        # Before the answer: whoever waits for it finds the line.
        if heard["name"] is not None:
            with self.record.open("a") as stream:
                stream.write(json.dumps(heard) + "\n")
        self.say("221 2.0.0 Bye")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def main() -> None:
    address, port, file = sys.argv[1:]
    Session.record = Path(file)
    socketserver.TCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer((address, int(port)), Session) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
