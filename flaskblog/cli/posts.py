"""The commands `posts …`."""

import click
from flask.cli import AppGroup
from sqlalchemy import func, select, update

from flaskblog.extensions import db
from flaskblog.models import Post

# Posts rendered in memory before one short write transaction.
BATCH = 50

posts = AppGroup("posts", help="Maintain all posts.")


@posts.command("render")
def render_posts() -> None:
    """Render posts of older renderer versions again. May be interrupted and repeated."""
    count = db.session.scalar(
        select(func.count()).select_from(Post.rendered_by_older_version(after=0).subquery())
    )
    with click.progressbar(length=count or 0, label="Posts") as bar:
        last = 0
        while rows := db.session.execute(
            Post.rendered_by_older_version(after=last).limit(BATCH)
        ).all():
            rendered = [(row.id, row.content, Post.rendered(row.content)) for row in rows]
            for last, content, values in rendered:
                # The version of the post stays, as its text does, so that open editors can save.
                same = update(Post).where(Post.id == last, Post.content == content)
                db.session.execute(same.values(values))
            db.session.commit()
            bar.update(len(rows))
    click.echo("All posts are up to date.")
