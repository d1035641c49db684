"""Reading time of posts; who deleted a post, and why; hidden revisions."""

import sqlalchemy as sa
from alembic import op

from flaskblog.text.reading_time import reading_minutes

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 500


def upgrade() -> None:
    op.add_column(
        "post", sa.Column("reading_minutes", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("post", sa.Column("deleted_by_id", identity))
    op.add_column("post", sa.Column("deletion_reason", sa.Text()))
    op.add_column("revision", sa.Column("hidden_at", sa.DateTime(timezone=True)))
    op.add_column("revision", sa.Column("hidden_by_id", identity))
    _set_reading_minutes()


def downgrade() -> None:
    op.drop_column("revision", "hidden_by_id")
    op.drop_column("revision", "hidden_at")
    op.drop_column("post", "deletion_reason")
    op.drop_column("post", "deleted_by_id")
    op.drop_column("post", "reading_minutes")


def _set_reading_minutes() -> None:
    connection = op.get_bind()
    post = sa.table(
        "post", sa.column("id", identity), sa.column("content"), sa.column("reading_minutes")
    )
    update = (
        sa.update(post)
        .where(post.c.id == sa.bindparam("post"))
        .values(reading_minutes=sa.bindparam("minutes"))
    )
    page = sa.select(post.c.id, post.c.content).order_by(post.c.id).limit(BATCH)
    last = 0
    while rows := connection.execute(page.where(post.c.id > last)).all():
        last = rows[-1].id
        minutes = [{"post": row.id, "minutes": reading_minutes(row.content)} for row in rows]
        if longer := [values for values in minutes if values["minutes"] > 1]:
            connection.execute(update, longer)
