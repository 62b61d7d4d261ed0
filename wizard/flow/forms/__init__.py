"""The steps that ask for something, one a file: their words, fields and rules."""

from __future__ import annotations

from wizard.flow.form import Form
from wizard.flow.step import Step

ASKED = (Step.FILES, Step.DELIVERY, Step.USER, Step.SERVER, Step.SECRET)
"""In the order in which they are asked."""


def form_of(step: Step) -> type[Form]:
    """Return what is asked at a step; imported at its turn, so that the first is shown sooner."""
    match step:
        case Step.FILES:
            from wizard.ui.steps.files import FilesForm

            return FilesForm
        case Step.DELIVERY:
            from wizard.ui.steps.delivery import DeliveryForm

            return DeliveryForm
        case Step.USER:
            from wizard.ui.steps.user import UserForm

            return UserForm
        case Step.SERVER:
            from wizard.flow.forms.server import ServerForm

            return ServerForm
        case Step.SECRET:
            from wizard.ui.steps.secret import SecretForm

            return SecretForm
        case _:
            raise ValueError(step)
