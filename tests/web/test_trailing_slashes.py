"""A URL with a slash too many leads to its page."""

import pytest

from flaskblog.models import User
from tests.support.client import Client
from tests.support.factories import make_post


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/about/", "/about"),
        ("/user/author///", "/user/author"),
        ("/home/?page=2&a=%C3%A9%26", "/home?page=2&a=%C3%A9%26"),
        ("/post/1/history/", "/post/1/history"),
        ("/drafts/", "/drafts"),
    ],
)
def test_a_trailing_slash_redirects_to_the_page(
    client: Client, address: str, location: str
) -> None:
    for response in (client.get(address), client.head(address)):
        assert (response.status_code, response.location) == (308, location)


@pytest.mark.parametrize(
    "path",
    [b"//evil.example/", b"/\\evil.example/", b"///", b"/nothing/", b"/post/x/", b"/user/%2f/",
     b"/api/posts/", b"/static/icon.png/", b"/user//evil.example/"],
)  # fmt: skip
def test_what_is_no_page_leads_nowhere_else(client: Client, path: bytes) -> None:
    response = client.get_bytes(path)
    assert response.status_code in {200, 301, 308, 404}
    assert (
        not response.location
        or response.location.startswith("http://127.0.0.1:5000/")
        or (response.location.startswith("/") and not response.location.startswith(("//", "/\\")))
    )


def test_a_form_is_not_redirected(author_client: Client, author: User) -> None:
    token = {"csrf_token": author_client.token("/post/new")}
    address = f"/post/{make_post(author).id}/delete/"
    assert author_client.post(address, data=token).status_code == 404
