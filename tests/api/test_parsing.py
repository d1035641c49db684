"""Parsing request bodies."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Post
from tests.support.api_client import ApiClient, errors_of

INVALID_BODIES = [
    b"", b"{", b"{'title': 1}", b'{"title": "a", "title": "b", "content": "c"}', b"[" * 100_000,
    b'{"title":' * 100_000, b"NaN", b'{"title": NaN}', b'{"title": Infinity}', b"9" * 5000,
    b'{"title": ' + b"9" * 5000 + b"}", b'{"password": "\\ud800", "title": "c"}', b"null", b"true",
    b'"text"', b"1", b"[]", b'[{"title": "t", "content": "c"}]', b'\xef\xbb\xbf{"title": "t"}',
    b'{"email": "\\u0000", "password": "c"}', b'{"title": "\xff"}', b'{"\\udfff": 1}',
    '{"title": "t"}'.encode("utf-16"), b'{"title": ["\\u0000"]}', b"\x00" * 10,
]  # fmt: skip


@pytest.mark.parametrize("body", INVALID_BODIES, ids=lambda body: repr(body[:30]))
def test_an_invalid_body_is_a_400(author_api: ApiClient, body: bytes) -> None:
    for path in ("/api/posts", "/api/login", "/api/users"):
        assert errors_of(author_api.send_bytes(path, body), 400) == {}
    assert db.session.scalars(select(Post)).all() == []


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
     "application/xml", "json", " "],
)  # fmt: skip
def test_another_content_type_is_a_415(author_api: ApiClient, content_type: str) -> None:
    errors_of(
        author_api.send_bytes(
            "/api/posts", b'{"title": "t", "content": "c"}', Content_Type=content_type
        ),
        415,
    )


def test_a_body_that_is_too_large_is_a_413(app: Flask, author_api: ApiClient) -> None:
    size = app.config["MAX_CONTENT_LENGTH"]
    errors_of(author_api.send_bytes("/api/posts", b'{"title": "' + b"x" * size), 413)


def test_a_number_of_any_size_is_not_text(author_api: ApiClient) -> None:
    response = author_api.send_bytes("/api/posts", b'{"title": 1e999, "content": 9e-999}')
    assert errors_of(response, 422).keys() == {"title", "content"}


def test_without_a_token_the_body_is_not_parsed(anonymous_api: ApiClient) -> None:
    errors_of(anonymous_api.send_bytes("/api/posts", b"{"), 401)
