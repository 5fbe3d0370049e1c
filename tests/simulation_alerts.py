"""How often is a rule wrong, and how soon is it right? Invented shops, the code that runs.

    python -m tests.simulation_alerts --shops 100 --years 5 --seed 1

First buyers of a day are Poisson, each comes back within 30 days with the given chance. The rates come from
`metrics.watch`, the decisions from `metrics.alert.step`. One seed, one result.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from metrics.alert import News, Rule, Sight, Standing, Watching, step
from metrics.burn_in import BurnIn
from metrics.cells import Cells
from metrics.counts import Counts
from metrics.day import number
from metrics.watch import MOST_LABELS, Shop, sights

SIZES = (1, 3, 10, 50)
"""First buyers a day."""

DEFAULT = Rule("repeat")
NAIVE = Rule("naive", judge="point")
CHANGE = Rule("change", watching=Watching.CHANGE)
START = date(2010, 1, 1)
WARM_UP = 420
"""Days before the first morning that counts: the widest window and half a year of usual rate are full."""


@dataclass(frozen=True)
class Shops:
    """Shops of one size, each a label of the counts."""

    counts: Counts
    days: int

    def sights(self, rule: Rule, first: int, last: int) -> Iterator[tuple[Sight, ...]]:
        """Per morning, what the rule sees in each shop."""
        mornings = [START + timedelta(days=day) for day in range(first, last)]
        each = replace(rule, dimension="shop")
        for sight in sights(self.counts_reader(), each, mornings, Shop(BurnIn(START, 0), lambda _: None)):
            yield tuple(Sight(sight.as_of, (replace(seen, label=""),)) for seen in sight.seen)

    def counts_reader(self) -> Reader:
        return Reader(self.counts)


@dataclass(frozen=True)
class Reader:
    """A CountsReader of one table."""

    table: Counts

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        return self.table


def shops(chance: np.random.Generator, size: float, rates: Sequence[float], many: int) -> Shops:
    """`rates`: the true rate of the first buyers of each day."""
    days = len(rates)
    firsts = chance.poisson(size, (many, days))
    back = chance.binomial(firsts, np.array(rates))
    start = number(START)
    shop, day = np.nonzero(firsts)
    cohort = np.stack([shop, day + start, firsts[shop, day]], axis=1)
    shop, day = np.nonzero(back)
    gap = np.stack([shop, day + start, np.full(len(shop), 15), back[shop, day]], axis=1)
    labels = tuple(f"{i:04}" for i in range(many))
    idle = np.zeros((0, 4), np.int64)
    return Shops(Counts("shop", Cells(labels, cohort.astype(np.int64), gap.astype(np.int64), idle), 180), days)


def announced(of: Shops, rule: Rule, first: int, last: int) -> list[list[int]]:
    """The mornings (days since the start) on which each shop was told that it fires."""
    told: list[list[int]] = [[] for _ in of.counts.labels]
    standings = [Standing() for _ in of.counts.labels]
    for morning in of.sights(rule, first, last):
        now = datetime.combine(morning[0].as_of + timedelta(days=1), time(8, 30), UTC)
        for shop, sight in enumerate(morning):
            standings[shop], news = step(standings[shop], sight, rule, now)
            if News.FIRED in news:
                told[shop].append((sight.as_of - START).days)
    return told


def false_per_year(size: float, rule: Rule, *, rate: float = 0.22, many: int, years: int, seed: int) -> float:
    """Announcements per shop and year where the true rate never falls."""
    days = WARM_UP + 365 * years
    chance = np.random.Generator(np.random.PCG64(seed))
    told = sum(
        sum(map(len, announced(shops(chance, size, [rate] * days, block), rule, WARM_UP, days)))
        for block in blocks(many)
    )
    return told / (many * years)


def delays(
    size: float, rule: Rule, *, before: float = 0.25, after: float = 0.15, many: int, seed: int, follow: int = 365
) -> list[int]:
    """Days from the fall of the true rate to the announcement, for the shops that were told within `follow` days."""
    rates = [before] * WARM_UP + [after] * follow
    chance = np.random.Generator(np.random.PCG64(seed))
    told = [
        mornings
        for block in blocks(many)
        for mornings in announced(shops(chance, size, rates, block), rule, WARM_UP, WARM_UP + follow)
    ]
    return sorted(mornings[0] - WARM_UP for mornings in told if mornings)


def blocks(many: int) -> Iterator[int]:
    """As many shops at a time as a rule watches labels."""
    for done in range(0, many, MOST_LABELS):
        yield min(MOST_LABELS, many - done)


def table(many: int, years: int, seed: int) -> Iterator[str]:
    """The figures of docs/alerts.md."""
    yield f"seed {seed}, {many} shops x {years} years per size\n"
    yield "| first buyers a day | rule | false a year (22 %) | 25 % to 15 %: told in a year | median days | 90 % by |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for size in SIZES:
        for name, rule in (("default", DEFAULT), ("change", CHANGE), ("bare < 20 %", NAIVE)):
            wrong = false_per_year(size, rule, many=many, years=years, seed=seed)
            late = delays(size, rule, many=many, seed=seed + 1)
            middle = f"{np.median(late):.0f}" if late else "–"
            most = f"{late[int(0.9 * many) - 1]}" if len(late) >= 0.9 * many else "–"
            yield f"| {size} | {name} | {wrong:.2f} | {len(late) / many:.0%} | {middle} | {most} |"


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--shops", type=int, default=100)
    asked.add_argument("--years", type=int, default=5)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    for line in table(wanted.shops, wanted.years, wanted.seed):
        print(line, flush=True)  # noqa: T201  the product of a simulation is its print


if __name__ == "__main__":
    main()
