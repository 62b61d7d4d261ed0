"""What an operator has to know about a provider, and how to get the secret that it wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from wizard.config.endpoint import SCHEME
from wizard.discovery.providers import Provider, ProviderNote, UserNameForm
from wizard.text.language import N_, _

_NOTES = {
    ProviderNote.APP_PASSWORD: N_(
        "{name} needs an app password, one made for this program alone: the password of the "
        "account is not accepted."
    ),
    ProviderNote.APP_PASSWORD_WITH_2FA: N_(
        "{name} needs an app password if the account has two-factor login."
    ),
    ProviderNote.TWO_STEP_FIRST: N_(
        "{name} only makes app passwords for accounts with 2-step verification: switch that on "
        "first."
    ),
    ProviderNote.AUTHORIZATION_CODE: N_(
        "{name} needs an authorization code in place of the password: its web mail shows one when "
        "SMTP is switched on there."
    ),
    ProviderNote.MAIL_PASSWORD: N_(
        "{name} has a password of its own for mail programs, other than the one of the account."
    ),
    ProviderNote.MAILBOX_PASSWORD: N_(
        "The password is that of the mailbox, not the one of your account at {name}."
    ),
    ProviderNote.DELIVERY_BOX: N_(
        "The password is that of the delivery box at {name}, which may differ from the mailbox's."
    ),
    ProviderNote.GENERATED_PASSWORD: N_("The password is one that {name} generates."),
    ProviderNote.SECRET_EXPIRES: N_(
        "The password for {name} expires: note the day, and renew it before then."
    ),
    ProviderNote.LOCKS_OUT: N_(
        "{name} refuses all logins for a while after a few wrong passwords."
    ),
    ProviderNote.SMTP_MUST_BE_ENABLED: N_(
        "{name} needs SMTP AUTH switched on for this mailbox; an administrator can do that."
    ),
    ProviderNote.SMTP_IN_ACCOUNT: N_(
        "{name} needs SMTP with login switched on in the settings of the account."
    ),
    ProviderNote.ENTRA_DEFAULTS: N_(
        "The security defaults of Microsoft Entra block logins by password: where they are on, an "
        "administrator has to replace them."
    ),
    ProviderNote.PAID_PLAN: N_("{name} offers SMTP on paid plans only."),
    ProviderNote.ACCESS_MUST_BE_ENABLED: N_(
        "{name} needs access by POP3 and IMAP switched on in the settings of the mailbox, which "
        "covers SMTP too."
    ),
    ProviderNote.BASIC_AUTH_RETIRING: N_(
        "At the end of December 2026, {name} switches logins by password off; an administrator can "
        "switch them on again. New tenants start without them. Their final end will be announced "
        "in the second half of 2027: plan a relay that can do OAuth."
    ),
    ProviderNote.OAUTH_ONLY: N_(
        "{name} only accepts logins by OAuth, which the server cannot do: use a mailbox of "
        "another provider, or put a relay in between."
    ),
    ProviderNote.NO_SMTP: N_("{name} offers no SMTP: use a mailbox of another provider."),
    ProviderNote.ONLY_BRIDGE: N_(
        "{name} offers SMTP for this domain only through its Bridge, a program on your own "
        "machine: use an address of a domain of your own there, or a mailbox of another provider."
    ),
    ProviderNote.RELAY_RULE: N_(
        "This relay of {name} takes nothing until an administrator has added a rule for it: which "
        "senders, and by login or by IP address."
    ),
    ProviderNote.HVE_ACCOUNT: N_(
        "The user is an account made for high volume email, with a password of its own."
    ),
    ProviderNote.INSIDE_TENANT_ONLY: N_(
        "{name} delivers inside your own tenant only: users with other addresses get no mail."
    ),
    ProviderNote.OWN_LINES_ONLY: N_("{name} takes mails over its own internet lines only."),
    ProviderNote.NEVER_DELIVERS: N_(
        "{name} delivers nothing, it only shows what was sent: good for a trial alone."
    ),
    ProviderNote.CERTIFIED_MAIL: N_(
        "{name} sends certified mail, unsuited to ordinary notices: use another mailbox if you can."
    ),
    ProviderNote.SECRET_IS_API_KEY: N_("The password is an API key of {name}."),
    ProviderNote.SMTP_CREDENTIALS: N_(
        "{name} makes SMTP credentials, a user name and a password: neither is an access key or "
        "the API key."
    ),
    ProviderNote.SMTP_KEY: N_(
        "The user is the login that {name} shows under SMTP, the secret an SMTP key: not the API "
        "key."
    ),
    ProviderNote.SMTP_TOKEN: N_(
        "{name} needs an SMTP token, which it makes for addresses of a domain of your own on some "
        "paid plans."
    ),
    ProviderNote.SERVER_TOKEN: N_("User and secret are both the server token of {name}."),
    ProviderNote.KEY_PAIR: N_("The user is the API key of {name}, the secret its secret key."),
    ProviderNote.PROJECT_ID: N_(
        "The user is the project ID at {name}, the secret the secret key of an API key."
    ),
    ProviderNote.SENDER_DOMAIN_MUST_MATCH: N_(
        "{name} only takes senders of the domain that logs in."
    ),
    ProviderNote.SENDER_MUST_BE_VERIFIED: N_(
        "{name} only takes senders that were verified in its settings."
    ),
    ProviderNote.MAIN_ADDRESS: N_(
        "The user is the main address of the account at {name}, no alias and no address of "
        "another domain."
    ),
    ProviderNote.DOLLAR_IN_PASSWORD: N_(
        "{name} warns of the character $ in passwords that programs use: choose one without it."
    ),
    ProviderNote.SANDBOX: N_(
        "{name} only sends to verified addresses until the account has left the sandbox."
    ),
    ProviderNote.PAID_PLANS_DIFFER: N_(
        "On paid plans with a domain of your own {name} has another mail server: look it up in the "
        "settings of the mailbox."
    ),
    ProviderNote.OTHER_PLANS_DIFFER: N_(
        "Other plans of {name} have other mail servers: look yours up in the settings of the "
        "mailbox."
    ),
    ProviderNote.HOST_BY_REGION: N_(
        "{name} has a mail server for each region: take the one that it shows for yours."
    ),
    ProviderNote.CLOUD_BLOCKS_465: N_(
        "A server in the cloud of {name} cannot reach port 465 until you have asked for it "
        "to be opened: choose STARTTLS, port 587, there."
    ),
}

_LIMITS = (
    ProviderNote.OAUTH_ONLY,
    ProviderNote.BASIC_AUTH_RETIRING,
    ProviderNote.INSIDE_TENANT_ONLY,
    ProviderNote.OWN_LINES_ONLY,
    ProviderNote.NEVER_DELIVERS,
    ProviderNote.CERTIFIED_MAIL,
)
"""Why a provider is, or will be, the wrong one for the server however well it is set up."""

_SENDER = N_(
    "The user is no mail address, and the server sends its mails from the user: put a relay "
    "in between that sets the sender."
)


def notes_on_provider(provider: Provider) -> tuple[str, ...]:
    """Return what to know about ``provider``; what is unconfirmed says so."""
    found = [_note(provider, note) for note in provider.notes]
    if "user" in provider.unconfirmed and provider.user is UserNameForm.ADDRESS:
        found.append(_("The user is probably the full mail address: nobody has confirmed it."))
    if provider.user is not UserNameForm.ADDRESS:
        found.append(_(_SENDER))
    return (*found, *_dates(provider), *_ways_in(provider))


def _dates(provider: Provider) -> Iterator[str]:
    name = provider.name
    if provider.ends is not None:
        words = N_("{name} ends on {day}: move to another provider before then.")
        yield _(words, name=name, day=provider.ends)
    if provider.password_until is not None:
        words = N_("{name} takes logins by password until {month}: plan a relay that can do OAuth.")
        yield _(words, name=name, month=provider.password_until)


def _ways_in(provider: Provider) -> Iterator[str]:
    if provider.login_optional:
        yield _("Where it knows this machine by its IP address, it needs no login.")
    for route in provider.other_ports()[:1]:
        yield _(
            "Where 465 and 587 are blocked, {endpoint} works as well.",
            endpoint=f"{SCHEME}{route.host}:{route.port}?tls=required",
        )


def limits_of_provider(provider: Provider) -> tuple[str, ...]:
    """Return why the server's mails do not, or will not, get through at ``provider``."""
    found = [_note(provider, note) for note in _LIMITS if provider.needs(note)]
    return (*found, *_dates(provider))


