"""Every sentence of discovery, built from codes and names."""

from __future__ import annotations

from collections.abc import Collection

from wizard.config.endpoint import Route, Security
from wizard.discovery.providers import Provider, ProviderNote, UserNameForm
from wizard.discovery.suggestion import DiscoverySource, SearchState
from wizard.text.language import N_, _

_NOTES = {
    ProviderNote.APP_PASSWORD: N_(
        "{name} needs an app password, one made for this program alone: the password of the "
        "account is not accepted."
    ),
    ProviderNote.APP_PASSWORD_WITH_2FA: N_(
        "{name} needs an app password if the account has two-factor authentication."
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
    ProviderNote.SMTP_MUST_BE_ENABLED: N_(
        "{name} needs SMTP AUTH switched on for this mailbox; an administrator can do that."
    ),
    ProviderNote.ACCESS_MUST_BE_ENABLED: N_(
        "{name} needs access by POP3 and IMAP switched on in the settings of the mailbox, which "
        "covers SMTP too."
    ),
    ProviderNote.BASIC_AUTH_RETIRING: N_(
        "{name} is retiring logins by password: plan a relay that can do OAuth."
    ),
    ProviderNote.OAUTH_ONLY: N_(
        "{name} only accepts logins by OAuth, which the server cannot do: use a mailbox of "
        "another provider, or put a relay in between."
    ),
    ProviderNote.NO_SMTP: N_("{name} offers no SMTP: use a mailbox of another provider."),
    ProviderNote.SECRET_IS_API_KEY: N_("The secret is an API key of {name}."),
    ProviderNote.SMTP_CREDENTIALS: N_(
        "{name} makes SMTP credentials, a user name and a password: neither is an access key or "
        "the API key."
    ),
    ProviderNote.SMTP_KEY: N_(
        "The user is the login that {name} shows under SMTP, the secret an SMTP key: not the API "
        "key."
    ),
    ProviderNote.SMTP_TOKEN: N_(
        "{name} needs an SMTP token, which it makes for addresses of an own domain on some paid "
        "plans."
    ),
    ProviderNote.SERVER_TOKEN: N_("User and secret are both the server token of {name}."),
    ProviderNote.KEY_PAIR: N_("The user is the API key of {name}, the secret its secret key."),
    ProviderNote.PROJECT_ID: N_(
        "The user is the project ID at {name}, the secret the secret key of an API key."
    ),
    ProviderNote.SENDER_DOMAIN_MUST_MATCH: N_(
        "{name} only takes senders of the domain that logs in."
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
        "On paid plans with an own domain {name} has another host: look it up in the settings of "
        "the mailbox."
    ),
    ProviderNote.OTHER_PLANS_DIFFER: N_(
        "Other plans of {name} have other hosts: look it up in the settings of the mailbox."
    ),
    ProviderNote.CLOUD_BLOCKS_465: N_(
        "A server in the cloud of {name} cannot reach port 465 until that was applied for."
    ),
}
_ABOUT_THE_SECRET = frozenset(
    {
        ProviderNote.APP_PASSWORD,
        ProviderNote.APP_PASSWORD_WITH_2FA,
        ProviderNote.TWO_STEP_FIRST,
        ProviderNote.AUTHORIZATION_CODE,
        ProviderNote.MAIL_PASSWORD,
        ProviderNote.SECRET_IS_API_KEY,
        ProviderNote.SMTP_CREDENTIALS,
        ProviderNote.SMTP_KEY,
        ProviderNote.SMTP_TOKEN,
        ProviderNote.SERVER_TOKEN,
        ProviderNote.KEY_PAIR,
        ProviderNote.PROJECT_ID,
        ProviderNote.DOLLAR_IN_PASSWORD,
    }
)

_SENDER = N_(
    "The user is no mail address, and the server sends its mails from the user: put a relay "
    "in between that sets the sender."
)
_SOURCES = {
    DiscoverySource.MX: N_("MX records"),
    DiscoverySource.SRV: N_("SRV records"),
    DiscoverySource.AUTOCONFIG: N_("settings for mail programs"),
    DiscoverySource.DIRECTORY: N_("entries of Mozilla's directory"),
    DiscoverySource.GUESS: N_("usual names"),
}


def notes_on_provider(provider: Provider) -> tuple[str, ...]:
    """Return what to know about ``provider``; what is unconfirmed says so."""
    found = [_note(provider, note) for note in provider.notes]
    if "user" in provider.unconfirmed and provider.user is UserNameForm.ADDRESS:
        found.append(_("The user is probably the full mail address: nobody has confirmed it."))
    if provider.user in {UserNameForm.LOGIN, UserNameForm.FIXED}:
        found.append(_(_SENDER))
    return tuple(found)


def notes_on_provider_secret(provider: Provider) -> tuple[str, ...]:
    """Return what to know about the secret of an account at ``provider``."""
    return tuple(_note(provider, note) for note in provider.notes if note in _ABOUT_THE_SECRET)


def _note(provider: Provider, note: ProviderNote) -> str:
    sentence = _(_NOTES[note], name=provider.name)
    if provider.needs(note):
        return sentence
    return _(
        "Nobody has confirmed this, so ask {name}: {sentence}",
        name=provider.name,
        sentence=sentence,
    )


def known_by_domain(provider: Provider) -> str:
    """Say that the table of providers has the domain."""
    if not provider.host_is_confirmed:
        return _("From the wizard's own list of providers, but not confirmed.")
    return _("From the wizard's own list of providers.")


def known_by_mx(provider: Provider, domain: str) -> str:
    """Say that the provider was recognised by the MX record."""
    if not provider.host_is_confirmed:
        return _(
            "{name} receives the mail of {domain} (MX record), but the host is not confirmed.",
            name=provider.name,
            domain=domain,
        )
    return _("{name} receives the mail of {domain} (MX record).", name=provider.name, domain=domain)


def named_by_srv(domain: str) -> str:
    """Say that the domain names the server in the DNS."""
    return _("{domain} names it in its DNS (SRV record).", domain=domain)


def named_by_autoconfig(domain: str) -> str:
    """Say that the domain publishes it."""
    return _("{domain} publishes it for mail programs (autoconfig).", domain=domain)


def named_by_directory(domain: str) -> str:
    """Say that Mozilla's directory lists the domain."""
    return _("Mozilla's directory names it for {domain}.", domain=domain)


def not_in_directory(domain: str) -> str:
    """Say that Mozilla's directory does not list the domain."""
    return _("Mozilla's directory does not know {domain}.", domain=domain)


def directory_unreachable() -> str:
    """Say that Mozilla's directory did not answer."""
    return _("Mozilla's directory cannot be reached.")


def guessed(host: str, port: int) -> str:
    """Say that it is a guess, and that the port accepts connections."""
    return _("A guess: {host} accepts connections on port {port}.", host=host, port=port)


def outside(domain: str) -> str:
    """Warn about a server that anybody who can forge DNS answers could have named."""
    return _("It is not part of {domain}: take it only if you know it.", domain=domain)


def out_of_reach(source: DiscoverySource, route: Route) -> str:
    """Say that no endpoint leads to the server that was found."""
    words = N_(
        "The {source} name {host}, port {port}, encrypted from the first byte, which the server "
        "can only do on port 465: left out."
    )
    if route.security is Security.NONE:
        words = N_("The {source} name {host}, port {port}, without encryption: left out.")
    return _(words, source=_(_SOURCES[source]), host=route.host, port=route.port)


def no_password_login(source: DiscoverySource, host: str) -> str:
    """Say that the host requires a kind of login that BOMnipotent Server does not support."""
    name = _(_SOURCES[source])
    return _(
        "According to the {source}, {host} takes no login by password, the only one that "
        "the server can do: put a relay in between.",
        source=name,
        host=host,
    )


def not_offered(domain: str) -> str:
    """Say that the domain declares that it has no server for outgoing mail."""
    return _(
        "{domain} says that it offers no server for outgoing mail (SRV record).", domain=domain
    )


def takes_no_mail(domain: str) -> str:
    """Say that the domain has a null MX (RFC 7505)."""
    return _("{domain} receives no mails (MX record): is the address right?", domain=domain)


def no_such_domain(domain: str) -> str:
    """Say that the DNS does not know the domain."""
    return _("There is no domain {domain}: is the address right?", domain=domain)


def dns_silent(domain: str) -> str:
    """Say that the DNS could not be queried."""
    return _("The DNS of this machine gives no answer about {domain}.", domain=domain)


def wrong_certificate(host: str) -> str:
    """Say that a web server was not asked because its certificate is not valid."""
    return _("{host} was not asked, because its certificate is not valid.", host=host)


def autoconfig_unreadable(host: str) -> str:
    """Say that the published file is unreadable."""
    return _("{host} publishes settings for mail programs that cannot be read.", host=host)


def unanswered(domain: str, late: Collection[DiscoverySource]) -> list[str]:
    """Say which sources had not answered by the deadline."""
    in_dns = {DiscoverySource.MX, DiscoverySource.SRV}
    found = [dns_silent(domain)] if in_dns & set(late) else []
    others = [_(_SOURCES[source]) for source in late if source not in in_dns]
    if others:
        found.append(_("No answer in time: {others}.", others=", ".join(others)))
    return found


def search_status(state: SearchState) -> str:
    """Say how far the search has got."""
    best = state.best
    if best is not None and best.route is not None:
        return _(
            "Found for {domain}: the server {way}.",
            domain=state.domain,
            way=best.route.in_words(),
        )
    if not state.finished:
        return _("Looking for the mail server of {domain} …", domain=state.domain)
    if state.suggestions:
        return _(
            "The server cannot send mails through the provider of {domain}.", domain=state.domain
        )
    return _(
        "Nothing was found for {domain}. Your provider's help names the host under SMTP or "
        "outgoing server.",
        domain=state.domain,
    )
