"""The operations on accounts that pages, API and commands share."""

import pytest
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Mail, User
from flaskblog.users.changes import (
    EMAIL_TAKEN,
    USERNAME_TAKEN,
    TakenError,
    change_account,
    reset_password,
    sign_up,
    taken_values,
)
from tests.support.account import stored
from tests.support.factories import PASSWORD, make_user

NEW = "another password for tests"


def test_signing_up_with_taken_values_has_a_message_for_each(author: User) -> None:
    with pytest.raises(TakenError) as taken:
        sign_up("AUTHOR", "Author@Example.org", PASSWORD)
    assert taken.value.messages == {"username": USERNAME_TAKEN, "email": EMAIL_TAKEN}
    assert db.session.scalars(select(User)).all() == [author]


def test_the_values_of_the_owner_are_not_taken(author: User) -> None:
    assert taken_values("author", author.email, author.id) == {}
    assert taken_values("author", None) == {"username": USERNAME_TAKEN}


def test_a_failed_check_changes_nothing(author: User) -> None:
    before = stored(author)

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        change_account(author, username="renamed", email="new@example.org", check=fail)
    db.session.rollback()
    assert stored(author) == before
    assert db.session.scalars(select(Mail)).all() == []


def test_a_taken_username_changes_nothing(author: User) -> None:
    make_user("stranger")
    before = stored(author)
    with pytest.raises(TakenError) as taken:
        change_account(author, username="Stranger", email="new@example.org")
    assert taken.value.messages == {"username": USERNAME_TAKEN}
    assert stored(author) == before
    assert db.session.scalars(select(Mail)).all() == []


def test_a_password_is_not_reset_if_it_has_changed_since_the_link_was_checked(
    author: User,
) -> None:
    db.session.refresh(author)
    db.session.expunge(author)
    change_account(db.session.get_one(User, author.id), password=NEW)
    assert not reset_password(author, "a third password")
    assert db.session.get_one(User, author.id).has_password(NEW)
