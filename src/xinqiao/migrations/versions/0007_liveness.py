"""Marks of selfie clips, by which a clip that is sent a second time is known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "liveness_clip",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("bits", postgresql.BIT(varying=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "at", "application_id", "person_id", name=op.f("pk_liveness_clip")),
        info={"monthly": "at"},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_liveness_clip_person", "liveness_clip", ["tenant", "person_id"], unique=False)
    schema.protect(op.get_bind(), "liveness_clip")


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
