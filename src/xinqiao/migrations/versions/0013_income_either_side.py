"""Income and collections may stand on either side: a buyer of claims may lose what it never earned, and give back what it never collected."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Row-level security is forced upon the owner too, and a migration belongs to no tenant: it is lifted while this changes every tenant's.
    op.execute("ALTER TABLE ledger_account NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE ledger_account SET rule = 'any' WHERE kind IN ('income', 'collected')")
    op.execute("ALTER TABLE ledger_account FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")
