"""Deleting a post asks for confirmation, and can be undone for 30 days."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision, User
from flaskblog.models.post import RESTORABLE
from flaskblog.serving import worker
from tests.support.client import Client, browser, fields_of, read
from tests.support.editor import announcements
from tests.support.factories import make_post, make_user
from tests.support.jobs import run_job


@pytest.fixture
def post(author: User) -> Post:
    """A post with an edit, and a draft of another edit."""
    post = make_post(author, title="On <i>engines</i>", content="Before.")
    post.revise("On <i>engines</i>", "After.")
    draft = Draft(author_id=author.id, key="k", title="", content="", post_id=post.id)
    db.session.add(draft)
    db.session.commit()
    return post


def delete(client: Client, post: Post) -> None:
    assert client.submit(f"/post/{post.id}/delete").status_code == 302


def test_the_confirmation_page_names_the_post_and_deletes_nothing(
    author_client: Client, post: Post
) -> None:
    page = read(author_client.get(f"/post/{post.id}/delete"))
    heading = page.select_one("main h1")
    assert heading is not None
    assert "On <i>engines</i>" in heading.text
    assert "30 days" in page.text
    assert page.select_one(f'main a[href="/post/{post.id}"]') is not None
    assert db.session.scalars(select(Post.deleted_at)).all() == [None]


def test_a_deleted_post_is_not_shown_anywhere(
    client: Client, author_client: Client, author: User, post: Post
) -> None:
    moment = now()
    older = make_post(author, title="Older", created_at=moment - timedelta(days=1))
    newer = make_post(author, title="Newer", created_at=moment + timedelta(days=1))
    address = f"/post/{post.id}"
    for neighbour in (older, newer):
        assert address in client.get(f"/post/{neighbour.id}").text
    delete(author_client, post)
    for missing in (address, f"{address}/history"):
        assert client.get(missing).status_code == 410
        assert author_client.get(missing).status_code == 410
    assert author_client.get(f"{address}/update").status_code == 410
    for page in ("/", "/user/author", f"/post/{older.id}", f"/post/{newer.id}"):
        assert address not in client.get(page).text
    assert f"/post/{newer.id}" in client.get(f"/post/{older.id}").text
    assert "2 posts" in client.get("/about").text
    assert "2 posts" in client.get("/user/author").text
    assert post.title not in read(client.get("/user/author")).text


def test_a_restored_post_is_unchanged(
    client: Client, author_client: Client, author: User, post: Post
) -> None:
    address = f"/post/{post.id}"
    selector = "h1, .prose, time[datetime]"
    parts_before = [
        tag.get("datetime") or tag.text for tag in read(client.get(address)).select(selector)
    ]
    delete(author_client, post)
    page = author_client.get("/account/deleted")
    assert [tag.text for tag in read(page).select("article h2")] == [post.title]
    restored = author_client.submit("/account/deleted")
    assert restored.location == f"/post/{post.id}"
    assert announcements(author_client.get(restored.location)) == ["status"]
    parts_after = [
        tag.get("datetime") or tag.text for tag in read(client.get(address)).select(selector)
    ]
    assert parts_after == parts_before
    assert len(parts_before) == 4, "title, content, created and edited"
    assert "with 1 edit" in read(client.get(f"/post/{post.id}/history")).text
    db.session.refresh(author)
    assert author.posts_count == 1


def test_a_second_click_on_delete_or_restore_redirects(author_client: Client, post: Post) -> None:
    token = {"csrf_token": author_client.token("/post/new")}
    address = f"/post/{post.id}"
    for action, location in (("delete", "/account/deleted"), ("restore", address)):
        assert author_client.post(f"{address}/{action}", data=token).status_code == 302
        assert author_client.post(f"{address}/{action}", data=token).location == location


def test_deleted_posts_are_listed_to_their_author_only_latest_first(
    app: Flask, author_client: Client, author: User
) -> None:
    moment = now()
    for number in range(7):
        make_post(author, title=f"{number}").delete()
    for number, post in enumerate(db.session.scalars(select(Post).order_by(Post.id))):
        post.deleted_at = moment - timedelta(days=number)
    db.session.commit()
    listed = [
        [tag.text for tag in read(author_client.get(f"/account/deleted?page={n}")).select("h2")]
        for n in (1, 2)
    ]
    assert listed == [["0", "1", "2", "3", "4"], ["5", "6"]]
    assert author_client.get("/account/deleted?page=3").status_code == 404
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    assert read(stranger.get("/account/deleted")).select("article") == []
    token = {"csrf_token": stranger.token("/post/new")}
    assert stranger.post(f"/post/{post.id}/restore", data=token).status_code == 410
    assert author_client.get(f"/post/{post.id}/restore").status_code == 405


def test_after_30_days_a_post_is_deleted_with_its_history(
    app: Flask, author_client: Client, post: Post, author: User
) -> None:
    address = f"/post/{post.id}"
    recent = make_post(author, title="Kept")
    for row, age in ((post, timedelta(0)), (recent, timedelta(minutes=-1))):
        row.delete()
        row.deleted_at = now() - RESTORABLE - age
        db.session.commit()
    assert [tag.text for tag in read(author_client.get("/account/deleted")).select("h2")] == [
        "Kept"
    ]
    token = {"csrf_token": author_client.token("/post/new")}
    assert author_client.post(f"{address}/restore", data=token).status_code == 410
    run_job(app, worker.delete_expired_posts)
    assert author_client.get(address).status_code == 410
    assert db.session.scalars(select(Post.title)).all() == ["Kept"]
    assert db.session.scalars(select(Revision)).all() == []
    assert db.session.scalars(select(Draft.post_id)).all() == [None], "the draft is kept"
    db.session.refresh(author)
    assert author.posts_count == 0


def test_a_deletion_can_be_undone_from_the_next_page(
    client: Client, author_client: Client, post: Post
) -> None:
    response = author_client.submit(f"/post/{post.id}/delete")
    page = author_client.get(response.location)
    assert announcements(page) == ["status"]
    assert post.title in read(page).select('main [role="status"]')[0].text
    assert client.get(f"/post/{post.id}").status_code == 410
    form = read(page).select('main [role="status"] form')[0]
    restored = author_client.post(str(form["action"]), data=fields_of(form))
    assert restored.location == f"/post/{post.id}"
    assert client.get(f"/post/{post.id}").status_code == 200


@pytest.fixture
def admin_client(app: Flask) -> Client:
    client = browser(app)
    client.log_in(make_user("boss.person"))
    return client


@pytest.fixture
def member(admin_client: Client) -> User:
    """Not the first member, and so no admin."""
    assert admin_client
    return make_user("author")


@pytest.fixture
def members_client(app: Flask, member: User) -> Client:
    client = browser(app)
    client.log_in(member)
    return client


def test_only_admins_restore_what_an_admin_deleted_and_the_author_sees_by_whom_and_why(
    admin_client: Client, members_client: Client, member: User
) -> None:
    post = make_post(member)
    address = f"/post/{post.id}"
    assert f'href="{address}/delete"' in admin_client.get(address).text
    assert f'href="{address}/update"' not in admin_client.get(address).text
    response = admin_client.submit(f"{address}/delete", reason="It has <b>a phone</b> number.")
    undo = read(admin_client.get(response.location)).select('main [role="status"] form')[0]
    page = read(members_client.get("/account/deleted"))
    assert "boss.person" in page.select("article")[0].text
    assert "It has <b>a phone</b> number." in page.select("article")[0].text
    assert page.select("article form") == []
    token = {"csrf_token": members_client.token("/post/new")}
    assert members_client.post(f"{address}/restore", data=token).status_code == 403
    assert admin_client.post(str(undo["action"]), data=fields_of(undo)).location == address
    db.session.refresh(member)
    assert member.posts_count == 1
    db.session.refresh(post)
    assert (post.deleted_by_id, post.deletion_reason) == (None, None)


def test_a_deletion_without_a_reason_names_the_admin_also_after_they_have_left(
    admin_client: Client, members_client: Client, member: User
) -> None:
    delete(admin_client, make_post(member))
    assert "boss.person" in read(members_client.get("/account/deleted")).text
    db.session.scalars(User.by_username("boss.person")).one().delete()
    db.session.commit()
    page = read(members_client.get("/account/deleted"))
    assert "an administrator" in page.select("article")[0].text
    assert page.select("article form") == []


def test_a_reason_that_is_too_long_is_refused_and_kept(admin_client: Client, member: User) -> None:
    post = make_post(member)
    refused = admin_client.submit(f"/post/{post.id}/delete", reason="x" * 501)
    field = read(refused).select("main textarea")[0]
    assert (field["aria-invalid"], field.text.strip()) == ("true", "x" * 501)
    db.session.refresh(post)
    assert post.deleted_at is None


def test_an_empty_list_explains_what_it_lists(author_client: Client) -> None:
    assert "30 days" in read(author_client.get("/account/deleted")).text
