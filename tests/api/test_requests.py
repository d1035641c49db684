"""Methods, errors, headers and queries of the whole API."""

import pytest

from flaskblog.models import User
from flaskblog.web.headers import HEADERS
from flaskblog.web.problems import DETAILS
from tests.conftest import make_app
from tests.support.api_client import ApiClient, errors_of
from tests.support.factories import make_post


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/api/posts", {"GET", "HEAD", "OPTIONS", "POST"}), ("/api/login", {"OPTIONS", "POST"}),
     ("/api/posts/1", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})],
)  # fmt: skip
def test_urls_report_their_methods(anonymous_api: ApiClient, path: str, methods: set[str]) -> None:
    assert set(anonymous_api.send("OPTIONS", path).headers["Allow"].split(", ")) == methods
    rejected = anonymous_api.send("TRACE", path)
    errors_of(rejected, 405)
    assert set(rejected.headers["Allow"].split(", ")) == methods


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/posts/1/x", "/api/posts/"])
def test_unknown_urls_are_json_problems(anonymous_api: ApiClient, path: str) -> None:
    errors_of(anonymous_api.get(path), 404)


def test_an_unknown_host_is_a_json_problem(anonymous_api: ApiClient) -> None:
    errors_of(anonymous_api.get("/api/posts", Host="evil.example"), 400)


def test_a_server_error_has_a_request_id_and_no_details(database_url: str) -> None:
    app = make_app(database_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(**_: object) -> str:
        raise RuntimeError("a secret detail")

    app.view_functions["api.posts"] = fail
    response = ApiClient(app).get("/api/posts")
    errors_of(response, 500)
    assert response.json is not None
    assert response.json["request_id"]
    assert "secret" not in response.text


def test_every_response_has_the_security_headers(
    anonymous_api: ApiClient, author_api: ApiClient
) -> None:
    for response in (
        anonymous_api.get("/api/posts"),
        anonymous_api.post("/api/posts"),
        author_api.post("/api/posts"),
        anonymous_api.get("/api/x"),
        anonymous_api.send("OPTIONS", "/api/posts"),
    ):
        for name, value in HEADERS.items():
            assert response.headers.getlist(name) == [value]


@pytest.mark.parametrize("query", ["", "?author=author", "?page=2&per_page=10"])
def test_a_list_needs_at_most_three_queries(
    author_api: ApiClient, author: User, stranger: User, statements: list[str], query: str
) -> None:
    for number in range(24):
        make_post(author if number % 2 else stranger)
    statements.clear()
    response = author_api.get(f"/api/posts{query}")
    assert response.json is not None
    assert len(response.json["posts"]) >= 10
    assert len(statements) <= 3, statements
    assert all(statement.startswith("SELECT") for statement in statements)
    assert not [one for one in statements if "count(*)" in one and "FROM post" in one]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/posts?autor=ada"), ("GET", "/api/users?author=ada"), ("GET", "/api/posts/1?x=1"),
     ("POST", "/api/posts?page=1"), ("POST", "/api/login?x="), ("DELETE", "/api/users/1?x=1")],
)  # fmt: skip
def test_an_unknown_query_parameter_is_refused_by_its_name(
    author_api: ApiClient, method: str, path: str
) -> None:
    name = path.partition("?")[2].partition("=")[0]
    assert errors_of(author_api.send(method, path, {}), 422).keys() == {name}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/posts/99", 404), ("PUT", "/api/login", 405), ("GET", "/api/nothing", 404)],
)
def test_errors_are_in_plain_language(
    anonymous_api: ApiClient, method: str, path: str, status: int
) -> None:
    response = anonymous_api.send(method, path)
    assert response.json is not None
    assert response.json["detail"] == DETAILS[status]
