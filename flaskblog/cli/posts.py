"""`flask --app run posts …`: what is done to all posts at once."""

import click
from flask.cli import AppGroup
from sqlalchemy import func, select, update

from flaskblog.extensions import db
from flaskblog.models import Post

# Rendered before any is written: meanwhile others may write, too.
BATCH = 50

posts = AppGroup("posts", help="Work on all posts.")


@posts.command("render")
def render_posts() -> None:
    """Render again what an older version of the renderer wrote. May be stopped and run again."""
    count = db.session.scalar(
        select(func.count()).select_from(Post.rendered_long_ago(after=0).subquery())
    )
    with click.progressbar(length=count or 0, label="Posts") as bar:
        last = 0
        while rows := db.session.execute(Post.rendered_long_ago(after=last).limit(BATCH)).all():
            rendered = [(row.id, row.content, Post.rendered(row.content)) for row in rows]
            for last, content, values in rendered:
                # The version stays: the words are the same, and an open desk must still fit.
                same = update(Post).where(Post.id == last, Post.content == content)
                db.session.execute(same.values(values))
            db.session.commit()
            bar.update(len(rows))
    click.echo("Every post is rendered by this version.")
