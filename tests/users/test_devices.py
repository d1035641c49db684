"""Names of devices."""

import pytest

from flaskblog.users.devices import device_name

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/142.0", "Chrome on a Mac"),
        ("Mozilla/5.0 (Android 16) SamsungBrowser/29 Chrome/1", "Samsung Internet on Android"),
        ("curl/8.0", "curl/8.0"),
        ("", "An unknown device"),
    ],
)  # fmt: skip
def test_device_names(agent: str, name: str) -> None:
    assert device_name(agent) == name
