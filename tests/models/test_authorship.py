"""Who may edit and delete posts."""

from flaskblog.models import Post
from tests.support.factories import make_post, make_user


def test_authors_may_edit_and_authors_and_admins_may_delete() -> None:
    admin, author, stranger = (make_user(name) for name in ("first.person", "author", "stranger"))
    post: Post = make_post(author)
    assert [post.is_editable_by(user) for user in (admin, author, stranger)] == [
        False,
        True,
        False,
    ]
    assert [post.is_deletable_by(user) for user in (admin, author, stranger)] == [
        True,
        True,
        False,
    ]
