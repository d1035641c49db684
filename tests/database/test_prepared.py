"""Statements that are built once."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Insert, Select, Update, insert, select, tuple_, type_coerce, update
from sqlalchemy.exc import CompileError, StatementError

from flaskblog.database.base import now
from flaskblog.database.prepared import Query, prepared
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.factories import make_post, make_user


@prepared
def titles_by(author_id: int, size: int = 10) -> Select[str]:
    return select(Post.title).where(Post.author_id == author_id).order_by(Post.id).limit(size)


@prepared
def titles_after(created_at: datetime, post_id: int) -> Select[str]:
    position = tuple_(type_coerce(created_at, Post.created_at.type), post_id)
    return select(Post.title).where(tuple_(Post.created_at, Post.id) > position).order_by(Post.id)


class Titles:
    column: Any = Post.title

    @classmethod
    @prepared
    def by(cls, author_id: int) -> Select[str]:
        return select(cls.column).where(Post.author_id == author_id).order_by(Post.id)

    @staticmethod
    @prepared
    def among(ids: list[int]) -> Select[str]:
        return select(Post.title).where(Post.id.in_(ids)).order_by(Post.id)


class Contents(Titles):
    column = Post.content


@pytest.fixture(autouse=True)
def _posts(author: User) -> None:
    for title in ("first", "second", "third"):
        make_post(author, title, f"content of the {title}")


def found(query: Query[Select[str]]) -> list[str]:
    return list(db.session.scalars(*query))


def test_a_statement_is_built_once_and_executed_with_the_values_of_each_call(author: User) -> None:
    stranger = make_user("stranger")
    assert titles_by(author.id).statement is titles_by(stranger.id, 2).statement
    assert found(titles_by(author.id)) == ["first", "second", "third"]
    assert found(titles_by(stranger.id)) == []
    assert list(db.session.connection().scalars(*titles_by(author.id, 1))) == ["first"]


def test_arguments_are_positional_or_keyword_or_the_default(author: User) -> None:
    assert titles_by(7).parameters == {"author_id": 7, "size": 10}
    assert titles_by(size=2, author_id=7).parameters == {"author_id": 7, "size": 2}
    assert found(titles_by(author.id, size=2)) == ["first", "second"]


def test_a_wrong_argument_is_a_type_error_as_with_any_function() -> None:
    for wrong in ({}, {"author_id": 1, "page": 2}):
        with pytest.raises(TypeError):
            titles_by(**wrong)


def test_a_class_method_has_a_statement_for_each_class(author: User) -> None:
    assert Titles.by(1).statement is Titles.by(2).statement
    assert Titles.by(1).statement is not Contents.by(1).statement
    assert found(Titles.by(author.id))[0] == "first"
    assert found(Contents.by(author_id=author.id))[0] == "content of the first"


def test_a_static_method_takes_a_list_for_in() -> None:
    ids = db.session.scalars(select(Post.id).order_by(Post.id)).all()
    assert found(Titles.among(list(ids[:2]))) == ["first", "second"]
    assert found(Titles.among([])) == []


def test_a_parameter_takes_the_type_of_its_column_or_of_type_coerce(author: User) -> None:
    @prepared
    def titles_since(created_at: datetime) -> Select[str]:
        return select(Post.title).where(Post.created_at >= created_at)

    make_post(author, "later", created_at=(time := now()))
    assert found(titles_since(time)) == ["later"]
    with pytest.raises(StatementError, match="without a zone"):
        found(titles_since(time.replace(tzinfo=None)))
    first = db.session.scalars(select(Post).order_by(Post.id)).first()
    assert first is not None
    assert found(titles_after(first.created_at, first.id)) == ["second", "third", "later"]


def test_values_of_an_update_and_an_insert_may_be_named_like_columns(author: User) -> None:
    @prepared
    def rename(title: str, old_title: str) -> Update:
        return update(Post).where(Post.title == old_title).values(title=title)

    @prepared
    def new_post(author_id: int, title: str, content: str) -> Insert:
        values = {"author_id": author_id, "title": title, "content": content}
        return insert(Post).values(values | {"content_html": ""})

    db.session.execute(*rename("renamed", "first"))
    db.session.execute(*new_post(author.id, "inserted", "text"))
    assert found(titles_by(author.id)) == ["renamed", "second", "third", "inserted"]


def test_a_condition_of_an_update_may_not_be_named_like_a_column() -> None:
    @prepared
    def rename(author_id: int, new_title: str) -> Update:
        return update(Post).where(Post.author_id == author_id).values(title=new_title)

    with pytest.raises(CompileError, match="reserved"):
        db.session.execute(*rename(1, "renamed"))
