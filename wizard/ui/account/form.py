"""What the operator has entered so far, what is still missing, and what fills itself in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from wizard.config.draft import Draft
from wizard.config.endpoint import SCHEME, Endpoint, Route, begins_with_scheme, is_loopback
from wizard.errors import InvalidValue, WizardError
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.urls import mask_url_password
from wizard.formats.variables import expand
from wizard.secrets.secret import Keep, Remove, Replace, Secret, SecretEdit
from wizard.secrets.sources import ENV_FILE, STORES, StoreKind
from wizard.text.display import MASK
from wizard.text.language import N_, _
from wizard.ui.account.entry import TRIMMED
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Field

if TYPE_CHECKING:
    from wizard.discovery.suggestion import Suggestion
    from wizard.live_test.events import TestReport

_MOST_OFFERS = 3
_SECRET_MISSING = N_("Type the password, or choose no login.")
_RELAY_WITHOUT_PORT = N_("Type it. For a relay: smtp://localhost:25.")
_MASKED = N_("Type the password in place of the asterisks.")
_ENTER_AGAIN = N_("Enter this once more: it was not kept.")


class SecretPlace(Enum):
    """Where the secret is, besides the stores that it can be put into."""

    NO_LOGIN = auto()
    """There is none."""
    CONFIG = auto()
    """In config.toml itself, where it was put by hand."""


@dataclass(slots=True)
class Values:
    """What the fields contain."""

    user: str
    endpoint: str = field(repr=False)  # may hold a password
    starttls: bool | None
    store: StoreKind | SecretPlace
    skip: bool | None
    version: SkipKey | None
    relay: str
    secret: Secret | None = None
    """What was typed; None keeps what is stored."""


class AccountForm:
    """One account in the making. It reads and writes nothing by itself.

    A surface calls :meth:`enter` for each change, :meth:`leave` when the operator has finished a
    field, and draws what the functions of ``rows`` and ``panels`` say about the form.
    """

    def __init__(
        self, session: WizardSession, draft: Draft, omitted: frozenset[str] = frozenset()
    ) -> None:
        """``omitted`` are fields of an earlier run that were not kept, to be entered again."""
        self.session = session
        self.values = self._values_of(draft)
        self.omitted = omitted
        self.resumed: Sequence[str] = ()
        """What to know about what was put back from an earlier run."""
        self.filled: Suggestion | None = None
        """The suggestion that the mail server and its encryption were filled in from."""
        self.remarks: dict[Field, str] = {}
        """What happened to an entry, such as blanks that were left out."""
        self.finished: set[Field] = set()
        """The fields that the operator has left, which may be judged."""
        self.refusal: WizardError | None = None
        """Why what was entered cannot be written; gone with the next change."""
        self.set_aside: Values | None = None
        """What was entered, while the form shows what is stored."""

    # Values and drafts

    def _values_of(self, draft: Draft) -> Values:
        return Values(
            draft.user,
            draft.endpoint,
            draft.starttls,
            self._place_of(draft),
            draft.skip,
            draft.skip_key,
            draft.relay or "",
        )

    def _place_of(self, draft: Draft) -> StoreKind | SecretPlace:
        current = self.session.current
        if isinstance(draft.secret, Remove):
            return SecretPlace.NO_LOGIN
        if isinstance(draft.secret, Replace):
            return draft.store
        if current.resolver.literal is not None:
            return SecretPlace.CONFIG
        if current.configured and not current.has_secret:
            return SecretPlace.NO_LOGIN
        return draft.store

    @property
    def draft(self) -> Draft:
        """The draft with everything that was entered, right or wrong."""
        return self._draft_of(self.values)

    def _draft_of(self, values: Values) -> Draft:
        endpoint = values.endpoint
        if begins_with_scheme(endpoint):  # the server wants it in lower case
            endpoint = SCHEME + endpoint[len(SCHEME) :]
        stored = self.stored
        return Draft(
            user=values.user,
            endpoint=endpoint,
            starttls=values.starttls,
            secret=self._secret_edit(values),
            store=values.store if isinstance(values.store, StoreKind) else stored.store,
            # Where config.toml leaves it to a variable, "by mail" is no wish to change that.
            skip=values.skip if values.skip or stored.skip is not None else None,
            skip_key=values.version,
            relay=values.relay or None,
        )

    def _secret_edit(self, values: Values) -> SecretEdit:
        current = self.session.current
        if values.store is SecretPlace.NO_LOGIN or self._is_open_relay(values):
            return Keep() if current.configured and not current.has_secret else Remove()
        if values.secret is not None:
            return Replace(values.secret)
        literal = current.resolver.literal
        if literal is not None and isinstance(values.store, StoreKind):
            return Replace(literal)
        return Keep()

    @property
    def stored(self) -> Draft:
        """The draft that changes nothing."""
        return Draft.of(self.session.current)

    @property
    def changed_fields(self) -> frozenset[Field]:
        """The fields that differ from what is stored."""
        values, draft, stored = self.values, self.draft, self.stored
        if draft.skip:  # all others are left alone
            return frozenset({Field.VERIFY} if not stored.skip else ())
        changed = {
            Field.USER: draft.user != stored.user,
            Field.SECRET: values.secret is not None,
            Field.ENDPOINT: draft.endpoint != stored.endpoint,
            Field.STARTTLS: draft.starttls != stored.starttls,
            Field.STORE: values.store != self._place_of(stored),
            Field.VERIFY: bool(draft.skip) != bool(stored.skip),
            Field.RELAY: draft.relay is not None,
        }
        return frozenset(field for field, differs in changed.items() if differs)

    @property
    def entered(self) -> Draft:
        """The draft with what was entered, also while the form shows what is stored."""
        return self._draft_of(self.values if self.set_aside is None else self.set_aside)

    @property
    def has_entries(self) -> bool:
        """Whether something was entered that leaving would lose."""
        return self.entered != self.stored

    @property
    def is_new(self) -> bool:
        """Whether nothing about mails is set up yet."""
        current = self.session.current
        return not (current.configured or current.view.skip is not None or current.view.misnamed)

    # Entering

    def enter(self, field: Field, value: Any) -> None:
        """Take a new value; a text as it is in the field, a secret as ``Secret | None``."""
        self.remarks.pop(field, None)
        self.finished.discard(field)
        self.refusal = None
        self.set_aside = None  # from here on, this is what was entered
        if field is Field.ENDPOINT and value == mask_url_password(self.stored.endpoint):
            value = self.stored.endpoint
        if field is Field.VERIFY:
            self.values.skip = value
        else:
            setattr(self.values, field.value, value)
        if field in (Field.ENDPOINT, Field.STARTTLS):
            self.filled = None
        if field is Field.USER:
            self._fill_in_known()
        if (
            field is Field.SECRET
            and value is not None
            and isinstance(self.values.store, SecretPlace)
        ):
            self.values.store = ENV_FILE  # a new password is never put into config.toml

    def shown(self, field: Field) -> str:
        """Return the text to show in a field: a stored password within the endpoint is masked."""
        text = self.value(field)
        if field is Field.ENDPOINT and text == self.stored.endpoint:
            return mask_url_password(text)
        return text if isinstance(text, str) else ""

    def value(self, field: Field) -> Any:
        """Return the present value of a field."""
        if field is Field.VERSION:
            return self.values.version or SkipKey.GLOBAL
        if field is Field.STORE and self._is_open_relay(self.values):
            return SecretPlace.NO_LOGIN
        return self.values.skip if field is Field.VERIFY else getattr(self.values, field.value)

    def leave(self, field: Field) -> None:
        """Finish a field: blanks around it go, and the mail server of a new user is looked for."""
        self.finished.add(field)
        if field in (Field.USER, Field.ENDPOINT, Field.RELAY):
            text = self.value(field)
            if text != text.strip():
                self.enter(field, text.strip())
                self.remarks[field] = _(TRIMMED)
        if field is Field.USER and self.values.user:
            self.session.discover(self.values.user)
            self.fill_in_found()
        self._join_app_password()

    def _join_app_password(self) -> None:
        """Leave out the blanks in which some providers show an app password, once it is typed."""
        if self.values.secret is None or Field.SECRET not in self.finished:
            return
        from wizard.discovery.offers import join_app_password

        typed = self.values.secret.reveal()
        joined = join_app_password(self.session.expanded(self.values.endpoint), typed)
        if joined != typed:
            self.values.secret = Secret(joined)
            count = len(typed) - len(joined)
            words = N_("1 blank was left out."), N_("{count} blanks were left out.")
            self.remarks[Field.SECRET] = _(words[count != 1], count=count)

    def show_stored(self) -> None:
        """Show what is stored in place of what was entered, or the other way round."""
        if self.set_aside is None:
            self.set_aside, self.values = self.values, self._values_of(self.stored)
        else:
            self.values, self.set_aside = self.set_aside, None
        self.remarks.clear()

    def rebase(self, before: Draft) -> None:
        """Take over what the files contain now in all fields that still had ``before``'s values."""
        old, new = self._values_of(before), self._values_of(self.stored)
        for name in ("user", "endpoint", "starttls", "store", "skip", "version", "relay"):
            if getattr(self.values, name) == getattr(old, name):
                setattr(self.values, name, getattr(new, name))

    def forget_written_secret(self) -> None:
        """Keep the secret that has just been stored, as if it had been there before."""
        self.values.secret = None

    def carry_over(self, other: AccountForm, before: Draft) -> None:
        """Take over what was entered in the form of another config.toml, which had ``before``."""
        untouched = other._values_of(before)
        for name in ("user", "endpoint", "starttls", "skip", "relay", "secret"):
            entered = getattr(other.values, name)
            if entered != getattr(untouched, name):
                setattr(self.values, name, entered)

    # Suggestions

    def _fill_in_known(self) -> None:
        """Fill in the provider of the domain, which is known without asking anybody."""
        from wizard.discovery.offers import suggest_by_domain

        if self.filled is not None:
            self.values.endpoint, self.values.starttls, self.filled = "", False, None
        if not self.values.endpoint and "@" in self.values.user:
            self._fill_in(suggest_by_domain(self.session.expanded(self.values.user)))

    def fill_in_found(self) -> None:
        """Fill in what the search has found, if that is safe and nothing was typed."""
        if not self.values.endpoint:
            self._fill_in(next(iter(self.suggestions), None))

    def _fill_in(self, suggestion: Suggestion | None) -> None:
        if suggestion is not None and suggestion.usable and suggestion.safe:
            self.accept(suggestion)

    def accept(self, suggestion: Suggestion) -> None:
        """Put a suggestion into the fields."""
        self.values.endpoint, self.values.starttls = suggestion.endpoint, suggestion.starttls
        self.filled = suggestion
        self.finished.discard(Field.ENDPOINT)
        self._join_app_password()

    @property
    def suggestions(self) -> Sequence[Suggestion]:
        """The mail servers that were found for the user, best first, one for each host."""
        state = self.session.discovery.state
        best: dict[str, Suggestion] = {}
        for suggestion in () if state is None else state.settled:
            if suggestion.usable:
                best.setdefault(suggestion.endpoint, suggestion)
        return list(best.values())[:_MOST_OFFERS]

    def offers(self) -> Sequence[Suggestion]:
        """The suggestions that Enter and the digits take, while the mail server is empty."""
        typed = self.values.endpoint
        return self.suggestions if not typed or typed.isdigit() else ()

    def has_other_user(self, suggestion: Suggestion | None) -> bool:
        """Whether the mail server knows the account by another name than the one entered."""
        entered = self.session.expanded(self.values.user)
        return suggestion is not None and suggestion.user not in (None, entered)

    def may_ask_directory(self) -> bool:
        """Whether asking Mozilla's directory about the domain is left to try."""
        return not self.suggestions and self.session.discovery.can_ask_directory

    # What is wrong or missing

    def _is_open_relay(self, values: Values) -> bool:
        """Whether the endpoint is a relay for which there is no password, typed or stored."""
        stored = self.session.current.has_secret
        return begins_with_scheme(values.endpoint) and values.secret is None and not stored

    @property
    def asks_version(self) -> bool:
        """Whether skipping takes the server's version, which nothing tells."""
        return bool(self.values.skip) and self.session.current.known_skip_key() is None

    def problems(self) -> Mapping[Field, InvalidValue]:
        """Return what is missing or wrong, from top to bottom; nothing if no mail is to be sent."""
        if self.values.skip:
            return {}
        current, draft = self.session.current, self.draft
        found = {Field(name): each for name, each in draft.problems(current).items()}
        if MASK in draft.endpoint:
            found[Field.ENDPOINT] = InvalidValue("endpoint-masked", _(_MASKED))
        secret = self._missing_secret(draft)
        if secret is not None:
            found[Field.SECRET] = secret
        if found.get(Field.SECRET) is not None and isinstance(draft.secret, Keep):
            found[Field.SECRET] = self._not_passed() or found[Field.SECRET]
        for name in self.omitted & {"user", "endpoint"}:
            if getattr(draft, name) == getattr(self.stored, name):
                found.setdefault(Field(name), InvalidValue(f"{name}-omitted", _(_ENTER_AGAIN)))
        return {field: found[field] for field in Field if field in found}

    def _missing_secret(self, draft: Draft) -> InvalidValue | None:
        current = self.session.current
        if self.values.store is SecretPlace.NO_LOGIN or not isinstance(draft.secret, Keep):
            return None
        if "secret" in self.omitted:
            return InvalidValue("secret-omitted", _(_ENTER_AGAIN))
        if current.secret_doubt or current.resolver.sources().found:
            return None
        if current.reference is None:
            relay = is_loopback(self.values.endpoint)
            words = _RELAY_WITHOUT_PORT if relay else _SECRET_MISSING
            return InvalidValue("secret-missing", _(words))
        message = _("Nothing sets ${{{name}}}: type the password.", name=current.reference)
        return InvalidValue("secret-unset", message)

    def _not_passed(self) -> InvalidValue | None:
        """Return that Compose does not give the server a password that is stored for it."""
        current, name = self.session.current, self.session.current.reference
        container = current.container
        if container is None or name is None or container.passes(name):
            return None
        if not container.project.variables.get(name):
            return None
        return InvalidValue(
            "compose-variable-not-passed",
            _("Stored, but the server does not get it: see below."),
            container.why_missing(name)[1],
        )

    def next_missing(self, after: Field) -> Field | None:
        """Return the next field to fill in or correct, downwards and around; None if all is right.

        A field that is wrong, not only empty, is not passed by.
        """
        wrong = self.problems()
        if after in wrong and self.value(after) not in ("", None):
            return after
        order = list(Field)
        below = order.index(after) + 1
        return next((field for field in order[below:] + order[:below] if field in wrong), None)

    def correction(self, field: Field) -> Mapping[str, str | bool]:
        """Return the settings that were probably meant in a field; none where that is unknown."""
        problem = self.problems().get(field)
        return {} if problem is None else problem.correction

    def meant(self, field: Field) -> str:
        """Return in words what :meth:`correct` takes over; empty if nothing."""
        meant = self.correction(field)
        words = [value for value in meant.values() if isinstance(value, str)]
        return ", ".join([*words, "STARTTLS"] if meant.get("starttls") is True else words)

    def correct(self, field: Field) -> bool:
        """Take over the settings that were probably meant; return whether there are any."""
        meant = self.correction(field)
        for name, value in meant.items():
            self.enter(Field(name), value)
        return bool(meant)

    # The live test

    @property
    def report(self) -> TestReport | None:
        """The report of the last live test, if it tested what the form shows."""
        return self.session.report_for(self.draft)

    @property
    def failed_before(self) -> TestReport | None:
        """The report of a live test that failed with other values than the form shows now."""
        showing_stored = self.set_aside is not None
        if self.session.last_test is None or self.report is not None or showing_stored:
            return None
        tested, report = self.session.last_test
        if report.verdict != "fail" or report.diagnosis is None:
            return None
        others = {"user", "endpoint", "secret"} - {report.diagnosis.field}
        draft = self.draft
        same = all(getattr(tested, name) == getattr(draft, name) for name in others)
        return report if same else None

    def use_alternative(self, number: int) -> bool:
        """Put another form of the endpoint that works into the fields, counted from 1."""
        report = self.report
        if report is None or not 1 <= number <= len(report.alternatives):
            return False
        other = report.alternatives[number - 1]
        self.enter(Field.ENDPOINT, other.endpoint)
        self.enter(Field.STARTTLS, other.starttls)
        return True

    @property
    def route(self) -> Route | None:
        """Where the server will connect to; None while that is not known."""
        try:
            endpoint = Endpoint.parse(expand(self.draft.endpoint, self.session.current.lookup))
            starttls = self.values.starttls
            current = self.session.current
            return endpoint.route(current.switch("starttls") if starttls is None else starttls)
        except InvalidValue:
            return None

    def stores(self) -> Sequence[StoreKind]:
        """Return the stores that can be chosen."""
        offered = []
        for store in STORES:
            availability = self.session.availability(store)
            usable = availability is not None and availability.usable
            usable = usable or bool(self.session.backend_needing_consent(store))
            if usable or store in (ENV_FILE, self.stored.store, self.values.store):
                offered.append(store)
        return offered
