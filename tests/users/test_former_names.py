"""Former usernames: they redirect, and nobody else can take them for a year."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from flaskblog.models.former_name import MAX_RESERVED
from flaskblog.serving import worker
from flaskblog.users.changes import USERNAME_TAKEN, TakenError, change_account, sign_up
from tests.support.account import submit_account
from tests.support.api_client import ApiClient
from tests.support.client import Client, browser, message_at
from tests.support.commands import run_command
from tests.support.examples import REGISTRATION
from tests.support.factories import PASSWORD, make_user
from tests.support.jobs import run_job


def resolve(client: Client, name: str) -> str:
    """The target of the redirect, the name itself if its profile exists, or an empty string."""
    response = client.get(f"/user/{name}")
    if response.status_code == 301:
        return str(response.location)
    return name if response.status_code == 200 else ""


def test_former_usernames_redirect_to_the_current_one_in_any_case(
    client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    submit_account(author_client, username="third")
    assert [resolve(client, name) for name in ("author", "AUTHOR", "Second", "third")] == [
        "/user/third",
        "/user/third",
        "/user/third",
        "third",
    ]
    # Browsers must revalidate: another member may take the name.
    assert client.get("/user/author").headers["Cache-Control"] == "no-cache"


def test_a_member_can_return_to_a_former_username(client: Client, author_client: Client) -> None:
    submit_account(author_client, username="second")
    submit_account(author_client, username="Author")
    assert resolve(client, "second") == "/user/Author"
    assert resolve(client, "author") == "author"
    submit_account(author_client, username="second")
    assert resolve(client, "author") == "/user/second"


def test_a_former_username_is_refused_to_others_as_a_taken_one(
    app: Flask, client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    assert USERNAME_TAKEN in message_at(sign_up_as(client, "AUTHOR"), "username")
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    renamed = stranger.submit("/account", username="AUTHOR")
    assert USERNAME_TAKEN in message_at(renamed, "username")
    assert resolve(client, "author") == "/user/second"
    assert resolve(client, "stranger") == "stranger"


def test_the_api_and_the_command_refuse_a_former_username(
    app: Flask, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    account = {"username": "author", "email": "new@example.org", "password": PASSWORD}
    refused = ApiClient(app).post("/api/users", account)
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["errors"] == {"username": [USERNAME_TAKEN]}
    created = run_command(
        app, "users", "create", "author", "new@example.org", "--password", PASSWORD
    )
    assert (created.exit_code, created.output) == (1, f"Error: {USERNAME_TAKEN}\n")
    assert db.session.scalars(select(User.username)).all() == ["second"]


def test_after_a_year_another_member_can_sign_up_with_the_name(
    client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    let_days_pass(364)
    assert message_at(sign_up_as(client, username="Author"), "username")
    let_days_pass(1)
    assert resolve(client, "author") == "/user/second"
    assert sign_up_as(client, username="Author").location
    assert resolve(client, "author") == "author"
    assert db.session.scalars(select(FormerName)).all() == []


def test_after_a_year_another_member_can_be_renamed_to_the_name(
    app: Flask, client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    let_days_pass(365)
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    submit_account(stranger, username="author")
    assert [resolve(client, name) for name in ("author", "stranger")] == ["author", "/user/author"]
    submit_account(stranger, username="stranger")
    assert resolve(client, "author") == "/user/stranger"


@pytest.mark.usefixtures("admin")
def test_the_names_of_a_deleted_account_are_reserved_without_its_owner(
    client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    author_client.submit("/account/delete", password=PASSWORD)
    rows = db.session.execute(select(FormerName.username_key, FormerName.user_id)).all()
    assert sorted(rows) == [("author", None), ("second", None)]
    for name in ("author", "second"):
        assert resolve(client, name) == ""
        assert USERNAME_TAKEN in message_at(sign_up_as(client, name), "username")


@pytest.mark.usefixtures("admin")
def test_the_worker_deletes_expired_reservations_of_deleted_accounts(
    app: Flask, client: Client, author_client: Client
) -> None:
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    submit_account(stranger, username="stranger2")
    author_client.submit("/account/delete", password=PASSWORD)
    let_days_pass(364)
    run_job(app, worker.delete_expired_names)
    assert sign_up_as(client, username="author").status_code == 200
    let_days_pass(1)
    run_job(app, worker.delete_expired_names)
    assert db.session.scalars(select(FormerName.username_key)).all() == ["stranger"]
    assert resolve(client, "stranger") == "/user/stranger2"
    assert sign_up_as(client, username="author").status_code == 302


@pytest.mark.usefixtures("admin")
def test_expired_names_are_deleted_with_their_account(author_client: Client) -> None:
    submit_account(author_client, username="second")
    let_days_pass(365)
    author_client.submit("/account/delete", password=PASSWORD)
    assert db.session.scalars(select(FormerName.username_key)).all() == ["second"]


def test_a_member_can_reserve_only_so_many_names(author: User) -> None:
    names = [f"name{number:02}" for number in range(MAX_RESERVED + 2)]
    for name in names:
        change_account(author, username=name)
    reserved = select(FormerName.username_key).where(FormerName.reserved_until > now())
    kept = db.session.scalars(reserved.order_by(FormerName.username_key)).all()
    assert kept == names[1:-1]
    assert User.is_username_taken(names[1])
    assert not User.is_username_taken(names[0])
    assert db.session.scalar(User.by_former_username(names[0])) is author


def sign_up_as_wanted(_stranger: User) -> None:
    sign_up("wanted", "wanted@example.org", PASSWORD)


def rename_to_wanted(stranger: User) -> None:
    change_account(stranger, username="wanted")


@pytest.mark.parametrize(("take", "checks"), [(sign_up_as_wanted, 1), (rename_to_wanted, 0)])
def test_a_name_that_is_reserved_at_the_last_moment_is_refused(
    author: User, monkeypatch: pytest.MonkeyPatch, take: Callable[[User], None], checks: int
) -> None:
    """Its owner gives it up after the checks that precede the insert of somebody else."""
    stranger = make_user("stranger")
    db.session.add(FormerName(username_key="wanted", user_id=author.id))
    db.session.commit()
    outdated = iter([False] * checks)
    check = User.is_username_taken
    monkeypatch.setattr(User, "is_username_taken", lambda *args: next(outdated, check(*args)))
    with pytest.raises(TakenError):
        take(stranger)
    db.session.rollback()
    names = db.session.scalars(select(User.username).order_by(User.id)).all()
    assert names == ["author", "stranger"]
    assert db.session.get_one(FormerName, "wanted").user_id == author.id


def sign_up_as(client: Client, username: str) -> TestResponse:
    return client.submit("/register", **REGISTRATION.fields | {"username": username})


def let_days_pass(days: int) -> None:
    names = db.session.scalars(select(FormerName)).all()
    for name in names:
        name.reserved_until -= timedelta(days=days)
    db.session.commit()
