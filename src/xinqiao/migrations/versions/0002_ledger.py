"""The ledger's second form: book dates, entry numbers, holds, links between transfers, daily closes; wallets.

Transfers that stand get the book date of the day on which they were recorded in Shanghai, the house's time zone, and numbers in the order of
their recording. Three functions hold what metadata cannot say: `ledger_turn` (posters share a lock that a close takes alone),
`ledger_day_is_open` (no statement can insert a transfer on a closed day) and `ledger_refuse` (a broken rule names its account).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("ledger_link", "ledger_snapshot", "ledger_close", "ledger_balance")
CHANGEABLE = ("ledger_hold", "wallet_movement")

LOCK = "hashtextextended('ledger/' || {}, 0)"

TURN = f"""
CREATE FUNCTION ledger_turn(lists integer, OUT entries bigint[], OUT since timestamptz, OUT closed date) LANGUAGE plpgsql AS $$
DECLARE mine text := current_setting('xinqiao.tenant');
BEGIN
    PERFORM pg_advisory_xact_lock_shared({LOCK.format("mine")});
    SELECT array_agg(nextval('ledger_entry_number')) INTO entries FROM generate_series(1, lists);
    SELECT max(s.at) INTO since FROM ledger_snapshot s WHERE s.tenant = mine AND s.through = (SELECT max(through) FROM ledger_snapshot WHERE tenant = mine);
    SELECT max(c."on") INTO closed FROM ledger_close c WHERE c.tenant = mine;
END $$
"""

DAY_IS_OPEN = f"""
CREATE FUNCTION ledger_day_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the ledger is written at READ COMMITTED, so that a close which was waited for is seen';
    END IF;
    PERFORM pg_advisory_xact_lock_shared({LOCK.format("f.tenant")}) FROM (SELECT DISTINCT tenant FROM fresh) f;
    SELECT f.booked_on, c.closed INTO wrong
    FROM (SELECT tenant, min(booked_on) AS booked_on FROM fresh GROUP BY tenant) f
    CROSS JOIN LATERAL (SELECT max("on") AS closed FROM ledger_close WHERE tenant = f.tenant) c WHERE f.booked_on <= c.closed LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the day is closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_day_is_open',
            DETAIL = wrong.booked_on || ' ' || wrong.closed || ' ' || wrong.closed + 1;
    END IF;
    RETURN NULL;
