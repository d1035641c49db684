"""The OpenAPI document, CORS and caching headers of the API."""

from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from tests.conftest import make_app
from tests.support.api_client import ApiClient
from tests.support.client import Client, browser

OTHER_ORIGIN = "https://app.example.org"


def test_responses_with_a_token_are_private_to_caches(
    anonymous_api: ApiClient, author_api: ApiClient
) -> None:
    assert anonymous_api.get("/api/users").headers["Cache-Control"] == "no-cache"
    assert author_api.get("/api/users").headers["Cache-Control"] == "private, no-cache"
    for response in (
        anonymous_api.get("/api/users"),
        author_api.get("/api/users"),
        anonymous_api.get("/api/x"),
    ):
        assert "Authorization" in response.headers["Vary"]
        assert "Set-Cookie" not in response.headers


def preflight(client: Client, path: str) -> Any:
    headers = {
        "Origin": OTHER_ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, if-match",
    }
    return client.options(path, headers=headers).headers


def test_other_origins_may_use_the_api_with_a_token(client: Client, author_api: ApiClient) -> None:
    response = author_api.post("/api/posts", {"title": "t", "content": "c"}, Origin=OTHER_ORIGIN,
                          Sec_Fetch_Site="cross-site")  # fmt: skip
    assert response.status_code == 201
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in response.headers["Access-Control-Expose-Headers"]
    allowed = preflight(client, "/api/posts/1")
    assert allowed["Access-Control-Allow-Origin"] == "*"
    assert "PUT" in allowed["Access-Control-Allow-Methods"]
    assert "if-match" in allowed["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in allowed
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("path", ["/", "/login", "/openapi.json", "/docs", "/livez"])
def test_other_origins_may_not_use_anything_else(client: Client, path: str) -> None:
    response = client.get(path, headers={"Origin": OTHER_ORIGIN})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
    assert "Access-Control-Allow-Origin" not in preflight(client, path)


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [("", None), ("https://other.example", None), (OTHER_ORIGIN, OTHER_ORIGIN),
     (f"https://other.example,{OTHER_ORIGIN}", OTHER_ORIGIN)],
)  # fmt: skip
def test_the_allowed_origins_are_a_setting(
    database_url: str, origins: str, allowed: str | None
) -> None:
    client = browser(make_app(database_url, CORS_ORIGINS=origins))
    response = client.get("/api/posts", headers={"Origin": OTHER_ORIGIN})
    assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_the_openapi_document_is_valid_and_complete(app: Flask, anonymous_api: ApiClient) -> None:
    response = anonymous_api.get("/openapi.json")
    assert response.json is not None
    validate(response.json)
    assert response.json["openapi"].startswith("3.1")
    documented = {path.replace("{post_id}", "<id:post_id>").replace("{user_id}", "<id:user_id>")
            for path in response.json["paths"]}  # fmt: skip
    assert documented == {
        rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")
    }
