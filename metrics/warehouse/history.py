"""What was known on each of many past mornings, without counting everything anew for each?

A later import matters to a morning only if it touched orders of that morning's days. Where one did, the kept
cells still tell what each import added, as far back as the newest recount; only before that the orders
themselves are replayed (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from metrics.counts import Counts
from metrics.day import of_number, zone
from metrics.report import Quality
from metrics.warehouse.answers import named_labels
from metrics.warehouse.kept import read_cells
from metrics.warehouse.schema import CELLS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection

    from metrics.warehouse.store import Store


class Knowing(Protocol):
    """Counts and data quality, as known at some instant."""

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by label of the dimension."""
        ...

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts up to and on as_of."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """One import. `touched_from`: the first day of which it added, changed or took away an order.

    `newest_at`: the newest order it brought. `in_cells`: whether the kept cells tell its part by itself.
    """

    number: int
    known_at: datetime
    touched_from: date | None
    newest_at: datetime | None
    in_cells: bool


class History:
    """A store's imports, and what was known after each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._replays: dict[int, Knowing] = {}
        with store.reading() as connection:
            self._batches = _batches(connection, zone(store.rules.zone))
        recounted = [batch.number for batch in self._batches if batch.touched_from is not None and not batch.in_cells]
        self._base = max(recounted, default=0)

    def knowing(self, known_at: datetime, as_of: date) -> tuple[Knowing, bool]:
        """What was known then of days up to as_of, and whether that differs from today's knowledge.

        Before the first import: today's knowledge.
        """
        before = [batch for batch in self._batches if batch.known_at <= known_at]
        later = [batch for batch in self._batches if batch.known_at > known_at]
        if not before or all(batch.touched_from is None or batch.touched_from > as_of for batch in later):
            return self._store, False
        last = before[-1].number
        if last not in self._replays:
            self._replays[last] = self._past(last, known_at)
        return self._replays[last], True

    def knew_anything(self, known_at: datetime) -> bool:
        """Whether something had been imported by then."""
        return any(batch.known_at <= known_at for batch in self._batches)

    def _past(self, last: int, known_at: datetime) -> Knowing:
        if last < self._base:
            return self._store.known(known_at)
        newest = [batch.newest_at for batch in self._batches if batch.number <= last and batch.newest_at]
        return Slice(self._store, last, max(newest, default=None))


class Slice:
    """The kept cells of the imports up to one of them."""

    def __init__(self, store: Store, last: int, newest_at: datetime | None) -> None:
        self._store, self._last, self._newest_at = store, last, newest_at
        self._counts: dict[str, Counts] = {}

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by label of the dimension; a filter would need the orders themselves."""
        if filters:
            raise ValueError(filters)
        if dimension not in self._counts:
            with self._store.reading() as connection:
                labels, values = named_labels(connection, dimension)
                cells = read_cells(connection, labels, values, until=self._last)
            self._counts[dimension] = Counts(dimension, cells, self._store.rules.horizon_days)
        return self._counts[dimension]

    def quality(self, as_of: date) -> Quality:
        """Today's, with the newest order known then."""
        found = self._store.quality(as_of)
        if found.newest_at is None or self._newest_at is None or found.newest_at <= self._newest_at:
            return found
        return replace(found, newest_at=self._newest_at)


def _batches(connection: DuckDBPyConnection, shop_zone: ZoneInfo) -> tuple[Batch, ...]:
    """Every import in the order in which it was learned."""
    cells = " UNION ".join(f"SELECT batch FROM {table} WHERE batch > 0" for table in CELLS)
    rows = connection.execute(
        "WITH came AS (SELECT batch, ordered_at FROM orders UNION ALL SELECT batch, ordered_at FROM superseded),"
        " touched AS (SELECT batch, ordered_at FROM came UNION ALL SELECT gone, ordered_at FROM superseded),"
        " days AS (SELECT batch, min(epoch_us(ordered_at) // 86400000000) AS day FROM touched GROUP BY batch),"
        " newest AS (SELECT batch, max(ordered_at) AS newest FROM came GROUP BY batch)"
        f" SELECT batch, known_at, day, newest, batch IN ({cells})"
        " FROM batch LEFT JOIN days USING (batch) LEFT JOIN newest USING (batch) ORDER BY batch"
    ).fetchall()
    return tuple(
        Batch(
            int(number),
            known_at.replace(tzinfo=UTC),
            None if day is None else of_number(int(day)),
            newest.replace(tzinfo=shop_zone) if newest else None,
            bool(in_cells),
        )
        for number, known_at, day, newest, in_cells in rows
    )
