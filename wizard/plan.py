"""All changes as one value: made from a draft, previewed, applied whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from wizard import files
from wizard.change import FileChange, StoreChange
from wizard.current import Current, Place
from wizard.draft import Draft
from wizard.errors import (
    FileRefused,
    InvalidValue,
    StoreUnusable,
    WizardError,
    WriteFailed,
)
from wizard.formats.config.edit import REMOVE, ConfigEdit, edit_config
from wizard.formats.config.mask import mask_config
from wizard.formats.config.references import choose_reference
from wizard.formats.config.view import parse_config
from wizard.formats.dotenv.mask import mask_dotenv
from wizard.formats.dotenv.variable import remove_variable, set_variable
from wizard.formats.text import encode
from wizard.secret import Keep, Remove, Replace, Secret, SecretEdit
from wizard.settings import Caution, SkipForm
from wizard.stores import where
from wizard.stores.store import Store, StoreName

StoreFactory = Callable[[Current, StoreName], Store]


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, in the order in which they are made.

    A secret is stored and read back first, ``.env`` comes next, config.toml last; a copy of the
    secret that is not needed any more is removed when everything else is done.
    """

    changes: tuple[FileChange, ...]
    """``.env``, then config.toml."""
    variable: str | None
    """The variable that holds the secret; None where config.toml refers to none."""
    secret_changed: bool
    restart_needed: bool
    store: StoreName = StoreName.ENV
    stored: StoreChange | None = None
    removed: StoreChange | None = None

    @property
    def changed(self) -> bool:
        """Whether anything would be written at all."""
        in_stores = self.stored is not None or self.removed is not None
        return in_stores or any(change.changed for change in self.changes)

    @property
    def about_stores(self) -> tuple[str, ...]:
        """What happens to the secret outside of the files, as sentences."""
        words = []
        if self.stored is not None:
            words.append(f"The secret is stored in {self.stored.store.name} and read back.")
        if self.removed is not None:
            words.append(f"The secret in {self.removed.store.name} is removed.")
        return tuple(words)

    def apply(self) -> tuple[Caution, ...]:
        """Write everything or nothing; return what could not be tidied up afterwards.

        Raises :class:`FileRefused` when a file is no longer as the plan knows it,
        :class:`StoreUnusable` when a store does not answer, and :class:`WriteFailed` when the
        system refuses.
        """
        wanted = [change for change in self.changes if change.changed]
        for change in wanted:
            if files.read(change.before.path).data != change.before.data:
                raise files.changed(change.before.path)
        done: list[tuple[str, Callable[[], None]]] = []
        try:
            if self.stored is not None:
                undo = partial(self.stored.take_back, self.stored.now())
                done.append((self.stored.store.name, undo))  # a write may fail half done
                self.stored.make()
            for change in wanted:
                directories = files.replace(change.before, change.after, change.new_mode)
                done.append((str(change.before.path), partial(_put_back, change, directories)))
        except BaseException:
            _take_back(done)
            raise
        return self._tidy_up()

    def _tidy_up(self) -> tuple[Caution, ...]:
        """Remove the copy that is not needed any more; a failure takes nothing back."""
        try:
            if self.removed is not None:
                self.removed.make()
        except StoreUnusable as error:
            name = "" if self.removed is None else self.removed.store.name
            return (
                Caution(
                    "old-copy-remains",
                    "secret",
                    f"Everything is written, but the old secret may still be in {name}: "
                    f"{error.message}",
                ),
            )
        return ()


def _put_back(change: FileChange, directories: list[Path]) -> None:
    files.put_back(change.before, change.after)
    files.remove_directories(directories)


def _take_back(done: list[tuple[str, Callable[[], None]]]) -> None:
    failed = []
    for name, undo in reversed(done):
        try:
            undo()
        except WizardError:
            failed.append(name)
    if failed:
        raise WriteFailed(
            "not-put-back",
            f"Writing failed, and {' and '.join(failed)} could not be put back.",
            "Look there before you start the server.",
        )


def make_plan(
    current: Current,
    draft: Draft,
    variable: str | None = None,
    *,
    stores: StoreFactory = where.store,
) -> Plan:
    """Work out the changes that ``draft`` needs; raise a :class:`WizardError` if impossible.

    ``variable`` names the variable for the secret (default: the one that is referred to now),
    ``stores`` gives the store behind a name (default: the operator's own).
    """
    name = variable or current.variable
    secret = _secret_to_store(current, draft, name)
    config_text = _config(current, draft, secret, name)
    config = FileChange(
        current.config, encode(config_text), mask_config, files.new_file_mode(current.config.path)
    )
    env = FileChange(current.env, encode(_env(current, draft, secret, name)), mask_dotenv)
    stored, removed = _stores(current, draft, secret, stores)
    changed = _secret_changed(current, draft, secret)
    smtp = parse_config(config_text).smtp
    refers = smtp is not None and smtp.secret is not None and "${" in smtp.secret
    return Plan(
        (env, config),
        name if refers else None,
        changed,
        env.changed or changed or config.created,
        draft.store,
        stored,
        removed,
    )


