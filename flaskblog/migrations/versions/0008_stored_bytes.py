"""How much text each member has stored; unknown for existing members, until they write."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("stored_bytes", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("user", "stored_bytes")
