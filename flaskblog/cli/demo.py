"""The command `demo`."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import func, insert, select, union, update

from flaskblog import rules
from flaskblog.database import schema
from flaskblog.database.base import now
from flaskblog.demo import Person, people, posts
from flaskblog.demo.rendering import rendered_rows
from flaskblog.extensions import db
from flaskblog.models import FormerName, Post, User

BATCH = 2000
UNUSABLE_HASH = "!"  # bcrypt never returns it, so that nobody can log in


@click.command()
@click.option("--people", "people_count", type=click.IntRange(1), default=50, show_default=True)
@click.option("--posts", "posts_count", type=click.IntRange(0), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same site.")
@with_appcontext
def demo(people_count: int, posts_count: int, seed: int) -> None:
    """Add invented users, who cannot log in, and their posts."""
    time = now()
    members = _new_members(people_count, seed, time)
    _insert(User, map(_user_row, members), people_count, "People")
    _insert(Post, _post_rows(members, posts_count, seed, time), posts_count, "Posts")
    _update_posts_counts()
    schema.analyze(db.engine)
    click.echo(f"Added {people_count:,} people and {posts_count:,} posts.")


def _new_members(count: int, seed: int, time: datetime) -> list[Person]:
    """Return people whose usernames and addresses are free."""
    existing = db.session.scalar(select(func.count(User.id))) or 0
    names = union(select(User.username_key), select(FormerName.username_key))
    usernames = set(db.session.scalars(names))
    emails = set(db.session.scalars(select(User.email_key)))
    free = (
        person
        for person in people(count + 2 * existing, seed=seed, now=time)
        if rules.username_key(person.username) not in usernames
        and rules.email_key(person.email) not in emails
    )
    return list(islice(free, count))


def _user_row(person: Person) -> dict[str, Any]:
    return {
        "username": person.username,
        "username_key": rules.username_key(person.username),
        "email": person.email,
        "email_key": rules.email_key(person.email),
        "display_name": person.display_name,
        "bio": person.bio,
        "password_hash": UNUSABLE_HASH,
        "created_at": person.joined_at,
    }


def _post_rows(
    members: list[Person], count: int, seed: int, time: datetime
) -> Iterable[dict[str, Any]]:
    ids = {
        row.username_key: row.id for row in db.session.execute(select(User.username_key, User.id))
    }
    author_ids = [ids[rules.username_key(member.username)] for member in members]
    joined = [member.joined_at for member in members]
    for author, row in rendered_rows(posts(count, joined=joined, seed=seed, now=time)):
        yield row | {"author_id": author_ids[author]}


def _insert(
    model: type[User | Post], rows: Iterable[dict[str, Any]], count: int, label: str
) -> None:
    remaining = iter(rows)
    with click.progressbar(length=count, label=label) as bar:
        while batch := list(islice(remaining, BATCH)):
            db.session.execute(insert(model), batch)
            db.session.commit()
            bar.update(len(batch))


def _update_posts_counts() -> None:
    own = select(func.count(Post.id)).where(Post.author_id == User.id, Post.deleted_at.is_(None))
    db.session.execute(
        update(User)
        .where(User.id.in_(select(Post.author_id).distinct()))
        .values(posts_count=own.scalar_subquery())
    )
    db.session.commit()
