"""Do rules speak once per episode, in one thread that shows the present state, through kills and faults?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.alerting.book import Book, Change, Kept
from bot.alerting.rules import Watched
from bot.delivery.clock import Calendar
from bot.delivery.protocol import Answer, Outcome
from bot.delivery.row import Payload
from bot.settings.watching import AlertRule
from metrics.alert import Rule, Standing, acknowledged, muted
from tests.bot.alarming import MONDAY, Alerted, alerted, words
from tests.bot.delivering import Killed

FRIDAY = MONDAY + timedelta(days=4)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Alerted]:
    with alerted(tmp_path) as found:
        yield found


def test_an_episode_is_one_thread_after_the_digest(shop: Alerted) -> None:
    assert shop.days("gBBbg") == ["", "alert", "", "", "recovery"]
    [root] = shop.book.roots()
    assert shop.slack.threads[shop.slack.posts[-1][0]] == root.ts


def test_the_first_message_shows_the_present_state_and_loses_its_buttons_at_the_end(shop: Alerted) -> None:
    shop.days("gB")
    assert "❌ 発生中" in words(shop.root())
    assert "alert-ack" in words(shop.root())
    shop.days("gBg")
    assert "✅ 回復" in words(shop.root())
    assert "actions" not in words(shop.root())


def test_after_the_recovery_a_new_episode_is_a_new_thread(shop: Alerted) -> None:
    assert shop.days("BgB") == ["alert", "recovery", "alert"]
    assert len({root.ts for root in shop.book.roots()}) == 2


def test_a_message_that_did_not_change_is_not_edited(shop: Alerted) -> None:
    shop.days("B", ticks=6)
    assert shop.slack.edits == []


def test_every_channel_has_its_own_thread_of_one_episode(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("repeat"), ("C1", "C2"))) as shop:
        assert shop.days("Bg") == ["alert alert", "recovery recovery"]
        assert sorted(root.channel for root in shop.book.roots()) == ["C1", "C2"]


JAPANESE = re.compile("[ぁ-んァ-ヶ]")


def languages(shop: Alerted, since: int = 0) -> set[tuple[str, str, str]]:
    """Kind, channel and language of what was posted; all parts of a message speak one."""
    rows = {row.mark: row.key for row in shop.world.ledger.deliveries(1000)}
    keys = [(rows[mark], ts) for ts, mark, _ in shop.slack.posts[since:] if rows[mark].kind.value != "digest"]
    return {(key.kind.value, key.channel, spoken(shop.slack.said[ts])) for key, ts in keys}


def spoken(payload: Payload) -> str:
    return "ja" if JAPANESE.search(words(payload)) else "en"


def roots(shop: Alerted) -> dict[str, str]:
    """What language each channel's first message speaks now."""
    return {root.channel: spoken(shop.slack.said[root.ts]) for root in shop.book.roots() if root.ts}


def test_each_channel_s_thread_speaks_its_own_language_to_the_end(tmp_path: Path) -> None:
    rule = Watched(Rule("by", dimension="channel", remind_days=2), ("C1", "C2"), mention="U0SATO0001")
    with alerted(tmp_path, rule, spoken={"C2": "en"}) as shop:
        shop.sky.labels = ("LINE",)
        shop.days("B")
        assert languages(shop) == {("alert", "C1", "ja"), ("alert", "C2", "en")}
        shop.sky.labels = ("LINE", "web")
        before = len(shop.slack.posts)
        shop.days("BB")
        assert languages(shop, before) == {("reminder", "C1", "ja"), ("reminder", "C2", "en")}
        shop.alarm().act("by", lambda s: acknowledged(s, "U0SATO0001", shop.world.now), shop.world.now)
        shop.tick(1)
        assert "確認しました" in words(shop.root_in("C1"))
        assert "acknowledged" in words(shop.root_in("C2"))
        assert roots(shop) == {"C1": "ja", "C2": "en"}
        before = len(shop.slack.posts)
        shop.days("BBg")
        assert languages(shop, before) == {("recovery", "C1", "ja"), ("recovery", "C2", "en")}
        assert roots(shop) == {"C1": "ja", "C2": "en"}


