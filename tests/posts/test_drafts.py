"""Drafts: list, privacy and autosave."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import insert, select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.models.draft import MAX_DELETED
from flaskblog.posts.drafts import save_draft
from flaskblog.posts.forms import PostForm
from tests.support.client import Client, browser, read
from tests.support.editor import announcements, autosave, form_fields, open_editor, press
from tests.support.factories import make_post, make_user

TEXT = {"title": "A secret", "content": "Not yet to be read."}


@pytest.fixture
def draft(author_client: Client) -> Draft:
    press(author_client, "draft", open_editor(author_client), **TEXT)
    return db.session.scalars(select(Draft)).one()


@pytest.fixture
def stranger_client(app: Flask) -> Client:
    client = browser(app)
    client.log_in(make_user("stranger"))
    return client


def test_only_the_author_can_open_a_draft(
    client: Client, stranger_client: Client, author_client: Client, draft: Draft
) -> None:
    own = make_post(db.session.scalars(User.by_username("stranger")).one())
    for address in (f"/post/new?draft={draft.id}", f"/post/{own.id}/update?draft={draft.id}"):
        assert stranger_client.get(address).status_code == 404
        assert client.get(address).status_code == 302, "to log in"
    token = {"csrf_token": stranger_client.token("/post/new")}
    deletion = f"/drafts/{draft.id}/delete"
    assert stranger_client.post(deletion, data=token).status_code == 404
    assert read(stranger_client.get("/drafts")).select("article") == []
    for address in ("/", "/user/author", "/drafts", f"/post/{own.id}"):
        assert TEXT["title"] not in stranger_client.get(address).text
    assert author_client.get(f"/post/new?draft={draft.id}").status_code == 200


def test_an_admin_cannot_open_the_draft_of_another_member(app: Flask) -> None:
    admin, author = make_user("admin.person"), make_user("author")
    assert admin.is_admin
    clients = [browser(app), browser(app)]
    for client, user in zip(clients, (admin, author), strict=True):
        client.log_in(user)
    press(clients[1], "draft", open_editor(clients[1]), **TEXT)
    draft_id = db.session.scalars(select(Draft.id)).one()
    assert clients[0].get(f"/post/new?draft={draft_id}").status_code == 404


def test_the_key_of_another_members_draft_does_not_change_it(
    stranger_client: Client, draft: Draft
) -> None:
    fields = open_editor(stranger_client) | {"key": draft.key}
    autosave(stranger_client, fields, title="Mine", content="mine")
    press(stranger_client, "publish", fields, title="Mine", content="mine")
    assert db.session.scalars(select(Draft.title)).all() == [TEXT["title"]]


@pytest.mark.parametrize("draft_id", ["0", "-1", "x", "", "9" * 19, "9" * 30, "1e3"])
def test_an_unknown_draft_id_is_not_found(
    author_client: Client, author: User, draft_id: str
) -> None:
    for address in ("/post/new", f"/post/{make_post(author).id}/update"):
        assert author_client.get(f"{address}?draft={draft_id}").status_code == 404


def test_drafts_are_listed_latest_first_in_pages(author_client: Client) -> None:
    for number in range(7):
        press(author_client, "draft", open_editor(author_client), title=f"{number}")
    page = read(author_client.get("/drafts"))
    assert [link.text for link in page.select("article h2")] == ["6", "5", "4", "3", "2"]
    assert "7 drafts" in page.text
    second_page = read(author_client.get("/drafts?page=2"))
    assert [link.text for link in second_page.select("article h2")] == ["1", "0"]
    assert author_client.get("/drafts?page=3").status_code == 404


def test_an_empty_list_links_to_the_editor(author_client: Client) -> None:
    page = read(author_client.get("/drafts"))
    assert page.select('main p a[href="/post/new"]')


def test_the_author_can_delete_a_draft(author_client: Client, author: User, draft: Draft) -> None:
    address = f"/drafts/{draft.id}/delete"
    form = read(author_client.get("/drafts")).select_one("article form")
    assert form is not None
    assert form["action"] == address
    deletion = author_client.submit("/drafts", form=0)
    assert (deletion.status_code, deletion.location) == (302, f"/drafts?deleted={draft.id}")
    assert db.session.scalars(Draft.of(author)).all() == []
    assert author_client.get(f"/post/new?draft={draft.id}").status_code == 404
    assert author_client.get(address).status_code == 405


def test_a_button_of_the_list_names_its_draft(author_client: Client, draft: Draft) -> None:
    def buttons(address: str) -> list[str]:
        names = [button.text for button in read(author_client.get(address)).select("main button")]
        return [" ".join(name.split()) for name in names]

    assert buttons("/drafts") == [f"Delete draft “{draft.title}”"]
    author_client.submit("/drafts", form=0)
    restore = f"Restore draft “{draft.title}”"
    assert buttons("/drafts") == [restore]
    assert buttons(f"/drafts?deleted={draft.id}") == [
        f"Undo deletion of draft “{draft.title}”",
        restore,
    ]


def test_a_deleted_draft_can_be_restored(author_client: Client, author: User, draft: Draft) -> None:
    saved_at = draft.updated_at
    author_client.submit("/drafts", form=0)
    for _click in range(2):
        restored = author_client.post(
            f"/drafts/{draft.id}/restore", data={"csrf_token": author_client.token("/drafts")}
        )
        assert restored.location == "/drafts"
    assert db.session.scalars(Draft.of(author)).one().updated_at == saved_at
    assert open_editor(author_client, f"/post/new?draft={draft.id}").items() >= TEXT.items()


def test_only_the_author_can_restore_a_draft(
    client: Client, stranger_client: Client, author_client: Client, draft: Draft
) -> None:
    author_client.submit("/drafts", form=0)
    address, token = (
        f"/drafts/{draft.id}/restore",
        {"csrf_token": stranger_client.token("/post/new")},
    )
    assert stranger_client.post(address, data=token).status_code == 404
    assert TEXT["title"] not in stranger_client.get(f"/drafts?deleted={draft.id}").text
    assert stranger_client.get(f"/post/new?discarded={draft.id}").status_code == 404
    assert client.post(address, data={"csrf_token": client.token()}).status_code == 302
    assert db.session.scalars(select(Draft.deleted_at)).one() is not None


def test_a_draft_is_not_restored_above_the_limit(author_client: Client, author: User) -> None:
    press(author_client, "draft", open_editor(author_client), **TEXT)
    author_client.submit("/drafts", form=0)
    rows = [{"author_id": author.id, "key": f"{n}", "title": "", "content": ""} for n in range(200)]
    db.session.execute(insert(Draft).values(updated_at=now()), rows)
    db.session.commit()
    draft_id = db.session.scalars(Draft.deleted_by(author)).one().id
    token = {"csrf_token": author_client.token("/drafts")}
    response = author_client.post(f"/drafts/{draft_id}/restore", data=token)
    assert announcements(author_client.get(response.location)) == ["alert"]
    assert db.session.scalars(Draft.deleted_by(author)).one().id == draft_id


def test_saving_the_form_of_a_deleted_draft_restores_it(
    author_client: Client, author: User
) -> None:
    fields = open_editor(author_client)
    press(author_client, "draft", fields, **TEXT)
    author_client.submit("/drafts", form=0)
    assert autosave(author_client, fields, title="Still writing").status_code == 200
    assert db.session.scalars(Draft.of(author)).one().title == "Still writing"


def test_the_ten_drafts_that_were_deleted_last_are_kept(
    author_client: Client, author: User
) -> None:
    for number in range(MAX_DELETED + 2):
        press(author_client, "draft", open_editor(author_client), title=f"{number}")
        author_client.submit("/drafts", form=0)
    kept = db.session.scalars(select(Draft.title).order_by(Draft.id)).all()
    assert kept == [str(number) for number in range(2, MAX_DELETED + 2)]
    assert len(db.session.scalars(Draft.deleted_by(author)).all()) == MAX_DELETED


def test_changes_of_a_post_are_discarded_in_the_editor_and_the_undo_opens_them(
    author_client: Client, author: User
) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    saved = press(author_client, "draft", open_editor(author_client, address), address, **TEXT)
    for page in (address, saved.location):
        discarded = author_client.submit(page, form=0)
        draft_id = db.session.scalars(select(Draft.id)).one()
        assert discarded.location == f"{address}?discarded={draft_id}"
        assert open_editor(author_client, address)["content"] == post.content
        restored = author_client.submit(discarded.location, form=0)
        assert restored.location == saved.location
    assert open_editor(author_client, saved.location).items() >= TEXT.items()


def test_the_editor_offers_what_is_not_published(author_client: Client, author: User) -> None:
    def offered(address: str) -> list[str]:
        links = read(author_client.get(address)).select("main a[href*='draft=']")
        return [str(link["href"]) for link in links]

    post, other = make_post(author), make_post(author)
    edit, edit_other = f"/post/{post.id}/update", f"/post/{other.id}/update"
    assert offered("/post/new") == offered(edit) == []
    new = press(author_client, "draft", open_editor(author_client), **TEXT).location
    saved = press(author_client, "draft", open_editor(author_client, edit), edit, **TEXT).location
    assert (offered("/post/new"), offered(edit), offered(edit_other)) == ([new], [saved], [])


def test_the_server_says_whether_it_has_a_text(
    app: Flask, author_client: Client, author: User, draft: Draft
) -> None:
    post = make_post(author, content="Published.")
    fields = {"csrf_token": author_client.token("/post/new"), "key": draft.key}
    edit = {"post_id": str(post.id), "title": post.title, "content": "Published.\r\n"}
    for text, stored in (
        (fields | TEXT, True),
        (fields | {**TEXT, "content": "Newer."}, False),
        (fields | TEXT | {"key": "k" * 20}, False),
        (fields | edit, True),
        (fields | {**edit, "content": "Newer."}, False),
        (fields | {"content": "x" * 100_001}, False),
    ):
        assert author_client.post("/drafts/stored", data=text).json == {"stored": stored}
    visitor = browser(app)
    token = {"csrf_token": visitor.token()}
    assert visitor.post("/drafts/stored", data=fields | TEXT | token).status_code == 401


def test_autosave_returns_time_and_key(author_client: Client, author: User) -> None:
    for address in ("/post/new", f"/post/{make_post(author).id}/update"):
        fields = open_editor(author_client, address)
        response = autosave(author_client, fields, **TEXT)
        assert (response.status_code, response.mimetype) == (200, "application/json")
        assert response.json
        assert response.json["saved"] is True
        assert response.json["key"] == fields["key"]
        reopened = open_editor(author_client, response.json["url"])
        assert reopened.items() >= {**TEXT, "key": fields["key"]}.items()
        assert abs((now() - datetime.fromisoformat(response.json["at"])).total_seconds()) < 60
        autosave(author_client, fields, title="Later", content="words")
        stored = db.session.scalars(select(Draft).where(Draft.key == fields["key"])).one()
        assert stored.title == "Later"


def test_autosave_returns_errors_as_json(app: Flask, author_client: Client) -> None:
    fields = open_editor(author_client)
    published = open_editor(author_client)
    press(author_client, "publish", published, **TEXT)
    for client, data, status in (
        (browser(app), fields | TEXT, 401),
        (author_client, fields | {"title": " "}, 400),
        (author_client, fields | TEXT | {"csrf_token": "old"}, 400),
        (author_client, published | {"title": "More", "content": "words"}, 400),
    ):
        response = autosave(client, data)
        assert (response.status_code, response.mimetype) == (status, "application/json")
        assert response.json
        assert response.json["detail"].endswith(".")
    assert db.session.scalars(select(Draft)).all() == []
    assert read(author_client.get("/")).select("[role=status], [role=alert]") != []
    assert read(author_client.get("/")).select("[role=status], [role=alert]") == []


def test_autosave_for_a_deleted_post_saves_a_draft(author_client: Client, author: User) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    post.delete()
    db.session.commit()
    response = autosave(author_client, fields, **TEXT)
    assert response.status_code == 200
    assert response.json
    assert response.json["saved"]
    assert db.session.scalars(select(Draft.title)).all() == [TEXT["title"]]


def test_the_draft_of_a_deleted_post_can_be_published(author_client: Client, author: User) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    saved = press(author_client, "draft", open_editor(author_client, address), address, **TEXT)
    post.delete()
    db.session.commit()
    link = read(author_client.get("/drafts")).select_one("article h2 a")
    assert link is not None
    assert link["href"] == saved.location
    response = author_client.get(saved.location)
    form = open_editor(author_client, response.location)
    assert form.items() >= TEXT.items()
    assert press(author_client, "publish", form).status_code == 302
    assert db.session.scalars(Post.visible()).one().title == TEXT["title"]
    assert db.session.scalars(select(Draft)).all() == []


def test_two_tabs_that_save_a_form_simultaneously_create_one_draft(
    app: Flask, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tab stores its draft after this one has not found any."""
    with app.test_request_context():
        form = PostForm.blank()
        form.title.data, form.content.data = "This tab", "words"
    key, author_id = form.key.data, author.id
    lock_row = User.lock_row

    def save_in_other_tab(author: User) -> None:
        monkeypatch.setattr(User, "lock_row", lock_row)
        row = {"author_id": author_id, "title": "That tab", "content": "", "updated_at": now()}
        with db.engine.begin() as other:
            other.execute(insert(Draft).values(key=key, **row))
        author.lock_row()

    monkeypatch.setattr(User, "lock_row", save_in_other_tab)
    save_draft(author, form)
    assert User.lock_row is lock_row
    rows = db.session.execute(select(Draft.author_id, Draft.title)).all()
    assert rows == [(author_id, "This tab")]


@pytest.mark.usefixtures("draft")
def test_drafts_are_deleted_with_their_author(author: User) -> None:
    db.session.delete(author)
    db.session.commit()
    assert db.session.scalars(select(Draft)).all() == []


def test_the_list_shows_drafts_without_a_title_or_with_a_very_long_one(
    author_client: Client,
) -> None:
    for text in ({"content": "x" * 5_000}, {"title": "&<b>" * 60}):
        press(author_client, "draft", open_editor(author_client), **text)
    page = read(author_client.get("/drafts"))
    assert page.select("main b") == []
    assert all(link.text.strip() for link in page.select("article h2 a"))
    assert (
        form_fields(author_client.get(str(page.select("article h2 a")[1]["href"])))["title"] == ""
    )
