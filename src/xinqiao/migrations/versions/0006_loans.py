"""A loan's life as events: `loan_event`, and what a loan agreed, shares out and has paid in.

Loans that stand get the events that their rows tell: approved, paid out, and each repayment on the day it came in Shanghai, the house's time
zone; the one that closed a loan settled it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIVES = """
INSERT INTO loan_event (tenant, person_id, loan_id, number, id, kind, "on", recorded_on, at, data)
SELECT l.tenant, l.person_id, l.id, g.number, g.kind, g.kind, l.disbursed_on, l.disbursed_on, l.disbursed_at,
       CASE g.kind WHEN 'approved' THEN jsonb_build_object('amount', l.principal, 'expected_on', NULL)
                   ELSE jsonb_build_object('amount', l.principal) END
FROM loan l CROSS JOIN (VALUES (1, 'approved'), (2, 'disbursed')) AS g(number, kind)
"""
REPAID = """
INSERT INTO loan_event (tenant, person_id, loan_id, number, id, kind, "on", recorded_on, at, data)
SELECT r.tenant, r.person_id, r.loan_id, 2 + row_number() OVER (PARTITION BY r.tenant, r.person_id, r.loan_id ORDER BY r.at, r.closed, r.key),
       CASE WHEN r.key IN ('approved', 'disbursed') THEN 'pay/' || r.key ELSE r.key END, CASE WHEN r.closed THEN 'settled_early' ELSE 'paid' END,
       (r.at AT TIME ZONE 'Asia/Shanghai')::date, (r.at AT TIME ZONE 'Asia/Shanghai')::date, r.at,
       jsonb_build_object('amount', r.minor) || CASE WHEN r.closed THEN '{}' ELSE '{"kind": "repayment"}'::jsonb END
FROM loan_repayment r
"""
PAID = """
UPDATE loan l SET state = CASE WHEN l.closed_on IS NULL THEN 'active' ELSE 'closed' END,
    paid = coalesce((SELECT sum(r.minor) FROM loan_repayment r
                     WHERE r.tenant = l.tenant AND r.person_id = l.person_id AND r.loan_id = l.id), 0)
"""


def upgrade() -> None:
    op.create_table(
        "loan_event",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), server_default="system", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "number", name=op.f("pk_loan_event")),
        sa.UniqueConstraint("tenant", "person_id", "loan_id", "id", name=op.f("uq_loan_event_tenant_person_id_loan_id_id")),
    )
    for column in (
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("agreement", postgresql.JSONB(astext_type=sa.Text())),
        sa.Column("splits", postgresql.JSONB(astext_type=sa.Text())),
        sa.Column("paid", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("loan", column)
    op.add_column("loan_instalment", sa.Column("penalties", sa.BigInteger(), server_default="0", nullable=False))
    for name in ("loan", "loan_repayment"):
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    for statement in (LIVES, REPAID, PAID):
        op.execute(statement)
    for name in ("loan", "loan_repayment"):
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    schema.protect(op.get_bind(), "loan_event", append_only=True)


def downgrade() -> None:
    raise NotImplementedError("a loan's life is not forgotten")
