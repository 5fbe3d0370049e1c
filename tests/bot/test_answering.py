"""Is an answer shared once, exported to those who may, asked for by a form, and traced to its source?"""

from __future__ import annotations

import csv
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.access import Access, Who
from bot.answering import ASK, SOURCE, Answering
from bot.ask_form import ASK_FORM, ask_form, question_of
from bot.blockkit.form import modal
from bot.blockkit.limits import OPTION_VALUE
from bot.choices.current import Current
from bot.choices.store import Choices
from bot.delivery.ledger import Ledger
from bot.delivery.outlet import Outlet
from bot.delivery.payload import payload_of
from bot.delivery.post import SlackChannel, web_client
from bot.delivery.row import Delivery, Key, Kind
from bot.delivery.web import WebCalls
from bot.desk import Desk, Stored, desk
from bot.form import VALUE
from bot.grammar import Vocabulary, parse
from bot.language import Language
from bot.listening import serve_socket
from bot.local_slack import LocalSlack, Message, payloads
from bot.local_slack.faults import refused
from bot.local_slack.shapes import message_shape
from bot.page import Cell, Fact, Facts, Footnote, Page, Paragraph, Table
from bot.reception import Reception
from bot.roll import Roll
from bot.settings.layers import load
from bot.settings.watching import AlertRule
from bot.sheet import NothingToExport, as_csv, as_xlsx, defused, sheets
from bot.shop import Counter, Shop
from bot.slack import Edge
from tests.bot.shelf import Buyer, FakeShelf, steady_shop

HOME = "C0ASAKAI01"
SUZUKI, SATO = "U0SUZUKI01", "U0SATO0001"
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
JA, EN = Language.of("ja"), Language.of("en")
SETTINGS = {
    "ASAKAI_DIGEST__CHANNELS": HOME,
    "ASAKAI_SLACK__ALLOWED_USERS": SUZUKI,
    "ASAKAI_CUSTOMERS__ALLOWED_USERS": SUZUKI,
}


