"""Is a morning that does not come noticed: by the channel, its owner, Slack itself, and whoever asks?"""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from bot.delivery.freshness import DataNotReady, Loaded, missing, require_complete
from bot.delivery.obituaries import Obituaries
from bot.delivery.post import SlackRefused
from bot.delivery.protocol import Answer, Outcome
from bot.delivery.row import Kind, Payload, State
from bot.language import Language
from bot.present.place import with_names
from bot.present.watching import additions, obituary, posted, recomputed, status
from bot.watch import past
from bot.watch.asked import Past
from bot.watch.health import Health, serve_health
from bot.watch.keeper import Keeper
from bot.watch.obituary import AFTER, Obituarist
from bot.watch.overdue import Overdue
from bot.watch.past import mornings
from bot.watch.pulse import Heartbeat, Watchdog
from tests.bot.delivering import EIGHT, PAGE, TOKYO, World, opened
from tests.bot.shelf import FakeShelf, steady_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.delivery.row import Delivery

JA, EN = Language.of("ja"), Language.of("en")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


# --- is yesterday complete ------------------------------------------------------------------

ENDED = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)  # midnight in Tokyo
FULL = Loaded(ENDED, ENDED + timedelta(hours=3), ENDED - timedelta(minutes=9), 95, (100, 98, 104, 99))


@pytest.mark.parametrize(
    ("loaded", "why"),
    [
        (FULL, ""),
        (replace(FULL, imported_at=ENDED - timedelta(hours=1)), "not_imported"),
        (replace(FULL, imported_at=None), "not_imported"),
        (replace(FULL, imported_at=None, in_place=True), ""),
        (replace(FULL, imported_at=None, in_place=True, newest_at=ENDED - timedelta(hours=6)), "not_imported"),
        (replace(FULL, imported_at=None, in_place=True, newest_at=None, orders=0), "not_imported"),
        (replace(FULL, imported_at=None, in_place=True, newest_at=ENDED - timedelta(days=2), usual=()), "not_imported"),
        (replace(FULL, imported_at=None, in_place=True, orders=20), "too_few"),
        (replace(FULL, imported_at=None, newest_at=ENDED + timedelta(minutes=1)), ""),
        (replace(FULL, orders=40), "too_few"),
        (replace(FULL, orders=61), ""),
        (replace(FULL, orders=0), "too_few"),
        (replace(FULL, orders=0, usual=(2, 3, 1, 2)), ""),  # a small shop has quiet days
        (replace(FULL, orders=0, usual=()), ""),
        (replace(FULL, imported_at=None, newest_at=None, orders=0), "not_imported"),
    ],
    ids=["complete", "import before midnight", "no import", "read in place", "a silent evening there",
         "nothing there", "the day before there", "half a day there", "an order of today", "half a day", "61 %",
         "empty", "small shop", "no history", "nothing at all"],
)  # fmt: skip
def test_a_day_is_complete_only_when_that_can_be_said(loaded: Loaded, why: str) -> None:
    assert missing(loaded) == why


def test_an_incomplete_day_is_refused_with_its_newest_order() -> None:
    shelf = FakeShelf(steady_shop())
    with pytest.raises(DataNotReady) as caught:
        require_complete(shelf, date(2026, 11, 25), TOKYO)
    assert caught.value.values["reason"] == "not_imported"
    assert caught.value.values["newest_at"].startswith("2026-11-20")
    shelf.last_at = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
    require_complete(shelf, date(2026, 11, 25), TOKYO)


# --- who is told ----------------------------------------------------------------------------


def kept(world: World, owner: str = "C9") -> Any:
    """The world's morning with a keeper around every round."""
    morning = world.morning()
    overdue = Overdue(world.ledger, morning.key, lambda: owner, timedelta(minutes=30))
    keeper = Keeper(overdue, None, Heartbeat("", lambda: 0.0))
    morning.before_round, morning.after_round = keeper.before_round, keeper.after_round
    morning.courier = replace(morning.courier, tell=lambda row, why: overdue.tell(row, why, world.now))
    return morning


