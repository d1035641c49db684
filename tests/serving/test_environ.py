"""The WSGI environment of a request from granian."""

import pytest

from flaskblog.serving.environ import environ_of
from tests.support.rsgi import FakeScope


def test_a_request_becomes_an_environment_of_pep_3333() -> None:
    headers = [
        ("host", "blog.example.org"),
        ("accept-language", "en"),
        ("content-type", "text/plain"),
        ("content-length", "3"),
    ]
    environ = environ_of(FakeScope("POST", "/post/7", "page=2", headers))  # type: ignore[arg-type]
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/post/7",
        "QUERY_STRING": "page=2",
        "REMOTE_ADDR": "192.0.2.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "blog.example.org",
        "HTTP_ACCEPT_LANGUAGE": "en",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "wsgi.url_scheme": "http",
    }
    assert expected.items() <= environ.items()
    assert environ["wsgi.input"].read() == b""


@pytest.mark.parametrize(
    ("path", "encoded"),
    [("/user/ä", b"/user/\xc3\xa4"), ("/user/\ufffd", b"/user/\xff")],
    ids=["utf-8", "granian's mark of invalid bytes"],
)
def test_a_path_is_passed_as_its_bytes(path: str, encoded: bytes) -> None:
    environ = environ_of(FakeScope(path=path))  # type: ignore[arg-type]
    assert environ["PATH_INFO"].encode("latin-1") == encoded


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("192.0.2.1:1", "192.0.2.1"),
        ("[2001:db8::1]:1", "2001:db8::1"),
        ("[fe80::1%2]:1", "fe80::1"),
    ],
)
def test_the_client_is_an_ip_address_without_a_port(client: str, address: str) -> None:
    assert environ_of(FakeScope(client=client))["REMOTE_ADDR"] == address  # type: ignore[arg-type]


def test_repeated_headers_are_joined() -> None:
    headers = [("cookie", "a=1"), ("cookie", "b=2"), ("accept", "text/html"), ("accept", "*/*")]
    environ = environ_of(FakeScope(headers=headers))  # type: ignore[arg-type]
    assert environ["HTTP_COOKIE"] == "a=1;b=2"
    assert environ["HTTP_ACCEPT"] == "text/html,*/*"


def test_an_underscore_does_not_stand_for_a_hyphen() -> None:
    headers = [("x_forwarded_for", "198.51.100.1")]
    assert "HTTP_X_FORWARDED_FOR" not in environ_of(FakeScope(headers=headers))  # type: ignore[arg-type]


def test_the_host_of_an_absolute_url_is_used_without_a_host_header() -> None:
    environ = environ_of(FakeScope(authority="blog.example.org"))  # type: ignore[arg-type]
    assert environ["HTTP_HOST"] == "blog.example.org"