def _note(provider: Provider, note: ProviderNote) -> str:
    sentence = _(_NOTES[note], name=provider.name)
    if provider.needs(note):
        return sentence
    return _(
        "Nobody has confirmed this, so ask {name}: {sentence}",
        name=provider.name,
        sentence=sentence,
    )


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One thing to do, and the page where it is done."""

    text: str
    """Ends with a colon if there is a page, else with a full stop."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """How to get the secret: a title without a full stop, a sentence or two, and numbered steps."""

    title: str
    text: str
    steps: tuple[GuideStep, ...]


_HINTS = {
    ProviderNote.APP_PASSWORD: N_("An app password, not your {name} password."),
    ProviderNote.APP_PASSWORD_WITH_2FA: N_("With two-factor login: an app password."),
    ProviderNote.AUTHORIZATION_CODE: N_("An authorization code, not your password."),
    ProviderNote.MAIL_PASSWORD: N_("The password for mail programs, not the account's."),
    ProviderNote.MAILBOX_PASSWORD: N_("The mailbox's password, not that of your account."),
    ProviderNote.DELIVERY_BOX: N_("The password of the delivery box."),
    ProviderNote.GENERATED_PASSWORD: N_("A password that {name} generates."),
    ProviderNote.HVE_ACCOUNT: N_("The password of the high volume account."),
    ProviderNote.SECRET_IS_API_KEY: N_("An API key of {name}."),
    ProviderNote.SMTP_CREDENTIALS: N_("That of the SMTP credentials, not an API key."),
    ProviderNote.SMTP_KEY: N_("An SMTP key, not the API key."),
    ProviderNote.SMTP_TOKEN: N_("An SMTP token of {name}."),
    ProviderNote.SERVER_TOKEN: N_("The server token, which is also the user."),
    ProviderNote.KEY_PAIR: N_("The secret key of {name}."),
    ProviderNote.PROJECT_ID: N_("The secret key of an API key."),
}
"""Short enough for the line below a field, the most important first."""


def hint(provider: Provider) -> str:
    """Return which secret ``provider`` wants, as a few words; nothing where nobody has to know."""
    words = next((words for note, words in _HINTS.items() if provider.needs(note)), None)
    return "" if words is None else _(words, name=provider.name)


def guide(provider: Provider) -> Guide | None:
    """Return how to get the secret that ``provider`` wants; None if no guide is needed."""
    for note, make in _GUIDES.items():
        if provider.needs(note):
            return make(provider)
    return None


def _app_password(provider: Provider) -> Guide:
    text = N_(
        "That is a password made for one program alone. Your {name} password does not work here."
    )
    if provider.app_password_letters:
        text = N_(
            "That is a password of {letters} letters, made for one program alone. Your {name} "
            "password does not work here."
        )
    return Guide(
        _("{name} wants an app password", name=provider.name),
        _(text, name=provider.name, letters=provider.app_password_letters),
        (*_two_step(provider), *_access(provider), _create(provider), _paste(provider)),
    )


def _access_first(provider: Provider) -> Guide:
    return Guide(
        _("{name} lets no mail program in at first", name=provider.name),
        _("Until you switch that on, it refuses every password."),
        (*_access(provider), *_with_2fa(provider), GuideStep(_("Type the password above."))),
    )


def _app_password_with_2fa(provider: Provider) -> Guide:
    return Guide(
        _("{name} may want an app password", name=provider.name),
        _(
            "With two-factor login, your {name} password does not work here. Without it, it does.",
            name=provider.name,
        ),
        (*_with_2fa(provider), _paste(provider)),
    )


def _authorization_code(provider: Provider) -> Guide:
    return Guide(
        _("{name} wants an authorization code", name=provider.name),
        _("Your {name} password does not work here.", name=provider.name),
        (
            GuideStep(_("Switch on SMTP in the settings of the web mail, which shows the code.")),
            GuideStep(_("Paste the code above.")),
        ),
    )


def _mail_password(provider: Provider) -> Guide:
    return Guide(
        _("{name} wants a password for mail programs", name=provider.name),
        _("The password of your account does not work here."),
        (
            GuideStep(_("Set one in the settings of the account.")),
            GuideStep(_("Type the password above.")),
        ),
    )


_GUIDES: Mapping[ProviderNote, Callable[[Provider], Guide]] = {
    ProviderNote.APP_PASSWORD: _app_password,
    ProviderNote.ACCESS_MUST_BE_ENABLED: _access_first,
    ProviderNote.APP_PASSWORD_WITH_2FA: _app_password_with_2fa,
    ProviderNote.AUTHORIZATION_CODE: _authorization_code,
    ProviderNote.MAIL_PASSWORD: _mail_password,
}
"""The first that a provider needs is its guide."""


def _two_step(provider: Provider) -> tuple[GuideStep, ...]:
    if not provider.needs(ProviderNote.TWO_STEP_FIRST):
        return ()
    if provider.two_step_at is None:
        return (GuideStep(_("Switch on 2-Step Verification in the settings of the account.")),)
    return (GuideStep(_("Switch on 2-Step Verification:"), provider.two_step_at),)


def _access(provider: Provider) -> tuple[GuideStep, ...]:
    if not provider.needs(ProviderNote.ACCESS_MUST_BE_ENABLED):
        return ()
    return (GuideStep(_("Switch on POP3 and IMAP in the mailbox's settings: SMTP comes along.")),)


def _create(provider: Provider) -> GuideStep:
    if provider.app_password_at is None:
        return GuideStep(_("Create an app password in the settings of the account."))
    return GuideStep(_("Create an app password:"), provider.app_password_at)


def _with_2fa(provider: Provider) -> tuple[GuideStep, ...]:
    page = provider.app_password_at
    if not provider.needs(ProviderNote.APP_PASSWORD_WITH_2FA):
        return ()
    if page is None:
        words = _("With two-factor login, create an app password in the settings of the account.")
        return (GuideStep(words),)
    return (GuideStep(_("With two-factor login, create an app password:"), page),)


def _paste(provider: Provider) -> GuideStep:
    if provider.app_password_letters:
        return GuideStep(_("Paste it above. The blanks in it are left out."))
    return GuideStep(_("Paste it above."))
