"""The house: every room's first tables."""

from datetime import UTC, datetime

from alembic import op

from xinqiao.migrations.build import build

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    build(op.get_bind(), since=datetime.now(UTC).date().replace(month=1, day=1), months=24)


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
