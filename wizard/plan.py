"""The changes to both files as one value: made from a draft, previewed, applied.

What the preview shows is the very text that is written; only the secrets in it are masked.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from wizard import files
from wizard.current import Current, Place
from wizard.draft import Draft
from wizard.errors import FileRefused, WizardError, WriteFailed
from wizard.files import Snapshot
from wizard.formats.config.edit import REMOVE, ConfigEdit, edit_config
from wizard.formats.config.mask import mask_config
from wizard.formats.config.references import choose_reference
from wizard.formats.config.view import parse_config
from wizard.formats.dotenv.mask import mask_dotenv
from wizard.formats.dotenv.variable import remove_variable, set_variable
from wizard.formats.text import decode, encode
from wizard.secret import MASK, Keep, Remove, Replace, SecretEdit
from wizard.settings import SkipForm


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after. ``mask`` hides secrets and keeps the number of lines."""

    before: Snapshot
    after: bytes = field(repr=False)
    mask: Callable[[str], str] = field(repr=False)
    new_mode: int = files.PRIVATE

    @property
    def changed(self) -> bool:
        """Whether any byte differs. A file is not created to stay empty."""
        return self.after != (self.before.data or b"")

    @property
    def created(self) -> bool:
        """Whether the file does not exist yet."""
        return self.changed and not self.before.exists

    @property
    def mode(self) -> int:
        """Permission bits after the change."""
        return self.new_mode if self.before.mode is None else self.before.mode

    def diff(self, context: int = 2) -> list[str]:
        """Return the change as lines of a unified diff, secrets masked, without line ends.

        Lines are compared as they are and shown as they are masked, so that a change of
        nothing but the secret shows, too.
        """
        old, new = decode(self.before.data or b"", ""), decode(self.after, "")
        shown_old, shown_new = self._masked(old), self._masked(new)
        matcher = difflib.SequenceMatcher(None, _lines(old), _lines(new), autojunk=False)
        lines = []
        for group in matcher.get_grouped_opcodes(context):
            first, last = group[0], group[-1]
            lines.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
            for tag, old_from, old_to, new_from, new_to in group:
                if tag == "equal":
                    lines += [f" {line}" for line in shown_old[old_from:old_to]]
                    continue
                lines += [f"-{line}" for line in shown_old[old_from:old_to]]
                lines += [f"+{line}" for line in shown_new[new_from:new_to]]
        return lines

    def _masked(self, text: str) -> list[str]:
        """Return the masked lines of ``text``, one for each of :func:`_lines`."""
        lines = _lines(self.mask(text))
        if len(lines) != len(_lines(text)):  # rather show nothing than a wrong line
            return [MASK] * len(_lines(text))
        return [line.removesuffix("\n").removesuffix("\r") for line in lines]


def _lines(text: str) -> list[str]:
    """Return the lines of ``text`` as TOML and ``.env`` know them, each with its line feed."""
    lines = re.split(r"(?<=\n)", text)
    return lines if lines[-1] else lines[:-1]


def _range(start: int, stop: int) -> str:
    """Return the lines from ``start`` up to ``stop`` (0-based) as unified diffs write them."""
    length = stop - start
    return f"{start + 1 if length else start},{length}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, in the order in which they are made: ``.env`` first, config.toml last."""

    changes: tuple[FileChange, ...]
    variable: str | None
    """The variable that holds the secret; None where config.toml refers to none."""
    secret_changed: bool
    restart_needed: bool

    @property
    def changed(self) -> bool:
        """Whether anything would be written at all."""
        return any(change.changed for change in self.changes)

    def apply(self) -> None:
        """Write everything or nothing.

        Raises :class:`FileRefused` when a file is no longer as the plan knows it, and
        :class:`WriteFailed` when the system refuses.
        """
        wanted = [change for change in self.changes if change.changed]
        for change in wanted:
            if files.read(change.before.path).data != change.before.data:
                raise files.changed(change.before.path)
        done: list[tuple[FileChange, list[Path]]] = []
        try:
            for change in wanted:
                directories = files.replace(change.before, change.after, change.new_mode)
                done.append((change, directories))
        except BaseException:
            _put_back(done)
            raise


def _put_back(done: list[tuple[FileChange, list[Path]]]) -> None:
    failed = []
    for change, directories in reversed(done):
        try:
            files.put_back(change.before, change.after)
            files.remove_directories(directories)
        except WizardError:
            failed.append(str(change.before.path))
    if failed:
        raise WriteFailed(
            "not-put-back",
            f"Writing failed, and {' and '.join(failed)} could not be put back.",
            "Look at the file before you start the server.",
        )


def make_plan(current: Current, draft: Draft, variable: str | None = None) -> Plan:
    """Work out the changes that ``draft`` needs; raise a :class:`WizardError` if impossible.

    ``variable`` names the variable for the secret (default: the one that is referred to now).
    """
    name = variable or current.variable
    secret = draft.secret
    if isinstance(secret, Keep) and current.reference not in (None, name):
        kept = current.secret()  # a new name for the same secret
        secret = Keep() if kept is None else Replace(kept)
    config_text = _config(current, draft, secret, name)
    env_text = _env(current, secret, name)
    config = FileChange(
        current.config, encode(config_text), mask_config, files.new_file_mode(current.config.path)
    )
    env = FileChange(current.env, encode(env_text), mask_dotenv)
    secret_changed = _secret_changed(current, secret)
    smtp = parse_config(config_text).smtp
    refers = smtp is not None and smtp.secret is not None and "${" in smtp.secret
    return Plan(
        (env, config),
        name if refers else None,
        secret_changed,
        env.changed or secret_changed or config.created,
    )


def _secret_changed(current: Current, secret: SecretEdit) -> bool:
    smtp = current.view.smtp
    match secret:
        case Keep():
            return False
        case Remove():
            return smtp is not None and smtp.secret is not None
        case Replace(new):
            return Place.ENV_FILE not in current.places() or new.reveal() != current.in_env_file(
                current.variable
            )


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


def _env(current: Current, secret: SecretEdit, name: str) -> str:
    text = current.env_text
    old = current.reference
    try:
        if isinstance(secret, Replace):
            text = set_variable(text, name, secret.secret.reveal(), current.environ)
        abandoned = isinstance(secret, Remove) or (isinstance(secret, Replace) and old != name)
        if abandoned and old is not None and not current.view.references_elsewhere(old):
            text = remove_variable(text, old, current.environ)
    except FileRefused as error:
        raise error.at(current.env.path) from None
    return text
