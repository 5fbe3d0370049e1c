"""Do the buttons and forms of alerts work in a Slack that refuses what Slack refuses?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.access import Access
from bot.alerting.alarm import Hours
from bot.alerting.book import Book
from bot.alerting.room import Outside, Room, room
from bot.choices.chosen import Chosen
from bot.choices.effective import effective
from bot.choices.voices import Voices
from bot.delivery.clock import Calendar
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.morning import Morning
from bot.delivery.payload import payload_of
from bot.delivery.post import SlackChannel, ask, web_client
from bot.language import Language
from bot.listening import serve_socket
from bot.local_slack import LocalSlack
from bot.local_slack.workspace import Message
from bot.page import Page, Paragraph
from bot.present.rules import RuleLine, rules
from bot.settings.layers import load
from bot.slack import Answers, Edge
from metrics.alert import Rule, Sight
from tests.bot.alarming import MONDAY, Sky
from tests.bot.delivering import PAGE, TOKYO

HOME, SUZUKI = "C0ASAKAI01", "U0SUZUKI01"
JA = Language.of("ja")


@dataclass
class Archive(Sky):
    """The sky with a past."""

    @property
    def as_of(self) -> date:
        return MONDAY

    def past_sights(self, rule: Rule, as_ofs: Any) -> tuple[tuple[Sight, ...], int, bool]:
        return tuple(self.sights(rule, as_ofs)), 0, True


@dataclass
class Shop:
    slack: LocalSlack
    book: Book
    ledger: Ledger
    sky: Archive
    now: datetime = field(default_factory=lambda: datetime.combine(MONDAY, time(8, 1), TOKYO).astimezone(UTC))
    rooms: list[Room] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def awake(self) -> float:
        return self.now.timestamp()

    def tick(self) -> None:
        client = web_client(self.slack.bot_token, self.slack.base_url)
        courier = Courier(
            self.ledger, SlackChannel(client), lambda _: PAGE, self.clock, self.awake, "one"
        )  # fmt: skip
        Morning(self.ledger, courier, "default", tuple, self.rooms[0].tick).tick(self.now)
        self.now += timedelta(seconds=30)
        self.rooms[0].tick(self.now)

    def root(self) -> Message:
        return next(one for one in self.slack.messages(HOME) if "リピート率" in one.text)

    def until(self, true: Any) -> None:
        assert self.slack.workspace.wait_until(true, 20)

    def press(self, action: str) -> None:
        button = next(
            element["action_id"]
            for block in self.root().blocks
            for element in block.get("elements", ())
            if str(element.get("action_id", "")).startswith(action)
        )
        self.slack.click(self.root(), button).acked()

    def told(self) -> list[str]:
        return [one.text for one in self.slack.ephemerals(HOME, "鈴木")]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    settings = load({"ASAKAI_DIGEST__CHANNELS": HOME}, tmp_path)
    with (
        LocalSlack(messages_per_second=None, ack_seconds=30) as slack,
        closing(Ledger.open(str(tmp_path / "s.db"), clock=lambda: found.now)) as ledger,
        closing(Book.open(str(tmp_path / "s.db"), "default")) as book,
    ):
        found = Shop(slack, book, ledger, Archive())
        client = web_client(slack.bot_token, slack.base_url)
        access = Access(frozenset({HOME}))
        outside = Outside(
            tuple, lambda call: ask(client, "chat.update", call, "ts"), found.clock, found.awake, "one",
            payload_of, access.refusal, Voices(lambda: effective(settings, Chosen())),
        )  # fmt: skip
        hours = Hours(time(8, 0), TOKYO, Calendar(None, every_day=True))
        found.rooms.append(room(book, found.sky, settings, hours, outside))

        def answer(_text: str, _who: object) -> Page:
            lines = tuple(RuleLine(Rule(one.name), "slack", who, one.channels, None) for one, who in book.rules())
            return rules(lines, found.now, JA)

        explain = lambda problem, _who: Page(f"problem {problem.key} {problem.values}", (Paragraph(problem.key),))
        edge = Edge(client, Answers(answer, explain, payload_of, lambda: access), routes=found.rooms[0].routes())
        stop = threading.Event()
        thread = threading.Thread(target=lambda: serve_socket(edge.app(), slack.app_token, stop)(10))
        thread.start()
        try:
            slack.wait_socket(timeout=20)
            yield found
        finally:
            stop.set()
            thread.join(20)
            edge.workers.close(5)


def text(value: str) -> dict[str, Any]:
    return {"value": {"type": "plain_text_input", "value": value}}


def number(value: str) -> dict[str, Any]:
    return {"value": {"type": "number_input", "value": value}}


def one(value: str) -> dict[str, Any]:
    return {"value": {"type": "static_select", "selected_option": {"value": value}}}


def some(kind: str, *values: str) -> dict[str, Any]:
    return {"value": {"type": f"multi_{kind}_select", f"selected_{kind}": list(values)}}


def form(**more: Any) -> dict[str, Any]:
    """A filled form: LINE's repeat rate under 15 % on two of three mornings."""
    usual = {
        "name": text("LINE"), "watching": one("threshold"), "figure": one("repeat"), "segment": one("channel"),
        "label": text("LINE"), "side": one("below"), "threshold": number("15"), "judge": one("point"),
        "bad": number("2"), "of": number("3"), "minimum": number(""), "channels": some("conversations", HOME),
        "mention": some("users", SUZUKI),
    }  # fmt: skip
    return {**usual, **more}


def firing(shop: Shop) -> None:
    shop.sky.letters = "B"
    shop.tick()
    shop.tick()


