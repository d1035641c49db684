"""Display name, bio and picture, as their owner changes them and others see them."""

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.client import Client, message_at, read
from tests.support.factories import make_post, make_user
from tests.support.uploads import JPEG, stored_picture, upload

PROFILE = {"display_name": "Emma Chen", "bio": "Mends bicycles.\nhttps://example.org/a?b&c"}


def save(client: Client, **fields: str) -> TestResponse:
    return client.submit("/account", form=0, **PROFILE | fields)


def stored(user: User) -> tuple[str, str]:
    db.session.refresh(user)
    return user.display_name, user.bio


def test_a_profile_is_saved_apart_from_username_and_address(
    author_client: Client, author: User
) -> None:
    assert save(author_client).location == "/account"
    assert stored(author) == (PROFILE["display_name"], PROFILE["bio"])
    page = read(author_client.get("/account"))
    assert page.select_one('[name="display_name"][value="Emma Chen"]')
    assert author_client.submit("/account", username="renamed").location == "/account"
    assert stored(author) == (PROFILE["display_name"], PROFILE["bio"])
    assert author.username == "renamed"
    save(author_client, display_name=" ", bio="")
    assert stored(author) == ("", "")


def test_all_fields_of_the_account_can_be_sent_at_once(author_client: Client, author: User) -> None:
    upload(author_client, JPEG, username="renamed", **PROFILE)
    assert stored(author) == (PROFILE["display_name"], PROFILE["bio"])
    assert (author.username, bool(author.picture)) == ("renamed", True)
    rejected = upload(author_client, JPEG, username="a b", display_name="\u0301", bio="Kept.")
    assert message_at(rejected, "username")
    assert message_at(rejected, "display_name")
    assert "Kept." in rejected.text
    assert stored(author) == (PROFILE["display_name"], PROFILE["bio"])


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("display_name", "\u0301\u200f"),
        ("display_name", "\u202eammE"),
        ("display_name", "x" * 41),
        ("display_name", "STRANGER"),
        ("bio", "https://example.org/ " * 6),
        ("bio", "x" * 301),
    ],
)
def test_an_invalid_value_is_an_error_of_its_field_and_what_was_typed_is_kept(
    author_client: Client, author: User, field: str, typed: str
) -> None:
    make_user("stranger")
    response = save(author_client, **{field: typed})
    assert response.status_code == 200
    assert message_at(response, field)
    page = read(response)
    assert page.title is not None
    assert page.title.text.startswith("Error: ")
    kept = page.select_one(f'[name="{field}"]')
    assert kept is not None
    assert str(kept.get("value") or kept.text).strip() == typed.strip()
    assert stored(author) == ("", "")


def test_a_picture_can_be_removed(author_client: Client, author: User, media_folder: Path) -> None:
    assert not read(author_client.get("/account")).select('[name="remove_picture"]')
    upload(author_client, JPEG)
    save(author_client, remove_picture="y")
    assert stored_picture(author) is None
    assert [*media_folder.iterdir()] == []


def test_a_new_picture_goes_before_the_removal_of_the_old_one(
    author_client: Client, author: User, media_folder: Path
) -> None:
    upload(author_client, JPEG)
    before = stored_picture(author)
    upload(author_client, JPEG, remove_picture="y")
    assert stored_picture(author) not in {None, before}
    assert len([*media_folder.iterdir()]) == 1


def test_a_profile_shows_name_username_bio_and_feed(client: Client, author: User) -> None:
    author.display_name, author.bio = "Emma <i>Chen</i>", PROFILE["bio"]
    db.session.commit()
    page = read(client.get("/user/author"))
    main = page.select_one("main")
    assert main is not None
    assert main.select_one("h1 bdi") is not None
    assert "Emma <i>Chen</i>" in main.text
    assert "@author" in main.text
    assert f"member since {author.created_at:%B %Y}" in main.text
    link = main.select_one('a[rel~="ugc"]')
    assert link is not None
    assert link["href"] == "https://example.org/a?b&c"
    assert set(link["rel"]) == {"ugc", "nofollow", "noopener"}
    assert not link.has_attr("target")
    feed = main.select_one('a[type="application/atom+xml"]')
    assert feed is not None
    assert "Emma &lt;i&gt;Chen&lt;/i&gt;" in client.get(str(feed["href"])).text
    title = page.select_one('[property="og:title"]')
    assert title is not None
    assert title["content"] == "Emma <i>Chen</i>"


def test_a_post_shows_the_display_name_and_links_to_the_username(
    client: Client, author: User
) -> None:
    author.display_name, author.bio = "Emma Chen", "Mends bicycles."
    post = make_post(author)
    for address in ("/", f"/post/{post.id}"):
        links = read(client.get(address)).select('article a[rel="author"][href="/user/author"]')
        assert "Emma Chen" in {link.text for link in links}
    assert "Mends bicycles." in client.get(f"/post/{post.id}").text
    assert "<name>Emma Chen</name>" in client.get("/feed.xml").text


def test_initials_are_those_of_the_display_name(client: Client, author: User) -> None:
    author.display_name = "Emma Chen"
    make_post(author)
    picture = read(client.get("/")).select_one("article img")
    assert picture is not None
    assert ">EC</text>" in client.get(str(picture["src"])).text
    assert ">A</text>" in client.get("/user/author/initials.svg").text
