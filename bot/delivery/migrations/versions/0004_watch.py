"""What watches over the deliveries: obituaries, and which versions may use these tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_watch"
down_revision = "0003_alerting"
branch_labels = None
depends_on = None

NEEDS = "0001"
"""The oldest revision whose code can still work with these tables: this one only adds."""


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "obituary",
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("local_date", sa.Date, primary_key=True),
        sa.Column("post_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheduled_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "schema_range",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("needs", sa.String(64), nullable=False),
    )
