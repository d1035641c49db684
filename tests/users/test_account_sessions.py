"""The list of one's sessions, and logging out other devices."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from tests.support.client import Client, browser, read
from tests.support.factories import make_user
from tests.users.test_devices import FIREFOX, IPHONE


def log_in_from(app: Flask, user: User, agent: str, address: str) -> Client:
    client = browser(app)
    client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    client.log_in(user, remember="y")
    return client


@pytest.fixture
def laptop(app: Flask, author: User) -> Client:
    return log_in_from(app, author, FIREFOX, "192.0.2.1")


@pytest.fixture
def phone(app: Flask, author: User) -> Client:
    return log_in_from(app, author, IPHONE, "2001:db8::7")


def is_logged_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def listed_sessions(client: Client) -> list[str]:
    return [
        " ".join(item.text.split())
        for item in read(client.get("/account/sessions")).select("main li:has(h2)")
    ]


@pytest.mark.usefixtures("phone")
def test_each_session_is_listed_with_browser_address_and_time(
    laptop: Client,
) -> None:
    an_hour_ago = now() - timedelta(hours=1)
    db.session.execute(
        update(Session).where(Session.address == "2001:db8::7").values(last_seen_at=an_hour_ago)
    )
    db.session.commit()
    here, there = listed_sessions(laptop)
    assert here.startswith("Firefox on Linux IP address 192.0.2.1. Last seen just now")
    assert "This device" in here
    assert there.startswith("Safari on an iPhone IP address 2001:db8::7. Last seen an hour ago")
    assert "This device" not in there
    page = read(laptop.get("/account/sessions"))
    assert f"{an_hour_ago:%Y-%m-%dT%H:%M:%SZ}" in {
        str(tag["datetime"]) for tag in page.select("time")
    }


def test_a_device_can_be_logged_out_from_another(laptop: Client, phone: Client) -> None:
    assert len(listed_sessions(laptop)) == 2
    page = read(laptop.get("/account/sessions"))
    [form] = page.select("main li form")
    response = laptop.post(str(form["action"]), data={"csrf_token": laptop.token("/account")})
    assert response.location == "/account/sessions"
    assert not is_logged_in(phone)
    assert is_logged_in(laptop)
    assert len(listed_sessions(laptop)) == 1


def test_all_other_devices_can_be_logged_out_together(
    app: Flask, laptop: Client, phone: Client, author: User
) -> None:
    third = log_in_from(app, author, "curl/8.0", "192.0.2.3")
    stranger = log_in_from(app, make_user("stranger"), FIREFOX, "192.0.2.4")
    laptop.submit("/account/sessions")
    assert [is_logged_in(one) for one in (laptop, phone, third, stranger)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_single_session_offers_nothing_to_end(laptop: Client) -> None:
    assert len(listed_sessions(laptop)) == 1
    assert read(laptop.get("/account/sessions")).select("main form") == []


def test_the_current_session_cannot_be_ended_from_the_list(laptop: Client) -> None:
    row = db.session.scalars(select(Session)).one()
    response = laptop.post(
        f"/account/sessions/{row.id}/end", data={"csrf_token": laptop.token("/account")}
    )
    assert response.status_code == 400
    assert is_logged_in(laptop)


def test_the_sessions_of_other_members_cannot_be_ended(app: Flask, laptop: Client) -> None:
    stranger = make_user("stranger")
    stranger_client = log_in_from(app, stranger, FIREFOX, "192.0.2.9")
    row = db.session.scalars(Session.of(stranger)).one()
    data = {"csrf_token": laptop.token("/account")}
    for session_id in (row.id, row.id + 1000, 0, 2**63):
        assert laptop.post(f"/account/sessions/{session_id}/end", data=data).status_code == 404
    assert is_logged_in(stranger_client)


@pytest.mark.parametrize("address", ["/account/sessions/1/end", "/account/sessions/end-others"])
def test_ending_sessions_requires_a_post_with_a_token(
    laptop: Client, phone: Client, address: str
) -> None:
    row = db.session.scalars(select(Session).where(Session.address == "2001:db8::7")).one()
    address = address.replace("/1/", f"/{row.id}/")
    assert laptop.get(address).status_code == 405
    assert laptop.post(address).status_code == 400
    assert is_logged_in(phone)


@pytest.mark.usefixtures("phone")
def test_an_expired_session_is_not_listed_and_cannot_be_ended(laptop: Client) -> None:
    expire = update(Session).where(Session.address == "2001:db8::7").returning(Session.id)
    session_id = db.session.scalar(expire.values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert len(listed_sessions(laptop)) == 1
    data = {"csrf_token": laptop.token("/account")}
    assert laptop.post(f"/account/sessions/{session_id}/end", data=data).status_code == 404


@pytest.mark.parametrize(
    "agent", ["", "<script>alert(1)</script>", "x" * 3000, "a\x00b\x1b[31m", "\xff\xfe"]
)
def test_any_user_agent_is_shown_as_text(app: Flask, author: User, agent: str) -> None:
    client = log_in_from(app, author, agent, "192.0.2.5")
    response = client.get("/account/sessions")
    assert response.status_code == 200
    assert read(response).select("main script") == []
    assert len(listed_sessions(client)) == 1
