"""Which secret a provider wants in place of the account's password, and how to get one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wizard.discovery.providers import Provider, ProviderNote
from wizard.text.language import N_, _


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
