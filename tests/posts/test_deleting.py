"""Deleting asks first, and can be undone for 30 days."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog import worker
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision, User
from flaskblog.models.post import KEPT_AFTER_DELETION
from tests.client import Client, browser, read
from tests.desk import told
from tests.factories import make_post, make_user


@pytest.fixture
def post(writer: User) -> Post:
    """With an edit, and a draft of another one."""
    post = make_post(writer, title="On <i>engines</i>", content="Before.")
    post.revise("On <i>engines</i>", "After.")
    draft = Draft(author_id=writer.id, key="k", title="", content="", post_id=post.id)
    db.session.add(draft)
    db.session.commit()
    return post


def delete(client: Client, post: Post) -> None:
    assert client.submit(f"/post/{post.id}/delete").status_code == 302


def test_to_ask_changes_nothing_and_names_the_post_and_what_goes(
    writer_client: Client, post: Post
) -> None:
    page = read(writer_client.get(f"/post/{post.id}/delete"))
    heading = page.select_one("main h1")
    assert heading is not None
    assert "On <i>engines</i>" in heading.text
    assert "30 days" in page.text
    assert page.select_one(f'main a[href="/post/{post.id}"]') is not None
    assert db.session.scalars(select(Post.deleted_at)).all() == [None]


def test_a_deleted_post_is_seen_nowhere(
    client: Client, writer_client: Client, writer: User, post: Post
) -> None:
    moment = now()
    older = make_post(writer, title="Older", created_at=moment - timedelta(days=1))
    newer = make_post(writer, title="Newer", created_at=moment + timedelta(days=1))
    address = f"/post/{post.id}"
    for neighbour in (older, newer):
        assert address in client.get(f"/post/{neighbour.id}").text
    delete(writer_client, post)
    for gone in (address, f"{address}/history"):
        assert client.get(gone).status_code == 404
        assert writer_client.get(gone).status_code == 404
    assert writer_client.get(f"{address}/update").status_code == 404
    for page in ("/", "/user/writer", f"/post/{older.id}", f"/post/{newer.id}"):
        assert address not in client.get(page).text
    assert f"/post/{newer.id}" in client.get(f"/post/{older.id}").text
    assert "2 posts" in client.get("/about").text
    assert "2 posts" in client.get("/user/writer").text
    assert post.title not in read(client.get("/user/writer")).text


def test_a_deleted_post_comes_back_as_it_was(
    client: Client, writer_client: Client, writer: User, post: Post
) -> None:
    address = f"/post/{post.id}"
    parts = "h1, .prose, time[datetime]"
    shown = [tag.get("datetime") or tag.text for tag in read(client.get(address)).select(parts)]
    delete(writer_client, post)
    page = writer_client.get("/account/deleted")
    assert [tag.text for tag in read(page).select("article h2")] == [post.title]
    restored = writer_client.submit("/account/deleted")
    assert restored.location == f"/post/{post.id}"
    assert told(writer_client.get(restored.location)) == ["status"]
    again = [tag.get("datetime") or tag.text for tag in read(client.get(address)).select(parts)]
    assert again == shown
    assert len(shown) == 4, "title, words, written and edited"
    assert "edited 1 time" in read(client.get(f"/post/{post.id}/history")).text
    db.session.refresh(writer)
    assert writer.posts_count == 1


def test_a_second_click_on_either_leads_where_the_first_one_did(
    writer_client: Client, post: Post
) -> None:
    token = {"csrf_token": writer_client.token("/post/new")}
    address = f"/post/{post.id}"
    for deed, place in (("delete", "/account/deleted"), ("restore", address)):
        assert writer_client.post(f"{address}/{deed}", data=token).status_code == 302
        assert writer_client.post(f"{address}/{deed}", data=token).location == place


def test_the_deleted_are_listed_latest_first_in_pages_and_to_their_author_alone(
    app: Flask, writer_client: Client, writer: User
) -> None:
    moment = now()
    for number in range(7):
        make_post(writer, title=f"{number}").delete()
    for number, post in enumerate(db.session.scalars(select(Post).order_by(Post.id))):
        post.deleted_at = moment - timedelta(days=number)
    db.session.commit()
    listed = [
        [tag.text for tag in read(writer_client.get(f"/account/deleted?page={n}")).select("h2")]
        for n in (1, 2)
    ]
    assert listed == [["0", "1", "2", "3", "4"], ["5", "6"]]
    assert writer_client.get("/account/deleted?page=3").status_code == 404
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    assert read(stranger.get("/account/deleted")).select("article") == []
    token = {"csrf_token": stranger.token("/post/new")}
    assert stranger.post(f"/post/{post.id}/restore", data=token).status_code == 404
    assert writer_client.get(f"/post/{post.id}/restore").status_code == 405


def test_after_30_days_a_post_goes_for_good_with_its_history(
    writer_client: Client, post: Post, writer: User
) -> None:
    kept = make_post(writer, title="Kept")
    for row, age in ((post, timedelta(0)), (kept, timedelta(minutes=-1))):
        row.delete()
        row.deleted_at = now() - KEPT_AFTER_DELETION - age
        db.session.commit()
    assert [tag.text for tag in read(writer_client.get("/account/deleted")).select("h2")] == [
        "Kept"
    ]
    token = {"csrf_token": writer_client.token("/post/new")}
    assert writer_client.post(f"/post/{post.id}/restore", data=token).status_code == 404
    db.session.rollback()
    worker.forget_deleted_posts.call_local()
    assert db.session.scalars(select(Post.title)).all() == ["Kept"]
    assert db.session.scalars(select(Revision)).all() == []
    assert db.session.scalars(select(Draft.post_id)).all() == [None], "its words are kept"
    db.session.refresh(writer)
    assert writer.posts_count == 0


def test_an_admin_deletes_what_others_wrote_and_its_author_restores_it(app: Flask) -> None:
    admin, author = make_user("boss.person"), make_user("author")
    post = make_post(author)
    clients = [browser(app), browser(app)]
    for client, user in zip(clients, (admin, author), strict=True):
        client.log_in(user)
    address = f"/post/{post.id}"
    assert f'href="{address}/delete"' in clients[0].get(address).text
    assert f'href="{address}/update"' not in clients[0].get(address).text
    assert "author" in read(clients[0].get(f"{address}/delete")).select("main p")[0].text
    delete(clients[0], post)
    assert read(clients[0].get("/account/deleted")).select("article") == []
    assert clients[1].submit("/account/deleted").location == address
    db.session.refresh(author)
    assert author.posts_count == 1


def test_an_empty_list_says_what_would_be_there(writer_client: Client) -> None:
    assert "30 days" in read(writer_client.get("/account/deleted")).text
