"""All sentences of discovery, made of codes and names."""

from __future__ import annotations

from collections.abc import Collection

from wizard.discovery.suggestion import Found, Source
from wizard.providers import Provider, Special, UserForm
from wizard.settings import Route, Security

_SPECIALS = {
    Special.APP_PASSWORD: "{name} needs an app password, one made for this program alone: the "
    "password of the account is not accepted.",
    Special.APP_PASSWORD_WITH_2FA: "{name} needs an app password if the account has two-factor "
    "authentication.",
    Special.TWO_STEP_FIRST: "{name} only makes app passwords for accounts with 2-step "
    "verification: switch that on first.",
    Special.MAIL_PASSWORD: "{name} has a password of its own for mail programs, other than the "
    "one of the account.",
    Special.SMTP_MUST_BE_ENABLED: "{name} needs SMTP AUTH switched on for this mailbox; an "
    "administrator can do that.",
    Special.ACCESS_MUST_BE_ENABLED: "{name} needs access by POP3 and IMAP switched on in the "
    "settings of the mailbox, which covers SMTP too.",
    Special.BASIC_AUTH_RETIRING: "{name} is retiring logins by password: plan a relay that can "
    "do OAuth.",
    Special.OAUTH_ONLY: "{name} only accepts logins by OAuth, which the server cannot do: use a "
    "mailbox of another provider, or put a relay in between.",
    Special.NO_SMTP: "{name} offers no SMTP: use a mailbox of another provider.",
    Special.SECRET_IS_API_KEY: "The secret is an API key of {name}.",
    Special.SMTP_CREDENTIALS: "{name} makes SMTP credentials, a user name and a password: "
    "neither is an access key or the API key.",
    Special.SMTP_KEY: "The user is the login that {name} shows under SMTP, the secret an SMTP "
    "key: not the API key.",
    Special.SMTP_TOKEN: "{name} needs an SMTP token, which it makes for addresses of an own "
    "domain on some paid plans.",
    Special.SERVER_TOKEN: "User and secret are both the server token of {name}.",
    Special.KEY_PAIR: "The user is the API key of {name}, the secret its secret key.",
    Special.PROJECT_ID: "The user is the project ID at {name}, the secret the secret key of an "
    "API key.",
    Special.SENDER_DOMAIN_MUST_MATCH: "{name} only takes senders of the domain that logs in.",
    Special.MAIN_ADDRESS: "The user is the main address of the account at {name}, no alias and "
    "no address of another domain.",
    Special.DOLLAR_IN_PASSWORD: "{name} warns of the character $ in passwords that programs use: "
    "choose one without it.",
    Special.SANDBOX: "{name} only sends to verified addresses until the account has left the "
    "sandbox.",
    Special.PAID_PLANS_DIFFER: "On paid plans with an own domain {name} has another host: look "
    "it up in the settings of the mailbox.",
    Special.OTHER_PLANS_DIFFER: "Other plans of {name} have other hosts: look it up in the "
    "settings of the mailbox.",
    Special.CLOUD_BLOCKS_465: "A server in the cloud of {name} cannot reach port 465 until that "
    "was applied for.",
}

_SENDER = (
    "The user is no mail address, and the server sends its mails from the user: put a relay in "
    "between that sets the sender."
)
_SOURCES = {
    Source.MX: "MX records",
    Source.SRV: "SRV records",
    Source.AUTOCONFIG: "settings for mail programs",
    Source.GUESS: "usual names",
}


def specials_of(provider: Provider) -> tuple[str, ...]:
    """Return what to know about ``provider``; what nobody has confirmed is worded as such."""
    found = [_special(provider, code) for code in provider.specials]
    if "user" in provider.unsure and provider.user is UserForm.ADDRESS:
        found.append("The user is probably the full mail address: nobody has confirmed it.")
    if provider.user in {UserForm.LOGIN, UserForm.FIXED}:
        found.append(_SENDER)
    return tuple(found)