def test_acknowledging_shows_who_and_when_in_the_alert(shop: Shop) -> None:
    firing(shop)
    shop.press("alert-ack")
    shop.until(lambda: f"<@{SUZUKI}> さんが11月16日(月) 8:02に確認しました。" in str(shop.root().blocks))
    shop.until(shop.told)
    assert shop.told() == ["確認しました。お知らせの元のメッセージに記録しました。"]
    assert [(who, what) for _, who, what, _ in shop.ledger.audited()] == [(SUZUKI, "alert acknowledged: repeat (1)")]


def test_a_mute_by_date_holds_until_the_day_is_over_and_can_be_lifted(shop: Shop) -> None:
    firing(shop)
    shop.press("alert-mute")
    shop.until(shop.slack.views)
    [view] = shop.slack.views()
    wrong = shop.slack.submit(view, {"how": one("until"), "until": {"value": {"selected_date": "2026-11-16"}}})
    assert wrong.acked() == {
        "response_action": "errors",
        "errors": {"until": "今日より後の日付を選んでください。"},
    }
    shop.slack.submit(view, {"how": one("until"), "until": {"value": {"selected_date": "2026-11-18"}}}).acked()
    shop.until(lambda: "11月19日(木) 0:00まで" in str(shop.root().blocks))
    shop.press("alert-unmute")
    shop.until(lambda: "11月19日" not in str(shop.root().blocks))
    assert shop.book.standings()["repeat"].standing.muted_until is None


def test_a_mute_by_preset(shop: Shop) -> None:
    firing(shop)
    shop.press("alert-mute")
    shop.until(shop.slack.views)
    shop.slack.submit(shop.slack.views()[0], {"how": one("days_3"), "until": {"value": {}}}).acked()
    shop.until(lambda: "11月19日(木) 8:02まで" in str(shop.root().blocks))
    shop.until(shop.told)
    assert shop.told() == ["11月19日(木) 8:02まで、お知らせを止めます。"]


def test_a_press_on_an_episode_that_is_over_says_so(shop: Shop) -> None:
    firing(shop)
    before = shop.root()
    shop.sky.letters = "Bg"
    shop.now += timedelta(days=1)
    shop.tick()
    button = next(
        e["action_id"] for b in before.blocks for e in b.get("elements", ()) if "ack" in e.get("action_id", "")
    )
    payload = shop.slack.click(shop.slack.workspace.put(before), button)
    payload.acked()
    shop.until(shop.told)
    assert shop.told() == ["このお知らせは、もう終わっています。"]


def opened(shop: Shop, action: str) -> Any:
    """The form that a press in the list of rules opens."""
    heard = shop.slack.command("/kpi", "ルール")
    heard.acked()
    message = heard.answer()
    button = next(
        e["action_id"]
        for b in message.blocks
        for e in b.get("elements", ())
        if e.get("action_id", "").startswith(action)
    )
    shop.slack.click(message, button).acked()
    shop.until(shop.slack.views)
    return shop.slack.views()[-1]


def test_a_rule_is_made_changed_and_removed_in_slack(shop: Shop) -> None:
    shop.slack.submit(opened(shop, "rule-new"), form()).acked()
    shop.until(shop.book.rules)
    [(rule, who)] = shop.book.rules()
    assert (rule.name, rule.dimension, rule.label, rule.threshold, rule.judge) == (
        "LINE",
        "channel",
        "LINE",
        0.15,
        "point",
    )
    assert (rule.bad, rule.of, rule.channels, rule.mention, who) == (2, 3, (HOME,), SUZUKI, SUZUKI)

    view = opened(shop, "rule-edit")
    shop.slack.submit(view, form(name=text("LINEの定着"), threshold=number("12.5"))).acked()
    shop.until(lambda: shop.book.rules()[0][0].name == "LINEの定着")
    assert shop.book.rules()[0][0].threshold == 0.125

    view = opened(shop, "rule-edit")
    shop.slack.click_view(view, "rule-remove").acked()
    shop.until(lambda: not shop.book.rules())
    what = sorted(what.partition(":")[0] for _, _, what, _ in shop.ledger.audited())
    assert what == ["rule kept", "rule kept", "rule removed"]
    assert "ルール「LINE」を保存しました" in shop.told()


@pytest.mark.parametrize(
    ("wrong", "block"),
    [
        ({"threshold": number("120")}, "threshold"),
        ({"threshold": number("abc")}, "threshold"),
        ({"bad": number("4")}, "of"),
        ({"name": text("repeat")}, "name"),
        ({"segment": one("all")}, "label"),
        ({"watching": one("change"), "figure": one("gap_median")}, "figure"),
        ({"watching": one("change"), "segment": one("purchase_count")}, "segment"),
        ({"channels": some("conversations", "C0GENERAL1")}, "channels"),
    ],
)
def test_a_form_with_an_error_names_its_field(shop: Shop, wrong: dict[str, Any], block: str) -> None:
    view = opened(shop, "rule-new")
    answer = shop.slack.submit(view, form(**wrong)).acked()
    assert answer is not None
    assert list(answer["errors"]) == [block]
    assert shop.book.rules() == ()


def test_a_rule_can_be_tried_on_the_past_from_its_form(shop: Shop) -> None:
    shop.sky.first, shop.sky.letters = MONDAY - timedelta(days=20), "B" * 5
    view = opened(shop, "rule-new")
    current = shop.slack.workspace.views[view.id]
    typed = form(segment=one("all"), label=text(""), threshold=number("20"))
    shop.slack.click_view(current, "rule-try", typed=typed).acked()
    shop.until(lambda: "1回お知らせしていました" in str(shop.slack.views()[-1].body["blocks"]))
