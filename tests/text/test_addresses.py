"""Reading network addresses, with and without a port."""

import pytest

from flaskblog.text.addresses import parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
    ],
)
def test_a_port_is_no_part_of_the_address(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    ["", "unknown", "_hidden", "192.0.2.1:", "192.0.2.1:x", "[]:1", "[192.0.2.1", "1.2.3:4", "é"],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None
