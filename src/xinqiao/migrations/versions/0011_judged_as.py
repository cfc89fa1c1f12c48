"""Face checks keep the class of cameras by whose bounds they were judged, so that scores are compared with the calibration that made them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FROM_EVENTS = """
UPDATE identity_check c
SET judged_as = coalesce(e.data ->> 'judged_as', CASE WHEN c.calibrated THEN c.device ELSE 'any' END)
FROM event e WHERE e.tenant = c.tenant AND e.at = c.at AND e.id = c.id
"""


def upgrade() -> None:
    op.add_column("identity_check", sa.Column("judged_as", sa.Text(), server_default="any", nullable=False))
    # Row-level security is forced upon the owner too, and a migration belongs to no tenant: it is lifted while this copies.
    for name in ("event", "identity_check"):
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    op.execute(FROM_EVENTS)
    for name in ("event", "identity_check"):
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