class Directory:
    def ids(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        return channels


@dataclass
class House:
    """The bot as it is wired, with a shop of 600 customers, in a local Slack."""

    slack: LocalSlack
    desk: Desk
    shop: Shop
    shelf: FakeShelf

    def ask(self, text: str, *, user: str = SUZUKI) -> Message:
        heard = self.slack.command("/kpi", text, user=user)
        heard.acked()
        return heard.answer(timeout=60)

    def press(self, message: Message, label: str, *, user: str = SUZUKI) -> Message:
        [element] = [one for one in elements(message) if one.get("text", {}).get("text") == label]
        heard = self.slack.click(message, element["action_id"], value=element["value"], user=user)
        heard.acked()
        return heard.answer(timeout=60)

    def files(self) -> list[Any]:
        return list(self.slack.workspace.files.values())


def elements(message: Message) -> list[dict[str, Any]]:
    return [element for block in message.blocks for element in block.get("elements", ()) if "action_id" in element]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = load(SETTINGS, tmp_path_factory.mktemp("shop"))
    shelf = FakeShelf(steady_shop())
    found = desk(settings, shelf, lambda: NOW)
    state, plenty = (
        f"sqlite:///{tmp_path_factory.mktemp('state')}/state.sqlite",
        settings.quotas.model_copy(update={"questions_per_minute": 0, "questions_per_day": 0, "exports_per_day": 0}),
    )
    settings = settings.model_copy(update={"quotas": plenty})
    choices = Choices.open(state, "default")
    shop = Shop(Current(settings, choices, time.monotonic), found, lambda: NOW)
    with LocalSlack(messages_per_second=None, ack_seconds=30) as slack:
        client = web_client(slack.bot_token, slack.base_url)
        web = WebCalls(client)
        ledger = Ledger.open(state)
        reception = Reception(shop, choices, ledger, Directory(), Roll(web), None)
        answers = reception.answers()
        room = Answering(Counter(shop, reception), Outlet(client, web), web, answers.access)
        edge = Edge(client, replace(answers, answer=room.answer), routes=room.routes())
        stop = threading.Event()
        thread = threading.Thread(target=lambda: serve_socket(edge.app(), slack.app_token, stop)(10))
        thread.start()
        try:
            slack.wait_socket(timeout=30)
            yield House(slack, found, shop, shelf)
        finally:
            stop.set()
            thread.join(20)
            edge.workers.close(5)
            ledger.close()
            choices.close()


@pytest.fixture
def house(running: House) -> House:
    running.slack.faults.clear()
    with running.slack.workspace.changed:
        for messages in running.slack.workspace.messages.values():
            messages.clear()
        running.slack.workspace.ephemerals.clear()
        running.slack.workspace.files.clear()
    return running


# --- to the channel -----------------------------------------------------------------------


def test_an_answer_is_shared_as_it_was_seen_and_signed(house: House) -> None:
    seen = house.ask("リピート率 チャネル別")
    assert house.slack.messages(HOME) == [], "before that it is for the asker alone"
    told = house.press(seen, "チャンネルに共有")
    assert told.text == "このチャンネルに共有しました"
    [shared] = house.slack.messages(HOME)
    assert shared.text == seen.text
    assert [block.get("rows") for block in shared.blocks if block["type"] == "data_table"] == [
        block["rows"] for block in seen.blocks if block["type"] == "data_table"
    ]
    signed = [one["text"] for block in shared.blocks if block["type"] == "context" for one in block["elements"]]
    assert f"<@{SUZUKI}> さんが共有しました" in signed
    assert "質問：/kpi リピート率 チャネル別" in signed
    assert "チャンネルに共有" not in [one["text"]["text"] for one in elements(shared) if "text" in one]


def test_an_answer_is_shared_once(house: House) -> None:
    seen = house.ask("休眠")
    house.press(seen, "チャンネルに共有")
    assert "もう共有しました" in house.press(seen, "チャンネルに共有").text
    assert len(house.slack.messages(HOME)) == 1


def test_what_could_not_be_shared_may_be_tried_again(house: House) -> None:
    seen = house.ask("休眠")
    house.slack.fail("chat.postMessage", refused("restricted_action"))
    assert "restricted_action" in house.press(seen, "チャンネルに共有").text
    assert house.press(seen, "チャンネルに共有").text == "このチャンネルに共有しました"


def test_blocks_that_are_refused_are_shared_in_words(house: House) -> None:
    seen = house.ask("休眠")
    house.slack.fail("chat.postMessage", refused("invalid_blocks"))
    house.press(seen, "チャンネルに共有")
    [shared] = house.slack.messages(HOME)
    assert shared.blocks == ()
    assert "休眠予備" in shared.text


def test_sharing_can_be_typed(house: House) -> None:
    assert house.ask("間隔 共有").text == "このチャンネルに共有しました"
    assert len(house.slack.messages(HOME)) == 1


def test_a_shared_list_of_rules_calls_no_owner(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = AlertRule(name="LINE", figure="repeat", threshold=0.2)
    monkeypatch.setattr(house.shop.desk, "stored", lambda: Stored(((rule, SATO),), {}))
    assert f"持ち主は <@{SATO}> さん" in str(house.ask("ルール").blocks), "for the asker it is a name, and calls nobody"
    house.ask("ルール 共有")
    [shared] = house.slack.messages(HOME)
    assert SATO not in str(shared)
    assert f"<@{SUZUKI}> さんが共有しました" in str(shared)


def test_single_customers_are_never_shared(house: House) -> None:
    assert "共有できません" in house.ask("休眠 リスト 共有").text
    assert house.slack.messages(HOME) == []


def test_there_must_be_a_channel_to_share_to(house: House) -> None:
    direct = house.slack.workspace.direct_message(SUZUKI).id
    heard = house.slack.command("/kpi", "休眠 共有", channel=direct)
    assert "チャンネルの中で" in heard.answer(timeout=60).text


# --- as a file ----------------------------------------------------------------------------


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_csv_goes_to_the_one_who_asked(house: House) -> None:
    told = house.press(house.ask("リピート率 チャネル別"), "CSV")
    assert told.text == "asakai-repeat-20261120.csv をダイレクトメッセージで送りました"
    [file] = house.files()
    direct = house.slack.workspace.direct_message(SUZUKI).id
    assert file.channels == (direct,)
    [sent] = house.slack.messages(direct)
    assert "データ：11月20日(金)まで" in sent.text
    head, *lines = rows(file.content)
    assert head == ["チャネル", "リピート率 (%)", "先週差 (pt)", "誤差の幅", "リピート", "対象"]
    assert {line[0]: line[4:] for line in lines} == {
        "Google広告": ["12", "50"],
        "LINE": ["12", "49"],
        "楽天": ["13", "49"],
    }


def test_a_workbook_holds_the_tables_and_what_they_stand_on(house: House) -> None:
    house.press(house.ask("休眠"), "Excel")
    [file] = house.files()
    with zipfile.ZipFile(io.BytesIO(file.content)) as book:
        names = book.read("xl/workbook.xml").decode()
        words = book.read("xl/sharedStrings.xml").decode()
    assert "この表について" in names
    assert "質問：/kpi 休眠" in words


def test_who_may_not_export_gets_a_reason_and_no_file(house: House) -> None:
    assert "書き出し" in house.ask("休眠 CSV", user=SATO).text
    assert "書き出し" in house.ask("休眠 リスト CSV", user=SATO).text
    assert "customers.allowed_users" in house.ask("休眠 リスト", user=SATO).text
    assert house.files() == []


def test_the_list_goes_as_a_private_file_to_those_who_may_see_it(house: House) -> None:
    assert "休眠" not in house.ask("休眠 リスト CSV").text
    [file] = house.files()
    assert len(rows(file.content)) == 1 + 27
    assert house.slack.messages(HOME) == []


def test_a_file_that_slack_refuses_is_said(house: House) -> None:
    house.slack.fail("files.completeUploadExternal", refused("restricted_action"))
    assert "restricted_action" in house.ask("休眠 CSV").text


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＠x", "\t=1", "\r=1", " =1", "|x", "%0A", '=HYPERLINK("http://x")']
)
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    page = Page("x", (Table("t", ("名前", text), ((Cell(text), Cell("1", 1)),)),))
    for cell in (cell for row in rows(as_csv(page)) for cell in row if cell != "1"):
        assert cell.lstrip()[:1] not in "=+-@＝＋－＠|%" or cell.startswith("名前"), cell
    with zipfile.ZipFile(io.BytesIO(as_xlsx(page, NOW))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert defused(text).startswith("'")


def test_numbers_are_numbers_and_few_stay_few() -> None:
    page = Page(
        "x",
        (
            Table(
                "t",
                ("チャネル", "率", "差", "顧客数"),
                (
                    (Cell("A"), Cell("20.3%", 20.3), Cell("-1.5pt", -1.5), Cell("1,204", 1204)),
                    (Cell("B"), Cell("–"), Cell("±0.0pt", 0.0), Cell("<5")),
                ),
            ),
            Facts((Fact("確定値", "20.3%", "x"),)),
            Footnote(("質問：/kpi",)),
        ),
    )
    table, facts, about = sheets(page)
    assert table.headings == ("チャネル", "率 (%)", "差 (pt)", "顧客数")
    assert table.rows == (("A", 20.3, -1.5, 1204), ("B", None, 0.0, "<5"))
    assert facts.rows == (("確定値", "20.3%", "x"),)
    assert about.rows == (("x",), ("質問：/kpi",))
    with pytest.raises(NothingToExport):
        as_csv(Page("x", (Paragraph("x"),)))


# --- by a form ----------------------------------------------------------------------------


def use(house: House, payload: dict[str, Any], user: str = SUZUKI) -> Any:
    slack = house.slack
    return slack.people._answerable("interactive", payload, slack.user(user), HOME)


def opened(house: House, user: str = SUZUKI) -> Any:
    payload = payloads.interaction_payload("shortcut", house.slack.user(user)) | {"callback_id": ASK}
    use(house, payload, user).acked()
    house.slack.workspace.wait_until(lambda: bool(house.slack.views(user)), 60)
    return house.slack.views(user)[-1]


def chosen(value: str) -> dict[str, Any]:
    return {VALUE: {"type": "static_select", "selected_option": {"value": value}}}


def test_the_form_asks_what_words_would_ask(house: House) -> None:
    view = opened(house)
    assert view.body["callback_id"] == ASK_FORM
    values = {
        "figure": chosen("リピート率"),
        "dimension": chosen("チャネル別"),
        "compare": chosen("比較"),
        "where": {VALUE: {"type": "conversations_select", "selected_conversation": HOME}},
    }
    house.slack.submit(view, values).acked()
    house.slack.workspace.wait_until(lambda: bool(house.slack.ephemerals(HOME, "鈴木")), 60)
    [answer] = house.slack.ephemerals(HOME, "鈴木")
    assert "質問：/kpi リピート率 チャネル別 比較" in str(answer.blocks)


def test_the_labels_of_the_shop_are_not_for_everyone_in_the_workspace(house: House) -> None:
    assert "label" in [block["block_id"] for block in opened(house).body["blocks"]]
    assert "label" not in [block["block_id"] for block in opened(house, SATO).body["blocks"]]


def test_without_a_place_the_form_answers_in_a_direct_message(house: House) -> None:
    house.slack.submit(opened(house), {"figure": chosen("休眠")}).acked()
    direct = house.slack.workspace.direct_message(SUZUKI).id
    house.slack.workspace.wait_until(lambda: bool(house.slack.ephemerals(direct, "鈴木")), 60)
    assert "休眠予備" in house.slack.ephemerals(direct, "鈴木")[-1].text


def test_where_figures_are_not_answered_the_form_answers_none(house: House) -> None:
    place = {VALUE: {"selected_conversation": "C0NOTICES1"}}
    house.slack.submit(opened(house), {"figure": chosen("休眠"), "where": place}).acked()
    direct = house.slack.workspace.direct_message(SUZUKI).id
    house.slack.workspace.wait_until(lambda: bool(house.slack.ephemerals(direct, "鈴木")), 60)
    [said] = house.slack.ephemerals(direct, "鈴木")
    assert "restricted_action_read_only_channel" in said.text, "it cannot even be refused there"


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_every_choice_of_the_form_is_understood(language: Language) -> None:
    known = Vocabulary(labels=(("channel", ("LINE", "東京 都心", "x" * 200)), ("region", ("",))))
    form = modal(ask_form(known, language))
    fields = {block["block_id"]: block["element"] for block in form["blocks"]}
    group, _ = fields["label"]["option_groups"]
    assert group["label"]["text"] == language.say("dimension.channel")
    assert [option["text"]["text"] for option in group["options"]] == ["LINE", "東京 都心"]
    assert fields["figure"]["initial_option"] == fields["figure"]["options"][0]
    assert fields["where"]["default_to_current_conversation"] is True
    for block in form["blocks"][:-1]:
        element = block["element"]
        groups = element.get("option_groups", [element])
        for option in (option for group in groups for option in group["options"]):
            assert len(option["value"]) <= OPTION_VALUE
            assert parse(option["value"], known, NOW.date()).unknown == ()
    text, channel = question_of({}, language)
    assert (parse(text, known, NOW.date()).subcommand, channel) == ("panel", "")


# --- where it comes from ------------------------------------------------------------------


def where_from(house: House, message: Message, *, metadata: bool) -> str:
    payload = payloads.interaction_payload("message_action", house.slack.user(SUZUKI)) | {
        "callback_id": SOURCE,
        "channel": {"id": HOME},
        "message": message_shape(message, metadata=metadata),
        "message_ts": message.ts,
    }
    heard = use(house, payload)
    heard.acked()
    return str(heard.answer(timeout=60).blocks)


def post_digest(house: House) -> Message:
    from bot.present.digest import digest  # noqa: PLC0415  what the message is made of

    page = digest(house.desk.report(house.desk.as_of, dimensions=("channel",)), JA)
    key = Key("default", Kind.DIGEST, "daily", HOME, NOW.date())
    row = Delivery("1", key, NOW, NOW)
    client = web_client(house.slack.bot_token, house.slack.base_url)
    payload = payload_of(page, data_as_of=house.desk.as_of, known_at=NOW)
    SlackChannel(client).post(row, payload, plain=False)
    [message] = house.slack.messages(HOME)
    return message


@pytest.mark.parametrize("metadata", [True, False], ids=["sent along", "looked up"])
def test_the_digest_says_where_its_numbers_come_from(house: House, metadata: bool) -> None:
    said = where_from(house, post_digest(house), metadata=metadata)
    for part in ("リピート率、間隔、休眠の根拠", "37人", "148人", "2026/4/25〜10/21", "データ開始から"):
        assert part in said


def test_a_shared_answer_keeps_its_filter_and_period(house: House) -> None:
    house.ask("リピート率 channel:LINE 2026-08 共有")
    [shared] = house.slack.messages(HOME)
    said = where_from(house, shared, metadata=False)
    assert "チャネル＝LINE" in said
    assert "2026/8/1〜8/31" in said


def test_the_source_is_counted_from_what_was_known_then(house: House) -> None:
    message = post_digest(house)
    later = (*steady_shop(), Buyer("late", "LINE", (datetime(2026, 11, 1, tzinfo=UTC).date(),)))
    house.shelf.buyers, house.shelf.first_at = later, datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
    house.shelf.knew = {datetime(2026, 11, 21, 4, 0, tzinfo=UTC): steady_shop()}
    try:
        assert "600人" in where_from(house, message, metadata=True)
    finally:
        house.shelf.buyers, house.shelf.first_at, house.shelf.knew = steady_shop(), None, {}


def test_a_message_of_somebody_else_has_no_source(house: House) -> None:
    said = where_from(house, house.slack.say("30日以内リピート率 99%"), metadata=False)
    assert "根拠の記録がありません" in said


def test_a_forged_source_is_no_bug(house: House) -> None:
    message = replace(
        house.slack.say("x"), metadata={"event_type": "asakai_delivery", "event_payload": {"as_of": "soon"}}
    )
    assert "根拠の記録がありません" in where_from(house, message, metadata=True)


def test_a_person_in_an_unlisted_channel_is_refused(tmp_path: Path) -> None:
    assert Access(frozenset({"C1"})).refusal(Who("U1", "C2")) is not None
    assert load(SETTINGS, tmp_path).export.allowed_users == ()
