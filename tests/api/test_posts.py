"""Posts in the API."""

from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.http import parse_date

from flaskblog.extensions import db
from flaskblog.models import Post, Revision, User
from tests.support.api_client import ApiClient, errors_of
from tests.support.client import Client
from tests.support.factories import make_post

POST = {"title": "On engines", "content": "They *weave*."}


def test_a_post_is_created_and_read(
    anonymous_api: ApiClient, author_api: ApiClient, author: User
) -> None:
    created = author_api.post("/api/posts", POST)
    assert created.status_code == 201
    read = anonymous_api.get(created.headers["Location"])
    assert read.json == created.json
    assert read.json is not None
    assert read.json.keys() == {
        "id", "title", "content", "content_html", "author", "created_at", "updated_at", "url",
        "reading_minutes",
    }  # fmt: skip
    assert read.json["content_html"] == "<p>They <em>weave</em>.</p>\n"
    assert read.json["author"]["id"] == author.id
    assert read.json["url"].endswith(f"/post/{read.json['id']}")
    assert anonymous_api.client.get(read.json["url"]).status_code == 200
    assert anonymous_api.client.get(read.json["author"]["picture_url"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "", "content": "c"}, "title"),
        ({"title": " \u200b\u0000"[:2], "content": "c"}, "title"),
        ({"title": "x" * 101, "content": "c"}, "title"),
        ({"title": "x" * 100 + "\u0082", "content": "c"}, "title"),
        ({"title": "t", "content": "x" * 100_001}, "content"),
        ({"title": "t"}, "content"),
        ({"title": None, "content": "c"}, "title"),
        ({"title": 5, "content": "c"}, "title"),
        ({"title": ["t"], "content": "c"}, "title"),
        ({"title": {"a": "b"}, "content": "c"}, "title"),
        *(
            ({**POST, name: 1}, name)
            for name in ("id", "user_id", "author_id", "author", "created_at", "version", "other")
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_invalid_fields_are_reported_by_name(
    author_api: ApiClient, author: User, body: dict[str, Any], field: str
) -> None:
    assert errors_of(author_api.post("/api/posts", body), 422).keys() == {field}
    post = make_post(author)
    assert field in errors_of(author_api.put(f"/api/posts/{post.id}", body), 422)
    assert db.session.scalars(select(Post)).one().title == post.title


def test_invisible_characters_are_not_stored(author_api: ApiClient) -> None:
    for invisible in ("\u202e", "\x07", "\x00", "\ud800"):
        text = {"title": f" a{invisible}b ", "content": f"c{invisible}"}
        created = author_api.post("/api/posts", text)
        assert created.json is not None
        assert (created.json["title"], created.json["content"]) == ("ab", "c")
        changed = author_api.patch(f"/api/posts/{created.json['id']}", {"content": f"d{invisible}"})
        assert changed.json is not None
        assert changed.json["content"] == "d"


def test_a_post_can_be_replaced_or_patched_and_keeps_its_history(
    author_api: ApiClient, author: User
) -> None:
    post = make_post(author, "Before", "Old words.")
    address = f"/api/posts/{post.id}"
    patched = author_api.patch(address, {"title": "After"})
    assert patched.status_code == 200
    assert patched.json is not None
    assert (patched.json["title"], patched.json["content"]) == ("After", "Old words.")
    replaced = author_api.put(address, POST)
    assert replaced.json is not None
    assert replaced.json["content_html"] == "<p>They <em>weave</em>.</p>\n"
    assert replaced.json["updated_at"] > replaced.json["created_at"]
    titles = db.session.scalars(select(Revision.title).order_by(Revision.version))
    assert titles.all() == ["Before", "After"]
    assert author_api.patch(address, {}).json == replaced.json


def test_only_the_author_may_change_a_post(
    anonymous_api: ApiClient, stranger_api: ApiClient, admin_api: ApiClient, author: User
) -> None:
    address = f"/api/posts/{make_post(author).id}"
    for method in ("PUT", "PATCH"):
        errors_of(anonymous_api.send(method, address, POST), 401)
        errors_of(stranger_api.send(method, address, POST), 403)
        errors_of(admin_api.send(method, address, POST), 403)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", [b"{}", b'{"title": ""}', b"{", b""])
def test_permission_is_checked_before_the_body(
    stranger_api: ApiClient, author: User, method: str, body: bytes
) -> None:
    for kind, number in (("posts", make_post(author).id), ("users", author.id)):
        for path, status in ((f"/api/{kind}/{number}", 403), (f"/api/{kind}/{10**9}", 404)):
            errors_of(stranger_api.send_bytes(path, body, method), status)


def test_the_author_and_admins_may_delete_a_post(
    anonymous_api: ApiClient, stranger_api: ApiClient, admin_api: ApiClient, author: User,
    author_api: ApiClient,
) -> None:  # fmt: skip
    for api in (author_api, admin_api):
        address = f"/api/posts/{make_post(author).id}"
        errors_of(anonymous_api.delete(address), 401)
        errors_of(stranger_api.delete(address), 403)
        response = api.delete(address)
        assert (response.status_code, response.data) == (204, b"")
        errors_of(anonymous_api.get(address), 410)
        errors_of(api.delete(address), 410)
        errors_of(author_api.patch(address, {}), 410)
    assert db.session.scalars(select(User.posts_count).where(User.id == author.id)).one() == 0


def test_an_admin_gives_a_reason_for_a_deletion(
    admin_api: ApiClient, author_api: ApiClient, author: User
) -> None:
    for api, reason, stored in (
        (admin_api, {"reason": " A phone number. "}, "A phone number."),
        (admin_api, {}, ""),
        (author_api, {"reason": "x"}, None),
    ):
        post = make_post(author)
        assert api.send("DELETE", f"/api/posts/{post.id}", reason).status_code == 204
        db.session.refresh(post)
        assert post.deletion_reason == stored
    long = {"reason": "x" * 501}
    address = f"/api/posts/{make_post(author).id}"
    assert errors_of(admin_api.send("DELETE", address, long), 422).keys() == {"reason"}


@pytest.mark.parametrize("number", ["0", "-1", "9" * 18, "9" * 19, "9" * 30, "x", "1.5", "%00"])
def test_an_unknown_post_is_a_404(anonymous_api: ApiClient, number: str) -> None:
    errors_of(anonymous_api.get(f"/api/posts/{number}"), 404)


def test_an_idempotency_key_creates_one_post(
    author_api: ApiClient, stranger_api: ApiClient
) -> None:
    first = author_api.post("/api/posts", POST, Idempotency_Key="mine")
    again = author_api.post("/api/posts", POST, Idempotency_Key="mine")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]
    errors_of(
        author_api.post("/api/posts", {**POST, "title": "Other"}, Idempotency_Key="mine"), 409
    )
    assert stranger_api.post("/api/posts", POST, Idempotency_Key="mine").json != first.json
    assert author_api.post("/api/posts", POST, Idempotency_Key="other").json != first.json
    assert author_api.post("/api/posts", POST).json != first.json
    assert author_api.post("/api/posts", POST, Idempotency_Key="").status_code == 201
    assert author_api.post("/api/posts", POST, Idempotency_Key="").status_code == 201
    assert author_api.delete(first.headers["Location"]).status_code == 204
    errors_of(author_api.post("/api/posts", POST, Idempotency_Key="mine"), 409)


@pytest.mark.parametrize(("header", "status"), [({}, 409), ({"If_Match": "*"}, 412)])
def test_a_simultaneous_edit_is_a_conflict(
    author_api: ApiClient, author: User, monkeypatch: pytest.MonkeyPatch,
    header: dict[str, str], status: int,
) -> None:  # fmt: skip
    post = make_post(author)
    revise = Post.revise

    def revise_after_other_edit(self: Post, title: str, content: str) -> None:
        with db.engine.begin() as connection:
            connection.execute(
                update(Post).where(Post.id == self.id).values(version=Post.version + 1)
            )
        revise(self, title, content)

    monkeypatch.setattr(Post, "revise", revise_after_other_edit)
    errors_of(author_api.put(f"/api/posts/{post.id}", POST, **header), status)
    assert db.session.scalars(select(Post.content)).one() == "Some words."


def test_pages_and_api_share_the_limit_of_posts(
    client: Client, author_api: ApiClient, author: User, request: pytest.FixtureRequest
) -> None:
    client.log_in(author)
    request.getfixturevalue("limited")
    for number in range(30):
        if number % 2:
            assert author_api.post("/api/posts", POST).status_code == 201
        else:
            client.submit("/post/new", title="T", content="c")
    rejected = author_api.post("/api/posts", POST)
    errors_of(rejected, 429)
    assert rejected.headers["RateLimit-Limit"] == "30"
    assert parse_date(rejected.headers["Retry-After"]) is None
    assert client.submit("/post/new", title="T", content="c").status_code == 429
