"""What any request may hold, and what every answer tells: bodies, methods, tags, origins."""

from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from sqlalchemy import select

from flaskblog.api.fields import VISIBLE
from flaskblog.extensions import db
from flaskblog.headers import HEADERS
from flaskblog.models import Post, User
from flaskblog.text import is_blank
from tests.api.program import Program, wrong
from tests.client import Client, browser
from tests.conftest import make_app
from tests.factories import make_post

ELSEWHERE = "https://app.example.org"
BROKEN = [
    b"", b"{", b"{'title': 1}", b'{"title": "a", "title": "b", "content": "c"}', b"[" * 100_000,
    b'{"title":' * 100_000, b"NaN", b'{"title": NaN}', b'{"title": Infinity}', b"9" * 5000,
    b'{"title": ' + b"9" * 5000 + b"}", b'{"title": "\\ud800", "content": "c"}', b"null", b"true",
    b'"text"', b"1", b"[]", b'[{"title": "t", "content": "c"}]', b'\xef\xbb\xbf{"title": "t"}',
    b'{"title": "\\u0000", "content": "c"}', b'{"title": "\xff"}', b'{"\\udfff": 1}',
    '{"title": "t"}'.encode("utf-16"), b'{"title": ["\\u0000"]}', b"\x00" * 10,
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: repr(body[:30]))
def test_a_body_that_is_no_object_of_text_is_a_400(program: Program, body: bytes) -> None:
    for path in ("/api/posts", "/api/login", "/api/users"):
        assert wrong(program.send_bytes(path, body), 400) == {}
    assert db.session.scalars(select(Post)).all() == []


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
     "application/xml", "json", " "],
)  # fmt: skip
def test_a_body_of_another_type_is_a_415(program: Program, kind: str) -> None:
    wrong(
        program.send_bytes("/api/posts", b'{"title": "t", "content": "c"}', Content_Type=kind), 415
    )


def test_a_body_that_is_too_large_is_a_413(app: Flask, program: Program) -> None:
    size = app.config["MAX_CONTENT_LENGTH"]
    wrong(program.send_bytes("/api/posts", b'{"title": "' + b"x" * size), 413)


def test_a_number_may_be_of_any_size_and_is_no_text(program: Program) -> None:
    answer = program.send_bytes("/api/posts", b'{"title": 1e999, "content": 9e-999}')
    assert wrong(answer, 422).keys() == {"title", "content"}


def test_who_has_no_token_learns_nothing_of_the_body(nobody: Program) -> None:
    wrong(nobody.send_bytes("/api/posts", b"{"), 401)


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/api/posts", {"GET", "HEAD", "OPTIONS", "POST"}), ("/api/login", {"OPTIONS", "POST"}),
     ("/api/posts/1", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})],
)  # fmt: skip
def test_an_address_says_what_it_takes(nobody: Program, path: str, methods: set[str]) -> None:
    assert set(nobody.send("OPTIONS", path).headers["Allow"].split(", ")) == methods
    refused = nobody.send("TRACE", path)
    wrong(refused, 405)
    assert set(refused.headers["Allow"].split(", ")) == methods


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/posts/1/x", "/api/posts/"])
def test_where_nothing_is_a_program_gets_a_problem(nobody: Program, path: str) -> None:
    wrong(nobody.get(path), 404)


def test_a_foreign_host_is_refused_in_json(nobody: Program) -> None:
    wrong(nobody.get("/api/posts", Host="evil.example"), 400)


