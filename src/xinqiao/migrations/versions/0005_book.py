"""The close of days over the whole book: what each loan has earned by each day, and the book's figures of a day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHANGEABLE = ("book_close", "book_close_page", "book_first", "book_flow", "book_line", "book_roll")
SIZES = ("loans", "principal", "outstanding", "overdue", "accrued", "par30", "par90")


def upgrade() -> None:
    make_tables()
    db = op.get_bind()
    schema.protect(db, "loan_accrual", append_only=True)
    for name in CHANGEABLE:
        schema.protect(db, name)


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")


def tenant() -> sa.Column:
    return sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False)


def amounts(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def make_tables() -> None:
    op.create_table(
        "loan_accrual",
        tenant(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        *amounts("interest", "penalty", "collected", "outstanding", "overdue"),
        sa.Column("days_past_due", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=False),
        sa.Column("base_days", sa.Integer(), nullable=False),
        *amounts("base_outstanding"),
        sa.Column("next_due", sa.Date(), nullable=True),
        *amounts("next_amount"),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "person_id", "loan_id", name=op.f("pk_loan_accrual")),
        postgresql_partition_by="RANGE (day)",
    )
    op.create_table(
        "book_close",
        tenant(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", name=op.f("pk_book_close")),
    )
    op.create_table(
        "book_close_page",
        tenant(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Uuid(), nullable=False),
        sa.Column("loans", sa.Integer(), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=True),
        sa.Column("sums", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "day", "number", name=op.f("pk_book_close_page")),
    )
    op.execute("ALTER TABLE book_close_page ALTER COLUMN sums SET STORAGE EXTERNAL")  # it lives for minutes: not worth compressing
    make_figures()


def make_figures() -> None:
    op.create_table(
        "book_line",
        tenant(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("vintage", sa.Date(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        *amounts(*SIZES),
        sa.PrimaryKeyConstraint(
            "tenant", "day", "currency", "funder_id", "vintage", "product", "region", "bucket", "grade", name=op.f("pk_book_line")
        ),
    )
    op.create_table(
        "book_roll",
        tenant(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        *amounts("loans", "balance"),
        sa.PrimaryKeyConstraint("tenant", "day", "currency", "funder_id", "was", "became", name=op.f("pk_book_roll")),
    )
    op.create_table(
        "book_first",
        tenant(),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("vintage", sa.Date(), nullable=False),
        sa.Column("late", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        *amounts("loans", "principal"),
        sa.PrimaryKeyConstraint("tenant", "currency", "funder_id", "vintage", "late", "month", name=op.f("pk_book_first")),
    )
    op.create_table(
        "book_flow",
        tenant(),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *amounts("principal", "interest", "charges"),
        sa.PrimaryKeyConstraint("tenant", "currency", "funder_id", "bucket", "due", name=op.f("pk_book_flow")),
    )
