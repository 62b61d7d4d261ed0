"""Forms of throw-away configurations, without any surface."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.discovery.suggestion import SearchState, Suggestion
from wizard.live_test.events import Event
from wizard.ui.account.form import AccountForm
from wizard.ui.account.session import WizardSession

SET_UP = """\
[smtp]
user = "ops@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""

MakeForm = Callable[..., AccountForm]


async def no_test(*_arguments: object, **_options: object) -> AsyncGenerator[Event, None]:
    """Test nothing: no form here is tested."""
    events: list[Event] = []
    for event in events:
        yield event


@pytest.fixture
def make_form(tmp_path: Path) -> MakeForm:
    def make(config: str = "", env: str = "", omitted: frozenset[str] = frozenset()) -> AccountForm:
        if config:
            (tmp_path / "config.toml").write_text(config)
        if env:
            (tmp_path / ".env").write_text(env)
        current = load_config(find_layout(tmp_path / "config.toml"), environ={})
        session = WizardSession(current, no_test, 5.0)
        return AccountForm(session, Draft.of(current), omitted)

    return make


def find(form: AccountForm, *suggestions: Suggestion) -> None:
    """Let the search have found these for example.org."""
    form.session.discovery.state = SearchState("example.org", suggestions)
