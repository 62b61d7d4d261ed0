"""What becomes of text that is typed or pasted into a field."""

from __future__ import annotations

from wizard.text.language import N_

SEVERAL_LINES = N_("Nothing was entered: you pasted several lines, not one.")
TRIMMED_PASTE = N_("Blanks and line breaks around it were left out.")
TRIMMED = N_("Blanks around it were left out.")


def single_line(pasted: str) -> str | None:
    """Return ``pasted`` without blanks around it; None where it has several lines.

    No-break spaces and their like stay: whoever sees what was pasted says what they are.
    """
    text = pasted.strip(" \t\r\n")
    return None if len(text.splitlines()) > 1 else text
