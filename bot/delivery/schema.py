"""How is the state database laid out?

Its tables as the code reads and writes them; how they came to be is in migrations/.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa


class Instant(sa.TypeDecorator[datetime]):
    """An aware instant; SQLite, which keeps no zone, holds it as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Write UTC; a naive instant is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(value)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002  the base class's signature
        """Read UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_metadata = sa.MetaData()

delivery = sa.Table(
    "delivery",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("workspace", sa.String),
    sa.Column("kind", sa.String),
    sa.Column("name", sa.String),
    sa.Column("channel", sa.String),
    sa.Column("local_date", sa.Date),
    sa.Column("episode", sa.String),
    sa.Column("due_at", Instant),
    sa.Column("expires_at", Instant),
    sa.Column("not_before", Instant),
    sa.Column("state", sa.String),
    sa.Column("fence", sa.BigInteger),
    sa.Column("owner", sa.String),
    sa.Column("lease_until", Instant),
    sa.Column("intent_at", Instant),
    sa.Column("attempts", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("payload", sa.Text),
    sa.Column("payload_sha256", sa.String),
    sa.Column("data_as_of", sa.Date),
    sa.Column("thread_ts", sa.String),
    sa.Column("slack_ts", sa.String),
    sa.Column("sent_at", Instant),
    sa.Column("swept_at", Instant),
)

episode = sa.Table(
    "episode",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("workspace", sa.String),
    sa.Column("name", sa.String),
    sa.Column("channel", sa.String),
    sa.Column("state", sa.String),
    sa.Column("since", sa.Date),
    sa.Column("opened_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("root_ts", sa.String),
    sa.Column("number", sa.Integer),
    sa.Column("payload", sa.Text),
    sa.Column("wanted", sa.Integer),
    sa.Column("shown", sa.Integer),
    sa.Column("holder", sa.String),
    sa.Column("held_until", Instant),
    sa.Column("again_at", Instant),
    sa.Column("last_error", sa.Text),
)

alert_rule = sa.Table(
    "alert_rule",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("body", sa.Text),
    sa.Column("changed_by", sa.String),
    sa.Column("changed_at", Instant),
)

alert_standing = sa.Table(
    "alert_standing",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.BigInteger),
    sa.Column("rule", sa.Text),
    sa.Column("body", sa.Text),
    sa.Column("changed_at", Instant),
)

alert_note = sa.Table(
    "alert_note",
    _metadata,
    sa.Column("episode", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("local_date", sa.Date, primary_key=True),
    sa.Column("payload", sa.Text),
    sa.Column("owed", sa.Boolean),
)

audit = sa.Table(
    "audit",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("at", Instant),
    sa.Column("who", sa.String),
    sa.Column("what", sa.Text),
    sa.Column("rows", sa.BigInteger),
    sa.Column("kind", sa.String, default=""),
    sa.Column("channel", sa.String, default=""),
    sa.Column("before", sa.Text, default=""),
    sa.Column("after", sa.Text, default=""),
)

choice = sa.Table(
    "choice",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("scope", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("changed_by", sa.String),
    sa.Column("changed_at", Instant),
)

digest = sa.Table(
    "digest",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("owner", sa.String),
    sa.Column("body", sa.Text),
    sa.Column("changed_by", sa.String),
    sa.Column("changed_at", Instant),
)

choice_version = sa.Table(
    "choice_version",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("version", sa.BigInteger),
)

used = sa.Table(
    "used",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("who", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("local_date", sa.Date, primary_key=True),
    sa.Column("times", sa.BigInteger),
)

obituary = sa.Table(
    "obituary",
    _metadata,
    sa.Column("workspace", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("channel", sa.String, primary_key=True),
    sa.Column("local_date", sa.Date, primary_key=True),
    sa.Column("post_at", Instant),
    sa.Column("scheduled_id", sa.String),
)

schema_range = sa.Table(
    "schema_range", _metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("needs", sa.String)
)
"""One row: the oldest revision whose code can work with the tables as they are."""
