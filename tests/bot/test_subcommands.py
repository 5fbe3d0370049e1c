"""Does each question get its page, and what cannot be answered a reason?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.annex import NotByCount
from bot.blockkit import words
from bot.desk import Desk, desk
from bot.grammar import Vocabulary, parse
from bot.grammar.periods import PeriodNotOver
from bot.grammar.words import NOUNS
from bot.language import Language
from bot.page import Buttons, Page
from bot.present.watching import PastMorning, Posted
from bot.settings.layers import load
from bot.subcommands import (
    SUBCOMMANDS,
    CustomersNotShown,
    FilterByCount,
    NotUnderstood,
    OnlyByChannel,
    UnfitDays,
    UnfitFilter,
    UnfitPeriod,
    answer,
    explain,
)
from metrics.problem import Problem
from metrics.report import TooFewToShow
from metrics.warehouse.further import Further
from metrics.warehouse.store import Store
from tests.bot.beside import furnished
from tests.bot.shelf import FakeShelf, steady_shop

JA, EN = Language.of("ja"), Language.of("en")
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return furnished(desk(load({}, tmp_path_factory.mktemp("shop")), FakeShelf(steady_shop()), lambda: NOW))


def said(text: str, shop: Desk, language: Language = JA, *, sees_customers: bool = False) -> str:
    return words(answer(text, shop, language, sees_customers=sees_customers))


def buttons(page: Page) -> Iterator[str]:
    for part in page.parts:
        if isinstance(part, Buttons):
            yield from (button.command for button in part.items if button.action == "kpi")
    for reply in page.thread:
        yield from buttons(reply)


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize(
    "text",
    [
        "", "リピート率", "repeat by channel", "間隔 チャネル別", "gap", "休眠", "dormant by purchase count",
        "チャネル別", "月別 リピート率", "リピート率 先月", "repeat channel:line last 90 days", "休眠 先月 チャネル別",
        "gap 2026-08", "help", "help 休眠", "定義", "定義 速報値", "間隔の定義", "一覧",
    ],
)  # fmt: skip
def test_every_question_gets_a_page_that_says_until_when(text: str, language: Language, shop: Desk) -> None:
    page = answer(text, shop, language, sees_customers=True)
    assert page.headline
    shown = words(page)
    if "help" not in text:
        until = ("10月31日" if language is JA else "31 Oct") if text.startswith("休眠 先月") else None
        assert (until or ("11月20日" if language is JA else "20 Nov")) in shown


class OneMorning:
    """A past in which every date had the same message."""

    zone = ZoneInfo("Asia/Tokyo")

    def posted(self, day: date | None) -> Posted:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        return Posted(day or date(2026, 11, 20), at, "20.3%", ({"type": "divider"},), "20.3%", "a" * 64, 0.203)

    def mornings(self) -> tuple[PastMorning, ...]:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        return (PastMorning(date(2026, 11, 20), "daily", "C1", "sent", at, at, 1, ""),)


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_every_button_can_be_pressed_and_leads_to_a_page(language: Language, shop: Desk) -> None:
    seen: set[str] = set()
    waiting = ["", *(SUBCOMMANDS.keys() - {"panel"})]
    while waiting:
        text = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        waiting.extend(buttons(answer(text, shop, language, sees_customers=True, past=OneMorning())))
    assert len(seen) > 12


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_every_example_of_help_is_understood(language: Language, shop: Desk) -> None:
    for name in SUBCOMMANDS:
        ask = parse(language.say(f"help.{name}.example"), shop.vocabulary(), shop.as_of)
        assert ask.unknown == ()
        assert ask.subcommand == ("repeat" if name == "segment" else name)
    for key, sentence in language.words.items():
        if key.startswith("topic.") and isinstance(sentence, str):
            ask = parse(language.say("command.definition", topic=sentence), shop.vocabulary(), shop.as_of)
            assert (ask.subcommand, ask.topic) == ("definition", key.removeprefix("topic."))


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_every_dimension_is_understood_by_the_name_that_messages_use(language: Language) -> None:
    known = Vocabulary()
    for name in known.dimensions:
        command = language.say("command.by", figure="", dimension=language.say(f"dimension.{name}"))
        ask = parse(command, known, date(2026, 11, 20))
        assert (ask.dimension, ask.unknown) == (name, ()), command


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_help_has_a_line_for_every_subcommand(language: Language, shop: Desk) -> None:
    shown = said("help", shop, language)
    for name in SUBCOMMANDS:
        assert language.say(f"help.{name}.what") in shown


def test_without_the_table_one_line_says_which_file_switches_it_on(shop: Desk, tmp_path: Path) -> None:
    store = Store(tmp_path / "bare.duckdb", shop.settings.rules)
    with store.writing():
        pass
    bare = replace(desk(shop.settings, shop.store, lambda: NOW), further=Further(store))
    for text, language, file in (
        ("NPS", EN, "customer_id or email, score (0–10) and answered_at"),
        ("NPS", JA, "0〜10の点数"),
        ("measure", EN, "name, customer_id or email, sent_at"),
        ("施策", JA, "送信日時"),
    ):
        with pytest.raises(Problem) as caught:
            answer(text, bare, language)
        assert file in words(explain(caught.value, language))


@pytest.mark.parametrize("text", ["NPS", "施策", "掘り起こし"])
def test_where_orders_are_read_in_place_one_line_says_how_to_have_a_copy(shop: Desk, text: str) -> None:
    in_place = desk(shop.settings, shop.store, lambda: NOW)
    with pytest.raises(Problem) as caught:
        answer(text, in_place, JA)
    assert "asakai sync" in words(explain(caught.value, JA))


def test_measures_and_returns_are_told_by_label_and_of_the_dormant_alone(shop: Desk) -> None:
    assert "施策とチャネルごとの購入率" in said("施策 チャネル別", shop)
    assert "Who bought within 30 days, by measure and purchases" in said("measure by purchase count", shop, EN)
    assert "チャネル別の継続率" in said("定期継続 チャネル別", shop)
    assert said("CPO チャネル別", shop).splitlines()[0] == said("CPO", shop).splitlines()[0]
    assert "チャネル別の休眠からの復帰" in said("掘り起こし チャネル別", shop)
    whole = said("掘り起こし", shop)
    assert "休眠の人に送った施策の効果" in whole
    assert "送った人 12人" in whole, "seventeen of 60 were dormant, five of them held out"
    assert "2026/10/22〜11/20に休眠から戻ったのは" in whole


def test_every_noun_of_the_grammar_has_an_answer_and_the_other_way_round() -> None:
    assert set(NOUNS) == set(SUBCOMMANDS)


def test_a_period_of_a_rate_is_the_cohorts_and_is_said(shop: Desk) -> None:
    shown = said("リピート率 2026-08", shop)
    assert "2026/8/1〜8/31" in shown
    assert "たっていない" not in shown


def test_a_period_that_has_not_matured_says_from_when(shop: Desk) -> None:
    assert "2026年10月22日(木)以降の初回購入は、まだ30日たっていない" in said("リピート率 直近60日", shop)
    assert "22 Oct 2026" in said("repeat last 60 days", shop, EN)


def test_a_period_of_a_state_means_its_end(shop: Desk) -> None:
    assert "2026年10月31日(土)時点" in said("休眠 先月", shop)


def test_a_filter_is_said(shop: Desk) -> None:
    assert "チャネル＝LINE" in re.sub("[=＝ ]+", "＝", said("リピート率 channel:line", shop))


def test_a_guess_is_said(shop: Desk) -> None:
    assert "「dormnt」を「dormant」として" in said("dormnt", shop)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("repeat 60日", UnfitDays),
        ("休眠 45日", UnfitDays),
        ("定義 リピート率 先月", UnfitPeriod),
        ("help 先月", UnfitPeriod),
        ("一覧 チャネル別", UnfitFilter),
        ("一覧 channel:LINE", UnfitFilter),
        ("CPO 地域別", OnlyByChannel),
        ("CPO LINE", OnlyByChannel),
        ("定期継続 購入回数別", NotByCount),
        ("購入回数:2 休眠", FilterByCount),
        ("ぬるぽ", NotUnderstood),
        ("リピート率 今日", PeriodNotOver),
        ("リピート率 地域:東京都", NotUnderstood),
    ],
)
def test_what_cannot_be_answered_is_refused_and_not_left_out(text: str, problem: type[Problem], shop: Desk) -> None:
    with pytest.raises(problem):
        answer(text, shop, JA, sees_customers=True)


def test_days_that_a_figure_knows_are_taken(shop: Desk) -> None:
    for text in ("休眠 90日", "休眠 60日", "repeat within 30 days", "間隔 60日"):
        assert said(text, shop)


def test_single_customers_are_only_for_those_who_may_see_them(shop: Desk) -> None:
    with pytest.raises(CustomersNotShown):
        answer("一覧", shop, JA)
    shown = said("一覧", shop, sees_customers=True)
    assert not re.findall(r"\bc\d{3}\b", shown)
    assert len(re.findall(r"\b[0-9a-f]{8}\b", shown)) > 5


def test_a_word_that_is_not_understood_comes_back_with_whole_questions(shop: Desk) -> None:
    with pytest.raises(NotUnderstood) as problem:
        answer("repeet チャネル別 先月", shop, JA)
    page = explain(problem.value, JA, asked="repeet チャネル別 先月")
    first, *_ = buttons(page)
    assert first == "repeat チャネル別 先月"
    assert "repeet" in words(page)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("repeet chanel", ["repeat channel"]),
        ("repeet chanell", ["repeat channel", "repeat panel"]),
        ("repeet   chanell last month", ["repeat   channel last month", "repeat   panel last month"]),
        ("gapp dorment", []),  # two figures at once are no question
        ("gap gapp channel:gogle", ["gap gap channel:Google広告"]),
    ],
)
def test_a_suggestion_mends_every_word_that_is_not_understood(text: str, meant: list[str], shop: Desk) -> None:
    with pytest.raises(NotUnderstood) as problem:
        answer(text, shop, EN)
    assert list(problem.value.values["nearest"]) == meant
    for command in meant:
        assert answer(command, shop, EN).headline


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize("text", ["asdfgh", "repeet asdfgh", "gapp dorment"])
def test_where_nothing_is_alike_the_usual_questions_are_shown(text: str, language: Language, shop: Desk) -> None:
    with pytest.raises(NotUnderstood) as problem:
        answer(text, shop, language)
    page = explain(problem.value, language, asked=text)
    shown = list(buttons(page))
    assert shown == [language.say(f"command.{name}") for name in ("repeat", "gap", "dormant", "why", "help")]
    assert language.say("problem.usual") in words(page)
    assert text.rsplit(maxsplit=1)[-1] in words(page)


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
@pytest.mark.parametrize(
    "text", ["repeat 60日", "2026-02-30", "先月 先週", "10/31-10/1", "一覧 チャネル別", "-30日", "x" * 5000]
)
def test_every_refusal_has_a_sentence_in_both_languages(text: str, language: Language, shop: Desk) -> None:
    with pytest.raises(Problem) as problem:
        answer(text, shop, language, sees_customers=True)
    assert language.has(f"problem.{problem.value.key}")
    assert words(explain(problem.value, language, asked=text[:100]))


def test_too_few_customers_are_not_shown(tmp_path: Path) -> None:
    few = desk(load({}, tmp_path), FakeShelf(steady_shop()[-4:]), lambda: NOW)
    with pytest.raises(TooFewToShow):
        answer("リピート率 channel:LINE", few, JA)
