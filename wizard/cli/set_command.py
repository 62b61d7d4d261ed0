"""``set``: change settings without asking; test them first, and write all or nothing."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wizard.check.warnings import ask_container_again, plan_warnings
from wizard.cli import output, values
from wizard.cli.values import values_given
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import Layout, find_layout
from wizard.errors import Finding, Severity, UsageError, WizardError
from wizard.files.refusals import InPlaceReason
from wizard.formats.config_toml.skip_key import skip_key_of
from wizard.formats.variables import check_secret_variable
from wizard.saving.journal import unfinished_findings
from wizard.saving.lock import lock_config
from wizard.saving.plan import Plan, make_plan
from wizard.secrets.resolver import Ask
from wizard.secrets.secret import Keep, Replace
from wizard.secrets.sources import ENV_FILE, store_kind
from wizard.server.next_steps import next_steps
from wizard.system.signals import uninterruptible
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.live_test.events import TestReport

TEST_FAILED = 3


def run(options: Namespace) -> int:
    """Change the settings given by flags; return the exit code."""
    variable = None if options.secret_var is None else check_secret_variable(options.secret_var)
    layout = find_layout(options.config, options.env_file)
    if options.dry_run:
        return _set(layout, variable, unfinished_findings(layout.config), options)
    with lock_config(layout.config):
        recovered = output.recover_and_tell(layout.config)
        return _set(layout, variable, recovered if options.json else (), options)


def _set(
    layout: Layout, variable: str | None, recovered: tuple[Finding, ...], options: Namespace
) -> int:
    current = load_config(layout).with_container()
    if options.rename_section:
        current = current.with_section_renamed()
    needs_secret = options.store is not None or values.secret_given(options)
    current = current.with_stored(Ask.ALWAYS if needs_secret else Ask.IF_NOWHERE_ELSE)
    draft = _draft(current, options)
    if draft.store is not ENV_FILE:
        availability = current.open_store(draft.store).check_availability()
        if not availability.usable:
            raise availability.refusal()
    plan = make_plan(current, draft, variable)
    warnings = [*recovered, *plan_warnings(current, draft, plan)]
    report = None
    if options.test and _concerns_mail(draft, options):
        from wizard.cli.test_command import live_test, printer_of_set  # this loads the network
        from wizard.live_test.failure import Verdict

        report = live_test(current, draft, options, printer_of_set(options))
        if report.verdict is Verdict.FAIL:
            return _refuse(report, options)
        diagnosis = report.diagnosis
        if diagnosis is not None and all(each.code != diagnosis.code for each in warnings):
            warnings.append(Finding(diagnosis.code, diagnosis.summary))
    if not options.dry_run:
        warnings += plan.apply(keep=not options.no_backup)
    with uninterruptible():  # an interrupt would claim that nothing was written
        answer = None if options.dry_run else ask_container_again(current, draft, plan)
        if answer is not None and answer.severity is Severity.WARNING:
            warnings.append(answer)
            answer = None
        _print(current, draft, plan, warnings, report, options)
        if answer is not None:
            output.say(answer.message)
    return 0


def _draft(current: CurrentConfig, options: Namespace) -> Draft:
    draft = values.apply_flags(Draft.of(current), options)
    if options.store is not None:
        draft = replace(draft, store=store_kind(options.store))
        if current.resolver.literal is not None and isinstance(draft.secret, Keep):
            draft = replace(draft, secret=Replace(current.resolver.literal))
    if options.relay is not None:
        draft = replace(draft, relay=options.relay)
    if options.server_version is not None:
        draft = replace(draft, skip_key=skip_key_of(options.server_version))
    if options.skip is not None:
        draft = replace(draft, skip=options.skip)
    if not draft.delivers and draft.skip is False:
        raise UsageError(
            "settings-missing",
            _("Nothing is configured yet, and without mail settings the server does not start."),
            _("Give --user and --endpoint, or --skip-verification."),
        )
    if _concerns_mail(draft, options):
        _check_mail_settings(draft, current, options)
    return draft


def _check_mail_settings(draft: Draft, current: CurrentConfig, options: Namespace) -> None:
    """Refuse what the server cannot use; without a test, a variable may have no value here."""
    for field in ("user", "endpoint"):
        if not getattr(draft, field):
            current.check_type(field)
            raise UsageError(
                f"{field}-missing",
                _("config.toml has no {field} yet.", field=field),
                _("Give it with --{field}.", field=field),
            )
    for field, problem in draft.problems(current).items():
        if problem.code == "smtp-key-type" and not options.test:
            continue
        # Perhaps the server's own unit or host sets it.
        if problem.code == "secret-missing" or draft.unset_variables(current, field):
            if not options.test:
                continue
            # What is to be copied ends its line.
            problem.remedy += "\n" if "\n" in problem.remedy else " "
            problem.remedy += _(
                "Where the server gets it from elsewhere, write without a test: --no-test"
            )
        raise values.with_flag(field, problem)


def _concerns_mail(draft: Draft, options: Namespace) -> bool:
    """Whether the mail settings must be valid; not if verification is only switched off."""
    named = values_given(options) or options.relay is not None
    return draft.delivers and (named or options.skip is not True)


def _refuse(report: TestReport, options: Namespace) -> int:
    diagnosis = report.diagnosis
    if options.json and diagnosis is not None:
        error = WizardError(diagnosis.code, diagnosis.summary, diagnosis.remedy)
        document = {"error": output.error_document(error), "changed": False}
        output.document(document | {"test": report.to_json()})
    else:
        output.say(_("Nothing was written. --no-test writes without a test."))
    return TEST_FAILED


def _print(
    current: CurrentConfig,
    draft: Draft,
    plan: Plan,
    warnings: list[Finding],
    report: TestReport | None,
    options: Namespace,
) -> None:
    restart = _restart(current, plan, warnings)
    if options.json:
        document = _document(current, plan, warnings, report, options)
        document["restart_needed"] |= restart is not None
        output.document(document)
        return
    output.warn(warnings)
    for change in plan.changes:
        if options.dry_run and change.changed:
            output.diff(change)
    if options.dry_run:
        for message in plan.store_plans():
            output.result(message)
        output.say(_dry_run(current, plan, restart))
        return
    output.report_written(plan, warnings)
    # Without the warnings, which are printed above.
    for step in next_steps(current, draft, plan, restart=restart):
        output.say_step(step)


def _dry_run(current: CurrentConfig, plan: Plan, restart: str | None) -> str:
    if not (plan.changed and output.on_terminal(errors=True)):
        return _("Dry run: nothing was written.")
    if not current.config.exists:  # so that no server has run with it yet
        return _("Nothing was written. Afterwards the server could be started.")
    if plan.restart_needed or restart is not None:
        return _("Nothing was written. Afterwards the server would have to be started again.")
    return _("Nothing was written. A running server would reload it by itself.")


def _restart(current: CurrentConfig, plan: Plan, warnings: list[Finding]) -> str | None:
    """Return what makes the server read a config.toml that is mounted on its own; else None."""
    unnoticed = any(warning.code == InPlaceReason.MOUNT.code for warning in warnings)
    if not plan.changed or not (current.in_container or unnoticed):
        return None

    from wizard.server.reload import observe_server

    return observe_server(current).restart_command(warnings)


def _document(
    current: CurrentConfig,
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
        if change.changed or change.before.path == current.config.path or plan.variable
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
        "warnings": output.warning_documents(warnings),
    }
