"""How do millions of orders look, to measure speed on?

Three years; every customer buys at a rate of their own (gamma) and by chance (Poisson), 2.5 orders
each on average; 4 % cancelled; 5 channels, 24 products, 47 regions. Sorted by time, as an export is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from metrics.sources.cells import literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_SECONDS = 86_400
SPAN_SECONDS = 3 * 365 * DAY_SECONDS
ORDERS_PER_CUSTOMER = 2.5
GAMMA_SHAPE = 0.6
CANCELLED_PERCENT = 4
CHANNELS, REGIONS, PRODUCTS = 5, 47, 24
FIRST_DAY = "2023-11-21"
_FORMATS = {
    ".csv": "FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%d %H:%M:%S'",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}


@dataclass(frozen=True, slots=True)
class _Orders:
    """Orders sorted by time: seconds since the first day, and the customer of each."""

    second: NDArray[np.int64]
    customer: NDArray[np.int32]


def bench_orders(path: Path, orders: int, seed: int = 1) -> Path:
    """Write that many orders as .csv or .parquet, or into the table `orders` of a .duckdb file."""
    chance = np.random.Generator(np.random.PCG64(seed))
    drawn = _drawn(chance, orders)
    table = {
        "number": np.arange(1, orders + 1, dtype=np.int32),
        "customer": drawn.customer,
        "second": drawn.second,
        "amount": chance.integers(98, 1_980, orders, dtype=np.int32),
        "status": chance.integers(0, 100, orders, dtype=np.int8),
        "channel": chance.integers(1, CHANNELS + 1, orders, dtype=np.int8),
        "product": chance.integers(1, PRODUCTS + 1, orders, dtype=np.int8),
    }
    path.unlink(missing_ok=True)
    with duckdb.connect(path if path.suffix == ".duckdb" else ":memory:") as connection:
        connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
        connection.register("drawn", table)
        connection.execute(_written(path))
    return path


def _written(path: Path) -> str:
    if path.suffix == ".duckdb":
        return f"CREATE TABLE orders AS {_AS_EXPORTED}"
    return f"COPY ({_AS_EXPORTED}) TO {literal(str(path))} ({_FORMATS[path.suffix]})"


def _drawn(chance: np.random.Generator, orders: int) -> _Orders:
    """Each customer's first order at any time, the others between it and the end."""
    customers = max(1, round(orders / ORDERS_PER_CUSTOMER))
    start = chance.integers(0, SPAN_SECONDS, customers)
    rest = (SPAN_SECONDS - start) / SPAN_SECONDS
    mean = 2 * (ORDERS_PER_CUSTOMER - 1)
    rate = chance.gamma(GAMMA_SHAPE, mean / GAMMA_SHAPE, customers)
    customer = _buyers(chance, chance.poisson(rate * rest), orders - customers)
    later = start[customer] + (chance.random(len(customer)) * (SPAN_SECONDS - start[customer])).astype(np.int64)
    second = np.concatenate([start, later])
    everyone = np.concatenate([np.arange(customers, dtype=np.int32), customer])
    order = np.argsort(second, kind="stable")
    return _Orders(second[order], everyone[order])


def _buyers(chance: np.random.Generator, counts: NDArray[np.int64], wanted: int) -> NDArray[np.int32]:
    """Exactly `wanted` later orders, by customer; a few are left out or drawn again."""
    customer = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    if len(customer) >= wanted:
        return np.sort(chance.permutation(customer)[:wanted])
    again = chance.integers(0, len(counts), wanted - len(customer), dtype=np.int32)
    return np.concatenate([customer, again])


_AS_EXPORTED = f"""
SELECT 'O' || lpad(number::VARCHAR, 8, '0') AS order_id, 'C' || customer AS customer_id,
    TIMESTAMP '{FIRST_DAY}' + to_seconds(second) AS ordered_at, amount * 10 AS amount,
    CASE WHEN status < {CANCELLED_PERCENT} THEN 'cancelled' ELSE 'completed' END AS status,
    'channel_' || channel AS channel, 'R' || lpad((customer * 31::BIGINT % {REGIONS} + 1)::VARCHAR, 2, '0') AS region,
    'P' || lpad(product::VARCHAR, 2, '0') AS product
FROM drawn
"""
