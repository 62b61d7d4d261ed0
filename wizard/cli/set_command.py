"""``set``: change settings without asking; tests them first, writes all or nothing."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wizard.check.warnings import plan_warnings
from wizard.cli import output, values
from wizard.cli.output import say_nothing
from wizard.cli.recovery import recover_and_tell, unfinished_write
from wizard.cli.values import names_values
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import Layout, find_layout
from wizard.errors import Finding, UsageError, WizardError
from wizard.files.refusals import InPlaceReason
from wizard.formats.config_toml.skip_key import skip_key_of
from wizard.formats.variables import check_variable
from wizard.saving.lock import lock_config
from wizard.saving.plan import Plan, make_plan
from wizard.secrets.resolver import Ask
from wizard.secrets.secret import Keep, Replace
from wizard.secrets.sources import ENV_FILE, store_kind
from wizard.server.next_steps import next_steps
from wizard.system.signals import uninterruptible
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.live_test.events import TestReport

TEST_FAILED = 3


def run(options: Namespace) -> int:
    """Change what the flags name; return the exit code."""
    variable = None if options.secret_var is None else check_variable(options.secret_var)
    found = find_layout(options.config, options.env_file)
    if options.dry_run:
        return _set(found, variable, unfinished_write(found.config), options)
    with lock_config(found.config):
        recovered = recover_and_tell(found.config)
        return _set(found, variable, recovered if options.json else (), options)


def _set(
    found: Layout, variable: str | None, recovered: tuple[Finding, ...], options: Namespace
) -> int:
    now = load_config(found)
    if options.rename_section:
        now = now.with_section_renamed()
    touched = options.store is not None or values.secret_named(options)
    now = now.with_stored(Ask.ALWAYS if touched else Ask.IF_NOWHERE_ELSE)
    draft = _draft(now, options)
    if draft.store is not ENV_FILE:
        availability = now.open_store(draft.store).check_availability()
        if not availability.usable:
            raise availability.refusal()
    plan = make_plan(now, draft, variable)
    warnings = [*recovered, *plan_warnings(now, draft, plan)]
    report = None
    if options.test and _concerns_mail(draft, options):
        from wizard.cli.test_command import live_test  # only who tests pays for the network
        from wizard.live_test.failure import Verdict

        report = live_test(now, draft, options, show=say_nothing if options.json else output.say)
        if report.verdict is Verdict.FAIL:
            return _refuse(report, options)
        if report.diagnosis is not None:
            warnings.append(Finding(report.diagnosis.code, report.diagnosis.summary))
    if not options.dry_run:
        warnings += plan.apply(keep=not options.no_backup)
    with uninterruptible():  # which would say that nothing was written
        _print(now, draft, plan, warnings, report, options)
    return 0


def _draft(now: CurrentConfig, options: Namespace) -> Draft:
    draft = values.apply_flags(Draft.of(now), options)
    if options.store is not None:
        draft = replace(draft, store=store_kind(options.store))
        if now.resolver.literal is not None and isinstance(draft.secret, Keep):
            draft = replace(draft, secret=Replace(now.resolver.literal))
    if options.server_version is not None:
        draft = replace(draft, skip_key=skip_key_of(options.server_version))
    if options.skip is not None:
        draft = replace(draft, skip=options.skip)
    if not draft.delivers and not draft.skip:
        raise UsageError(
            "settings-missing",
            _("Nothing is configured yet, and without mail settings the server does not start."),
            _("Give --user and --endpoint, or --skip-verification."),
        )
    if _concerns_mail(draft, options):
        for field in ("user", "endpoint"):
            if not getattr(draft, field):
                raise UsageError(
                    f"{field}-missing",
                    _("config.toml has no {field} yet.", field=field),
                    _("Give it with --{field}.", field=field),
                )
        problem = next(iter(draft.problems(now).items()), None)
        if problem is not None:
            raise values.with_flag(*problem)
    return draft


def _concerns_mail(draft: Draft, options: Namespace) -> bool:
    """Whether the mail settings must be right: not for who only switches verification off."""
    return draft.delivers and (names_values(options) or options.skip is not True)


def _refuse(report: TestReport, options: Namespace) -> int:
    diagnosis = report.diagnosis
    if options.json and diagnosis is not None:
        error = WizardError(diagnosis.code, diagnosis.summary, diagnosis.remedy)
        output.document(
            {
                "error": output.error_document(error),
                "changed": False,
                "test": report.to_json(),
            }
        )
    else:
        output.say(_("Nothing was written. --no-test writes without a test."))
    return TEST_FAILED


def _print(
    now: CurrentConfig,
    draft: Draft,
    plan: Plan,
    warnings: list[Finding],
    report: TestReport | None,
    options: Namespace,
) -> None:
    restart = _restart(now, plan, warnings)
    if options.json:
        document = _document(now, plan, warnings, report, options)
        document["restart_needed"] |= restart is not None
        output.document(document)
        return
    for warning in warnings:
        output.say(_("Warning: {message}", message=warning.message))
    for change in plan.changes:
        if options.dry_run and change.changed:
            output.result(f"--- {change.before.path}\n+++ {change.before.path}")
            output.result("\n".join(change.diff()))
        elif change.changed:
            words = N_("Created {path}") if change.created else N_("Changed {path}")
            output.result(_(words, path=change.before.display_path))
    for words in plan.store_messages(warnings):
        output.result(words)
    if options.dry_run:
        output.say(_("Dry run: nothing was written."))
        return
    for step in next_steps(now, draft, plan, restart=restart):  # the warnings have been said
        output.say(str(step))


def _restart(now: CurrentConfig, plan: Plan, warnings: list[Finding]) -> str | None:
    """Return what makes the server read a config.toml that is mounted on its own, if it is."""
    unnoticed = any(warning.code == InPlaceReason.MOUNT.code for warning in warnings)
    if not plan.changed or not (now.in_container or unnoticed):
        return None

    from wizard.server.reload import observe_server

    return observe_server(now).restart_command(warnings)


def _document(
    now: CurrentConfig,
    plan: Plan,
    warnings: list[Finding],
    report: TestReport | None,
    options: Namespace,
) -> dict[str, Any]:
    files = [
        {
            "path": str(change.before.path),
            "changed": change.changed,
            "created": change.created,
            **({"diff": change.diff()} if options.dry_run else {}),
        }
        for change in reversed(plan.changes)
        if change.changed or change.before.path == now.config.path or plan.variable
    ]
    return {
        "changed": plan.changed,
        "files": files,
        "secret": {
            "store": plan.store.option if plan.variable else None,
            "variable": plan.variable,
            "changed": plan.secret_changed,
        },
        "test": None if report is None else report.to_json(),
        "restart_needed": plan.restart_needed,
        "warnings": [{"code": found.code, "message": found.message} for found in warnings],
    }
