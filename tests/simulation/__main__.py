"""How often does a digest get lost or doubled, of so many mornings?

python -m tests.simulation --mornings 100000 [--from-seed 1] [--variant protocol]
python -m tests.simulation --only 4711
python -m tests.simulation --mornings 1000 --json
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import bot.delivery.courier
import bot.delivery.morning
from tests.simulation.naive import VARIANTS
from tests.simulation.world import MORNINGS, Outcome, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


RUNS_AT_ONCE, RUNS_KEPT = 50, 10


class Silence:
    """A log that nobody reads: a hundred thousand mornings say a lot."""

    def info(self, *_: object, **__: object) -> None: ...

    warning = error = exception = info


@dataclass
class Total:
    """The sum of many runs."""

    runs: int = 0
    mornings: int = 0
    missed: list[str] = field(default_factory=list)
    left_twice: list[str] = field(default_factory=list)
    seen_twice: int = 0
    points: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome | Total) -> None:
        self.runs += outcome.runs if isinstance(outcome, Total) else 1
        self.mornings += outcome.mornings
        self.missed += outcome.missed
        self.left_twice += outcome.left_twice
        self.seen_twice += outcome.seen_twice
        self.points += outcome.points


def run(seed: int, variant: str = "protocol") -> Outcome:
    """One seed, one run."""
    return World(seed, **VARIANTS[variant]).run()


@contextmanager
def silently() -> Iterator[None]:
    """Nothing is logged."""
    logs = (bot.delivery.courier.log, bot.delivery.morning.log)
    bot.delivery.courier.log = bot.delivery.morning.log = Silence()
    try:
        yield
    finally:
        bot.delivery.courier.log, bot.delivery.morning.log = logs


def some(seeds: Iterable[int], variant: str = "protocol") -> Total:
    """Many runs in this process, in silence."""
    total = Total()
    gc.disable()  # a world is thrown away as a whole
    try:
        with silently():
            for done, seed in enumerate(seeds, start=1):
                total.add(run(seed, variant))
                if done % RUNS_KEPT == 0:
                    gc.collect()
    finally:
        gc.enable()
    return total


def many(mornings: int, first: int = 1, variant: str = "protocol", processes: int | None = None) -> Total:
    """At least so many mornings, on every core."""
    seeds = range(first, first + -(-mornings // MORNINGS))
    cores = processes or len(os.sched_getaffinity(0))
    shares = [seeds[at : at + RUNS_AT_ONCE] for at in range(0, len(seeds), RUNS_AT_ONCE)]
    total = Total()
    with ProcessPoolExecutor(cores) as pool:
        for part in pool.map(partial(some, variant=variant), shares):
            total.add(part)
            if total.mornings >= mornings:
                pool.shutdown(cancel_futures=True)
                break
    return total


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--mornings", type=int, default=100_000)
    parser.add_argument("--from-seed", type=int, default=1)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="protocol")
    parser.add_argument("--only", type=int)
    parser.add_argument("--json", action="store_true", help="everything that was counted, for a program")
    asked = parser.parse_args()
    began = time.monotonic()
    total = some([asked.only], asked.variant) if asked.only else many(asked.mornings, asked.from_seed, asked.variant)
    if asked.json:
        print(json.dumps(vars(total)))
        return 0
    kills = sum(count for name, count in total.points.items() if name.startswith("kill"))
    pauses = sum(count for name, count in total.points.items() if name.startswith("pause"))
    print(
        f"{asked.variant}: {total.mornings:,} mornings in {total.runs:,} runs from seed "
        f"{asked.only or asked.from_seed}, "
        f"{kills:,} kills, {pauses:,} pauses, {time.monotonic() - began:.0f} s: "
        f"missed {len(total.missed):,}, left twice {len(total.left_twice):,}, "
        f"seen twice for a while {total.seen_twice:,}"
    )
    for name in (*total.missed[:10], *total.left_twice[:10]):
        print(f"  {name}")
    return 1 if asked.variant == "protocol" and (total.missed or total.left_twice) else 0


if __name__ == "__main__":
    sys.exit(main())
