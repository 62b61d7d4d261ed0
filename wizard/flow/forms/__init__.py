"""The steps that ask for something, one a file: their words, fields and rules."""

from __future__ import annotations

from wizard.flow.form import Form
from wizard.flow.forms.delivery import DeliveryForm
from wizard.flow.forms.files import FilesForm
from wizard.flow.forms.secret import SecretForm
from wizard.flow.forms.server import ServerForm
from wizard.flow.forms.user import UserForm
from wizard.flow.step import Step

FORMS: dict[Step, type[Form]] = {
    form.HEADING.step: form for form in (FilesForm, DeliveryForm, UserForm, ServerForm, SecretForm)
}
"""In the order in which they are asked."""