def test_a_reminder_speaks_the_language_of_each_channel(tmp_path: Path) -> None:
    rule = Watched(Rule("repeat", remind_days=2), ("C1", "C2"))
    with alerted(tmp_path, rule, spoken={"C2": "en"}) as shop:
        shop.days("BBB")
        said = [words(shop.slack.said[ts]) for ts, _, _ in shop.slack.posts[-2:]]
        assert [JAPANESE.search(one) is None for one in said] in ([True, False], [False, True])


def test_a_rule_that_cannot_be_judged_or_is_gone_is_said_in_each_channel_s_language(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("repeat"), ("C1", "C2")), spoken={"C1": "en"}) as shop:
        shop.days("g!", ticks=2)
        shop.at(MONDAY + timedelta(days=1), 9, 10)
        shop.tick(2)
        assert languages(shop) == {("alert", "C1", "en"), ("alert", "C2", "ja")}
    with alerted(tmp_path / "gone", Watched(Rule("repeat"), ("C1", "C2")), spoken={"C1": "en"}) as shop:
        shop.days("B")
        shop.rules = ()
        shop.tick(2)
        assert roots(shop) == {"C1": "en", "C2": "ja"}


def test_a_channel_that_chooses_another_language_is_told_the_rest_in_it(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("repeat"), ("C1",))) as shop:
        shop.days("B")
        shop.spoken["C1"] = "en"
        shop.days("Bb")
        assert roots(shop) == {"C1": "en"}


def test_an_alert_waits_for_the_digest_of_its_day_but_not_for_ever(shop: Alerted) -> None:
    shop.sky.letters = "B"
    shop.slack.answers = [Answer(Outcome.BLOCKED, error="not_in_channel")] * 9
    shop.at(MONDAY)
    shop.tick(1)
    assert list(shop.book.roots()) == []
    shop.at(MONDAY, 9, 2)
    shop.tick(1)
    assert len(list(shop.book.roots())) == 1


def test_a_mute_holds_the_announcement_and_says_it_once(shop: Alerted) -> None:
    shop.days("g")
    shop.alarm().act(
        "repeat", lambda standing: muted(standing, shop.world.now + timedelta(days=2), "U1"), shop.world.now
    )
    assert shop.days("gBBBB") == ["", "", "", "alert", ""]


def test_on_days_off_it_is_judged_but_not_said(tmp_path: Path) -> None:
    with alerted(tmp_path, calendar=Calendar(None, frozenset({MONDAY + timedelta(days=1)}))) as shop:
        assert shop.days("gBB") == ["", "", "alert"]
        [kept] = shop.book.standings().values()
        assert kept.standing.began_on == MONDAY


def test_days_of_downtime_are_made_up_for_in_silence(shop: Alerted) -> None:
    shop.days("g")
    shop.sky.letters = "gBgB"
    shop.at(MONDAY + timedelta(days=3))
    shop.tick()
    assert shop.kinds() == ["alert"]
    [kept] = shop.book.standings().values()
    assert kept.standing.tracks[0].ended_on == MONDAY + timedelta(days=1)


def test_a_new_rule_knows_the_past_sixty_mornings(shop: Alerted) -> None:
    shop.sky.first, shop.sky.letters = MONDAY - timedelta(days=31), "B" * 40
    shop.at(MONDAY)
    shop.tick()
    [kept] = shop.book.standings().values()
    assert kept.standing.began_on == MONDAY - timedelta(days=31)


def test_who_acknowledged_and_when_stands_in_the_message(shop: Alerted) -> None:
    shop.days("B")
    now = shop.world.now
    shop.alarm().act("repeat", lambda standing: acknowledged(standing, "U0SATO0001", now), now)
    shop.tick(1)
    assert "<@U0SATO0001> さんが11月16日(月) 8:02に確認しました。" in words(shop.root())
    assert "👀 確認済み" in words(shop.root())
    assert "alert-ack" not in words(shop.root())


def test_a_reminder_goes_to_the_thread_until_someone_acknowledges(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("repeat", remind_days=2), ("C1",))) as shop:
        assert shop.days("BBBBB") == ["alert", "", "reminder", "", "reminder"]
        shop.alarm().act("repeat", lambda s: acknowledged(s, "U1", shop.world.now), shop.world.now)
        shop.sky.letters = "B" * 9
        shop.at(MONDAY + timedelta(days=7))
        shop.tick()
        assert shop.kinds()[-1] == "reminder"
        assert shop.kinds().count("reminder") == 2


