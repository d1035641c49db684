"""Former usernames are reserved for a year, also after the account is deleted."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
name = sa.table(
    "former_name",
    sa.column("user_id"),
    sa.column("reserved_until", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.add_column("former_name", sa.Column("reserved_until", sa.DateTime(timezone=True)))
    op.execute(sa.update(name).values(reserved_until=datetime.now(UTC) + timedelta(days=365)))
    with op.batch_alter_table("former_name") as table:
        table.alter_column("reserved_until", nullable=False)
    _replace_foreign_key(nullable=True, ondelete="SET NULL")


def downgrade() -> None:
    op.execute(sa.delete(name).where(name.c.user_id.is_(None)))
    _replace_foreign_key(nullable=False, ondelete="CASCADE")
    op.drop_column("former_name", "reserved_until")


def _replace_foreign_key(*, nullable: bool, ondelete: str) -> None:
    key = "fk_former_name_user_id"
    with op.batch_alter_table("former_name") as table:
        table.drop_constraint(key, type_="foreignkey")
        table.alter_column("user_id", existing_type=identity, nullable=nullable)
        table.create_foreign_key(key, "user", ["user_id"], ["id"], ondelete=ondelete)
