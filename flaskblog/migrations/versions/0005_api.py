"""What a session is good for: the pages, or the JSON API."""

import sqlalchemy as sa
from alembic import op

revision = "0005_api"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "session", sa.Column("kind", sa.String(8), nullable=False, server_default="pages")
    )


def downgrade() -> None:
    op.execute("DELETE FROM session WHERE kind = 'api'")
    op.drop_column("session", "kind")
