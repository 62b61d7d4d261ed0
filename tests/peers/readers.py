"""The real readers of `.env`, to be asked by tests."""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import pytest

from tests.peers.programs import built, go_program, node_modules

HERE = Path(__file__).parent

# (text, environment) -> whether it accepts all of the text, and the variables that it sees
Reader = Callable[[str, Mapping[str, str]], tuple[bool, dict[str, str]]]


def pack(message: list[str]) -> bytes:
    """Return a message as the peers read it: the number of strings, then each with its length."""
    parts = [struct.pack("<I", len(message))]
    for text in message:
        data = text.encode()
        parts += [struct.pack("<I", len(data)), data]
    return b"".join(parts)


def unpack(stream: IO[bytes]) -> list[str]:
    (count,) = struct.unpack("<I", stream.read(4))
    return [stream.read(*struct.unpack("<I", stream.read(4))).decode() for _ in range(count)]


def ask(
    process: subprocess.Popen[bytes], reader: str, text: str, environ: Mapping[str, str]
) -> tuple[bool, dict[str, str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    pairs = [part for pair in environ.items() for part in pair]
    process.stdin.write(pack([reader, text, *pairs]))
    process.stdin.flush()
    verdict, *answer = unpack(process.stdout)
    return verdict == "ok", dict(zip(answer[::2], answer[1::2], strict=True))


@contextlib.contextmanager
def rust_peer(scratch: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The crates dotenvy and dotenv; the latter reads files alone, and so needs ``scratch``."""
    with subprocess.Popen(
        [built("dotenv_rust"), scratch], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process


@contextlib.contextmanager
def go_peer() -> Iterator[subprocess.Popen[bytes]]:
    """The packages that read `.env` for Docker Compose and for ``docker run --env-file``."""
    program = go_program(HERE / "dotenv_go", ".")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


@contextlib.contextmanager
def node_peer() -> Iterator[subprocess.Popen[bytes]]:
    """The npm package dotenv, in two versions."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    directory = HERE / "dotenv_node"
    target = node_modules(directory).parent
    with subprocess.Popen(
        ["node", directory / "main.js", target], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process


def ask_node(
    process: subprocess.Popen[bytes], version: str, text: str, environ: Mapping[str, str]
) -> tuple[bool, dict[str, str]]:
    assert not environ, "node's dotenv looks at nothing but the text"
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([version, text]).encode() + b"\n")
    process.stdin.flush()
    variables: dict[str, str] = json.loads(process.stdout.readline())
    return True, variables


def ask_shell(
    shell: str, scratch: Path, text: str, environ: Mapping[str, str]
) -> tuple[bool, dict[str, str]]:
    """Source the text in a shell that finds no commands."""
    scratch.write_text(text, "utf-8", newline="")
    script = 'PATH=/nonexistent; set -a; . "$1"; exec "$2" -0'
    env = shutil.which("env")
    assert env is not None
    done = subprocess.run(
        [shell, "-c", script, shell, scratch, env],
        capture_output=True, env=dict(environ), check=False,
    )  # fmt: skip
    pairs = (entry.partition("=") for entry in done.stdout.decode().split("\0"))
    return done.returncode == 0, {name: value for name, _, value in pairs}
