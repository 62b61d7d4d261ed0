"""Moving the secret from one store to another, so that a good copy exists at every moment."""

from __future__ import annotations

from wizard.errors import StoreUnusable
from wizard.stores.store import Store


def move(source: Store, target: Store) -> None:
    """Write to ``target``, read back, compare; only then remove from ``source``.

    Raises :class:`StoreUnusable`, which says where the secret is now; ``source`` is untouched
    unless its removal itself was under way.
    """
    secret = source.read()
    if secret is None:
        raise StoreUnusable(
            "move-nothing-there",
            f"There is no secret in {source.name} that could be moved.",
            "Look where it is: smtp-wizard show",
        )
    stays = f"The secret is still in {source.name}; nothing was removed."
    found = target.look()
    if not found.usable:
        raise StoreUnusable(found.code, f"{found.sentence} {stays}", found.remedy)
    try:
        target.write(secret)
        copy = target.read()
    except StoreUnusable as error:
        raise _said(error, stays) from None
    if copy != secret:
        raise StoreUnusable(
            "move-not-verified",
            f"What {target.name} gives back is not what was stored. {stays}",
            "Use another store.",
        )
    try:
        source.delete()
        remains = source.present()
    except StoreUnusable as error:
        raise _said(error, _both(source, target)) from None
    if remains:
        raise StoreUnusable(
            "move-not-removed",
            _both(source, target),
            f"Remove it from {source.name} by hand.",
        )


def _both(source: Store, target: Store) -> str:
    return f"The secret is in {target.name} now, but it may also still be in {source.name}."


def _said(error: StoreUnusable, where: str) -> StoreUnusable:
    return StoreUnusable(
        error.code, f"{error.message} {where}", error.remedy, path=error.path, line=error.line
    )
