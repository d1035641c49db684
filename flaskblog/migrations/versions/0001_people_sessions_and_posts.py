"""People, their sessions and their posts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "user",
        sa.Column("id", identity, nullable=False),
        sa.Column("username", sa.String(20), nullable=False),
        sa.Column("username_key", sa.String(20), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(60), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email_key", name="uq_user_email_key"),
        sa.UniqueConstraint("username_key", name="uq_user_username_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "session",
        sa.Column("id", identity, nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("user_id", identity, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("last_seen_at", time, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("browser", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_session_user_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("token_digest", name="uq_session_token_digest"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    op.create_index("ix_session_user_id", "session", ["user_id"])
    op.create_table(
        "post",
        sa.Column("id", identity, nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("author_id", identity, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_post"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name="fk_post_author_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("length(title) <= 100", name=op.f("ck_post_title_length")),
        sa.CheckConstraint("length(content) <= 100000", name=op.f("ck_post_content_length")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_newest", "post", ["created_at", "id"])
    op.create_index("ix_post_author_newest", "post", ["author_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("post")
    op.drop_table("session")
    op.drop_table("user")
