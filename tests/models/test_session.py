"""Sessions."""

from datetime import timedelta

from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Session, User


def test_only_the_digest_of_a_token_is_stored(author: User) -> None:
    row, token = Session.begin(author, lifetime=timedelta(days=1), address="::1", browser="")
    db.session.add(row)
    db.session.commit()
    stored = db.session.execute(select(Session.__table__)).mappings().one()
    assert len(token) >= 43
    assert token not in str(dict(stored))
    assert len(row.token_digest) == 64
    found = Session.lookup(token)
    assert found is not None
    user, session_id, _ = found
    assert (user, session_id) == (author, row.id)
    assert Session.lookup(row.token_digest) is None
