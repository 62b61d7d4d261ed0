"""A box to tick."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox


class Tick(Checkbox):
    """Shows its state by a sign; textual's own shows it by a colour alone."""

    def render(self) -> Content:
        """Sign and label."""
        return Content.assemble("[x] " if self.value else "[ ] ", self.label)
