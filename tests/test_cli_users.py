"""`flask --app run users …`"""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from tests.client import Client
from tests.factories import PASSWORD, make_user

NEW = "another password for tests"


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    result = app.test_cli_runner().invoke(args=["users", *arguments], input=typed)
    db.session.rollback()
    return result


def create(app: Flask, name: str, address: str, *more: str) -> Result:
    return run(app, "create", name, address, "--password", PASSWORD, *more)


def is_admin(name: str) -> bool:
    return db.session.scalars(select(User).where(User.username == name)).one().is_admin


def test_people_are_created_the_first_as_admin_and_others_when_asked(
    app: Flask, client: Client
) -> None:
    for name, more in (("first", ()), ("second", ()), ("third", ("--admin",))):
        result = create(app, name, f"{name}@example.org", *more)
        assert result.exit_code == 0
        assert result.output.startswith(f"Created {name}\t{name}@example.org\t")
    assert [is_admin(name) for name in ("first", "second", "third")] == [True, False, True]
    assert client.submit("/login", email="second", password=PASSWORD).location == "/"


def test_the_password_is_asked_for_twice_and_not_shown(app: Flask) -> None:
    result = run(app, "create", "ada", "ada@example.org", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert db.session.scalars(select(User)).one().has_password(PASSWORD)
    differ = run(app, "create", "bob", "bob@example.org", typed=f"{PASSWORD}\nother\n")
    assert differ.exit_code == 1
    assert len(db.session.scalars(select(User)).all()) == 1


@pytest.mark.parametrize(
    ("name", "address", "password", "told"),
    [
        ("a b", "ada@example.org", PASSWORD, "Use 2 to 20 letters"),
        ("admin", "ada@example.org", PASSWORD, "kept for the site itself"),
        ("ada", "nobody", PASSWORD, "not an e-mail address"),
        ("ada", "ü@example.org", PASSWORD, "not an e-mail address"),
        ("ada", "ada@example.org", "short", "at least 8 characters"),
        ("ada", "ada@example.org", "password1", "tried first"),
        ("ada\udcff", "ada@example.org", PASSWORD, "Use 2 to 20 letters"),
        ("WRITER", "ada@example.org", PASSWORD, "has an account already"),
        ("ada", "Writer@Example.org", PASSWORD, "has an account already"),
    ],
)
@pytest.mark.usefixtures("writer")
def test_what_cannot_be_taken_is_told_in_one_line(
    app: Flask, name: str, address: str, password: str, told: str
) -> None:
    result = run(app, "create", name, address, "--password", password)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert told in result.output
    assert result.output.count("\n") == 1
    assert len(db.session.scalars(select(User)).all()) == 1


def test_a_name_that_somebody_gave_up_is_taken(app: Flask, writer: User) -> None:
    db.session.add(FormerName(username_key="ada", user_id=writer.id))
    db.session.commit()
    assert create(app, "Ada", "ada@example.org").exit_code == 0
    assert db.session.scalars(select(FormerName)).all() == []


@pytest.mark.parametrize("named", ["Ada", "ADA", "ada@example.org"])
def test_somebody_is_made_an_admin_and_a_member_again(app: Flask, writer: User, named: str) -> None:
    make_user("Ada")
    assert writer.is_admin
    assert run(app, "promote", named).output.startswith("Ada\tAda@example.org\tadmin\t")
    assert is_admin("Ada")
    assert run(app, "demote", named).output.startswith("Ada\tAda@example.org\tmember\t")
    assert not is_admin("Ada")


def test_everybody_is_listed_or_the_admins_alone(app: Flask, writer: User) -> None:
    stranger = make_user("stranger")
    since = f"since {writer.created_at:%Y-%m-%d}"
    lines = [
        f"writer\twriter@example.org\tadmin\t{since}",
        f"stranger\tstranger@example.org\tmember\t{since}",
    ]
    assert stranger.id > writer.id
    assert run(app, "list").output.splitlines() == lines
    assert run(app, "list", "--admins").output.splitlines() == lines[:1]


def test_a_reset_link_works_in_a_browser_once(app: Flask, client: Client, writer: User) -> None:
    link = run(app, "reset-link", "WRITER").output.strip()
    path = link.removeprefix(app.config["SITE_URL"])
    assert path.startswith("/reset_password/")
    assert client.submit(path, password=NEW, confirm_password=NEW).location == "/login"
    assert client.get(path).status_code == 410
    db.session.refresh(writer)
    assert writer.has_password(NEW)


@pytest.mark.parametrize("command", ["promote", "demote", "reset-link"])
@pytest.mark.parametrize("name", ["nobody", "nobody@example.org", "", "@", "\udcff"])
def test_who_is_not_here_is_told(app: Flask, command: str, name: str) -> None:
    result = run(app, command, name)
    assert result.exit_code == 1
    assert result.output.startswith("Error: Nobody here is called")
