"""Invalid input in the editor: an error at the field, no lost text and no 500."""

from io import BytesIO
from time import process_time

import pytest
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from tests.support.client import Client, message_at
from tests.support.editor import autosave, form_fields, open_editor, press
from tests.support.factories import make_post

LIMITS = {"title": 100, "content": 100_000}
BLANK = [
    "",
    " ",
    "\t\r\n",
    "\u00a0\u3000",
    "\u200b\u200d\ufeff",
    "\u3164",
    "\u2800",
    "\x01\x7f",
    "\u202e",
]
INVISIBLE = [
    ("a\x00b\x00", "ab"),
    ("a\x0bb\x07c", "abc"),
    ("a\u202eb\u2066c", "abc"),
    ("\ufeffa\ufffe", "a"),
    ("e\u0301", "é"),
    ("a\u200db", "a\u200db"),
]
NESTED = {
    "brackets": "[" * 100_000,
    "quotes": ">" * 100_000,
    "stars": "*" * 100_000,
}


@pytest.fixture(params=["/post/new", "/post/{}/update"])
def address(request: pytest.FixtureRequest, author: User) -> str:
    return str(request.param).format(make_post(author, title="Before", content="Before.").id)


def new_posts() -> set[tuple[str, str]]:
    rows = db.session.execute(select(Post.title, Post.content)).all()
    return {(title, content) for title, content in rows} - {("Before", "Before.")}


@pytest.mark.parametrize("field", LIMITS)
def test_text_of_exactly_the_maximum_length_is_accepted(
    author_client: Client, address: str, field: str
) -> None:
    text = {"title": "T", "content": "c"} | {field: "é" * LIMITS[field]}
    assert press(
        author_client, "publish", open_editor(author_client, address), address, **text
    ).location
    assert new_posts() == {(text["title"], text["content"])}


@pytest.mark.parametrize("field", LIMITS)
def test_one_character_more_is_an_error_that_gives_the_excess(
    author_client: Client, address: str, field: str
) -> None:
    text = {"title": "T", "content": "c"} | {field: "é" * (LIMITS[field] + 1)}
    for button in ("publish", "preview"):
        response = press(
            author_client, button, open_editor(author_client, address), address, **text
        )
        assert "Shorten it by 1." in message_at(response, field)
        assert form_fields(response).items() >= text.items()
    assert new_posts() == set()


@pytest.mark.parametrize("field", LIMITS)
@pytest.mark.parametrize("blank", BLANK, ids=ascii)
def test_blank_text_is_an_error_but_can_be_a_draft(
    author_client: Client, address: str, field: str, blank: str
) -> None:
    text = {"title": "T", "content": "c"} | {field: blank}
    response = press(author_client, "publish", open_editor(author_client, address), address, **text)
    assert response.status_code == 200
    assert message_at(response, field)
    other = "content" if field == "title" else "title"
    assert form_fields(response)[other] == text[other]
    assert press(author_client, "draft", form_fields(response), address, **text).status_code == 302
    assert new_posts() == set()


@pytest.mark.parametrize(("typed", "stored"), INVISIBLE, ids=ascii)
def test_invisible_characters_are_not_stored(
    author_client: Client, address: str, typed: str, stored: str
) -> None:
    text = {"title": typed, "content": typed}
    press(author_client, "draft", open_editor(author_client, address), address, **text)
    assert db.session.execute(select(Draft.title, Draft.content)).all() == [(stored, stored)]
    press(author_client, "publish", open_editor(author_client, address), address, **text)
    assert new_posts() == {(stored, stored)}


@pytest.mark.parametrize("field", ["title", "content", "key", "version", "post_id", "action"])
def test_nul_in_a_field_does_not_refuse_the_form(
    author_client: Client, address: str, field: str
) -> None:
    fields = open_editor(author_client, address) | {"title": "T", "content": "c"}
    for button in ("draft", "publish"):
        sent = fields | {"action": button} | {field: "a\x00b"}
        assert author_client.post(address, data=sent).status_code in {302, 409}
    cleaned = {"title": "T", "content": "c"} | {field: "ab"}
    saved = {(cleaned["title"], cleaned["content"])}
    assert saved in (new_posts(), set(db.session.execute(select(Draft.title, Draft.content)).all()))


def test_a_rejected_form_and_the_log_in_page_keep_the_text_without_nul(
    author_client: Client, client: Client
) -> None:
    sent = {"title": "t\x00" * 101, "content": "c\x00d"}
    for page in (
        press(author_client, "publish", open_editor(author_client), **sent),
        client.post("/post/new", data=sent),
    ):
        assert "\x00" not in page.text
        assert form_fields(page).items() >= {("title", "t" * 101), ("content", "cd")}


@pytest.mark.parametrize("name", NESTED)
def test_extreme_nesting_can_be_published_read_and_compared(
    author_client: Client, name: str
) -> None:
    fields = open_editor(author_client)
    start = process_time()
    response = press(author_client, "publish", fields, title="T", content=NESTED[name])
    assert process_time() - start < 3, "with a margin for a busy machine; it takes less than 1"
    assert author_client.get(response.location).status_code == 200
    assert author_client.get("/").status_code == 200
    changed = fields | {"title": "T", "content": NESTED[name][1:] + "x"}
    assert press(author_client, "publish", changed, f"{response.location}/update").location
    assert author_client.get(f"{response.location}/history").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"title": ["a", "b"], "content": ["c", "d"]},
        {"title[]": "a"},
        {"content": "only"},
        {"title": "only"},
        {"action": "explode", "title": "T"},
        {"version": "-1"},
        {"version": "0", "title": "T", "content": "c"},
    ],
    ids=str,
)
def test_unexpected_fields_cause_no_server_error(
    author_client: Client, address: str, sent: dict[str, object]
) -> None:
    token = {"csrf_token": author_client.token("/post/new")}
    response = author_client.post(address, data=token | sent)
    assert response.status_code in {200, 302, 409}
    response = autosave(author_client, {}, **(token | sent))
    assert response.status_code in {200, 400}
    assert response.is_json


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/octet-stream"]
)
def test_other_content_types_are_bad_requests(
    author_client: Client, address: str, content_type: str
) -> None:
    for body in (b"", b"{}", b'{"title": "\\ud800"}', b"\xff\xfe", b"[" * 100_000):
        response = author_client.post(address, data=body, content_type=content_type)
        assert response.status_code == 400
    assert new_posts() == set()


def test_a_file_in_place_of_text_is_an_error_at_the_field(
    author_client: Client, address: str
) -> None:
    token = author_client.token("/post/new")
    response = author_client.post(
        address,
        data={"csrf_token": token, "title": (BytesIO(b"x"), "a.txt"), "content": "c"},
        content_type="multipart/form-data",
    )
    assert response.status_code == 200
    assert message_at(response, "title")
