"""Light challenges that were answered: each is good for one recording."""

import sqlalchemy as sa
from alembic import op

from xinqiao.kit import schema

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "liveness_challenge_spent",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "challenge", name=op.f("pk_liveness_challenge_spent")),
    )
    op.create_index("ix_liveness_challenge_spent_at", "liveness_challenge_spent", ["tenant", "at"], unique=False)
    schema.protect(op.get_bind(), "liveness_challenge_spent")


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
