"""Mail that is still to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", identity, nullable=False),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("due_at", time, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_at", time, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
    )
    op.create_index("ix_mail_due_at", "mail", ["due_at"])


def downgrade() -> None:
    op.drop_table("mail")
