"""Is what was typed understood, in both languages, and refused in words where it cannot be meant?"""

from __future__ import annotations

import contextlib
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import Ask, AskedTwice, TooLong, Vocabulary, parse
from bot.grammar.periods import BadWindow, ImpossibleDate, PeriodNotOver, ReversedPeriod
from bot.grammar.writing import written
from metrics.day import Span
from metrics.problem import Problem

FRIDAY = date(2026, 11, 20)
SHOP = Vocabulary(
    ("channel", "region", "product", "purchase_count", "cohort_month", "entry", "会員ランク"),
    (
        ("channel", ("Google広告", "Ｗｅｂ", "楽天", "google ads", "ROOMクリップ")),
        ("region", ("東京都", "大阪府", "楽天")),
        ("会員ランク", ("ゴールド", "シルバー")),
    ),
)


def asked(text: str, as_of: date = FRIDAY) -> Ask:
    return parse(text, SHOP, as_of)


@pytest.mark.parametrize(
    ("text", "subcommand", "dimension"),
    [
        ("", "panel", None),
        ("  　 ", "panel", None),
        ("朝会", "panel", None),
        ("リピート率", "repeat", None),
        ("repeat", "repeat", None),
        ("F2", "repeat", None),
        ("repeat rate", "repeat", None),
        ("ＲＥＰＥＡＴ　ｂｙ　ｃｈａｎｎｅｌ", "repeat", "channel"),
        ("repeat by channel", "repeat", "channel"),
        ("by channel repeat", "repeat", "channel"),
        ("show me the repeat rate per channel please", "repeat", "channel"),
        ("チャネル別 リピート率", "repeat", "channel"),
        ("チャネル別", "segment", "channel"),
        ("ﾁｬﾈﾙ別", "segment", "channel"),
        ("チャンネルごと 間隔", "gap", "channel"),
        ("休眠 地域別", "dormant", "region"),
        ("dormant by region", "dormant", "region"),
        ("about to go dormant", "dormant", None),
        ("休眠予備 購入回数別", "dormant", "purchase_count"),
        ("repeat by purchase count", "repeat", "purchase_count"),
        ("月別 リピート率", "repeat", "cohort_month"),
        ("会員ランク別 間隔", "gap", "会員ランク"),
        ("休眠 一覧", "list", None),
        ("list", "list", None),
        ("チャネル別のリピート率", "repeat", "channel"),
        ("リピート率をチャネル別に教えて", "repeat", "channel"),
        ("セグメント channel", "segment", "channel"),
        ("リ\u200bピー\u200dト率\ufeff", "repeat", None),
    ],
)  # fmt: skip
def test_a_figure_and_a_dimension_are_found_in_any_order(text: str, subcommand: str, dimension: str | None) -> None:
    ask = asked(text)
    assert (ask.subcommand, ask.dimension, ask.unknown) == (subcommand, dimension, ())


@pytest.mark.parametrize(
    ("text", "subcommand", "topic"),
    [
        ("ヘルプ", "help", None),
        ("help", "help", None),
        ("？", "help", None),
        ("help 休眠", "help", "dormant"),
        ("休眠 ヘルプ", "help", "dormant"),
        ("定義 リピート率", "definition", "repeat"),
        ("定義 「リピート率」", "definition", "repeat"),
        ("リピート率とは", "definition", "repeat"),
        ("what is dormant", "definition", "dormant"),
        ("定義 チャネル", "definition", "channel"),
        ("速報値", "definition", "provisional"),
        ("definition", "definition", None),
    ],
)
def test_help_and_definition_take_a_topic(text: str, subcommand: str, topic: str | None) -> None:
    ask = asked(text)
    assert (ask.subcommand, ask.topic, ask.dimension, ask.unknown) == (subcommand, topic, None, ())