def _secret_to_store(current: Current, draft: Draft, name: str) -> SecretEdit:
    """Return the edit; keeping the secret under another name or elsewhere means storing it."""
    smtp = current.view.smtp
    place = Draft.of(current).store
    secret = draft.secret
    moves = draft.store is not place or current.reference not in (None, name)
    if isinstance(secret, Keep) and moves and smtp is not None and smtp.secret is not None:
        # What is moved is what is stored, even where the environment has something else.
        kept = None if current.reference is None else _kept(current, place.place)
        if kept is None:
            raise InvalidValue(
                "secret-not-movable",
                "There is no stored secret that could be moved.",
                "Give it once more: --secret-stdin, --secret-file or --secret-env.",
            )
        secret = Replace(kept)
    elsewhere = current.view.references_elsewhere(name)
    if isinstance(secret, Replace) and draft.store is not StoreName.ENV and elsewhere:
        raise InvalidValue(
            "variable-used-elsewhere",
            f"config.toml uses ${{{name}}} in another place, too, so it has to stay in .env.",
            "Choose another variable for the secret: --secret-var NAME",
        )
    return secret


def _secret_changed(current: Current, draft: Draft, secret: SecretEdit) -> bool:
    smtp = current.view.smtp
    match secret:
        case Keep():
            return False
        case Remove():
            return smtp is not None and smtp.secret is not None
        case Replace(new):
            place = draft.store.place
            return place not in current.places() or new != _kept(current, place)


def _kept(current: Current, place: Place) -> Secret | None:
    """Return the secret that is in ``place`` now."""
    if place is not Place.ENV_FILE:
        return current.stored
    text = current.in_env_file(current.variable)
    return Secret(text) if text else None


def _stores(
    current: Current, draft: Draft, secret: SecretEdit, stores: StoreFactory
) -> tuple[StoreChange | None, StoreChange | None]:
    """Return what to store outside of files, and what to remove there."""
    if isinstance(secret, Keep):
        return None, None
    before = StoreName.of(current.stored_place)
    stored = removed = None
    if isinstance(secret, Replace) and draft.store is not StoreName.ENV:
        unchanged = before is draft.store and current.stored == secret.secret
        if not unchanged:
            stored = StoreChange(stores(current, draft.store), secret.secret)
    leaves = isinstance(secret, Remove) or before is not draft.store
    if before is not StoreName.ENV and leaves:
        removed = StoreChange(stores(current, before), None)
    return stored, removed


def _config(current: Current, draft: Draft, secret: SecretEdit, name: str) -> str:
    try:
        return edit_config(current.config_text, _config_edit(current, draft, secret, name))
    except FileRefused as error:
        raise error.at(current.config.path) from None


def _config_edit(current: Current, draft: Draft, secret: SecretEdit, name: str) -> ConfigEdit:
    skip: SkipForm | Literal[False] = False
    if draft.skip:
        skip = draft.skip_form or SkipForm.GLOBAL
    if not draft.delivers:
        return ConfigEdit(skip=skip)
    smtp = current.view.smtp
    edit = ConfigEdit(
        user=draft.user,
        endpoint=draft.endpoint,
        # A starttls = ${NAME} that already means what is wanted stays as it is.
        starttls=None if draft.starttls == Draft.of(current).starttls else draft.starttls,
        skip=skip,
    )
    match secret:
        case Keep():
            return edit
        case Remove():
            return replace(edit, secret_source=REMOVE)
        case Replace(new):
            present = None if smtp is None or current.reference != name else smtp.secret_source
            source = choose_reference(name, new.reveal(), present)
            return replace(edit, secret_source=source)


def _env(current: Current, draft: Draft, secret: SecretEdit, name: str) -> str:
    text, old = current.env_text, current.reference
    in_env = draft.store is StoreName.ENV
    try:
        if isinstance(secret, Replace) and in_env:
            text = set_variable(text, name, secret.secret.reveal(), current.environ)
        abandoned = {old} if isinstance(secret, Replace | Remove) else set()
        abandoned |= {name} if isinstance(secret, Replace) else set()
        abandoned -= {name} if isinstance(secret, Replace) and in_env else set()
        for unused in abandoned:
            if unused is not None and not current.view.references_elsewhere(unused):
                text = remove_variable(text, unused, current.environ)
    except FileRefused as error:
        raise error.at(current.env.path) from None
    return text
