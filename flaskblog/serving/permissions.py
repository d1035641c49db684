"""The permissions of the files that the site writes."""

import os
from contextlib import suppress
from pathlib import Path

from flaskblog.media.folder import PASSABLE


def restrict(instance: Path) -> None:
    """Let this process create files for their owner only, and `instance/` if it is missing.

    A proxy passes through `instance/` to the pictures, which `media/folder.py` makes public.
    """
    os.umask(0o077)
    with suppress(OSError):  # it exists, or the disk is read-only and it is not needed
        instance.mkdir()
        instance.chmod(PASSABLE)
