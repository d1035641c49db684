"""Lists of posts."""

from flaskblog.models.post_lists import listed, newest


def test_posts_of_the_same_time_are_ordered_by_id() -> None:
    """SQLite reads its index in this order anyway; PostgreSQL guarantees no order."""
    assert "ORDER BY post.created_at DESC, post.id DESC" in str(newest(listed().statement))
