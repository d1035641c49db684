"""Queries of pages use an index, so that they cost the same on a large site."""

from datetime import timedelta

import pytest
from sqlalchemy import Select, text

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision, User
from flaskblog.models.post_lists import listed, listed_by, newest
from flaskblog.models.post_neighbours import post_with_neighbours
from tests.support.factories import make_post


@pytest.fixture(autouse=True)
def _posts(author: User) -> None:
    for age in range(4):
        make_post(author, created_at=now() - timedelta(hours=age))


def query_plan(select: Select[*tuple[object, ...]]) -> str:
    """The query plan of the engine of this run, for a large table."""
    engine = db.engine.dialect.name
    compiled = select.compile(dialect=db.engine.dialect, compile_kwargs={"literal_binds": True})
    if engine == "postgresql":
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_sort = off"))
        rows = db.session.execute(text(f"EXPLAIN {compiled}")).scalars()
        return "\n".join(rows)
    rows = db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).scalars("detail")
    return "\n".join(rows)


def test_the_newest_posts_are_read_from_their_index() -> None:
    plan = query_plan(newest(listed().statement).limit(5))
    assert "ix_post_newest" in plan
    _assert_unsorted(plan)


@pytest.fixture
def _without_index_of_newest() -> None:
    """PostgreSQL uses either index for a small table: drop the other one until the rollback."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("DROP INDEX ix_post_newest"))


@pytest.mark.usefixtures("_without_index_of_newest")
def test_the_posts_of_an_author_are_read_from_their_index(author: User) -> None:
    query = listed_by(author.id)
    plan = query_plan(newest(query.statement).limit(5).params(query.parameters))
    assert "ix_post_author_newest" in plan
    _assert_unsorted(plan)


@pytest.mark.usefixtures("_without_index_of_newest")
def test_neighbours_are_read_from_the_index_of_their_author() -> None:
    query = post_with_neighbours(1)
    plan = query_plan(query.statement.params(query.parameters))
    assert plan.count("ix_post_author_newest") >= 2
    _assert_unsorted(plan)


def test_drafts_are_read_from_their_index(author: User) -> None:
    plan = query_plan(Draft.of(author).limit(5))
    assert "ix_draft_author_newest" in plan
    _assert_unsorted(plan)


def test_a_history_is_read_from_its_primary_key() -> None:
    plan = query_plan(Revision.edits_of(1).limit(5))
    assert "revision" in plan
    _assert_unsorted(plan)


def test_lists_do_not_load_the_contents(author: User) -> None:
    for statement in (listed().statement, Post.deleted_by(author)):
        columns = str(statement).partition("FROM")[0]
        assert "post.content" not in columns
        assert "post.excerpt" in columns


def _assert_unsorted(plan: str) -> None:
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    assert "SCAN post\n" not in plan + "\n"
    assert "Seq Scan" not in plan