def run(world: World, morning: Any, times: int, every: timedelta = timedelta(minutes=5)) -> None:
    for _ in range(times):
        morning.tick(world.now)
        world.now += every


def not_ready(row: Delivery) -> Payload:
    if row.key.kind is Kind.DIGEST:
        raise DataNotReady(day=date(2026, 11, 19), reason="not_imported", newest_at="")
    return PAGE


def said(world: World) -> list[tuple[str, str]]:
    """Kind and channel of every post, in order."""
    rows = {row.mark: row.key for row in world.ledger.deliveries()}
    return [(rows[mark].kind.value, rows[mark].channel) for _, mark, _ in world.slack.posts]


def test_data_that_is_missing_is_told_once_and_the_digest_follows_late(world: World) -> None:
    world.content = not_ready
    morning = kept(world, owner="")
    run(world, morning, 12)
    assert said(world) == [("data_notice", "C1")], "half an hour after the time, once"
    world.content = None
    run(world, morning, 3)
    assert said(world) == [("data_notice", "C1"), ("digest", "C1")]
    [found] = mornings(world.ledger)
    assert (found.state, found.cause) == ("sent", "data")
    assert found.late_seconds is not None
    assert found.late_seconds > 3600


def test_the_owner_hears_once_of_a_blocked_channel_and_it_recovers_without_a_restart(world: World) -> None:
    world.slack.answers = [Answer(Outcome.BLOCKED, error="not_in_channel")]
    morning = kept(world)
    run(world, morning, 2, timedelta(seconds=20))
    assert said(world) == [("owner_notice", "C9")]
    [notice] = [row for row in world.ledger.deliveries() if row.key.kind is Kind.OWNER_NOTICE]
    assert notice.key.episode == "C1 not_in_channel"
    run(world, morning, 4)
    assert said(world) == [("owner_notice", "C9"), ("digest", "C1")]


def test_a_blocked_owner_is_not_told_of_himself_again_and_again(world: World) -> None:
    world.slack.answers = [Answer(Outcome.BLOCKED, error="is_archived")] * 50
    run(world, kept(world), 20)
    notices = [row for row in world.ledger.deliveries() if row.key.kind is Kind.OWNER_NOTICE]
    assert len(notices) <= 2, "the blocked digest, and that it is late"


def test_mornings_that_passed_while_nothing_ran_are_written_down_and_not_posted(world: World) -> None:
    run(world, kept(world), 1)
    world.now = EIGHT + timedelta(days=5, seconds=5)  # Wednesday; Monday was a holiday
    run(world, kept(world), 2)
    states = {row.key.local_date: row.state for row in world.ledger.digests(9)}
    assert states == {
        date(2026, 11, 25): State.SENT,
        date(2026, 11, 24): State.SKIPPED,
        date(2026, 11, 20): State.SENT,
    }
    newest = world.ledger.digests(1)[0]
    assert past.lost(world.ledger, newest) == (date(2026, 11, 24),)
    assert len(world.slack.posts) == 2
    assert [one.cause for one in mornings(world.ledger)] == ["", "down", ""]


def test_a_new_channel_has_lost_nothing(world: World) -> None:
    run(world, kept(world), 2)
    assert [row.key.local_date for row in world.ledger.digests(9)] == [date(2026, 11, 20)]


# --- what the digest says of itself -----------------------------------------------------------


