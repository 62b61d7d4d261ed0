"""All changes as one value: made from a draft, previewed, applied whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.errors import FileRefused, Finding, InvalidValue
from wizard.files import replacing
from wizard.formats.config_toml.edit import REMOVE, ConfigEdit, edit_config
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.config_toml.skip_form import SkipKey
from wizard.formats.config_toml.view import parse_config
from wizard.formats.dotenv.variables import remove_variable, set_variable
from wizard.formats.text import encode
from wizard.saving.change import STORES, FileChange, StoreChange, StoreOpener
from wizard.saving.journal import FileRole
from wizard.saving.transaction import apply_changes
from wizard.secrets.secret import Keep, Remove, Replace, Secret, SecretEdit
from wizard.secrets.store import SecretSource, StoreKind
from wizard.text.language import _


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, in the order in which they are made.

    How they are made whole or not at all is told in :mod:`wizard.saving.transaction`.
    """

    config: Path
    changes: tuple[FileChange, ...]
    """``.env``, then config.toml."""
    variable: str | None
    """The variable that holds the secret; None where config.toml refers to none."""
    secret_changed: bool
    restart_needed: bool
    store: StoreKind = StoreKind.ENV
    in_stores: tuple[StoreChange, ...] = ()
    """What happens to the secret outside of the files; copies are removed last."""

    @property
    def changed(self) -> bool:
        """Whether anything would be written at all."""
        return bool(self.in_stores) or any(change.changed for change in self.changes)

    def about_stores(self, left: Sequence[Finding] = ()) -> tuple[str, ...]:
        """Tell what happens to the secret outside of the files.

        After the plan was applied, ``left`` is what could not be tidied up.
        """
        remains = any(caution.code == "old-copy-remains" for caution in left)
        return tuple(
            _("The secret in {name} is removed.", name=change.store.name)
            if change.after is None
            else _("The secret is stored in {name} and read back.", name=change.store.name)
            for change in self.in_stores
            if change.after is not None or not remains
        )

    def apply(self, command: str = "set", *, keep: bool = True) -> tuple[Finding, ...]:
        """Write everything or nothing; see :func:`wizard.saving.transaction.apply_changes`."""
        return apply_changes(self.config, self.changes, self.in_stores, command=command, keep=keep)


def make_plan(
    current: CurrentConfig,
    draft: Draft,
    variable: str | None = None,
    *,
    stores: StoreOpener = STORES,
) -> Plan:
    """Work out the changes that ``draft`` needs; raise a :class:`WizardError` if impossible.

    ``variable`` names the variable for the secret (default: the one that is referred to now).
    """
    name = variable or current.variable
    secret = _secret_to_store(current, draft, name)
    config_text = _config(current, draft, secret, name)
    config = FileChange(
        current.config,
        encode(config_text),
        FileRole.CONFIG,
        replacing.new_file_mode(current.config.path),
    )
    env = FileChange(current.env, encode(_env(current, draft, secret, name)), FileRole.ENV)
    changed = _secret_changed(current, draft, secret)
    smtp = parse_config(config_text).smtp
    refers = smtp is not None and smtp.secret is not None and "${" in smtp.secret
    return Plan(
        current.config.path,
        (env, config),
        name if refers else None,
        changed,
        env.changed or changed or config.created,
        draft.store,
        _stores(current, draft, secret, stores),
    )


def _secret_to_store(current: CurrentConfig, draft: Draft, name: str) -> SecretEdit:
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
                _("There is no stored secret that could be moved."),
                _("Give it once more: --secret-stdin, --secret-file or --secret-env."),
            )
        secret = Replace(kept)
    elsewhere = current.view.references_elsewhere(name)
    if isinstance(secret, Replace) and draft.store is not StoreKind.ENV and elsewhere:
        raise InvalidValue(
            "variable-used-elsewhere",
            _(
                "config.toml uses ${{{name}}} in another place, too, so it has to stay in .env.",
                name=name,
            ),
            _("Choose another variable for the secret: --secret-var NAME"),
        )
    return secret


def _secret_changed(current: CurrentConfig, draft: Draft, secret: SecretEdit) -> bool:
    smtp = current.view.smtp
    match secret:
        case Keep():
            return False
        case Remove():
            return smtp is not None and smtp.secret is not None
        case Replace(new):
            place = draft.store.place
            return place not in current.places() or new != _kept(current, place)


def _kept(current: CurrentConfig, place: SecretSource) -> Secret | None:
    """Return the secret that is in ``place`` now."""
    if place is not SecretSource.ENV_FILE:
        return current.stored
    text = current.in_env_file(current.variable)
    return Secret(text) if text else None


def _stores(
    current: CurrentConfig, draft: Draft, secret: SecretEdit, stores: StoreOpener
) -> tuple[StoreChange, ...]:
    """Return what to store outside of files, and then what to remove there."""
    if isinstance(secret, Keep):
        return ()
    before = StoreKind.of(current.stored_place)
    changes = []
    if isinstance(secret, Replace) and draft.store is not StoreKind.ENV:
        unchanged = before is draft.store and current.stored == secret.secret
        if not unchanged:
            new = stores.open(current, draft.store)
            seen = current.stored if before is draft.store else None
            changes.append(StoreChange(draft.store, new, secret.secret, seen))
    leaves = isinstance(secret, Remove) or before is not draft.store
    if before is not StoreKind.ENV and leaves:
        changes.append(StoreChange(before, stores.open(current, before), None, current.stored))
    return tuple(changes)


def _config(current: CurrentConfig, draft: Draft, secret: SecretEdit, name: str) -> str:
    try:
        return edit_config(current.config_text, _config_edit(current, draft, secret, name))
    except FileRefused as error:
        raise error.at(current.config.path) from None


def _config_edit(current: CurrentConfig, draft: Draft, secret: SecretEdit, name: str) -> ConfigEdit:
    skip: SkipKey | Literal[False] = False
    if draft.skip:
        skip = draft.skip_form or SkipKey.GLOBAL
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


def _env(current: CurrentConfig, draft: Draft, secret: SecretEdit, name: str) -> str:
    text, old = current.env_text, current.reference
    in_env = draft.store is StoreKind.ENV
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
