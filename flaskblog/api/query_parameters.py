"""Refusing query parameters that an operation does not have: a misspelt one would be ignored."""

from collections.abc import Set

from flask import request

from flaskblog.api.blueprint import bp
from flaskblog.api.pagination import PageQuery, PostsQuery
from flaskblog.web.problems import InvalidFields

_OF_LISTS = {"api.posts": PostsQuery().fields.keys(), "api.users": PageQuery().fields.keys()}


@bp.before_request
def refuse_unknown_parameters() -> None:
    if request.method == "OPTIONS":
        return
    is_read = request.method in {"GET", "HEAD"}
    known: Set[str] = _OF_LISTS.get(request.endpoint or "", set()) if is_read else set()
    if unknown := request.args.keys() - known:
        parameters = f"It has these: {', '.join(sorted(known))}." if known else "It has none."
        message = f"This operation has no such query parameter. {parameters}"
        raise InvalidFields({name: [message] for name in sorted(unknown)})
