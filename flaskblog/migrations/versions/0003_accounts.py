"""Pictures, admins, former names and the counts of the rate limits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("user", sa.Column("picture", sa.String(40)))
    op.add_column(
        "user", sa.Column("is_admin", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "former_name",
        sa.Column("username_key", sa.String(20), nullable=False),
        sa.Column("user_id", identity, nullable=False),
        sa.PrimaryKeyConstraint("username_key", name="pk_former_name"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_former_name_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_former_name_user_id", "former_name", ["user_id"])
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rate_limit"),
    )
    op.create_index("ix_rate_limit_expires_at", "rate_limit", ["expires_at"])


def downgrade() -> None:
    op.drop_table("rate_limit")
    op.drop_table("former_name")
    op.drop_column("user", "is_admin")
    op.drop_column("user", "picture")
