"""How long does it take to count everything anew from the orders, and with how much memory?"""

from __future__ import annotations

from metrics.warehouse.store import Store
from tests.bench import answer as bench
from tests.bench import kept


def main() -> None:
    """Print the seconds of one rebuild on a copy of FILE, and the digest after it."""
    path, as_of = kept.arguments()
    with kept.copied(path) as copy:
        store = Store(copy, kept.RULES)
        seconds = kept.timed(store.rebuild)
        peak = bench.peak_mb()
        bench.say(kept.digest(store, as_of), seconds, peak=peak)


if __name__ == "__main__":
    main()
