"""Second step: send mails, or skip the verification of users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wizard.config.draft import Draft
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.text.language import N_, _
from wizard.ui.steps.model import (
    Choice,
    ChoiceOption,
    Heading,
    Part,
    Step,
    StepForm,
    TextBlock,
    Values,
)


class DeliveryStep(StepForm):
    """Whether to verify users; asks for the server's version only if the files do not tell."""

    HEADING = Heading(
        Step.DELIVERY,
        N_("Should the server verify its users by mail?"),
        N_(
            "BOMnipotent Server sends a mail to everybody who requests an account, to prove that "
            "the address is theirs. For that it needs an account at a mail server.\n\n"
            "Without verification anybody can register with any address. The server warns about "
            "it in its log for every mail it does not send. Use this for a trial, or until mail "
            "works.\n\n"
            "How the verification is skipped depends on the server's version: a server does not "
            "start with the form of another version."
        ),
    )

    def values(self) -> Values:
        """Return both choices."""
        return {"skip": bool(self.start.skip), "form": self.start.skip_key or SkipKey.GLOBAL}

    def parts(self, values: Values) -> Sequence[Part]:
        """Return two choices, the second one shown only if its answer matters."""
        asked = self._asks_version(values)
        hint = ""
        if asked:
            hint = _(
                "The version is part of the image's tag or of the downloaded file's name; every "
                "server since July 2025 is 0.7 or later."
            )
        skip = (
            ChoiceOption(_("Yes, send mails through a mail server"), False),
            ChoiceOption(_("No, skip the verification (lowers security)"), True),
        )
        versions = (
            ChoiceOption(_("0.5 or 0.6 (skip_user_verification)"), SkipKey.GLOBAL),
            ChoiceOption(_("0.7 or later ([user] skip_verification)"), SkipKey.USER_TABLE),
        )
        return [
            Choice("skip", skip),
            Choice("form", versions, _("Which version of the server?"), asked),
            TextBlock(hint, "quiet"),
        ]

    def draft(self, values: Values) -> Draft:
        """Return the draft with the choice, and with the version if that was asked for."""
        # Where config.toml leaves it to a variable, "yes" is not a wish to change that.
        unknown = self.start.skip is None and not values["skip"]
        draft = self.start if unknown else replace(self.start, skip=values["skip"])
        return replace(draft, skip_key=values["form"]) if self._asks_version(values) else draft

    def _asks_version(self, values: Values) -> bool:
        return values["skip"] and self.session.current.known_skip_key() is None
