"""Are several digests watched apart: each its own obituary, its own past, and nobody else's?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.delivery.clock import Calendar, Window
from bot.delivery.freshness import DataNotReady
from bot.delivery.morning import DIGEST, Morning, Target
from bot.delivery.obituaries import Obituaries
from bot.delivery.row import Delivery, Key, Kind, Payload, State
from bot.language import Language
from bot.page import Heading, Page
from bot.present.watching import obituary, status
from bot.watch.obituary import AFTER, Obituarist
from bot.watch.overdue import Overdue
from bot.watch.past import mornings, posted
from bot.watch.saying import Saying
from tests.bot.delivering import PAGE, TOKYO, World, opened
from tests.bot.test_watch import ScheduledSlack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JA = Language.of("ja")
MAIN = Target("C1", time(8, 0), TOKYO, Calendar())
LINE = replace(MAIN, name="line")
FRIDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 24)  # a holiday lies between


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


def morning(world: World, *targets: Target) -> Morning:
    return Morning(world.ledger, world.courier(), "T1", lambda: targets)


def obituarist(world: World, web: ScheduledSlack) -> Obituarist:
    say = lambda target, due: f"{target.name} {obituary(due, JA)}"
    return Obituarist(web, Obituaries(world.ledger.engine), world.ledger.find, morning(world).key, say)


def waiting(web: ScheduledSlack) -> list[str]:
    """The names of the digests whose obituaries wait in Slack."""
    return sorted(one["text"].split()[0] for one in web.waiting.values())


# --- obituaries -----------------------------------------------------------------------------


def test_two_digests_of_one_channel_and_time_have_an_obituary_each(world: World) -> None:
    web = ScheduledSlack()
    morning(world, MAIN, LINE).tick(world.now)
    obituarist(world, web).tend((MAIN, LINE), world.now)
    assert waiting(web) == ["daily", "line"]
    world.now = datetime.combine(TUESDAY, time(8, 0, 30), TOKYO).astimezone(UTC)
    morning(world, MAIN).tick(world.now)
    obituarist(world, web).tend((MAIN, LINE), world.now)
    still = [one for one in web.waiting.values() if one["post_at"] < world.now.timestamp() + AFTER.total_seconds()]
    assert [one["text"].split()[0] for one in still] == ["line"], "only of the one that has not come"


def test_nobody_waits_for_a_digest_that_is_paused(world: World) -> None:
    web = ScheduledSlack()
    morning(world, MAIN, LINE).tick(world.now)
    obituarist(world, web).tend((MAIN, LINE), world.now)
    obituarist(world, web).tend((MAIN,), world.now)
    assert waiting(web) == ["daily"]
    obituarist(world, web).tend((MAIN, LINE), world.now)
    assert waiting(web) == ["daily", "line"], "and resumed it is waited for again"


def test_the_obituary_goes_with_the_digest_to_another_day(world: World) -> None:
    web = ScheduledSlack()
    morning(world, LINE).tick(world.now)
    obituarist(world, web).tend((LINE,), world.now)
    mondays = replace(LINE, calendar=Calendar(None, every_day=True, weekdays=frozenset({4})))
    obituarist(world, web).tend((mondays,), world.now)
    [one] = web.waiting.values()
    next_friday = datetime.combine(FRIDAY + timedelta(weeks=1), time(8, 0), TOKYO)
    assert one["post_at"] == int((next_friday + AFTER).timestamp())


# --- data that is missing -------------------------------------------------------------------


def test_two_digests_that_wait_in_one_channel_have_one_data_notice(world: World) -> None:
    def not_ready(row: Delivery) -> Payload:
        if row.key.kind is Kind.DIGEST:
            raise DataNotReady(day=FRIDAY, reason="not_imported", newest_at="")
        return PAGE

    world.content = not_ready
    watched = morning(world, MAIN, LINE, replace(MAIN, channel="C2"))
    overdue = Overdue(world.ledger, watched.key, lambda: "", timedelta(minutes=30))
    watched.after_round = overdue.after_round
    for _ in range(10):
        watched.tick(world.now)
        world.now += timedelta(minutes=5)
    rows = world.ledger.deliveries()
    notices = [row.key.channel for row in rows if row.key.kind is Kind.DATA_NOTICE]
    assert sorted(notices) == ["C1", "C2"]
    assert len(world.slack.posts) == 2


# --- the past -------------------------------------------------------------------------------


def sent(world: World, name: str, channel: str, day: date, page: Payload = PAGE) -> None:
    """A digest of that date that came in time."""
    due = datetime.combine(day, time(8, 0), TOKYO).astimezone(UTC)
    key = Key("T1", Kind.DIGEST, name, channel, day)
    world.ledger.plan(key, Window(day, due, due + timedelta(hours=12)), due)
    row = world.ledger.claim("one", due, only=key)
    assert row is not None
    world.ledger.keep(row, page)
    world.ledger.sent(row, f"{name} {channel} {day}", due)


def test_the_status_covers_fourteen_dates_of_every_digest_and_no_other_s_direct_message(world: World) -> None:
    days = [FRIDAY - timedelta(days=back) for back in range(16)]
    for day in days:
        for name, channel in ((DIGEST, "C1"), ("line", "C1"), ("own", "D7")):
            sent(world, name, channel, day)
    asked_in_channel, asked_by_owner = mornings(world.ledger, channel="C1"), mornings(world.ledger, channel="D7")
    assert {(one.name, one.local_date) for one in asked_in_channel} == {
        (name, day) for name in (DIGEST, "line") for day in days[:14]
    }
    assert {one.name for one in asked_by_owner} == {DIGEST, "line", "own"}
    assert "14" in status(asked_in_channel, TOKYO, JA).headline
    assert "D7" not in str(status(asked_in_channel, TOKYO, JA))


def test_the_replay_is_of_the_main_digest(world: World) -> None:
    sent(world, DIGEST, "C1", FRIDAY, replace(PAGE, text="main"))
    sent(world, "line", "C1", FRIDAY, replace(PAGE, text="line"))
    sent(world, "own", "D7", TUESDAY, replace(PAGE, text="own"))
    for channel in ("C1", "D7", ""):
        found = posted(world.ledger, channel, None)
        assert found is not None
        assert found.text == "main"


def test_a_lost_morning_is_its_own_digest_s_and_none_was_lost_while_it_was_paused(world: World) -> None:
    for name in (DIGEST, "line"):
        sent(world, name, "C1", date(2026, 11, 16))
    sent(world, "line", "C1", date(2026, 11, 18))
    sent(world, "fresh", "C1", date(2026, 11, 18))  # there were no earlier ones that could have been lost
    resumed = replace(LINE, since=datetime.combine(date(2026, 11, 19), time(7), TOKYO))
    now = datetime.combine(FRIDAY, time(7), TOKYO).astimezone(UTC)
    overdue = Overdue(world.ledger, morning(world).key, lambda: "", timedelta(minutes=30))
    overdue.catch_up((MAIN, resumed, replace(MAIN, name="fresh")), now)
    skipped = {(row.key.name, row.key.local_date.day) for row in world.ledger.digests(99) if row.state is State.SKIPPED}
    assert skipped == {(DIGEST, 17), (DIGEST, 18), (DIGEST, 19), ("line", 19), ("fresh", 19)}


# --- what a digest says of itself -----------------------------------------------------------


@dataclass
class NarrowDesk:
    """A desk that knows one rate of so many customers; `asked`: which customers it was asked for."""

    value: float
    n: int
    zone: Any = TOKYO
    asked: list[Any] = field(default_factory=list)

    def report(self, _as_of: date, *, filters: Any = ()) -> Any:
        self.asked.append(filters)
        return SimpleNamespace(repeat=SimpleNamespace(now=SimpleNamespace(rate=self)))


@pytest.mark.parametrize(("customers", "told"), [(40, True), (4, False)])
def test_a_digest_tells_what_moved_among_its_own_customers_unless_they_are_too_few(
    world: World, customers: int, told: bool
) -> None:
    then = (f"repeat {FRIDAY.isoformat()}", 0.2)
    sent(world, DIGEST, "C1", FRIDAY, replace(PAGE, figures=((then[0], 0.9),)))
    sent(world, "line", "C1", FRIDAY, replace(PAGE, figures=(then,)))
    due = datetime.combine(TUESDAY, time(8, 0), TOKYO).astimezone(UTC)
    row = Delivery("1", Key("T1", Kind.DIGEST, "line", "C1", TUESDAY), due, due + timedelta(hours=12))
    desk: Any = NarrowDesk(0.25, customers)
    saying = Saying(desk, desk, world.ledger, JA, lambda: due, gate=False, filters=(("channel", "LINE"),))
    said = saying.digest(row, lambda: Page("x", (Heading("x"),)))
    assert ("20.0%" in str(said.page.parts)) is told
    assert "90.0%" not in str(said.page.parts)
    assert bool(said.figures) is told
    assert set(desk.asked) == {(("channel", "LINE"),)}
