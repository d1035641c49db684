"""A client of the API: it sends JSON with a token, and stores no cookies."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from flaskblog.models import User
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD


class ApiClient:
    def __init__(self, app: Flask, user: User | None = None) -> None:
        self.client: Client = browser(app)
        self.token = ""
        if user is not None:
            answer = self.post("/api/login", {"email": user.username, "password": PASSWORD})
            self.token = answer.json["access_token"] if answer.json else ""

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("DELETE", path, body, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """`If_Match="…"` becomes the header `If-Match`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        sent = {} if body is None else {"json": body}
        return self.client.open(path, method=method, headers=given, **sent)

    def send_bytes(
        self, path: str, body: bytes, method: str = "POST", **headers: str
    ) -> TestResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        kind = given.pop("Content-Type", "application/json")
        return self.client.open(path, method=method, data=body, content_type=kind, headers=given)


def errors_of(answer: TestResponse, status: int) -> dict[str, list[str]]:
    """Check that the response is a problem with this status, and return its messages by field."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert {"title", "status", "detail"} <= answer.json.keys()
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]
    errors: dict[str, list[str]] = answer.json.get("errors", {})
    return errors
