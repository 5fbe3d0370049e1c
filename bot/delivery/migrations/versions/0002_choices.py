"""What is chosen in Slack: settings, digests, languages; how much was asked; a fuller audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_choices"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create four tables and tell the audit what it is about."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "choice",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("scope", sa.String(80), primary_key=True),
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("changed_at", instant, nullable=False),
    )
    op.create_table(
        "digest",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, server_default=""),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("changed_at", instant, nullable=False),
    )
    op.create_table(
        "choice_version",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "used",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(24), primary_key=True),
        sa.Column("local_date", sa.Date, primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
    )
    for name in ("kind", "channel"):
        op.add_column("audit", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    for name in ("before", "after"):
        op.add_column("audit", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_index("ix_audit_at", "audit", ["at"])
