"""What does every contender answer, and how is it measured?

The question of the bench, the same for all. Purchases: orders that are not
cancelled and have amount > 0; the orders of one customer on one local day are
one purchase; nothing after `as_of`. A customer's labels are those of the first
purchase's first order (ties on `ordered_at` go to the smaller `order_id`).
Overall and by channel, product and region:

* `n`, `k`: customers with the first purchase on as_of-57 .. as_of-30, and those
  of them with a second one at most 30 days later;
* `gap_n`, `gap_mean`, `gap_median`: gaps up to 180 days of customers first seen
  180 or more days before `as_of`;
* `active`, `pre_dormant`, `dormant`: customers 0-59, 60-89, 90 and more days idle;

and the trend: [n, k] overall, as of `as_of` and the 12 same weekdays before.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DIMENSIONS = ("channel", "product", "region")
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount", "status", *DIMENSIONS)
CANCELLED = "cancelled"
WITHIN, WINDOW, HORIZON, PRE_DORMANT, DORMANT, WEEKS = 30, 28, 180, 60, 90, 13
DIGITS = 6
"""Means are rounded to so many digits before they are compared."""


class Cell(NamedTuple):
    """One group's numbers; the gap has no mean where nobody came back."""

    n: int
    k: int
    gap_n: int
    gap_mean: float | None
    gap_median: float | None
    active: int
    pre_dormant: int
    dormant: int


Answer = dict[str, object]


def cell(numbers: Iterable[float | None]) -> Cell:
    """The numbers in the order of `Cell`, whatever types an engine gives them."""
    n, k, gap_n, mean, median, *idle = numbers
    known = bool(gap_n)
    return Cell(
        int(n or 0),
        int(k or 0),
        int(gap_n or 0),
        round(float(mean), DIGITS) if known and mean is not None else None,
        round(float(median), DIGITS) if known and median is not None else None,
        *(int(count or 0) for count in idle),
    )


def answer(groups: dict[str, dict[str, Cell]], trend: Iterable[tuple[int, int]]) -> Answer:
    """The whole answer in one order of keys, so that equal answers are equal texts."""
    told: Answer = {
        dimension: {label: cells._asdict() for label, cells in sorted(labels.items())}
        for dimension, labels in sorted(groups.items())
    }
    told["trend"] = [[int(n), int(k)] for n, k in trend]
    return told


def cohort(as_of: date) -> tuple[date, date]:
    """First and last day of the first purchases whose 30 days are over, 28 days wide."""
    last = as_of - timedelta(days=WITHIN)
    return last - timedelta(days=WINDOW - 1), last


def mornings(as_of: date) -> list[date]:
    """The days of the trend, oldest first."""
    return [as_of - timedelta(days=7 * week) for week in reversed(range(WEEKS))]


def peak_mb() -> float:
    """The most memory this process ever held.

    Linux hands `ru_maxrss` of the starting process on to its child; VmHWM begins anew.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def resident_mb() -> float:
    """The memory this process holds now; where the system does not tell, the most it ever held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_mb()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def say(answer: object, seconds: float | list[float], *, peak: float | None = None, **more: float) -> None:
    """Print a run as JSON: the answer, its seconds (one number, or one each time), memory and whatever else."""
    runs = seconds if isinstance(seconds, list) else [seconds]
    memory = round(peak_mb() if peak is None else peak, 1)
    print(json.dumps({"answer": answer, "seconds": runs, "peak_mb": memory, "more": more}))


def tell(digest: Callable[[Path, date], Answer]) -> None:
    """Run `digest` on FILE and AS_OF of the command line; print answer, seconds and peak MB as JSON.

    Imports are paid before the clock starts: a process that stays up pays them once.
    """
    path, as_of = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
    started = time.perf_counter()
    told = digest(path, as_of)
    seconds = time.perf_counter() - started
    say(told, seconds)
