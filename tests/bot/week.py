"""What happens in a first week with the bot, step by step?

Each step is something a person sees or does in the page, and leaves a picture. A further step is a
function of the seat and a line in `first_week`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bot.seat import Seat

if TYPE_CHECKING:
    from playwright.sync_api import Locator

ROOM, APP = "asakai-朝会", "Asakai"
OVER_THE_WEEKEND, AN_HOUR = timedelta(days=4, hours=-1), timedelta(hours=1)
"""From Friday to Tuesday 7:31: Monday 23 November 2026 is a holiday."""

Step = Callable[[Seat], None]


def first_week(weekend: Path) -> tuple[Step, ...]:
    """The steps, in order; `weekend`: the orders of the long weekend, in which many came back."""
    return (
        the_digest_has_come,
        its_thread_is_read,
        one_drills_down_by_button,
        it_is_shared_with_the_channel,
        it_is_taken_along_as_a_file,
        one_asks_in_words,
        the_panel_is_one_word,
        a_slip_of_the_pen_is_put_right,
        one_mentions_it_in_the_thread,
        the_threshold_is_changed_at_home,
        an_alert_fires,
        it_is_acknowledged,
        it_is_muted,
        partial(the_weekend_s_orders_are_dropped, orders=weekend),
        it_has_recovered_on_tuesday,
    )


def the_digest_has_come(seat: Seat) -> None:
    digest = seat.messages().first
    digest.get_by_role("heading", name=seat.language.day_short(date(2026, 11, 20))).wait_for()
    assert digest.get_by_role("img").count() == 1, "the trend is drawn"
    seat.picture("digest")


def its_thread_is_read(seat: Seat) -> None:
    seat.press(seat.says("reply_in_thread"), seat.messages().first)
    seat.thread.locator("figure.table").first.wait_for()
    assert seat.messages(seat.thread).count() > 1
    seat.picture("thread")
    seat.page.keyboard.press("Escape")
    seat.thread.wait_for(state="detached")


def one_drills_down_by_button(seat: Seat) -> None:
    channel = seat.language.say("button.by", dimension=seat.language.say("dimension.channel"))
    answer = seat.answer_to(lambda: seat.press(channel, seat.messages().first))
    assert answer.get_by_text(seat.says("only_you")).is_visible()
    assert answer.get_by_role("rowheader", name="Meta広告").is_visible()
    seat.picture("by-channel")


def one_asks_in_words(seat: Seat) -> None:
    asked = {"ja": "/kpi 休眠 チャネル別", "en": "/kpi dormant by channel"}[seat.language.code]
    answer = seat.answer_to(lambda: seat.type(asked))
    assert answer.get_by_role("table").is_visible()
    seat.picture("asked")


def the_panel_is_one_word(seat: Seat) -> None:
    answer = seat.answer_to(lambda: seat.type("/kpi"))
    assert answer.get_by_role("heading", name=seat.language.say("panel.title")).is_visible()
    seat.picture("panel")


def a_slip_of_the_pen_is_put_right(seat: Seat) -> None:
    asked = {"ja": "/kpi りぴーとりつ べつ", "en": "/kpi ripeat rate by chanel"}[seat.language.code]
    answer = seat.answer_to(lambda: seat.type(asked))
    assert answer.get_by_role("button").count() > 1, "what may have been meant is offered"
    seat.picture("slip")


def one_mentions_it_in_the_thread(seat: Seat) -> None:
    seat.press(seat.says("reply_in_thread"), seat.messages().first)
    asked = {"ja": "@asakai 定義 リピート率", "en": "@asakai definition repeat rate"}[seat.language.code]
    answer = seat.answer_to(lambda: seat.type(asked, seat.thread), seat.thread)
    assert answer.get_by_role("heading").first.is_visible()
    seat.picture("definition")
    seat.page.keyboard.press("Escape")


def it_is_shared_with_the_channel(seat: Seat) -> None:
    told = seat.answer_to(partial(seat.press, said(seat, "onward.share"), seat.only_mine().last))
    assert told.get_by_text(said(seat, "handout.shared")).is_visible()
    shared = seat.messages().filter(has_text=said(seat, "handout.shared_by", user="@佐藤"))
    assert shared.get_by_role("rowheader", name="Meta広告").is_visible()
    assert shared.get_by_text(seat.says("only_you")).count() == 0
    seat.picture("shared")


def it_is_taken_along_as_a_file(seat: Seat) -> None:
    table = seat.only_mine().filter(has=seat.page.get_by_role("button", name="CSV", exact=True)).last
    for name in ("CSV", "Excel"):
        seat.answer_to(partial(seat.press, name, table))
    seat.go(APP)
    seat.press(seat.says("messages"))
    files = seat.channel.locator("a.file")
    seat.shows(files.locator("strong"), [f"asakai-repeat-20261119.{kind}" for kind in ("csv", "xlsx")])
    with seat.page.expect_download() as download:
        files.first.click()
    assert "Meta広告" in download.value.path().read_text(encoding="utf-8-sig")
    seat.picture("files")
    seat.go(ROOM)


def the_threshold_is_changed_at_home(seat: Seat) -> None:
    seat.go(APP)
    seat.press(said(seat, "home.shop.change"))
    seat.modal.get_by_role("heading", name=said(seat, "form.settings")).wait_for()
    seat.picture("settings")
    threshold = seat.modal.get_by_label(said(seat, "form.threshold"))
    threshold.fill("126")
    seat.press(said(seat, "form.save"))
    seat.modal.get_by_text(said(seat, "form.wrong.threshold")).wait_for()
    seat.picture("settings-wrong")
    threshold.fill("26")
    seat.press(said(seat, "form.save"))
    seat.modal.wait_for(state="detached")
    seat.channel.get_by_text(said(seat, "home.settings_kept", count=1)).wait_for()
    now_it_is = re.compile(f"{re.escape(said(seat, 'home.setting.threshold'))}.*26%")
    assert seat.channel.get_by_text(now_it_is).is_visible()
    seat.picture("threshold")
    seat.go(ROOM)


def an_alert_fires(seat: Seat) -> None:
    alert = the_alert(seat)
    alert.wait_for()
    assert alert.get_by_role("button", name=said(seat, "alert.button.acknowledge")).is_visible()
    seat.picture("alert")


def it_is_acknowledged(seat: Seat) -> None:
    alert = the_alert(seat)
    seat.answer_to(partial(seat.press, said(seat, "alert.button.acknowledge"), alert))
    alert.get_by_text(re.compile("@佐藤")).wait_for()
    alert.get_by_text(said(seat, "alert.state.acknowledged")).wait_for()
    seat.picture("acknowledged")


def it_is_muted(seat: Seat) -> None:
    alert = the_alert(seat)
    seat.press(said(seat, "alert.button.mute"), alert)
    seat.modal.get_by_role("heading", name=said(seat, "alert_form.mute_title")).wait_for()
    seat.modal.get_by_label(said(seat, "alert_form.mute_how")).select_option(said(seat, "alert_form.mute.days_1"))
    seat.picture("how-long")
    seat.press(said(seat, "alert_form.mute_submit"), seat.modal)
    seat.modal.wait_for(state="detached")
    alert.get_by_role("button", name=said(seat, "alert.button.unmute")).wait_for()
    alert.get_by_text(said(seat, "alert.state.muted")).wait_for()
    seat.picture("muted")


def the_weekend_s_orders_are_dropped(seat: Seat, orders: Path) -> None:
    seat.go(APP)
    seat.press(seat.says("messages"))
    seat.slack.clock.advance(OVER_THE_WEEKEND.total_seconds())
    seat.attach(orders)
    seat.picture("to-be-dropped")
    report = seat.answer_to(partial(seat.press, seat.says("send")))
    rows = len(orders.read_text(encoding="utf-8").splitlines()) - 1
    assert seat.language.number(rows) in report.inner_text()
    seat.picture("dropped")
    seat.go(ROOM)


def it_has_recovered_on_tuesday(seat: Seat) -> None:
    alert = the_alert(seat)
    seat.slack.clock.advance(AN_HOUR.total_seconds())
    seat.messages().get_by_role("heading", name=seat.language.day_short(date(2026, 11, 24))).first.wait_for()
    alert.get_by_text(said(seat, "alert.state.recovered")).wait_for()
    assert alert.get_by_role("button", name=said(seat, "alert.button.acknowledge")).count() == 0
    assert alert.get_by_text(seat.says("edited")).is_visible()
    seat.picture("recovered")
    alert.get_by_role("button", name=seat.says("reply")).click()
    seat.messages(seat.thread).get_by_text(said(seat, "alert.lasted", count=4), exact=True).wait_for()
    seat.picture("recovered-thread")
    seat.page.keyboard.press("Escape")


# -- what is looked for ----------------------------------------------------------------


def said(seat: Seat, key: str, **values: object) -> str:
    """The bot's words."""
    return seat.language.say(key, **values)


def the_alert(seat: Seat) -> Locator:
    """The first message of the episode, whatever it says by now."""
    rule = said(seat, "alert.rule", rule="")
    return seat.channel.locator("li.message").filter(has_text=rule).first
