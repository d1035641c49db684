"""What fills every form rightly, and what leads to every page: a new one must be added here."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from tests.support.factories import PASSWORD


@dataclass(frozen=True)
class FormExample:
    address: str
    fields: dict[str, Any]
    lengths: dict[str, int]
    members_only: bool = False
    optional: Set[str] = frozenset()

    @property
    def echoed(self) -> set[str]:
        """The fields whose words come back with a refusal."""
        return {name for name in self.fields if "password" not in name}


REGISTRATION = FormExample(
    "/register",
    {
        "username": "newcomer",
        "email": "newcomer@example.org",
        "password": PASSWORD,
        "confirm_password": PASSWORD,
    },
    {"username": 20, "email": 254, "password": 1000, "confirm_password": 1000},
)
LOGIN = FormExample(
    "/login", {"email": "author", "password": PASSWORD}, {"email": 254, "password": 1000}
)
NEW_POST = FormExample(
    "/post/new",
    {"title": "On engines", "content": "One.\n\nTwo."},
    {"title": 100, "content": 100_000},
    members_only=True,
)
ACCOUNT = FormExample(
    "/account",
    {"username": "author", "email": "author@example.org", "current_password": PASSWORD},
    {"username": 20, "email": 254},
    members_only=True,
    optional={"current_password"},
)
PROFILE = FormExample(
    "/account",
    {"display_name": "Emma Chen", "bio": "Mends bicycles."},
    {"display_name": 40, "bio": 300},
    members_only=True,
    optional={"display_name", "bio"},
)
NEW_PASSWORD = FormExample(
    "/account/password",
    {"current_password": PASSWORD, "password": PASSWORD, "confirm_password": PASSWORD},
    {"current_password": 1000, "password": 1000, "confirm_password": 1000},
    members_only=True,
)
# The forms behind a mailed link and before leaving: each works once.
WORK_ONCE = [{"password", "confirm_password"}, {"password"}]
RESET = FormExample("/reset_password", {"email": "author@example.org"}, {"email": 254})
FORMS = [REGISTRATION, LOGIN, NEW_POST, ACCOUNT, PROFILE, RESET, NEW_PASSWORD]
FIELDS = [(form, name) for form in FORMS for name in form.fields if name not in form.optional]

# Each page's endpoint with an address of it; `author` has written post 1.
VISITORS_PAGES = {
    "main.home": "/",
    "main.about": "/about",
    "main.appearance": "/appearance",
    "users.register": "/register",
    "users.login": "/login",
    "users.profile": "/user/author",
    "users.ask_for_reset": "/reset_password",
    "users.choose_password": "/reset_password/TOKEN",
    "posts.show": "/post/1",
    "posts.history": "/post/1/history",
    "documents.docs": "/docs",
}
MEMBERS_PAGES = {
    "main.home": "/home",
    "documents.docs": "/docs",
    "main.about": "/about",
    "main.appearance": "/appearance",
    "main.menu": "/menu",
    "users.profile": "/user/author",
    "users.logout": "/logout",
    "users.account": "/account",
    "users.password": "/account/password",
    "users.sessions": "/account/sessions",
    "users.delete_account": "/account/delete",
    "posts.new": "/post/new",
    "posts.show": "/post/1",
    "posts.update": "/post/1/update",
    "posts.history": "/post/1/history",
    "posts.delete": "/post/1/delete",
    "posts.deleted": "/account/deleted",
    "posts.drafts": "/drafts",
}
NO_PAGES = {
    "static",
    "documents.openapi",
    "api.posts",
    "api.post",
    "api.users",
    "api.user",
    "main.livez",
    "main.readyz",
    "main.metrics",
    "style_sheet",
    "main.manifest",
    "main.favicon",
    "main.feed",
    "main.profile_feed",
    "main.sitemap",
    "main.sitemap_pages",
    "main.sitemap_posts",
    "main.sitemap_people",
    "main.robots",
    "main.change_password",
    "main.security",
    "users.picture",
    "users.initials",
}
