from datetime import UTC, datetime

import pytest

from flaskblog.demo import DemoPost, Person, people, posts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def members() -> list[Person]:
    return list(people(300, seed=1, now=NOW))


@pytest.fixture(scope="module")
def joined(members: list[Person]) -> list[datetime]:
    return [member.joined_at for member in members]


@pytest.fixture(scope="module")
def written(joined: list[datetime]) -> list[DemoPost]:
    return list(posts(4000, joined=joined, seed=1, now=NOW))
