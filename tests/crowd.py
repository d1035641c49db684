"""Many who visit a real site at the same time, and what became of their requests."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 30  # seconds


@contextmanager
def crowd(size: int, port: int) -> Iterator[Counter[str]]:
    """So many who visit again and again until the block ends; what they met is counted.

    It is a status, `refused`, or how a request was lost.
    """
    met: Counter[str] = Counter()
    over = threading.Event()

    def come_again() -> None:
        while not over.wait(0.01):
            met[_visit(port)] += 1

    visitors = [threading.Thread(target=come_again) for _ in range(size)]
    for visitor in visitors:
        visitor.start()
    try:
        yield met
    finally:
        over.set()
        for visitor in visitors:
            visitor.join()


def _visit(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.connect()
    except ConnectionRefusedError:
        return "refused"
    try:
        connection.request("GET", "/login")
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"lost: {type(error).__name__}"
    finally:
        connection.close()
    return str(answer.status)
