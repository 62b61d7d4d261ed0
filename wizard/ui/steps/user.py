"""Third step: the name the server logs in with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wizard.config.draft import Draft
from wizard.discovery.offers import suggest_by_domain
from wizard.text.language import N_, _
from wizard.ui.steps.mail_server import unusable_provider
from wizard.ui.steps.model import Heading, Part, Step, StepForm, TextBlock, TextInput, Values

_NO_ADDRESS = N_(
    "! This is not a mail address. The server sends its mails from this name, and many "
    "mail servers refuse that."
)
_RELAY = N_(
    "With a sender, the wizard puts a relay beside the server (crazymax/msmtpd): it logs in with "
    "this user, and the mails come from the sender."
)


class UserStep(StepForm):
    """The name, with a caution for a name that is not a mail address; then the sender as well."""

    HEADING = Heading(
        Step.USER,
        N_("Who does the server log in as?"),
        N_(
            "The name you log in with at your mail provider, in most cases your full mail address. "
            "The server also sends its mails from this address.\n\n"
            "A few providers want only the part before the @, or a fixed name such as apikey. That "
            "works for the login, but many of them then refuse the name as a sender; the live test "
            "shows it.\n\n"
            "When you go on, the wizard looks for the mail server of the address's domain. The "
            "help of the step Server says whom it asks."
        ),
    )
    FIELDS = ("user", "relay")

    def values(self) -> Values:
        """Return both fields."""
        return {"user": self.start.user, "relay": self.start.relay or ""}

    def parts(self, values: Values) -> Sequence[Part]:
        """Return the field, its explanation, and cautions about its value."""
        user = values["user"]
        unusual = bool(user) and "@" not in user and "${" not in user
        return [
            TextBlock(_("Usually the full mail address; the server also sends its mails from it.")),
            TextInput("user", _("User"), _("for example you@example.org")),
            TextBlock(_(_NO_ADDRESS) if unusual else "", "caution", after_leaving=True),
            TextBlock(self._unusable_provider(user), "caution"),
            TextInput(
                "relay",
                _("Sender (empty: no relay)"),
                _("for example you@example.org"),
                guidance=_(_RELAY),
                shown=(unusual or bool(values["relay"])) and self._relay_possible(),
            ),
        ]

    def draft(self, values: Values) -> Draft:
        """Return the draft with both."""
        return replace(self.start, user=values["user"], relay=values["relay"] or None)

    def _relay_possible(self) -> bool:
        """Whether a relay can be put beside the server, as far as that is known yet."""
        current = self.session.current
        if not current.in_container or current.container is None:
            return current.in_container
        from wizard.config.relay import relay_obstacle

        return relay_obstacle(current.container) is None

    def _unusable_provider(self, user: str) -> str:
        """Say at once if nothing can be sent through the provider of this address."""
        suggestion = suggest_by_domain(self.session.expanded(user))
        return "" if suggestion is None or suggestion.usable else unusable_provider(suggestion)
