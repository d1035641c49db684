"""Where somebody is logged in, and ending it from elsewhere."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.users.devices import device_name
from tests.client import Client, browser, read
from tests.factories import make_user

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


def device(app: Flask, user: User, agent: str, address: str) -> Client:
    client = browser(app)
    client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    client.log_in(user, remember="y")
    return client


@pytest.fixture
def laptop(app: Flask, writer: User) -> Client:
    return device(app, writer, FIREFOX, "192.0.2.1")


@pytest.fixture
def phone(app: Flask, writer: User) -> Client:
    return device(app, writer, IPHONE, "2001:db8::7")


def is_logged_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def shown(client: Client) -> list[str]:
    return [
        " ".join(item.text.split())
        for item in read(client.get("/account/sessions")).select("main li:has(h2)")
    ]


@pytest.mark.usefixtures("phone")
def test_each_device_is_shown_with_browser_address_and_time_and_this_one_is_marked(
    laptop: Client,
) -> None:
    an_hour_ago = now() - timedelta(hours=1)
    db.session.execute(
        update(Session).where(Session.address == "2001:db8::7").values(last_seen_at=an_hour_ago)
    )
    db.session.commit()
    here, there = shown(laptop)
    assert here.startswith("Firefox on Linux Address 192.0.2.1. Last seen now")
    assert "This is the device you are using" in here
    assert there.startswith("Safari on an iPhone Address 2001:db8::7. Last seen an hour ago")
    assert "This is the device" not in there
    page = read(laptop.get("/account/sessions"))
    assert f"{an_hour_ago:%Y-%m-%dT%H:%M:%SZ}" in {
        str(tag["datetime"]) for tag in page.select("time")
    }


def test_a_device_can_be_logged_out_from_another(laptop: Client, phone: Client) -> None:
    assert len(shown(laptop)) == 2
    page = read(laptop.get("/account/sessions"))
    [form] = page.select("main li form")
    answer = laptop.post(str(form["action"]), data={"csrf_token": laptop.token("/account")})
    assert answer.location == "/account/sessions"
    assert not is_logged_in(phone)
    assert is_logged_in(laptop)
    assert len(shown(laptop)) == 1


def test_all_other_devices_can_be_logged_out_at_once(
    app: Flask, laptop: Client, phone: Client, writer: User
) -> None:
    third = device(app, writer, "curl/8.0", "192.0.2.3")
    stranger = device(app, make_user("stranger"), FIREFOX, "192.0.2.4")
    laptop.submit("/account/sessions")
    assert [is_logged_in(one) for one in (laptop, phone, third, stranger)] == [
        True,
        False,
        False,
        True,
    ]


def test_with_one_device_there_is_nothing_to_end(laptop: Client) -> None:
    assert len(shown(laptop)) == 1
    assert read(laptop.get("/account/sessions")).select("main form") == []


def test_the_device_in_use_is_not_ended_by_mistake(laptop: Client) -> None:
    row = db.session.scalars(select(Session)).one()
    answer = laptop.post(
        f"/account/sessions/{row.id}/end", data={"csrf_token": laptop.token("/account")}
    )
    assert answer.status_code == 400
    assert is_logged_in(laptop)


def test_nobody_ends_the_session_of_somebody_else(app: Flask, laptop: Client) -> None:
    stranger = make_user("stranger")
    theirs = device(app, stranger, FIREFOX, "192.0.2.9")
    row = db.session.scalars(Session.of(stranger)).one()
    data = {"csrf_token": laptop.token("/account")}
    for number in (row.id, row.id + 1000, 0, 2**63):
        assert laptop.post(f"/account/sessions/{number}/end", data=data).status_code == 404
    assert is_logged_in(theirs)


@pytest.mark.parametrize("address", ["/account/sessions/1/end", "/account/sessions/end-others"])
def test_ending_needs_a_post_with_a_token(laptop: Client, phone: Client, address: str) -> None:
    row = db.session.scalars(select(Session).where(Session.address == "2001:db8::7")).one()
    address = address.replace("/1/", f"/{row.id}/")
    assert laptop.get(address).status_code == 405
    assert laptop.post(address).status_code == 400
    assert is_logged_in(phone)


@pytest.mark.usefixtures("phone")
def test_what_ran_out_is_not_shown_and_cannot_be_ended(laptop: Client) -> None:
    ran_out = update(Session).where(Session.address == "2001:db8::7").returning(Session.id)
    number = db.session.scalar(ran_out.values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert len(shown(laptop)) == 1
    data = {"csrf_token": laptop.token("/account")}
    assert laptop.post(f"/account/sessions/{number}/end", data=data).status_code == 404


@pytest.mark.parametrize(
    "agent", ["", "<script>alert(1)</script>", "x" * 3000, "a\x00b\x1b[31m", "\xff\xfe"]
)
def test_whatever_a_browser_calls_itself_is_text(app: Flask, writer: User, agent: str) -> None:
    client = device(app, writer, agent, "192.0.2.5")
    answer = client.get("/account/sessions")
    assert answer.status_code == 200
    assert read(answer).select("main script") == []
    assert len(shown(client)) == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/142.0", "Chrome on a Mac"),
        ("Mozilla/5.0 (Android 16) SamsungBrowser/29 Chrome/1", "Samsung Internet on Android"),
        ("curl/8.0", "curl/8.0"),
        ("", "An unknown device"),
    ],
)  # fmt: skip
def test_a_device_is_named_as_people_know_it(agent: str, name: str) -> None:
    assert device_name(agent) == name
