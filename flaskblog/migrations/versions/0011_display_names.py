"""The display name and the bio of each member; empty for existing ones."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("display_name", 40), ("bio", 300)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("user", column)


def downgrade() -> None:
    op.drop_column("user", "bio")
    op.drop_column("user", "display_name")
