"""All changes as one value: planned from a draft, previewed, applied whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from wizard.config.current import CurrentConfig, SecretFile
from wizard.config.draft import Draft
from wizard.config.settings import SWITCHES, TEXT_KEYS
from wizard.errors import FileRefused, Finding, InvalidValue
from wizard.files.encoding import encode
from wizard.files.replacing import new_file_mode
from wizard.formats.config_toml.edit import REMOVE, ConfigEdit, edit_config
from wizard.formats.config_toml.reading import parse_config
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.dotenv.variables import remove_variable, set_variable
from wizard.formats.variables import check_secret_variable
from wizard.saving.change import STORES, FileChange, FileRole, StoreChange, StoreOpener
from wizard.secrets.secret import Keep, Remove, Replace, SecretEdit
from wizard.secrets.sources import ENV_FILE, StoreKind
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.saving.record import UndoneWrite


class Plan(NamedTuple):
    """All changes, in the order in which they are applied."""

    config: Path
    changes: tuple[FileChange, ...]
    """``.env``, a new compose file where a relay is set up, then config.toml."""
    variable: str | None
    """The variable that holds the secret; None where config.toml refers to none."""
    secret_changed: bool
    restart_needed: bool
    store: StoreKind = ENV_FILE
    store_changes: tuple[StoreChange, ...] = ()
    """What happens to the secret outside of the files; removing it comes last."""
    to_paste: str = ""
    """What the operator has to add to the compose file, where none can be written for it."""

    @property
    def changed(self) -> bool:
        """Whether anything would be written at all."""
        return bool(self.store_changes) or any(change.changed for change in self.changes)

    @property
    def needs_exec(self) -> bool:
        """Whether the server gets the secret only when it is started through ``exec``."""
        return bool(self.store.needs_exec) and self.variable is not None

    def messages(self, findings: Sequence[Finding] = ()) -> tuple[str, ...]:
        """Say what was done to the files and to the secret outside of them."""
        words = {True: N_("Created {path}"), False: N_("Changed {path}")}
        files = (
            _(words[change.created], path=change.before.display_path)
            for change in self.changes
            if change.changed
        )
        return (*files, *self.store_messages(findings))

    def store_plans(self) -> tuple[str, ...]:
        """Say what will be done to the secret outside of the files."""
        return tuple(
            _("The secret in {name} will be removed.", name=change.store.name)
            if change.after is None
            else _("The secret will be stored in {name} and read back.", name=change.store.name)
            for change in self.store_changes
        )

    def store_messages(self, findings: Sequence[Finding] = ()) -> tuple[str, ...]:
        """Say what was done to the secret outside of the files, with these findings."""
        remains = any(finding.code == "old-copy-remains" for finding in findings)
        return tuple(
            _("The secret in {name} is removed.", name=change.store.name)
            if change.after is None
            else _("The secret is stored in {name} and read back.", name=change.store.name)
            for change in self.store_changes
            if change.after is not None or not remains
        )

    def apply(
        self, command: str = "set", *, keep: bool = True, undone: UndoneWrite | None = None
    ) -> tuple[Finding, ...]:
        """Write everything or nothing, as :func:`apply_changes` does."""
        from wizard.saving.transaction import apply_changes  # not for a plan that is only shown

        return apply_changes(
            self.config,
            self.changes,
            self.store_changes,
            command=command,
            keep=keep,
            undone=undone,
        )


def make_plan(
    current: CurrentConfig,
    draft: Draft,
    variable: str | None = None,
    *,
    stores: StoreOpener = STORES,
) -> Plan:
    """Plan the changes that ``draft`` needs; raise a :class:`WizardError` if that is impossible.

    ``variable`` names the variable for the secret (default: the one config.toml refers to now).
    """
    variable = variable or current.variable
    relay = None
    if draft.relay is not None:
        from wizard.saving.relay import RelayPlan

        relay = RelayPlan.of(current, draft)
        draft = relay.server
    secret = _secret_edit(current, draft, variable)
    config_text = _config_text(current, draft, secret, variable)
    config = FileChange(
        current.config,
        encode(config_text),
        FileRole.CONFIG,
        new_file_mode(current.config.path),
    )
    env = _env_change(current, draft, secret, variable)
    secret_changed = _secret_changed(current, draft, secret)
    smtp = parse_config(config_text).smtp
    refers = smtp is not None and smtp.secret is not None and "${" in smtp.secret
    plan = Plan(
        current.config.path,
        (env, config),
        variable if refers else None,
        secret_changed,
        env.changed or secret_changed or config.created,
        draft.store,
        _store_changes(current, draft, secret, stores),
    )
    if relay is None:
        return plan
    changes = relay.changes(env, config)
    changed = {change.role for change in changes if change.changed}
    return plan._replace(
        changes=changes,
        secret_changed=FileRole.ENV in changed,
        restart_needed=bool(changed),
        to_paste="" if relay.override else relay.services,
    )


def _secret_edit(current: CurrentConfig, draft: Draft, variable: str) -> SecretEdit:
    """Return the edit; to keep the secret under another name or elsewhere means to store it."""
    old_store = Draft.of(current).store
    secret = draft.secret
    moves = draft.store is not old_store or current.reference not in (None, variable)
    if isinstance(secret, Keep) and moves and current.has_secret:
        # The stored secret is moved, even where the environment has another one.
        stored = None if current.reference is None else current.resolver.kept_in(old_store)
        if stored is None:
            raise InvalidValue(
                "secret-not-movable",
                _("There is no stored secret that could be moved."),
                _("Give it again: --secret-stdin, --secret-file or --secret-env."),
            )
        secret = Replace(stored)
    if isinstance(secret, Replace):
        check_secret_variable(variable)
    elsewhere = variable in current.view.references_elsewhere
    if isinstance(secret, Replace) and draft.store is not ENV_FILE and elsewhere:
        raise InvalidValue(
            "variable-used-elsewhere",
            _(
                "config.toml uses ${{{name}}} in another place, too, so it has to stay in .env.",
                name=variable,
            ),
            _("Choose another variable for the secret: --secret-var NAME"),
        )
    return secret


def _secret_changed(current: CurrentConfig, draft: Draft, secret: SecretEdit) -> bool:
    match secret:
        case Keep():
            return False
        case Remove():
            return current.has_secret
        case Replace(new):
            resolver = current.resolver
            stored = draft.store in resolver.sources().found
            return not stored or new != resolver.kept_in(draft.store)


def _store_changes(
    current: CurrentConfig, draft: Draft, secret: SecretEdit, stores: StoreOpener
) -> tuple[StoreChange, ...]:
    """Return what to store outside of the files, followed by what to remove there."""
    if isinstance(secret, Keep):
        return ()
    before = current.stored_in or ENV_FILE
    changes = []
    if isinstance(secret, Replace) and draft.store is not ENV_FILE:
        unchanged = before is draft.store and current.stored == secret.secret
        if not unchanged:
            new = stores.open(current, draft.store)
            expected = current.stored if before is draft.store else None
            changes.append(StoreChange(draft.store, new, secret.secret, expected))
    leaves = isinstance(secret, Remove) or before is not draft.store
    if before is not ENV_FILE and leaves:
        changes.append(StoreChange(before, stores.open(current, before), None, current.stored))
    return tuple(changes)


def _config_text(current: CurrentConfig, draft: Draft, secret: SecretEdit, variable: str) -> str:
    try:
        return edit_config(current.config_text, _config_edit(current, draft, secret, variable))
    except FileRefused as error:
        raise error.at(current.config.path) from None


def _config_edit(
    current: CurrentConfig, draft: Draft, secret: SecretEdit, variable: str
) -> ConfigEdit:
    skip = _skip_edit(current, draft)
    if not draft.delivers:
        return ConfigEdit(skip=skip)
    smtp, now = current.view.smtp, Draft.of(current)
    edit = ConfigEdit(
        **{key: getattr(draft, key) for key in TEXT_KEYS},
        # A starttls = ${NAME} that already has the wanted value stays as it is.
        **{
            key: getattr(draft, key) for key in SWITCHES if getattr(draft, key) != getattr(now, key)
        },
        skip=skip,
    )
    match secret:
        case Keep():
            return edit
        case Remove():
            return replace(edit, secret_source=REMOVE)
        case Replace(new):
            old = None if smtp is None or current.reference != variable else smtp.secret_source
            source = choose_reference(variable, new.reveal(), old)
            return replace(edit, secret_source=source)


def _skip_edit(current: CurrentConfig, draft: Draft) -> SkipKey | Literal[False] | None:
    """Return the key that skips verification, or False for none; None leaves all as it is."""
    unchanged = draft.skip == Draft.of(current).skip
    if not draft.skip:
        return None if unchanged else False
    key = draft.skip_key or SkipKey.GLOBAL
    return None if unchanged and current.view.skip_present == {key} else key


def _env_change(
    current: CurrentConfig, draft: Draft, secret: SecretEdit, variable: str
) -> FileChange:
    """Return what happens to the file that gives the server its secret, mostly ``.env``."""
    old, in_env = current.reference, draft.store is ENV_FILE
    stores = isinstance(secret, Replace) and in_env
    file = current.secret_file(variable if stores or old is None else old)
    if stores:
        _require_accepted(current, file)
    text = file.text
    try:
        if isinstance(secret, Replace) and in_env:
            value = secret.secret.reveal()
            text = set_variable(text, file.variable, value, current.environ, file.readers)
        for unused in _abandoned(current, secret, file, stores=stores):
            text = remove_variable(text, unused, current.environ, file.readers)
    except FileRefused as error:
        raise error.at(file.snapshot.path) from None
    return FileChange(file.snapshot, encode(text), FileRole.ENV)


def _require_accepted(current: CurrentConfig, file: SecretFile) -> None:
    """Refuse to write for a project that Compose refuses, unless this very file is missing."""
    container = current.container
    if container is None or not container.refusal:
        return
    if container.missing_files != (file.snapshot.path,):
        raise FileRefused(
            "compose-refused",
            _("Docker Compose starts nothing: {reason}.", reason=container.refusal.rstrip(".")),
            _("Correct that first; docker compose config shows whether it is right."),
            path=current.layout.compose_file,
        )


def _abandoned(
    current: CurrentConfig, secret: SecretEdit, file: SecretFile, *, stores: bool
) -> Iterator[str]:
    """Yield the variables in ``file`` that the secret leaves behind."""
    if isinstance(secret, Keep) or current.reference is None:
        return
    old = current.secret_file(current.reference)
    if current.container is not None and current.container.requires(current.reference):
        return  # without it, Compose would start nothing any more
    same_file = old.snapshot.path == file.snapshot.path
    kept = stores and old.variable == file.variable
    if same_file and not kept and current.reference not in current.view.references_elsewhere:
        yield old.variable
