"""Whatever is typed at the desk: told at its field, nothing lost, and never a 500."""

from io import BytesIO
from time import process_time

import pytest
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from tests.client import Client, is_own_page, message_at
from tests.desk import autosave, opened, press, sheet
from tests.factories import make_post

LIMITS = {"title": 100, "content": 100_000}
EMPTY = [
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
DIRTY = [
    ("a\x0bb\x07c", "abc"),
    ("a\u202eb\u2066c", "abc"),
    ("\ufeffa\ufffe", "a"),
    ("e\u0301", "é"),
    ("a\u200db", "a\u200db"),
]
NASTY = {
    "brackets": "[" * 100_000,
    "quotes": ">" * 100_000,
    "stars": "*" * 100_000,
}


@pytest.fixture(params=["/post/new", "/post/{}/update"])
def address(request: pytest.FixtureRequest, writer: User) -> str:
    return str(request.param).format(make_post(writer, title="Before", content="Before.").id)


def written() -> set[tuple[str, str]]:
    rows = db.session.execute(select(Post.title, Post.content)).all()
    return {(title, content) for title, content in rows} - {("Before", "Before.")}


@pytest.mark.parametrize("field", LIMITS)
def test_a_text_of_exactly_the_limit_is_taken(
    writer_client: Client, address: str, field: str
) -> None:
    words = {"title": "T", "content": "c"} | {field: "é" * LIMITS[field]}
    assert press(
        writer_client, "publish", opened(writer_client, address), address, **words
    ).location
    assert written() == {(words["title"], words["content"])}


@pytest.mark.parametrize("field", LIMITS)
def test_one_character_more_is_told_with_how_much_is_too_much(
    writer_client: Client, address: str, field: str
) -> None:
    words = {"title": "T", "content": "c"} | {field: "é" * (LIMITS[field] + 1)}
    for button in ("publish", "preview"):
        answer = press(writer_client, button, opened(writer_client, address), address, **words)
        assert "Shorten it by 1." in message_at(answer, field)
        assert sheet(answer).items() >= words.items()
    assert written() == set()


@pytest.mark.parametrize("field", LIMITS)
@pytest.mark.parametrize("empty", EMPTY, ids=ascii)
def test_what_shows_nothing_is_told(
    writer_client: Client, address: str, field: str, empty: str
) -> None:
    words = {"title": "T", "content": "c"} | {field: empty}
    answer = press(writer_client, "publish", opened(writer_client, address), address, **words)
    assert answer.status_code == 200
    assert message_at(answer, field)
    other = "content" if field == "title" else "title"
    assert sheet(answer)[other] == words[other]
    assert press(writer_client, "draft", sheet(answer), address, **words).status_code == 302
    assert written() == set()


@pytest.mark.parametrize(("typed", "kept"), DIRTY, ids=ascii)
def test_what_is_hidden_never_reaches_the_database(
    writer_client: Client, address: str, typed: str, kept: str
) -> None:
    words = {"title": typed, "content": typed}
    press(writer_client, "draft", opened(writer_client, address), address, **words)
    assert db.session.execute(select(Draft.title, Draft.content)).all() == [(kept, kept)]
    press(writer_client, "publish", opened(writer_client, address), address, **words)
    assert written() == {(kept, kept)}


@pytest.mark.parametrize("field", ["title", "content", "key", "version", "post_id", "action"])
def test_a_nul_is_told_by_a_page(writer_client: Client, address: str, field: str) -> None:
    fields = opened(writer_client, address) | {"title": "T", "content": "c"}
    for button in ("publish", "draft"):
        sent = fields | {"action": button} | {field: "a\x00b"}
        answer = writer_client.post(address, data=sent)
        assert answer.status_code == 400
        assert is_own_page(answer)
    assert written() == set()


@pytest.mark.parametrize("name", NASTY)
def test_the_nastiest_nesting_is_published_read_and_compared(
    writer_client: Client, name: str
) -> None:
    fields = opened(writer_client)
    began = process_time()
    answer = press(writer_client, "publish", fields, title="T", content=NASTY[name])
    assert process_time() - began < 3, "a bound for a busy machine; it takes less than 1"
    assert writer_client.get(answer.location).status_code == 200
    assert writer_client.get("/").status_code == 200
    changed = fields | {"title": "T", "content": NASTY[name][1:] + "x"}
    assert press(writer_client, "publish", changed, f"{answer.location}/update").location
    assert writer_client.get(f"{answer.location}/history").status_code == 200


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
def test_a_form_sent_by_a_program_breaks_nothing(
    writer_client: Client, address: str, sent: dict[str, object]
) -> None:
    token = {"csrf_token": writer_client.token("/post/new")}
    answer = writer_client.post(address, data=token | sent)
    assert answer.status_code in {200, 302, 409}
    answer = autosave(writer_client, {}, address, **(token | sent))
    assert answer.status_code in {200, 400}
    assert answer.is_json


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
def test_a_body_of_another_kind_breaks_nothing(
    writer_client: Client, address: str, kind: str
) -> None:
    for body in (b"", b"{}", b'{"title": "\\ud800"}', b"\xff\xfe", b"[" * 100_000):
        answer = writer_client.post(address, data=body, content_type=kind)
        assert answer.status_code == 400
    assert written() == set()


def test_a_file_in_place_of_words_breaks_nothing(writer_client: Client, address: str) -> None:
    token = writer_client.token("/post/new")
    answer = writer_client.post(
        address,
        data={"csrf_token": token, "title": (BytesIO(b"x"), "a.txt"), "content": "c"},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200
    assert message_at(answer, "title")
