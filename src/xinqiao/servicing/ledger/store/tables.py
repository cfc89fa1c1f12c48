"""Accounts with their running balances, the transfers behind them, and what closes them day by day.

Three things stand in the migration alone, because metadata cannot say them: `ledger_turn` and the trigger `ledger_day_is_open`, which let
nothing be posted on a closed day, and `ledger_refuse`, by which a posting that breaks a rule names the account.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

account = Table(
    "ledger_account",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("debits", BigInteger, nullable=False, server_default="0"),
    Column("credits", BigInteger, nullable=False, server_default="0"),
    Column("held_debits", BigInteger, nullable=False, server_default="0"),
    Column("held_credits", BigInteger, nullable=False, server_default="0"),
    Column("entries", BigInteger, nullable=False, server_default="0"),
    Column("summed", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id"),
    CheckConstraint("rule <> 'credits_within_debits' OR credits + held_credits <= debits", name="within_debits"),
    CheckConstraint("rule <> 'debits_within_credits' OR debits + held_debits <= credits", name="within_credits"),
    CheckConstraint("held_debits >= 0 AND held_credits >= 0", name="held"),
    Index("ix_ledger_account_owner", "tenant", "owner"),
    Index("ix_ledger_account_kind", "tenant", "kind", "currency", "id"),
)
"""No index holds a balance: an update then stays within its page (HOT) and touches no index. `entries` counts the account's entries, `summed` those it
had when a close last kept its balance."""

key = Table(
    "ledger_key",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "id", "person_id"),
    info={"append_only": True},
)
"""Every transfer's id, once: a table cut by month cannot itself promise that a key never returns in another month."""

transfer = Table(
    "ledger_transfer",
    tables,
    tenant(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("debit", Uuid, nullable=False),
    Column("credit", Uuid, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("line", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "at", "id"),
    CheckConstraint("minor > 0", name="positive"),
    CheckConstraint("debit <> credit", name="two_sides"),
    CheckConstraint("booked_on <= (at AT TIME ZONE 'UTC')::date + 1", name="not_ahead"),
    Index("ix_ledger_transfer_debit_booked", "tenant", "debit", "booked_on", "entry"),
    Index("ix_ledger_transfer_credit_booked", "tenant", "credit", "booked_on", "entry"),
    Index(
        "ix_ledger_transfer_time",
        "booked_on",
        "at",
        "entry",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16", "autosummarize": "on"},
    ),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at", "append_only": True},
)
"""`entry` numbers the list, `line` the transfer within it. Rows lie on disk in the order of time, so that a block-range index finds a day, an
instant or a list at almost no cost to writing. `not_ahead` leaves a day for time zones east of UTC; the service is stricter."""

link = Table(
    "ledger_link",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("relation", Text, nullable=False),
    Column("of", Uuid, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    CheckConstraint("relation IN ('reverses', 'settles')", name="relation"),
    Index("uq_ledger_link_reversed", "tenant", "person_id", "of", unique=True, postgresql_where=text("relation = 'reverses'")),
    Index("ix_ledger_link_of", "tenant", "of"),
    info={"append_only": True},
)
"""A transfer `id` that reverses another or settles a hold; a transfer is reversed once at most."""

hold = Table(
    "ledger_hold",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("debit", Uuid, nullable=False),
    Column("credit", Uuid, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("settled", BigInteger, nullable=False, server_default="0"),
    Column("ended", Text),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "id", "person_id"),
    CheckConstraint("minor > 0 AND settled BETWEEN 0 AND minor", name="within"),
    CheckConstraint("debit <> credit", name="two_sides"),
    CheckConstraint("(ended IS NULL) = (ended_at IS NULL) AND ended IN ('settled', 'released', 'expired')", name="ended"),
    Index("ix_ledger_hold_expiring", "tenant", "expires_at", postgresql_where=text("ended IS NULL")),
    Index("ix_ledger_hold_debit", "tenant", "debit", "at"),
    Index("ix_ledger_hold_credit", "tenant", "credit", "at"),
)

snapshot = Table(
    "ledger_snapshot",
    tables,
    tenant(),
    Column("through", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("totals", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "through"),
    info={"append_only": True},
)
"""Debits and credits by kind and currency of all entries up to number `through`, none of them recorded after `at`."""

close = Table(
    "ledger_close",
    tables,
    tenant(),
    Column("on", Date, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("through", BigInteger, nullable=False),
    Column("transfers", BigInteger, nullable=False),
    Column("transfers_sha256", LargeBinary, nullable=False),
    Column("totals", JSONB, nullable=False),
    Column("previous_sha256", LargeBinary),
    Column("sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "on"),
    info={"append_only": True},
)

balance = Table(
    "ledger_balance",
    tables,
    tenant(),
    Column("account", Uuid, nullable=False),
    Column("on", Date, nullable=False),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "account", "on"),
    info={"append_only": True},
)
"""What a busy account stood at when a day was closed: a row once it has gathered so many entries (`closing.BUSY`), so that no question ever sums more
than those. Quiet accounts need none."""
