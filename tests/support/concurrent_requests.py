"""Concurrent requests to a running site, and their outcomes."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

TIMEOUT = 30  # seconds


@contextmanager
def concurrent_requests(size: int, port: int) -> Iterator[Counter[str]]:
    """Send requests from so many threads until the block ends, and count their outcomes.

    An outcome is a status, `refused`, or how the request was lost.
    """
    outcomes: Counter[str] = Counter()
    ended = threading.Event()

    def send_requests() -> None:
        while not ended.wait(0.01):
            outcomes[_request(port)] += 1

    threads = [threading.Thread(target=send_requests) for _ in range(size)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _request(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
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
