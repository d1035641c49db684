"""Generated input never causes a 500, and is stored as it was sent."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.text.cleaning import clean_line, clean_text
from tests.support.client import Client, browser, is_own_page
from tests.support.examples import FORMS, FormExample

FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Lone surrogates cannot be sent as UTF-8 at all: those bytes are tested beside.
TYPED = st.text(st.characters(exclude_categories=["Cs"]), max_size=130)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.address)
@FEW
@given(data=st.data())
def test_no_form_input_causes_a_server_error(
    app: Flask, author_client: Client, form: FormExample, data: st.DataObject
) -> None:
    client = author_client if form.members_only else browser(app)
    fields = data.draw(
        st.fixed_dictionaries(
            {}, optional={name: TYPED | st.just(right) for name, right in form.fields.items()}
        )
    )
    answer = client.post(form.address, data={**fields, "csrf_token": client.token(form.address)})
    assert answer.status_code in {200, 302, 400}
    assert answer.status_code == 302 or is_own_page(answer)
    for post in db.session.scalars(select(Post)):
        assert (post.title, post.content) == (clean_line(post.title), clean_text(post.content))
    for user in db.session.scalars(select(User)):
        assert user.username.isascii()
        assert user.email == clean_line(user.email)


@FEW
@given(title=TYPED, content=TYPED)
def test_a_post_is_shown_as_it_was_written(author_client: Client, title: str, content: str) -> None:
    """With a visible character."""
    title, content = (f"T{text}"[:100] for text in (title, content))
    answer = author_client.post(
        "/post/new",
        data={"title": title, "content": content, "csrf_token": author_client.token("/post/new")},
    )
    assert answer.status_code in {200, 302}
    if answer.status_code == 302:
        post = db.session.scalars(select(Post).order_by(Post.id.desc()).limit(1)).one()
        assert (post.title, post.content) == (clean_line(title), clean_text(content))
        assert author_client.get(answer.location).status_code == 200


@FEW
@given(
    path=st.binary(max_size=20),
    query=st.binary(max_size=20)
    | st.text(max_size=9).map(lambda text: f"page={text}".encode("utf-8", "replace")),
)
def test_no_url_causes_a_server_error(client: Client, path: bytes, query: bytes) -> None:
    for place in (b"/", b"/user/", b"/post/"):
        answer = client.get_bytes(place + path, query)
        assert answer.status_code in {200, 302, 308, 400, 404}


@FEW
@given(body=st.binary(max_size=200))
def test_no_body_causes_a_server_error(client: Client, body: bytes) -> None:
    for kind in (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "application/json",
        "text/plain; charset=utf-16",
        "",
    ):
        assert client.post("/login", data=body, content_type=kind).status_code == 400
