"""Users that are meant as mail addresses, and what is offered in place of those that are none.

What lettre 0.11.23 makes of them was measured with ``str::parse`` for ``Address`` and ``Mailbox``,
with these and 160,000 random texts: of the ASCII ones with an @, just those are accepted here that
both take as they are. None that both take is refused; of the others only some that are not ASCII
are accepted, such as a coffee cup before the @.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.config.settings import check_user, text_value
from wizard.errors import InvalidValue

REFUSED = {
    "foo@": ("user-incomplete", ""),
    "@example.org": ("user-incomplete", ""),
    "@": ("user-incomplete", ""),
    "foo@@example.org": ("user-at-signs", "foo@example.org"),
    "a@b@example.org": ("user-at-signs", ""),
    "a b@c.org": ("user-blanks", ""),
    "foo@exa mple.org": ("user-blanks", ""),
    "foo @example.org": ("user-blanks", "foo@example.org"),
    "foo@ example . org": ("user-blanks", "foo@example.org"),
    " foo@example.org\t": ("user-blanks", "foo@example.org"),
    " Foo <foo@example.org>": ("user-blanks", "foo@example.org"),
    " a@b@example.org": ("user-blanks", ""),
    '"a b"@c.org': ("user-blanks", ""),  # taken by lettre's Address, not by its Mailbox
    '"a..b"@c.org': ("user-local-part", ""),  # the same
    '"a@b"@c.org': ("user-local-part", ""),  # the same
    '"foo"@example.org': ("user-local-part", "foo@example.org"),  # the Mailbox drops the quotes
    '"Foo" <foo@example.org>': ("user-brackets", "foo@example.org"),
    "Foo <foo@example.org>": ("user-brackets", "foo@example.org"),
    '"Bar, Foo" <foo@example.org>': ("user-brackets", "foo@example.org"),
    "<foo@example.org>": ("user-brackets", "foo@example.org"),
    "foo@example.org>": ("user-brackets", "foo@example.org"),
    "<mailto:foo@example.org>": ("user-brackets", "foo@example.org"),
    "<apikey>": ("user-brackets", ""),
    "<": ("user-brackets", ""),
    "a@x,b@x": ("user-list", "a@x"),
    "a@x;b@x": ("user-list", "a@x"),
    "a@x, b@x": ("user-list", "a@x"),
    "Foo <a@x>, Bar <b@x>": ("user-list", "a@x"),
    "a@x,": ("user-list", "a@x"),
    "a@x, Foo": ("user-list", "a@x"),
    "foo@example,org": ("user-list", "foo@example.org"),
    "foo@mail.example,org": ("user-list", ""),  # or foo@mail.example and another name
    "first,last@example.org": ("user-list", ""),  # or last@example.org in a list
    "mailto:a@x": ("user-mailto", "a@x"),
    "MAILTO:a@x?subject=Hello": ("user-mailto", "a@x"),
    "foo@example..org": ("user-domain", "foo@example.org"),
    "foo@.example.org": ("user-domain", "foo@example.org"),
    "foo@example.org.": ("user-domain", "foo@example.org"),
    "foo@.": ("user-domain", ""),
    "foo@-example.org": ("user-domain", ""),
    "foo@example_": ("user-domain", ""),
    "foo@example.org:25": ("user-domain", ""),
    "foo@[192.0.2.1]": ("user-domain", ""),  # taken by lettre's Address, not by its Mailbox
    f"foo@{'x' * 64}.org": ("user-domain", ""),
    f"foo@{'x.' * 126}org": ("user-domain", ""),
    ".foo@example.org": ("user-local-part", ""),
    "foo.@example.org": ("user-local-part", ""),
    "f..oo@example.org": ("user-local-part", ""),
    "f(oo)@example.org": ("user-local-part", ""),
    'f"oo@example.org': ("user-local-part", ""),
    "firm\\foo@example.org": ("user-local-part", ""),
    f"{'x' * 65}@example.org": ("user-local-part", ""),
}
ACCEPTED = [
    "foo@example.org",
    "foo@localhost",
    "foo@192.0.2.1",
    "foo@ex_ample.org",
    "foo@xn--bcher-kva.example",
    "a!#$%&'*+-/=?^_`{|}~b@example.org",
    "foo.bar+x%example.net@example.org",
    f"{'x' * 64}@{'x' * 63}.org",
    "jörg@example.org",
    "foo@bücher.example",
    "foo@☕.example",
    # No addresses, and not meant as such
    "apikey",
    "resend",
    "AKIAIOSFODNN7EXAMPLE",
    "firm\\foo",
    "a b",
    "a,b",
    'a"b',
]


@pytest.mark.parametrize("user", REFUSED, ids=range(len(REFUSED)))
def test_what_is_meant_as_an_address_must_be_one(user: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_user(user)
    problem = caught.value
    code, meant = REFUSED[user]
    assert (problem.code, problem.correction) == (code, {"user": meant} if meant else {})
    assert problem.message
    assert (problem.remedy == f"Enter {meant}.") == bool(meant)
    assert problem.remedy


@pytest.mark.parametrize("user", ACCEPTED, ids=range(len(ACCEPTED)))
def test_addresses_and_token_names_stay_as_they_are(user: str) -> None:
    assert check_user(user) == user


PARTS = st.sampled_from(
    ["foo", "example.org", "@", "<", ">", ",", ";", " ", ".", '"', "mailto:", "ö", "\\", "\t", "-"]
)


def _problem(user: str) -> InvalidValue | None:
    try:
        check_user(user)
    except InvalidValue as problem:
        return problem
    return None


@given(st.one_of(st.text(), st.lists(PARTS, max_size=8).map("".join)))
def test_whatever_is_typed_is_one_address_a_token_or_refused(user: str) -> None:
    problem = _problem(user)
    if problem is not None:
        assert problem.code.startswith("user-")
        meant = problem.correction.get("user", "")
        assert isinstance(meant, str)
        assert set(meant) <= {*user, "."}
        assert not meant or _problem(meant) is None
        return
    assert "<" not in user
    if "@" in user:
        assert not set(user) & set(' <>,;"')
        assert user.count("@") == 1
        assert user[0] != "@" != user[-1]


def test_the_value_of_a_variable_is_not_offered() -> None:
    values = {"SMTP_SECRET": "hunter22@x,other@x"}
    with pytest.raises(InvalidValue) as caught:
        text_value("user", "${SMTP_SECRET}", values.get)
    assert (caught.value.code, caught.value.correction) == ("user-list", {})
    assert "SMTP_SECRET" in caught.value.remedy
    assert "hunter22" not in str(caught.value)
