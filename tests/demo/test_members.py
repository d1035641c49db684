"""Invented members."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from email_validator import validate_email

from flaskblog import rules
from flaskblog.demo import Person, people
from tests.demo.conftest import NOW


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(people(50_000, seed=2, now=NOW))


def test_the_same_seed_and_time_give_the_same_people(members: list[Person]) -> None:
    assert list(people(300, seed=1, now=NOW)) == members
    assert list(people(300, seed=2, now=NOW)) != members


def test_fifty_thousand_usernames_and_addresses_are_unique_in_any_case(
    crowd: list[Person],
) -> None:
    assert len({person.username.casefold() for person in crowd}) == len(crowd)
    assert len({person.email.casefold() for person in crowd}) == len(crowd)


def test_every_username_is_valid(crowd: list[Person]) -> None:
    rule = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,19}")
    assert [person for person in crowd if not rule.fullmatch(person.username)] == []


def test_display_names_and_bios_follow_the_rules(crowd: list[Person]) -> None:
    for person in crowd[:5000]:
        assert rules.display_name(person.display_name) == person.display_name
        assert rules.bio(person.bio) == person.bio
    names = [person.display_name for person in crowd]
    assert 0.1 < sum(map(bool, names)) / len(names) < 0.6


def test_few_usernames_need_a_number(crowd: list[Person]) -> None:
    assert sum(any(map(str.isdigit, person.username)) for person in crowd) < len(crowd) / 4


def test_every_address_is_valid_and_at_a_domain_reserved_for_examples(
    members: list[Person],
) -> None:
    domains = {
        validate_email(member.email, check_deliverability=False).domain for member in members
    }
    assert domains == {"example.org", "example.com", "example.net"}


def test_people_join_in_order_over_three_years(joined: list[datetime]) -> None:
    assert joined == sorted(joined)
    assert joined[0] - (NOW - timedelta(days=3 * 365)) < timedelta(days=30)
    assert timedelta(0) <= NOW - joined[-1] < timedelta(days=30)
    assert joined[0].tzinfo is UTC
