"""The real readers of `.env`, built from their published sources, to be asked by tests.

A reader is skipped where its toolchain is absent or its registry out of reach; that it does not
compile is a failure. What is built stays in the ignored ``target`` directories.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO

import pytest

HERE = Path(__file__).parent

# (text, environment) -> whether it accepts all of the text, and the variables that it sees
Reader = Callable[[str, Mapping[str, str]], tuple[bool, dict[str, str]]]


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=100)


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


@pytest.fixture(scope="session")
def rust_peer(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[subprocess.Popen[bytes]]:
    directory = HERE / "dotenv_rust"
    download(directory, "cargo", "fetch", "--locked", refusals=("--locked",))
    build(directory, "cargo", "build", "--release", "--locked", "--offline", "--target-dir=target")
    program = directory / "target" / "release" / "dotenv_rust"
    scratch = tmp_path_factory.mktemp("dotenv_rust") / "env"
    with subprocess.Popen(
        [program, scratch], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process


@pytest.fixture(scope="session")
def go_peer() -> Iterator[subprocess.Popen[bytes]]:
    directory = HERE / "dotenv_go"
    refusals = ("SECURITY ERROR", "updates to go.mod", "missing go.sum entry")
    download(directory, "go", "mod", "download", refusals=refusals)
    build(directory, "go", "build", "-mod=readonly", "-o", "target/dotenv_go", ".")
    program = directory / "target" / "dotenv_go"
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


@pytest.fixture(scope="session")
def node_peer() -> Iterator[subprocess.Popen[bytes]]:
    directory = HERE / "dotenv_node"
    target = directory / "target"
    target.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(directory / name, target)
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    download(target, "npm", "ci", "--no-audit", "--no-fund", refusals=("EUSAGE", "EINTEGRITY"))
    with subprocess.Popen(
        ["node", directory / "main.js", target], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process


@pytest.fixture(scope="session")
def dotenvy(rust_peer: subprocess.Popen[bytes]) -> Reader:
    """The server: the variables are its environment after loading."""
    return partial(ask, rust_peer, "dotenvy")


@pytest.fixture(scope="session")
def elder_dotenv(rust_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(ask, rust_peer, "dotenv")


@pytest.fixture(scope="session")
def compose(go_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(ask, go_peer, "compose")


@pytest.fixture(scope="session")
def docker_run(go_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(ask, go_peer, "docker run")


@pytest.fixture(scope="session", params=["dotenv-16", "dotenv-18"])
def node(request: pytest.FixtureRequest, node_peer: subprocess.Popen[bytes]) -> Reader:
    def read(text: str, environ: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        assert not environ, "node's dotenv looks at nothing but the text"
        assert node_peer.stdin is not None
        assert node_peer.stdout is not None
        node_peer.stdin.write(json.dumps([request.param, text]).encode() + b"\n")
        node_peer.stdin.flush()
        variables: dict[str, str] = json.loads(node_peer.stdout.readline())
        return True, variables

    return read
