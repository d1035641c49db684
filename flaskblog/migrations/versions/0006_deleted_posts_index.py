"""The index of deleted posts holds deleted posts alone.

With all posts in it, SQLite took it for the shortest way to those that are not deleted, and
sorted a million of them for each page.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005_api"
branch_labels = None
depends_on = None

deleted = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_post_deleted_at", "post")
    op.create_index(
        "ix_post_deleted_at",
        "post",
        ["deleted_at"],
        sqlite_where=deleted,
        postgresql_where=deleted,
    )


def downgrade() -> None:
    op.drop_index("ix_post_deleted_at", "post")
    op.create_index("ix_post_deleted_at", "post", ["deleted_at"])
