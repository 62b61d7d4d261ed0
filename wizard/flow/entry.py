"""Text that was pasted or typed as one answer: what is left out of it, and what is refused."""

from __future__ import annotations

from wizard.text.language import N_

SEVERAL_LINES = N_("What you pasted has several lines, so nothing was entered. Paste one line.")
TRIMMED_PASTE = N_("Blanks and line breaks around the pasted text were left out.")
TRIMMED = N_("Blanks around it were left out.")


def one_line(pasted: str) -> str | None:
    """Return ``pasted`` without blanks around it; None where it has several lines."""
    text = pasted.strip()
    return None if len(text.splitlines()) > 1 else text
