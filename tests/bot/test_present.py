"""Does each page say the right thing, in the right order?"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blockkit import render, words
from bot.blockkit.form import home
from bot.form import person
from bot.language import Language
from bot.page import Buttons, Chart, Facts, Footnote, Heading, Page, Paragraph, Table
from bot.present.definition import definition
from bot.present.digest import digest
from bot.present.figure import gap
from bot.present.label import label_name
from bot.present.movement import week, why
from bot.present.problem import sentence
from bot.present.rules import RuleLine, rows, rules
from bot.present.segment import segment
from metrics.alert import Status
from metrics.problem import Problem
from metrics.report import Report, SegmentTable
from tests.bot import alerts, morning
from tests.bot.gallery import PAGES
from tests.bot.second_opinion import validate

JA, EN = Language.of("ja"), Language.of("en")
LANGUAGES = ("ja", "en")


@pytest.fixture
def golden(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


def messages(page: Page) -> list[dict[str, object]]:
    """The page and its thread as they are posted."""
    return [asdict(render(one)) for one in (page, *page.thread)]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_message_reads_as_it_was_approved(name, code, golden):
    assert messages(PAGES[name](Language.of(code))) == golden


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_slackblocks_would_send_every_message(name, code, native):
    page = PAGES[name](Language.of(code))
    for one in (page, *page.thread):
        validate(render(one, native=native))


@pytest.mark.parametrize("name", PAGES)
def test_english_pages_hold_no_japanese_of_ours(name):
    page = PAGES[name](EN)
    said = json.dumps([messages(page), words(page)], ensure_ascii=False)
    shop = "すはだ本舗 倉庫確認中 アフィリエイト 検索広告 ラジオ 薬用クレンジング 美白美容液 お試し14日 お客様 広告媒体"
    places = "四国 関東 離島 北海道"
    sent = "回目クーポン ポイント 倍 先行 セール お試し 値上げの案内 新商品"
    asked = "リピート チャネル別 チャンネ別 チャンネ 間隔 休眠 月別 りぴと 定義 9月 比較 なぜ"
    for word in sorted(f"{shop} {places} {sent} {asked}".split(), key=len, reverse=True):
        said = said.replace(word, "")
    assert [letter for letter in said if "\u3040" <= letter <= "\u9fff"] == []


def kinds(page: Page) -> list[type]:
    return [type(part) for part in page.parts]


LAYOUT = [Heading, Paragraph, Paragraph, Facts, Chart, Footnote, Buttons, Footnote]


@pytest.mark.parametrize("report", [morning.normal(), morning.below(), morning.watch()])
def test_the_digest_has_the_same_layout_every_morning(report):
    assert kinds(digest(report, JA)) == LAYOUT


def test_without_a_history_only_the_chart_is_missing():
    assert kinds(digest(morning.too_few(), JA)) == [kind for i, kind in enumerate(LAYOUT) if i not in {4, 5}]


@pytest.mark.parametrize(
    ("report", "headline"),
    [
        (morning.normal(), "30日以内リピート率 20.3%（目標20%達成）11月21日(土)"),
        (morning.below(), "30日以内リピート率 15.1%（目標20%未達）11月21日(土)"),
        (morning.watch(), "30日以内リピート率 19.2%（目標20%をやや下回る）11月21日(土)"),
        (morning.too_few(), "30日以内リピート率 データ不足（対象14人）11月21日(土)"),
    ],
)
def test_the_notification_gives_the_number_then_the_target_then_the_day(report, headline):
    assert digest(report, JA).headline == render(digest(report, JA)).text == headline


def test_a_week_of_too_few_customers_is_no_point_of_the_trend():
    weeks = (morning.point(1, 2), *morning.normal().repeat.trend[-2:])
    few = replace(morning.normal().repeat, trend=weeks)
    chart = next(part for part in digest(replace(morning.normal(), repeat=few), JA).parts if isinstance(part, Chart))
    assert len(chart.categories) == 2


def test_a_gap_of_two_customers_is_no_median():
    found = replace(morning.normal(), gap=replace(morning.gap(2.0, 2.0), n=2))
    facts = next(part for part in digest(found, JA).parts if isinstance(part, Facts))
    assert facts.items[1].value == "–  ⏸ データ不足"
    assert gap(found, JA).headline == "2回目までの日数 データ不足（対象<5人）", "two of them could be recognised"


def test_a_shop_without_channels_gets_no_table_of_unknown():
    nothing = SegmentTable("channel", (morning.row("", (186, 917), (165, 909)),), 0)
    page = digest(replace(morning.normal(), segments=(nothing,)), JA)
    assert [reply.headline[:6] for reply in page.thread] == ["データの状態"]
    buttons = next(part for part in page.parts if isinstance(part, Buttons))
    assert [button.primary for button in buttons.items] == [True, False]


@pytest.mark.parametrize(
    ("report", "primary"), [(morning.normal(), "休眠予備リスト"), (morning.below(), "チャネル別に見る")]
)
def test_there_is_one_primary_button_of_at_most_three_and_it_is_todays_action(report, primary):
    buttons = next(part for part in digest(report, JA).parts if isinstance(part, Buttons))
    assert [button.text for button in buttons.items] == ["チャネル別に見る", "休眠予備リスト", "定義"]
    assert [button.text for button in buttons.items if button.primary] == [primary]


def test_a_change_within_the_intervals_is_called_chance():
    assert why(morning.normal(), JA).startswith("変化は誤差の範囲です。")


def test_a_quiet_week_at_another_level_than_twelve_weeks_ago_says_so():
    high = replace(morning.normal(), repeat=morning.repeat(180, 1000, (180, 1000), (222, *morning.DROP[1:])))
    assert why(high, JA) == "この1週間は横ばいですが、12週前の22.2%より4.2pt低い水準です。"
    noisy = replace(morning.normal(), repeat=morning.repeat(180, 1000, (182, 1000), (222, *morning.DROP[1:])))
    assert why(noisy, JA) == "変化は誤差の範囲ですが、12週前の22.2%より4.2pt低い水準です。"


def test_a_fall_beyond_the_intervals_names_the_segment_that_lost_most():
    assert "いちばん響いたのはチャネル「アフィリエイト」" in why(morning.below(), JA)


@pytest.mark.parametrize(
    ("now", "before", "tables", "said"),
    [
        ((200, 1000), (200, 1000), (), "先週の土曜日と同じ20.0%です。この1週間、大きな動きはありません。"),
        ((300, 1000), (200, 1000), (), "先週の土曜日より上がりました：20.0%→30.0%（+10.0pt）。誤差を超える上昇です。"),
        ((200, 1000), (300, 1000), (), "先週の土曜日より下がりました：30.0%→20.0%（-10.0pt）。誤差を超える低下です。"),
        (
            (300, 1000),
            (200, 1000),
            (morning.CHANNELS,),
            (
                "先週の土曜日より上がりました：20.0%→30.0%（+10.0pt）。"
                "誤差を超える上昇で、いちばん効いたのはチャネル「LINE」です（22.2%→25.2%、+3.0pt）。"
            ),
        ),
        (
            (200, 1000),
            (0, 0),
            (),
            "先週の土曜日とは、人数が少ないためまだ比べられません。",
        ),
    ],
)
def test_the_sentences_against_last_week(now, before, tables, said):
    found = replace(morning.normal(), repeat=morning.repeat(*now, before, (200,) * 11), segments=tables)
    assert week(found, JA) + why(found, JA) == said


def test_a_segment_that_fell_is_named_even_when_the_whole_is_quiet():
    fallen = SegmentTable("region", (morning.row("大阪", (20, 300), (60, 300)),), 0)
    said = why(replace(morning.normal(), segments=(fallen,)), JA)
    assert said == "全体の変化は誤差の範囲ですが、地域「大阪」が下がっています（20.0%→6.7%、-13.3pt）。"


def test_a_hidden_segment_is_never_named_as_the_cause():
    hidden = SegmentTable("region", (replace(morning.row("離島", (0, 300), (90, 300)), hidden=True),), 0)
    assert "離島" not in why(replace(morning.normal(), segments=(hidden,)), JA)


def test_purchase_count_is_no_cause_because_its_rows_are_other_customers_each_week():
    table = replace(morning.PURCHASE_COUNTS, rows=(morning.row("2", (10, 300), (90, 300)),))
    assert "購入回数" not in why(replace(morning.normal(), segments=(table,)), JA)


def action(report: Report) -> str:
    return next(part.text for part in digest(report, JA).parts if isinstance(part, Paragraph) and part.strong)


def test_todays_action_is_whoever_entered_yesterday():
    assert "60日たったお客様が23人" in action(morning.normal())


def test_without_anyone_new_the_action_is_the_list():
    quiet = replace(morning.DORMANCY, today=replace(morning.DORMANCY.today, entering=0))
    assert "休眠予備が312人" in action(replace(morning.normal(), dormancy=quiet))


def test_where_the_import_has_stopped_the_action_is_to_see_to_it():
    old = replace(morning.QUALITY, newest_at=morning.QUALITY.newest_at - timedelta(days=2))
    found = replace(morning.normal(), basis=replace(morning.BASIS, quality=old))
    assert action(found) == (
        "今日の一手：いちばん新しい注文が11月18日(水)のままです。取り込みが止まっていないか確かめてください。"
    )


def test_after_a_real_fall_the_action_is_to_find_where_it_came_from():
    assert action(morning.below()) == "今日の一手：チャネル別の内訳で、どこから下がったかを確かめてください。"


def test_too_few_customers_are_no_percentage_and_no_zero():
    facts = next(part for part in digest(morning.too_few(), JA).parts if isinstance(part, Facts))
    assert facts.items[0].value == "–  ⏸ データ不足"
    assert "14人中3人" in facts.items[0].note


def table_of(page: Page) -> Table:
    return next(part for part in page.parts if isinstance(part, Table))


def test_a_segment_under_five_shows_nothing_but_that():
    rows = table_of(segment(morning.CHANNELS, morning.normal(), JA)).rows
    assert [cell.text for cell in rows[-1]] == ["ラジオ", "–", "–", "–", "<5"]
    assert all(cell.number is None for cell in rows[-1])


def test_too_few_for_a_rate_says_so_and_too_few_to_tell_says_less():
    page = segment(morning.SMALL, morning.normal(), JA)
    said = {row[0].text: [cell.text for cell in row[1:]] for row in table_of(page).rows}
    assert next(iter(said)) == "関東", "what can be compared comes first"
    assert said["四国"] == ["データ不足", "–", "–", "1/12人"]
    assert said["離島"] == ["–", "–", "–", "<5"]
    assert said["北海道"] == ["–", "–", "–", "0人"]
    assert "「データ不足」は対象が30人未満" in words(page)
    assert "は5人未満です" in words(page)


def test_a_question_about_a_period_has_no_last_week_and_no_trend():
    page = PAGES["repeat_period"](JA)
    assert Chart not in kinds(page)
    assert "先週" not in words(page)
    assert "速報値は21.1%です" in words(PAGES["repeat_period_nobody"](JA))


def test_the_list_says_of_how_many_it_shows_the_first():
    assert PAGES["list_part"](JA).headline.startswith("休眠予備312人のうち、戻る見込みと金額が大きい2人")
    assert PAGES["list_part"](EN).headline.startswith("Top 2 of 312 about to go dormant")


@pytest.mark.parametrize("figure", ["repeat", "gap", "dormant"])
def test_a_table_has_at_most_five_columns_and_hidden_rows_last(figure):
    found = table_of(segment(morning.CHANNELS, morning.normal(), JA, figure=figure))
    assert len(found.headings) <= 5
    assert {len(row) for row in found.rows} == {len(found.headings)}
    assert found.rows[-1][-1].text == "<5"


def test_by_gap_the_segment_that_is_not_half_back_comes_first():
    rows = table_of(segment(morning.CHANNELS, morning.normal(), JA, figure="gap")).rows
    assert [row[1].text for row in rows] == ["未到達", "35日", "24日", "16日", "–"]


def test_a_segment_with_no_customers_at_all_is_no_bug():
    page = segment(SegmentTable("channel", (), 0), morning.normal(), JA)
    assert page.headline == "チャネル別：比べられるだけの人数がまだありません"


@pytest.mark.parametrize(
    ("dimension", "label", "japanese", "english"),
    [
        ("all", "", "全体", "all customers"),
        ("channel", "", "不明", "unknown"),
        ("channel", "LINE", "LINE", "LINE"),
        ("purchase_count", "1", "1回", "1×"),
        ("purchase_count", "3-4", "3〜4回", "3–4×"),
        ("purchase_count", "10+", "10回以上", "10× or more"),
        ("cohort_month", "2026-10", "2026年10月", "Oct 2026"),
        ("entry", "one_off", "単品購入", "one-off purchase"),
        ("entry", "else", "else", "else"),
    ],
)
def test_labels_are_said_as_readers_know_them(dimension, label, japanese, english):
    assert (label_name(dimension, label, JA), label_name(dimension, label, EN)) == (japanese, english)


class Unspoken(Problem):
    key = "unspoken"


def test_a_problem_without_words_is_still_said_and_named():
    assert "unspoken" in sentence(Unspoken(), JA)


def test_the_reasons_that_orders_were_left_out_are_said_in_words():
    said = words(digest(morning.normal(), JA).thread[-1])
    assert "• キャンセル・未払いなど: 521" in said
    assert "倉庫確認中（4件）" in said


def test_the_newest_order_is_dated_in_the_shops_zone():
    quality = replace(morning.QUALITY, newest_at=morning.QUALITY.newest_at + timedelta(hours=1))
    report = replace(morning.normal(), basis=replace(morning.BASIS, quality=quality))
    assert "2026年11月21日(土)" in words(digest(report, JA).thread[-1])


def test_a_morning_replayed_says_as_of_when_it_was_known():
    basis = replace(morning.BASIS, known_at=morning.QUALITY.newest_at)
    assert "2026年11月20日(金)時点" in words(digest(replace(morning.normal(), basis=basis), JA))


@pytest.mark.parametrize(
    ("rules", "said", "unsaid"),
    [
        ((), "1回の購入にまとめます", "リピートに含めます"),
        ((("same_day", "separate"),), "同じ日の2回目もリピートに含めます", "1回の購入にまとめます"),
        ((("zero_amounts", "True"),), "0円の注文も数える", "0円の注文。"),
        ((("subscription_first", "same"),), "定期購入で始めた人も含める", "別に数えます"),
    ],
)
def test_a_definition_follows_the_rules_in_force(rules, said, unsaid):
    report = replace(morning.normal(), basis=replace(morning.BASIS, rules=rules))
    text = words(definition("repeat", report, JA))
    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize("status", list(Status))
def test_marks_are_a_shape_and_a_word(status):
    for it in (JA, EN):
        mark, _, word = it.say(f"status.{status.value}").partition(" ")
        assert mark in {"✅", "⚠️", "❌", "⏸"}
        assert word


def test_home_lists_each_rule_with_its_condition_state_and_owner() -> None:
    found = rows(alerts.LINES, alerts.NOW, JA)
    names = [line.rule.name for line in alerts.LINES]
    assert names[0] == "repeat"
    assert [row.title for row in found] == ["標準のアラート", *names[1:]]
    assert found[0].note == "❌ 発生中（2026/11/14から） ｜ 標準"
    assert found[1].note.endswith(f"{person('U0SATO0001')}（設定ファイル）")
    assert all(row.text and row.note for row in found)


@pytest.mark.parametrize("native", [True, False])
def test_a_rule_s_owner_is_a_name_in_the_list_and_no_id(native) -> None:
    found = render(PAGES["rules"](JA), native).blocks
    assert "持ち主は <@U0SUZUKI01> さん（LINE、no orders）" in str(found)
    assert "U0" not in str([block for block in found if block["type"] != "context"])


def test_what_somebody_typed_into_a_rule_is_no_person() -> None:
    typed = "⟦@U0SATO0001⟧ <@U0SATO0001>"
    rule = replace(alerts.ONE_CHANNEL, name=typed, label=typed)
    line = RuleLine(rule, "file", typed, (), None)
    page = json.dumps(render(rules((line,), alerts.NOW, JA)).blocks, ensure_ascii=False)
    home_row = json.dumps(home(rows((line,), alerts.NOW, JA), "ja"), ensure_ascii=False)
    for said in (page, home_row):
        assert "<@" not in said
        assert "U0SATO0001" in said
