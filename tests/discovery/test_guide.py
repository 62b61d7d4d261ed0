"""Which secret a provider wants is said in a few words and, where it is not obvious, in steps."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from wizard.discovery.guide import Guide, GuideStep, guide, hint
from wizard.discovery.offers import guide_to_secret, hint_about_secret, join_app_password
from wizard.discovery.providers import Provider, ProviderNote, providers
from wizard.discovery.sentences import known_by_domain


def test_google_wants_an_app_password_and_says_how_to_get_one() -> None:
    assert hint_about_secret("smtp.gmail.com") == "An app password, not your Google password."
    assert guide_to_secret("smtp.gmail.com") == Guide(
        "Google wants an app password",
        "That is a password of 16 letters, made for one program alone. Your Google password does "
        "not work here.",
        (
            GuideStep("Switch on 2-Step Verification:", "https://myaccount.google.com/security"),
            GuideStep("Create an app password:", "https://myaccount.google.com/apppasswords"),
            GuideStep("Paste it above. The blanks in it are left out."),
        ),
    )


@pytest.mark.parametrize(
    ("host", "title", "steps"),
    [
        ("smtp.mail.yahoo.com", "Yahoo wants an app password", 2),
        ("smtp.mail.me.com", "iCloud wants an app password", 3),
        ("smtp.fastmail.com", "Fastmail wants an app password", 2),
        ("smtp.yandex.com", "Yandex wants an app password", 3),
        ("mail.gmx.net", "GMX lets no mail program in at first", 3),
        ("smtp.mailbox.org", "mailbox.org may want an app password", 2),
        ("smtp.163.com", "163 Mail wants an authorization code", 2),
        ("securesmtp.t-online.de", "T-Online wants a password for mail programs", 2),
    ],
    ids=["yahoo", "icloud", "fastmail", "yandex", "gmx", "mailbox.org", "163", "t-online"],
)
def test_a_provider_that_wants_more_than_the_password_has_a_guide(
    host: str, title: str, steps: int
) -> None:
    found = guide_to_secret(host)
    assert found is not None
    assert (found.title, len(found.steps)) == (title, steps)


def test_a_provider_that_wants_the_password_and_an_unknown_host_have_none() -> None:
    for host in ("smtp.strato.de", "mail.example.org", "", "host:587"):
        assert guide_to_secret(host) is None
        assert hint_about_secret(host) == ""


def test_what_is_unconfirmed_has_no_guide() -> None:
    note = ProviderNote.APP_PASSWORD
    provider = Provider("x", "X", "", "", smtps="x.example", notes=(note,), unconfirmed=(note,))
    assert guide(provider) is None
    assert hint(provider) == ""


def test_every_hint_and_origin_fits_below_a_field(spoken: str) -> None:
    for provider in providers():
        assert len(hint(provider)) <= 56
        assert len(known_by_domain(provider)) <= 56


def test_every_guide_fits_into_its_panel(spoken: str) -> None:
    for provider in providers():
        found = guide(provider)
        if found is None:
            continue
        assert len(found.title) <= 70
        assert found.text.endswith(".")
        assert 2 <= len(found.steps) <= 4
        for step in found.steps:
            assert step.text.endswith(":" if step.url else ".")
            assert len(step.text) <= 90


def test_every_page_is_named_where_it_is_needed() -> None:
    for provider in providers():
        app_password = {ProviderNote.APP_PASSWORD, ProviderNote.APP_PASSWORD_WITH_2FA}
        if provider.app_password_at or provider.app_password_letters:
            assert app_password & set(provider.notes)
        if provider.two_step_at:
            assert ProviderNote.TWO_STEP_FIRST in provider.notes
        for page in filter(None, (provider.app_password_at, provider.two_step_at)):
            assert urlsplit(page).scheme == "https"
            assert page.isascii()


@pytest.mark.parametrize(
    ("host", "text", "joined"),
    [
        ("smtp.gmail.com", "abcd efgh ijkl mnop", "abcdefghijklmnop"),
        ("smtp.gmail.com", " abcd efgh\u00a0ijkl mnop ", "abcdefghijklmnop"),
        ("smtp.gmail.com", "abcdefghijklmnop", "abcdefghijklmnop"),
        ("smtp.gmail.com", "abcd efgh ijkl mno", "abcd efgh ijkl mno"),
        ("smtp.gmail.com", "my old pass word 1", "my old pass word 1"),
        ("smtp.mail.me.com", "abcd efgh ijkl mnop", "abcd efgh ijkl mnop"),
        ("mail.example.org", "abcd efgh ijkl mnop", "abcd efgh ijkl mnop"),
        ("smtp.gmail.com", "", ""),
    ],
)
def test_blanks_of_an_app_password(host: str, text: str, joined: str) -> None:
    assert join_app_password(host, text) == joined
