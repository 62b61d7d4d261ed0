"""Fifth step: the password or API key, and where it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from wizard.config.draft import Draft
from wizard.discovery.offers import notes_on_secret
from wizard.errors import InvalidValue
from wizard.secrets.secret import Keep, Remove, Replace, Secret
from wizard.secrets.sources import ENV_FILE, STORES, StoreKind
from wizard.server.next_steps import store_consequence
from wizard.text.language import N_, _
from wizard.ui.steps.model import (
    CheckBox,
    Choice,
    ChoiceOption,
    Heading,
    Part,
    Step,
    StepForm,
    TextBlock,
    TextInput,
    Values,
)

_ENTERED = N_("Already entered. Leave the field empty to keep it.")
_IN_ENV = N_("A new secret goes into {path}, as {variable}.")
_UNSET = N_("config.toml refers to ${{{variable}}}, but nothing sets it. Enter the password.")
_MISSING = N_("Enter the password or API key, or choose No login.")


class SecretStep(StepForm):
    """A masked field, never shown nor copied; left empty, it keeps what is stored."""

    HEADING = Heading(
        Step.SECRET,
        N_("What does it log in with?"),
        N_(
            "The password of the mail account, or the API key of a mail service. Many providers "
            "want an app password instead: Google, Yahoo, iCloud and everybody with two-factor "
            "login.\n\n"
            "The secret is written to .env, which only its owner can read, and config.toml refers "
            "to it by a variable. It is shown nowhere, not even in the review. Where the keyring "
            "of this login can be used, it is offered, too.\n\n"
            "Paste works; blanks and a line break around the pasted text are left out."
        ),
    )
    FIELDS = ("secret",)

    def values(self) -> Values:
        """Return the choices, and an empty field, which stands for the stored secret."""
        return {
            "login": not self._no_login_so_far(),
            "secret": None,
            "move": self._moves(),
            "place": self.start.store,
        }

    def parts(self, values: Values) -> Sequence[Part]:
        """Return login or none, the field, and where the secret is stored."""
        current, logs_in = self.session.current, values["login"]
        entered = isinstance(self.start.secret, Replace)
        empty = values["secret"] is None
        stores = self._stores()
        login = (
            ChoiceOption(_("With a password or API key"), True),
            ChoiceOption(_("No login (local relay)"), False),
        )
        return [
            Choice("login", login),
            TextInput(
                "secret",
                _("Password or API key"),
                _("unchanged") if entered or current.resolver.sources().found else "",
                secret=True,
                kept=self._kept_message() if empty else "",
                guidance=" ".join(notes_on_secret(self.session.expanded(self.start.endpoint))),
                shown=logs_in,
            ),
            TextBlock(self._doubts(values["secret"]), "caution", after_leaving=True),
            CheckBox(
                "move",
                _("Move it from config.toml to .env (recommended)"),
                shown=logs_in and empty and current.resolver.literal is not None,
            ),
            Choice(
                "place",
                stores,
                _("Where it is kept"),
                shown=logs_in and sum(store.offered for store in stores) > 1,
            ),
            TextBlock(self._consequence(values["place"]) if logs_in else "", "quiet"),
        ]

    async def wait_for_options(self) -> None:
        """Wait until the stores have been checked."""
        if self.session.store_checks:
            await asyncio.wait(self.session.store_checks.values())

    def draft(self, values: Values) -> Draft:
        """Return the draft with the choices; an empty field changes nothing."""
        return replace(self._with_secret(values), store=values["place"])

    def problems(self, values: Values) -> dict[str, str]:
        """Return the problem of a login without a secret, entered or stored."""
        if not values["login"]:
            return {}
        current, draft = self.session.current, self.draft(values)
        if isinstance(draft.secret, Keep) and not current.resolver.sources().found:
            name = current.reference
            return {"secret": _(_MISSING) if name is None else _(_UNSET, variable=name)}
        try:
            draft.effective_secret(current)
        except InvalidValue as problem:
            return {"secret": f"{problem.message} {problem.remedy}"}
        return {}

    def _stores(self) -> tuple[ChoiceOption, ...]:
        """Return each store, offered once it is known to work."""
        options = []
        for store in STORES:
            label = _(store.label)
            availability = self.session.availability(store)
            backend = self.session.backend_needing_consent(store)
            if backend:  # choosing it by its name is the operator's consent
                label = _(store.label_with_backend, backend=backend)
            usable = availability is not None and (availability.usable or bool(backend))
            offered = usable or store in (ENV_FILE, self.start.store)
            options.append(ChoiceOption(label, store, offered))
        return tuple(options)

    @staticmethod
    def _doubts(entered: Secret | None) -> str:
        """Say what may not belong to the secret that was entered."""
        if entered is None:
            return ""
        from wizard.secrets.unintended import unintended_characters

        findings = unintended_characters(entered.reveal())
        return " ".join(f"! {finding.message}" for finding in findings)

    def _consequence(self, store: StoreKind) -> str:
        current = self.session.current
        if store is ENV_FILE:
            name = current.variable
            if self.start.relay is not None:
                from wizard.config.relay import PASSWORD

                name = PASSWORD
            target = current.secret_target(name)
            return _(_IN_ENV, path=target.path, variable=target.variable)
        return store_consequence(store, current.layout.kind)

    def _kept_message(self) -> str:
        """Say what an empty field means."""
        if isinstance(self.start.secret, Replace) and not self._moves():
            return _(_ENTERED)
        source = self.session.current.resolver.sources().effective
        return "" if source is None else _(source.keep_it)

    def _no_login_so_far(self) -> bool:
        if isinstance(self.start.secret, Remove):
            return True
        smtp = self.session.current.view.smtp
        return (
            self.session.current.configured
            and isinstance(self.start.secret, Keep)
            and (smtp is not None and smtp.secret is None)
        )

    def _moves(self) -> bool:
        literal = self.session.current.resolver.literal
        return literal is not None and self.start.secret == Replace(literal)

    def _with_secret(self, values: Values) -> Draft:
        draft = self.start
        if not values["login"]:
            return replace(draft, secret=self._no_login())
        if values["secret"] is not None:
            return replace(draft, secret=Replace(values["secret"]))
        literal = self.session.current.resolver.literal
        if literal is not None:
            if values["move"]:
                return replace(draft, secret=Replace(literal))
            if self._moves():
                return replace(draft, secret=Keep())
        if isinstance(draft.secret, Remove):
            return replace(draft, secret=Keep())
        return draft

    def _no_login(self) -> Keep | Remove:
        smtp = self.session.current.view.smtp
        nothing_stored = smtp is None or smtp.secret is None
        return Keep() if nothing_stored and self.session.current.configured else Remove()
