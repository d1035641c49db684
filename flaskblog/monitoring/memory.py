"""Resident memory of the site's processes on Linux; elsewhere nothing is known."""

import os
from contextlib import suppress
from multiprocessing import parent_process
from pathlib import Path

from flaskblog.extensions import queue

WORKER_KEY = "worker-memory"


def resident() -> dict[str, float]:
    """Return bytes by process: `web` listens, `web-1` and so on respond, `worker` runs jobs."""
    parent = parent_process()
    listener = (parent.pid if parent else None) or os.getpid()
    names = {"web": listener}
    names |= {f"web-{place}": pid for place, pid in enumerate(_children(listener), start=1)}
    found = {name: _bytes(pid) for name, pid in names.items()}
    found["worker"] = queue.get(WORKER_KEY, peek=True) or 0
    return {name: size for name, size in found.items() if size}


def record_worker() -> None:
    """Called with the heartbeat: the worker may run on another host."""
    queue.put(WORKER_KEY, _bytes(os.getpid()))


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return []


def _bytes(pid: int) -> int:
    with suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0
