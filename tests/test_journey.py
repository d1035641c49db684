"""A complete journey: sign up, log in, publish, log out, and read as another client."""

from flask import Flask

from tests.support.client import Client, read
from tests.support.factories import PASSWORD


def test_a_new_member_signs_up_and_publishes_a_post(app: Flask, client: Client) -> None:
    response = client.submit(
        "/register",
        username="Ada.L",
        email="Ada@example.org",
        password=PASSWORD,
        confirm_password=PASSWORD,
    )
    assert response.location == "/"
    assert client.submit("/logout").location == "/"
    response = client.submit("/login?next=/post/new", email="ada@EXAMPLE.org", password=PASSWORD)
    assert response.location == "/post/new"
    response = client.submit("/post/new", title="On engines", content="One.\r\n\r\nTwo.")
    assert response.status_code == 302
    address = response.location
    assert client.submit("/logout").location == "/"

    page = read(app.test_client().get(address))
    assert page.h1 is not None
    assert page.h1.text == "On engines"
    assert [p.text for p in page.select(".prose p")] == ["One.", "Two."]
    home = read(app.test_client().get("/"))
    assert [link["href"] for link in home.select("article h2 a")] == [address]
