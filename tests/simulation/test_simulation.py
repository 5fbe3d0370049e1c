"""Is no morning missed and none left twice, and do the usual ways fail in the same world?"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.simulation.__main__ import Total, many, run, some
from tests.simulation.world import World

MORNINGS = int(os.environ.get("ASAKAI_MORNINGS") or (9_000 if os.environ.get("CI") else 3_000))
"""9,000 in CI, about a minute of computing; `make simulate MORNINGS=…` takes more."""

BOOK = ("plan", "expire", "claim", "keep", "intend", "sent", "put_off", "unswept", "swept")
SLACK = ("look", "post", "copies")
POINTS = {
    f"{fate} {moment} {call}"
    for fate in ("kill", "pause")
    for moment in ("before", "after")
    for call in (*BOOK, *SLACK)
}


@pytest.fixture(scope="module")
def proof() -> Total:
    return many(MORNINGS)


def test_no_morning_is_missed_and_none_is_left_twice(proof: Total) -> None:
    assert proof.mornings >= MORNINGS
    assert proof.missed == []
    assert proof.left_twice == []


def test_processes_died_and_slept_at_every_named_point(proof: Total) -> None:
    assert POINTS - set(proof.points) == set(), "a point that nobody died at proves nothing"
    assert {"ledger lost", "ledger restored", "deleted by hand"} <= set(proof.points)


def test_one_seed_is_one_run() -> None:
    first, again, other = run(7), run(7), run(8)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.points == again.points


def test_without_faults_every_digest_is_there_within_half_a_minute_of_its_time() -> None:
    late: list[float] = []
    fates: Counter[str] = Counter()
    for seed in range(1, 21):
        outcome = World(seed, calm=True).run()
        late += outcome.late_seconds
        fates += outcome.points
        assert (outcome.missed, outcome.left_twice, outcome.seen_twice) == ([], [], 0)
    assert max(late) < 32, "a tick is up to 29 s away, and Slack takes its time"
    assert not fates


@pytest.mark.parametrize(
    ("variant", "trouble"),
    [
        ("cron in each replica", "missed"),
        ("cron in each replica", "left_twice"),
        ("claim then post", "missed"),
        ("blind retry", "left_twice"),
        ("SDK retry on", "left_twice"),
    ],
)
def test_the_usual_ways_fail_in_the_same_world(variant: str, trouble: str) -> None:
    total = some(range(1, 41), variant)
    assert len(getattr(total, trouble)) > total.mornings / 100
