"""How long does it take merely to touch every order once, in memory?

The physical limit of any answer that scans the orders: the two columns that
every figure needs, customer and day, as 32-bit integers, read from end to end.
Loading the file is outside the clock. Nothing is computed but a checksum.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb
import numpy as np

from tests.bench.answer import say
from tests.bench.duckdb_query import orders_in

PASSES = 5


def columns(path: Path) -> tuple[np.ndarray, ...]:
    """Customer and day of every order, as numbers."""
    connection = duckdb.connect()
    if path.suffix == ".duckdb":
        connection.execute(f"ATTACH '{path}' AS source (READ_ONLY)")
    query = (
        "SELECT CAST(hash(customer_id) % 2147483647 AS INTEGER) AS customer,"
        f" CAST(CAST(ordered_at AS DATE) - DATE '1970-01-01' AS INTEGER) AS day FROM {orders_in(path)}"
    )
    table = connection.execute(query).fetchnumpy()
    return tuple(np.ascontiguousarray(table[name], dtype=np.int32) for name in ("customer", "day"))


def main() -> None:
    """Print the median of a few passes, in seconds, as JSON."""
    held = columns(Path(sys.argv[1]))
    seconds, checksum = [], [0]
    for _ in range(PASSES):
        started = time.perf_counter()
        checksum = [int(np.bitwise_xor.reduce(column)) for column in held]
        seconds.append(time.perf_counter() - started)
    say(None, sorted(seconds)[PASSES // 2], orders=len(held[0]), checksum=checksum[0])


if __name__ == "__main__":
    main()
