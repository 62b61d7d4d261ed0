"""A fake: stands in for the docker CLI, as no daemon is at hand.

Usage: python stand_in_docker.py DIRECTORY [ARGUMENT]… Messages and exit codes are those of docker
28 and Compose 2. The file ``manner`` of the directory says how to behave; how it was called is
noted in ``calls``. The container's log is ``container.log``, a time stamp before each line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Never

SOCKET = "unix:///var/run/docker.sock"
NO_DAEMON = f"Cannot connect to the Docker daemon at {SOCKET}. Is the docker daemon running?"
DENIED = f"permission denied while trying to connect to the Docker daemon socket at {SOCKET}"
NO_COMPOSE = "unknown shorthand flag: 'f' in -f\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]"


def fail(message: str, code: int = 1) -> Never:
    sys.stderr.write(f"{message}\n")
    sys.exit(code)


def follow(log: Path, since: str) -> Never:
    """Print the lines since a moment, and those to come."""
    printed = 0
    while True:
        lines = log.read_text().splitlines(keepends=True)
        for line in lines[printed:]:
            when, _, text = line.partition(" ")
            if when >= since:
                sys.stdout.write(text)
        sys.stdout.flush()
        printed = len(lines)
        time.sleep(0.02)


def main() -> None:
    here, arguments = Path(sys.argv[1]), sys.argv[2:]
    if "logs" not in arguments:  # there is no Compose to ask, so the plain files are read
        fail(NO_COMPOSE, 125)
    manner = (here / "manner").read_text()
    with (here / "calls").open("a") as calls:
        calls.write(f"{os.getpid()} {' '.join(arguments)} | {' '.join(sorted(os.environ))}\n")
    in_compose = arguments[0] == "compose"
    since = arguments[arguments.index("--since") + 1]
    match manner:
        case "no-daemon":
            fail(NO_DAEMON)
        case "denied":
            fail(DENIED)
        case "no-service" if in_compose:
            fail(f"no such service: {arguments[-1]}")
        case "no-service":
            fail(f"Error response from daemon: No such container: {arguments[-1]}")
        case "no-compose" if in_compose:
            fail(NO_COMPOSE, 125)
        case "stopped":
            sys.exit(0)
        case "hangs":
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            (here / "processes").write_text(f"{os.getpid()} {child.pid}")
            child.wait()
    follow(here / "container.log", since)


if __name__ == "__main__":
    main()
