"""How long does the morning take in a bot that is running: every number from the kept counts?

The counts are read from FILE, a store, and one answer is given before the clock
starts: a process that stays up pays that once a day.
"""

from __future__ import annotations

from statistics import median

from metrics.segment import ALL, PURCHASE_COUNT
from metrics.warehouse.store import Store
from tests.bench import answer as bench
from tests.bench import kept

ANSWERS = 101
REPORTS = 11


def main() -> None:
    """Print the median of many answers, and what surrounds them."""
    path, as_of = kept.arguments()
    store = Store(path, kept.RULES)
    load = kept.timed(lambda: [store.counts(name) for name in (ALL, PURCHASE_COUNT, *bench.DIMENSIONS)])
    first = kept.timed(lambda: kept.digest(store, as_of))
    kept.report(store, as_of)
    answers = [kept.timed(lambda: kept.digest(store, as_of)) for _ in range(ANSWERS)]
    reports = [kept.timed(lambda: kept.report(store, as_of)) for _ in range(REPORTS)]
    more = {"load": load, "first": first, "report": median(reports)}
    bench.say(kept.digest(store, as_of), median(answers), **more)


if __name__ == "__main__":
    main()
