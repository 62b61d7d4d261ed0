"""The rows of the account form: each field with its word, its mark and one line about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wizard.config.endpoint import Security, begins_with_scheme
from wizard.config.layout import LayoutKind
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.urls import mask_url_password
from wizard.secrets.sources import StoreKind
from wizard.text.display import on_one_line
from wizard.text.language import N_, _
from wizard.ui.account.form import AccountForm, SecretPlace
from wizard.ui.account.view import Field, Mark, Note, Option, RowView

if TYPE_CHECKING:
    from wizard.discovery.suggestion import Suggestion

_WORDS = {
    Field.USER: (N_("Mail address"), N_("Address"), "user"),
    Field.SECRET: (N_("Password"), N_("Password"), "secret"),
    Field.ENDPOINT: (N_("Mail server"), N_("Server"), "endpoint"),
    Field.STARTTLS: (N_("Encryption"), N_("Encrypt"), "starttls"),
    Field.STORE: (N_("Secret kept in"), N_("Kept in"), ""),
    Field.VERSION: (N_("Server version"), N_("Version"), ""),
    Field.VERIFY: (N_("Verify users"), N_("Users"), ""),
    Field.RELAY: (N_("Sender"), N_("Sender"), ""),
}
WAYS = {
    Security.TLS: N_("SMTPS, port {port}"),
    Security.STARTTLS: N_("STARTTLS, port {port}"),
    Security.NONE: N_("port {port}, not encrypted"),
}
"""How a connection is made, in a few words."""
_ROUTE_NOTES = {
    Security.TLS: N_("Encrypted from the first byte, on port {port}."),
    Security.STARTTLS: N_("Encrypted before the login, on port {port}."),
    Security.NONE: N_("Not encrypted, port {port}: only for a relay of your own."),
}
_MISSING_PART = N_("Something is missing after the @.")
_EMPTY = {
    Field.USER: N_("Type your mail address."),
    Field.ENDPOINT: N_("Type the name of the mail server."),
}
_NO_ADDRESS = N_("No mail address: many servers refuse it as a sender.")
_UNINTENDED = {
    "secret-blanks": N_("It begins or ends with a blank. Is that right?"),
    "secret-invisible": N_("It contains an invisible character. Is that right?"),
    "secret-quoted": N_("It is in quotation marks. Is that right?"),
}
_TESTED_FIELDS = (Field.USER, Field.SECRET, Field.ENDPOINT, Field.STARTTLS)
_NOT_NEEDED = (Field.USER, Field.SECRET, Field.ENDPOINT)
"""What an operator types, and nothing uses without verification."""


def rows(form: AccountForm) -> list[RowView]:
    """Return all rows from top to bottom, also those that are not shown now."""
    return [_row(form, field) for field in Field]


def _row(form: AccountForm, field: Field) -> RowView:
    word, short, setting = _WORDS[field]
    if field is Field.VERIFY and form.values.skip:
        key = form.values.version or form.session.current.known_skip_key() or SkipKey.GLOBAL
        setting = key.path[-1]
    return RowView(
        field,
        _(word),
        _(short),
        setting,
        _mark(form, field),
        next(_notes(form, field), Note()),
        _placeholder(form, field),
        _options(form, field),
        is_shown(form, field),
    )


def is_shown(form: AccountForm, field: Field) -> bool:
    """Whether a field is asked for, given the others."""
    match field:
        case Field.VERSION:
            return form.asks_version
        case Field.STORE:
            return not form.asks_version
        case Field.RELAY:
            return not form.values.skip and (bool(form.values.relay) or _relay_helps(form))
        case _:
            return True


def _relay_helps(form: AccountForm) -> bool:
    """Whether a relay that sets the sender can be put beside the server, as far as is known."""
    current, user = form.session.current, form.values.user
    is_address = not user or "@" in user or "${" in user
    if is_address or Field.USER not in form.finished or current.container is None:
        return False
    from wizard.config.relay import relay_obstacle

    return relay_obstacle(current.container) is None


# Marks


def _mark(form: AccountForm, field: Field) -> Mark:
    if form.values.skip and field in _TESTED_FIELDS:
        return Mark.NONE
    if failing_field(form) is field or (field in form.finished and field in form.problems()):
        return Mark.FAILED
    report = form.report
    if report is not None and report.verdict in ("pass", "warn"):
        return Mark.PASSED if field in _TESTED_FIELDS else Mark.NONE
    return Mark.CHANGED if not form.is_new and field in form.changed_fields else Mark.NONE


def failing_field(form: AccountForm) -> Field | None:
    """Return the field in which the failure of the last test is to be corrected."""
    report = form.report
    if report is None or report.verdict != "fail" or report.diagnosis is None:
        return None
    name = report.diagnosis.field
    if name == Field.STARTTLS and begins_with_scheme(form.values.endpoint):
        return Field.ENDPOINT  # which decides the encryption there
    return Field(name) if name else None


# Notes


def _notes(form: AccountForm, field: Field) -> Iterator[Note]:
    """Yield what there is to say about a field, the most important first."""
    if form.values.skip:
        if _is_left_out(form, field):
            yield Note(text=_("not written: nothing would use it"))
        return
    failing = failing_field(form) is field
    problem = form.problems().get(field)
    if failing and problem is None:
        yield Note(Mark.FAILED, _failure(form, field))
    if problem is not None and (failing or field in form.finished):
        text = problem.message
        if field is Field.USER and form.values.user.endswith("@"):
            text = _(_MISSING_PART)
        if field in _EMPTY and not form.value(field):
            text = _(_EMPTY[field])
        yield Note(Mark.FAILED, text)
    if field in form.remarks:
        yield Note(Mark.WARNING, form.remarks[field])
    if field in form.session.hints and form.value(field) in ("", None):
        yield Note(text=form.session.hints[field])
    yield from {
        Field.USER: _user_notes,
        Field.SECRET: _secret_notes,
        Field.ENDPOINT: _endpoint_notes,
        Field.STARTTLS: _starttls_notes,
    }.get(field, _no_notes)(form)


def _is_left_out(form: AccountForm, field: Field) -> bool:
    """Whether what was typed here is not written, since nobody is verified by mail."""
    if field not in _NOT_NEEDED:
        return False
    return form.value(field) not in ("", None, getattr(form.stored, field.value))


def _no_notes(_form: AccountForm) -> Iterator[Note]:
    return iter(())


def _failure(form: AccountForm, field: Field) -> str:
    report = form.report
    if report is None or report.diagnosis is None:
        return ""
    found = report.diagnosis
    refused = found.server_said and found.code != "secret-missing"
    if field is not Field.SECRET or not refused:
        return f"{found.reason_alone}."
    if field in form.session.hints:
        return _("Refused. {hint}", hint=form.session.hints[field])
    if form.values.secret is not None:
        return _("This one was refused. Typing replaces it.")
    return _("The stored one was refused. Type the right one.")


def _user_notes(form: AccountForm) -> Iterator[Note]:
    user = form.values.user
    if not user:
        yield Note(text=_("The server logs in with it and sends its mails from it."))
    unusable = unusable_suggestion(form)
    if unusable is not None and unusable.provider is not None:
        name = unusable.provider
        yield Note(Mark.FAILED, _("{name} takes no password here: see below.", name=name))
    if "${" in user:
        value = form.session.expanded(user)
        yield Note(text=_("Now: {value}", value=on_one_line(value)) if value else "")
    if user and "@" not in user and Field.USER in form.finished:
        yield Note(Mark.WARNING, _(_NO_ADDRESS))
    if form.filled is not None and form.has_other_user(form.filled):
        theirs = on_one_line(form.filled.user or "")
        yield Note(Mark.WARNING, _("The user there is {theirs}.", theirs=theirs))
    if form.filled is not None and form.filled.provider and form.is_new:
        yield Note(text=_("{provider}: the rest is filled in.", provider=form.filled.provider))
    yield from _was(form, Field.USER, form.stored.user)


def unusable_suggestion(form: AccountForm) -> Suggestion | None:
    """Return what is known of a provider through which nothing can be sent."""
    if form.values.endpoint or "@" not in form.values.user:
        return None
    from wizard.discovery.offers import suggest_by_domain

    suggestion = suggest_by_domain(form.session.expanded(form.values.user))
    return suggestion if suggestion is not None and not suggestion.usable else None


def _secret_notes(form: AccountForm) -> Iterator[Note]:
    typed, current = form.values.secret, form.session.current
    if typed is not None and Field.SECRET in form.finished:
        from wizard.secrets.unintended import unintended_characters

        for finding in unintended_characters(typed.reveal()):
            yield Note(Mark.WARNING, _(_UNINTENDED[finding.code]))
        from wizard.discovery.offers import doubt_about_secret

        endpoint = form.session.expanded(form.values.endpoint)
        if doubt := doubt_about_secret(endpoint, typed.reveal()):
            yield Note(Mark.WARNING, doubt)
    yield from _place_notes(form)
    if typed is None and begins_with_scheme(form.values.endpoint):
        if not current.resolver.sources().found:
            yield Note(text=_("None: a local relay needs no login."))
        return
    if typed is not None or not form.values.endpoint or current.resolver.sources().found:
        return
    from wizard.discovery.offers import hint_about_secret

    if hint := hint_about_secret(form.session.expanded(form.values.endpoint)):
        yield Note(Mark.WARNING, hint)


def _place_notes(form: AccountForm) -> Iterator[Note]:
    """Yield what the place of the password means for the one that is stored."""
    current, store = form.session.current, form.values.store
    if store is SecretPlace.NO_LOGIN:
        if current.has_secret:
            yield Note(Mark.WARNING, _("The stored password will be removed."))
        yield Note(text=_("None: the server does not log in."))
    if store is SecretPlace.CONFIG:
        yield Note(Mark.WARNING, _("Everybody who reads config.toml sees it: choose .env."))
    moves = form.values.secret is None and current.resolver.literal is not None
    if moves and isinstance(store, StoreKind):
        yield Note(text=_("It moves to {store}.", store=_store_name(form, store)))


def _endpoint_notes(form: AccountForm) -> Iterator[Note]:
    if form.filled is not None:
        yield Note(text=form.filled.origin)
    discovery, offers = form.session.discovery, form.offers()
    if offers and discovery.state is not None:
        found = N_("1 found for {domain}"), N_("{count} found for {domain}")
        words = found[len(offers) != 1]
        yield Note(text=_(words, count=len(offers), domain=discovery.state.domain))
    elif not form.values.endpoint and discovery.searching:
        yield Note(text=_("Looking … {seconds:.0f} s", seconds=discovery.elapsed))
    if "${" in form.values.endpoint:
        value = mask_url_password(form.session.expanded(form.values.endpoint))
        yield Note(text=_("Now: {value}", value=on_one_line(value)) if value else "")
    yield from _was(form, Field.ENDPOINT, mask_url_password(form.stored.endpoint))


def _starttls_notes(form: AccountForm) -> Iterator[Note]:
    route = form.route
    if route is not None:
        yield Note(text=_(_ROUTE_NOTES[route.security], port=route.port))
    elif not form.values.endpoint:
        security = Security.STARTTLS if form.values.starttls else Security.TLS
        port = 587 if form.values.starttls else 465
        yield Note(text=_(_ROUTE_NOTES[security], port=port))


def _was(form: AccountForm, field: Field, stored: str) -> Iterator[Note]:
    if stored and field in form.changed_fields:
        yield Note(text=_("was {value}", value=on_one_line(stored)))


# Placeholders and options


def _placeholder(form: AccountForm, field: Field) -> str:
    if form.values.skip and field in _NOT_NEEDED:
        return _("not needed")
    match field:
        case Field.USER:
            return "you@example.org"
        case Field.SECRET:
            return _kept_secret(form)
        case Field.ENDPOINT if form.offers():
            return _("Enter takes 1, or type a host name")
        case Field.ENDPOINT if form.session.discovery.state is None:
            return _("found by your mail address")
        case Field.ENDPOINT:
            return _("host name, for example smtp.example.org")
        case Field.RELAY:
            return _("empty: no relay")
        case _:
            return ""


def _kept_secret(form: AccountForm) -> str:
    if "secret" in form.omitted:
        return _("not kept: type it once more")
    place = stored_secret(form)
    return _("{place}; empty keeps it", place=place) if place else ""


def stored_secret(form: AccountForm) -> str:
    """Say where the password is that an empty field keeps; nothing where there is none."""
    current = form.session.current
    if form.values.store is SecretPlace.NO_LOGIN or "secret" in form.omitted:
        return ""
    if current.secret_doubt:
        return _("not known from here")
    source = current.resolver.sources().effective
    return "" if source is None else _(source.in_summary)


def _options(form: AccountForm, field: Field) -> Sequence[Option]:
    match field:
        case Field.STARTTLS if begins_with_scheme(form.values.endpoint):
            return (Option(form.values.starttls, _("as the smtp:// address says")),)
        case Field.STARTTLS:
            return (
                Option(False, _("SMTPS, port 465"), _("SMTPS 465")),
                Option(True, _("STARTTLS, port 587"), _("STARTTLS 587")),
            )
        case Field.STORE:
            return _places(form)
        case Field.VERSION:
            return (
                Option(SkipKey.GLOBAL, _("0.5 or 0.6")),
                Option(SkipKey.USER_TABLE, _("0.7 or later")),
            )
        case Field.VERIFY:
            return (
                Option(False, _("by mail"), alone=_("verified by mail")),
                Option(True, _("not at all"), alone=_("not verified")),
            )
        case _:
            return ()


def _places(form: AccountForm) -> Sequence[Option]:
    options = [Option(store, _store_name(form, store)) for store in form.stores()]
    if form.session.current.resolver.literal is not None:
        options.insert(0, Option(SecretPlace.CONFIG, _("config.toml, as now"), "config.toml"))
    return (*options, Option(SecretPlace.NO_LOGIN, _("no login")))


def _store_name(form: AccountForm, store: StoreKind) -> str:
    backend = form.session.backend_needing_consent(store)
    if backend:  # choosing it by its name is the operator's consent
        return _(store.label_with_backend, backend=backend)
    in_compose = form.session.current.layout.kind is LayoutKind.COMPOSE
    return secret_file_name(form) if in_compose and not store.open_class else _(store.label)


def secret_file_name(form: AccountForm) -> str:
    """Return the name of the file from which the server's container gets its secret."""
    current = form.session.current
    if current.container is None:
        return current.env.path.name
    return current.secret_target(current.variable).path.name
