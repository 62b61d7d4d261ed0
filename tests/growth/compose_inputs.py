"""Kinds of compose files that grow with a number, and of what they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.growth.inputs import Files, lines

_SMTP = '[smtp]\nuser = "me@example.org"\nendpoint = "127.0.0.1"\nsecret = "${SMTP_SECRET}"\n'
_ENV = "SMTP_SECRET=hunter22\n"
_SERVER = """\
services:
  server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
"""


def _nothing(count: int) -> str:
    return ""


def of_compose(
    text: Callable[[int], str], before: Callable[[int], str] = _nothing
) -> Callable[[int], Files]:
    """Return a compose file with ``text`` at the end of the server's service."""
    return lambda count: {
        "config.toml": _SMTP,
        ".env": _ENV,
        "compose.yaml": before(count) + _SERVER + text(count),
    }


def _flow(key: str, item: str) -> Callable[[int], str]:
    """Return a list in one line, with its number in the place of ``N`` in each item."""
    return lambda count: (
        f"    {key}: [" + ", ".join(item.replace("N", str(n)) for n in range(count)) + "]\n"
    )


def _with_references(compose: Callable[[int], str], named: str = "") -> Callable[[int], Files]:
    """Return a config.toml that refers to as many variables as there are in the other files."""
    return lambda count: {
        "config.toml": lines('kN = "${VN}"')(count) + _SMTP,
        ".env": _ENV,
        "compose.yaml": _SERVER + compose(count),
        "named.env": lines(named)(count) if named else "",
    }


def _aliases(count: int) -> str:
    depth = count.bit_length()
    return "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, depth + 1)
    )


def _merges(count: int) -> str:
    return "x0: &x0 {k: v}\n" + "".join(
        f"x{n}: &x{n}\n  <<: [*x{n - 1}, *x{n - 1}]\n  k{n}: v\n" for n in range(1, count)
    )


COMPOSE_INPUTS: Mapping[str, Callable[[int], Files]] = {
    "blank lines": of_compose(lines("")),
    "comments": of_compose(lines("# prose")),
    "labels": of_compose(lambda count: "    labels:\n" + lines("      kN: v")(count)),
    "services": of_compose(lines("  sN: {image: x}")),
    "documents": of_compose(lines("---")),
    "variables": of_compose(lines("      VN: ${VN}")),
    "required variables": of_compose(lines("      VN: ${VN:?}")),
    "references in one value": of_compose(lambda count: "      A: '" + "${B}" * count + "'\n"),
    "dollars": of_compose(lambda count: "      A: '" + "$" * count + "'\n"),
    "colons in a volume": of_compose(lambda count: "    volumes: ['" + ":" * count + "']\n"),
    "volumes": of_compose(_flow("volumes", "./aN:/b")),
    "hosts": of_compose(_flow("extra_hosts", "'aN:192.0.2.1'")),
    "networks": of_compose(_flow("networks", "nN")),
    "env files": of_compose(_flow("env_file", "eN.env")),
    "one env file again and again": lambda count: {
        **of_compose(_flow("env_file", "named.env"))(count),
        "named.env": lines("AN=x")(count),
    },
    "aliases": of_compose(_nothing, before=_aliases),
    "merges": of_compose(
        lambda count: f"    <<: *x{count - 1}\n" if count > 1 else "", before=_merges
    ),
    "one mapping merged again and again": of_compose(
        lambda count: "    <<: [" + "*x, " * count + "*x]\n",
        before=lambda count: "x: &x\n" + lines("  kN: v")(count),
    ),
    "included files": of_compose(
        _nothing, before=lambda count: "include: [" + "named.yaml, " * count + "named.yaml]\n"
    ),
    "one compose file again and again": lambda count: {
        **of_compose(_nothing)(count),
        ".env": "COMPOSE_FILE=" + ":".join(["compose.yaml"] * count) + "\n" + _ENV,
    },
    "compose files": lambda count: {
        **of_compose(_nothing)(count),
        ".env": "COMPOSE_FILE=" + ":".join(f"c{n}.yaml" for n in range(count)) + "\n" + _ENV,
    },
    "references to variables of the service": _with_references(lines("      VN: ${VN}")),
    "references to variables of an env file": _with_references(
        lambda count: "    env_file: named.env\n", "VN=x"
    ),
    "references to variables of a raw env file": _with_references(
        lambda count: "    env_file: [{path: named.env, format: raw}]\n", "VN=x"
    ),
    "references to variables of no env file": _with_references(_flow("env_file", "eN.env")),
}
