"""Does an alert come once per episode, after the digest, and to whom it belongs?"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.delivery.clock import Calendar
from bot.delivery.morning import Morning, Target
from bot.delivery.protocol import Answer, Outcome
from bot.delivery.row import State
from metrics.alert import Judgement, judge
from metrics.estimate import rate
from metrics.problem import Problem
from tests.bot.delivering import TOKYO, World, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BELOW = judge(rate(30, 235), 0.2, date(2026, 11, 17))
WATCH = judge(rate(45, 235), 0.2, date(2026, 11, 19))
FEW = judge(rate(1, 9), 0.2, None)
REACHED = judge(rate(60, 235), 0.2, None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


def mornings(world: World, *judgements: Judgement, **more: Any) -> list[str]:
    """What was posted on consecutive mornings, weekends left out."""
    world.now = datetime(2026, 11, 16, 8, 1, tzinfo=TOKYO)
    said = []
    for judgement in judgements:
        before = len(world.slack.posts)
        world.judgement = judgement
        for _ in range(3):
            world.morning(**more).tick(world.now)
            world.now += timedelta(seconds=30)
        by_id = {row.mark: row.key.kind.value for row in world.ledger.deliveries()}
        said.append(" ".join(by_id[name] for _, name, _ in world.slack.posts[before:]))
        world.now = world.now.replace(minute=1, second=0) + timedelta(days=1)
    return said


def test_an_alert_comes_once_per_episode_after_the_digest(world: World) -> None:
    said = mornings(world, REACHED, BELOW, BELOW, WATCH, BELOW)
    assert said == ["digest", "digest alert", "digest", "digest", "digest"]


def test_an_alert_waits_for_the_digest_of_its_day(world: World) -> None:
    world.judgement = BELOW
    world.slack.answers = [Answer(Outcome.BLOCKED, error="not_in_channel")]
    world.tick()
    assert world.states() == {("digest", "C1"): State.BLOCKED}
    world.now += timedelta(minutes=15)
    world.tick()
    assert world.states() == {("digest", "C1"): State.SENT, ("alert", "C1"): State.SENT}


def test_after_the_recovery_a_new_episode_alerts_again(world: World) -> None:
    assert mornings(world, BELOW, REACHED, BELOW) == ["digest alert", "digest", "digest alert"]


def test_too_few_customers_neither_begin_nor_end_an_episode(world: World) -> None:
    assert mornings(world, FEW, BELOW, FEW, BELOW) == ["digest", "digest alert", "digest", "digest"]


def test_in_point_mode_the_value_alone_decides(world: World) -> None:
    assert mornings(world, WATCH, by="point") == ["digest alert"]


def test_the_episode_knows_since_when(world: World) -> None:
    mornings(world, BELOW)
    episode = world.ledger.open_episode("T1", "repeat", "C1")
    assert episode is not None
    assert episode.since == date(2026, 11, 17)
    assert episode.root_ts == "2.0"


def test_figures_that_cannot_be_judged_stop_no_digest(world: World) -> None:
    class NoOrders(Problem):
        key = "no_orders"

    def unjudged(_day: date) -> Judgement:
        raise NoOrders

    morning = world.morning()
    morning.judge = unjudged
    morning.tick(world.now)
    assert world.states() == {("digest", "C1"): State.SENT}


def test_a_channel_for_alerts_only_gets_no_digest(world: World) -> None:
    world.judgement = BELOW
    only = Target("C9", time(8, 0), TOKYO, Calendar(), digest=False)
    Morning(world.ledger, world.courier(), "T1", lambda: (only,), lambda _day: BELOW).tick(world.now)
    assert world.states() == {("alert", "C9"): State.SENT}


def test_a_channel_without_alerts_gets_none(world: World) -> None:
    quiet = Target("C9", time(8, 0), TOKYO, Calendar(), alerts=False)
    Morning(world.ledger, world.courier(), "T1", lambda: (quiet,), lambda _day: BELOW).tick(world.now)
    assert world.states() == {("digest", "C9"): State.SENT}
