"""The close of a day keeps who shares what a loan earns, and collected penalty interest apart, so that each owner's accrual is divided as payments are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loan_accrual", sa.Column("collected_penalty", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("loan_accrual", sa.Column("shares", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
