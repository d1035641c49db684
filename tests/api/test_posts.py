"""Posts as JSON: read by all, written with a token, changed by whom the pages let."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.http import parse_date

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Post, Revision, User
from tests.api.program import Program, wrong
from tests.client import Client
from tests.factories import make_post, make_user

WORDS = {"title": "On engines", "content": "They *weave*."}


def ids(answer: Any) -> list[int]:
    return [post["id"] for post in answer.json["posts"]]


def following(answer: Any) -> str:
    """Where the Link header leads on."""
    links = {
        part.split('rel="')[1].rstrip('"'): part.split(">")[0].lstrip("<")
        for part in answer.headers["Link"].split(", ")
    }
    return str(links.get("next", ""))


def test_a_post_is_written_and_read(nobody: Program, program: Program, author: User) -> None:
    made = program.post("/api/posts", WORDS)
    assert made.status_code == 201
    read = nobody.get(made.headers["Location"])
    assert read.json == made.json
    assert read.json is not None
    assert read.json.keys() == {
        "id", "title", "content", "content_html", "author", "created_at", "updated_at", "url",
    }  # fmt: skip
    assert read.json["content_html"] == "<p>They <em>weave</em>.</p>\n"
    assert read.json["author"]["id"] == author.id
    assert read.json["url"].endswith(f"/post/{read.json['id']}")
    assert nobody.client.get(read.json["url"]).status_code == 200
    assert nobody.client.get(read.json["author"]["picture_url"]).status_code == 200


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
            ({**WORDS, name: 1}, name)
            for name in ("id", "user_id", "author_id", "author", "created_at", "version", "other")
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_a_post_cannot_be_is_told_by_field(
    program: Program, author: User, body: dict[str, Any], field: str
) -> None:
    assert wrong(program.post("/api/posts", body), 422).keys() == {field}
    post = make_post(author)
    assert field in wrong(program.put(f"/api/posts/{post.id}", body), 422)
    assert db.session.scalars(select(Post)).one().title == post.title


def test_what_is_hidden_in_words_never_reaches_the_database(program: Program) -> None:
    made = program.post("/api/posts", {"title": " a\u202eb ", "content": "c\u0007"})
    assert made.json is not None
    assert (made.json["title"], made.json["content"]) == ("ab", "c")


def test_a_post_is_changed_whole_or_in_part_and_its_history_kept(
    program: Program, author: User
) -> None:
    post = make_post(author, "Before", "Old words.")
    address = f"/api/posts/{post.id}"
    part = program.patch(address, {"title": "After"})
    assert part.status_code == 200
    assert part.json is not None
    assert (part.json["title"], part.json["content"]) == ("After", "Old words.")
    whole = program.put(address, WORDS)
    assert whole.json is not None
    assert whole.json["content_html"] == "<p>They <em>weave</em>.</p>\n"
    assert whole.json["updated_at"] > whole.json["created_at"]
    titles = db.session.scalars(select(Revision.title).order_by(Revision.version))
    assert titles.all() == ["Before", "After"]
    assert program.patch(address, {}).json == whole.json


def test_only_its_author_may_change_a_post(
    nobody: Program, strange_program: Program, admins_program: Program, author: User
) -> None:
    address = f"/api/posts/{make_post(author).id}"
    for method in ("PUT", "PATCH"):
        wrong(nobody.send(method, address, WORDS), 401)
        wrong(strange_program.send(method, address, WORDS), 403)
        wrong(admins_program.send(method, address, WORDS), 403)


def test_its_author_and_admins_may_delete_a_post(
    nobody: Program, strange_program: Program, admins_program: Program, author: User,
    program: Program,
) -> None:  # fmt: skip
    for remover in (program, admins_program):
        address = f"/api/posts/{make_post(author).id}"
        wrong(nobody.delete(address), 401)
        wrong(strange_program.delete(address), 403)
        answer = remover.delete(address)
        assert (answer.status_code, answer.data) == (204, b"")
        wrong(nobody.get(address), 404)
        wrong(remover.delete(address), 404)
        wrong(program.patch(address, {}), 404)
    assert db.session.scalars(select(User.posts_count).where(User.id == author.id)).one() == 0


@pytest.mark.parametrize("number", ["0", "-1", "9" * 18, "9" * 19, "9" * 30, "x", "1.5", "%00"])
def test_a_post_that_is_not_there_is_a_404(nobody: Program, number: str) -> None:
    wrong(nobody.get(f"/api/posts/{number}"), 404)


def test_a_list_counts_and_pages(nobody: Program, author: User, stranger: User) -> None:
    posts = [make_post(author).id for _ in range(4)] + [make_post(stranger).id]
    answer = nobody.get("/api/posts?per_page=2")
    assert answer.json is not None
    numbers = {name: answer.json[name] for name in ("total", "pages", "current_page")}
    assert numbers == {"total": 5, "pages": 3, "current_page": 1}
    seen = ids(answer)
    while address := following(answer):
        answer = nobody.get(address)
        seen += ids(answer)
    assert seen == posts[::-1]
    assert 'rel="prev"' in answer.headers["Link"]
    assert ids(nobody.get("/api/posts?page=4&per_page=2")) == []
    assert ids(nobody.get("/api/posts?page=1000000000")) == []


def test_a_list_of_one_person_by_name_or_id(nobody: Program, author: User, stranger: User) -> None:
    own = [make_post(author).id, make_post(author).id][::-1]
    make_post(stranger)
    for who in ("author", "AUTHOR", str(author.id)):
        answer = nobody.get(f"/api/posts?author={who}&per_page=1")
        assert answer.json is not None
        assert answer.json["total"] == 2
        assert ids(answer) + ids(nobody.get(following(answer))) == own
    namesake = make_user(f"0{author.id}")
    assert ids(nobody.get(f"/api/posts?author={author.id}")) == own
    assert ids(nobody.get(f"/api/posts?author={namesake.username}")) == []
    answer = nobody.get("/api/posts?author=whoever")
    assert answer.json is not None
    assert (answer.json["total"], answer.json["posts"]) == (0, [])


def test_a_cursor_keeps_its_place_while_others_write(nobody: Program, author: User) -> None:
    moment = now() - timedelta(days=1)
    posts = [make_post(author, created_at=moment).id for _ in range(5)][::-1]
    answer = nobody.get("/api/posts?per_page=2")
    assert ids(answer) == posts[:2]
    make_post(author)
    db.session.delete(db.session.get_one(Post, posts[1]))
    db.session.commit()
    assert answer.json is not None
    answer = nobody.get(f"/api/posts?per_page=2&cursor={answer.json['next_cursor']}")
    assert ids(answer) == posts[2:4]
    assert answer.json is not None
    assert answer.json["current_page"] is None
    answer = nobody.get(following(answer))
    assert ids(answer) == posts[4:]
    assert answer.json is not None
    assert answer.json["next_cursor"] is None
    assert not following(answer)


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=", "page=1.0", "page=%2B1", "page=%EF%BC%91", "page=1_0",
     "page=9223372036854775808", "per_page=0", "per_page=101", "per_page=-5", "per_page=x",
     "cursor=", "cursor=x", "cursor=" + "g" * 32, "cursor=" + "f" * 32, "cursor=" + "0" * 33,
     "author=%00"],
)  # fmt: skip
def test_a_page_that_cannot_be_is_told(nobody: Program, query: str) -> None:
    assert wrong(nobody.get(f"/api/posts?{query}"), 422).keys() == {query.split("=", maxsplit=1)[0]}


def test_the_same_key_makes_one_post(program: Program, strange_program: Program) -> None:
    first = program.post("/api/posts", WORDS, Idempotency_Key="mine")
    again = program.post("/api/posts", WORDS, Idempotency_Key="mine")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]
    wrong(program.post("/api/posts", {**WORDS, "title": "Other"}, Idempotency_Key="mine"), 409)
    assert strange_program.post("/api/posts", WORDS, Idempotency_Key="mine").json != first.json
    assert program.post("/api/posts", WORDS, Idempotency_Key="other").json != first.json
    assert program.post("/api/posts", WORDS).json != first.json
    assert program.post("/api/posts", WORDS, Idempotency_Key="").status_code == 201
    assert program.post("/api/posts", WORDS, Idempotency_Key="").status_code == 201
    assert program.delete(first.headers["Location"]).status_code == 204
    wrong(program.post("/api/posts", WORDS, Idempotency_Key="mine"), 409)


def test_what_changed_meanwhile_is_not_overwritten_unseen(program: Program, author: User) -> None:
    address = f"/api/posts/{make_post(author).id}"
    seen = program.get(address).headers["ETag"]
    changed = program.put(address, WORDS, If_Match=seen)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != seen
    assert changed.headers["ETag"] == program.get(address).headers["ETag"]
    for method, body in (("PUT", WORDS), ("PATCH", {"title": "x"}), ("DELETE", None)):
        wrong(program.send(method, address, body, If_Match=seen), 412)
        wrong(program.send(method, address, body, If_Match=f"W/{seen}"), 412)
        wrong(program.send(method, address, body, If_Match=""), 412)
    assert program.patch(address, {}, If_Match="*").status_code == 200
    zipped = program.get(address, Accept_Encoding="gzip").headers["ETag"]
    assert program.delete(address, If_Match=zipped).status_code == 204


@pytest.mark.parametrize(("header", "status"), [({}, 409), ({"If_Match": "*"}, 412)])
def test_a_lost_race_is_told(
    program: Program, author: User, monkeypatch: pytest.MonkeyPatch,
    header: dict[str, str], status: int,
) -> None:  # fmt: skip
    post = make_post(author)
    revise = Post.revise

    def revise_late(self: Post, title: str, content: str) -> None:
        with db.engine.begin() as connection:
            connection.execute(
                update(Post).where(Post.id == self.id).values(version=Post.version + 1)
            )
        revise(self, title, content)

    monkeypatch.setattr(Post, "revise", revise_late)
    wrong(program.put(f"/api/posts/{post.id}", WORDS, **header), status)
    assert db.session.scalars(select(Post.content)).one() == "Some words."


def test_the_limit_on_posting_is_one_for_pages_and_programs(
    client: Client, program: Program, author: User, request: pytest.FixtureRequest
) -> None:
    client.log_in(author)
    request.getfixturevalue("limited")
    for number in range(30):
        if number % 2:
            assert program.post("/api/posts", WORDS).status_code == 201
        else:
            client.submit("/post/new", title="T", content="c")
    refused = program.post("/api/posts", WORDS)
    wrong(refused, 429)
    assert refused.headers["RateLimit-Limit"] == "30"
    assert parse_date(refused.headers["Retry-After"]) is None
    assert client.submit("/post/new", title="T", content="c").status_code == 429
