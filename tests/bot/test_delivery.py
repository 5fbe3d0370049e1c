"""Does each digest arrive exactly once, whatever dies and whatever Slack answers?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot.delivery.clock import Window
from bot.delivery.ledger import Ledger
from bot.delivery.morning import send_now
from bot.delivery.protocol import AGAIN, GUARD, HOLD, LEASE, Answer, Look, Outcome, Sight
from bot.delivery.row import Delivery, Key, Kind, Payload, State
from metrics.problem import Problem
from tests.bot.delivering import EIGHT, PAGE, TOKYO, Killed, World, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


# --- when ---------------------------------------------------------------------------------


def test_nothing_before_the_due_time(world: World) -> None:
    world.now = EIGHT - timedelta(seconds=1)
    world.tick()
    assert world.slack.posts == []


def test_a_tick_gives_the_seconds_until_there_is_something_to_do_again(world: World) -> None:
    morning = world.morning()
    world.now = EIGHT - timedelta(seconds=7)
    assert morning.tick(world.now) == 7, "the digest is due"
    world.slack.answers = ["applied, then reset"]
    world.now = EIGHT
    assert morning.tick(world.now) == AGAIN.total_seconds(), "the look comes after a while"
    assert morning.tick(world.now, lambda: True) is None, "whoever ends is not woken"


def test_the_digest_comes_once_however_often_the_clock_ticks_and_the_process_restarts(world: World) -> None:
    for _ in range(5):
        world.tick(20)
    assert len(world.slack.posts) == 1
    assert world.states() == {("digest", "C1"): State.SENT}


def test_each_channel_gets_its_own(world: World) -> None:
    world.channels = ("C1", "C2", "C3")
    world.tick(3)
    assert {row.key.channel for row in world.ledger.deliveries() if row.state is State.SENT} == {"C1", "C2", "C3"}


@pytest.mark.parametrize(
    ("day", "posts"),
    [(20, 1), (21, 0), (22, 0), (23, 0), (24, 1)],
    ids=["Friday", "Saturday", "Sunday", "勤労感謝の日", "Tuesday"],
)
def test_only_business_days(world: World, day: int, posts: int) -> None:
    world.now = datetime(2026, 11, day, 8, 1, tzinfo=TOKYO)
    world.tick(2)
    assert len(world.slack.posts) == posts


def test_a_bot_that_was_down_at_eight_posts_late_rather_than_never(world: World) -> None:
    world.now = EIGHT + timedelta(hours=6)
    world.tick()
    assert len(world.slack.posts) == 1


def test_after_twelve_hours_it_is_too_late(world: World) -> None:
    world.now = EIGHT + timedelta(hours=12)
    world.tick()
    assert world.slack.posts == []


def test_a_day_later_the_next_one_comes(world: World) -> None:
    world.now = datetime(2026, 11, 19, 8, 1, tzinfo=TOKYO)
    world.tick()
    world.now += timedelta(days=1)
    world.tick()
    assert len(world.slack.posts) == 2


# --- kills --------------------------------------------------------------------------------


class Mortal:
    """Stands before the ledger and the channel and dies before or after the n-th call."""

    def __init__(self, behind: Any, fuse: list[int], *, after: bool) -> None:
        self._behind, self._fuse, self._after = behind, fuse, after

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._behind, name)

        def mortal(*given: Any, **named: Any) -> Any:
            self._fuse[0] -= 1
            if self._fuse[0] == 0 and not self._after:
                raise Killed(f"before {name}")
            result = call(*given, **named)
            if self._fuse[0] == 0:
                raise Killed(f"after {name}")
            return result

        return mortal


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_call_neither_loses_nor_doubles_the_digest(tmp_path: Path, after: bool) -> None:
    deaths = []
    for call in range(1, 14):
        with closing(Ledger.open(f"sqlite:///{tmp_path}/{call}.db")) as ledger:
            world = World(ledger)
            fuse = [call]
            courier = world.courier(Mortal(ledger, fuse, after=after))
            dying = replace(courier, channel=Mortal(world.slack, fuse, after=after))
            try:
                world.morning(dying).tick(world.now)
            except Killed as death:
                deaths.append(str(death))
            world.now += timedelta(seconds=10)
            world.tick(times=9, every=timedelta(seconds=50))
            assert len(world.slack.posts) == 1, deaths[-1]
            assert world.states() == {("digest", "C1"): State.SENT}, deaths[-1]
    moment = "after" if after else "before"
    assert {f"{moment} {name}" for name in ("claim", "keep", "look", "intend", "post", "sent")} <= set(deaths)


def test_a_kill_between_row_and_post_is_made_good_by_the_next_process(world: World) -> None:
    world.ledger.plan(
        Key("T1", Kind.DIGEST, "daily", "C1", date(2026, 11, 20)),
        Window(date(2026, 11, 20), EIGHT, EIGHT + timedelta(hours=12)),
        world.now,
    )
    row = world.ledger.claim("died", world.now)
    assert row is not None
    world.tick()
    assert world.slack.posts == [], "the lease of the dead one still holds"
    world.now += LEASE
    world.tick()
    assert len(world.slack.posts) == 1


def test_every_retry_posts_the_bytes_of_the_first_rendering(world: World) -> None:
    world.slack.answers = [Answer(Outcome.NOT_APPLIED, error="unreachable")] * 3
    world.tick(times=30)
    assert len(world.rendered) == 1
    assert world.slack.tried == 4


# --- answers ------------------------------------------------------------------------------


def test_applied_then_reset_is_found_and_not_posted_again(world: World) -> None:
    world.slack.answers = ["applied, then reset"]
    world.tick(times=40)
    assert len(world.slack.posts) == 1
    assert world.ledger.deliveries()[0].slack_ts == "1.0"


def test_an_open_answer_is_posted_again_only_after_the_hold(world: World) -> None:
    world.slack.answers = [Answer(Outcome.UNKNOWN, error="timeout")]
    began = world.now
    world.tick()
    while not world.slack.posts:
        assert world.now < began + timedelta(minutes=5), "late, but not that late"
        world.tick()
    assert world.now - timedelta(seconds=20) >= began + HOLD


def test_a_post_that_shows_up_during_the_hold_is_found(world: World) -> None:
    world.slack.answers = ["applied, then reset"]
    world.slack.looks = [Look(Sight.ABSENT)] * 2
    world.tick(times=40)
    assert len(world.slack.posts) == 1


def test_a_429_is_honoured_to_the_second(world: World) -> None:
    world.slack.answers = [Answer(Outcome.NOT_APPLIED, error="ratelimited", retry_after=3600)]
    began = world.now
    world.tick()
    assert world.ledger.deliveries()[0].not_before == began + timedelta(hours=1)
    world.now = began + timedelta(seconds=3599)
    world.tick()
    assert world.slack.posts == []
    world.tick()
    assert len(world.slack.posts) == 1


def test_a_content_error_sends_the_words_only_form_once(world: World) -> None:
    world.slack.answers = [Answer(Outcome.CONTENT, error="invalid_blocks")]
    world.tick()
    assert [plain for _, _, plain in world.slack.posts] == [True]
    assert world.slack.tried == 2


def test_words_that_are_refused_too_block_the_target(world: World) -> None:
    world.slack.answers = [Answer(Outcome.CONTENT, error="msg_too_long")] * 2
    world.tick()
    assert world.slack.tried == 2
    assert world.states() == {("digest", "C1"): State.BLOCKED}


def test_a_blocked_target_is_told_once_tried_every_15_minutes_and_recovers(world: World) -> None:
    world.slack.answers = [Answer(Outcome.BLOCKED, error="not_in_channel")] * 4
    world.tick(times=20, every=timedelta(minutes=5))
    assert world.told == ["C1 not_in_channel"]
    assert world.slack.tried == 5
    assert world.states() == {("digest", "C1"): State.SENT}


def test_one_blocked_target_does_not_stop_the_others(world: World) -> None:
    world.channels = ("C1", "C2")
    world.slack.answers = [Answer(Outcome.BLOCKED, error="is_archived")]
    world.tick()
    assert world.states() == {("digest", "C1"): State.BLOCKED, ("digest", "C2"): State.SENT}


def test_a_bug_in_one_page_does_not_stop_the_others(world: World) -> None:
    def content(row: Delivery) -> Payload:
        if row.key.channel == "C1":
            raise ZeroDivisionError
        return PAGE

    world.channels, world.content = ("C1", "C2"), content
    world.tick()
    assert world.states() == {("digest", "C1"): State.PENDING, ("digest", "C2"): State.SENT}


def test_figures_that_are_not_ready_are_waited_for(world: World) -> None:
    class NoOrders(Problem):
        key = "no_orders"

    ready: list[int] = []

    def content(_row: Delivery) -> Payload:
        if not ready:
            raise NoOrders
        return PAGE

    world.content = content
    world.tick()
    assert world.states() == {("digest", "C1"): State.WAITING_DATA}
    ready.append(1)
    world.tick(times=20)
    assert world.states() == {("digest", "C1"): State.SENT}


def test_without_the_history_scope_a_first_post_goes_out_and_an_open_one_is_held(world: World) -> None:
    world.slack.looks = [Look(Sight.BLIND, error="missing_scope")] * 100
    world.slack.answers = [Answer(Outcome.UNKNOWN, error="timeout")]
    world.tick(times=60)
    assert world.slack.tried == 1, "reposting blindly would double it"
    assert world.states() == {("digest", "C1"): State.BLOCKED}
    assert world.told == ["C1 cannot_look"]


def test_a_process_that_was_suspended_between_claim_and_post_does_not_post(world: World) -> None:
    look = world.slack.look

    def suspended(row: Delivery, since: datetime) -> Look:
        world.slept = GUARD.total_seconds() + 1  # the wall clock was set back meanwhile
        return look(row, since)

    world.slack.look = suspended  # type: ignore[method-assign]  # the nap happens while looking
    morning = world.morning()
    world.ledger.plan(
        morning.key(morning.targets()[0], Window(date(2026, 11, 20), EIGHT, EIGHT)),
        Window(date(2026, 11, 20), EIGHT, EIGHT + timedelta(hours=12)),
        world.now,
    )
    courier = world.courier()
    row = world.ledger.claim("x", world.now)
    assert row is not None
    courier.deliver(row, courier.awake())
    assert world.slack.posts == []
    world.tick()
    assert len(world.slack.posts) == 1


def test_a_lost_ledger_finds_what_the_channel_has(world: World, tmp_path: Path) -> None:
    world.content = lambda _row: replace(PAGE, replies=(PAGE,))
    world.tick(3)
    assert len(world.slack.posts) == 2
    with closing(Ledger.open(f"sqlite:///{tmp_path}/new.db")) as empty:
        world.ledger = empty
        world.keep_time(empty)
        world.tick(3)
        assert len(world.slack.posts) == 2
        assert sorted(row.slack_ts or "" for row in empty.deliveries()) == ["1.0", "2.0"]


def test_replies_follow_their_root_in_its_thread_each_once(world: World) -> None:
    threads: list[str | None] = []
    post = world.slack.post

    def watched(row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        threads.append(row.thread_ts)
        return post(row, payload, plain=plain)

    world.slack.post = watched  # type: ignore[method-assign]  # to see the thread of each post
    world.content = lambda _row: replace(PAGE, replies=(PAGE, PAGE))
    world.tick(times=5)
    assert threads == [None, "1.0", "1.0"]


def test_two_posts_to_one_channel_keep_a_second_between_them(world: World) -> None:
    world.channels = ("C1", "C2")
    world.content = lambda row: replace(PAGE, replies=(PAGE,)) if row.key.channel == "C1" else PAGE
    world.tick()
    assert world.pauses == [pytest.approx(1.1, abs=1e-6)], "the other channel need not wait"


def test_stopping_claims_nothing_more(world: World) -> None:
    world.channels = ("C1", "C2")
    world.morning().tick(world.now, lambda: bool(world.slack.posts))
    assert len(world.slack.posts) == 1


# --- sending by hand ------------------------------------------------------------------------


def test_sending_by_hand_twice_on_one_date_posts_once_and_counts_as_the_day_s(world: World) -> None:
    first = send_now(world.courier(), "T1", "C1", world.now, TOKYO)
    again = send_now(world.courier(), "T1", "C1", world.now + timedelta(minutes=3), TOKYO)
    world.tick(3)
    assert first == again
    assert first is not None
    assert first.state is State.SENT
    assert len(world.slack.posts) == 1


def test_a_log_line_names_its_delivery_and_says_nothing_that_is_in_it(world: World) -> None:
    world.slack.answers = [Answer(Outcome.UNKNOWN, error="timeout"), "sent"]
    with structlog.testing.capture_logs() as lines:
        world.tick(20)
    [row] = world.ledger.deliveries()
    told = [line for line in lines if line["event"] in {"delivery_posted", "delivery_sent"}]
    assert [(line["event"], line["delivery"]) for line in told] == [
        ("delivery_posted", row.id),
        ("delivery_posted", row.id),
        ("delivery_sent", row.id),
    ]
    assert all(said not in str(lines) for said in ("20.3%", "リピート", "words", "divider"))
