"""Plain text on the screen; what it says is never taken for markup."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from wizard.visible import visible


class Sentence(Static):
    """Text that may come from anywhere."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(Content(visible(text)), id=id, classes=classes, markup=False)

    def say(self, text: str) -> None:
        """Show ``text`` instead; an empty one takes no room."""
        if visible(text) != str(self.content):
            self.update(Content(visible(text)))
        self.display = bool(text)
