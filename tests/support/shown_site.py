"""A site where everything that can look odd has been written."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from flask import Flask
from playwright.sync_api import Page, Route
from werkzeug.test import TestResponse

from flaskblog.database.base import now
from flaskblog.extensions import db
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD, make_post, make_user

AGENTS = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
]
LONG_NAME = "Wilhelmina-of-Orange"
BIO = "Weaves algebraic patterns, as a loom weaves leaves.\nhttps://example.org/looms"
LONG_TITLE = (
    "What the rain gauge, the frost diary and four winters of pencilled notes say of our cabbages"
)
NO_SPACES = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzende"
)
RTL_TITLE = "يوم ماطر في المكتبة"
RTL = "وصلت الكتب الجديدة صباح السبت.\n\n> المطر صديق القراء.\n\nنلتقي في السادسة."
LONG_LINE = "    return sum(values)  #" + " a long remark" * 20
CODE = "\n".join(["```python", "def total(values):", *[LONG_LINE] * 60, "```"])
RICH = """The loom weaves *leaves*, the engine **numbers**, as [a letter](https://example.org) says.

I spent the winter with both. This is what I would have liked to know in autumn.

## What one needs

1. a loom, borrowed if need be
2. patience, and a good lamp
   - thread in two colours
   - ~~hurry~~

> Begin with the border. Everybody wants to begin with the flowers, and everybody comes back.

| day | rows | note |
|:---|---:|:---:|
| Monday | 12 | the lamp was late |
| Tuesday | 1,204 | with help |

#### How a row remembers

```python
def weave(rows: int) -> list[str]:
    # each row knows the one before it
    return [f"row {number}" for number in range(rows)]
```

---

That is all. The loom is free again from Saturday, and `weave(12)` is a good place to begin.
"""
PARAGRAPH = "It weaves patterns, as a loom weaves leaves and flowers, and forgets none. " * 20
BREAKS_NOWHERE = """`a_very_long_identifier_that_has_no_place_to_break_anywhere_at_all = 1`

| day | note |
|:---|---:|
| Monday | https://example.org/an/address/that/goes/on/and/on/without/any/place/to/break/it |
"""


@dataclass(frozen=True)
class Shown:
    """A page as the site answered it, and what the browser then kept."""

    path: str
    html: str
    headers: dict[str, str]
    session: str

    @classmethod
    def to(cls, client: Client, answer: TestResponse) -> Self:
        cookie = client.get_cookie("session")
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name not in {"Content-Length", "Set-Cookie"}
        }
        return cls(answer.request.path, answer.text, headers, cookie.value if cookie else "")

    def open(self, page: Page) -> None:
        """As if the site had answered it just now; all that the page refers to comes from there."""

        def answer(route: Route) -> None:
            if route.request.is_navigation_request():
                route.fulfill(status=200, headers=self.headers, body=self.html)
            else:
                route.continue_()

        page.route("**/*", answer)
        page.goto(self.path)


class ShownSite:
    """The people, and the posts that tests open."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.sessions: dict[str, str] = {}
        moment = now()
        keeper = make_user("keeper")  # the first account is the admin
        self.author = make_user("author")
        self.author.display_name, self.author.bio = "Ada Lovelace", BIO
        self.long_named = make_user(LONG_NAME)
        make_user("newcomer")
        fill = ["demo", "--people", "12", "--posts", "24"]
        app.test_cli_runner().invoke(args=fill, catch_exceptions=False)
        for week in range(1, 10):
            written_at = moment - timedelta(weeks=60 - week)
            make_post(self.author, f"Week {week} at the loom", RICH, written_at)
        oddities = {
            "rtl": (RTL_TITLE, RTL),
            "code": ("All of the code", CODE),
            "long paragraph": ("In one breath", PARAGRAPH),
            "no excerpt": ("Nothing but a line", "---"),
            "no spaces": (NO_SPACES, NO_SPACES * 4),
            "long title": (LONG_TITLE, BREAKS_NOWHERE + RICH),
        }
        self.posts = {
            name: make_post(self.long_named, title, content, moment - timedelta(days=400)).id
            for name, (title, content) in oddities.items()
        }
        post = make_post(self.author, "On the loom", RICH, moment - timedelta(minutes=5))
        post.revise("On the loom and the engine", f"{RICH}\n\nOne line more.")
        deleted = make_post(self.author, "A post that was a mistake")
        deleted.delete()
        removed = make_post(self.author, "A post about another site")
        removed.delete(keeper, "It advertised a shop.")
        db.session.commit()
        self.posts["deleted"] = removed.id
        self.posts["rich"] = post.id
        self.times = {"rich": post.created_at}
        self.reset_token = self.author.reset_token()

    def visitor(self) -> Client:
        return browser(self.app)

    def member(self, name: str = "author") -> Client:
        """A browser in which somebody is logged in, once for all that is asked of it."""
        client = browser(self.app)
        if name not in self.sessions:
            for agent in AGENTS:
                device = browser(self.app)
                device.environ_base["HTTP_USER_AGENT"] = agent
                device.submit("/login", email=name, password=PASSWORD)
            self.sessions[name] = Shown.to(device, device.get("/")).session
        client.set_cookie("session", self.sessions[name])
        return client

    def address(self, example: str) -> str:
        """Where an address of `tests/examples.py` leads on this site."""
        post = f"/post/{self.posts['rich']}"
        return example.replace("/post/1", post).replace("TOKEN", self.reset_token)
