"""The OS keyring, for one request; runs as a program of its own, because any call may hang.

Reads one JSON object from standard input: ``action`` (``check``, ``exists``, ``read``, ``write``
or ``delete``), ``service``, ``user``, ``label``, ``secret``, ``accepted`` (a backend of the
operator's choice that may be used), ``deadline`` in seconds, and ``path`` for ``sys.path``.
Writes one JSON object: ``code`` (empty when all went well) and ``backend``, ``exists``,
``secret`` as far as they are known. Nothing here imports the rest of smtp-wizard.
"""

from __future__ import annotations

import configparser
import contextlib
import ctypes
import json
import os
import re
import secrets
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_SECRET_SERVICE = "keyring.backends.SecretService.Keyring"  # noqa: S105  (a name)
_NATIVE = {
    "darwin": "keyring.backends.macOS.Keyring",
    "win32": "keyring.backends.Windows.WinVaultKeyring",
}
_CHAINER = "keyring.backends.chainer.ChainerBackend"
_BUS_NAME = "org.freedesktop.secrets"
_PROBE_SERVICE = "bomnipotent-smtp-trial"


class Unusable(Exception):
    """Why the keyring cannot do what is asked for; ``facts`` go into the answer."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    _protect(request["deadline"])
    sys.path[:] = request["path"]
    try:
        answer = {"code": "", **_answer(request)}
    except Unusable as problem:
        answer = {"code": problem.code, **problem.facts}
    except ImportError as problem:
        answer = {"code": "keyring-not-installed", "detail": type(problem).__name__}
    except Exception as problem:  # noqa: BLE001  (backends raise whatever they like)
        # Not its message, which may quote a value.
        answer = {"code": "keyring-failed", "detail": type(problem).__name__}
    json.dump(answer, sys.stdout)


def _protect(deadline: float) -> None:
    """Write no core file, and end by the deadline even when nobody is left to enforce it."""
    with contextlib.suppress(Exception):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(Exception):
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, deadline)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    name = _backend_name()
    if name == _SECRET_SERVICE:
        _find_bus()
        _check_collection(request)
    backend = _load(name, request)
    if request["action"] == "check" and name not in (_SECRET_SERVICE, *_NATIVE.values()):
        _require_consent(name, request)
    actions: dict[str, Callable[[Any, dict[str, Any]], dict[str, Any]]] = {
        "check": _try_out,
        "exists": _exists,
        "read": _read,
        "write": _write,
        "delete": _delete,
    }
    return {"backend": name, **actions[request["action"]](backend, request)}


# Which keyring


def _backend_name() -> str:
    """Return what the operator has configured, else the native keyring of this system."""
    return (
        os.environ.get("PYTHON_KEYRING_BACKEND")
        or _configured()
        or _NATIVE.get(sys.platform, _SECRET_SERVICE)
    )


def _configured() -> str:
    from keyring.util import platform_

    config = configparser.RawConfigParser()
    # RuntimeError: an account without a home directory has configured nothing.
    with contextlib.suppress(configparser.Error, UnicodeDecodeError, OSError, RuntimeError):
        config.read(Path(platform_.config_root()) / "keyringrc.cfg", encoding="utf-8")
    return config.get("backend", "default-keyring", fallback="").strip()


def _load(name: str, request: dict[str, Any]) -> Any:
    """Return the backend; refuse those that lose the secret, or write it in clear text."""
    _refuse(name, name)
    if name in (_SECRET_SERVICE, *_NATIVE.values()):
        from keyring import core

        return core.load_keyring(name)
    if request["action"] == "write":
        _require_consent(name, request)
    from keyring import core

    try:
        backend: Any = core.load_keyring(name)
    except Exception as problem:  # noqa: BLE001  (backends raise whatever they like)
        raise Unusable(
            "keyring-backend-broken", backend=name, detail=type(problem).__name__
        ) from None
    if name == _CHAINER:
        members = [_name_of(member) for member in backend.backends]
        if not members:
            raise Unusable("keyring-backend-refused", backend=name)
        for member in members:
            _refuse(member, name)
    return backend


def _refuse(name: str, shown: str) -> None:
    """Refuse ``null``, ``fail`` and clear text, by name."""
    module, _, kind = name.rpartition(".")
    if module in ("keyring.backends.null", "keyring.backends.fail") or "plaintext" in kind.lower():
        raise Unusable("keyring-backend-refused", backend=shown)


def _require_consent(name: str, request: dict[str, Any]) -> None:
    if request["accepted"] != name:
        raise Unusable("keyring-backend-foreign", backend=name)


def _name_of(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


# The Secret Service, without any prompt


def _find_bus() -> None:
    """Make sure that there is a session bus, and that it is ours."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if not address:
        bus = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent") / "bus"
        if _owner_of_socket(bus) != os.geteuid():
            raise Unusable("keyring-root" if os.geteuid() == 0 else "keyring-no-bus")
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
        return
    if path := re.match(r"unix:(?:[^;]*,)?path=([^,;]+)", address):
        owner = _owner_of_socket(Path(unquote(path[1])))
        if owner is None:
            raise Unusable("keyring-no-bus")
        if owner != os.geteuid():
            raise Unusable("keyring-root" if os.geteuid() == 0 else "keyring-bus-not-ours")


