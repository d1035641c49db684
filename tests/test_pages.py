"""What every page promises, whoever reads it."""

from itertools import pairwise

import html5lib
import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask

from flaskblog.models import User
from tests.client import Client, browser, read
from tests.examples import FORMS, MEMBERS_PAGES, NO_PAGES, VISITORS_PAGES, WORK_ONCE
from tests.factories import make_post

PAGES = {"visitor": VISITORS_PAGES, "writer": MEMBERS_PAGES}
EACH_PAGE = [(role, endpoint) for role, pages in PAGES.items() for endpoint in pages]
CHOSEN = {"checkbox", "file", "radio"}
FILLED_IN = {"input", "textarea", "select"}


@pytest.fixture(params=EACH_PAGE, ids=" ".join)
def source(app: Flask, writer: User, request: pytest.FixtureRequest) -> str:
    """Each page in turn, of a site where more has been written than one page holds."""
    post = make_post(writer, title='<i>"Fox"</i> & hen', content="<i>Once</i>\n\n& again")
    for _ in range(6):
        make_post(writer)
    role, endpoint = request.param
    client = browser(app)
    if role == "writer":
        client.log_in(writer)
    address = PAGES[role][endpoint]
    address = address.replace("/post/1", f"/post/{post.id}")
    answer = client.get(address.replace("TOKEN", writer.reset_token()))
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.text


@pytest.fixture
def page(source: str) -> BeautifulSoup:
    return BeautifulSoup(source, "html5lib")


def test_every_page_has_an_example(app: Flask) -> None:
    endpoints = {
        rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())
    }
    assert endpoints - NO_PAGES == {*VISITORS_PAGES, *MEMBERS_PAGES}


def test_every_form_has_an_example(page: BeautifulSoup) -> None:
    examples = [set(form.fields) for form in FORMS]
    for form in page.select("main form"):
        names = {str(field["name"]) for field in _fields(form) if field.get("type") not in CHOSEN}
        assert not names or names in examples + WORK_ONCE


def test_a_page_is_valid_html(source: str) -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(source)
    assert parser.errors == []


def test_a_page_says_what_it_is_once(page: BeautifulSoup) -> None:
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


def test_headings_go_down_step_by_step(page: BeautifulSoup) -> None:
    levels = [int(heading.name[1]) for heading in page.select("h1, h2, h3, h4, h5, h6")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_an_id_stands_once_and_every_reference_is_met(page: BeautifulSoup) -> None:
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for tag in page.select(f"[{attribute}]"):
            value = tag[attribute]
            assert set(value.split() if isinstance(value, str) else value) <= set(ids)
    for link in page.select('a[href^="#"]'):
        assert str(link["href"])[1:] in ids


def test_every_field_has_its_label(page: BeautifulSoup) -> None:
    for field in _fields(page):
        label = page.select_one(f'label[for="{field.get("id")}"]')
        assert label is not None, field
        assert label.text.strip()
        assert field.has_attr("autocomplete") or field.get("type") in CHOSEN


def test_every_link_and_button_says_where_it_leads(page: BeautifulSoup) -> None:
    for tag in page.select("a, button"):
        assert tag.text.strip() or tag.get("aria-label"), tag
    for link in page.select("a"):
        assert str(link["href"])[0] in "/#", "no link leads away"


def test_every_form_that_changes_something_has_its_token(page: BeautifulSoup) -> None:
    for form in page.select("form"):
        assert form["method"] == "post"
        assert form.get("action") != ""
        assert len(form.select('input[type="hidden"][name="csrf_token"][value]')) == 1
        assert form.select('button[type="submit"]')


def test_nothing_stands_inline_and_nothing_comes_from_elsewhere(page: BeautifulSoup) -> None:
    assert page.select("style, [style], iframe, object, embed, base") == []
    assert all(script.get("src") and not script.text for script in page.select("script"))
    for tag in page.select(":not([rel=canonical])"):
        assert not [name for name in tag.attrs if name.startswith("on")], tag
        for name in ("src", "href", "action"):
            assert str(tag.get(name, "/"))[:2] not in {"//", "ht", "ja", "da"}


def test_what_people_typed_stays_text(page: BeautifulSoup) -> None:
    assert page.select("main i") == []


def test_every_file_of_a_page_is_there(client: Client, page: BeautifulSoup) -> None:
    files = [tag["href"] for tag in page.select("link")] + [
        tag["src"] for tag in page.select("[src]")
    ]
    assert files
    for address in files:
        assert client.get(str(address)).status_code == 200


def test_every_time_is_told_in_utc(page: BeautifulSoup) -> None:
    for time in page.select("time"):
        assert str(time["datetime"]).endswith("Z")
        assert str(time.get("title") or time.text).strip().endswith("UTC")


def test_the_navigation_fits_who_reads(client: Client, writer_client: Client) -> None:
    def offered(reader: Client) -> set[str]:
        navigation = read(reader.get("/")).select("nav a, nav form")
        return {str(tag.get("href") or tag.get("action")) for tag in navigation}

    assert offered(client) == {"/", "/login", "/register"}
    assert offered(writer_client) == {"/", "/post/new", "/account", "/logout"}


def test_the_page_that_is_open_is_marked(client: Client) -> None:
    page = read(client.get("/login"))
    assert [link["href"] for link in page.select('[aria-current="page"]')] == ["/login"]


def test_an_error_page_keeps_the_same_promises(client: Client) -> None:
    for answer in (client.get("/nothing"), client.post("/login"), client.put("/")):
        parser = html5lib.HTMLParser(strict=True)
        parser.parse(answer.text)
        assert parser.errors == []
        assert len(read(answer).select("h1")) == 1


def _fields(inside: Tag) -> list[Tag]:
    """What people fill in themselves."""
    fields = inside.find_all(FILLED_IN)
    return [tag for tag in fields if tag.get("type") != "hidden" and not tag.has_attr("hidden")]
