"""What does the state database do in the simulation? The same as the ledger, on a dict.

tests/simulation/test_book.py plays the same moves on this and on the real ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.delivery.protocol import LEASE, SWEEPS, sweep_is_due
from bot.delivery.row import OPEN, Delivery, Key, Kind, Payload, State, digest_of, ulid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.delivery.clock import Window


FIELDS = tuple(field.name for field in fields(Delivery))


def altered(row: Delivery, **values: object) -> Delivery:
    """dataclasses.replace, three times as quick."""
    return Delivery(*[values[name] if name in values else getattr(row, name) for name in FIELDS])


@dataclass
class SimulatedBook:
    """The ledger's table as the protocol reads and writes it. `clock` is the database's."""

    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    rows: dict[Key, Delivery] = field(default_factory=dict)
    changes: int = 0
    inserts: int = 0
    changed: Callable[[Delivery], None] = lambda _row: None
    _hashes: dict[int, tuple[Payload, str]] = field(default_factory=dict)
    _ripe: tuple[int, datetime | None, datetime | None] = (-1, None, None)

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        return key not in self.rows and self._owe(
            Delivery(ulid(now, self.random(10)), key, window.due_at, window.expires_at)
        )

    def _owe(self, row: Delivery) -> bool:
        if row.key in self.rows:
            return False
        self._put(row)
        self.inserts += 1
        return True

    def claim(self, owner: str, *, only: Key | None = None) -> Delivery | None:
        now = self.clock()
        ripe = [row for row in self.rows.values() if self._is_ripe(row, now) and only in {None, row.key}]
        if not ripe:
            return None
        row = min(ripe, key=lambda row: (row.due_at, row.id))
        return self._put(altered(row, state=State.SENDING, owner=owner, fence=row.fence + 1, lease_until=now + LEASE))

    def _is_ripe(self, row: Delivery, now: datetime) -> bool:
        return (
            row.state in OPEN
            and (row.lease_until is None or row.lease_until <= now)
            and (row.not_before is None or row.not_before <= now)
            and row.due_at <= now < row.expires_at
        )

    def keep(self, row: Delivery, payload: Payload) -> bool:
        return self._ours(row) and self._change(
            row, payload=payload, payload_sha256=self._hash(payload), data_as_of=payload.data_as_of
        )

    def intend(self, row: Delivery) -> bool:
        now, found = self.clock(), self.rows.get(row.key)
        if not self._ours(row) or found is None or found.lease_until is None or found.lease_until <= now:
            return False
        return self._change(row, intent_at=now, attempts=found.attempts + 1)

    def put_off(self, row: Delivery, state: State, until: datetime, why: str, *, arrived_perhaps: bool) -> bool:
        intent = {} if arrived_perhaps else {"intent_at": None}
        return self._ours(row) and self._change(
            row, state=state, not_before=until, last_error=why, owner=None, lease_until=None, **intent
        )

    def sent(self, row: Delivery, ts: str) -> str:
        found = self.rows.get(row.key)
        if found is None or found.id != row.id:
            return ts
        if found.state is State.SENT:
            return found.slack_ts or ts
        self._change(row, state=State.SENT, slack_ts=ts, sent_at=self.clock(), lease_until=None)
        for number, reply in enumerate(row.payload.replies if row.payload else (), start=1):
            name = f"{row.key.name}/{number}"
            key = replace(row.key, kind=Kind.REPLY, name=name, episode=row.mark)
            owed = Delivery(ulid(self.clock(), self.random(10)), key, row.due_at, row.expires_at)
            self._owe(altered(owed, payload=reply, payload_sha256=self._hash(reply), thread_ts=ts))
        return ts

    def expire(self) -> Sequence[Delivery]:
        now = self.clock()
        late = [
            row
            for row in self.rows.values()
            if row.state in OPEN and row.expires_at <= now and (row.lease_until is None or row.lease_until <= now)
        ]
        return [self._put(altered(row, state=State.EXPIRED, lease_until=None)) for row in late]

    def unswept(self) -> Sequence[Delivery]:
        now = self.clock()
        sent = (row for row in self.rows.values() if row.sent_at and now - SWEEPS[-1] * 2 < row.sent_at)
        return sorted((row for row in sent if sweep_is_due(row, now)), key=lambda row: row.sent_at)

    def swept(self, row: Delivery) -> None:
        found = self.rows.get(row.key)
        if found is not None and found.id == row.id:
            self._put(altered(found, swept_at=self.clock()))

    def find(self, key: Key) -> Delivery | None:
        return self.rows.get(key)

    def ripens(self) -> timedelta | None:
        now = self.clock()
        ripe = (ripe_at(row) for row in self.rows.values() if row.state in OPEN)
        return min((at - now for at in ripe if at > now), default=None)

    def free(self, owner: str) -> int:
        mine = [row for row in self.rows.values() if row.owner == owner and row.state is State.SENDING]
        return len([self._put(altered(row, lease_until=None)) for row in mine if row.lease_until])

    def _hash(self, payload: Payload) -> str:
        """The hash of the bytes; there are few different ones, and each is hashed once."""
        found = self._hashes.get(id(payload))
        if found is None:
            found = self._hashes[id(payload)] = (payload, digest_of(payload.dump()))
        return found[1]

    def _ours(self, row: Delivery) -> bool:
        found = self.rows.get(row.key)
        return found is not None and (found.id, found.fence, found.state) == (row.id, row.fence, State.SENDING)

    def _change(self, row: Delivery, **values: object) -> bool:
        self._put(altered(self.rows[row.key], **values))
        return True

    def _put(self, row: Delivery) -> Delivery:
        self.rows[row.key] = row
        self.changes += 1
        self.changed(row)
        return row

    def ripe_at(self, *, sweeps: bool) -> datetime | None:
        """When the next tick will find something to do: the simulation need not tick before."""
        if self._ripe[0] != self.changes:
            owed = min((ripe_at(row) for row in self.rows.values() if row.state in OPEN), default=None)
            sent = (when for row in self.rows.values() if row.sent_at and (when := sweep_at(row)))
            swept = min((when for when in (owed, *sent) if when), default=None)
            self._ripe = (self.changes, owed, swept)
        return self._ripe[2 if sweeps else 1]

    def replace_all(self, rows: dict[Key, Delivery]) -> None:
        self.rows = rows
        self.changes += 1
        self.inserts += 1


def ripe_at(row: Delivery) -> datetime:
    return max(row.due_at, row.lease_until or row.due_at, row.not_before or row.due_at)


def sweep_at(row: Delivery) -> datetime | None:
    if row.sent_at is None:
        return None
    swept = row.swept_at or row.sent_at
    for after in SWEEPS:
        if swept < (at := row.sent_at + after):
            return at
    return None


def forget_old(book: SimulatedBook, before: datetime) -> None:
    """Drop rows that nothing will ask for again, so that a long run stays quick."""
    old = {key for key, row in book.rows.items() if row.expires_at < before - timedelta(days=2)}
    book.replace_all({key: row for key, row in book.rows.items() if key not in old})
