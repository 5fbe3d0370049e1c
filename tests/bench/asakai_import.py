"""How long does it take from a CSV that nobody has seen to the digest, and how long is the import of it?

Import is what `asakai import` does of a first file, with its checks and its progress. The
store tells when it begins to count (a share of 0) and when it is done: what is left is
reading, checking, storing and making it durable, to compare with DuckDB's own read_csv.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.sources.files import land
from metrics.warehouse.store import Store
from tests.bench import answer as bench
from tests.bench import kept

if TYPE_CHECKING:
    from datetime import date


def main() -> None:
    """Print the seconds from file to digest, and the parts."""
    path, as_of = kept.arguments()
    with tempfile.TemporaryDirectory(prefix="asakai-bench-", dir=path.parent) as folder:
        store = Store(Path(folder) / "new.duckdb", kept.RULES)
        started = time.perf_counter()
        parts = imported(store, path, as_of)
        told = kept.digest(store, as_of)
        seconds = time.perf_counter() - started
        bench.say(told, seconds, **parts)


def imported(store: Store, path: Path, as_of: date) -> dict[str, float]:
    """Import the file; seconds of the whole, until read and checked, and of all but counting."""
    read: list[tuple[float, float]] = []
    counted: list[tuple[float, float]] = []
    started = time.perf_counter()
    with store.writing() as connection, store.landing(connection) as landing:
        land(connection, path, kept.RULES, landing, progress=lambda share: read.append((share, time.perf_counter())))
        checked = time.perf_counter()
        store.settle(connection, kept.known_at(as_of), lambda share: counted.append((share, time.perf_counter())))
    whole = time.perf_counter() - started
    return {"import": whole, "staged": checked - started, "stored": whole - (counted[-1][1] - counted[0][1])}


if __name__ == "__main__":
    main()
