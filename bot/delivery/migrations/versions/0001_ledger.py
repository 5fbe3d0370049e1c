"""The first ledger: deliveries, alert episodes, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = ("workspace", "kind", "name", "channel", "local_date", "episode")


def upgrade() -> None:
    """Create the three tables."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("local_date", sa.Date, nullable=False),
        sa.Column("episode", sa.String(64), nullable=False, server_default=""),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("not_before", instant),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("owner", sa.String(120)),
        sa.Column("lease_until", instant),
        sa.Column("intent_at", instant),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text),
        sa.Column("payload", sa.Text),
        sa.Column("payload_sha256", sa.String(64)),
        sa.Column("data_as_of", sa.Date),
        sa.Column("thread_ts", sa.String(32)),
        sa.Column("slack_ts", sa.String(32)),
        sa.Column("sent_at", instant),
        sa.Column("swept_at", instant),
        sa.UniqueConstraint(*KEY, name="uq_delivery_key"),
    )
    op.create_index("ix_delivery_open", "delivery", ["state", "due_at"])
    op.create_table(
        "episode",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("closed_at", instant),
        sa.Column("root_ts", sa.String(32)),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_episode_open",
        "episode",
        ["workspace", "name", "channel"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False, server_default="0"),
    )
