"""Conditional requests."""

from flaskblog.extensions import db
from flaskblog.models import User
from tests.api.test_users import CONFIRMED
from tests.support.api_client import ApiClient, errors_of
from tests.support.factories import make_post

POST = {"title": "On engines", "content": "They *weave*."}


def test_an_unchanged_resource_is_not_sent_again(
    anonymous_api: ApiClient, author_api: ApiClient, author: User
) -> None:
    post = make_post(author)
    for path in (f"/api/posts/{post.id}", f"/api/users/{author.id}", "/api/posts", "/api/users"):
        first = anonymous_api.get(path)
        assert not first.headers["ETag"].startswith("W/")
        cached = anonymous_api.get(path, If_None_Match=first.headers["ETag"])
        assert (cached.status_code, cached.data) == (304, b"")
        head = anonymous_api.send("HEAD", path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == first.headers["ETag"]
        author.rename(path.replace("/", "-")[1:])
        db.session.commit()
        assert anonymous_api.get(path, If_None_Match=first.headers["ETag"]).status_code == 200
    public, private = anonymous_api.get("/api/users"), author_api.get("/api/users")
    assert public.headers["ETag"] != private.headers["ETag"]


def test_a_changed_post_is_not_overwritten_if_the_etag_does_not_match(
    author_api: ApiClient, author: User
) -> None:
    address = f"/api/posts/{make_post(author).id}"
    etag = author_api.get(address).headers["ETag"]
    changed = author_api.put(address, POST, If_Match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    assert changed.headers["ETag"] == author_api.get(address).headers["ETag"]
    for method, body in (("PUT", POST), ("PATCH", {"title": "x"}), ("DELETE", None)):
        errors_of(author_api.send(method, address, body, If_Match=etag), 412)
        errors_of(author_api.send(method, address, body, If_Match=f"W/{etag}"), 412)
        errors_of(author_api.send(method, address, body, If_Match=""), 412)
    assert author_api.patch(address, {}, If_Match="*").status_code == 200
    compressed_etag = author_api.get(address, Accept_Encoding="gzip").headers["ETag"]
    assert author_api.delete(address, If_Match=compressed_etag).status_code == 204


def test_a_changed_account_is_not_overwritten_if_the_etag_does_not_match(
    author_api: ApiClient, author: User
) -> None:
    address = f"/api/users/{author.id}"
    etag = author_api.get(address).headers["ETag"]
    assert author_api.patch(address, {"username": "renamed"}, If_Match=etag).status_code == 200
    errors_of(author_api.patch(address, {"username": "again"}, If_Match=etag), 412)
    errors_of(author_api.delete(address, CONFIRMED, If_Match=etag), 412)
