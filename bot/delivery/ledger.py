"""Which messages are owed, which have arrived, and who is at it?

The state database is the truth; the scheduler only ticks. Every call is one short
transaction, and what must not happen twice is a unique key or a conditional update.
SQLite serves one host, PostgreSQL several replicas; the statements are the same. What is
claimed, held and expired is decided on the database's clock: replicas may disagree about
the time. `now`, where it can be given, is another clock instead: a test's.
"""

from __future__ import annotations

import os
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.delivery.database import WAITS, Waits, open_engine
from bot.delivery.protocol import CANNOT_LOOK, HOLD, LEASE, SWEEPS, sweep_is_due
from bot.delivery.row import OPEN, Delivery, Key, Kind, Payload, State, digest_of, ulid
from bot.delivery.schema import Instant, audit, delivery, episode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.delivery.clock import Window

_KEY = tuple(field.name for field in fields(Key))


class Ledger:
    """The state database's three tables, as the trade speaks of them."""

    def __init__(
        self,
        engine: sa.Engine,
        random: Callable[[int], bytes] = os.urandom,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._engine = self.engine = engine
        self._random = random
        self._clock = clock
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @classmethod
    def open(
        cls,
        url: str,
        random: Callable[[int], bytes] = os.urandom,
        clock: Callable[[], datetime] | None = None,
        waits: Waits = WAITS,
    ) -> Ledger:
        """Open the state database and migrate it; raises a Problem (unreachable, from the future)."""
        return cls(open_engine(url, waits), random, clock)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def now(self) -> datetime:
        """The database's clock; also the shortest proof that it answers."""
        with self._engine.begin() as connection:
            return self._read_clock(connection)

    def _read_clock(self, connection: sa.Connection, now: datetime | None = None) -> datetime:
        at = now or (self._clock() if self._clock else None)
        found = connection.execute(sa.select(self._at(at))).scalar_one()
        return found.astimezone(UTC)

    def _at(self, now: datetime | None, later: timedelta = timedelta(0)) -> sa.ColumnElement[datetime]:
        """An instant of the database's clock, or of the given one."""
        given = now or (self._clock() if self._clock else None)
        if given is not None:
            return sa.literal(given + later, Instant)
        if self._engine.dialect.name == "postgresql":
            return sa.cast(sa.func.clock_timestamp(), Instant) + sa.literal(later, sa.Interval)
        moved = f"{later.total_seconds():+} seconds"
        return sa.func.strftime("%Y-%m-%d %H:%M:%f000", "now", moved, type_=Instant)

    # --- deliveries -----------------------------------------------------------------------

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        """Owe a message; False when that key is owed, sent or given up already."""
        with self._engine.begin() as connection:
            return self._owe(connection, key, window.due_at, window.expires_at, now)

    def _owe(
        self, connection: sa.Connection, key: Key, due_at: datetime, expires_at: datetime, now: datetime, **more: object
    ) -> bool:
        row = {name: getattr(key, name) for name in _KEY}
        statement = (
            self._insert(delivery)
            .values(
                {
                    "id": ulid(now, self._random(10)),
                    "due_at": due_at,
                    "expires_at": expires_at,
                    "state": State.PENDING,
                    **row,
                    **more,
                }
            )
            .on_conflict_do_nothing(index_elements=_KEY)
            .returning(delivery.c.id)  # a driver's row count says nothing certain of an insert
        )
        return connection.execute(statement).first() is not None

    def claim(self, owner: str, now: datetime | None = None, *, only: Key | None = None) -> Delivery | None:
        """Take the oldest delivery that may be worked on; a lease keeps others away for 90 s."""
        wanted, at = () if only is None else _is(only), self._at(now)
        free = sa.or_(delivery.c.lease_until.is_(None), delivery.c.lease_until <= at)
        ripe = sa.or_(delivery.c.not_before.is_(None), delivery.c.not_before <= at)
        oldest = (
            sa.select(delivery.c.id)
            .where(delivery.c.state.in_(OPEN), free, ripe, delivery.c.due_at <= at, delivery.c.expires_at > at)
            .where(*wanted)
            .order_by(delivery.c.due_at, delivery.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        statement = (
            sa.update(delivery)
            .where(delivery.c.id == oldest.scalar_subquery())
            .values(state=State.SENDING, owner=owner, fence=delivery.c.fence + 1, lease_until=self._at(now, LEASE))
            .returning(delivery)
        )
        with self._engine.begin() as connection:
            row = connection.execute(statement).mappings().one_or_none()
        return None if row is None else _delivery(row)

    def keep(self, row: Delivery, payload: Payload) -> bool:
        """Store what will be posted; every retry reads these bytes."""
        text = payload.dump()
        return self._update(row, payload=text, payload_sha256=digest_of(text), data_as_of=payload.data_as_of)

    def intend(self, row: Delivery, now: datetime | None = None) -> bool:
        """Write down that a post is about to happen; False when the claim is no longer ours."""
        at = self._at(now)
        return self._update(row, delivery.c.lease_until > at, intent_at=at, attempts=delivery.c.attempts + 1)

    def put_off(self, row: Delivery, state: State, until: datetime, why: str, *, arrived_perhaps: bool) -> bool:
        """Let go of the claim and try again from `until`; `arrived_perhaps` keeps the intent."""
        intent = {} if arrived_perhaps else {"intent_at": None}
        return self._update(row, state=state, not_before=until, last_error=why, owner=None, lease_until=None, **intent)

    def _update(self, row: Delivery, *only: sa.ColumnElement[bool], **values: object) -> bool:
        ours = (delivery.c.id == row.id, delivery.c.fence == row.fence, delivery.c.state == State.SENDING)
        with self._engine.begin() as connection:
            return connection.execute(sa.update(delivery).where(*ours, *only).values(**values)).rowcount == 1

    def free(self, owner: str) -> int:
        """Let go of every claim of a process that is about to end; its intents stay. Gives how many there were."""
        mine = (delivery.c.owner == owner, delivery.c.state == State.SENDING, delivery.c.lease_until.is_not(None))
        with self._engine.begin() as connection:
            return connection.execute(sa.update(delivery).where(*mine).values(lease_until=None)).rowcount

    def sent(self, row: Delivery, ts: str, now: datetime | None = None) -> str:
        """Record where it is in Slack, and owe its replies. No fence: a ts is a fact.

        Gives the place that counts: the first that was recorded.
        """
        done = sa.update(delivery).where(delivery.c.id == row.id, delivery.c.state != State.SENT)
        with self._engine.begin() as connection:
            at = self._read_clock(connection, now)
            values = {"state": State.SENT, "slack_ts": ts, "sent_at": at, "lease_until": None}
            if connection.execute(done.values(values)).rowcount == 0:
                recorded = sa.select(delivery.c.slack_ts).where(delivery.c.id == row.id)
                return connection.execute(recorded).scalar_one_or_none() or ts
            self._owe_replies(connection, row, ts, at)
            if row.key.kind is Kind.ALERT:
                connection.execute(sa.update(episode).where(episode.c.id == row.key.episode).values(root_ts=ts))
        return ts

    def _owe_replies(self, connection: sa.Connection, row: Delivery, ts: str, now: datetime) -> None:
        for number, reply in enumerate(row.payload.replies if row.payload else (), start=1):
            key = Key(
                row.key.workspace, Kind.REPLY, f"{row.key.name}/{number}", row.key.channel, row.key.local_date, row.mark
            )
            text = reply.dump()
            more = {"payload": text, "payload_sha256": digest_of(text), "thread_ts": ts, "data_as_of": reply.data_as_of}
            self._owe(connection, key, row.due_at, row.expires_at, now, **more)

    def unswept(self, now: datetime | None = None) -> Sequence[Delivery]:
        """What was sent and has come to a moment at which the channel is searched for a twin."""
        with self._engine.begin() as connection:
            at = self._read_clock(connection, now)
            since, until = at - SWEEPS[-1] * 2, at - SWEEPS[0]
            span = (delivery.c.state == State.SENT, delivery.c.sent_at > since, delivery.c.sent_at <= until)
            found = connection.execute(sa.select(delivery).where(*span).order_by(delivery.c.sent_at))
            return [row for row in map(_delivery, found.mappings()) if sweep_is_due(row, at)]

    def swept(self, row: Delivery, now: datetime | None = None) -> None:
        """Write down that the channel was searched."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(delivery).where(delivery.c.id == row.id).values(swept_at=self._at(now)))

    def settle(self, delivery_id: str, attempt: int, *, there: bool, who: str, now: datetime) -> Delivery | None:
        """Do what a person says of a post that may have arrived: it is there, or it may be sent again.

        Only while it is held after that very attempt and nobody works on it, and once: None else. What is
        sent again waits for the end of the hold, for Slack may still apply the first.
        """
        held = (
            delivery.c.state == State.BLOCKED,
            delivery.c.last_error == CANNOT_LOOK,
            delivery.c.intent_at.is_not(None),
        )
        ours = (delivery.c.id == delivery_id, delivery.c.attempts == attempt, *held)
        with self._engine.begin() as connection:
            found = connection.execute(sa.select(delivery).where(*ours).with_for_update()).mappings().one_or_none()
            if found is None:
                return None
            row, is_there = _delivery(found), {"state": State.SENT, "sent_at": found["intent_at"]}
            again = {"state": State.PENDING, "not_before": found["intent_at"] + HOLD, "intent_at": None}
            values = {**(is_there if there else again), "last_error": "held", "fence": delivery.c.fence + 1}
            connection.execute(sa.update(delivery).where(*ours).values(values))
            said = f"{'there' if there else 'again'} {row.key.kind} {row.key.name} {row.key.local_date}"
            noted = {"id": ulid(now, self._random(10)), "at": now, "who": who, "what": said, "rows": 1}
            connection.execute(sa.insert(audit).values({**noted, "kind": "delivery", "channel": row.key.channel}))
        return row

    def expire(self, now: datetime | None = None) -> Sequence[Delivery]:
        """Give up what is too late to be worth reading, and say which."""
        at = self._at(now)
        free = sa.or_(delivery.c.lease_until.is_(None), delivery.c.lease_until <= at)
        statement = (
            sa.update(delivery)
            .where(delivery.c.state.in_(OPEN), delivery.c.expires_at <= at, free)
            .values(state=State.EXPIRED, lease_until=None)
            .returning(delivery)
        )
        with self._engine.begin() as connection:
            return [_delivery(row) for row in connection.execute(statement).mappings()]

    def ripens(self) -> timedelta | None:
        """How long until something can be claimed that cannot be now."""
        given = None if self._clock is None else self._clock()
        waits = (delivery.c.due_at, delivery.c.lease_until, delivery.c.not_before)
        statement = sa.select(self._at(given), *waits).where(delivery.c.state.in_(OPEN))
        with self._engine.begin() as connection:
            rows = connection.execute(statement).all()
        later = [ripe - at for at, *until in rows if (ripe := max(filter(None, until))) > at]
        return min(later, default=None)

    def skip(self, key: Key, window: Window, now: datetime) -> bool:
        """Write down a message that is too late to be owed; False when the key is known."""
        with self._engine.begin() as connection:
            return self._owe(connection, key, window.due_at, window.expires_at, now, state=State.SKIPPED)

    def digests(self, limit: int, channel: str | None = None, name: str | None = None) -> Sequence[Delivery]:
        """The newest digests first, of one channel or all, of one name or all."""
        wanted = ((delivery.c.channel, channel), (delivery.c.name, name))
        where = [delivery.c.kind == Kind.DIGEST, *(column == value for column, value in wanted if value is not None)]
        newest = (delivery.c.local_date.desc(), delivery.c.due_at.desc(), delivery.c.id.desc())
        with self._engine.begin() as connection:
            found = connection.execute(sa.select(delivery).where(*where).order_by(*newest).limit(limit))
            return [_delivery(row) for row in found.mappings()]

    def find(self, key: Key) -> Delivery | None:
        """The row of that key."""
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(delivery).where(*_is(key))).mappings().one_or_none()
        return None if row is None else _delivery(row)

    def deliveries(self, limit: int = 100) -> Sequence[Delivery]:
        """The newest deliveries first."""
        statement = sa.select(delivery).order_by(delivery.c.due_at.desc(), delivery.c.id.desc()).limit(limit)
        with self._engine.begin() as connection:
            return [_delivery(row) for row in connection.execute(statement).mappings()]

    def mornings(self, workspace: str, since: date) -> Sequence[Delivery]:
        """Every digest since that local date, the newest first, without what was in it."""
        columns = [column for column in delivery.c if column.name != "payload"]
        where = (delivery.c.workspace == workspace, delivery.c.kind == Kind.DIGEST, delivery.c.local_date >= since)
        statement = sa.select(*columns, sa.null().label("payload")).where(*where).order_by(delivery.c.due_at.desc())
        with self._engine.begin() as connection:
            return [_delivery(row) for row in connection.execute(statement).mappings()]

    # --- audit ----------------------------------------------------------------------------

    def audit(self, who: str, what: str, rows: int, now: datetime) -> None:
        """Write down who saw or changed what."""
        values = {"id": ulid(now, self._random(10)), "at": now, "who": who, "what": what, "rows": rows}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(audit).values(values))

    def audited(self, limit: int = 100) -> Iterable[tuple[datetime, str, str, int]]:
        """The newest audit rows first: when, who, what, rows."""
        columns = (audit.c.at, audit.c.who, audit.c.what, audit.c.rows)
        with self._engine.begin() as connection:
            found = connection.execute(sa.select(*columns).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit))
            return [(at, who, what, rows) for at, who, what, rows in found]


def _is(key: Key) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(delivery.c[name] == getattr(key, name) for name in _KEY)


def _delivery(row: sa.RowMapping) -> Delivery:
    raw: dict[str, Any] = {**row, "kind": Kind(row["kind"]), "state": State(row["state"])}
    raw["payload"] = Payload.load(row["payload"]) if row["payload"] else None
    key = Key(**{name: raw[name] for name in _KEY})
    return Delivery(key=key, **{field.name: raw[field.name] for field in fields(Delivery) if field.name in raw})
