"""A step that asks for something: its parts, and the way from their values to the draft."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

from wizard.config.draft import Draft
from wizard.flow.step import Heading
from wizard.ui.steps.model import Part, Values
from wizard.ui.steps.session import Session


class Form:
    """A step's description. It does not know who shows it; no I/O.

    ``parts`` are always the same ones in the same order: what changes with the values is their
    text, and whether they are shown.
    """

    HEADING: ClassVar[Heading]
    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The fields of the draft that this step asks for."""

    def __init__(self, session: Session, draft: Draft) -> None:
        self.session = session
        self.start = draft

    def values(self) -> Values:
        """Return what stands in the fields at first."""
        return {}

    def parts(self, values: Values) -> Sequence[Part]:
        """Return everything there is to read and to answer, with these values."""
        raise NotImplementedError

    def draft(self, values: Values) -> Draft:
        """Return the draft with these values; never validates."""
        return self.start

    def problems(self, values: Values) -> dict[str, str]:
        """Return field → sentence for what is wrong with these values."""
        problems = self.draft(values).problems(self.session.current)
        return {
            name: f"{problem.message} {problem.remedy}"
            for name, problem in problems.items()
            if name in self.FIELDS
        }

    async def known(self) -> None:
        """Wait until it is known what can be offered; a few seconds at most."""

    async def changes(self) -> AsyncGenerator[None, None]:
        """Yield each time that the parts may have changed by themselves."""
        await self.known()
        yield

    def waiting(self) -> str:
        """Return what :meth:`known` waits for that the operator may wish to skip, as a sentence."""
        return ""

    def skip(self) -> None:
        """Do without what is being waited for."""
