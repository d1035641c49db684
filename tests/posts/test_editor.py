"""The editor without JavaScript: publish, preview and save a draft."""

import pytest
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.models import post as post_module
from flaskblog.posts import limits
from flaskblog.text import markdown
from tests.support.client import Client, read
from tests.support.editor import announcements, form_fields, open_editor, press
from tests.support.factories import make_post, make_user

TEXT = {"title": "On engines", "content": "It *weaves*.\n\nAs a loom."}


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The contents that were rendered."""
    sources: list[str] = []

    def render(source: str) -> str:
        sources.append(source)
        return markdown.render(source)

    monkeypatch.setattr(post_module, "render", render)
    monkeypatch.setattr(limits, "render", render)
    return sources


def test_the_editor_has_three_buttons_and_a_help(author_client: Client, author: User) -> None:
    addresses = {"/post/new": "Publish", f"/post/{make_post(author).id}/update": "Save"}
    for address, label in addresses.items():
        page = read(author_client.get(address))
        buttons = page.select('form#editor button[type="submit"][name="action"]')
        assert [button.text for button in buttons[1:]] == [label, "Preview", "Save draft"]
        assert [button["value"] for button in buttons[1:]] == ["publish", "preview", "draft"]
        first = buttons[0]
        assert first["value"] == "draft", "Enter in a field presses the first button"
        assert (first["tabindex"], first["aria-hidden"]) == ("-1", "true")
        assert page.select_one("details summary") is not None


def test_a_preview_is_shown_below_the_form_and_stores_nothing(
    author_client: Client, author: User
) -> None:
    post = make_post(author, content="Before.")
    for address in ("/post/new", f"/post/{post.id}/update"):
        fields = open_editor(author_client, address)
        response = press(author_client, "preview", fields, address, **TEXT)
        assert response.status_code == 200
        page = read(response)
        emphasis = page.select_one(".preview .prose em")
        assert emphasis is not None
        assert emphasis.text == "weaves"
        assert page.select("form#editor ~ .preview")
        article = page.select_one(".preview article")
        assert article is not None
        assert TEXT["title"] in [heading.text for heading in article.select("h2, h3")]
        assert article.select_one('a[rel="author"][href="/user/author"]')
        button = page.select_one('button[value="preview"]')
        assert button is not None
        assert button["formaction"] == f"{address}#preview", "the response scrolls to it"
        for name in ("key", "post_id", "version"):
            assert form_fields(response)[name] == fields[name]
        assert form_fields(response).items() >= TEXT.items()
    assert db.session.scalars(select(Draft)).all() == []
    assert db.session.scalars(select(Post.content)).all() == ["Before."]


def test_a_post_can_be_published_from_its_preview(author_client: Client) -> None:
    previewed = form_fields(press(author_client, "preview", open_editor(author_client), **TEXT))
    assert press(author_client, "publish", previewed).status_code == 302
    assert db.session.scalars(select(Post.content)).all() == [TEXT["content"]]


def test_publishing_renders_the_content_once(author_client: Client, renderings: list[str]) -> None:
    response = press(author_client, "publish", open_editor(author_client), **TEXT)
    author_client.get(response.location)
    author_client.get("/")
    assert renderings == [TEXT["content"]]


def test_saving_renders_the_content_once_and_unchanged_text_not_at_all(
    author_client: Client, author: User, renderings: list[str]
) -> None:
    address = f"/post/{make_post(author).id}/update"
    renderings.clear()
    for _ in range(2):
        press(author_client, "publish", open_editor(author_client, address), address, **TEXT)
    assert renderings == [TEXT["content"]]


def test_a_form_without_a_button_publishes(author_client: Client) -> None:
    response = author_client.post("/post/new", data=open_editor(author_client) | TEXT)
    assert response.status_code == 302
    assert len(db.session.scalars(select(Post)).all()) == 1


def test_saving_a_draft_reopens_it_in_the_editor(author_client: Client) -> None:
    fields = open_editor(author_client)
    response = press(author_client, "draft", fields, **TEXT)
    draft = db.session.scalars(select(Draft)).one()
    assert (response.status_code, response.location) == (302, f"/post/new?draft={draft.id}")
    editor_page = author_client.get(response.location)
    assert announcements(editor_page) == ["status"]
    assert form_fields(editor_page).items() >= {**TEXT, "key": fields["key"]}.items()
    assert db.session.scalars(select(Post)).all() == []


def test_saving_a_draft_again_updates_it(author_client: Client) -> None:
    fields = open_editor(author_client)
    press(author_client, "draft", fields, **TEXT)
    press(author_client, "draft", fields, title="Other", content="words")
    assert db.session.scalars(select(Draft.title)).all() == ["Other"]


def test_publishing_a_draft_deletes_it(author_client: Client) -> None:
    other = open_editor(author_client)
    press(author_client, "draft", other, title="Another", content="stays")
    saved = press(author_client, "draft", open_editor(author_client), **TEXT)
    assert (
        press(author_client, "publish", open_editor(author_client, saved.location)).status_code
        == 302
    )
    assert db.session.scalars(select(Draft.title)).all() == ["Another"]
    assert db.session.scalars(select(Post.title)).all() == [TEXT["title"]]


def test_a_draft_of_an_edit_opens_with_its_post_and_is_deleted_when_saved(
    author_client: Client, author: User, client: Client
) -> None:
    post = make_post(author, content="Before.")
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    response = press(author_client, "draft", fields, address, **TEXT)
    draft = db.session.scalars(select(Draft)).one()
    assert (draft.post_id, draft.version) == (post.id, 1)
    assert response.location == f"{address}?draft={draft.id}"
    assert "Before." in client.get(f"/post/{post.id}").text, "readers still see the published text"
    listed = read(author_client.get("/drafts")).select("article h2 a")
    assert [link["href"] for link in listed] == [response.location]

    form = open_editor(author_client, response.location)
    assert form.items() >= TEXT.items()
    assert press(author_client, "publish", form, address).location == f"/post/{post.id}"
    assert db.session.scalars(select(Draft)).all() == []
    assert db.session.scalars(select(Post.content)).all() == [TEXT["content"]]


def test_a_draft_opens_only_with_its_own_post(author_client: Client, author: User) -> None:
    post, other = make_post(author), make_post(author)
    address = f"/post/{post.id}/update"
    saved = press(author_client, "draft", open_editor(author_client, address), address, **TEXT)
    query = saved.location.partition("?")[2]
    assert author_client.get(f"/post/{other.id}/update?{query}").location == saved.location


def test_blank_text_is_not_saved_as_a_draft(author_client: Client) -> None:
    response = press(author_client, "draft", open_editor(author_client), title=" ", content="\n")
    assert response.status_code == 200
    assert announcements(response) == ["alert"]
    assert db.session.scalars(select(Draft)).all() == []


@pytest.mark.parametrize(
    "text",
    [
        {"title": "t" * 1_000, "content": ""},
        {"title": "", "content": "ä" * 100_000},
        {"title": "t" * 1_000, "content": "😀" * 100_000},
    ],
    ids=["title", "content", "both"],
)
def test_a_draft_may_be_long_or_empty(author_client: Client, text: dict[str, str]) -> None:
    response = press(author_client, "draft", open_editor(author_client), **text)
    assert open_editor(author_client, response.location).items() >= text.items()
    assert author_client.get("/drafts").status_code == 200


def test_a_draft_is_not_linked_to_the_post_of_another_member(author_client: Client) -> None:
    other_post = make_post(make_user("stranger"))
    press(author_client, "draft", open_editor(author_client), **TEXT, post_id=str(other_post.id))
    assert db.session.scalars(select(Draft.post_id)).all() == [None]


@pytest.mark.parametrize(
    "values",
    [
        {"version": "9" * 18, "post_id": "9" * 18},
        {"version": "9" * 40, "post_id": "-1"},
        {"version": "x", "post_id": "1.5"},
        {"key": "short"},
        {"key": "k" * 65},
        {"key": "' OR 1=1 --------"},
    ],
    ids=str,
)
@pytest.mark.parametrize("button", ["publish", "preview", "draft"])
def test_forged_hidden_fields_cause_no_server_error(
    author_client: Client, author: User, button: str, values: dict[str, str]
) -> None:
    for address in ("/post/new", f"/post/{make_post(author).id}/update"):
        fields = open_editor(author_client, address) | values
        response = press(author_client, button, fields, address, **TEXT)
        assert response.status_code in {200, 302, 409}
