"""`make bench`: what does the morning cost, ours and the rivals', on the same orders?"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from metrics.sources.synthetic import bench_orders
from tests.bench import report
from tests.bench.contest import OURS, RIVALS, RUNS, Contender, Measured, race
from tests.bench.orders import every_form, for_us

AS_OF = date(2026, 11, 19)
"""The last day of the orders."""
SEED = 1


def main() -> None:
    """Measure everyone on the same orders; print the results as Markdown."""
    asked = arguments()
    races = {count: measured(count, asked.runs) for count in sizes(asked.orders)}
    told = report.whole(races, asked.runs)
    print("\n".join(told))
    if asked.write:
        report.write(asked.write, told)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--orders", default="1000000,10000000", help="how many orders, separated by commas")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often everyone is asked")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the results between the marks of FILE")
    return parser.parse_args()


def sizes(text: str) -> list[int]:
    """The numbers of orders in "1_000_000,10000000"."""
    return [int(word) for word in text.split(",")]


def measured(count: int, runs: int) -> dict[Contender, Measured]:
    """Everyone's times with that many orders; the files go when it is over."""
    with tempfile.TemporaryDirectory(prefix="asakai-bench-") as folder:
        note(f"{count:,} orders")
        parquet = Path(folder) / "orders.parquet"
        bench_orders(parquet, count, SEED)
        orders = every_form(parquet)
        for_us(orders, AS_OF, runs, SEED)
        return race((*RIVALS, *OURS), orders, AS_OF, runs, note)


def note(what: str) -> None:
    """Say on the terminal what is going on; results alone go to stdout."""
    print(f"· {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
