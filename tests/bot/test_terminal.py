"""Can a page be read in a terminal, wide or narrow, with colour or without?"""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.language import Language
from bot.page import Button, Buttons, Cell, Chart, Fact, Facts, Footnote, Page, Paragraph, Table
from bot.present.digest import digest
from bot.terminal import broken, show
from tests.bot import morning
from tests.bot.gallery import PAGES

JA = Language.of("ja")


def shown(page: Page, width: int = 80, *, colour: bool = False) -> str:
    out = io.StringIO()
    show(page, Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, emoji=False))
    return out.getvalue()


def tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize("name", PAGES)
def test_no_line_is_wider_than_the_terminal_counting_japanese_as_two(name, width):
    widest = max(cell_len(line) for line in shown(PAGES[name](JA), width).splitlines())
    assert widest <= min(width, 100)


def test_the_digest_says_in_the_terminal_what_it_says_in_slack():
    said = shown(digest(morning.normal(), JA), 100)
    for words in (
        "20.3%  ✅ 達成",
        "68日",
        "312人",
        "[ チャネル別に見る ] /kpi リピート チャネル別",
        "スレッド（3件）",
    ):
        assert words in said


@pytest.mark.parametrize("width", [24, 40, 79, 80, 81, 100])
@pytest.mark.parametrize("name", ["digest", "repeat", "gap", "definition_repeat", "alert"])
def test_no_line_begins_with_what_japanese_never_begins_a_line_with(name, width):
    page = PAGES[name](JA)
    starts = [line.strip()[:1] for line in shown(replace(page, thread=()), width).splitlines()]
    assert [start for start in starts if start and start in "。、）」：ー"] == []


def test_words_numbers_and_dates_stay_whole():
    said = broken("初回購入 2026/9/25〜10/22、227人です。For customers", 22)
    assert said == "初回購入\n2026/9/25〜10/22、\n227人です。For\ncustomers"


def test_in_a_pipe_there_are_no_escape_codes():
    assert "\x1b" not in shown(digest(morning.normal(), JA))


def test_a_terminal_gets_colour():
    assert "\x1b[" in shown(digest(morning.normal(), JA), colour=True)


def test_a_name_from_an_order_cannot_steer_the_terminal():
    page = Page("h", (Paragraph("\x1b[2J[bold]:smile:"), Facts((Fact("\x9bA", "\x07b", "\x1bc"),))))
    said = shown(page)
    assert not {"\x1b", "\x07", "\x9b"} & set(said)
    assert "[2J[bold]:smile:" in said


def test_columns_line_up_under_japanese_headings():
    table = Table("表", ("チャネル", "人数"), ((Cell("LINE"), Cell("1,234", 1234)), (Cell("検索広告"), Cell("5", 5))))
    lines = tidy(shown(Page("h", (table,))))
    assert [cell_len(line) for line in lines[-2:]] == [cell_len(line) for line in lines[1:2]] * 2


def test_a_chart_starts_at_zero_and_names_its_lines():
    chart = Chart("推移", "line", ("8/28", "9/4"), (("率", (10.0, 20.0)), ("目標", (20.0, 20.0))), unit="%")
    lines = tidy(shown(Page("h", (chart,))))
    assert lines[0] == "推移"
    assert lines[1].startswith("20.0% ┤")
    assert lines[6].startswith(" 0.0% ┤")
    assert "8/28" in lines[7]
    assert "率 20.0%" in lines[8]
    assert "目標 20.0%" in lines[8]


@pytest.mark.parametrize(
    "values", [(None, None), (0.0, 0.0), (-1.0, -2.0), (), (5.0,), (1.0, None, 3.0), (float("nan"), 1.0), (1e-9, 2e-9)]
)
def test_any_values_can_be_drawn(values):
    categories = tuple(str(i) for i in range(len(values)))
    assert "t" in shown(Page("h", (Chart("t", "line", categories, (("n", values),)),)))


def test_empty_parts_are_no_bug():
    assert shown(Page("h", (Facts(()), Buttons(()), Footnote(()), Table("", (), ()), Paragraph("")))).strip() == ""


def test_a_button_without_a_command_asks_for_the_panel():
    assert "[ 今日の数字 ] /kpi\n" in shown(Page("h", (Buttons((Button("今日の数字", ""),)),)))


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", PAGES)
def test_a_number_of_a_table_is_never_broken(name, width):
    page = PAGES[name](JA)
    said = shown(page, width)
    tables = [part for each in (page, *page.thread) for part in each.parts if isinstance(part, Table)]
    numbers = {cell.text for table in tables for row in table.rows for cell in row[1:] if cell.number is not None}
    assert {number for number in numbers if number not in said} == set()


def test_a_table_wider_than_the_terminal_is_told_row_by_row():
    headings = ("チャネル", *(f"{n}年の広告費" for n in range(2019, 2025)))
    rows = (("Meta広告", *("1,132,488円",) * 6), ("LINE", *("–",) * 6))
    page = Page("x", (Table("費用", headings, tuple(tuple(map(Cell, row)) for row in rows)),))
    assert tidy(shown(page, 60))[:5] == [
        "費用",
        "Meta広告",
        "    2019年の広告費 1,132,488円 · 2020年の広告費 1,132,488円",
        "    2021年の広告費 1,132,488円 · 2022年の広告費 1,132,488円",
        "    2023年の広告費 1,132,488円 · 2024年の広告費 1,132,488円",
    ]
    assert "──" in shown(page, 100), "side by side where there is room"