def _owner_of_socket(path: Path) -> int | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_uid if stat.S_ISSOCK(status.st_mode) else None


def _check_collection(request: dict[str, Any]) -> None:
    """Raise :class:`Unusable` unless the default collection is there and unlocked."""
    import secretstorage

    with _connection() as connection:
        if not secretstorage.check_service_availability(connection):
            raise Unusable("keyring-no-service")
        try:
            collection = secretstorage.get_collection_by_alias(connection, "default")
        except secretstorage.ItemNotFoundException:
            raise Unusable("keyring-no-collection") from None
        except Exception as problem:  # noqa: BLE001  (not only errors of secretstorage)
            raise Unusable("keyring-service-failed", detail=type(problem).__name__) from None
        query = {"service": request["service"], "username": request["user"]}
        exists = any(True for _ in collection.search_items(query))
        if collection.is_locked() and request["action"] != "exists":
            raise Unusable("keyring-locked", exists=exists)
        request["exists"] = exists


@contextlib.contextmanager
def _connection() -> Iterator[Any]:
    import secretstorage

    try:
        connection = secretstorage.dbus_init()
    except Exception:  # noqa: BLE001  (jeepney passes on any error of the socket)
        if os.geteuid() == 0 and os.environ.get("SUDO_UID"):
            raise Unusable("keyring-root") from None
        raise Unusable("keyring-no-bus") from None
    with contextlib.closing(connection):
        yield connection


# What is asked for


def _try_out(backend: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Store, read and remove a throw-away value: a keyring may lose what it takes."""
    user, value = f"trial-{secrets.token_hex(8)}", secrets.token_urlsafe(16)
    backend.set_password(_PROBE_SERVICE, user, value)
    try:
        kept = backend.get_password(_PROBE_SERVICE, user) == value
    finally:
        with contextlib.suppress(Exception):
            backend.delete_password(_PROBE_SERVICE, user)
    if not kept or backend.get_password(_PROBE_SERVICE, user) is not None:
        raise Unusable("keyring-loses-secrets", backend=_name_of(backend))
    return {"exists": request.get("exists")}


def _exists(backend: Any, request: dict[str, Any]) -> dict[str, Any]:
    if "exists" in request:
        return {"exists": request["exists"]}
    # Other keyrings cannot search; at least the secret does not leave this process.
    return {"exists": backend.get_password(request["service"], request["user"]) is not None}


def _read(backend: Any, request: dict[str, Any]) -> dict[str, Any]:
    return {"secret": backend.get_password(request["service"], request["user"])}


def _write(backend: Any, request: dict[str, Any]) -> dict[str, Any]:
    service, user = request["service"], request["user"]
    backend.set_password(service, user, request["secret"])
    if backend.get_password(service, user) != request["secret"]:
        raise Unusable("keyring-loses-secrets", backend=_name_of(backend))
    if _name_of(backend) == _SECRET_SERVICE:
        with contextlib.suppress(Exception):  # only what a password manager shows
            _set_label(request)
    return {}


def _set_label(request: dict[str, Any]) -> None:
    import secretstorage

    with _connection() as connection:
        collection = secretstorage.get_collection_by_alias(connection, "default")
        query = {"service": request["service"], "username": request["user"]}
        for item in collection.search_items(query):
            item.set_label(request["label"])


def _delete(backend: Any, request: dict[str, Any]) -> dict[str, Any]:
    if backend.get_password(request["service"], request["user"]) is None:
        return {}
    backend.delete_password(request["service"], request["user"])
    if backend.get_password(request["service"], request["user"]) is not None:
        raise Unusable("keyring-not-deleted")
    return {}


if __name__ == "__main__":
    main()
