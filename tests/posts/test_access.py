"""Loading posts with a check of permissions."""

from collections.abc import Callable

import pytest
from werkzeug.exceptions import Forbidden, Gone, NotFound

from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.posts.access import (
    deletable_post_or_403,
    editable_post_or_403,
    visible_post_or_404,
)
from tests.support.factories import make_post, make_user


@pytest.fixture
def admin() -> User:
    return make_user("first.account")


@pytest.fixture
def author(admin: User) -> User:
    assert admin.is_admin
    return make_user("author")


def test_a_visible_post_is_loaded(author: User) -> None:
    post = make_post(author)
    assert visible_post_or_404(post.id) == post


def test_the_author_gets_an_editable_post(author: User) -> None:
    post = make_post(author)
    assert editable_post_or_403(post.id, author) == post


def test_others_and_admins_get_no_editable_post(author: User, admin: User) -> None:
    post_id = make_post(author).id
    for user in (admin, make_user("stranger")):
        with pytest.raises(Forbidden):
            editable_post_or_403(post_id, user)


def test_the_author_and_admins_get_a_deletable_post(author: User, admin: User) -> None:
    post = make_post(author)
    assert deletable_post_or_403(post.id, author) == post
    assert deletable_post_or_403(post.id, admin) == post


def test_others_get_no_deletable_post(author: User) -> None:
    post_id = make_post(author).id
    with pytest.raises(Forbidden):
        deletable_post_or_403(post_id, make_user("stranger"))


@pytest.mark.parametrize("load", [editable_post_or_403, deletable_post_or_403])
def test_a_deleted_or_unknown_post_is_not_found(
    author: User, load: Callable[[int, User], Post]
) -> None:
    post = make_post(author)
    post.delete()
    db.session.commit()
    for post_id, error in ((post.id, Gone), (post.id + 1, NotFound)):
        with pytest.raises(error):
            visible_post_or_404(post_id)
        with pytest.raises(error):
            load(post_id, author)
