"""The table of providers is consistent, and every entry can be used as it is."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from wizard.config.endpoint import Endpoint, Security
from wizard.config.settings import SmtpSettings
from wizard.discovery.offers import notes_on_endpoint, suggest_by_domain, suggestion_from_provider
from wizard.discovery.providers import (
    Provider,
    ProviderNote,
    UserNameForm,
    provider_by_domain,
    provider_by_host,
    provider_by_mx,
    providers,
)
from wizard.discovery.sentences import known_by_domain, notes_on_provider
from wizard.discovery.suggestion import DiscoverySource, as_host
from wizard.live_test.diagnosis import diagnose
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.secrets.secret import Secret

EVERY = pytest.mark.parametrize("provider", providers(), ids=lambda each: each.id)


def test_no_name_belongs_to_two_providers() -> None:
    for names in (
        [each.id for each in providers()],
        [name for each in providers() for name in each.domains],
        [name for each in providers() for name in each.mx],
        [name for each in providers() for name in set(each.hosts)],
    ):
        assert len(names) == len(set(names))


@EVERY
def test_every_host_is_an_endpoint(provider: Provider) -> None:
    for host in filter(None, (provider.smtps, provider.starttls)):
        assert Endpoint.parse(host).route(starttls=False).security is Security.TLS
        assert provider_by_host(host) is provider


@EVERY
def test_every_name_is_in_the_form_used_for_comparison(provider: Provider) -> None:
    for name in chain(provider.domains, provider.mx, provider.hosts):
        assert as_host(name) == name


@EVERY
def test_every_entry_has_its_source_and_when_it_was_checked(provider: Provider) -> None:
    for source in provider.source.split("; "):
        assert source == "Mozilla ISPDB" or source.startswith("https://")
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", provider.checked)


@EVERY
def test_what_is_unconfirmed_is_in_the_entry(provider: Provider) -> None:
    assert set(provider.unconfirmed) <= {"user", "smtps", "starttls", *provider.notes}
    assert (provider.user is UserNameForm.FIXED) == (provider.fixed_user is not None)


@EVERY
def test_a_provider_without_a_server_says_why(provider: Provider) -> None:
    if provider.preferred_server() is None:
        assert not provider.usable or provider.user is UserNameForm.LOGIN


@EVERY
def test_every_note_has_a_sentence(provider: Provider) -> None:
    sentences = notes_on_provider(provider)
    assert len(sentences) >= len(provider.notes)
    assert all(re.fullmatch(r"\S.*\.", sentence) for sentence in sentences)


def test_every_code_is_used() -> None:
    assert {code for each in providers() for code in each.notes} == set(ProviderNote)


@pytest.mark.parametrize(
    ("mx", "expected"),
    [
        ("aspmx.l.google.com", "google"),
        ("ALT1.ASPMX.L.GOOGLE.COM", "google"),
        ("smtp.google.com", "google"),
        ("aspmx2.googlemail.com", "google"),
        ("example-org.mail.protection.outlook.com", "microsoft-365"),
        ("example-org.x-v1.mx.microsoft", "microsoft-365"),
        ("outlook-com.olc.protection.outlook.com", "outlook"),
        ("in1-smtp.messagingengine.com", "fastmail"),
        ("www208.your-server.de", "hetzner"),
        ("mail.protonmail.ch", "proton"),
        ("mta-gw.infomaniak.ch", "infomaniak"),
        ("smtpin.rzone.de", "strato"),
        ("mail.tutanota.de", "tuta"),
        ("mx3.qq.com", "qq"),
        ("mxbiz1.qq.com", None),
        ("notgoogle.com", None),
        ("google.com.example.org", None),
        ("", None),
    ],
    ids=[
        "google",
        "google in capitals",
        "smtp.google.com",
        "googlemail",
        "microsoft",
        "mx.microsoft",
        "outlook",
        "fastmail",
        "hetzner",
        "proton",
        "infomaniak",
        "strato",
        "tuta",
        "qq",
        "qq for firms",
        "other name that ends alike",
        "other name that begins alike",
        "empty",
    ],
)
def test_the_receiver_of_the_mail_is_recognised(mx: str, expected: str | None) -> None:
    provider = provider_by_mx(mx)
    assert (provider and provider.id) == expected


def test_the_longest_name_that_fits_wins() -> None:
    for host, expected in (("smtp.eu.mailgun.org", "mailgun-eu"), ("smtp.mailgun.org", "mailgun")):
        provider = provider_by_host(host)
        assert provider is not None
        assert provider.id == expected


def test_domains_are_recognised_with_those_below_them() -> None:
    for domain, expected in (("gmail.com", "google"), ("contoso.onmicrosoft.com", "microsoft-365")):
        provider = provider_by_domain(domain)
        assert provider is not None
        assert provider.id == expected
    assert provider_by_domain("notgmail.com") is None


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("you@qq.com", "smtp.qq.com"),
        ("you@vip.qq.com", "smtp.qq.com"),
        ("you@foxmail.com", "smtp.qq.com"),
        ("you@163.com", "smtp.163.com"),
        ("you@126.com", "smtp.126.com"),
        ("you@yeah.net", "smtp.yeah.net"),
    ],
)
def test_a_provider_that_wants_an_authorization_code_says_so_at_once(
    address: str, endpoint: str
) -> None:
    found = suggest_by_domain(address)
    assert found is not None
    assert (found.endpoint, found.starttls, found.user) == (endpoint, False, address)
    assert "authorization code" in found.notes[0]


def test_a_known_provider_may_be_filled_in_unless_its_host_is_unconfirmed() -> None:
    found = suggest_by_domain("you@gmail.com")
    assert found is not None
    assert found.safe
    for unconfirmed, safe in ((("starttls",), True), (("smtps",), False)):
        provider = Provider("x", "X", "", "", smtps="a.example", unconfirmed=unconfirmed)
        made = suggestion_from_provider(provider, "you@x.example", DiscoverySource.DOMAIN, "")
        assert made.safe is safe


def test_smtps_is_preferred_if_there_is_a_choice() -> None:
    found = suggest_by_domain("You@GMX.de")
    assert found is not None
    assert (found.endpoint, found.starttls, found.user) == ("mail.gmx.net", False, "You@GMX.de")
    assert found.provider == "GMX"
    assert found.route is not None
    assert found.route.port == 465


def test_a_provider_that_only_has_starttls_is_suggested_with_it() -> None:
    found = suggest_by_domain("you@icloud.com")
    assert found is not None
    assert (found.endpoint, found.starttls, found.usable) == ("smtp.mail.me.com", True, True)


@pytest.mark.parametrize(
    ("address", "endpoint", "why"),
    [
        ("you@outlook.com", "smtp-mail.outlook.com", "OAuth"),
        ("you@tutanota.com", "", "no SMTP"),
    ],
    ids=["outlook", "tutanota"],
)
def test_a_provider_that_cannot_be_used_is_named_with_the_reason(
    address: str, endpoint: str, why: str
) -> None:
    found = suggest_by_domain(address)
    assert found is not None
    assert not found.usable
    assert found.endpoint == endpoint
    assert why in found.notes[0]


@pytest.mark.parametrize("text", ["", "apikey", "you@", "you@localhost", "@@", "a@exa mple", "a@é"])
def test_any_text_that_is_being_typed_is_accepted(text: str) -> None:
    assert suggest_by_domain(text) is None
    assert notes_on_endpoint(text) == ()


def test_the_host_that_was_typed_gives_the_notes() -> None:
    assert "no mail address" in notes_on_endpoint("smtp.sendgrid.net")[-1]
    assert "sandbox" in " ".join(notes_on_endpoint("email-smtp.eu-west-1.amazonaws.com"))
    assert "Google" in notes_on_endpoint("smtp://smtp.gmail.com:587?tls=required")[0]
    assert notes_on_endpoint("mail.example.org") == ()


@pytest.mark.parametrize(
    ("user", "fixed", "expected"),
    [
        (UserNameForm.ADDRESS, None, "you@example.org"),
        (UserNameForm.LOCAL_PART, None, "you"),
        (UserNameForm.LOGIN, None, None),
        (UserNameForm.FIXED, "apikey", "apikey"),
    ],
)
def test_the_user_follows_the_form_of_the_provider(
    user: UserNameForm, fixed: str | None, expected: str | None
) -> None:
    provider = Provider("x", "X", "", "", smtps="x.example", user=user, fixed_user=fixed)
    assert (
        suggestion_from_provider(provider, "you@example.org", DiscoverySource.DOMAIN, "").user
        == expected
    )


def test_what_is_unconfirmed_is_worded_as_a_suggestion() -> None:
    provider = Provider(
        "x",
        "X",
        "",
        "",
        smtps="smtp.x.example",
        notes=(ProviderNote.APP_PASSWORD,),
        unconfirmed=("smtps", "user", ProviderNote.APP_PASSWORD),
    )
    special, user = notes_on_provider(provider)
    assert special.startswith("Nobody has confirmed")
    assert "probably" in user
    assert "not confirmed" in known_by_domain(provider)
    assert not provider.needs(ProviderNote.APP_PASSWORD)
    assert not provider.offers_smtps("smtp.x.example")


@pytest.mark.parametrize(
    ("host", "remedy"),
    [
        ("smtp.fastmail.com", "app password"),
        ("smtp.mailbox.org", "app password"),
        ("smtp.web.de", "POP3"),
        ("smtp.163.com", "authorization code"),
        ("smtp.exmail.qq.com", "Enter the password for SMTP again"),  # firms have passwords
        ("smtp-relay.brevo.com", "SMTP credentials"),
        ("smtp.tem.scw.cloud", "SMTP credentials"),
        ("smtp.resend.com", "resend"),
        ("smtp.yandex.com", "app password"),
        ("mail.example.org", "Enter the password for SMTP again"),
    ],
    ids=[
        "fastmail",
        "mailbox.org",
        "web.de",
        "163",
        "exmail",
        "brevo",
        "scaleway",
        "resend",
        "yandex",
        "unknown",
    ],
)
def test_a_refused_login_is_explained_with_what_the_table_knows(host: str, remedy: str) -> None:
    settings = SmtpSettings("you@example.org", Endpoint.parse(host), secret=Secret("x" * 9))
    failure = Failure(Stage.AUTH, Cause.REPLY, 535, said="535 no")
    assert remedy in diagnose(failure, settings).remedy


@pytest.mark.parametrize(
    ("host", "only_starttls"),
    [
        ("smtp.postmarkapp.com", True),
        ("smtp.office365.com", True),
        ("smtp.gmail.com", False),
        ("in-v3.mailjet.com", False),  # nobody has confirmed that it has no SMTPS
    ],
)
def test_a_closed_port_is_explained_with_what_the_table_knows(
    host: str, only_starttls: bool
) -> None:
    settings = SmtpSettings("you@example.org", Endpoint.parse(host))
    found = diagnose(Failure(Stage.TCP, Cause.CONNECTION_REFUSED), settings)
    assert ("only offers STARTTLS" in found.summary) is only_starttls
