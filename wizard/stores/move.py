"""Moving the secret from one store to another, so that a good copy exists at every moment."""

from __future__ import annotations

from wizard.errors import StoreUnusable
from wizard.language import _
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
            _("There is no secret in {name} that could be moved.", name=source.name),
            _("Look where it is: smtp-wizard show"),
        )
    stays = _("The secret is still in {name}; nothing was removed.", name=source.name)
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
            _(
                "What {name} gives back is not what was stored. {stays}",
                name=target.name,
                stays=stays,
            ),
            _("Use another store."),
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
            _("Remove it from {name} by hand.", name=source.name),
        )


def _both(source: Store, target: Store) -> str:
    return _(
        "The secret is in {name} now, but it may also still be in {old}.",
        name=target.name,
        old=source.name,
    )


def _said(error: StoreUnusable, where: str) -> StoreUnusable:
    return StoreUnusable(
        error.code, f"{error.message} {where}", error.remedy, path=error.path, line=error.line
    )
