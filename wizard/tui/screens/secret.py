"""Fifth step: the password or API key, and where it is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import RadioSet

from wizard.current import Place
from wizard.draft import Draft
from wizard.errors import InvalidValue, StoreUnusable
from wizard.secret import Keep, Remove, Replace, Secret
from wizard.stores.guidance import consequence
from wizard.stores.keyring_words import FOREIGN
from wizard.stores.store import StoreName
from wizard.tui.session import Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.choice import Choice
from wizard.tui.widgets.field import Field
from wizard.tui.widgets.sentence import Sentence
from wizard.tui.widgets.toggles import Tick

_STORED = {
    Place.ENV_FILE: "A secret is stored in .env.",
    Place.ENVIRONMENT: "A secret is set in the environment.",
    Place.LITERAL: "A secret stands in config.toml itself.",
    Place.CREDENTIAL: "systemd gives a secret to the server as a credential.",
    Place.KEYRING: "A secret is stored in the keyring.",
}


_STORES = {
    StoreName.ENV: ".env, readable only by its owner",
    StoreName.KEYRING: "The keyring of this login",
    StoreName.CREDENTIAL: "A systemd credential, readable only by root and the service",
}


class SecretScreen(StepScreen):
    """Masked, never shown, never copied; an empty field keeps what is stored."""

    STEP = Step.SECRET
    TITLE_TEXT = "What does it log in with?"
    FIELDS = ("secret",)
    HELP_TEXT = (
        "The password of the mail account, or the API key of a mail service. Many providers want "
        "an app password instead: Google, Yahoo, iCloud and everybody with two-factor login.\n\n"
        "The secret is written to .env, which only its owner can read, and config.toml refers to "
        "it by a variable. It is shown nowhere, not even in the review. Where the keyring of this "
        "login can be used, it is offered, too.\n\n"
        "Paste works; blanks and a line break around the pasted text are left out."
    )

    @property
    def _places(self) -> tuple[Place, ...]:
        return self.session.current.places()

    def compose_body(self) -> ComposeResult:
        """Login or none; the field; where the secret is kept."""
        current = self.session.current
        yield Choice(
            [("With a password or API key", True), ("No login (local relay)", False)],
            not self._means_no_login(),
            id="login",
        )
        with Vertical(id="password"):
            stored = bool(self._places) or isinstance(self.draft.secret, Replace)
            yield Field(
                "Password or API key",
                placeholder="unchanged" if stored else "",
                name="secret",
                secret=True,
            )
            if current.literal_secret is not None:
                yield Tick(
                    "Move it from config.toml to .env (recommended)",
                    value=self._moves(),
                    id="move",
                    compact=True,
                )
            yield Sentence(id="stored", classes="quiet")
            with Vertical(id="store"):
                yield Sentence("Where it is kept", classes="label")
                yield Choice(
                    [(_STORES[name], name) for name in StoreName],
                    self.draft.store,
                    id="place",
                )
            yield Sentence(id="consequence", classes="quiet")

    def on_mount(self) -> None:
        """Begin to type at once."""
        self.query_one("#store").display = False
        for name in StoreName:
            self._offer(name, name in (StoreName.ENV, self.draft.store))
        self._look()
        self._show()
        if not self._means_no_login():
            self.query_one(Field).focus_input()

    def _offer(self, name: StoreName, offered: bool) -> None:
        self.query_one("#place", Choice).offer(name, offered=offered)
        if name is not StoreName.ENV and offered:
            self.query_one("#store").display = True

    @work
    async def _look(self) -> None:
        """Offer each store once it is known to work."""
        for name, look in self.session.looks.items():
            try:
                found = await asyncio.shield(look)
            except StoreUnusable:  # as good as a store that says no
                continue
            if found.code == FOREIGN:
                # Choosing it by its name is the operator's consent.
                words = f"The keyring behind {found.backend}, named in your configuration"
                self.query_one("#place", Choice).rename(name, words)
                self.session.accepted = found.backend
            if found.usable or found.code == FOREIGN:
                self._offer(name, True)

    def _means_no_login(self) -> bool:
        if isinstance(self.draft.secret, Remove):
            return True
        smtp = self.session.current.view.smtp
        return (
            self.session.current.configured
            and isinstance(self.draft.secret, Keep)
            and (smtp is not None and smtp.secret is None)
        )

    def _moves(self) -> bool:
        literal = self.session.current.literal_secret
        return literal is not None and self.draft.secret == Replace(literal)

    @on(Field.Edited)
    @on(RadioSet.Changed)
    def _show(self) -> None:
        self.query_one("#password").display = self._logs_in()
        self.query_one("#stored", Sentence).say(self._kept())
        self.query_one("#consequence", Sentence).say(self._consequence())

    def _logs_in(self) -> bool:
        return bool(self.query_one("#login", Choice).value)

    def _store(self) -> StoreName:
        store: StoreName = self.query_one("#place", Choice).value
        return store

    def _consequence(self) -> str:
        current = self.session.current
        if self._store() is StoreName.ENV:
            return f"Kept in {current.layout.env_file}, as {current.variable}."
        return consequence(self._store().place, current.layout.kind)

    def _kept(self) -> str:
        """Say what an empty field means."""
        if self.query_one(Field).value:
            return ""
        if isinstance(self.draft.secret, Replace) and not self._moves():
            return "Already entered. Leave the field empty to keep it."
        if self._places:
            return f"{_STORED[self._places[0]]} Leave the field empty to keep it."
        return ""

    def collect(self) -> Draft:
        """Take the choices over; an empty field changes nothing."""
        return replace(self._with_secret(), store=self._store())

    def _with_secret(self) -> Draft:
        if not self._logs_in():
            return replace(self.draft, secret=self._no_login())
        text = self.query_one(Field).value
        if text:
            return replace(self.draft, secret=Replace(Secret(text)))
        literal = self.session.current.literal_secret
        if literal is not None:
            move = self.query_one("#move", Tick).value
            if move:
                return replace(self.draft, secret=Replace(literal))
            if self._moves():
                return replace(self.draft, secret=Keep())
        if isinstance(self.draft.secret, Remove):
            return replace(self.draft, secret=Keep())
        return self.draft

    def _no_login(self) -> Keep | Remove:
        smtp = self.session.current.view.smtp
        nothing_stored = smtp is None or smtp.secret is None
        return Keep() if nothing_stored and self.session.current.configured else Remove()

    def check(self, draft: Draft) -> dict[str, str]:
        """A login needs a secret: entered now, or stored."""
        if not self._logs_in():
            return {}
        if isinstance(draft.secret, Keep) and not self._places:
            name = self.session.current.reference
            if name is not None:
                return {
                    "secret": f"config.toml refers to ${{{name}}}, but nothing sets it. "
                    "Enter the password."
                }
            return {"secret": "Enter the password or API key, or choose No login."}
        try:
            draft.effective_secret(self.session.current)
        except InvalidValue as problem:
            return {"secret": f"{problem.message} {problem.remedy}"}
        return {}
