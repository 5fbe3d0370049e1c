"""Does every answer lead on, compare, page and say where it comes from; and can each way be typed?"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blockkit import render, words
from bot.comparison import NothingMoved, UnfitComparison, earlier_than
from bot.desk import Desk, desk
from bot.grammar import Ask, Vocabulary, parse
from bot.grammar.writing import written
from bot.language import Language
from bot.page import Button, Buttons, Calendar, Chart, Choices, Footnote, Heading, Menu, Page, Paragraph, Table
from bot.settings.layers import load
from bot.subcommands import SUBCOMMANDS, NoSuchPage, answer
from metrics.day import Span
from tests.bot.beside import furnished
from tests.bot.gallery import PAGES
from tests.bot.second_opinion import validate
from tests.bot.shelf import Buyer, FakeShelf, steady_shop
from tests.bot.test_subcommands import OneMorning

JA, EN = Language.of("ja"), Language.of("en")
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Desk:
    return furnished(desk(load({}, folder), FakeShelf(steady_shop()), lambda: NOW))


@pytest.fixture
def golden(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


def ask(text: str, shop: Desk, language: Language = JA, *, sees: bool = True) -> Page:
    return answer(text, shop, language, sees_customers=sees)


def buttons(page: Page) -> list[Button]:
    return [button for part in page.parts if isinstance(part, Buttons) for button in part.items]


def table(page: Page) -> Table:
    return next(part for part in page.parts if isinstance(part, Table))


QUESTIONS = {
    "panel": ("", ""),
    "repeat": ("リピート率", "repeat"),
    "by_channel": ("リピート率 チャネル別", "repeat by channel"),
    "compare": ("リピート率 比較", "repeat compare"),
    "compare_by_channel": ("リピート率 チャネル別 比較", "repeat by channel compare"),
    "compare_months": ("先月 比較 8月 リピート率", "repeat last month vs august"),
    "compare_labels": ("LINE 比較 楽天", "LINE vs 楽天"),
    "compare_gap": ("間隔 先週比", "gap week over week"),
    "compare_dormant": ("休眠 チャネル別 比較", "dormant by channel compare"),
    "why": ("なぜ動いたか", "why"),
    "why_months": ("なぜ 10月", "why october"),
    "list": ("休眠 リスト", "list"),
}


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_reads_as_it_was_approved(name: str, language: Language, golden, folder: Path) -> None:
    settings = load({"ASAKAI_CUSTOMERS__PSEUDONYM_KEY": "k", "ASAKAI_SHOP": "すはだ本舗"}, folder)
    page = ask(QUESTIONS[name][language is EN], desk(settings, FakeShelf(steady_shop()), lambda: NOW), language)
    assert [asdict(render(page)), words(page)] == golden
    for native in (True, False):
        validate(render(page, native=native))


# --- every way on can be typed ------------------------------------------------------------


KNOWN = Vocabulary(
    ("channel", "region", "product", "purchase_count", "cohort_month", "entry", "会員ランク"),
    (
        ("channel", ("Google広告", "LINE", "東京 都心", "a「b」c", "x:y=z", "終わり?", "CSV")),
        ("region", ("関東", "楽天")),
    ),
)
FILTERS = st.sampled_from([(dimension, label) for dimension, labels in KNOWN.labels for label in labels])
PERIODS = st.builds(
    lambda back, days: Span.ending(FRIDAY - timedelta(days=back), days), st.integers(0, 600), st.integers(1, 400)
)
ASKS = st.builds(
    Ask,
    raw=st.just(""),
    subcommand=st.sampled_from(["repeat", "gap", "dormant", "why"]),
    dimension=st.none() | st.sampled_from(KNOWN.dimensions),
    filters=st.lists(FILTERS, max_size=2, unique_by=lambda one: one[0]).map(tuple),
    period=st.none() | PERIODS,
    compare=st.sampled_from(["", "before", "week"]),
    handout=st.sampled_from(["", "share", "csv", "xlsx"]),
    page=st.integers(1, 9),
    as_of=st.none() | st.dates(date(2025, 1, 1), date(2026, 11, 19)),
)


@given(ASKS, st.sampled_from(["ja", "en"]))
def test_what_a_button_carries_is_understood_as_it_was_meant(meant: Ask, code: str) -> None:
    if meant.as_of and meant.period and meant.period.last > meant.as_of:
        meant = replace(meant, as_of=None)
    assert replace(parse(written(meant, code), KNOWN, FRIDAY), raw="") == meant


@given(PERIODS, PERIODS, st.sampled_from(["ja", "en"]))
def test_two_periods_are_two_sides(one: Span, other: Span, code: str) -> None:
    if one != other:
        meant = Ask("", "repeat", period=one, compare="period", against_period=other)
        assert replace(parse(written(meant, code), KNOWN, FRIDAY), raw="") == meant


@pytest.mark.parametrize(
    ("text", "compare", "period", "against"),
    [
        ("リピート率 比較", "before", None, None),
        ("repeat compared to last week", "week", None, None),
        ("リピート率の先週比", "week", None, None),
        ("リピート率 先月 比較", "before", Span(date(2026, 10, 1), date(2026, 11, 1)), None),
        ("LINE vs Google広告", "label", None, ("channel", "Google広告")),
        ("Google広告とLINEを比較", "label", None, ("channel", "LINE")),
        ("channel:LINE 対 チャネル=Google広告 地域別", "label", None, ("channel", "Google広告")),
    ],
)
def test_a_comparison_is_understood(text, compare, period, against) -> None:
    found = parse(text, KNOWN, FRIDAY)
    assert (found.compare, found.period, found.against, found.unknown) == (compare, period, against, ())


def test_a_past_day_is_the_day_of_every_word() -> None:
    found = parse("リピート率 先月 時点:2026-09-15", KNOWN, FRIDAY)
    assert (found.as_of, found.period) == (date(2026, 9, 15), Span(date(2026, 8, 1), date(2026, 9, 1)))
    assert parse("リピート率 時点:2026-11-20", KNOWN, FRIDAY).as_of is None, "today needs no word"


# --- ways on ------------------------------------------------------------------------------


def test_a_table_leads_into_its_worst_label_by_the_next_dimension(shop: Desk) -> None:
    found = [(button.text, button.command) for button in buttons(ask("リピート率 チャネル別", shop))]
    assert ("「Google広告」を地域別に", "リピート率 地域別 チャネル:Google広告") in found


def test_a_filter_and_a_period_are_kept_on_the_way(shop: Desk) -> None:
    commands = [button.command for button in buttons(ask("リピート率 channel:LINE 先月", shop))]
    assert "リピート率 地域別 チャネル:LINE 2026-10" in commands
    assert "リピート率 チャネル:LINE 2026-10 比較" in commands


@pytest.mark.parametrize("text", ["", "リピート率", "間隔", "休眠", "リピート率 チャネル別", "リピート率 比較", "なぜ"])
def test_an_answer_can_be_shared_and_exported_as_it_is_shown(text: str, shop: Desk) -> None:
    found = {button.text: button for button in buttons(ask(text, shop))}
    assert found["チャンネルに共有"].action == "answer:share"
    for name in ("チャンネルに共有", "CSV", "Excel"):
        assert found[name].pin == "時点:2026-11-20", "pressed tomorrow it means today's answer"
        assert len(f"{found[name].command} {found[name].pin}") < 200


def test_single_customers_are_not_for_a_channel(shop: Desk) -> None:
    assert "チャンネルに共有" not in [button.text for button in buttons(ask("休眠 リスト", shop))]
    assert "CSV" in [button.text for button in buttons(ask("休眠 リスト", shop))]


def test_the_panel_has_the_usual_questions_a_day_and_the_segments(shop: Desk) -> None:
    page = ask("", shop)
    [choices] = [part for part in page.parts if isinstance(part, Choices)]
    menu, calendar = choices.items
    assert isinstance(menu, Menu)
    assert isinstance(calendar, Calendar)
    assert [option.command for option in menu.options][:2] == ["リピート率 チャネル別", "リピート率 地域別"]
    assert calendar.day == "2026-11-20"
    for option in menu.options:
        assert ask(option.command, shop).headline
    chosen = ask("2026-11-06", shop)
    assert chosen.parts[0] == Heading("2026年11月6日(金)の数字"), "a chosen day is the panel of that day"
    [choices] = [part for part in chosen.parts if isinstance(part, Choices)]
    assert [one.day for one in choices.items if isinstance(one, Calendar)] == ["2026-11-06"]


@pytest.mark.parametrize(
    "text", ["定義 比較", "一覧 先週比", "リピート率 購入回数別 比較", "なぜ 月別", "なぜ 入口別 月別"]
)
def test_what_cannot_be_compared_is_refused(text: str, shop: Desk) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011  which of the two is beside the point
        ask(text, shop)
    assert type(refused.value).__name__ in {"UnfitComparison", "AskedTwice", "UnfitFilter"}


def test_a_side_without_customers_is_refused(shop: Desk) -> None:
    with pytest.raises(NothingMoved):
        ask("リピート率 2020-01 比較", shop)
    with pytest.raises(UnfitComparison):
        ask("help 比較", shop)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (Span(date(2026, 10, 1), date(2026, 11, 1)), Span(date(2026, 9, 1), date(2026, 10, 1))),
        (Span(date(2026, 1, 1), date(2026, 4, 1)), Span(date(2025, 10, 1), date(2026, 1, 1))),
        (Span(date(2026, 1, 1), date(2027, 1, 1)), Span(date(2025, 1, 1), date(2026, 1, 1))),
        (Span(date(2026, 10, 5), date(2026, 10, 12)), Span(date(2026, 9, 28), date(2026, 10, 5))),
        (Span(date(2026, 10, 1), date(2026, 10, 21)), Span(date(2026, 9, 11), date(2026, 10, 1))),
    ],
)
def test_the_period_before_a_month_is_a_month(period: Span, before: Span) -> None:
    assert earlier_than(period) == before


# --- pages --------------------------------------------------------------------------------


def many_channels() -> tuple[Buyer, ...]:
    """47 channels, each with six customers of every month."""
    days = [date(2026, 9, 25) + timedelta(days=i % 20) for i in range(6)]
    early = Buyer("first", "k00", (date(2024, 11, 1),))
    return (early, *(Buyer(f"c{k}-{i}", f"k{k:02}", (day,)) for k in range(47) for i, day in enumerate(days)))


def test_a_long_table_goes_on_and_ends(folder: Path) -> None:
    shop = desk(load({}, folder), FakeShelf(many_channels()), lambda: NOW)
    seen: list[str] = []
    text = "休眠 チャネル別"
    for number in (1, 2, 3):
        page = ask(text, shop)
        seen += [row[0].text for row in table(page).rows]
        more = [button.command for button in buttons(page) if button.text.startswith("続き")]
        assert bool(more) == (number < 3)
        text = more[0] if more else text
    assert sorted(seen) == [f"k{k:02}" for k in range(47)]
    with pytest.raises(NoSuchPage):
        ask("休眠 チャネル別 続き4", shop)
    assert len(table(ask("休眠 チャネル別 CSV", shop)).rows) == 47, "a file holds them all"


# --- in words nothing is lost -------------------------------------------------------------


NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def numbers(value: object) -> set[str]:
    """Every number that a reader sees in blocks; chart values as words say them."""
    match value:
        case str():
            return set(NUMBER.findall(value))
        case dict():
            unseen = {"type", "action_id", "style", "page_size", "value", "emoji", "verbatim"}
            return set().union(*(numbers(inner) for key, inner in value.items() if key not in unseen), set())
        case list() | tuple():
            return set().union(*(numbers(inner) for inner in value), set())
        case _:
            return set()


def charted(page: Page) -> set[str]:
    values = [
        part.said(value) for part in page.parts if isinstance(part, Chart) for _, line in part.series for value in line
    ]
    return set().union(*(set(NUMBER.findall(value)) for value in values), set())


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize("name", [*PAGES, *QUESTIONS])
def test_every_number_in_blocks_is_in_the_words(name: str, language: Language, shop: Desk) -> None:
    page = PAGES[name](language) if name in PAGES else ask(QUESTIONS[name][language is EN], shop, language)
    for one in (page, *page.thread):
        plain = words(one)
        seen = numbers(render(one).blocks) | charted(one)
        assert {number for number in seen if number not in plain} == set()


@dataclass(frozen=True)
class Echo:
    """What an answer says besides the question, by language; `without`: why a part is not there.

    `period`: cohort dates or "as of"; `n`: how many stand behind it; `until`: the last day of the data.
    """

    period: tuple[str, str] | None = ("初回購入 2026/4/25〜10/21", "first bought 25 Apr–21 Oct 2026")
    n: tuple[str, str] | None = ("148人", "148 customers")
    until: tuple[str, str] | None = ("データ：11月20日(金)まで", "Data until Fri 20 Nov")
    without: str = ""


A_YEAR = ("2025/11/21〜2026/11/20", "21 Nov 2025–20 Nov 2026")
AS_OF = ("11月20日(金)時点", "as of Fri 20 Nov"), ("600人", "600 customers")
NO_FIGURE = "a list of words without a figure"
ECHOES: dict[str, Echo] = {
    "panel": Echo(),
    "repeat": Echo(),
    "gap": Echo(
        ("初回購入 2025/11/22〜2026/11/20", "first bought 22 Nov 2025–20 Nov 2026"), ("300人", "300 customers")
    ),
    "dormant": Echo(*AS_OF),
    "nps": Echo(A_YEAR, ("60人", "60 customers")),
    "cpo": Echo(("初回購入 2026/5/25〜8/22", "first bought 25 May–22 Aug 2026"), ("80人", "80 customers")),
    "continuation": Echo(A_YEAR, ("契約 40件", "40 contracts")),
    "ladder": Echo(
        ("初回購入 2025/11/22〜2026/5/24", "first bought 22 Nov 2025–24 May 2026"), ("60人", "60 customers")
    ),
    "measure": Echo(A_YEAR, None, without="each wave has two n of its own, in the table"),
    "reactivation": Echo(("2026/10/22〜11/20", "22 Oct–20 Nov 2026"), ("期初の休眠", "dormant before: ")),
    "segment": Echo(),
    "why": Echo(),
    "list": Echo(*AS_OF),
    "digest": Echo(
        None,
        None,
        ("データ：2026年11月19日(木)まで", "Data until Thu 19 Nov 2026"),
        "both stand in the message itself, which is shown to the byte",
    ),
    "recompute": Echo(
        ("初回購入 2026/4/24〜10/20", "first bought 24 Apr–20 Oct 2026"),
        until=("データ：2026年11月19日(木)まで", "Data until Thu 19 Nov 2026"),
    ),
    "status": Echo(
        ("2026/11/20〜11/20", "20 Nov–20 Nov 2026"), ("1回", "1 morning"), None, "of deliveries, not of orders"
    ),
    "definition": Echo(None, None, without=NO_FIGURE),
    "definition repeat": Echo(),
    "rules": Echo(None, None, None, "each rule has a figure of its own, and none has been judged yet"),
    "help": Echo(None, None, None, NO_FIGURE),
}


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize("name", [*SUBCOMMANDS, "definition repeat"])
def test_every_answer_says_what_was_asked_of_when_of_how_many_and_until_when(
    name: str, language: Language, shop: Desk
) -> None:
    noun, _, topic = name.partition(" ")
    asked = Ask("", noun, dimension="channel" if noun == "segment" else None, topic=topic or None)
    text = written(asked, language.code)
    page = answer(text, shop, language, sees_customers=True, past=OneMorning())
    small = [item for part in page.parts if isinstance(part, Footnote) for item in part.items]
    assert language.say("common.asked", asked=text).rstrip() in small
    shown = [*small, *(part.text for part in page.parts if isinstance(part, Paragraph))]  # a definition's cohort
    echo = ECHOES[name]
    parts = (echo.period, echo.n, echo.until)
    assert (None in parts) == bool(echo.without)
    for part in parts:
        if part is not None:
            assert any(part[language is EN] in item for item in shown), shown


def test_an_answer_that_is_handed_on_echoes_the_question_without_the_way(shop: Desk) -> None:
    small = [item for part in ask("CSV リピート率", shop).parts if isinstance(part, Footnote) for item in part.items]
    assert "質問：/kpi リピート率" in small


def test_no_message_is_too_long_for_its_words(shop: Desk) -> None:
    for name in QUESTIONS:
        assert JA.say("custom.cut_text") not in words(ask(QUESTIONS[name][0], shop)), name
        json.dumps(render(ask(QUESTIONS[name][0], shop)).blocks)
