"""Options and boxes that show their state by a sign; textual's own show it by a colour alone."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Checkbox, RadioButton
from textual.widgets._toggle_button import ToggleButton


class _Signed(ToggleButton):
    """Sign and label, on as many lines as they need.

    The second base of its heirs: textual takes the style sheet of the first one alone.
    """

    SIGNS: ClassVar[tuple[str, str]]
    """Off and on."""

    def render(self) -> Content:
        """Sign and label."""
        return Content.assemble(self.SIGNS[self.value], " ", self.label)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that the label takes when it is wrapped."""
        return self.render().get_height({}, width)


class Option(RadioButton, _Signed):
    """One of a few."""

    SIGNS = ("( )", "(•)")


class Tick(Checkbox, _Signed):
    """A box to tick."""

    SIGNS = ("[ ]", "[x]")
