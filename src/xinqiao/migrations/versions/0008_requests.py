"""What waits for a person about a loan: a borrower's request for relief, and what one member of staff proposed and another must confirm."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loan_request",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'declined', 'withdrawn') AND (state = 'open') = (decided_at IS NULL)",
            name=op.f("ck_loan_request_state"),
        ),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_loan_request")),
    )
    op.create_index("ix_loan_request_open", "loan_request", ["tenant", "state", "asked_at", "id"], unique=False)
    op.create_index("ix_loan_request_loan", "loan_request", ["tenant", "loan_id"], unique=False)
    schema.protect(op.get_bind(), "loan_request")


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
