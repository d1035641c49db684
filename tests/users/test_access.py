"""Pages for anonymous readers."""

import pytest

from tests.support.client import Client


@pytest.mark.parametrize("address", ["/login", "/register"])
def test_members_are_redirected_from_log_in_and_registration(
    author_client: Client, address: str
) -> None:
    response = author_client.get(address)
    assert (response.status_code, response.location) == (302, "/")