def test_further_segments_are_a_reply_and_the_table_grows(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("by", dimension="channel"), ("C1",))) as shop:
        shop.sky.labels = ("LINE",)
        shop.days("B")
        shop.sky.labels = ("LINE", "楽天")
        assert shop.days("BB")[-1] == "reminder"
        assert "チャネルの2区分" in shop.root().text


def test_the_mention_is_there_when_it_fires_and_not_in_edits(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("repeat"), ("C1",), mention="S0TEAM0001")) as shop:
        shop.days("B")
        assert "<!subteam^S0TEAM0001>" in words(shop.root())
        shop.days("Bb")
        assert "subteam" not in words(shop.root())


def test_what_cannot_be_read_is_said_once_after_an_hour(shop: Alerted) -> None:
    shop.days("g!", ticks=2)
    assert shop.kinds() == []
    shop.at(MONDAY + timedelta(days=1), 9, 10)
    shop.tick(2)
    assert shop.kinds() == ["alert"]
    assert "読めません（no_store）" in words(shop.slack.said[shop.slack.posts[-1][0]])
    shop.at(MONDAY + timedelta(days=1), 10, 10)
    shop.tick(2)
    assert shop.kinds() == ["alert"]


def test_stale_orders_show_in_the_open_message_and_the_day_is_judged_when_they_come(shop: Alerted) -> None:
    shop.days("B")
    shop.sky.letters = "Bs"
    shop.at(MONDAY + timedelta(days=1), 9, 10)
    shop.tick(2)
    assert "⏸ 判定できません" in words(shop.root())
    shop.sky.letters = "Bg"
    shop.at(MONDAY + timedelta(days=1), 9, 30)
    shop.tick(2)
    assert shop.kinds() == ["alert", "recovery"]


def test_a_rule_that_is_gone_ends_its_episode_in_its_message(shop: Alerted) -> None:
    shop.days("B")
    shop.rules = ()
    shop.tick(2)
    assert "使われなくなった" in shop.root().text
    assert shop.book.open_names() == frozenset()


def test_a_changed_rule_is_judged_anew_in_the_same_thread(shop: Alerted) -> None:
    shop.days("B")
    shop.rules = (Watched(Rule("repeat", threshold=0.05), ("C1",)),)
    assert shop.days("BB") == ["recovery", ""]


def test_a_weekly_rule_judges_mondays_only(tmp_path: Path) -> None:
    with alerted(tmp_path, Watched(Rule("repeat", evaluate="weekly"), ("C1",))) as shop:
        assert shop.days("gBBBBBBB") == ["", "", "", "", "", "", "", "alert"]


def test_a_bug_in_one_rule_stops_no_other(tmp_path: Path) -> None:
    broken = Watched(Rule("broken", dimension="x"), ("C1",))
    with alerted(tmp_path, broken, Watched(Rule("repeat"), ("C1",))) as shop:
        usual = shop.sky.sights
        shop.sky.sights = lambda rule, days: 1 / 0 if rule.name == "broken" else usual(rule, days)  # type: ignore[method-assign]
        assert shop.days("B") == ["alert"]


# --- faults ---------------------------------------------------------------------------------


def test_an_edit_that_slack_does_not_take_is_done_later(shop: Alerted) -> None:
    shop.days("B")
    shop.slack.refusals = [
        Answer(Outcome.UNKNOWN, error="timeout"),
        Answer(Outcome.NOT_APPLIED, error="x", retry_after=30),
    ]
    shop.days("Bg", ticks=6)
    assert "✅ 回復" in words(shop.root())


def test_an_edit_of_a_message_that_is_gone_is_given_up(shop: Alerted) -> None:
    shop.days("B")
    shop.slack.refusals = [Answer(Outcome.BLOCKED, error="message_not_found")]
    shop.days("Bg", ticks=6)
    assert shop.slack.edits == []
    assert all(root.shown == root.wanted for root in shop.book.roots())


def test_blocks_that_slack_refuses_are_said_in_words(shop: Alerted) -> None:
    shop.days("B")
    shop.slack.refusals = [Answer(Outcome.CONTENT, error="invalid_blocks")]
    shop.days("Bg")
    assert shop.root().blocks == ()
    assert "戻りました" in shop.root().text