def _special(provider: Provider, code: Special) -> str:
    sentence = _SPECIALS[code].format(name=provider.name)
    if provider.needs(code):
        return sentence
    return f"Nobody has confirmed this, so ask {provider.name}: {sentence}"


def known_by_domain(provider: Provider, domain: str) -> str:
    """Say that the list of providers has ``domain``."""
    return f"{domain} belongs to {provider.name}{_caution(provider)}."


def known_by_mx(provider: Provider, domain: str) -> str:
    """Say that the provider was recognised by the MX record."""
    return f"{provider.name} receives the mails of {domain} (MX record){_caution(provider)}."


def _caution(provider: Provider) -> str:
    way_in = "smtps" if provider.smtps else "starttls"
    return "; nobody has confirmed the host" if way_in in provider.unsure else ""


def named_by_srv(domain: str) -> str:
    """Say that the domain names the server in the DNS."""
    return f"{domain} names this server in its DNS (SRV record)."


def named_by_autoconfig(domain: str) -> str:
    """Say that the domain publishes it."""
    return f"{domain} publishes this for mail programs (autoconfig)."


def guessed(host: str, port: int) -> str:
    """Say that it is a guess, and what was seen."""
    return f"A guess: {host} exists and accepts connections on port {port}."


def outside(host: str, domain: str) -> str:
    """Warn of a server that anybody who can forge the DNS could have named."""
    return (
        f"{host} does not belong to {domain}: take it only if you know that it is your mail server."
    )


def out_of_reach(source: Source, route: Route) -> str:
    """Say that a server was found in a form that no endpoint has."""
    if route.security is Security.NONE:
        why = "without encryption"
    else:
        why = "encrypted from the first byte, which the server can only do on port 465"
    return f"The {_SOURCES[source]} name {route.host}, port {route.port}, {why}: left out."


def no_login(source: Source, host: str) -> str:
    """Say that the published settings ask for a login that the server cannot do."""
    return (
        f"According to the {_SOURCES[source]}, {host} takes no login by password, the only one "
        "that the server can do: put a relay in between."
    )


def not_offered(domain: str) -> str:
    """Say that the domain denies to have a server for outgoing mail."""
    return f"{domain} says that it offers no server for outgoing mail (SRV record)."


def takes_no_mail(domain: str) -> str:
    """Say that the domain has a null MX (RFC 7505)."""
    return f"{domain} receives no mails (MX record): is the address right?"


def no_such_domain(domain: str) -> str:
    """Say that the DNS does not know the domain."""
    return f"There is no domain {domain}: is the address right?"


def dns_silent(domain: str) -> str:
    """Say that the DNS could not be asked."""
    return f"The DNS of this machine gives no answer about {domain}."


def wrong_certificate(host: str) -> str:
    """Say that a web server was not asked because nobody knows whose it is."""
    return f"{host} was not asked, because its certificate is not valid."


def unreadable(host: str) -> str:
    """Say that what a web server has sent is not what it should be."""
    return f"{host} publishes settings for mail programs that cannot be read."


def given_up(domain: str, late: Collection[Source]) -> list[str]:
    """Say who had not answered at the deadline."""
    asks_dns = {Source.MX, Source.SRV}
    said = [dns_silent(domain)] if asks_dns & set(late) else []
    others = [_SOURCES[source] for source in late if source not in asks_dns]
    return [*said, f"No answer in time: {', '.join(others)}."] if others else said


def summary(found: Found) -> str:
    """Return one sentence on where the search stands."""
    best = found.best
    if best is not None and best.route is not None:
        return f"Found for {found.domain}: the server {best.route.in_words()}."
    if not found.over:
        return f"Looking for the mail server of {found.domain} …"
    if found.suggestions:
        return f"The server cannot send mails through the provider of {found.domain}."
    return (
        f"Nothing was found for {found.domain}. Your provider's help names the host under SMTP or "
        "outgoing server."
    )
