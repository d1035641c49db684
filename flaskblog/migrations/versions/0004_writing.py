"""Rendered posts, their revisions, drafts, deletion that can be undone, and stored counts."""

import sqlalchemy as sa
from alembic import op

from flaskblog.text.excerpts import excerpt
from flaskblog.text.markdown import RENDERER_VERSION, render

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)
living = sa.text("deleted_at IS NULL")
BATCH = 500


def upgrade() -> None:
    op.add_column(
        "user", sa.Column("posts_count", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index("ix_user_posts_count", "user", ["posts_count"])
    for column in [
        sa.Column("content_html", sa.Text(), nullable=False, server_default=""),
        sa.Column("excerpt", sa.String(280), nullable=False, server_default=""),
        sa.Column("renderer_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("edited_at", time),
        sa.Column("deleted_at", time),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("key", sa.String(64)),
    ]:
        op.add_column("post", column)
    _replace_indexes(sqlite_where=living, postgresql_where=living)
    op.create_index("ix_post_deleted_at", "post", ["deleted_at"])
    op.create_index("uq_post_author_id_key", "post", ["author_id", "key"], unique=True)
    op.create_table(
        "revision",
        sa.Column("post_id", identity, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("written_at", time, nullable=False),
        sa.PrimaryKeyConstraint("post_id", "version", name="pk_revision"),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name="fk_revision_post_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "draft",
        sa.Column("id", identity, nullable=False),
        sa.Column("author_id", identity, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("post_id", identity),
        sa.Column("version", sa.Integer()),
        sa.Column("updated_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name="fk_draft_author_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name="fk_draft_post_id", ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_draft_author_id_key", "draft", ["author_id", "key"], unique=True)
    op.create_index("ix_draft_author_newest", "draft", ["author_id", "updated_at", "id"])
    op.create_index("ix_draft_post_id", "draft", ["post_id"])
    op.execute(
        'UPDATE "user" SET posts_count ='
        ' (SELECT count(*) FROM post WHERE post.author_id = "user".id)'
    )
    _render_posts()


def downgrade() -> None:
    op.drop_table("draft")
    op.drop_table("revision")
    op.execute("DELETE FROM post WHERE deleted_at IS NOT NULL")
    op.drop_index("uq_post_author_id_key", "post")
    op.drop_index("ix_post_deleted_at", "post")
    _replace_indexes()
    for name in (
        "key",
        "version",
        "deleted_at",
        "edited_at",
        "renderer_version",
        "excerpt",
        "content_html",
    ):
        op.drop_column("post", name)
    op.drop_index("ix_user_posts_count", "user")
    op.drop_column("user", "posts_count")


def _replace_indexes(**where: sa.TextClause) -> None:
    """Those that lists are read by: of all posts, or `where` they live."""
    op.drop_index("ix_post_newest", "post")
    op.drop_index("ix_post_author_newest", "post")
    op.create_index("ix_post_newest", "post", ["created_at", "id"], **where)
    op.create_index("ix_post_author_newest", "post", ["author_id", "created_at", "id"], **where)


def _render_posts() -> None:
    connection = op.get_bind()
    post = sa.table(
        "post",
        sa.column("id"),
        sa.column("content"),
        sa.column("content_html"),
        sa.column("excerpt"),
        sa.column("renderer_version"),
    )
    plain = sa.select(post.c.id, post.c.content).where(post.c.renderer_version == 0).limit(BATCH)
    while rows := connection.execute(plain).all():
        for row in rows:
            html = render(row.content)
            connection.execute(
                sa.update(post)
                .where(post.c.id == row.id)
                .values(
                    content_html=html,
                    excerpt=excerpt(html),
                    renderer_version=RENDERER_VERSION,
                )
            )
