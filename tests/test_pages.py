"""Checks of every page, for anonymous readers and members."""

from datetime import timedelta
from functools import cache
from itertools import pairwise

import html5lib
import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Session, User
from tests.support.client import Client, browser, read
from tests.support.examples import FORMS, MEMBERS_PAGES, NO_PAGES, VISITORS_PAGES, WORK_ONCE
from tests.support.factories import make_post, make_user

PAGES = {"visitor": VISITORS_PAGES, "author": MEMBERS_PAGES}
EACH_PAGE = [(role, endpoint) for role, pages in PAGES.items() for endpoint in pages]
MARKUP = '<i>"Fox"</i> & hen'
WITHOUT_TEXT = {"checkbox", "file", "radio"}
_sources: dict[tuple[str, str], str] = {}
FIELD_TAGS = {"input", "textarea", "select"}


@pytest.fixture(params=EACH_PAGE, ids=" ".join)
def source(app: Flask, request: pytest.FixtureRequest) -> str:
    """Each page in turn, rendered once for all tests."""
    if request.param not in _sources:
        _sources[request.param] = render(app, *request.param)
    return _sources[request.param]


def render(app: Flask, role: str, endpoint: str) -> str:
    """A page of a site with lists of more items than a page holds."""
    make_user("keeper")
    author = make_user("author")
    author.display_name, author.bio = MARKUP, MARKUP
    post = make_post(author)
    fill_lists(author, post)
    client = browser(app)
    if role == "author":
        client.start_session(author)
    address = PAGES[role][endpoint]
    address = address.replace("/post/1", f"/post/{post.id}")
    response = client.get(address.replace("TOKEN", author.reset_token()))
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    return response.text


def fill_lists(author: User, post: Post) -> None:
    """Put text that looks like HTML into every list of a page."""
    post.revise(MARKUP, MARKUP)
    for number in range(6):
        make_post(author, title=MARKUP, content=MARKUP)
        make_post(author, title=MARKUP).delete()
        draft = Draft(author_id=author.id, key=f"{number}", title=MARKUP, content=MARKUP)
        device, _token = Session.begin(
            author, lifetime=timedelta(days=1), address="::1", browser=MARKUP
        )
        db.session.add_all([draft, device])
    db.session.commit()


@pytest.fixture
def page(source: str) -> BeautifulSoup:
    return parse(source)


@cache
def parse(source: str) -> BeautifulSoup:
    return BeautifulSoup(source, "html5lib")


def test_every_page_has_an_example(app: Flask) -> None:
    endpoints = {
        rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())
    }
    assert endpoints - NO_PAGES == {*VISITORS_PAGES, *MEMBERS_PAGES}


def test_every_form_has_an_example(page: BeautifulSoup) -> None:
    examples = [set(form.fields) for form in FORMS]
    for form in page.select("main form"):
        names = {
            str(field["name"]) for field in _fields(form) if field.get("type") not in WITHOUT_TEXT
        }
        assert not names or names in examples + WORK_ONCE


def test_a_page_is_valid_html(source: str) -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(source)
    assert parser.errors == []


def test_a_page_has_one_title_one_heading_and_one_main(page: BeautifulSoup) -> None:
    assert page.html is not None
    assert page.html["lang"] == "en"
    title, heading = page.select_one("head title"), page.select("h1")
    assert title is not None
    site, own = title.text.split(" · ")[::-1]
    assert own.strip()
    assert site == "Flaskblog"
    assert len(heading) == 1
    assert heading[0].text.strip()
    assert len(page.select("main")) == len(page.select("body > header")) == 1


def test_heading_levels_are_not_skipped(page: BeautifulSoup) -> None:
    levels = [int(heading.name[1]) for heading in page.select("h1, h2, h3, h4, h5, h6")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_every_reference_has_its_target(page: BeautifulSoup) -> None:
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for tag in page.select(f"[{attribute}]"):
            value = tag[attribute]
            assert set(value.split() if isinstance(value, str) else value) <= set(ids)
    for link in page.select('a[href^="#"]'):
        assert str(link["href"])[1:] in ids


def test_every_field_has_a_label(page: BeautifulSoup) -> None:
    for field in _fields(page):
        label = page.select_one(f'label[for="{field.get("id")}"]')
        assert label is not None, field
        assert label.text.strip()
        assert field.has_attr("autocomplete") or field.get("type") in WITHOUT_TEXT


def test_every_link_and_button_has_a_name(page: BeautifulSoup) -> None:
    for tag in page.select("a, button"):
        assert tag.text.strip() or tag.get("aria-label"), tag
    for link in page.select("a"):
        assert str(link["href"])[0] in "/#", "no link leads to another site"


def test_every_form_has_a_csrf_token_and_a_submit_button(page: BeautifulSoup) -> None:
    for form in page.select("form"):
        assert form["method"] == "post"
        assert form.get("action") != ""
        assert len(form.select('input[type="hidden"][name="csrf_token"][value]')) == 1
        assert form.select('button[type="submit"]')


def test_pages_have_no_inline_code_and_load_nothing_from_other_sites(page: BeautifulSoup) -> None:
    assert page.select("style, [style], iframe, object, embed, base") == []
    assert all(script.get("src") and not script.text for script in page.select("script"))
    for tag in page.select(":not([rel=canonical])"):
        assert not [name for name in tag.attrs if name.startswith("on")], tag
        for name in ("src", "href", "action"):
            assert str(tag.get(name, "/"))[:2] not in {"//", "ht", "ja", "da"}


def test_text_of_members_is_escaped(page: BeautifulSoup) -> None:
    assert page.select("main i") == []


@pytest.mark.parametrize(("role", "endpoint"), EACH_PAGE)
def test_every_file_of_a_page_exists(app: Flask, client: Client, role: str, endpoint: str) -> None:
    page = parse(render(app, role, endpoint))
    files = [tag["href"] for tag in page.select("link")] + [
        tag["src"] for tag in page.select("[src]")
    ]
    assert files
    for address in files:
        assert client.get(str(address)).status_code == 200


def test_every_time_is_in_utc(page: BeautifulSoup) -> None:
    for time in page.select("time"):
        assert str(time["datetime"]).endswith("Z")
        assert str(time.get("title") or time.text).strip().endswith("UTC")


def test_the_navigation_depends_on_the_log_in(client: Client, author_client: Client) -> None:
    def navigation_targets(reader: Client) -> set[str]:
        navigation = read(reader.get("/")).select("nav a, nav form")
        return {str(tag.get("href") or tag.get("action")) for tag in navigation}

    assert navigation_targets(client) == {"/", "/login", "/register"}
    assert navigation_targets(author_client) == {"/", "/post/new", "/menu"}


def test_the_current_page_is_marked_in_the_navigation(client: Client) -> None:
    page = read(client.get("/login"))
    assert [link["href"] for link in page.select('[aria-current="page"]')] == ["/login"]


def test_error_pages_are_valid_html(client: Client) -> None:
    for response in (client.get("/nothing"), client.post("/login"), client.put("/")):
        parser = html5lib.HTMLParser(strict=True)
        parser.parse(response.text)
        assert parser.errors == []
        assert len(read(response).select("h1")) == 1


def _fields(inside: Tag) -> list[Tag]:
    """The fields that users fill in."""
    fields = inside.find_all(FIELD_TAGS)
    return [tag for tag in fields if tag.get("type") != "hidden" and not tag.has_attr("hidden")]
