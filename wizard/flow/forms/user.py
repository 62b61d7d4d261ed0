"""Third step: the name the server logs in with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wizard.draft import Draft
from wizard.flow.form import Form
from wizard.flow.part import Part, Text, Values, Words
from wizard.flow.step import Heading, Step

_NO_ADDRESS = (
    "! This is not a mail address. The server sends its mails from this name, and many "
    "mail servers refuse that."
)


class UserForm(Form):
    """One field, and a word about names that are no addresses."""

    HEADING = Heading(
        Step.USER,
        "Who does the server log in as?",
        "The name you log in with at your mail provider, in most cases your full mail address. "
        "The server also sends its mails from this address.\n\n"
        "A few providers want only the part before the @, or a fixed name such as apikey. "
        "That works for the login, but many of them then refuse the name as a sender; the live "
        "test shows it.",
    )
    FIELDS = ("user",)

    def values(self) -> Values:
        """The name."""
        return {"user": self.start.user}

    def parts(self, values: Values) -> Sequence[Part]:
        """The field between its explanation and what is unusual about its value."""
        user = values["user"]
        unusual = bool(user) and "@" not in user and "${" not in user
        return [
            Words("Usually the full mail address; the server also sends its mails from it."),
            Text("user", "User", "for example you@example.org"),
            Words(_NO_ADDRESS if unusual else "", "caution", when_left=True),
        ]

    def draft(self, values: Values) -> Draft:
        """Take the field over."""
        return replace(self.start, user=values["user"])
