"""Is no morning missed and none left twice, and do the usual ways fail in the same world?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import Total, run, some
from tests.simulation.lateness import ACCEPTED, CALM, NOT_ACCEPTED, OPEN, POINTS, lateness, percentile
from tests.simulation.world import World

MORNINGS = int(os.environ.get("ASAKAI_MORNINGS") or (100_000 if os.environ.get("CI") else 3_000))
HERE = Path(__file__).parents[2]

BOOK = ("plan", "expire", "claim", "keep", "intend", "sent", "put_off", "unswept", "swept", "ripens")
SLACK = ("look", "post", "copies")
PLACES = {
    f"{fate} {moment} {call}"
    for fate in ("kill", "pause")
    for moment in ("before", "after")
    for call in (*BOOK, *SLACK)
}


@pytest.fixture(scope="module")
def proof() -> Total:
    """As `make simulate` runs it: in processes of their own, whose lines are not counted.

    Coverage would make them three times as slow, and sees the same lines run in this file's other tests.
    """
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-m", "tests.simulation", "--mornings", str(MORNINGS), "--json"]
    done = subprocess.run(command, cwd=HERE, env=unmeasured, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Total(**json.loads(done.stdout))


def test_no_morning_is_missed_and_none_is_left_twice(proof: Total) -> None:
    assert proof.mornings >= MORNINGS
    assert proof.missed == []
    assert proof.left_twice == []


def test_processes_died_and_slept_at_every_named_point(proof: Total) -> None:
    assert PLACES - set(proof.points) == set(), "a point that nobody died at proves nothing"
    assert {"ledger lost", "ledger restored", "deleted by hand"} <= set(proof.points)


def test_one_seed_is_one_run() -> None:
    first, again, other = run(7), run(7), run(8)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.points == again.points


def test_the_ticks_that_are_left_out_would_change_nothing() -> None:
    for seed in range(1, 4):
        outcome = World(seed, mornings=2, ticks_always=True).run()
        assert outcome.mornings
        assert (outcome.missed, outcome.left_twice) == ([], [])


def test_without_faults_nothing_is_late_missed_or_seen_twice() -> None:
    for seed in range(1, 21):
        outcome = World(seed, calm=True).run()
        assert (outcome.missed, outcome.left_twice, outcome.seen_twice) == ([], [], 0)
        assert not outcome.points


def test_without_faults_99_of_100_digests_are_there_within_30_seconds() -> None:
    seconds = lateness(CALM, range(1, 101))
    assert len(seconds) > 90
    assert percentile(seconds, 99) < 30


@pytest.mark.parametrize("point", [point for point in POINTS if point not in OPEN])
def test_after_one_kill_the_digest_is_there_within_two_minutes(point: str) -> None:
    assert percentile(lateness(point, range(1, 21)), 99) < 120


@pytest.mark.parametrize("doubt", [*OPEN, NOT_ACCEPTED, ACCEPTED])
def test_after_an_answer_that_leaves_it_open_the_digest_is_there_within_five_minutes(doubt: str) -> None:
    seconds = lateness(doubt, range(1, 21))
    assert percentile(seconds, 99) < 300
    if doubt != ACCEPTED:
        assert seconds[0] > 180, "nobody may post again before the hold is over"


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
    total = some(range(1, 31), variant)
    assert len(getattr(total, trouble)) > total.mornings / 100
