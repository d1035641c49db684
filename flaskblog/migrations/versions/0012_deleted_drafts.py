"""A deleted draft can be restored."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draft", sa.Column("deleted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.execute("DELETE FROM draft WHERE deleted_at IS NOT NULL")
    op.drop_column("draft", "deleted_at")