def test_a_rate_that_moved_by_more_than_the_set_points_is_restated_once(world: World) -> None:
    said_then = {date(2026, 11, 18): 0.203, date(2026, 11, 19): 0.21}
    moved = past.restated(said_then, lambda _day: 0.21, 0.5)
    assert [(one.local_date, one.said, one.now) for one in moved] == [(date(2026, 11, 18), 0.203, 0.21)]
    figures = past.figures(date(2026, 11, 20), 0.22, moved)
    world.content = lambda _row: replace(PAGE, figures=figures)
    world.tick()
    row = world.ledger.digests(1)[0]
    tomorrow = replace(row, key=replace(row.key, local_date=date(2026, 11, 21)), state=State.PENDING)
    known = past.said(world.ledger, tomorrow)
    assert known == {date(2026, 11, 18): 0.21, date(2026, 11, 20): 0.22}
    assert past.restated(known, known.__getitem__, 0.5) == ()


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_late_lost_and_restated_are_said_in_one_paragraph(language: Language, snapshot: Any) -> None:
    late = (datetime(2026, 11, 20, 8, 30, tzinfo=TOKYO), "data")
    moved = past.restated({date(2026, 11, 18): 0.203}, lambda _day: 0.211, 0.5)
    [paragraph] = additions(late, ["11/19 …"], moved, language)
    assert paragraph.text == snapshot  # type: ignore[union-attr]
    assert additions(None, [], (), language) == ()


# --- what was posted ------------------------------------------------------------------------


def test_the_posted_bytes_come_back_and_today_s_count_beside_them(world: World) -> None:
    world.content = lambda _row: replace(PAGE, figures=past.figures(date(2026, 11, 20), 0.2, ()))
    world.tick()
    asked = Past(world.ledger, TOKYO, "C1")
    found = asked.posted(date(2026, 11, 20))
    assert found is not None
    assert (found.blocks, found.text) == (PAGE.blocks, PAGE.text)
    assert asked.posted(date(2026, 11, 19)) is None
    page = posted(found, TOKYO, JA)
    assert page.parts[0].blocks == PAGE.blocks  # type: ignore[union-attr]
    assert "20.0%から21.5%" in str(recomputed(found, 0.215, page, JA).parts[1])
    assert "同じ" in str(recomputed(found, 0.2, page, JA).parts[1])


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_the_status_names_each_morning_with_its_lateness_and_cause(
    world: World, language: Language, snapshot: Any
) -> None:
    world.slack.answers = [Answer(Outcome.UNKNOWN, error="timeout")]
    world.tick(times=30)
    found = mornings(world.ledger)
    assert [one.cause for one in found] == ["slack"]
    assert status(found, TOKYO, language) == snapshot


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_before_the_first_morning_the_status_counts_none(language: Language) -> None:
    assert not re.search(r"\d", status((), TOKYO, language).headline)


def test_the_status_names_channels_and_calls_a_direct_message_what_it_is(world: World) -> None:
    world.tick()
    [found] = mornings(world.ledger)
    told = (found, replace(found, name="taro", channel="D7"))
    page = with_names(status(told, TOKYO, JA), {"C1": "#朝会"}.get)  # type: ignore[arg-type]  every id is there
    assert [row[1].text for row in page.parts[1].rows] == ["#朝会", "ダイレクトメッセージ taro"]  # type: ignore[union-attr]


# --- the obituary ---------------------------------------------------------------------------


@dataclass
class ScheduledSlack:
    """What Slack keeps of scheduled messages."""

    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        match method:
            case "chat.scheduleMessage":
                self.made += 1
                self.waiting[f"Q{self.made}"] = given
                return {"ok": True, "scheduled_message_id": f"Q{self.made}"}
            case "chat.scheduledMessages.list":
                found = [
                    {"id": name, **one} for name, one in self.waiting.items() if one["channel"] == given["channel"]
                ]
                return {"ok": True, "scheduled_messages": found}
            case "chat.deleteScheduledMessage" if given["scheduled_message_id"] in self.waiting:
                del self.waiting[given["scheduled_message_id"]]
                return {"ok": True}
        raise SlackRefused(code="invalid_scheduled_message_id", channel="")


def obituarist(world: World, web: ScheduledSlack) -> Obituarist:
    key = world.morning().key
    kept = Obituaries(world.ledger.engine)
    return Obituarist(web, kept, world.ledger.find, key, lambda _target, due: obituary(due, JA))


