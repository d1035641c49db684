"""Three buttons, without JavaScript: publish, preview, save the draft."""

import pytest
from sqlalchemy import select

from flaskblog import markdown
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.models import post as post_module
from flaskblog.posts import desk
from tests.client import Client, read
from tests.desk import opened, press, sheet, told
from tests.factories import make_post, make_user

WORDS = {"title": "On engines", "content": "It *weaves*.\n\nAs a loom."}


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was rendered."""
    sources: list[str] = []

    def render(source: str) -> str:
        sources.append(source)
        return markdown.render(source)

    monkeypatch.setattr(post_module, "render", render)
    monkeypatch.setattr(desk, "render", render)
    return sources


def test_the_desk_has_its_three_buttons_and_a_help(writer_client: Client, writer: User) -> None:
    addresses = {"/post/new": "Publish", f"/post/{make_post(writer).id}/update": "Save"}
    for address, first in addresses.items():
        page = read(writer_client.get(address))
        buttons = page.select('form#desk button[type="submit"][name="action"]')
        assert [button.text for button in buttons] == [first, "Preview", "Save draft"]
        assert [button["value"] for button in buttons] == ["publish", "preview", "draft"]
        assert page.select_one("details summary") is not None


def test_a_preview_stands_above_the_filled_form_and_stores_nothing(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer, content="Before.")
    for address in ("/post/new", f"/post/{post.id}/update"):
        fields = opened(writer_client, address)
        answer = press(writer_client, "preview", fields, address, **WORDS)
        assert answer.status_code == 200
        page = read(answer)
        emphasis = page.select_one(".preview .prose em")
        assert emphasis is not None
        assert emphasis.text == "weaves"
        assert page.select(".preview ~ form#desk")
        for name in ("key", "post_id", "version"):
            assert sheet(answer)[name] == fields[name]
        assert sheet(answer).items() >= WORDS.items()
    assert db.session.scalars(select(Draft)).all() == []
    assert db.session.scalars(select(Post.content)).all() == ["Before."]


def test_what_was_previewed_is_published_from_there(writer_client: Client) -> None:
    previewed = sheet(press(writer_client, "preview", opened(writer_client), **WORDS))
    assert press(writer_client, "publish", previewed).status_code == 302
    assert db.session.scalars(select(Post.content)).all() == [WORDS["content"]]


def test_publishing_renders_once(writer_client: Client, renderings: list[str]) -> None:
    answer = press(writer_client, "publish", opened(writer_client), **WORDS)
    writer_client.get(answer.location)
    writer_client.get("/")
    assert renderings == [WORDS["content"]]


def test_saving_renders_once_and_the_same_words_not_at_all(
    writer_client: Client, writer: User, renderings: list[str]
) -> None:
    address = f"/post/{make_post(writer).id}/update"
    renderings.clear()
    for _ in range(2):
        press(writer_client, "publish", opened(writer_client, address), address, **WORDS)
    assert renderings == [WORDS["content"]]


def test_who_sends_no_button_publishes(writer_client: Client) -> None:
    answer = writer_client.post("/post/new", data=opened(writer_client) | WORDS)
    assert answer.status_code == 302
    assert len(db.session.scalars(select(Post)).all()) == 1


def test_a_saved_draft_is_laid_on_the_desk_again(writer_client: Client) -> None:
    fields = opened(writer_client)
    answer = press(writer_client, "draft", fields, **WORDS)
    draft = db.session.scalars(select(Draft)).one()
    assert (answer.status_code, answer.location) == (302, f"/post/new?draft={draft.id}")
    desk = writer_client.get(answer.location)
    assert told(desk) == ["status"]
    assert sheet(desk).items() >= {**WORDS, "key": fields["key"]}.items()
    assert db.session.scalars(select(Post)).all() == []


def test_a_draft_saved_again_stays_one(writer_client: Client) -> None:
    fields = opened(writer_client)
    press(writer_client, "draft", fields, **WORDS)
    press(writer_client, "draft", fields, title="Other", content="words")
    assert db.session.scalars(select(Draft.title)).all() == ["Other"]


def test_publishing_a_draft_removes_it(writer_client: Client) -> None:
    other = opened(writer_client)
    press(writer_client, "draft", other, title="Another", content="stays")
    saved = press(writer_client, "draft", opened(writer_client), **WORDS)
    assert press(writer_client, "publish", opened(writer_client, saved.location)).status_code == 302
    assert db.session.scalars(select(Draft.title)).all() == ["Another"]
    assert db.session.scalars(select(Post.title)).all() == [WORDS["title"]]


def test_a_draft_of_an_edit_leads_back_to_its_post_and_goes_when_it_is_saved(
    writer_client: Client, writer: User, client: Client
) -> None:
    post = make_post(writer, content="Before.")
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    answer = press(writer_client, "draft", fields, address, **WORDS)
    draft = db.session.scalars(select(Draft)).one()
    assert (draft.post_id, draft.version) == (post.id, 1)
    assert answer.location == f"{address}?draft={draft.id}"
    assert "Before." in client.get(f"/post/{post.id}").text, "readers see what is saved"
    listed = read(writer_client.get("/drafts")).select("article h2 a")
    assert [link["href"] for link in listed] == [answer.location]

    laid = opened(writer_client, answer.location)
    assert laid.items() >= WORDS.items()
    assert press(writer_client, "publish", laid, address).location == f"/post/{post.id}"
    assert db.session.scalars(select(Draft)).all() == []
    assert db.session.scalars(select(Post.content)).all() == [WORDS["content"]]


def test_a_draft_lies_only_on_the_desk_of_its_own_post(writer_client: Client, writer: User) -> None:
    post, other = make_post(writer), make_post(writer)
    address = f"/post/{post.id}/update"
    saved = press(writer_client, "draft", opened(writer_client, address), address, **WORDS)
    query = saved.location.partition("?")[2]
    assert writer_client.get(f"/post/{other.id}/update?{query}").location == saved.location


def test_nothing_is_no_draft(writer_client: Client) -> None:
    answer = press(writer_client, "draft", opened(writer_client), title=" ", content="\n")
    assert answer.status_code == 200
    assert told(answer) == ["alert"]
    assert db.session.scalars(select(Draft)).all() == []


@pytest.mark.parametrize(
    "words",
    [
        {"title": "t" * 300, "content": ""},
        {"title": "", "content": "c" * 100_001},
        {"title": "t" * 100_000, "content": "ä" * 300_000},
    ],
    ids=["title", "content", "both"],
)
def test_a_draft_keeps_what_is_too_long_or_empty(
    writer_client: Client, words: dict[str, str]
) -> None:
    answer = press(writer_client, "draft", opened(writer_client), **words)
    assert opened(writer_client, answer.location).items() >= words.items()
    assert writer_client.get("/drafts").status_code == 200


def test_only_ones_own_post_is_changed_by_a_draft(writer_client: Client) -> None:
    foreign = make_post(make_user("stranger"))
    press(writer_client, "draft", opened(writer_client), **WORDS, post_id=str(foreign.id))
    assert db.session.scalars(select(Draft.post_id)).all() == [None]


@pytest.mark.parametrize(
    "forged",
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
def test_a_forged_form_breaks_nothing(
    writer_client: Client, writer: User, button: str, forged: dict[str, str]
) -> None:
    for address in ("/post/new", f"/post/{make_post(writer).id}/update"):
        fields = opened(writer_client, address) | forged
        answer = press(writer_client, button, fields, address, **WORDS)
        assert answer.status_code in {200, 302, 409}
