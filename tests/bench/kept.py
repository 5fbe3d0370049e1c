"""How does Asakai answer the bench's question, through its public figures?"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.importing import Wanted, import_files
from metrics.burn_in import BurnIn
from metrics.day import Span
from metrics.dormancy import idle_by_label
from metrics.gap import bounded_gap
from metrics.repeat import first_repeat_rate
from metrics.report import Basis, Report, build
from metrics.rules import Rules
from metrics.segment import ALL
from metrics.warehouse.store import Store
from tests.bench import answer as bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics.counts import Counts

RULES = Rules(zone="UTC", merge_minutes=0, burn_in_days=0)
"""The question's own rules: days as they are written, one purchase per day, every first one trusted."""


def arguments() -> tuple[Path, date]:
    """FILE and AS_OF of the command line."""
    return Path(sys.argv[1]), date.fromisoformat(sys.argv[2])


def known_at(as_of: date) -> datetime:
    """The instant at which the orders up to that day are learned."""
    return datetime(as_of.year, as_of.month, as_of.day, 21, tzinfo=UTC)


def take_in(store: Store, path: Path, as_of: date) -> None:
    """Import the file as `asakai import` does, progress included."""
    shares: list[float] = []
    for _ in import_files(store, (path,), Wanted(), known_at(as_of), lambda _, share: shares.append(share)):
        pass


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """A copy of the store that may be changed."""
    with tempfile.TemporaryDirectory(prefix="asakai-bench-", dir=path.parent) as folder:
        yield Path(shutil.copyfile(path, Path(folder) / path.name))


def digest(store: Store, as_of: date) -> bench.Answer:
    """The whole digest from the counts."""
    everyone = store.counts(ALL)
    start = everyone.start or as_of
    groups = {name: cells(store.counts(name), window(as_of), as_of, start) for name in (ALL, *bench.DIMENSIONS)}
    rates = [first_repeat_rate(everyone, window(morning))[0] for morning in bench.mornings(as_of)]
    return bench.answer(groups, [(rate.n, rate.k or 0) for rate in rates])


def window(as_of: date, days: int = bench.WINDOW) -> Span:
    """The first purchases whose 30 days are over."""
    return Span.ending(as_of - timedelta(days=bench.WITHIN), days)


def cells(counts: Counts, cohort: Span, as_of: date, start: date) -> dict[str, bench.Cell]:
    """The numbers of every label that has customers on that day."""
    figures = zip(
        counts.labels,
        first_repeat_rate(counts, cohort, bench.WITHIN),
        bounded_gap(counts, as_of, start, bench.HORIZON),
        idle_by_label(counts, as_of),
        strict=True,
    )
    found = {}
    for label, rate, gap, idle in figures:
        if idle.customers:
            days = gap.mean_days.n, gap.mean_days.value, gap.median_days.value
            found[label] = bench.cell((rate.n, rate.k, *days, idle.active, idle.pre_dormant, idle.dormant))
    return found


def report(store: Store, as_of: date) -> Report:
    """The product's own morning with three segment tables: more than the bench asks of anyone."""
    start = store.counts(ALL).start
    basis = Basis("", RULES.zone, RULES.currency, as_of, None, start, (), RULES.differing(), store.quality(as_of))
    return build(store, basis, BurnIn(start, RULES.burn_in_days), bench.DIMENSIONS)


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
