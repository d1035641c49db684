"""Pages of lists, by number and by cursor."""

import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from flaskblog.api.pagination import MAX_CONTENT
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.api_client import ApiClient, errors_of
from tests.support.factories import make_post, make_user


def ids(response: Any) -> list[int]:
    return [post["id"] for post in response.json["posts"]]


def next_url(response: Any) -> str:
    """The next page of the Link header, or an empty string."""
    links = {
        link.split('rel="')[1].rstrip('"'): link.split(">")[0].lstrip("<")
        for link in response.headers["Link"].split(", ")
    }
    return str(links.get("next", ""))


def test_posts_are_listed_in_pages_with_a_total(
    anonymous_api: ApiClient, author: User, stranger: User
) -> None:
    posts = [make_post(author).id for _ in range(4)] + [make_post(stranger).id]
    response = anonymous_api.get("/api/posts?per_page=2")
    assert response.json is not None
    numbers = {name: response.json[name] for name in ("total", "pages", "current_page")}
    assert numbers == {"total": 5, "pages": 3, "current_page": 1}
    listed = ids(response)
    while address := next_url(response):
        response = anonymous_api.get(address)
        listed += ids(response)
    assert listed == posts[::-1]
    assert 'rel="prev"' in response.headers["Link"]
    assert ids(anonymous_api.get("/api/posts?page=4&per_page=2")) == []
    assert ids(anonymous_api.get("/api/posts?page=1000000000")) == []


def test_posts_can_be_filtered_by_username_or_id_of_the_author(
    anonymous_api: ApiClient, author: User, stranger: User
) -> None:
    own = [make_post(author).id, make_post(author).id][::-1]
    make_post(stranger)
    for author_name in ("author", "AUTHOR", str(author.id)):
        response = anonymous_api.get(f"/api/posts?author={author_name}&per_page=1")
        assert response.json is not None
        assert response.json["total"] == 2
        assert ids(response) + ids(anonymous_api.get(next_url(response))) == own
    namesake = make_user(f"0{author.id}")
    assert ids(anonymous_api.get(f"/api/posts?author={author.id}")) == own
    assert ids(anonymous_api.get(f"/api/posts?author={namesake.username}")) == []
    response = anonymous_api.get("/api/posts?author=whoever")
    assert response.json is not None
    assert (response.json["total"], response.json["posts"]) == (0, [])


def test_a_cursor_keeps_its_place_when_posts_are_added_and_deleted(
    anonymous_api: ApiClient, author: User
) -> None:
    moment = now() - timedelta(days=1)
    posts = [make_post(author, created_at=moment).id for _ in range(5)][::-1]
    response = anonymous_api.get("/api/posts?per_page=2")
    assert ids(response) == posts[:2]
    make_post(author)
    db.session.delete(db.session.get_one(Post, posts[1]))
    db.session.commit()
    assert response.json is not None
    response = anonymous_api.get(f"/api/posts?per_page=2&cursor={response.json['next_cursor']}")
    assert ids(response) == posts[2:4]
    assert response.json is not None
    assert response.json["current_page"] is None
    response = anonymous_api.get(next_url(response))
    assert ids(response) == posts[4:]
    assert response.json is not None
    assert response.json["next_cursor"] is None
    assert not next_url(response)


def make_long_posts(author: User, html: str, number: int) -> list[int]:
    """Ids of posts of one character with this HTML, newest first; they are not rendered."""
    row = {"author_id": author.id, "title": "Long", "excerpt": "", "renderer_version": 1}
    row |= {"content": "c", "content_html": html}
    ids = db.session.scalars(insert(Post).returning(Post.id), [row] * number).all()
    author.posts_count = User.posts_count + number
    db.session.commit()
    return sorted(ids, reverse=True)


@pytest.mark.parametrize("first", ["", "&page=2", "&author=author"])
@pytest.mark.parametrize("follow", ["next_cursor", "Link"])
def test_a_page_ends_at_two_mebibytes_of_text_and_the_next_one_continues(
    anonymous_api: ApiClient, author: User, first: str, follow: str
) -> None:
    longest = "é" * (MAX_CONTENT // 3 // len("é".encode()) - 1)
    expected = sorted(
        make_long_posts(author, longest, 8) + make_long_posts(author, "é", 3), reverse=True
    )
    start = "/api/posts?per_page=5"
    address, found, sizes = start + first, list[int](), list[int]()
    while address:
        response = anonymous_api.get(address)
        assert response.json is not None
        found += ids(response)
        sizes.append(len(ids(response)))
        cursor = response.json["next_cursor"]
        address = f"{start}&cursor={cursor}{first}" if cursor else ""
        if follow == "Link":
            address = next_url(response)
    skipped = 5 if first == "&page=2" else 0
    assert found == expected[skipped:]
    assert sizes == ([3, 3] if skipped else [5, 3, 3])


def test_a_post_that_is_longer_than_a_page_has_a_page_of_its_own(
    anonymous_api: ApiClient, author: User
) -> None:
    posts = make_long_posts(author, "x" * MAX_CONTENT, 3)
    response = anonymous_api.get("/api/posts?per_page=100")
    listed = ids(response)
    while address := next_url(response):
        response = anonymous_api.get(address)
        assert len(ids(response)) == 1
        listed += ids(response)
    assert listed == posts


def test_a_list_of_long_posts_takes_little_memory(anonymous_api: ApiClient, author: User) -> None:
    make_long_posts(author, "x" * 600_000, 100)
    anonymous_api.get("/api/posts?per_page=1")
    tracemalloc.start()
    try:
        response = anonymous_api.get("/api/posts?per_page=100")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(response.data) < 2 * MAX_CONTENT
    assert peak < 30 * 1024**2


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=", "page=1.0", "page=%2B1", "page=%EF%BC%91", "page=1_0",
     "page=9223372036854775808", "per_page=0", "per_page=101", "per_page=-5", "per_page=x",
     "cursor=", "cursor=x", "cursor=" + "g" * 32, "cursor=" + "f" * 32, "cursor=" + "0" * 33,
     "author=%00"],
)  # fmt: skip
def test_invalid_page_arguments_are_reported_by_name(anonymous_api: ApiClient, query: str) -> None:
    assert errors_of(anonymous_api.get(f"/api/posts?{query}"), 422).keys() == {
        query.split("=", maxsplit=1)[0]
    }
