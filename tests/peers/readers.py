"""The real readers of `.env`, built from their published sources, to be asked by tests.

A test is skipped where the toolchain is absent or its registry out of reach; that a reader does
not compile is a failure. What is built stays in the ignored ``target`` directories.
"""

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

from tests.lock import locked

HERE = Path(__file__).parent

# (text, environment) -> whether it accepts all of the text, and the variables that it sees
Reader = Callable[[str, Mapping[str, str]], tuple[bool, dict[str, str]]]


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=800)


def download(directory: Path, *command: str, refusals: tuple[str, ...]) -> None:
    """Run a command that needs the network; its refusals to use the lock file are failures."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = run(directory, *command)
    if done.returncode and any(refusal in done.stderr for refusal in refusals):
        pytest.fail(done.stderr)
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {done.stderr.strip().splitlines()[-1]}")


def build(directory: Path, *command: str) -> None:
    done = run(directory, *command)
    if done.returncode:
        pytest.fail(done.stderr)


def node_modules(directory: Path, *options: str) -> Path:
    """Return the directory with what the lock file in ``directory`` lists.

    It is not touched where it is complete: another process may be running what is in it.
    """
    target, lock = directory / "target", "package-lock.json"
    modules = target / "node_modules"
    with locked(target):
        complete = (modules / ".package-lock.json").exists()
        if not complete or (target / lock).read_bytes() != (directory / lock).read_bytes():
            for name in ("package.json", lock):
                shutil.copy(directory / name, target)
            refusals = ("EUSAGE", "EINTEGRITY")
            download(target, "npm", "ci", "--no-audit", "--no-fund", *options, refusals=refusals)
    return modules


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
    directory = HERE / "dotenv_rust"
    with locked(directory / "target"):
        download(directory, "cargo", "fetch", "--locked", refusals=("--locked",))
        build(
            directory, "cargo", "build", "--release", "--locked", "--offline", "--target-dir=target"
        )
    program = directory / "target" / "release" / "dotenv_rust"
    with subprocess.Popen(
        [program, scratch], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process


@contextlib.contextmanager
def go_peer() -> Iterator[subprocess.Popen[bytes]]:
    """The packages that read `.env` for Docker Compose and for ``docker run --env-file``."""
    directory = HERE / "dotenv_go"
    refusals = ("SECURITY ERROR", "updates to go.mod", "missing go.sum entry")
    with locked(directory / "target"):
        download(directory, "go", "mod", "download", refusals=refusals)
        build(directory, "go", "build", "-mod=readonly", "-o", "target/dotenv_go", ".")
    program = directory / "target" / "dotenv_go"
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