END $$
"""

REFUSE = """
CREATE FUNCTION ledger_refuse(kind text, owner uuid, currency text, rule text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the account may not go there' USING ERRCODE = 'check_violation',
        CONSTRAINT = CASE rule WHEN 'debits_within_credits' THEN 'ck_ledger_account_within_credits' ELSE 'ck_ledger_account_within_debits' END,
        DETAIL = kind || '/' || owner || '/' || currency;
END $$
"""

NUMBER_OLD = """
WITH placed AS (
    SELECT tenant, person_id, at, id, dense_rank() OVER (ORDER BY at, tenant) AS entry,
           row_number() OVER (PARTITION BY tenant, at ORDER BY id) AS line
    FROM ledger_transfer
)
UPDATE ledger_transfer t SET booked_on = (t.at AT TIME ZONE 'Asia/Shanghai')::date, entry = p.entry, line = p.line
FROM placed p WHERE (t.tenant, t.person_id, t.at, t.id) = (p.tenant, p.person_id, p.at, p.id)
"""

COUNT_OLD = """
UPDATE ledger_account a SET entries = s.entries FROM (
    SELECT t.tenant, side.account, count(*) AS entries FROM ledger_transfer t, LATERAL (VALUES (t.debit), (t.credit)) AS side(account) GROUP BY 1, 2
) s WHERE s.tenant = a.tenant AND s.account = a.id
"""


def tenant() -> sa.Column:
    return sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False)


def upgrade() -> None:
    _accounts()
    _transfers()
    _tables()
    _wallets()
    for statement in (TURN, DAY_IS_OPEN, REFUSE):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER ledger_day_is_open AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_day_is_open()"
    )
    for name in APPEND_ONLY + CHANGEABLE:
        schema.protect(op.get_bind(), name, append_only=name in APPEND_ONLY)


def _accounts() -> None:
    for name in ("held_debits", "held_credits", "entries", "summed"):
        op.add_column("ledger_account", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    for name in ("within_debits", "within_credits"):
        op.drop_constraint(op.f(f"ck_ledger_account_{name}"), "ledger_account", type_="check")
    op.create_check_constraint(
        op.f("ck_ledger_account_within_debits"), "ledger_account", "rule <> 'credits_within_debits' OR credits + held_credits <= debits"
    )
    op.create_check_constraint(
        op.f("ck_ledger_account_within_credits"), "ledger_account", "rule <> 'debits_within_credits' OR debits + held_debits <= credits"
    )
    op.create_check_constraint(op.f("ck_ledger_account_held"), "ledger_account", "held_debits >= 0 AND held_credits >= 0")
    op.create_index("ix_ledger_account_kind", "ledger_account", ["tenant", "kind", "currency", "id"], unique=False)
    op.execute("ALTER TABLE ledger_account SET (fillfactor = 80)")


def _transfers() -> None:
    op.execute("ALTER TABLE ledger_key DROP CONSTRAINT pk_ledger_key, ADD CONSTRAINT pk_ledger_key PRIMARY KEY (tenant, id, person_id)")
    op.execute("CREATE SEQUENCE ledger_entry_number")
    op.execute(f"GRANT USAGE ON SEQUENCE ledger_entry_number TO {schema.APP_ROLE}")
    for column in (sa.Column("booked_on", sa.Date()), sa.Column("entry", sa.BigInteger()), sa.Column("line", sa.Integer())):
        op.add_column("ledger_transfer", column)
    op.execute("ALTER TABLE ledger_transfer NO FORCE ROW LEVEL SECURITY")
    op.execute(NUMBER_OLD)
    op.execute("ALTER TABLE ledger_account NO FORCE ROW LEVEL SECURITY")
    op.execute(COUNT_OLD)
    op.execute("ALTER TABLE ledger_account FORCE ROW LEVEL SECURITY")
    op.execute("SELECT setval('ledger_entry_number', 1 + coalesce((SELECT max(entry) FROM ledger_transfer), 0), false)")
    op.execute("ALTER TABLE ledger_transfer FORCE ROW LEVEL SECURITY")
    for name in ("booked_on", "entry", "line"):
        op.alter_column("ledger_transfer", name, nullable=False)
    op.create_check_constraint(op.f("ck_ledger_transfer_not_ahead"), "ledger_transfer", "booked_on <= (at AT TIME ZONE 'UTC')::date + 1")
    for side in ("debit", "credit"):
        op.drop_index(f"ix_ledger_transfer_{side}", "ledger_transfer")
        op.create_index(f"ix_ledger_transfer_{side}_booked", "ledger_transfer", ["tenant", side, "booked_on", "entry"], unique=False)
    op.create_index(
        "ix_ledger_transfer_time",
        "ledger_transfer",
        ["booked_on", "at", "entry"],
        unique=False,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16", "autosummarize": "on"},
    )


def _tables() -> None:
    op.create_table(
        "ledger_link",
        tenant(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("of", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("relation IN ('reverses', 'settles')", name=op.f("ck_ledger_link_relation")),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_ledger_link")),
    )
    op.create_index(
        "uq_ledger_link_reversed",
        "ledger_link",
        ["tenant", "person_id", "of"],
        unique=True,
        postgresql_where=sa.text("relation = 'reverses'"),
    )
    op.create_index("ix_ledger_link_of", "ledger_link", ["tenant", "of"], unique=False)
    op.create_table(
        "ledger_hold",
        tenant(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("debit", sa.Uuid(), nullable=False),
        sa.Column("credit", sa.Uuid(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minor > 0 AND settled BETWEEN 0 AND minor", name=op.f("ck_ledger_hold_within")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_hold_two_sides")),
        sa.CheckConstraint(
            "(ended IS NULL) = (ended_at IS NULL) AND ended IN ('settled', 'released', 'expired')", name=op.f("ck_ledger_hold_ended")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", "person_id", name=op.f("pk_ledger_hold")),
    )
    op.create_index(
        "ix_ledger_hold_expiring", "ledger_hold", ["tenant", "expires_at"], unique=False, postgresql_where=sa.text("ended IS NULL")
    )
    for side in ("debit", "credit"):
        op.create_index(f"ix_ledger_hold_{side}", "ledger_hold", ["tenant", side, "at"], unique=False)
    op.create_table(
        "ledger_snapshot",
        tenant(),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "through", name=op.f("pk_ledger_snapshot")),
    )
    op.create_table(
        "ledger_close",
        tenant(),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("transfers", sa.BigInteger(), nullable=False),
        sa.Column("transfers_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "on", name=op.f("pk_ledger_close")),
    )
    op.create_table(
        "ledger_balance",
        tenant(),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("debits", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "on", name=op.f("pk_ledger_balance")),
    )


def _wallets() -> None:
    op.create_table(
        "wallet_movement",
        tenant(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("rail", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("says", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minor > 0", name=op.f("ck_wallet_movement_positive")),
        sa.CheckConstraint(
            "state IN ('asked', 'done', 'refused', 'returned') AND (state = 'asked') = (ended_at IS NULL)",
            name=op.f("ck_wallet_movement_state"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", "person_id", name=op.f("pk_wallet_movement")),
    )
    op.create_index("ix_wallet_movement_person", "wallet_movement", ["tenant", "person_id", "on"], unique=False)
    op.create_index(
        "ix_wallet_movement_asked", "wallet_movement", ["tenant", "at"], unique=False, postgresql_where=sa.text("state = 'asked'")
    )