class Dying:
    """A book that kills the process before or after one of its calls."""

    def __init__(self, book: Book, call: str, *, after: bool) -> None:
        self._book, self._call, self._after, self.died = book, call, after, False

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._book, name)
        if name != self._call or self.died:
            return real

        def dies(*given: Any, **more: Any) -> Any:
            self.died = True
            if self._after:
                real(*given, **more)
            raise Killed

        return dies


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", ["standings", "commit", "release_notes", "channels", "open_names"])
@pytest.mark.parametrize("day", [0, 1, 2])
def test_a_kill_at_any_call_of_the_book_loses_and_doubles_nothing(
    tmp_path: Path, call: str, after: bool, day: int
) -> None:
    with alerted(tmp_path) as shop:
        letters = "Bbg"
        shop.sky.letters = letters
        for i in range(3):
            shop.at(MONDAY + timedelta(days=i))
            if i == day:
                try:
                    shop.tick(2, shop.alarm(Dying(shop.book, call, after=after)))
                except Killed:
                    shop.world.now += timedelta(seconds=100)
            shop.tick(4)
        assert shop.kinds() == ["alert", "recovery"]
        assert "✅ 回復" in words(shop.root())


@pytest.mark.parametrize("applied", [True, False])
def test_a_kill_between_the_edit_and_its_record_shows_the_newest_text(shop: Alerted, applied: bool) -> None:
    shop.days("B")
    shop.sky.letters = "Bg"
    shop.at(MONDAY + timedelta(days=1))
    shop.tick(1, edits=False)

    def dies(call: dict[str, Any]) -> Answer:
        if applied:
            shop.slack.update(call)
        raise Killed

    with pytest.raises(Killed):
        shop.edits(dies, "two").round()
    shop.tick(1)
    assert len(shop.slack.edits) == applied, "the dead one's hold keeps others away"
    shop.world.now += timedelta(seconds=100)
    shop.tick(1)
    assert "✅ 回復" in words(shop.root())


def test_a_hold_that_was_slept_through_shows_the_newest_text_once_more(shop: Alerted) -> None:
    """One process edits, sleeps, and wakes after another has shown a newer text: its own is not the last word."""
    shop.days("B")
    shop.sky.letters = "Bb"
    shop.at(MONDAY + timedelta(days=1))
    shop.alarm().tick(shop.world.now)

    def slow(call: dict[str, Any]) -> Answer:
        shop.world.now += timedelta(seconds=120)
        shop.sky.letters = "Bbg"
        shop.at(MONDAY + timedelta(days=2))
        shop.tick(3)  # another process shows the end
        return shop.slack.update(call)

    shop.edits(slow, "slow").round()
    shop.tick(2)
    assert "✅ 回復" in words(shop.root())


def test_two_processes_never_step_the_same_morning_twice(shop: Alerted) -> None:
    shop.sky.letters = "B"
    shop.at(MONDAY)
    shop.tick(1)
    kept, now = shop.book.standings()["repeat"], shop.world.now
    change = Change(kept.standing, kept.rule)
    assert not shop.book.commit("repeat", Kept(Standing()), change, (MONDAY, now), now)
    assert shop.book.commit("repeat", kept, change, (MONDAY, now), now)
    assert not shop.book.commit("repeat", kept, change, (MONDAY, now), now)


# --- rules made in Slack ---------------------------------------------------------------------


def test_rules_are_kept_renamed_and_removed_with_an_audit_row(shop: Alerted) -> None:
    now = shop.world.now
    rule = AlertRule(name="LINE", dimension="channel", label="LINE", threshold=0.15)
    shop.book.keep_rule(rule, "U1", now)
    shop.book.keep_rule(rule.model_copy(update={"name": "LINE 2", "bad": 2, "of": 3}), "U2", now, before="LINE")
    assert [(one.name, one.of, who) for one, who in shop.book.rules()] == [("LINE 2", 3, "U2")]
    assert shop.book.drop_rule("LINE 2", "U3", now)
    assert not shop.book.drop_rule("LINE 2", "U3", now)
    assert [(who, what.partition(":")[0]) for _, who, what, _ in shop.world.ledger.audited()][::-1] == [
        ("U1", "rule kept"),
        ("U2", "rule kept"),
        ("U3", "rule removed"),
    ]
