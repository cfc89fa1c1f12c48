"""Face checks as lists and weekly figures ask for them: one row a check, made from its event; the events already written are told anew."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FROM_EVENTS = """
INSERT INTO identity_check
    (tenant, person_id, id, application_id, at, outcome, device, calibrated, score, match, ms, challenge, weak, reasons)
SELECT e.tenant, e.person_id, e.id, e.subject, e.at, coalesce(e.data ->> 'outcome', 'retry'), coalesce(e.data ->> 'device', 'any'),
    coalesce((e.data ->> 'calibrated')::boolean, false), (e.data ->> 'liveness_score')::double precision,
    (e.data ->> 'match_score')::double precision, (e.data ->> 'took_ms')::integer, nullif(e.data ->> 'challenge', ''),
    ARRAY(SELECT s.key || ':' || (s.value ->> 'state') FROM jsonb_each(coalesce(e.data -> 'signals', '{}')) s
          WHERE s.value ->> 'state' IN ('fail', 'refer', 'retry', 'not_run') ORDER BY 1),
    ARRAY(SELECT jsonb_array_elements_text(coalesce(e.data -> 'reasons', jsonb_build_array(e.data ->> 'code'))))
FROM event e WHERE e.kind IN ('identity.checked', 'identity.unreadable') AND e.person_id IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "identity_check",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("calibrated", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("match", sa.Double(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=True),
        sa.Column("challenge", sa.Text(), nullable=True),
        sa.Column("weak", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_identity_check")),
    )
    op.create_index("ix_identity_check_id", "identity_check", ["tenant", "id"], unique=False)
    op.create_index("ix_identity_check_newest", "identity_check", ["tenant", "at", "id"], unique=False)
    op.create_index("ix_identity_check_outcome", "identity_check", ["tenant", "outcome", "at", "id"], unique=False)
    op.create_index("ix_identity_check_device", "identity_check", ["tenant", "device", "at", "id"], unique=False)
    op.create_index("ix_identity_check_weak", "identity_check", ["weak"], unique=False, postgresql_using="gin")
    # Row-level security is forced upon the owner too, and a migration belongs to no tenant: it is lifted from the log while this copies.
    op.execute("ALTER TABLE event NO FORCE ROW LEVEL SECURITY")
    op.execute(FROM_EVENTS)
    op.execute("ALTER TABLE event FORCE ROW LEVEL SECURITY")
    schema.protect(op.get_bind(), "identity_check")


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
