"""The embedded store: orders, versions, customers and counts in one DuckDB file.

The file is opened briefly: a DuckDB file has one writing process at a time.
Counts stay in memory, so a figure needs no file at all.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.cells import no_cells, used
from metrics.counts import Counts
from metrics.cpm import Group
from metrics.day import Span
from metrics.dormancy import AboutToGoDormant
from metrics.estimate import Estimate
from metrics.landing import CannotLand, Landing
from metrics.problem import Problem
from metrics.report import Quality
from metrics.rules import Rules
from metrics.segment import ALL, ENTRY, OTHER, PURCHASE_COUNT, Dimension, UnknownDimension, dimensions
from metrics.warehouse import bookmark, items, kept, roles
from metrics.warehouse.answers import (
    LABELS_KEPT,
    QualityCounts,
    cohort_counts,
    customers_where,
    filtered_counts,
    named_labels,
    ranked_labels,
    ranked_list,
    read_quality,
)
from metrics.warehouse.cohorts import TOO_MANY, Cohorts, read_cohorts
from metrics.warehouse.file import (
    check,
    connect,
    looks,
    next_generation,
    prepare,
    signature,
    signed,
    transaction,
    troubles,
    watermark,
)
from metrics.warehouse.history import History
from metrics.warehouse.money import RevenueByAge, customer_groups, revenue_by_age
from metrics.warehouse.pull import HASHED
from metrics.warehouse.schema import HASHES, kept_columns, name, order_columns, text
from metrics.warehouse.versions import Taken, next_batch, rebuild, settle, take

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WAIT_SECONDS = 60.0
"""How long to wait for another process that has the file open."""


class NoStore(Problem):
    """Nothing has been imported yet."""

    key = "no_store"


@dataclass(slots=True)
class _Loaded:
    """What is in memory, and the watermark (generation, batch) of the file it came from."""

    mark: tuple[str, int]
    counts: dict[str, Counts] = field(default_factory=dict)
    quality: QualityCounts | None = None
    cohorts: Cohorts | None = None


class Store:
    """One DuckDB file with today's knowledge; a CountsReader."""

    def __init__(self, path: Path, rules: Rules, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.path = path
        self.rules = rules
        self._wait_seconds = wait_seconds
        self._lock = threading.RLock()
        self._writer: DuckDBPyConnection | None = None
        self._loaded = _Loaded(("", -1))
        self._told = ("", -1)
        self._seen: tuple[object, ...] | None = None

    # -- opening -----------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[DuckDBPyConnection]:
        """The one connection that may write: for staging orders, then for `take`.

        Creates the file where it is missing; counts anew where the rules have changed.
        Raises NotAStore, StoreBusy.
        """
        connection = connect(self.path, read_only=False, wait_seconds=self._wait_seconds)
        with self._lock:
            self._writer = connection
        created = False
        try:
            with troubles(self.path):
                with transaction(connection):
                    created = prepare(connection, self.path, self.rules)
                yield connection
        except BaseException:
            if created:
                self._unmake(connection)
            raise
        finally:
            with self._lock:
                self._writer = None
                connection.close()

    def _unmake(self, connection: DuckDBPyConnection) -> None:
        """Leaves no empty file behind; nobody else can have it open, for we still do."""
        if not connection.execute("SELECT count(*) FROM batch").fetchall()[0][0]:
            for path in (self.path, self.path.with_name(self.path.name + ".wal")):
                path.unlink(missing_ok=True)

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """A connection that sees the last committed state, also while an import runs here.

        Counts anew first where the rules have changed. Raises NoStore, NotAStore, StoreBusy.
        """
        connection = self._snapshot()
        try:
            with troubles(self.path):
                if self._writer is None and signed(connection) != signature(connection, self.rules):
                    connection.close()
                    with self.writing():
                        pass
                    connection = self._snapshot()
                yield connection
        finally:
            connection.close()

    def _snapshot(self) -> DuckDBPyConnection:
        with self._lock:
            if self._writer is not None:
                return self._writer.cursor()
            if not self.path.exists():
                raise NoStore(path=str(self.path))
            connection = connect(self.path, read_only=True, wait_seconds=self._wait_seconds)
        try:
            with troubles(self.path):
                check(connection, self.path)
        except Problem:
            connection.close()
            raise
        return connection

    # -- writing -----------------------------------------------------------------

    def take(
        self,
        connection: DuckDBPyConnection,
        known_at: datetime,
        progress: Callable[[float], None] = lambda _: None,
        *,
        repeats: bool = True,
    ) -> Taken:
        """Merges the staged table `incoming` and folds the touched customers, wholly or not at all.

        `connection` comes from `writing()`; known_at: aware, when these orders were learned;
        repeats: False where no order stands in `incoming` twice, which saves looking.
        """
        with transaction(connection):
            items.take(connection, repeats=repeats)
            roles.tell(connection, self.rules)
            taken = take(connection, self.rules, known_at, progress, repeats=repeats)
            if taken.rebuilt or kept.compact(connection):
                next_generation(connection)
        return taken

    @contextmanager
    def landing(self, connection: DuckDBPyConnection) -> Iterator[Landing]:
        """Where the orders of a first load may be written at once; then `settle`, inside the block.

        The block is one transaction. Raises CannotLand where there are orders already.
        """
        if connection.execute("SELECT 1 FROM orders LIMIT 1").fetchone() or roles.known(connection, self.rules):
            raise CannotLand
        with transaction(connection):
            yield Landing("orders", f"{HASHED}, {next_batch(connection)} AS batch")

    def settle(
        self, connection: DuckDBPyConnection, known_at: datetime, progress: Callable[[float], None] = lambda _: None
    ) -> Taken:
        """Counts what has landed; known_at: aware, when these orders were learned."""
        taken = settle(connection, self.rules, known_at, progress)
        next_generation(connection)
        return taken

    def rebuild(self, progress: Callable[[float], None] = lambda _: None) -> int:
        """Counts everything anew from the orders; gives the number of customers."""
        with self.writing() as connection, transaction(connection):
            customers = rebuild(connection, self.rules, progress)
            next_generation(connection)
        return customers

    # -- reading -----------------------------------------------------------------

    def dimensions(self) -> tuple[Dimension, ...]:
        """Dimensions that can be asked for."""
        return dimensions(self.rules.columns)

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by label of the dimension, from memory where no filter is given.

        With filters, of the customers whose labels are those (exactly as stored); counted
        from their orders. Raises UnknownDimension, NoStore, StoreBusy.
        """
        self._known(dimension)
        if filters:
            with self.reading() as connection:
                return filtered_counts(connection, self.rules, dimension, self._condition(connection, filters))
        with self._lock:
            found = self._loaded.counts.get(dimension)
            if found is None:
                found = self._loaded.counts[dimension] = self._load(dimension)
            return found

    def cohort_counts(self, dimension: str, filters: Mapping[str, str]) -> Counts:
        """First and second purchases only, from the customer state: fast for any cross filter.

        It is read at the first such question after an import; raises NotAFilter, UnknownLabel, NoStore, StoreBusy.
        """
        self._known(dimension)
        for one in filters:
            self._known(one)
        with self._lock:
            if self._loaded.cohorts is None:
                with self.reading() as connection:
                    self._marked(connection)
                    self._loaded.cohorts = read_cohorts(connection, self.rules) or TOO_MANY
            cohorts = self._loaded.cohorts
        if cohorts is not TOO_MANY:
            return cohorts.counts(dimension, filters)
        with self.reading() as connection:
            return cohort_counts(connection, self.rules, dimension, self._condition(connection, filters))

    def refresh(self) -> bool:
        """Brings the counts in memory up to the file's last batch; whether anything is new since the last call.

        A file that nobody has written to is not opened again: that alone takes longer than an answer.
        """
        seen = looks(self.path) if self._writer is None else None
        if seen is not None and seen == self._seen:
            return False
        with self.reading() as connection:
            mark = watermark(connection)
            if mark != self._loaded.mark:
                fresh = self._folded(connection, mark)
                with self._lock:
                    self._loaded = fresh
        told, self._told = self._told, mark
        self._seen = seen
        return mark != told

    def _folded(self, connection: DuckDBPyConnection, mark: tuple[str, int]) -> _Loaded:
        """What is in memory, with the batches that came later."""
        fresh = _Loaded(mark)
        if mark[0] == self._loaded.mark[0] and self._loaded.counts:
            later = kept.new_cells(connection, self._loaded.mark[1])
            for dimension, counts in self._loaded.counts.items():
                more = later.get(dimension, no_cells())
                if OTHER not in counts.labels and len(more.labels) <= LABELS_KEPT:
                    fresh.counts[dimension] = counts.plus(used(more))
        return fresh

    def labels(self, dimension: str, limit: int = 100) -> tuple[str, ...]:
        """The dimension's labels, most customers first."""
        self._known(dimension)
        with self.reading() as connection:
            return tuple(value for value, _ in ranked_labels(connection, dimension)[:limit])

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to and on as_of."""
        with self._lock:
            if self._loaded.quality is None:
                with self.reading() as connection:
                    self._loaded.mark = watermark(connection)
                    self._loaded.quality = read_quality(connection, self.rules)
            return self._loaded.quality.until(as_of)

    def first_import_at(self) -> datetime | None:
        """When anything was learned for the first time (aware, UTC)."""
        with self.reading() as connection:
            row = connection.execute("SELECT min(known_at) FROM batch").fetchone()
        return row[0].replace(tzinfo=UTC) if row and row[0] else None

    def last_import_at(self) -> datetime | None:
        """When anything was learned for the last time, or a source told that it has nothing more (aware, UTC)."""
        with self.reading() as connection:
            row = connection.execute("SELECT max(known_at) FROM batch").fetchone()
            looked = bookmark.looked_at(connection)
        learned = row[0].replace(tzinfo=UTC) if row and row[0] else None
        return max((at for at in (learned, looked) if at is not None), default=None)

    def whole_at(self) -> datetime | None:
        """The same, but while a sync is underway or was broken off the time before it: what came is not all."""
        with self.reading() as connection:
            if bookmark.underway(connection):
                return bookmark.looked_at(connection)
        return self.last_import_at()

    def known(self, known_at: datetime) -> Store:
        """The store as it was known at that aware instant: a replay of the versions, read only.

        Lives in a temporary folder that goes with the object.
        """
        folder = Path(tempfile.mkdtemp(prefix="asakai-replay-"))
        past = Store(folder / "past.duckdb", self.rules)
        weakref.finalize(past, shutil.rmtree, folder)
        rows = folder / "orders.parquet"
        with self.reading() as connection:
            export_known(connection, self.rules, known_at, rows)
        with past.writing() as connection, transaction(connection):
            columns = kept_columns(self.rules)
            connection.execute(f"INSERT INTO orders SELECT {columns}, 1 FROM read_parquet({text(str(rows))})")
            rebuild(connection, self.rules)
        return past

    def history(self) -> History:
        """What was known on past mornings, for those who ask for many of them."""
        return History(self)

    def about_to_go_dormant(
        self, as_of: date, chances: Mapping[tuple[str, int], Estimate], limit: int = 100
    ) -> tuple[AboutToGoDormant, ...]:
        """Customers idle 60-89 days on as_of, ranked in the engine by P(return) x mean order value.

        chances: (purchase-count bucket, idle days) -> P(return within 90 days).
        """
        with self.reading() as connection:
            return ranked_list(connection, self.rules, as_of, chances, limit)

    def revenue_by_age(self, as_of: date, longest: int, cohort: Span | None = None) -> RevenueByAge:
        """Revenue and customers watched by age day 0..longest, for value.revenue_curve."""
        with self.reading() as connection:
            return revenue_by_age(connection, self.rules, as_of, cohort, longest)

    def customer_groups(self, as_of: date) -> tuple[Group, ...]:
        """Customers by first and last day, purchase count and amount, for cpm.customers_by_cell."""
        with self.reading() as connection:
            return customer_groups(connection, self.rules, as_of)

    def _known(self, dimension: str) -> None:
        names = {ALL, ENTRY, PURCHASE_COUNT, *self.rules.columns}
        if dimension not in names:
            raise UnknownDimension(name=dimension, known=tuple(sorted(names - {ALL})))

    def _load(self, dimension: str) -> Counts:
        with self.reading() as connection:
            self._marked(connection)
            labels, values = named_labels(connection, dimension)
            return Counts(dimension, kept.read_cells(connection, labels, values), self.rules.horizon_days)

    def _marked(self, connection: DuckDBPyConnection) -> None:
        """Forgets what came from an earlier state of the file."""
        mark = watermark(connection)
        if mark != self._loaded.mark:
            self._loaded = _Loaded(mark)

    def _condition(self, connection: DuckDBPyConnection, filters: Mapping[str, str]) -> str:
        for dimension in filters:
            self._known(dimension)
        return customers_where(connection, filters)


def export_known(connection: DuckDBPyConnection, rules: Rules, known_at: datetime, path: Path) -> None:
    """Writes the order versions that were current at known_at to a Parquet file."""
    at = text(known_at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" "))
    columns = ", ".join(f"o.{name(column)}" for column in (*order_columns(rules), *HASHES))
    connection.execute(
        f"COPY (SELECT {columns} FROM orders o JOIN batch b USING (batch) WHERE b.known_at <= {at}::TIMESTAMP"
        f" UNION ALL SELECT {columns} FROM superseded o JOIN batch b USING (batch) JOIN batch g ON g.batch = o.gone"
        f" WHERE b.known_at <= {at}::TIMESTAMP AND g.known_at > {at}::TIMESTAMP) TO {text(str(path))} (FORMAT parquet)"
    )
