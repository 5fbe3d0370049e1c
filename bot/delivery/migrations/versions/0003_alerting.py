"""Rules made in Slack, how each rule stands, and messages that are edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_alerting"
down_revision = "0002_choices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: an older version goes on with what it knows."""
    instant = sa.DateTime(timezone=True)
    with op.batch_alter_table("episode") as episode:
        episode.add_column(sa.Column("number", sa.Integer, nullable=False, server_default="0"))
        episode.add_column(sa.Column("payload", sa.Text))
        episode.add_column(sa.Column("wanted", sa.Integer, nullable=False, server_default="0"))
        episode.add_column(sa.Column("shown", sa.Integer, nullable=False, server_default="0"))
        episode.add_column(sa.Column("holder", sa.String(120)))
        episode.add_column(sa.Column("held_until", instant))
        episode.add_column(sa.Column("again_at", instant))
        episode.add_column(sa.Column("last_error", sa.Text))
    op.create_table(
        "alert_rule",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed_by", sa.String(120), nullable=False),
        sa.Column("changed_at", instant, nullable=False),
    )
    op.create_table(
        "alert_standing",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
    )
    op.create_table(
        "alert_note",
        sa.Column("episode", sa.String(26), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("local_date", sa.Date, primary_key=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("owed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
