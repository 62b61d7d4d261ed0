"""The table of providers is consistent, and every entry can be used as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import chain

import pytest

from wizard.config.endpoint import Endpoint, Security
from wizard.config.settings import SmtpSettings
from wizard.discovery.guide import notes_on_provider
from wizard.discovery.offers import notes_on_endpoint, suggest_by_domain, suggestion_from_provider
from wizard.discovery.providers import (
    Provider,
    ProviderNote,
    UserNameForm,
    is_filter,
    provider_by_domain,
    provider_by_host,
    provider_by_mx,
    providers,
)
from wizard.discovery.sentences import known_by_domain
from wizard.discovery.suggestion import DiscoverySource, as_host
from wizard.live_test.diagnosis import diagnose
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.secrets.secret import Secret


def test_no_name_belongs_to_two_providers() -> None:
    for names in (
        [each.id for each in providers()],
        [name for each in providers() for name in each.domains],
        [name for each in providers() for name in each.mx],
        [name for each in providers() for name in {*each.hosts, *servers(each)} - {"{mx}"}],
    ):
        assert [name for name in names if names.count(name) > 1] == []


def servers(provider: Provider) -> list[str]:
    return list(filter(None, (provider.smtps, provider.starttls)))


def of_a_customer(provider: Provider) -> Provider:
    """Fill in a host where every customer has another one."""
    return provider.at(f"w0123.{provider.mx[0]}") if "{mx}" in servers(provider) else provider


def test_every_host_leads_back_to_its_provider() -> None:
    for provider in providers():
        for host in servers(of_a_customer(provider)):
            found = provider_by_host(host)
            assert found is not None
            assert found.id == provider.id
            assert host in servers(found)


def test_every_way_in_is_one_that_the_server_can_take() -> None:
    for provider in providers():
        provider = of_a_customer(provider)
        for host in servers(provider):
            assert Endpoint.parse(host).route(starttls=False) == (host, 465, Security.TLS, None)
            assert Endpoint.parse(host).route(starttls=True) == (host, 587, Security.STARTTLS, None)
        for route in provider.other_ports():
            endpoint = Endpoint.parse(f"smtp://{route.host}:{route.port}?tls=required")
            assert endpoint.route(starttls=False) == route
            assert any(
                f"{route.host}:{route.port}" in each for each in notes_on_provider(provider)[-1:]
            )
        assert provider.starttls or provider.starttls_ports == (587,)
        assert len(set(provider.starttls_ports)) == len(provider.starttls_ports)
        assert not {25, 465} & set(provider.starttls_ports)


def test_every_suggestion_leads_where_the_table_says() -> None:
    for provider in providers():
        provider = of_a_customer(provider)
        source = DiscoverySource.MX
        found = suggestion_from_provider(provider, "you@example.org", source, "")
        assert found.route == provider.preferred_server()
        assert found.usable or found.notes
        assert not found.safe or (found.usable and provider.is_confirmed(by_mx=True))


def test_a_host_of_each_customer_is_one_that_receives_mail() -> None:
    for provider in providers():
        if "{mx}" in servers(provider):
            assert set(provider.mx) <= set(provider.hosts)
            assert provider.domains == ()  # the domain alone would not tell the host


def test_every_name_is_in_the_form_used_for_comparison() -> None:
    for provider in providers():
        for name in chain(provider.domains, provider.mx, provider.hosts):
            assert as_host(name) == name


SOURCES = {
    "Mozilla ISPDB", "Delta Chat", "GitLab", "Nodemailer", "Symfony", "mxmap", "configurations",
}  # fmt: skip
"""Explained at the top of the table."""


def test_every_entry_has_its_source_and_when_it_was_checked() -> None:
    for provider in providers():
        for source in provider.source.split("; "):
            assert source in SOURCES or source.startswith("https://")
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", provider.checked)


def test_every_date_is_one() -> None:
    for provider in providers():
        if provider.ends is not None:
            assert date.fromisoformat(provider.ends).isoformat() == provider.ends
        if provider.password_until is not None:
            assert date.fromisoformat(f"{provider.password_until}-01")


def test_what_is_unconfirmed_is_in_the_entry() -> None:
    for provider in providers():
        assert set(provider.unconfirmed) <= {"user", "smtps", "starttls", "mx", *provider.notes}
        assert "mx" not in provider.unconfirmed or provider.mx
        assert "starttls" not in provider.unconfirmed or provider.starttls
        assert (provider.user is UserNameForm.FIXED) == (provider.fixed_user is not None)


def test_a_provider_without_a_server_says_why() -> None:
    for provider in providers():
        if provider.preferred_server() is None:
            said = not provider.usable or ProviderNote.HOST_BY_REGION in provider.notes
            assert said or provider.user is UserNameForm.LOGIN


def test_every_note_has_a_sentence(spoken: str) -> None:
    for provider in providers():
        sentences = notes_on_provider(provider)
        assert len(sentences) >= len(provider.notes)
        assert all(re.fullmatch(r"\S.*\.", sentence) for sentence in sentences)


FILTERS = [
    "mx-gate1-hz1.hornetsecurity.com", "mxa-001.pphosted.com", "eu-smtp-inbound-1.mimecast.com",
    "d1.ess.barracudanetworks.com", "mx1.hc1-1.eu.iphmx.com", "route1.mx.cloudflare.net",
    "cluster1.eu.messagelabs.com", "mx1-eu1.ppe-hosted.com", "mx10.antispam.mailspamprotection.com",
    "mx1.improvmx.com", "eforward1.registrar-servers.com", "mx1-hosting.jellyfish.systems",
    "mx-01.eu-central-1.prod.hydra.sophos.com",
]  # fmt: skip


@pytest.mark.parametrize("host", FILTERS)
def test_a_filter_is_no_provider(host: str) -> None:
    assert is_filter(host)
    assert provider_by_mx(host) is None


@pytest.mark.parametrize("host", ["smtpin.rzone.de", "nothornetsecurity.com", "com", ""])
def test_what_is_not_listed_is_no_filter(host: str) -> None:
    assert not is_filter(host)


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
        ("mxbiz1.qq.com", "qq-exmail"),
        ("W0123456.kasserver.com", "all-inkl"),
        ("mx2f5a.netcup.net", "netcup"),
        ("mta-gm0.mail.gm0.yahoodns.net", "aol"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx.zoho.eu", "zoho-pro-eu"),
        ("smtp-01.tld.t-online.de", "t-online"),
        ("mx0.mail.ovh.net", "ovh"),
        ("ex2.mail.ovh.net", "ovh-exchange"),
        ("inbound-smtp.eu-west-1.amazonaws.com", None),
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
        "all-inkl",
        "netcup",
        "aol",
        "yahoo",
        "zoho",
        "telekom",
        "ovh",
        "ovh exchange",
        "amazon",
        "other name that ends alike",
        "other name that begins alike",
        "empty",
    ],
)
def test_the_receiver_of_the_mail_is_recognised(mx: str, expected: str | None) -> None:
    provider = provider_by_mx(mx)
    assert (provider and provider.id) == expected


def test_the_longest_name_that_fits_wins() -> None:
    for host, expected in (
        ("smtp.eu.mailgun.org", "mailgun-eu"),
        ("smtp.mailgun.org", "mailgun"),
        ("smtp-relay.gmail.com", "google-relay"),
        ("smtp-hve.office365.com", "microsoft-hve"),
        ("email-smtp.eu-west-1.amazonaws.com", "amazon-ses"),
    ):
        provider = provider_by_host(host)
        assert provider is not None
        assert provider.id == expected


def test_a_host_of_amazon_is_not_taken_for_its_mail_service() -> None:
    assert provider_by_host("my-balancer.eu-west-1.elb.amazonaws.com") is None


def test_the_host_that_receives_the_mail_is_the_one_to_send_with() -> None:
    provider = provider_by_mx("W0123456.kasserver.com")
    assert provider is not None
    assert provider.preferred_server() == ("w0123456.kasserver.com", 465, Security.TLS, None)


def test_a_port_besides_the_usual_ones_is_a_url() -> None:
    provider = provider_by_host("sandbox.smtp.mailtrap.io")
    assert provider is not None
    found = suggestion_from_provider(provider, "you@example.org", DiscoverySource.DOMAIN, "")
    assert found.endpoint == "smtp://sandbox.smtp.mailtrap.io:2525?tls=required"
    assert "Where 465 and 587 are blocked" in notes_on_endpoint("mail.smtp2go.com")[-1]


def test_what_is_confirmed_is_suggested_before_what_is_not() -> None:
    provider = Provider("x", "X", "", "", **BOTH, unconfirmed=("smtps",))  # type: ignore[arg-type]
    assert provider.preferred_server() == ("b.example", 587, Security.STARTTLS, None)
    assert provider.is_confirmed()
    provider = replace(provider, unconfirmed=("smtps", "starttls"))
    assert provider.preferred_server() == ("a.example", 465, Security.TLS, None)
    assert not provider.is_confirmed()


BOTH = {"smtps": "a.example", "starttls": "b.example"}


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("smtp.office365.com", "At the end of December 2026, Microsoft 365 switches"),
        ("smtp.office365.com", "second half of 2027"),
        ("smtp.hve.mx.microsoft", "inside your own tenant only"),
        ("smtp.hve.mx.microsoft", "until 2028-09"),
        ("smtp.mail.eu-west-1.awsapps.com", "ends on 2027-03-31"),
        ("smtp-relay.gmail.com", "it needs no login"),
        ("sandbox.smtp.mailtrap.io", "delivers nothing"),
        ("mx1.netcup.net", "few wrong passwords"),
    ],
    ids=["switched off", "the end", "tenant", "until", "ends", "no login", "sandbox", "locked"],
)
def test_what_an_operator_asks_first_is_said(host: str, words: str) -> None:
    assert words in " ".join(notes_on_endpoint(host))


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
def test_authorization_code_is_asked_for_at_once(address: str, endpoint: str) -> None:
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
        ("you@outlook.be", "smtp-mail.outlook.com", "OAuth"),
        ("you@tutanota.com", "", "no SMTP"),
        ("you@proton.me", "", "Bridge"),
    ],
    ids=["outlook", "outlook in Belgium", "tutanota", "proton"],
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
    assert "unconfirmed" in known_by_domain(provider)
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


def test_a_known_host_without_an_address_is_a_matter_of_this_machine() -> None:
    settings = SmtpSettings("me@gmail.com", Endpoint.parse("smtp.gmail.com"))
    found = diagnose(Failure(Stage.DNS, Cause.NAME_UNKNOWN), settings)
    assert found.code == "dns-unavailable"
    assert found.field is None


@pytest.mark.parametrize(
    ("host", "only_starttls"),
    [
        ("smtp.postmarkapp.com", True),
        ("smtp.office365.com", True),
        ("smtp.gmail.com", False),
        ("in-v3.mailjet.com", False),
        ("smtp.ziggo.nl", False),  # nobody has confirmed that it has no SMTPS
    ],
)
def test_a_closed_port_is_explained_with_what_the_table_knows(
    host: str, only_starttls: bool
) -> None:
    settings = SmtpSettings("you@example.org", Endpoint.parse(host))
    found = diagnose(Failure(Stage.TCP, Cause.CONNECTION_REFUSED), settings)
    assert ("only offers STARTTLS" in found.summary) is only_starttls
