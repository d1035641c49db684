"""Failures of backup, restore and upgrade, each a message of one line for the operator."""

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.media.store import MediaError


class ArchiveError(Exception):
    """The file is not a backup of Flaskblog, or it is damaged."""


class BackupError(Exception):
    """What was asked for cannot be done now."""


FAILURES = (ArchiveError, BackupError, MediaError, OSError, SQLAlchemyError, CommandError)


def reason(error: Exception) -> str:
    """Return the first line; of a database error, without its statement."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__
