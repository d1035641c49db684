"""Copying and comparing databases."""

from flaskblog.backup import transfer
from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.factories import make_post
from tests.support.filled_site import filled_site


def test_a_snapshot_does_not_see_later_writes(empty_url: str) -> None:
    site = filled_site(empty_url, posts=2)
    with site.app_context():
        with transfer.snapshot_connection(db.engine) as snapshot:
            before = transfer.count_rows(snapshot)
            make_post(db.session.scalars(User.by_username("author")).one())
            assert transfer.count_rows(snapshot) == before
        with transfer.snapshot_connection(db.engine) as after:
            assert transfer.count_rows(after) == before + 1
        db.session.remove()
