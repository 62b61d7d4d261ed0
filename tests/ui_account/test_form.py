"""What the form fills in, misses, and makes of what was entered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.ui_account.conftest import SET_UP, MakeForm, find
from wizard.config.draft import Draft
from wizard.discovery.suggestion import DiscoverySource, Suggestion
from wizard.live_test.failure import Stage
from wizard.secrets.secret import Keep, Remove, Replace, Secret
from wizard.secrets.sources import ENV_FILE
from wizard.ui.account.form import AccountForm, SecretPlace
from wizard.ui.account.live_test import RunningTest
from wizard.ui.account.pages import resumed_notices
from wizard.ui.account.rows import rows
from wizard.ui.account.view import Field
from wizard.ui.saved_draft import SavedDraft

WITHIN = Suggestion(DiscoverySource.SRV, "By SRV.", "mail.example.org", safe=True)
OUTSIDE = Suggestion(DiscoverySource.SRV, "By SRV.", "smtp.elsewhere.example")
PASSWORD = Secret("a-password")


def filled_in(form: AccountForm) -> AccountForm:
    form.enter(Field.USER, "me@example.org")
    form.enter(Field.SECRET, PASSWORD)
    form.enter(Field.ENDPOINT, "mail.example.org")
    return form


# What fills itself in


def test_a_known_provider_is_filled_in_with_the_last_letter_of_the_domain(
    make_form: MakeForm,
) -> None:
    form = make_form()
    for end in range(1, len("me@gmail.com")):
        form.enter(Field.USER, "me@gmail.com"[:end])
        assert form.values.endpoint == ""
    form.enter(Field.USER, "me@gmail.com")
    assert form.values.endpoint == "smtp.gmail.com"


def test_what_was_filled_in_goes_with_its_domain(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, "me@gmail.com")
    form.enter(Field.USER, "me@gmail.comp")
    assert form.values.endpoint == ""


@pytest.mark.asyncio
async def test_nothing_is_filled_in_over_typed_text(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.ENDPOINT, "typed.example.org")
    form.enter(Field.USER, "me@gmail.com")
    find(form, WITHIN)
    form.fill_in_found()
    assert form.values.endpoint == "typed.example.org"


def test_only_what_is_safe_is_filled_in(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, "me@example.org")
    find(form, OUTSIDE)
    form.fill_in_found()
    assert form.values.endpoint == ""
    assert form.offers() == [OUTSIDE]
    find(form, WITHIN)
    form.fill_in_found()
    assert form.values.endpoint == "mail.example.org"


def test_a_host_is_offered_once_and_three_at_most(make_form: MakeForm) -> None:
    form = make_form()
    find(
        form,
        *(Suggestion(DiscoverySource.SRV, "", f"{name}.example.org") for name in "aabcd"),
    )
    assert [each.endpoint[0] for each in form.offers()] == ["a", "b", "c"]


def test_offers_stay_while_their_number_is_typed(make_form: MakeForm) -> None:
    form = make_form()
    find(form, OUTSIDE)
    form.enter(Field.ENDPOINT, "1")
    assert form.offers()
    form.enter(Field.ENDPOINT, "1a")
    assert not form.offers()


@pytest.mark.asyncio
async def test_blanks_around_an_address_are_left_out_with_a_word(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, " me@example.org ")
    form.leave(Field.USER)
    assert form.values.user == "me@example.org"
    assert form.remarks[Field.USER]


@pytest.mark.parametrize(
    ("typed", "remark"),
    [
        ("abcd efgh ijkl mnop", "3 blanks were left out."),
        ("abcdefgh ijklmnop", "1 blank was left out."),
    ],
)
def test_blanks_of_an_app_password_are_left_out(
    make_form: MakeForm, typed: str, remark: str
) -> None:
    form = make_form()
    form.enter(Field.USER, "me@gmail.com")
    form.enter(Field.SECRET, Secret(typed))
    form.leave(Field.SECRET)
    assert form.values.secret == Secret("abcdefghijklmnop")
    assert form.remarks[Field.SECRET] == remark


# What is missing


def test_enter_leads_downwards_and_around_to_what_is_missing(make_form: MakeForm) -> None:
    form = make_form()
    assert form.next_missing(Field.USER) is Field.SECRET
    assert form.next_missing(Field.SECRET) is Field.ENDPOINT
    assert form.next_missing(Field.ENDPOINT) is Field.USER
    assert filled_in(form).next_missing(Field.USER) is None


def test_an_empty_password_is_passed_by_but_not_forgotten(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, "me@example.org")
    form.enter(Field.ENDPOINT, "mail.example.org")
    assert form.next_missing(Field.ENDPOINT) is Field.SECRET
    assert form.next_missing(Field.SECRET) is Field.SECRET


def test_a_wrong_value_is_not_passed_by(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.ENDPOINT, "mail.example.org:587")
    assert form.next_missing(Field.ENDPOINT) is Field.ENDPOINT


def test_a_relay_needs_no_password(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, "me@example.org")
    form.enter(Field.ENDPOINT, "smtp://localhost:2500")
    assert form.next_missing(Field.ENDPOINT) is None
    assert isinstance(form.draft.secret, Remove)


def test_nothing_is_missing_where_users_are_not_verified(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.VERIFY, True)
    assert not form.problems()


def test_what_was_not_kept_has_to_be_entered_again(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n", frozenset({"secret"}))
    assert list(form.problems()) == [Field.SECRET]
    form.enter(Field.SECRET, PASSWORD)
    assert not form.problems()


# What becomes of the password


def test_an_empty_password_keeps_what_is_stored(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    assert form.draft == form.stored
    assert isinstance(form.draft.secret, Keep)


def test_a_stored_password_stays_when_the_endpoint_becomes_a_relay(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    form.enter(Field.ENDPOINT, "smtp://localhost:2500")
    assert isinstance(form.draft.secret, Keep)


def test_no_login_removes_what_is_stored(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    form.enter(Field.STORE, SecretPlace.NO_LOGIN)
    assert isinstance(form.draft.secret, Remove)


def test_typing_a_password_ends_no_login(make_form: MakeForm) -> None:
    form = make_form('[smtp]\nuser = "me@example.org"\nendpoint = "smtp://localhost:25"\n')
    assert form.values.store is SecretPlace.NO_LOGIN
    form.enter(Field.SECRET, PASSWORD)
    assert form.draft.secret == Replace(PASSWORD)


def test_a_secret_in_config_toml_stays_until_another_place_is_chosen(make_form: MakeForm) -> None:
    form = make_form(SET_UP.replace("${SMTP_SECRET}", "in-the-open"))
    assert form.values.store is SecretPlace.CONFIG
    assert form.draft == form.stored
    form.enter(Field.STORE, ENV_FILE)
    assert form.draft.secret == Replace(Secret("in-the-open"))


def test_a_new_password_never_goes_into_config_toml(make_form: MakeForm) -> None:
    form = make_form(SET_UP.replace("${SMTP_SECRET}", "in-the-open"))
    form.enter(Field.SECRET, PASSWORD)
    assert form.values.store is ENV_FILE
    assert form.draft.secret == Replace(PASSWORD)


# As stored, and as entered


def test_showing_what_is_stored_loses_nothing(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    form.enter(Field.ENDPOINT, "other.example.org")
    form.enter(Field.SECRET, PASSWORD)
    entered = form.draft
    form.show_stored()
    assert form.draft == form.stored
    assert form.has_entries
    assert form.entered == entered
    form.show_stored()
    assert form.draft == entered


def test_changed_fields_are_those_that_differ(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    assert not form.changed_fields
    form.enter(Field.ENDPOINT, "other.example.org")
    assert form.changed_fields == {Field.ENDPOINT}
    form.enter(Field.ENDPOINT, "mail.example.org")
    assert not form.changed_fields


def test_what_changes_in_the_files_is_taken_over_where_nothing_was_entered(
    make_form: MakeForm,
) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    form.enter(Field.USER, "entered@example.org")
    form.rebase(Draft(user="older@example.org", endpoint=form.values.endpoint))
    assert form.values.user == "entered@example.org"
    before = form.stored
    form.session.current = make_form(SET_UP.replace("mail.", "new.")).session.current
    form.rebase(before)
    assert form.values.endpoint == "new.example.org"
    assert form.values.user == "entered@example.org"


def test_no_password_is_in_the_representation_of_the_values(make_form: MakeForm) -> None:
    form = filled_in(make_form())
    assert "a-password" not in repr(form.values)
    form.enter(Field.ENDPOINT, "smtp://me:a-password@relay.example.org")
    assert "a-password" not in repr(form.values)


def test_a_stored_password_within_the_endpoint_is_masked_and_the_mask_is_never_data(
    make_form: MakeForm,
) -> None:
    stored = "smtp://me:a-password@relay.example.org:2525"
    form = make_form(f'[smtp]\nuser = "me@example.org"\nendpoint = "{stored}"\n')
    shown = form.shown(Field.ENDPOINT)
    assert "a-password" not in shown
    form.enter(Field.ENDPOINT, shown)
    assert form.values.endpoint == stored
    form.enter(Field.ENDPOINT, shown.replace("2525", "2526"))
    assert Field.ENDPOINT in form.problems()


def test_a_relay_without_a_password_shows_that_there_is_no_login(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.ENDPOINT, "smtp://localhost:2500")
    assert form.value(Field.STORE) is SecretPlace.NO_LOGIN


def test_what_is_left_alone_while_skipping_is_no_change(make_form: MakeForm) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    form.enter(Field.VERIFY, True)
    form.enter(Field.STORE, SecretPlace.NO_LOGIN)
    assert form.changed_fields == {Field.VERIFY}


def test_what_was_typed_before_verification_was_skipped_is_said_not_to_be_written(
    make_form: MakeForm,
) -> None:
    form = make_form()
    form.enter(Field.USER, "me@example.org")
    form.enter(Field.VERIFY, True)
    notes = {view.field: view.note.text for view in rows(form)}
    assert notes[Field.USER] == "not written: nothing would use it"
    assert notes[Field.ENDPOINT] == ""
    stored = make_form(SET_UP, "SMTP_SECRET=stored\n")
    stored.enter(Field.VERIFY, True)
    assert not any(view.note.text for view in rows(stored))


def test_what_is_typed_while_the_stored_values_are_shown_is_what_was_entered(
    make_form: MakeForm,
) -> None:
    form = make_form(SET_UP, "SMTP_SECRET=stored\n")
    form.enter(Field.ENDPOINT, "first.example.org")
    form.show_stored()
    form.enter(Field.ENDPOINT, "second.example.org")
    form.show_stored()
    assert form.values.endpoint == "mail.example.org"
    form.show_stored()
    assert form.values.endpoint == "second.example.org"


def test_blanks_of_an_app_password_go_also_when_the_provider_is_known_only_later(
    make_form: MakeForm,
) -> None:
    form = make_form()
    form.enter(Field.USER, "me@gmial.com")
    form.leave(Field.USER)
    form.enter(Field.SECRET, Secret("abcd efgh ijkl mnop"))
    form.leave(Field.SECRET)
    form.enter(Field.USER, "me@gmail.com")
    form.leave(Field.USER)
    assert form.values.secret == Secret("abcdefghijklmnop")
    assert form.remarks[Field.SECRET] == "3 blanks were left out."


def test_a_password_that_cannot_be_an_app_password_is_doubted(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, "me@gmail.com")
    form.enter(Field.SECRET, Secret("Mysecret1"))
    form.leave(Field.SECRET)
    notes = {view.field: view.note.text for view in rows(form)}
    assert notes[Field.SECRET] == "App passwords of Google have 16 letters."
    form.enter(Field.SECRET, Secret("abcdefghijklmnop"))
    form.leave(Field.SECRET)
    notes = {view.field: view.note.text for view in rows(form)}
    assert notes[Field.SECRET] == ""


def test_localhost_without_a_password_says_how_a_relay_is_written(make_form: MakeForm) -> None:
    form = make_form()
    form.enter(Field.USER, "me@example.org")
    form.enter(Field.ENDPOINT, "localhost")
    assert "smtp://localhost:25" in form.problems()[Field.SECRET].message


def test_a_user_that_was_not_kept_is_said(make_form: MakeForm) -> None:
    saved = SavedDraft(make_form().draft, datetime.now(UTC), frozenset({"user", "secret"}), False)
    notices = resumed_notices(saved)
    assert notices[1:] == ["user was not kept: it could contain a secret."]


@pytest.mark.parametrize(
    ("endpoint", "secret", "left_out"),
    [
        ("mail.example.org", PASSWORD, set()),
        ("smtp://mail.example.org", PASSWORD, {Stage.TLS}),
        ("smtp://127.0.0.1:2525", None, {Stage.TLS, Stage.AUTH}),
    ],
    ids=["SMTPS", "clear text", "relay"],
)
def test_a_running_test_announces_only_the_stages_it_will_have(
    make_form: MakeForm, endpoint: str, secret: Secret | None, left_out: set[Stage]
) -> None:
    form = filled_in(make_form())
    form.enter(Field.ENDPOINT, endpoint)
    if secret is None:
        form.enter(Field.STORE, SecretPlace.NO_LOGIN)
    announced = {line.word for line in RunningTest(form).panel().lines}
    asked = {Stage.DNS, Stage.TLS, Stage.AUTH, Stage.RCPT}
    assert {stage for stage in asked if stage.in_words not in announced} == left_out
