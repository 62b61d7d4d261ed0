"""What ``check --fix`` repairs: findings that have one right answer.

All repairs of one configuration are one plan, written like any other, so that ``undo`` takes them
back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from wizard.check.git import GitState, git_state
from wizard.check.inspection import Inspection
from wizard.check.warnings import plan_warnings
from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.errors import FileRefused, Finding, WizardError
from wizard.files.encoding import decode
from wizard.files.reading import read_file
from wizard.saving.change import FileChange, FileRole
from wizard.saving.plan import Plan, make_plan
from wizard.secrets.secret import Replace
from wizard.secrets.sources import ENV_FILE
from wizard.text.language import N_, _

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")
"""Names that mean themselves in ``.gitignore``."""
_ORDER = (FileRole.GITIGNORE, FileRole.ENV, FileRole.COMPOSE, FileRole.CONFIG)
_GITIGNORE_MODE = 0o644
"""Git has to be able to read it, whoever runs it."""


class Repair(NamedTuple):
    """One finding that can be repaired, and how, in a few words: ``mode 0644 → 0600``."""

    finding: Finding
    path: Path
    in_words: str


class Repairs(NamedTuple):
    """All that can be repaired, as one plan."""

    findings: tuple[Finding, ...]
    """All of them; those that can be repaired say so."""
    plan: Plan
    repairs: tuple[Repair, ...]


def plan_repairs(inspection: Inspection, findings: Iterable[Finding]) -> Repairs:
    """Plan the repair of each of ``findings`` that has one right answer; writes nothing."""
    findings = tuple(findings)
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    plan, repairs = _config_repairs(inspection, by_code)
    changes = {change.before.path: change for change in plan.changes}
    repairs += _mode_repairs(inspection, by_code.get("env-world-readable", ()), changes)
    repairs += _git_repairs(inspection, by_code.get("env-not-ignored", ()), changes)
    ordered = sorted(changes.values(), key=lambda change: _ORDER.index(change.role))
    fixable = {repair.finding for repair in repairs}
    return Repairs(
        tuple(_judged(each, fixable=each in fixable) for each in findings),
        plan._replace(changes=tuple(ordered)),
        tuple(repairs),
    )


def _judged(finding: Finding, *, fixable: bool) -> Finding:
    """Return a finding that says whether it can be repaired; the secret need not be typed then."""
    if fixable and finding.code == "secret-in-config":
        finding = finding._replace(remedy=_("Move it to .env: smtp-wizard check --fix"))
    return finding._replace(fixable=fixable)


def _config_repairs(
    inspection: Inspection, by_code: dict[str, list[Finding]]
) -> tuple[Plan, list[Repair]]:
    """Rename the section, and move the secret to ``.env``, where either is to be done."""
    path, current = inspection.config.path, inspection.current
    plan, repairs = Plan(inspection.layout.config, (), None, False, False), list[Repair]()
    if current is None:
        return plan, repairs
    misnamed = by_code.get("section-misnamed", [])
    if misnamed:
        try:
            renamed = current.with_section_renamed()
            plan = make_plan(renamed, Draft.of(renamed))
        except WizardError:  # there is another [smtp]: which of them is right?
            return plan, repairs
        name = current.view.misnamed[0][0]
        repairs += [Repair(each, path, _("[{name}] → [smtp]", name=name)) for each in misnamed]
        current = renamed
    in_clear = [
        *by_code.get("secret-in-config", ()),
        *(by_code.get("config-world-readable", ()) if "secret-in-config" in by_code else ()),
    ]
    if in_clear and (moved := _secret_moved(current)):
        plan = moved
        words = _("secret → {path}, {reference}", path=".env", reference=f"${{{moved.variable}}}")
        repairs += [Repair(each, path, words) for each in in_clear]
    return plan, repairs


def _secret_moved(current: CurrentConfig) -> Plan | None:
    """Return the plan that moves the secret to ``.env``; None where that needs a decision."""
    literal = current.resolver.literal
    if literal is None:
        return None
    draft = replace(Draft.of(current), store=ENV_FILE, secret=Replace(literal))
    try:
        plan = make_plan(current, draft)
        known = None if plan.variable is None else current.lookup(plan.variable)
        if plan.variable is None or known not in (None, "", literal.reveal()):
            return None  # something else uses the variable
        warnings = plan_warnings(current, draft, plan)
    except WizardError:
        return None
    if any(each.code.startswith(("compose-", "environment-")) for each in warnings):
        return None  # the server would not get it
    return plan


def _mode_repairs(
    inspection: Inspection, findings: Iterable[Finding], changes: dict[Path, FileChange]
) -> Iterator[Repair]:
    """Keep other accounts from every ``.env``."""
    envs = {env.path: env.snapshot for env in (inspection.env, *inspection.other_envs)}
    for finding in findings:
        snapshot = None if finding.path is None else envs.get(finding.path)
        if snapshot is None or snapshot.status is None:
            continue
        status = snapshot.status
        kept = 0o600 if status.st_gid == _own_group(status.st_uid) else 0o660
        change = changes.get(snapshot.path) or FileChange(snapshot, snapshot.data, FileRole.ENV)
        change = changes[snapshot.path] = replace(change, chmod=status.st_mode & kept)
        words = _("mode {old:04o} → {new:04o}", old=snapshot.mode, new=change.mode)
        yield Repair(finding, snapshot.path, words)


def _own_group(uid: int) -> int | None:
    """Return the primary group of an account; a file of another group was given to that group."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return None


def _git_repairs(
    inspection: Inspection, findings: Iterable[Finding], changes: dict[Path, FileChange]
) -> Iterator[Repair]:
    """Let git ignore every ``.env``, also one that only a repair creates."""
    wanted: dict[Path, Finding | None] = {
        change.before.path: None
        for change in changes.values()
        if change.created
        and change.role is FileRole.ENV
        and git_state(change.before.path, inspection.environ) is GitState.NOT_IGNORED
    }
    wanted |= {finding.path: finding for finding in findings if finding.path is not None}
    for path, finding in wanted.items():
        change = _ignored(path, changes)
        if change is None:
            continue
        changes[change.before.path] = change
        words = N_("new, 1 line: {name}") if change.created else N_("1 line more: {name}")
        if finding is not None:
            yield Repair(finding, change.before.path, _(words, name=path.name))


def _ignored(path: Path, changes: dict[Path, FileChange]) -> FileChange | None:
    """Return the change that lets git ignore ``path``; None where that needs a decision."""
    gitignore = path.with_name(".gitignore")
    if not _PLAIN_NAME.fullmatch(path.name) or gitignore.is_symlink():
        return None  # git does not follow the link
    try:
        change = changes.get(gitignore)
        before = read_file(gitignore) if change is None else change.before
        text = (before.data if change is None else change.after) or b""
        decode(text, ".gitignore")
    except FileRefused:
        return None
    end = b"\r\n" if b"\r\n" in text else b"\n"
    if text and not text.endswith(b"\n"):
        text += end
    text += path.name.encode() + end
    return FileChange(before, text, FileRole.GITIGNORE, _GITIGNORE_MODE)
