"""How a loan is judged beside its bucket, what the book looked like on a day, and what leaves for the bureau and comes back."""

import sqlalchemy as sa
from alembic import op

from xinqiao.kit import schema

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("loan_grade_move", "loan_mark", "loan_snapshot")
CHANGEABLE = ("loan_grade",)


def upgrade() -> None:
    make_tables()
    db = op.get_bind()
    for name in APPEND_ONLY:
        schema.protect(db, name, append_only=True)
    for name in CHANGEABLE:
        schema.protect(db, name)


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")


def make_tables() -> None:
    op.create_table(
        "loan_grade",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", name=op.f("pk_loan_grade")),
    )
    op.create_index("ix_loan_grade_grade", "loan_grade", ["tenant", "grade"], unique=False)
    op.create_index("ix_loan_grade_loan", "loan_grade", ["tenant", "loan_id"], unique=False)
    op.create_table(
        "loan_grade_move",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("days_past_due", sa.Integer(), nullable=False),
        sa.Column("clean_days", sa.Integer(), nullable=False),
        sa.Column("cure_days", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id", name=op.f("pk_loan_grade_move")),
        info={"append_only": True},
    )
    op.create_index("ix_loan_grade_move_loan", "loan_grade_move", ["tenant", "loan_id"], unique=False)
    op.create_table(
        "loan_mark",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("lifted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id", name=op.f("pk_loan_mark")),
        info={"append_only": True},
    )
    op.create_index("ix_loan_mark_loan", "loan_mark", ["tenant", "loan_id"], unique=False)
    op.create_table(
        "loan_snapshot",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "person_id", "loan_id", name=op.f("pk_loan_snapshot")),
        info={"monthly": "day", "append_only": True},
        postgresql_partition_by="RANGE (day)",
    )
