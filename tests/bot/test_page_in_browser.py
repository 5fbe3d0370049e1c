"""Does the page show a person everything Slack would, and tell the app what they did?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.local_slack import LocalSlack
from bot.local_slack.features import Command, Features, Shortcut
from tests.bot.seat import DESK, PHONE, Seat, seated

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SATURDAY = datetime(2026, 11, 20, 23, 31, tzinfo=UTC)  # 08:31 in Tokyo
ROOM, SUZUKI, SATO = "C0ASAKAI01", "U0SUZUKI01", "U0SATO0001"
FEATURES = Features(
    (Command("/kpi", "数字を見る", "休眠 90日"),),
    (Shortcut("ask", "数字を聞く", "global", "フォームで"), Shortcut("basis", "この数字の根拠", "message")),
    frozenset({"app_mention", "app_home_opened"}),
)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def options(*words: str) -> list[dict[str, Any]]:
    return [{"text": plain(word), "value": f"v-{word}"} for word in words]


def field(block: str, kind: str, *, optional: bool = True, **more: Any) -> dict[str, Any]:
    element = {"type": kind, "action_id": "v", **more}
    return {"type": "input", "block_id": block, "optional": optional, "label": plain(block), "element": element}


FORM = {
    "type": "modal",
    "callback_id": "form",
    "notify_on_close": True,
    "title": plain("設定"),
    "submit": plain("保存"),
    "close": plain("やめる"),
    "blocks": [
        {"type": "alert", "level": "warning", "text": {"type": "mrkdwn", "text": "*注意*：明日から変わります。"}},
        field("基準", "number_input", optional=False, is_decimal_allowed=True, min_value="1", max_value="100"),
        field("名前", "plain_text_input", initial_value="朝会", max_length=20),
        field("メモ", "plain_text_input", multiline=True),
        field("区分", "static_select", options=options("チャネル", "地域")),
        field("曜日", "checkboxes", options=options("月", "火", "水")),
        field("言語", "radio_buttons", options=options("日本語", "英語")),
        field("いつから", "datepicker", initial_date="2026-11-21"),
        field("時刻", "timepicker", initial_time="08:30"),
        field("届け先", "conversations_select"),
        field("見る人", "multi_users_select", placeholder=plain("選ぶ")),
    ],
}
TABLE = {
    "type": "data_table",
    "caption": "チャネル別",
    "page_size": 2,
    "rows": [
        [{"type": "raw_text", "text": one} for one in ("チャネル", "率")],
        *(
            [{"type": "raw_text", "text": name}, {"type": "raw_number", "value": rate, "text": f"{rate}%"}]
            for name, rate in (("LINE", 24.3), ("Meta広告", 11.2), ("自社サイト", 9.4))
        ),
    ],
}
BARS = {"type": "bar", "series": [{"name": "人数", "data": [{"label": "月", "value": 3}, {"label": "火", "value": 5}]}]}
BARS["axis_config"] = {"categories": ["月", "火"]}
PIE = {"type": "pie", "segments": [{"label": "LINE", "value": 3}, {"label": "自社", "value": 1}]}


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    # time stands still: however slow the machine, nothing times out that no test lets time out
    with LocalSlack(start=SATURDAY.timestamp(), messages_per_second=None, features=FEATURES) as running:
        yield running


@pytest.fixture
def app(slack: LocalSlack) -> Iterator[App]:
    """An app that answers with forms; each test adds its listeners before it is used."""
    made = App(client=WebClient(slack.bot_token, slack.base_url), token_verification_enabled=False)
    with slack.connected(made):
        yield made


@pytest.fixture
def seat(chromium: Browser, slack: LocalSlack) -> Iterator[Seat]:
    with seated(chromium, slack, "ja", person=SUZUKI, place=ROOM) as seat:
        yield seat


def post(slack: LocalSlack, *blocks: dict[str, Any], text: str = "朝会です") -> str:
    client = WebClient(slack.bot_token, slack.base_url)
    return str(client.chat_postMessage(channel=ROOM, text=text, blocks=list(blocks))["ts"])


def test_a_form_is_filled_in_corrected_and_sent(app: App, slack: LocalSlack, seat: Seat) -> None:
    sent: list[dict[str, Any]] = []

    @app.command("/kpi")
    def asked(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("form")
    def saved(ack, view):
        sent.append(view["state"]["values"])
        wrong = len(sent) == 1
        ack(response_action="errors", errors={"名前": "その名前は使われています。"}) if wrong else ack()

    seat.type("/kpi 設定")
    form = seat.modal
    form.get_by_role("heading", name="設定").wait_for()
    seat.press("保存")
    form.get_by_role("alert").get_by_text(seat.says("wrong_required")).wait_for()
    assert sent == [], "what is missing never reaches the app"
    seat.picture("form-required")

    form.get_by_label("基準").fill("18.5")
    form.get_by_label("メモ").fill("一行目\n二行目")
    form.get_by_label("区分").select_option("地域")
    form.get_by_label("月", exact=True).check()
    form.get_by_label("水").check()
    form.get_by_label("英語").check()
    form.get_by_label("いつから").fill("2026-12-01")
    form.get_by_label("時刻").fill("09:15")
    form.get_by_label("届け先").select_option("#general")
    form.get_by_text("選ぶ").click()
    form.get_by_role("checkbox", name="佐藤").check()
    seat.press("保存")
    form.get_by_text("その名前は使われています。").wait_for()
    seat.picture("form-corrected")
    assert form.get_by_label("名前").evaluate("element => element === document.activeElement")
    assert form.get_by_label("基準").input_value() == "18.5", "what was typed stays"

    form.get_by_label("名前").fill("夕会")
    form.get_by_label("名前").press("Enter")
    form.wait_for(state="detached")
    said = {block: one["v"] for block, one in sent[-1].items()}
    assert {block: one.get("value") for block, one in said.items() if one.get("value")} == {
        "基準": "18.5",
        "名前": "夕会",
        "メモ": "一行目\n二行目",
    }
    assert said["区分"]["selected_option"]["value"] == "v-地域"
    assert [one["value"] for one in said["曜日"]["selected_options"]] == ["v-月", "v-水"]
    assert said["言語"]["selected_option"]["value"] == "v-英語"
    assert (said["いつから"]["selected_date"], said["時刻"]["selected_time"]) == ("2026-12-01", "09:15")
    assert said["届け先"]["selected_conversation"] == "C0GENERAL1"
    assert said["見る人"]["selected_users"] == [SATO]


def test_forms_lie_on_each_other_and_escape_takes_the_top_one_away(app: App, seat: Seat) -> None:
    closed: list[str] = []
    more = {"type": "actions", "elements": [{"type": "button", "action_id": "more", "text": plain("くわしく")}]}

    @app.shortcut("ask")
    def asked(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view={**FORM, "blocks": [*FORM["blocks"][:2], more]})

    @app.action("more")
    def pushed(ack, body, client):
        ack()
        client.views_push(
            trigger_id=body["trigger_id"], view={**FORM, "title": plain("くわしい設定"), "callback_id": "top"}
        )

    @app.view_closed(re.compile("form|top"))
    def left(ack, view):
        ack()
        closed.append(view["callback_id"])

    seat.channel.locator("summary", has_text=seat.says("shortcuts")).click()
    seat.press("数字を聞く フォームで")
    seat.modal.get_by_label("基準").fill("20")
    seat.press("くわしく")
    seat.modal.get_by_role("heading", name="くわしい設定").wait_for()
    seat.page.keyboard.press("Escape")
    seat.modal.get_by_role("heading", name="設定", exact=True).wait_for()
    seat.page.get_by_role("button", name="やめる").click()
    seat.modal.wait_for(state="detached")
    assert seat.slack.workspace.wait_until(lambda: len(closed) == 2, 60)
    assert closed == ["top", "form"]


def test_a_table_pages_and_sorts_and_charts_are_read_by_key(slack: LocalSlack, seat: Seat) -> None:
    charts = [
        {"type": "data_visualization", "title": name, "chart": chart} for name, chart in (("週", BARS), ("割合", PIE))
    ]
    post(slack, TABLE, *charts)
    table = seat.channel.locator("figure", has_text="チャネル別")
    rows = table.locator("tbody tr")
    seat.shows(rows.locator("th"), ["LINE", "Meta広告"])
    table.get_by_role("button", name=seat.says("page_after")).click()
    seat.shows(rows.locator("th"), ["自社サイト"])
    table.get_by_role("button", name="率").click()
    seat.shows(rows.locator("td"), ["24.3%", "11.2%"])
    assert table.get_by_role("columnheader", name="率").get_attribute("aria-sort") == "descending"
    table.get_by_role("button", name="率").click()
    seat.shows(rows.locator("td"), ["9.4%", "11.2%"])

    bars = seat.channel.get_by_role("img", name=re.compile("週"))
    bars.focus()
    bars.press("ArrowRight")
    bars.press("ArrowRight")
    seat.channel.get_by_text("火: 人数 5").wait_for()
    assert "75%" in str(seat.channel.get_by_role("img", name=re.compile("割合")).get_attribute("aria-label"))
    seat.picture("table-and-charts")
    seat.channel.locator("figure", has_text="週").get_by_role("button", name=seat.says("as_table")).click()
    assert seat.channel.get_by_role("row", name="火 5").is_visible()


def test_a_press_says_what_was_chosen_and_asks_before_what_is_grave(app: App, slack: LocalSlack, seat: Seat) -> None:
    done: list[tuple[str, object]] = []
    confirm = {
        "title": plain("止めますか"),
        "text": plain("この週は届きません。"),
        "confirm": plain("止める"),
        "deny": plain("戻る"),
    }
    post(
        slack,
        {
            "type": "actions",
            "block_id": "row",
            "elements": [
                {
                    "type": "button",
                    "action_id": "stop",
                    "value": "week",
                    "text": plain("今週は止める"),
                    "confirm": confirm,
                },
                {
                    "type": "static_select",
                    "action_id": "segment",
                    "options": options("地域"),
                    "placeholder": plain("区分"),
                },
                {"type": "datepicker", "action_id": "day"},
                {"type": "overflow", "action_id": "more", "options": options("消す", "隠す")},
            ],
        },
    )

    @app.action(re.compile("stop|segment|day|more"))
    def acted(ack, action):
        ack()
        chosen = action.get("selected_option") or {}
        done.append((action["action_id"], action.get("selected_date") or chosen.get("value") or action.get("value")))

    seat.picture("elements")
    seat.press("今週は止める")
    seat.modal.get_by_text("この週は届きません。").wait_for()
    seat.press("戻る")
    seat.press("今週は止める")
    seat.press("止める")
    seat.channel.get_by_label("区分").select_option("地域")
    seat.channel.locator("input[type=date]").fill("2026-11-20")
    seat.channel.get_by_label(seat.says("more")).first.click()
    seat.press("隠す")
    assert slack.workspace.wait_until(lambda: len(done) == 4, 60)
    assert sorted(map(str, done)) == sorted(
        map(str, [("stop", "week"), ("segment", "v-地域"), ("day", "2026-11-20"), ("more", "v-隠す")])
    )


def test_what_the_app_does_not_answer_is_told_as_slack_tells_it(slack: LocalSlack, seat: Seat) -> None:
    seat.type("/kpi")
    seat.channel.get_by_text(seat.says("failed_dispatch_failed")).wait_for()
    seat.picture("not-connected")
    silent = App(client=WebClient(slack.bot_token, slack.base_url), token_verification_enabled=False)
    heard: list[bool] = []
    silent.command("/kpi")(lambda: heard.append(True))
    with slack.connected(silent):
        seat.type("/kpi 休眠")
        assert slack.workspace.wait_until(lambda: bool(heard), 60)
        slack.clock.advance(3.1)
        seat.channel.get_by_text(seat.says("failed_operation_timeout")).wait_for()
        seat.channel.get_by_text("/kpi 休眠: operation_timeout").wait_for()


def test_files_home_message_shortcuts_and_threads_are_there(app: App, slack: LocalSlack, seat: Seat) -> None:
    ts = post(slack, {"type": "section", "text": plain("朝会です")})
    client, basis = app.client, []
    client.files_upload_v2(channel=ROOM, thread_ts=ts, filename="list.csv", title="休眠予備", content="a,b\n1,2\n")

    @app.event("app_home_opened")
    def home(event, client):
        hello = {"type": "section", "text": {"type": "mrkdwn", "text": "おはようございます、<@U0SUZUKI01>さん"}}
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [hello]})

    @app.shortcut("basis")
    def why(ack, body, client):
        ack()
        basis.append(body["message"]["ts"])
        client.chat_postEphemeral(channel=ROOM, user=body["user"]["id"], text="根拠は *227人* です")

    message = seat.messages().first
    message.hover()
    message.get_by_label(seat.says("more")).click()
    answer = seat.answer_to(lambda: seat.press("この数字の根拠"))
    assert basis == [ts]
    assert answer.get_by_text(seat.says("only_you")).is_visible()
    assert answer.locator("strong", has_text="227人").is_visible()
    answer.get_by_role("button", name=seat.says("dismiss")).click()
    answer.wait_for(state="detached")

    seat.press(seat.says("reply_in_thread"), message)
    with seat.page.expect_download() as saved:
        seat.thread.get_by_text("休眠予備").click()
    assert saved.value.suggested_filename == "list.csv"
    assert saved.value.path().read_text() == "a,b\n1,2\n"
    seat.type("/kpi 休眠", seat.thread)
    seat.thread.get_by_role("alert").get_by_text("Asakai").wait_for()
    seat.type("了解です", seat.thread)
    seat.thread.get_by_text("了解です").last.wait_for()
    seat.page.keyboard.press("Escape")
    seat.thread.wait_for(state="detached")

    seat.go("Asakai")
    seat.channel.get_by_text("おはようございます").wait_for()
    assert seat.channel.get_by_text("@鈴木").is_visible()


def test_files_are_chosen_taken_back_dropped_and_sent(slack: LocalSlack, seat: Seat) -> None:
    with seat.page.expect_file_chooser() as chooser:
        seat.press(seat.says("attach"))
    files = [("受注.csv", "a,b\n"), ("メモ.txt", "x" * 2000)]
    chooser.value.set_files([{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in files])
    attached = seat.channel.get_by_role("list", name=seat.says("attached")).get_by_role("listitem")
    seat.shows(attached, ["CSV受注.csv4 B×", "TXTメモ.txt2 KB×"])
    seat.press(seat.says("detach", name="メモ.txt"))
    seat.type("/kpi 休眠")
    seat.channel.get_by_text(seat.says("no_command_with_files")).wait_for()
    seat.drop("在庫.xlsx", b"PK")
    seat.shows(attached, ["CSV受注.csv4 B×", "XLSX在庫.xlsx2 B×"])
    seat.picture("attached")
    seat.type("今朝のファイルです")
    seat.shows(seat.messages().locator("a.file strong"), ["受注.csv", "在庫.xlsx"])
    attached.first.wait_for(state="detached")
    [message] = slack.messages(ROOM)
    assert message.text == "今朝のファイルです"
    assert [slack.workspace.files[one].content for one in message.files] == [b"a,b\n", b"PK"]
    with seat.page.expect_download() as download:
        seat.messages().locator("a.file", has_text="受注.csv").click()
    assert download.value.path().read_bytes() == b"a,b\n"


def test_each_person_sees_their_own_and_the_page_speaks_both_languages(slack: LocalSlack, seat: Seat) -> None:
    client = WebClient(slack.bot_token, slack.base_url)
    client.chat_postEphemeral(channel=ROOM, user=SATO, text="佐藤さんだけに")
    client.chat_postMessage(channel=ROOM, text="みんなに <b>*太字*</b> & <!channel> 1_000_円")
    seat.messages().wait_for()
    assert "<b>太字</b> & @channel 1_000_円" in seat.messages().inner_text()
    assert seat.messages().count() == 1, "what is for 佐藤 alone is not here"
    you = seat.page.get_by_role("navigation").get_by_role("combobox")
    you.select_option("佐藤")
    seat.channel.get_by_text("佐藤さんだけに").wait_for()
    you.select_option("外部ゲスト")
    seat.channel.get_by_text("佐藤さんだけに").wait_for(state="detached")
    assert "general" not in seat.page.get_by_role("navigation").inner_text()
    seat.press("English")
    seat.channel.get_by_placeholder("Message #asakai-朝会").wait_for()
    assert seat.page.evaluate("document.documentElement.lang") == "en"
    seat.page.reload()
    seat.channel.get_by_placeholder("Message #asakai-朝会").wait_for()


TOPMOST = """async () => {
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);  // scrolling and resizing are told once a frame
    const list = document.querySelector(".stream"), top = list.getBoundingClientRect().top + 1;
    const first = [...list.children].find((one) => one.getBoundingClientRect().bottom > top);
    return first.textContent.match(/No\\.\\d+/)[0];
}"""


def test_what_is_read_stays_in_sight_when_the_window_gets_narrow_and_wide_again(slack: LocalSlack, seat: Seat) -> None:
    for number in range(1, 21):
        post(slack, text=f"No.{number} " + "先週の金曜日と同じ水準です。" * 30)
    seat.channel.get_by_text("No.20 ").wait_for()
    seat.page.locator(".stream").evaluate("(it) => { it.scrollTop = it.children[7].offsetTop - it.offsetTop + 30 }")
    assert seat.page.evaluate(TOPMOST) == "No.7", "the first child is the day"
    for size in (PHONE, DESK, PHONE):
        seat.page.set_viewport_size({"width": size[0], "height": size[1]})
        assert seat.page.evaluate(TOPMOST) == "No.7", size


def test_a_list_of_which_nothing_is_chosen_asks_for_a_choice_and_has_its_label_s_name(app: App, seat: Seat) -> None:
    view = FORM | {"blocks": [field("答えるチャンネル", "multi_channels_select")]}

    @app.command("/kpi")
    def asked(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)

    seat.type("/kpi 設定")
    chosen = seat.modal.locator("summary")
    chosen.wait_for()
    assert chosen.inner_text().strip() == seat.says("choose")
    assert chosen.get_attribute("aria-label") == f"答えるチャンネル: {seat.says('choose')}"
    chosen.click()
    seat.modal.get_by_label("#general").check()
    assert chosen.inner_text().strip() == "#general"
