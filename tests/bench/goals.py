"""What is to be reached, and is it?"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from tests.bench.contest import (
    BOT,
    DAILY,
    DIGEST,
    DRILL,
    DUCKDB,
    DUCKDB_DRILL,
    IMPORT,
    PANDAS,
    PANDAS_CSV,
    READ_CSV,
    READ_ONCE,
    REBUILD,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.bench.contest import Contender, Measured

    Race = Mapping[Contender, Measured]

SMALL = 2_000_000
"""Below so many orders a cold start gains nothing, and may cost a little."""


@dataclass(frozen=True, slots=True)
class Goal:
    """`reached` of a race must be at most `limit`; None where it was not measured.

    `unit`: "part" is shown as 1/x, "times" as a factor, else the unit itself.
    `limit_small`: the limit for fewer than SMALL orders, where it is another.
    """

    number: int
    what: str
    unit: str
    limit: float
    reached: Callable[[Race], float | None]
    limit_small: float | None = None

    def limit_for(self, orders: int) -> float:
        """What may be reached with so many orders."""
        return self.limit if self.limit_small is None or orders >= SMALL else self.limit_small


def _ratio(ours: Contender, other: Contender) -> Callable[[Race], float]:
    return lambda race: race[ours].median / race[other].median


def _stored(race: Race) -> float | None:
    stored = race[IMPORT].more.get("stored")
    return None if stored is None else stored / race[READ_CSV].median


GOALS: tuple[Goal, ...] = (
    Goal(1, "warm digest / pandas script", "part", 1 / 1000, _ratio(DIGEST, PANDAS)),
    Goal(1, "warm digest / DuckDB by hand", "part", 1 / 300, _ratio(DIGEST, DUCKDB)),
    Goal(1, "warm digest / reading the orders once", "times", 1.0, _ratio(DIGEST, READ_ONCE)),
    Goal(2, "daily run / pandas script", "part", 1 / 40, _ratio(DAILY, PANDAS)),
    Goal(2, "daily run / DuckDB by hand", "part", 1 / 6, _ratio(DAILY, DUCKDB)),
    Goal(3, "drill-down p95 / DuckDB over the orders", "part", 1 / 100, _ratio(DRILL, DUCKDB_DRILL)),
    Goal(3, "cross filter p95", "ms", 50, lambda race: 1000 * race[DRILL].more["cross"]),
    Goal(4, "counting everything anew / one DuckDB digest", "times", 2.5, _ratio(REBUILD, DUCKDB)),
    Goal(5, "new CSV to digest / pandas script", "times", 0.55, _ratio(IMPORT, PANDAS_CSV), limit_small=1.2),
    Goal(6, "CSV checked and stored / DuckDB's read_csv", "times", 1.5, _stored),
    Goal(7, "counting everything anew, peak", "MB", 600, lambda race: race[REBUILD].peak_mb),
    Goal(7, "running bot, resident", "MB", 250, lambda race: race[BOT].more["resident_mb"]),
)

GROWTH: tuple[tuple[str, Contender], ...] = (("digest", DIGEST), ("daily run", DAILY), ("counting anew", REBUILD))


def said(goal: Goal, value: float) -> str:
    """The value as a reader takes it in."""
    if goal.unit == "part":
        return f"1/{1 / value:,.3g}" if 1 / value < 1000 else f"1/{1 / value:,.0f}"
    if goal.unit == "times":
        return f"{value:.2f} x"
    return f"{value:,.0f} {goal.unit}"


def table(races: Mapping[int, Race]) -> list[str]:
    """The goals as Markdown rows, one column for each number of orders."""
    sizes = sorted(races)
    rows = [
        "| # | measured | goal | " + " | ".join(f"{size:,} orders" for size in sizes) + " |",
        "| --- | --- | ---: |" + " ---: |" * len(sizes),
    ]
    for goal in GOALS:
        cells = " | ".join(_cell(goal, races[size], size) for size in sizes)
        rows.append(f"| {goal.number} | {goal.what} | ≤ {_limit(goal)} | {cells} |")
    return rows


def _limit(goal: Goal) -> str:
    usual = said(goal, goal.limit)
    return usual if goal.limit_small is None else f"{usual} (under {SMALL:,}: {said(goal, goal.limit_small)})"


def _cell(goal: Goal, race: Race, orders: int) -> str:
    value = goal.reached(race)
    if value is None:
        return "–"
    return f"{said(goal, value)} {'✓' if value <= goal.limit_for(orders) else '✗'}"


def growth(races: Mapping[int, Race]) -> list[str]:
    """How time grows with the orders, from the fewest to the most: the exponent."""
    sizes = sorted(races)
    if len(sizes) < 2:
        return []
    few, many = sizes[0], sizes[-1]
    told = ", ".join(f"{name} {_exponent(races, contender, (few, many)):.2f}" for name, contender in GROWTH)
    return [f"Growth from {few:,} to {many:,} orders (exponent; 1 would be in proportion): {told}."]


def _exponent(races: Mapping[int, Race], contender: Contender, sizes: Sequence[int]) -> float:
    few, many = sizes
    return log(races[many][contender].median / races[few][contender].median) / log(many / few)