@pytest.mark.parametrize(
    ("text", "start", "last"),
    [
        ("昨日", "2026-11-20", "2026-11-20"),
        ("yesterday", "2026-11-20", "2026-11-20"),
        ("一昨日", "2026-11-19", "2026-11-19"),
        ("今週", "2026-11-16", "2026-11-20"),
        ("this week", "2026-11-16", "2026-11-20"),
        ("先週", "2026-11-09", "2026-11-15"),
        ("last week", "2026-11-09", "2026-11-15"),
        ("今月", "2026-11-01", "2026-11-20"),
        ("先月", "2026-10-01", "2026-10-31"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("先々月", "2026-09-01", "2026-09-30"),
        ("今年", "2026-01-01", "2026-11-20"),
        ("去年", "2025-01-01", "2025-12-31"),
        ("前四半期", "2026-07-01", "2026-09-30"),
        ("Q3", "2026-07-01", "2026-09-30"),
        ("Q4", "2026-10-01", "2026-11-20"),
        ("2025Q4", "2025-10-01", "2025-12-31"),
        ("Q4 2025", "2025-10-01", "2025-12-31"),
        ("第３四半期", "2026-07-01", "2026-09-30"),
        ("直近30日", "2026-10-22", "2026-11-20"),
        ("過去９０日", "2026-08-23", "2026-11-20"),
        ("last 90 days", "2026-08-23", "2026-11-20"),
        ("past 4 weeks", "2026-10-24", "2026-11-20"),
        ("直近 3ヶ月", "2026-08-21", "2026-11-20"),
        ("半年", "2026-05-21", "2026-11-20"),
        ("1年", "2025-11-21", "2026-11-20"),
        ("2026/10", "2026-10-01", "2026-10-31"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026年10月", "2026-10-01", "2026-10-31"),
        ("10月", "2026-10-01", "2026-10-31"),
        ("12月", "2025-12-01", "2025-12-31"),
        ("october", "2026-10-01", "2026-10-31"),
        ("in Dec 2025", "2025-12-01", "2025-12-31"),
        ("10/1", "2026-10-01", "2026-10-01"),
        ("10月1日", "2026-10-01", "2026-10-01"),
        ("2/29", "2024-02-29", "2024-02-29"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("10/1-10/31", "2026-10-01", "2026-10-31"),
        ("10/1〜10/31", "2026-10-01", "2026-10-31"),
        ("10/1～10/31", "2026-10-01", "2026-10-31"),
        ("10/1–10/31", "2026-10-01", "2026-10-31"),
        ("10/1 - 10/31", "2026-10-01", "2026-10-31"),
        ("１０／１−１０／３１", "2026-10-01", "2026-10-31"),
        ("10月1日から10月31日まで", "2026-10-01", "2026-10-31"),
        ("2026-10-01..2026-10-31", "2026-10-01", "2026-10-31"),
        ("2026-10-01-2026-10-31", "2026-10-01", "2026-10-31"),
        ("2026/8-2026/10", "2026-08-01", "2026-10-31"),
        ("from 2026-10-01 to 2026-10-31", "2026-10-01", "2026-10-31"),
        ("12/20-1/10", "2025-12-20", "2026-01-10"),
        ("10/1-12/31", "2026-10-01", "2026-11-20"),
        ("10/1以降", "2026-10-01", "2026-11-20"),
        ("since October", "2026-10-01", "2026-11-20"),
        ("期間:先月", "2026-10-01", "2026-10-31"),
        ("初回月:2026-10", "2026-10-01", "2026-10-31"),
        ("全期間", "1970-01-01", "2026-11-20"),
    ],
)
def test_a_period_is_read_relative_to_the_last_complete_day(text: str, start: str, last: str) -> None:
    ask = asked(f"リピート率 {text}")
    assert ask.period is not None, ask
    assert (ask.period.start.isoformat(), ask.period.last.isoformat(), ask.unknown) == (start, last, ())
    assert asked(f"{text} リピート率").period == ask.period


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("channel:Google広告", (("channel", "Google広告"),)),
        ("チャネル=ｇｏｏｇｌｅ広告", (("channel", "Google広告"),)),
        ("channel:web", (("channel", "Ｗｅｂ"),)),
        ("channel：WEB", (("channel", "Ｗｅｂ"),)),
        ("channel : google ads", (("channel", "google ads"),)),
        ("channel:google ads", (("channel", "google ads"),)),
        ("channel:“google ads”", (("channel", "google ads"),)),
        ("チャネル=「google ads」", (("channel", "google ads"),)),
        ("『google ads』", (("channel", "google ads"),)),
        ("web", (("channel", "Ｗｅｂ"),)),
        ("ゴールド", (("会員ランク", "ゴールド"),)),
        ("region:楽天", (("region", "楽天"),)),
        ("購入回数:3", (("purchase_count", "3-4"),)),
        ("purchase count:10+", (("purchase_count", "10+"),)),
        ("定期", (("entry", "subscription"),)),
        ("channel:不明", (("channel", ""),)),
        ("channel:web region:東京都", (("channel", "Ｗｅｂ"), ("region", "東京都"))),
    ],
)
def test_a_filter_takes_the_label_as_it_is_stored(text: str, filters: tuple[tuple[str, str], ...]) -> None:
    ask = asked(f"{text} リピート率")
    assert (ask.subcommand, ask.filters, ask.unknown) == ("repeat", filters, ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-02-30", ImpossibleDate),
        ("2026/13", ImpossibleDate),
        ("13月", ImpossibleDate),
        ("2/30", ImpossibleDate),
        ("2月30日のリピート率", ImpossibleDate),
        ("2026-02-30..2026-03-01", ImpossibleDate),
        ("10/31-10/1", ReversedPeriod),
        ("2026-10-31..2026-10-01", ReversedPeriod),
        ("直近-30日", BadWindow),
        ("last 0 days", BadWindow),
        ("-90日", BadWindow),
        ("直近999999999日", BadWindow),
        ("今日", PeriodNotOver),
        ("2026-12", PeriodNotOver),
        ("9999年", ImpossibleDate),
        ("先月 先週", AskedTwice),
        ("リピート率 間隔", AskedTwice),
        ("チャネル別 地域別", AskedTwice),
        ("channel:web channel:楽天", AskedTwice),
        ("x" * 4_001, TooLong),
        ("x " * 61, TooLong),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(text: str, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        asked(text)


@pytest.mark.parametrize(
    ("name", "japanese", "english"),
    [("nps", "NPS", "NPS"), ("cpo", "CPO", "CPO"), ("repeat", "リピート率", "repeat"), ("gap", "間隔", "gap")],
)
def test_a_button_asks_in_the_words_of_the_trade(name: str, japanese: str, english: str) -> None:
    assert written(parse(name, SHOP, FRIDAY), "ja") == japanese
    assert written(parse(name, SHOP, FRIDAY), "en") == english


def test_days_without_a_period_word_belong_to_the_figure() -> None:
    assert asked("休眠 90日") == Ask("休眠 90日", "dormant", days=90)
    assert asked("休眠90日").days == 90
    assert asked("repeat within 60 days").days == 60
    assert asked("60日以内 リピート率").days == 60


def test_a_misspelling_that_is_sure_runs_and_says_so() -> None:
    ask = asked("dormnt")
    assert (ask.subcommand, ask.guessed, ask.unknown) == ("dormant", (("dormnt", "dormant"),), ())
    assert asked("ちゃねる別").dimension == "channel", "it sounds the same"
    ask = asked("channel:ROOMクリプ リピート率")
    assert (ask.filters, ask.guessed) == ((("channel", "ROOMクリップ"),), (("ROOMクリプ", "ROOMクリップ"),))


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("repeet", ("repeat",)),
        ("chanell", ("channel", "panel")),
        ("リピード率", ("リピート率",)),
        ("wyh", ("why",)),
        ("休民", ("休眠",)),
        ("asdfgh", ()),
        ("weather", ()),
        ("qwerty", ()),
        ("ぬるぽ", ()),
    ],
)
def test_an_unknown_word_names_at_most_two_others_and_none_that_is_unlike(typed: str, near: tuple[str, ...]) -> None:
    assert asked(typed).unknown == ((typed, near),)


def test_an_unknown_label_names_the_nearest_filters_to_type() -> None:
    assert asked("channel:gogle gap").unknown == (("channel:gogle", ("channel:Google広告", "channel:「google ads」")),)
    assert asked("channel:zzz").unknown[0][1] == ("channel:Google広告", "channel:Ｗｅｂ")


def test_a_label_of_two_dimensions_asks_which() -> None:
    assert asked("楽天 リピート率").unknown == (("楽天", ("channel:楽天", "region:楽天")),)


def test_a_suggestion_can_be_typed() -> None:
    for text in ("repeet", "休民", "chanel別", "channel:gogle", "楽天", "定技", "helpp", "dormnat"):
        for _, near in asked(text).unknown:
            for word in near:
                assert asked(word).unknown == (), word


def test_the_text_is_kept_as_typed() -> None:
    assert asked("  ＲＥＰＥＡＴ　“Ｗｅｂ” ").raw == "  ＲＥＰＥＡＴ　“Ｗｅｂ” "


def test_an_open_quote_is_split_plainly() -> None:
    ask = asked("「リピート率 チャネル別")
    assert (ask.subcommand, ask.dimension, ask.unknown) == ("repeat", "channel", ())


def test_a_shop_without_the_dimension_does_not_know_its_words() -> None:
    ask = parse("地域別 リピート率", Vocabulary(("channel",)), FRIDAY)
    assert ask.dimension is None
    assert ask.unknown[0][0] == "地域別"


def test_the_week_of_a_monday_has_no_complete_day() -> None:
    with pytest.raises(PeriodNotOver):
        asked("今週", date(2026, 11, 22))


@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused_in_words(text: str) -> None:
    try:
        first = asked(text)
    except Problem:
        return
    assert first == asked(text)
    assert first.raw == text


_PIECES = (
    "リピート率", "channel", "別", ":", "=", "2026", "-", "/", "10", "30", "日", "月", "年", "〜", "last ", "days", " ",
    "　", "「", "」", "“", "直近", "Q3", "の", "から", "web", "\u200b", "ー", "\ud800", "٣", "㎏", "ﷺ",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_any_mixture_of_known_pieces_is_understood_or_refused_in_words(text: str) -> None:
    try:
        ask = asked(text)
    except Problem:
        return
    assert ask.period is None or (isinstance(ask.period, Span) and ask.period.days > 0)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "あ",
        "ー",
        "1",
        "1/",
        "2026-10-",
        "「",
        "a ",
        "休眠の",
        "channel:",
        ":",
        "~",
        "10/1-",
        "直近",
        "の",
        " ",
        "ﷺ",
        "aあ1 ",
    ],
)
def test_work_grows_with_the_text_and_no_faster(unit: str) -> None:
    asked("")
    half, whole = (_calls((unit * 4_000)[:length]) for length in (2_000, 4_000))
    assert whole <= 2.1 * half
    assert whole <= 40 * 4_000


def _calls(text: str) -> int:
    """How many functions reading the text calls: the same number on a busy machine as on an idle one."""
    calls = 0

    def count(_frame: object, event: str, _of: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with contextlib.suppress(Problem):
            asked(text)
    finally:
        sys.setprofile(before)
    return calls
