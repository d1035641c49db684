"""Network addresses as proxies write them."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

# An address with a port, or an IPv6 address in brackets, as in RFC 7239, 6.
_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[^\]]+)\](?::[0-9]{1,5})?")


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address without its port, or None if there is none in the text."""
    found = _WITH_PORT.fullmatch(text.strip())
    try:
        return ip_address((found["v4"] or found["v6"]) if found else text.strip())
    except ValueError:
        return None
