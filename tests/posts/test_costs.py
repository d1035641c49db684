"""What a page costs stays the same when the site grows: its queries are read off an index."""

from datetime import timedelta

import pytest
from sqlalchemy import Select, text

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision, User
from flaskblog.models.lists import listed, listed_of_author, newest
from flaskblog.models.neighbours import with_neighbours
from tests.factories import make_post


@pytest.fixture(autouse=True)
def _posts(writer: User) -> None:
    for age in range(4):
        make_post(writer, created_at=now() - timedelta(hours=age))


def plan(select: Select[*tuple[object, ...]]) -> str:
    """How the engine of this run goes about it, were the table large."""
    engine = db.engine.dialect.name
    compiled = select.compile(dialect=db.engine.dialect, compile_kwargs={"literal_binds": True})
    if engine == "postgresql":
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_sort = off"))
        rows = db.session.execute(text(f"EXPLAIN {compiled}")).scalars()
        return "\n".join(rows)
    rows = db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).scalars("detail")
    return "\n".join(rows)


def test_the_newest_posts_are_read_off_their_index() -> None:
    found = plan(newest(listed()).limit(5))
    assert "ix_post_newest" in found
    _assert_unsorted(found)


@pytest.fixture
def _no_other_index() -> None:
    """Of a small table PostgreSQL takes either list's index: leave it one, until the rollback."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("DROP INDEX ix_post_newest"))


@pytest.mark.usefixtures("_no_other_index")
def test_a_persons_posts_are_read_off_their_index(writer: User) -> None:
    found = plan(newest(listed_of_author()).limit(5).params(author_id=writer.id))
    assert "ix_post_author_newest" in found
    _assert_unsorted(found)


@pytest.mark.usefixtures("_no_other_index")
def test_neighbours_are_read_off_their_authors_index() -> None:
    found = plan(with_neighbours().params(post_id=1))
    assert found.count("ix_post_author_newest") >= 2
    _assert_unsorted(found)


def test_drafts_are_read_off_their_index(writer: User) -> None:
    found = plan(Draft.of(writer).limit(5))
    assert "ix_draft_author_newest" in found
    _assert_unsorted(found)


def test_a_history_is_read_off_its_key() -> None:
    found = plan(Revision.edits_of(1).limit(5))
    assert "revision" in found
    _assert_unsorted(found)


def test_lists_leave_the_texts_in_the_database(writer: User) -> None:
    for shown in (listed(), Post.deleted_by(writer)):
        columns = str(shown).partition("FROM")[0]
        assert "post.content" not in columns
        assert "post.excerpt" in columns


def _assert_unsorted(found: str) -> None:
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found
    assert "SCAN post\n" not in found + "\n"
    assert "Seq Scan" not in found
