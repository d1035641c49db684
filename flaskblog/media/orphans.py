"""Deletion of orphaned pictures: stored files that no account refers to.

They are left by a process killed before its commit, or by a failed removal. Younger files are kept,
as their transaction may still be running.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from flask import current_app

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.media import pictures
from flaskblog.media.store import MediaError
from flaskblog.models import User

MIN_AGE = timedelta(days=1)
MAX_PER_RUN = 1000  # all held in memory
ALWAYS_ALLOWED = 100
BATCH = 500


def delete() -> None:
    """Delete orphans; failures are logged and repeated by the next run.

    Many orphans, and more than pictures in use, mean that database and store do not belong
    together: then none is deleted.
    """
    try:
        found = list(islice(_orphans(), MAX_PER_RUN))
    except MediaError:
        current_app.logger.warning("cannot list the stored pictures", exc_info=True)
        return
    used = db.session.scalar(User.pictures_count()) or 0
    db.session.rollback()
    if len(found) > max(ALWAYS_ALLOWED, used):
        current_app.logger.error(
            "%s pictures are orphaned and %s in use; none is deleted."
            " Check DATABASE_URL, MEDIA_FOLDER and MEDIA_URL.",
            len(found),
            used,
        )
        return
    for name in found:
        if queue.stopping.is_set():
            return
        pictures.remove(name)


def _orphans() -> Iterator[str]:
    names = pictures.store().names_before(now() - MIN_AGE)
    while batch := set(islice(names, BATCH)):
        yield from batch.difference(db.session.scalars(User.pictures_among(batch)))
