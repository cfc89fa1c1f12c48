"""The house: every room's first tables.

Drawn from the tables by Alembic; the protection (role, row-level security, append-only grants) follows at the end. Partitions are made by
date at every start (`migrations.run.ensure_partitions`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from xinqiao.kit import schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "audit_checkpoint",
    "audit_entry",
    "audit_sealed",
    "bureau_notice",
    "bureau_record",
    "consent_answer",
    "consent_display",
    "consent_end",
    "consent_text",
    "credit_artifact",
    "credit_decision",
    "event",
    "fraud_label",
    "fraud_screening",
    "funding_attempt",
    "funding_auction",
    "funding_terms",
    "ledger_key",
    "ledger_transfer",
    "loan_offer",
    "loan_repayment",
    "loan_signature",
    "loan_standing_move",
    "partner_webhook_attempt",
)
CHANGEABLE = (
    "application",
    "application_link",
    "audit_head",
    "bureau_sim_record",
    "consent_request",
    "fraud_face",
    "fraud_index",
    "fraud_shape",
    "fraud_token",
    "funding_capacity",
    "funding_price",
    "funding_question",
    "funding_reservation",
    "idempotency_answer",
    "ledger_account",
    "loan",
    "loan_instalment",
    "loan_standing",
    "partner",
    "partner_api_key",
    "partner_rate_bucket",
    "partner_webhook_inbound",
    "partner_webhook_message",
    "partner_webhook_seen",
    "partner_webhook_subscription",
    "staff_failure",
    "staff_recovery_code",
    "staff_session",
    "staff_user",
    "vault_basis",
    "vault_index",
    "vault_key_check",
    "vault_person",
    "vault_value",
)


def upgrade() -> None:
    make_tables()
    db = op.get_bind()
    schema.create_role(db)
    for name in APPEND_ONLY:
        schema.protect(db, name, append_only=True)
    for name in CHANGEABLE:
        schema.protect(db, name)


def downgrade() -> None:
    raise NotImplementedError("schemas go forward; restore a backup instead")


def make_tables() -> None:
    op.create_table(
        "application",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scene_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("loan_purpose", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(), nullable=True),
        sa.Column("business_index", sa.LargeBinary(), nullable=True),
        sa.Column("business_role", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_application")),
    )
    op.create_index("ix_application_id", "application", ["tenant", "id"], unique=False)
    op.create_index("ix_application_newest", "application", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_application_person", "application", ["tenant", "person_id", "created_at", "id"], unique=False)
    op.create_index("ix_application_scene", "application", ["tenant", "scene_id", "created_at", "id"], unique=False)
    op.create_index("ix_application_stage", "application", ["tenant", "stage", "created_at", "id"], unique=False)
    op.create_table(
        "application_link",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_application_link")),
    )
    op.create_index("ix_application_link_application", "application_link", ["tenant", "application_id"], unique=False)
    op.create_table(
        "audit_checkpoint",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("ranges", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number", name=op.f("pk_audit_checkpoint")),
        info={"append_only": True},
    )
    op.create_table(
        "audit_entry",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "lane", "seq", "at", name=op.f("pk_audit_entry")),
        info={"monthly": "at", "append_only": True},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["tenant", "at"], unique=False)
    op.create_index("ix_audit_entry_person", "audit_entry", ["tenant", "person_id", "at"], unique=False)
    op.create_index(
        "ix_audit_entry_refused", "audit_entry", ["tenant", "at"], unique=False, postgresql_where=sa.text("kind = 'vault.refused'")
    )
    op.create_table(
        "audit_head",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "lane", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_sealed",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "lane", "last", name=op.f("pk_audit_sealed")),
        info={"append_only": True},
    )
    op.create_table(
        "bureau_notice",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("arrears_since", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("overdue", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grace_until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "arrears_since", "number", name=op.f("pk_bureau_notice")),
        info={"append_only": True},
    )
    op.create_table(
        "bureau_record",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("arrears_since", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("days_past_due", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "arrears_since", "kind", "bucket", name=op.f("pk_bureau_record")),
        info={"append_only": True},
    )
    op.create_index("ix_bureau_record_loan", "bureau_record", ["tenant", "loan_id"], unique=False)
    op.create_table(
        "bureau_sim_record",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id_index", sa.LargeBinary(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id_index", name=op.f("pk_bureau_sim_record")),
    )
    op.create_table(
        "consent_answer",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("display_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("how", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_consent_answer")),
        sa.UniqueConstraint("tenant", "person_id", "display_id", name=op.f("uq_consent_answer_tenant_person_id_display_id")),
        info={"append_only": True},
    )
    op.create_index("ix_consent_answer_at", "consent_answer", ["tenant", "at", "id"], unique=False)
    op.create_index("ix_consent_answer_purpose", "consent_answer", ["tenant", "person_id", "purpose", "recipient", "at"], unique=False)
    op.create_index("ix_consent_answer_until", "consent_answer", ["tenant", "purpose", "until"], unique=False)
    op.create_table(
        "consent_display",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_consent_display")),
        info={"append_only": True},
    )
    op.create_index("ix_consent_display_id", "consent_display", ["tenant", "id"], unique=False)
    op.create_table(
        "consent_end",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "answer_id", name=op.f("pk_consent_end")),
        info={"append_only": True},
    )
    op.create_index("ix_consent_end_at", "consent_end", ["tenant", "at", "answer_id"], unique=False)
    op.create_table(
        "consent_request",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_consent_request")),
        sa.UniqueConstraint("tenant", "person_id", "kind", "key", name=op.f("uq_consent_request_tenant_person_id_kind_key")),
    )
    op.create_index("ix_consent_request_due", "consent_request", ["tenant", "state", "due_at"], unique=False)
    op.create_table(
        "consent_text",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("paragraphs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("if_no", sa.Text(), nullable=False),
        sa.Column("withdrawal", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "sha256", name=op.f("pk_consent_text")),
        info={"append_only": True},
    )
    op.create_table(
        "credit_artifact",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sha256", name=op.f("pk_credit_artifact")),
        info={"append_only": True},
    )
    op.create_table(
        "credit_decision",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("band", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("pd", sa.Numeric(precision=7, scale=6), nullable=True),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("annual_rate", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model_sha256", sa.Text(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.Column("record_sha256", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_credit_decision")),
        info={"append_only": True},
    )
    op.create_index("ix_credit_decision_application", "credit_decision", ["tenant", "application_id", "id"], unique=False)
    op.create_index("ix_credit_decision_id", "credit_decision", ["tenant", "id"], unique=False)
    op.create_table(
        "event",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "at", "id", name=op.f("pk_event")),
        info={"monthly": "at", "append_only": True},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_event_id", "event", ["tenant", "id"], unique=False)
    op.create_index("ix_event_person", "event", ["tenant", "person_id", "id"], unique=False)
    op.create_index("ix_event_subject", "event", ["tenant", "subject", "id"], unique=False)
    op.create_table(
        "fraud_face",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("bits", postgresql.BIT(varying=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "at", "application_id", "person_id", name=op.f("pk_fraud_face")),
        info={"monthly": "at"},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_fraud_face_person", "fraud_face", ["tenant", "person_id"], unique=False)
    op.create_table(
        "fraud_index",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "value", "at", "application_id", "person_id", name=op.f("pk_fraud_index")),
        info={"monthly": "at"},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_fraud_index_application", "fraud_index", ["tenant", "application_id"], unique=False)
    op.create_index("ix_fraud_index_person", "fraud_index", ["tenant", "person_id"], unique=False)
    op.create_table(
        "fraud_label",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "application_id", "at", "id", "person_id", name=op.f("pk_fraud_label")),
        info={"append_only": True},
    )
    op.create_table(
        "fraud_screening",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "application_id", "person_id", name=op.f("pk_fraud_screening")),
        info={"append_only": True},
    )
    op.create_table(
        "fraud_shape",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tokens", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "application_id", "at", "person_id", name=op.f("pk_fraud_shape")),
        info={"monthly": "at"},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_fraud_shape_person", "fraud_shape", ["tenant", "person_id"], unique=False)
    op.create_table(
        "fraud_token",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "token", "at", "application_id", "person_id", name=op.f("pk_fraud_token")),
        info={"monthly": "at"},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_fraud_token_person", "fraud_token", ["tenant", "person_id"], unique=False)
    op.create_table(
        "funding_attempt",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("auction_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("guarantor_id", sa.Uuid(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "auction_id", "id", "person_id", name=op.f("pk_funding_attempt")),
        info={"append_only": True},
    )
    op.create_table(
        "funding_auction",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ask", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("prices", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("bids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "application_id", "at", "id", "person_id", name=op.f("pk_funding_auction")),
        info={"monthly": "at", "append_only": True},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_funding_auction_at", "funding_auction", ["tenant", "at"], unique=False)
    op.create_table(
        "funding_capacity",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("slice", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cap_minor", sa.BigInteger(), nullable=False),
        sa.Column("used_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("excess_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("used_minor >= 0 AND used_minor <= cap_minor AND excess_minor >= 0", name=op.f("ck_funding_capacity_within")),
        sa.PrimaryKeyConstraint("tenant", "holder_id", "slice", "dimension", "key", name=op.f("pk_funding_capacity")),
    )
    op.create_table(
        "funding_price",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "holder_id", "dimension", "key", name=op.f("pk_funding_price")),
    )
    op.create_table(
        "funding_question",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("annual_rate", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", "person_id", name=op.f("pk_funding_question")),
    )
    op.create_index(
        "ix_funding_question_due", "funding_question", ["tenant", "deadline"], unique=False, postgresql_where=sa.text("reply = 'pending'")
    )
    op.create_index("ix_funding_question_funder", "funding_question", ["tenant", "funder_id", "asked_at"], unique=False)
    op.create_index("uq_funding_question_reservation", "funding_question", ["tenant", "reservation_id", "person_id"], unique=True)
    op.create_table(
        "funding_reservation",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("outstanding_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("funder_version", sa.Integer(), nullable=False),
        sa.Column("guarantor_id", sa.Uuid(), nullable=True),
        sa.Column("guarantor_version", sa.Integer(), nullable=True),
        sa.Column("annual_rate", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("premium", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("coverage", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("deadline_seconds", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", "person_id", name=op.f("pk_funding_reservation")),
    )
    op.create_index("ix_funding_reservation_application", "funding_reservation", ["tenant", "application_id"], unique=False)
    op.create_index(
        "ix_funding_reservation_due",
        "funding_reservation",
        ["tenant", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'lapsed')"),
    )
    op.create_index("ix_funding_reservation_funder", "funding_reservation", ["tenant", "funder_id", "made_at"], unique=False)
    op.create_index(
        "uq_funding_reservation_live",
        "funding_reservation",
        ["tenant", "person_id", "application_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('held', 'confirmed')"),
    )
    op.create_table(
        "funding_terms",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "partner_id", "version", name=op.f("pk_funding_terms")),
        info={"append_only": True},
    )
    op.create_table(
        "idempotency_answer",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scope", "key", name=op.f("pk_idempotency_answer")),
    )
    op.create_table(
        "ledger_account",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("debits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credits", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("rule <> 'credits_within_debits' OR credits <= debits", name=op.f("ck_ledger_account_within_debits")),
        sa.CheckConstraint("rule <> 'debits_within_credits' OR debits <= credits", name=op.f("ck_ledger_account_within_credits")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_ledger_account")),
    )
    op.create_index("ix_ledger_account_owner", "ledger_account", ["tenant", "owner"], unique=False)
    op.create_table(
        "ledger_key",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_ledger_key")),
        info={"append_only": True},
    )
    op.create_table(
        "ledger_transfer",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("debit", sa.Uuid(), nullable=False),
        sa.Column("credit", sa.Uuid(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_transfer_two_sides")),
        sa.CheckConstraint("minor > 0", name=op.f("ck_ledger_transfer_positive")),
        sa.PrimaryKeyConstraint("tenant", "person_id", "at", "id", name=op.f("pk_ledger_transfer")),
        info={"monthly": "at", "append_only": True},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_ledger_transfer_credit", "ledger_transfer", ["tenant", "credit", "at"], unique=False)
    op.create_index("ix_ledger_transfer_debit", "ledger_transfer", ["tenant", "debit", "at"], unique=False)
    op.create_table(
        "loan",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("guarantor_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("disbursed_on", sa.Date(), nullable=False),
        sa.Column("disbursed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_loan")),
    )
    op.create_index("ix_loan_active", "loan", ["tenant", "id"], unique=False, postgresql_where=sa.text("closed_on IS NULL"))
    op.create_index("ix_loan_disbursed", "loan", ["tenant", "disbursed_on"], unique=False)
    op.create_index("ix_loan_funder", "loan", ["tenant", "funder_id", "disbursed_at", "id"], unique=False)
    op.create_index("ix_loan_guarantor", "loan", ["tenant", "guarantor_id", "disbursed_at", "id"], unique=False)
    op.create_index("ix_loan_id", "loan", ["tenant", "id"], unique=False)
    op.create_table(
        "loan_instalment",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("premium", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("paid_penalty", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_fee", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_premium", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_interest", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_principal", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("late_unit_days", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("aged_to", sa.Date(), nullable=True),
        sa.Column("settled", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "number", name=op.f("pk_loan_instalment")),
    )
    op.create_index(
        "ix_loan_instalment_open", "loan_instalment", ["tenant", "due", "loan_id"], unique=False, postgresql_where=sa.text("NOT settled")
    )
    op.create_table(
        "loan_offer",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("funder", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("guarantor", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("schedule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("contracts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "id", name=op.f("pk_loan_offer")),
        info={"append_only": True},
    )
    op.create_index("ix_loan_offer_application", "loan_offer", ["tenant", "application_id"], unique=False)
    op.create_index("ix_loan_offer_id", "loan_offer", ["tenant", "id"], unique=False)
    op.create_table(
        "loan_repayment",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("allocation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "key", name=op.f("pk_loan_repayment")),
        info={"append_only": True},
    )
    op.create_table(
        "loan_signature",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("contract_sha256", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("public_key", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "offer_id", name=op.f("pk_loan_signature")),
        info={"append_only": True},
    )
    op.create_index("ix_loan_signature_offer", "loan_signature", ["tenant", "offer_id"], unique=False)
    op.create_table(
        "loan_standing",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", name=op.f("pk_loan_standing")),
    )
    op.create_index("ix_loan_standing_bucket", "loan_standing", ["tenant", "bucket"], unique=False)
    op.create_index("ix_loan_standing_loan", "loan_standing", ["tenant", "loan_id"], unique=False)
    op.create_table(
        "loan_standing_move",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("became", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id", name=op.f("pk_loan_standing_move")),
        info={"append_only": True},
    )
    op.create_table(
        "partner",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_partner")),
        sa.UniqueConstraint("tenant", "code", name=op.f("uq_partner_tenant_code")),
    )
    op.create_table(
        "partner_rate_bucket",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "partner_id", "route", name=op.f("pk_partner_rate_bucket")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "partner_webhook_attempt",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "at", "message_id", "attempt", name=op.f("pk_partner_webhook_attempt")),
        info={"monthly": "at", "append_only": True},
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_partner_webhook_attempt_message", "partner_webhook_attempt", ["tenant", "message_id", "attempt"], unique=False)
    op.create_table(
        "partner_webhook_message",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_partner_webhook_message")),
    )
    op.create_index(
        "ix_partner_webhook_message_due",
        "partner_webhook_message",
        ["tenant", "subscription_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_partner_webhook_message_partner", "partner_webhook_message", ["tenant", "partner_id", "state", "created_at"], unique=False
    )
    op.create_table(
        "partner_webhook_seen",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "partner_id", "message_id", name=op.f("pk_partner_webhook_seen")),
    )
    op.create_index("ix_partner_webhook_seen_at", "partner_webhook_seen", ["tenant", "at"], unique=False)
    op.create_table(
        "staff_failure",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("login_digest", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "login_digest", name=op.f("pk_staff_failure")),
    )
    op.create_table(
        "staff_user",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_staff_user")),
        sa.UniqueConstraint("tenant", "login", name=op.f("uq_staff_user_tenant_login")),
    )
    op.create_table(
        "vault_basis",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "person_id", "purpose", "recipient", "source", name=op.f("pk_vault_basis")),
    )
    op.create_table(
        "vault_index",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "field", "blind", "person_id", name=op.f("pk_vault_index")),
    )
    op.create_index("ix_vault_index_person", "vault_index", ["tenant", "person_id", "field"], unique=False)
    op.create_index(
        "uq_vault_index_id_number", "vault_index", ["tenant", "blind"], unique=True, postgresql_where=sa.text("field = 'id_number'")
    )
    op.create_table(
        "vault_key_check",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_vault_key_check")),
    )
    op.create_table(
        "vault_person",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("kek_version", sa.Integer(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "person_id", name=op.f("pk_vault_person")),
    )
    op.create_index("ix_vault_person_kek", "vault_person", ["tenant", "kek_version", "person_id"], unique=False)
    op.create_table(
        "vault_value",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", "field", name=op.f("pk_vault_value")),
    )
    op.create_table(
        "partner_api_key",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "partner_id"], ["partner.tenant", "partner.id"], name=op.f("fk_partner_api_key_tenant_partner_id")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_partner_api_key")),
    )
    op.create_index("ix_partner_api_key_partner", "partner_api_key", ["tenant", "partner_id"], unique=False)
    op.create_table(
        "partner_webhook_inbound",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "partner_id"], ["partner.tenant", "partner.id"], name=op.f("fk_partner_webhook_inbound_tenant_partner_id")
        ),
        sa.PrimaryKeyConstraint("tenant", "partner_id", name=op.f("pk_partner_webhook_inbound")),
    )
    op.create_table(
        "partner_webhook_subscription",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "partner_id"], ["partner.tenant", "partner.id"], name=op.f("fk_partner_webhook_subscription_tenant_partner_id")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_partner_webhook_subscription")),
    )
    op.create_index("ix_partner_webhook_subscription_partner", "partner_webhook_subscription", ["tenant", "partner_id"], unique=False)
    op.create_table(
        "staff_recovery_code",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "user_id"], ["staff_user.tenant", "staff_user.id"], name=op.f("fk_staff_recovery_code_tenant_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant", "user_id", "digest", name=op.f("pk_staff_recovery_code")),
    )
    op.create_table(
        "staff_session",
        sa.Column("tenant", sa.Text(), server_default=sa.text("current_setting('xinqiao.tenant')"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "user_id"], ["staff_user.tenant", "staff_user.id"], name=op.f("fk_staff_session_tenant_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_staff_session")),
    )
    op.create_index("ix_staff_session_user", "staff_session", ["tenant", "user_id"], unique=False)
