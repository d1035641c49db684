"""The whole way through: sign up, log in, write, log out, and be read by somebody else."""

from flask import Flask

from tests.client import Client, read
from tests.factories import PASSWORD


def test_a_stranger_signs_up_writes_and_is_read(app: Flask, client: Client) -> None:
    answer = client.submit(
        "/register",
        username="Ada.L",
        email="Ada@example.org",
        password=PASSWORD,
        confirm_password=PASSWORD,
    )
    assert answer.location == "/login"
    answer = client.submit("/login?next=/post/new", email="ada@EXAMPLE.org", password=PASSWORD)
    assert answer.location == "/post/new"
    answer = client.submit("/post/new", title="On engines", content="One.\r\n\r\nTwo.")
    assert answer.status_code == 302
    address = answer.location
    assert client.submit("/logout").location == "/"

    page = read(app.test_client().get(address))
    assert page.h1 is not None
    assert page.h1.text == "On engines"
    assert [p.text for p in page.select(".prose p")] == ["One.", "Two."]
    home = read(app.test_client().get("/"))
    assert [link["href"] for link in home.select("article h2 a")] == [address]
