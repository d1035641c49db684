"""The private names of pinned libraries that the code uses; each has a test of its meaning.

Other private names are not allowed. After an upgrade, a failing test shows what has changed.
"""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import flask_login
import flask_smorest
import pytest
from flask import Flask, g, session
from flask.globals import request_ctx
from flask.sessions import SecureCookieSession
from flask_login import AnonymousUserMixin, current_user

from flaskblog.extensions import login_manager
from flaskblog.models import User
from tests.support.client import Client
from tests.test_modules import MODULES

PRIVATE = {
    "_apidoc",
    "_login_user",
    "_register_pagination_header",
    "_session",
    "_update_request_context_with_user",
}
# Their libraries document them.
DOCUMENTED = {"_asdict", "_deserialize", "_get_current_object", "_mapping", "_value"}
MARK = "# private API of "


def _foreign_attributes(source: str) -> Iterator[tuple[str, int]]:
    """Private attributes of anything but `self` and `cls`, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
            if not own and not node.attr.startswith("__"):
                yield node.attr, node.lineno


def _overrides(module: ModuleType) -> set[str]:
    """Private methods of the module's classes that override those of a library."""
    return {
        name
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
        if name.startswith("_") and not name.startswith("__")
        for base in kind.__mro__[1:]
        if not base.__module__.startswith("flaskblog") and name in vars(base)
    }


@pytest.mark.parametrize("name", MODULES)
def test_only_listed_private_names_of_libraries_are_used(name: str) -> None:
    module = import_module(name)
    source = Path(str(module.__file__)).read_text()
    used = list(_foreign_attributes(source))
    assert {attribute for attribute, _ in used} | _overrides(module) <= PRIVATE | DOCUMENTED
    lines = source.splitlines()
    unmarked = [
        lines[number - 1]
        for attribute, number in used
        if attribute in PRIVATE and MARK not in "".join(lines[max(0, number - 5) : number])
    ]
    assert unmarked == []


def test_flask_login_keeps_the_current_user_in_g_login_user(app: Flask, author: User) -> None:
    with app.test_request_context():
        assert not current_user.is_authenticated
        assert isinstance(g._login_user, AnonymousUserMixin)
        g._login_user = author
        assert current_user == author


def test_flask_login_forgets_the_user_of_a_request(app: Flask, author: User) -> None:
    with app.test_request_context():
        g._login_user = author
        login_manager._update_request_context_with_user()
        assert isinstance(g._login_user, AnonymousUserMixin)


def test_flask_login_does_nothing_else_in_init_app() -> None:
    """`extensions.init_app` sets the attribute itself."""
    source = inspect.getsource(flask_login.LoginManager.init_app)
    statements = [line.strip() for line in source.split('"""')[2].splitlines() if line.strip()]
    assert statements == [
        "app.login_manager = self",
        "app.after_request(self._update_remember_cookie)",
        "if add_context_processor:",
        "app.context_processor(_user_context_processor)",
    ]


def test_flask_keeps_the_session_of_a_request_in_its_context(app: Flask) -> None:
    with app.test_request_context():
        other = SecureCookieSession({"key": "value"})
        request_ctx._session = other
        assert session["key"] == "value"


def test_smorest_documents_the_parameters_in_apidoc_of_a_view(client: Client) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    parameters = document["paths"]["/api/posts/{post_id}"]["get"]["parameters"]
    assert "If-None-Match" in {parameter.get("name") for parameter in parameters}


def test_smorest_would_register_a_pagination_header(client: Client) -> None:
    assert hasattr(flask_smorest.Api, "_register_pagination_header")
    document = client.get("/openapi.json").json
    assert document is not None
    assert "PaginationMetadata" not in document["components"]["schemas"]
