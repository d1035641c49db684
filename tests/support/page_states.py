"""Every page in every state that has a look of its own, as the site answers it."""

from collections.abc import Callable

from flask import abort
from werkzeug.test import TestResponse

from flaskblog.extensions import limiter
from tests.conftest import make_app
from tests.support.client import Client, browser
from tests.support.examples import MEMBERS_PAGES, VISITORS_PAGES
from tests.support.shown_site import LONG_NAME, NO_SPACES, RICH, Shown, ShownSite

Steps = dict[str, Callable[[Client], TestResponse]]
WRONG = {"username": "x", "email": "x", "password": "short", "confirm_password": "other"}
DESK = {"title": "On the loom", "content": RICH}
APPEARANCES = ["light-normal", "dark-normal", "system-more", "light-more", "dark-more"]


def every_state(site: ShownSite, empty_database_url: str) -> dict[str, Shown]:
    shown = {name: Shown.to(site.visitor(), answer) for name, answer in errors(site).items()}
    for role, steps in [
        ("", visitors_steps(site)),
        ("author", members_steps(site)),
        ("newcomer", newcomers_steps()),
        ("keeper", keepers_steps(site)),
    ]:
        for name, step in steps.items():
            client = site.member(role) if role else site.visitor()
            shown[f"{role or 'visitor'}: {name}"] = Shown.to(client, step(client))
    for name, answer in empty_site(empty_database_url).items():
        shown[name] = Shown.to(site.visitor(), answer)
    return shown


def visitors_steps(site: ShownSite) -> Steps:
    pages: Steps = {
        endpoint: _opened(site.address(address)) for endpoint, address in VISITORS_PAGES.items()
    }
    oddities: Steps = {
        f"a post, {name}": _opened(f"/post/{post_id}") for name, post_id in site.posts.items()
    }
    return (
        pages
        | oddities
        | {
            "a page between others": _opened("/?page=2"),
            "a page of a person": _opened("/user/author?page=2"),
            "a long name": _opened(f"/user/{LONG_NAME}"),
            "nothing written yet": _opened("/user/newcomer"),
            "asked to log in": lambda client: client.get("/drafts", follow_redirects=True),
            "log-in refused": lambda client: client.submit("/login", email="author", password="x"),
            "log-in with words": lambda client: client.post("/post/new", data=DESK),
            "log-in too late": lambda client: client.post("/login", data={"email": "author"}),
            "sign-up refused": lambda client: client.submit("/register?next=/drafts", **WRONG),
            "sign-up with a taken name": lambda client: client.submit(
                "/register", username="author", email="author@example.org"
            ),
            "reset refused": lambda client: client.submit("/reset_password", email="x"),
            "reset asked": lambda client: client.submit("/reset_password", email="x@example.org"),
            "reset expired": _opened("/reset_password/expired"),
            "new password refused": lambda client: client.submit(
                site.address("/reset_password/TOKEN"), password="x"
            ),
            "nothing there": _opened("/nothing"),
            "a deleted post": _opened(f"/post/{site.posts['deleted']}"),
            "a form without its token": lambda client: client.post("/register"),
            "a wrong method": lambda client: client.delete("/"),
            "a long address": _opened(f"/about?{'x' * 9_000}"),
            "too large": lambda client: client.post(
                "/login", data=b"x" * 3_000_000, content_type="application/x-www-form-urlencoded"
            ),
            "appearance saved": lambda client: _followed(
                client, client.submit("/appearance", theme="dark", contrast="more")
            ),
        }
        | {f"appearance {chosen}": _dressed(site, chosen) for chosen in APPEARANCES}
    )