def test_slack_itself_speaks_when_the_next_morning_does_not_come(world: World) -> None:
    web = ScheduledSlack()
    world.tick()
    targets = world.morning().targets()
    for _ in range(3):
        obituarist(world, web).tend(targets, world.now)
    [waiting] = web.waiting.values()
    tuesday = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)  # after a weekend and a holiday
    assert waiting["post_at"] == int((tuesday + AFTER).timestamp())
    assert "11月24日" in waiting["text"]
    world.now = tuesday.astimezone(UTC) + timedelta(seconds=30)
    world.tick()
    obituarist(world, web).tend(targets, world.now)
    [waiting] = web.waiting.values()
    assert waiting["post_at"] == int((tuesday + timedelta(days=1) + AFTER).timestamp()), (
        "taken back, and the next waits"
    )


def test_a_death_between_scheduling_and_writing_it_down_leaves_one_obituary(world: World) -> None:
    web = ScheduledSlack()
    world.tick()
    dying = obituarist(world, web)
    dying.kept.keep = lambda _one: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        dying.tend(world.morning().targets(), world.now)
    obituarist(world, web).tend(world.morning().targets(), world.now)
    assert web.made == 1
    assert [one.scheduled_id for one in Obituaries(world.ledger.engine).all()] == ["Q1"]


# --- the pulse ------------------------------------------------------------------------------


def test_the_watchdog_ends_a_process_whose_ticks_have_stopped_but_not_one_that_slept() -> None:
    ended: list[int] = []
    signs = iter([1, 2, *[3] * 30])
    dog = Watchdog(lambda: next(signs), ended.append, every_seconds=5, longest_seconds=90)
    looks = 0
    while dog.look():
        looks += 1
    assert ended == [70]
    assert looks == 2 + 18, "it counts its own looks: no clock, so a suspend is no death"


def test_the_heartbeat_calls_once_a_minute_and_never_names_its_url(caplog: pytest.LogCaptureFixture) -> None:
    called = threading.Event()

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            called.set()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    clock = [0.0]
    heart = Heartbeat(f"http://127.0.0.1:{server.server_address[1]}/secret", lambda: clock[0])
    heart.beat()
    assert called.wait(20)
    called.clear()
    clock[0] = 59.0
    heart.beat()
    assert heart.last == 0.0
    server.shutdown()
    server.server_close()
    Heartbeat("http://127.0.0.1:1/canary", lambda: 0.0)._call()
    assert "canary" not in caplog.text


# --- the port -------------------------------------------------------------------------------


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_port_tells_of_life_readiness_and_mornings_and_of_no_figure(world: World) -> None:
    world.tick()
    age, broken = [3.0], [""]

    def slack() -> str:
        if broken[0] == "bug":
            raise ConnectionError
        return broken[0]

    health = Health(lambda: age[0], {"state": lambda: "", "slack": slack}, lambda: mornings(world.ledger), lambda: 2)
    port, close = serve_health(health, 0)
    try:
        assert ask(port, "/healthz") == (200, '{"tick_age_seconds": 3.0}\n')
        age[0] = 91.0
        assert ask(port, "/healthz")[0] == 503
        assert ask(port, "/readyz")[0] == 200
        broken[0] = "token_revoked"
        assert json.loads(ask(port, "/readyz")[1]) == {"state": "ok", "slack": "token_revoked"}
        broken[0] = "bug"
        assert ask(port, "/readyz") == (503, '{"state": "ok", "slack": "ConnectionError"}\n')
        text = ask(port, "/metrics")[1]
        assert 'asakai_mornings{state="sent"} 1.0' in text
        assert 'asakai_ready{dependency="slack"} 0.0' in text
        assert "asakai_twins_removed 2.0" in text
        assert "20.3" not in text
        assert ask(port, "/")[0] == 404
    finally:
        assert close(20)


def test_a_watcher_that_breaks_stops_no_digest(world: World) -> None:
    morning = kept(world)
    morning.after_round.__self__.overdue.key = None
    run(world, morning, 1)
    assert world.states() == {("digest", "C1"): State.SENT}
