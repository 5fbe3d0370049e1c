"""How late is a digest: without faults, after one kill at each point, after one answer that leaves all open?

python -m tests.simulation.lateness [--seeds 500] [--from-seed 1]

Here every tick is played, so that a replica learns only what a tick has told it; the seconds are
simulated ones. A kill comes at the first passing of its point after the time, in whichever
replica passes it, and that process is back after ten seconds on average.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.delivery.protocol import Answer, Outcome
from tests.simulation.__main__ import silently
from tests.simulation.replica import Perils
from tests.simulation.slack import SimulatedSlack, Weather
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.delivery.row import Delivery, Payload

BEFORE_SECONDS, AFTER_SECONDS = 180.0, 480.0
POINTS = tuple(
    f"{moment} {call}"
    for call in ("plan", "expire", "claim", "keep", "look", "intend", "post", "sent", "unswept", "ripens")
    for moment in ("before", "after")
)
OPEN = ("after intend", "before post")
"""Whoever dies here leaves an intent and no message, and nobody can know: it is an open answer like any other."""
CALM, NOT_ACCEPTED, ACCEPTED = "no fault", "answer lost, not accepted", "answer lost, accepted"


@dataclass
class Doubtful(SimulatedSlack):
    """Slack, but the first post is never answered."""

    accepts: bool = False
    doubted: bool = False

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        if self.doubted:
            return super().post(row, payload, plain=plain)
        self.doubted = True
        if self.accepts:
            super().post(row, payload, plain=plain)
        return Answer(Outcome.UNKNOWN, error="timeout")


def late(seed: int, fault: str) -> Iterator[float]:
    """The seconds from the due time to the message, in the last of a world's channels."""
    perils = Perils(once=fault, restart_seconds=10.0) if fault in POINTS else None
    world = World(seed, mornings=1, calm=True, perils=perils, ticks_always=True)
    if fault in {NOT_ACCEPTED, ACCEPTED}:
        world.slack = Doubtful(world.hub, Weather(), accepts=fault == ACCEPTED)
    if not world.expected:
        return  # the zone has skipped the date
    due = world.expected[0][0].timestamp()
    world.hub.now = due - BEFORE_SECONDS
    for replica in world.replicas:
        replica.dies_from = due
        replica.start(world.random.random() * 60)
    world.hub.run(due + AFTER_SECONDS)
    outcome = world.judged()
    assert (outcome.missed, outcome.left_twice, outcome.seen_twice) == ([], [], 0), (seed, fault)
    assert fault not in POINTS or outcome.points[f"kill {fault}"] == 1, (seed, fault)
    yield max(outcome.late_seconds)


def lateness(fault: str, seeds: Iterable[int]) -> list[float]:
    """Of many worlds, the least first."""
    with silently():
        return sorted(second for seed in seeds for second in late(seed, fault))


def percentile(seconds: list[float], share: float) -> float:
    """The value that so many percent do not exceed."""
    return seconds[min(len(seconds) - 1, int(len(seconds) * share / 100))]


def table(first: int, many: int) -> Iterator[str]:
    """The table of docs/reliability.md."""
    seeds = range(first, first + many)
    closed = [second for point in POINTS if point not in OPEN for second in lateness(point, seeds)]
    of = {
        CALM: lateness(CALM, seeds),
        "one kill, no intent open": sorted(closed),
        "one kill between intent and post": sorted(second for point in OPEN for second in lateness(point, seeds)),
        ACCEPTED: lateness(ACCEPTED, seeds),
        NOT_ACCEPTED: lateness(NOT_ACCEPTED, seeds),
    }
    yield "| seconds after the time | mornings | median | 99 % within | at most |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, seconds in of.items():
        middle, most = percentile(seconds, 50), percentile(seconds, 99)
        yield f"| {name} | {len(seconds):,} | {middle:.0f} | {most:.0f} | {seconds[-1]:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.lateness")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--from-seed", type=int, default=1)
    asked = parser.parse_args()
    for line in table(asked.from_seed, asked.seeds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
