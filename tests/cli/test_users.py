"""The commands `users …`."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from flaskblog.users.changes import change_account
from tests.support.client import Client
from tests.support.commands import run_command
from tests.support.factories import PASSWORD, make_user

NEW = "another password for tests"


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    return run_command(app, "users", *arguments, typed=typed)


def create(app: Flask, name: str, address: str, *more: str) -> Result:
    return run(app, "create", name, address, "--password", PASSWORD, *more)


def is_admin(name: str) -> bool:
    return db.session.scalars(select(User).where(User.username == name)).one().is_admin


def test_create_makes_the_first_user_an_admin_and_others_with_the_option(
    app: Flask, client: Client
) -> None:
    for name, more in (("first", ()), ("second", ()), ("third", ("--admin",))):
        result = create(app, name, f"{name}@example.org", *more)
        assert result.exit_code == 0
        assert result.output.startswith(f"Created {name}\t{name}@example.org\t")
    assert [is_admin(name) for name in ("first", "second", "third")] == [True, False, True]
    assert client.submit("/login", email="second", password=PASSWORD).location == "/"


def test_create_prompts_twice_for_the_password_and_hides_it(app: Flask) -> None:
    result = run(app, "create", "ada", "ada@example.org", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert db.session.scalars(select(User)).one().has_password(PASSWORD)
    differ = run(app, "create", "bob", "bob@example.org", typed=f"{PASSWORD}\nother\n")
    assert differ.exit_code == 1
    assert len(db.session.scalars(select(User)).all()) == 1


@pytest.mark.parametrize(
    ("name", "address", "password", "message"),
    [
        ("a b", "ada@example.org", PASSWORD, "Use 2 to 20 letters"),
        ("admin", "ada@example.org", PASSWORD, "username is reserved"),
        ("ada", "nobody", PASSWORD, "not a valid e-mail address"),
        ("ada", "ü@example.org", PASSWORD, "not a valid e-mail address"),
        ("ada", "ada@example.org", "short", "at least 8 characters"),
        ("ada", "ada@example.org", "password1", "too common"),
        ("ada\udcff", "ada@example.org", PASSWORD, "Use 2 to 20 letters"),
        ("AUTHOR", "ada@example.org", PASSWORD, "is taken"),
        ("ada", "Author@Example.org", PASSWORD, "already has an account"),
    ],
)
@pytest.mark.usefixtures("author")
def test_create_reports_an_invalid_value_in_one_line(
    app: Flask, name: str, address: str, password: str, message: str
) -> None:
    result = run(app, "create", name, address, "--password", password)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
    assert result.output.count("\n") == 1
    assert len(db.session.scalars(select(User)).all()) == 1


def test_create_takes_a_former_name_that_is_no_longer_reserved(app: Flask, author: User) -> None:
    db.session.add(FormerName(username_key="ada", user_id=author.id, reserved_until=now()))
    db.session.commit()
    assert create(app, "Ada", "ada@example.org").exit_code == 0
    assert db.session.scalars(select(FormerName)).all() == []


@pytest.mark.parametrize("named", ["Ada", "ADA", "ada@example.org"])
def test_promote_and_demote_change_the_role(app: Flask, author: User, named: str) -> None:
    make_user("Ada")
    assert author.is_admin
    assert run(app, "promote", named).output.startswith("Ada\tAda@example.org\tadmin\t")
    assert is_admin("Ada")
    assert run(app, "demote", named).output.startswith("Ada\tAda@example.org\tmember\t")
    assert not is_admin("Ada")


def test_the_last_admin_cannot_be_demoted(app: Flask, author: User) -> None:
    result = run(app, "demote", author.username)
    assert result.exit_code == 1
    assert "make another member an admin" in result.output
    assert is_admin("author")


def test_clear_profile_removes_name_bio_and_picture(
    app: Flask, author: User, media_folder: Path
) -> None:
    change_account(author, display_name="Buy here", bio="https://example.org", picture=b"x")
    assert run(app, "clear-profile", "author").exit_code == 0
    db.session.refresh(author)
    assert (author.display_name, author.bio, author.picture) == ("", "", None)
    assert [*media_folder.iterdir()] == []


def test_list_prints_all_users_or_only_admins(app: Flask, author: User) -> None:
    stranger = make_user("stranger")
    since = f"since {author.created_at:%Y-%m-%d}"
    lines = [
        f"author\tauthor@example.org\tadmin\t{since}",
        f"stranger\tstranger@example.org\tmember\t{since}",
    ]
    assert stranger.id > author.id
    assert run(app, "list").output.splitlines() == lines
    assert run(app, "list", "--admins").output.splitlines() == lines[:1]


def test_reset_link_prints_a_link_that_works_once(app: Flask, client: Client, author: User) -> None:
    link = run(app, "reset-link", "AUTHOR").output.strip()
    path = link.removeprefix(app.config["SITE_URL"])
    assert path.startswith("/reset_password/")
    assert client.submit(path, password=NEW, confirm_password=NEW).location == "/login"
    assert client.get(path).status_code == 410
    db.session.refresh(author)
    assert author.has_password(NEW)


@pytest.mark.parametrize("command", ["promote", "demote", "reset-link", "clear-profile"])
@pytest.mark.parametrize("name", ["nobody", "nobody@example.org", "", "@", "\udcff"])
def test_an_unknown_user_is_an_error(app: Flask, command: str, name: str) -> None:
    result = run(app, command, name)
    assert result.exit_code == 1
    assert result.output.startswith("Error: There is no user")
