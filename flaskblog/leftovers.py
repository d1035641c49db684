"""Pictures that nobody shows: their process was killed before the commit, or they were not removed.

What was written within a day is left alone: its commit may be on its way.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from flask import current_app

from flaskblog import media
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.models import User

PATIENCE = timedelta(days=1)
MOST = 1000  # a night, all in memory; the others wait for the next one
FEW = 100
BATCH = 500


def remove() -> None:
    """Remove them; what fails is told in the log, and tried again the next night.

    Where many belong to nobody, and more than to somebody, the pictures are those of another
    site or of a lost database. None of them is removed then.
    """
    try:
        found = list(islice(_leftovers(), MOST))
    except media.MediaError:
        current_app.logger.warning("leftover pictures cannot be looked for", exc_info=True)
        return
    shown = db.session.scalar(User.pictures_count()) or 0
    db.session.rollback()
    if len(found) > max(FEW, shown):
        current_app.logger.error(
            "%s pictures belong to nobody here, and %s to somebody; none is removed."
            " Check DATABASE_URL, MEDIA_FOLDER and MEDIA_URL.",
            len(found),
            shown,
        )
        return
    for name in found:
        if queue.stopping.is_set():
            return
        media.remove(name)


def _leftovers() -> Iterator[str]:
    names = media.store().names_before(now() - PATIENCE)
    while batch := set(islice(names, BATCH)):
        yield from batch.difference(db.session.scalars(User.pictures_among(batch)))