def test_what_breaks_is_told_with_a_number_and_no_detail(database_url: str) -> None:
    app = make_app(database_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(**_: object) -> str:
        raise RuntimeError("a secret detail")

    app.view_functions["api.posts"] = fail
    answer = Program(app).get("/api/posts")
    wrong(answer, 500)
    assert answer.json is not None
    assert answer.json["request_id"]
    assert "secret" not in answer.text


def test_what_is_known_is_not_sent_again(nobody: Program, program: Program, author: User) -> None:
    post = make_post(author)
    for path in (f"/api/posts/{post.id}", f"/api/users/{author.id}", "/api/posts", "/api/users"):
        first = nobody.get(path)
        assert not first.headers["ETag"].startswith("W/")
        again = nobody.get(path, If_None_Match=first.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
        head = nobody.send("HEAD", path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == first.headers["ETag"]
        author.rename(path.replace("/", "-")[1:])
        db.session.commit()
        assert nobody.get(path, If_None_Match=first.headers["ETag"]).status_code == 200
    public, private = nobody.get("/api/users"), program.get("/api/users")
    assert public.headers["ETag"] != private.headers["ETag"]


def test_no_cache_gives_one_persons_answer_to_another(nobody: Program, program: Program) -> None:
    assert nobody.get("/api/users").headers["Cache-Control"] == "no-cache"
    assert program.get("/api/users").headers["Cache-Control"] == "private, no-cache"
    for answer in (nobody.get("/api/users"), program.get("/api/users"), nobody.get("/api/x")):
        assert "Authorization" in answer.headers["Vary"]
        assert "Set-Cookie" not in answer.headers


def test_every_answer_keeps_the_security_headers(nobody: Program, program: Program) -> None:
    for answer in (nobody.get("/api/posts"), nobody.post("/api/posts"), program.post("/api/posts"),
                   nobody.get("/api/x"), nobody.send("OPTIONS", "/api/posts")):  # fmt: skip
        for name, value in HEADERS.items():
            assert answer.headers.getlist(name) == [value]


def preflight(client: Client, path: str) -> Any:
    headers = {
        "Origin": ELSEWHERE,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, if-match",
    }
    return client.options(path, headers=headers).headers


def test_a_page_of_any_site_may_use_the_api_with_a_token(client: Client, program: Program) -> None:
    answer = program.post("/api/posts", {"title": "t", "content": "c"}, Origin=ELSEWHERE,
                          Sec_Fetch_Site="cross-site")  # fmt: skip
    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    allowed = preflight(client, "/api/posts/1")
    assert allowed["Access-Control-Allow-Origin"] == "*"
    assert "PUT" in allowed["Access-Control-Allow-Methods"]
    assert "if-match" in allowed["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/login", "/openapi.json", "/docs", "/livez"])
def test_a_page_of_another_site_may_use_nothing_else(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": ELSEWHERE})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert "Access-Control-Allow-Origin" not in preflight(client, path)


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [("", None), ("https://other.example", None), (ELSEWHERE, ELSEWHERE),
     (f"https://other.example,{ELSEWHERE}", ELSEWHERE)],
)  # fmt: skip
def test_the_settings_say_whose_pages_may(
    database_url: str, origins: str, allowed: str | None
) -> None:
    client = browser(make_app(database_url, CORS_ORIGINS=origins))
    answer = client.get("/api/posts", headers={"Origin": ELSEWHERE})
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize("query", ["", "?author=author", "?page=2&per_page=10"])
def test_a_list_of_twenty_costs_three_queries(
    program: Program, author: User, stranger: User, statements: list[str], query: str
) -> None:
    for number in range(24):
        make_post(author if number % 2 else stranger)
    statements.clear()
    answer = program.get(f"/api/posts{query}")
    assert answer.json is not None
    assert len(answer.json["posts"]) >= 10
    assert len(statements) <= 3, statements
    assert all(statement.startswith("SELECT") for statement in statements)
    assert not [one for one in statements if "count(*)" in one and "FROM post" in one]


def test_the_document_is_valid_and_whole(app: Flask, nobody: Program) -> None:
    answer = nobody.get("/openapi.json")
    assert answer.json is not None
    validate(answer.json)
    assert answer.json["openapi"].startswith("3.1")
    told = {path.replace("{post_id}", "<id:post_id>").replace("{user_id}", "<id:user_id>")
            for path in answer.json["paths"]}  # fmt: skip
    assert told == {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}


def test_what_the_document_takes_for_visible_is_visible() -> None:
    bounds = VISIBLE[::3] + VISIBLE[2::3]
    assert not [character for character in bounds if is_blank(character)]