def members_steps(site: ShownSite) -> Steps:
    post = f"/post/{site.posts['rich']}"
    pages: Steps = {
        endpoint: _opened(site.address(address)) for endpoint, address in MEMBERS_PAGES.items()
    }
    return (
        {"no drafts": _opened("/drafts")}
        | pages
        | {
            "another's post": _opened(f"/post/{site.posts['long title']}"),
            "account refused": lambda client: client.submit("/account", **WRONG),
            "profile refused": lambda client: client.submit(
                "/account", form=0, display_name="\u202ex", bio="https://example.org " * 20
            ),
            "password refused": lambda client: client.submit("/account/password", **WRONG),
            "leaving refused": lambda client: client.submit("/account/delete", password="x"),
            "desk refused": lambda client: client.submit("/post/new", title=" ", content=""),
            "title refused": lambda client: client.submit("/post/new", title=NO_SPACES * 2),
            "preview": lambda client: client.submit("/post/new", action="preview", **DESK),
            "draft refused": lambda client: client.submit(
                "/post/new", action="draft", title=NO_SPACES * 20, content=RICH
            ),
            "form ran out": lambda client: client.post("/post/new", data=DESK),
            "conflict": lambda client: client.submit(
                f"{post}/update",
                version="1",
                title="On the loom",
                content=f"Other words.\n\n{RICH}",
            ),
            "saved": lambda client: _followed(
                client, client.submit(f"{post}/update", title="On the loom", content=RICH)
            ),
            "draft saved": lambda client: _followed(
                client, client.submit("/post/new", action="draft", title=NO_SPACES, content=RICH)
            ),
            "drafts": _opened("/drafts"),
            "a draft waiting": _opened("/post/new"),
            "unpublished changes": lambda client: _unpublished(client, f"{post}/update"),
            "changes discarded": lambda client: _followed(client, _discarded(client, post)),
            "a version hidden": lambda client: _followed(
                client, client.submit(f"{post}/history", form=1)
            ),
            "not yours": _opened(f"/post/{site.posts['rtl']}/update"),
            "nothing there": _opened("/nothing"),
        }
    )


def keepers_steps(site: ShownSite) -> Steps:
    return {
        "last admin": _opened("/account/delete"),
        "another's post to delete": _opened(f"/post/{site.posts['rich']}/delete"),
    }


def newcomers_steps() -> Steps:
    return {
        "an empty profile": _opened("/user/newcomer"),
        "nothing deleted": _opened("/account/deleted"),
        "a deletion": _after_deletion,
    }


def errors(site: ShownSite) -> dict[str, TestResponse]:
    """What goes wrong with the site itself."""
    limiter.enabled = True
    client = site.visitor()
    log_ins = [client.submit("/login", email="nobody", password="x") for _ in range(6)]
    sign_ups = [client.submit("/register", username="x") for _ in range(11)]
    limiter.enabled = False
    answers = {"429": sign_ups[-1], "too many log-ins": log_ins[-1]}
    about = site.app.view_functions["main.about"]
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    for code in (500, 503):
        site.app.view_functions["main.about"] = lambda code=code: abort(code)
        answers[str(code)] = site.visitor().get("/about")
    site.app.view_functions["main.about"] = about
    return answers


def empty_site(database_url: str) -> dict[str, TestResponse]:
    """Before anybody came, and where nobody may come."""
    empty = make_app(database_url)
    closed = make_app(database_url, REGISTRATION_OPEN="false", MAIL_SERVER="mail.example.org")
    return {
        "an empty site": browser(empty).get("/"),
        "the first sign-up": browser(empty).get("/register"),
        "sign-up closed": browser(closed).get("/register"),
        "mail is on its way": browser(closed).submit("/reset_password", email="x@example.org"),
    }


def _opened(address: str) -> Callable[[Client], TestResponse]:
    return lambda client: client.get(address)


def _followed(client: Client, answer: TestResponse) -> TestResponse:
    return client.get(answer.location)


def _unpublished(client: Client, address: str) -> TestResponse:
    client.submit(address, action="draft", title="On the loom", content="Words to come.")
    return client.get(address)


def _discarded(client: Client, post: str) -> TestResponse:
    return client.submit(f"{post}/update", form=0)


def _after_deletion(client: Client) -> TestResponse:
    published = client.submit("/post/new", title="On the loom", content="Words.")
    return _followed(client, client.submit(f"{published.location}/delete"))


def _dressed(site: ShownSite, chosen: str) -> Callable[[Client], TestResponse]:
    def step(client: Client) -> TestResponse:
        client.set_cookie("appearance", chosen)
        return client.get(f"/post/{site.posts['rich']}")

    return step
