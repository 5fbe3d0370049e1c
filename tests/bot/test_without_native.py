"""Do Home and the forms lose anything where Slack's own charts and tables are switched off?

Messages: `test_answers.test_every_number_in_blocks_is_in_the_words`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

import pytest

from bot.alerting.written import form as alert_form
from bot.ask_form import ask_form
from bot.blockkit import render
from bot.blockkit.form import home, modal
from bot.blockkit.limits import TOTAL, weight
from bot.form import Row
from bot.grammar import Vocabulary
from bot.home.mornings import arrivals
from bot.home.page import Reader, Today, Told, home_parts
from bot.language import Language
from bot.local_slack.validation import check_view
from bot.page import Chart, Heading, Table
from bot.settings.watching import AlertRule
from tests.bot.gallery import PAGES
from tests.bot.home_gallery import FRESH, OWN, ROWS, RULE, SATO, SUZUKI, VIEWS, row, shop

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = [Language.of("ja"), Language.of("en")]
DATA = {"data_table", "data_visualization"}
READERS = {
    "admin": (Told(shop(("target", 0.25)), FRESH, arrivals(ROWS), rules=(RULE,)), Reader(SATO, sees=True, admin=True)),
    "reader": (
        Told(shop(), Today(FRESH.report, stale=date(2026, 11, 17)), arrivals((*ROWS, row(20, name="line")))),
        Reader(SUZUKI, sees=True, admin=False),
    ),
    "stranger": (Told(shop(), Today()), Reader("U9", sees=False, admin=False)),
}


def texts(value: object) -> Iterator[str]:
    """Everything in blocks that a reader sees, in order."""
    match value:
        case {"type": "data_table", "caption": caption, "rows": [headings, *rows]}:
            yield caption
            yield from (cell["text"] for cell in headings[1:] if len(headings) > 2)  # two columns need no headings
            yield from (cell["text"] for cells in rows for cell in cells)
        case dict():
            seen = {key: inner for key, inner in value.items() if key not in {"value", "action_id", "type", "block_id"}}
            yield from (inner for key, inner in seen.items() if key == "text" and isinstance(inner, str))
            for inner in seen.values():
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def kinds(view: dict[str, Any]) -> list[str]:
    return [block["type"] for block in view["blocks"]]


def bare(text: str) -> str:
    return re.sub(r"[*&;\\s]|amp|lt|gt", "", text)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("name", READERS)
def test_home_in_words_says_all_that_home_shows(name: str, language: Language) -> None:
    parts = home_parts(*READERS[name], language)
    natively, in_words = (home(parts, language.code, native=native) for native in (True, False))
    assert DATA.isdisjoint(kinds(in_words))
    said = bare("\n".join(texts(in_words)))
    assert [text for text in texts(natively) if bare(text) not in said] == []
    pressed = [[block for block in view["blocks"] if block["type"] == "actions"] for view in (natively, in_words)]
    assert pressed[0] == pressed[1], "every button is there"
    assert check_view(in_words) == ()


def test_home_has_a_table_that_could_be_lost() -> None:
    assert "data_table" in kinds(home(home_parts(*READERS["admin"], LANGUAGES[0]), "ja"))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_morning_keeps_its_line_in_words(language: Language) -> None:
    told, reader = READERS["reader"]
    parts = home_parts(told, reader, language)
    [table] = [part for part in parts if isinstance(part, Table)]
    lines = "\n".join(texts(home(parts, language.code, native=False))).split("\n")
    for cells in table.rows:
        assert any(all(cell.text in line for cell in cells) for line in lines), cells


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_what_home_cannot_hold_is_counted_and_left_out_whole(language: Language, native: bool) -> None:
    plans = tuple(
        replace(OWN, name=f"slack-{i}", title=f"朝会 {i} " * 5, owner=SATO if i < 5 else "") for i in range(20)
    )
    rows = tuple(row(day, name=plan.name) for day in range(2, 21) for plan in plans[:4])
    rules = tuple(replace(RULE, title=f"R{i:02}") for i in range(30))
    told = Told(shop(plans=plans), FRESH, arrivals(rows), rules=rules)
    parts = home_parts(told, Reader(SATO, sees=True, admin=True), language)
    view = home(parts, language.code, native=native)
    assert check_view(view) == ()
    assert len(json.dumps(view, ensure_ascii=False).encode()) < 250_000
    shown = view["blocks"][:-1]
    whole = [home((part,), language.code, native=native)["blocks"] for part in parts]
    count = list(accumulate(map(len, whole))).index(len(shown)) + 1  # it ends between two parts
    assert list(chain.from_iterable(whole[:count])) == shown
    hidden = [part for part in parts[count:] if not isinstance(part, Heading)]
    assert len(hidden) > 5
    assert list(texts(view["blocks"][-1])) == [language.say("custom.cut", count=len(hidden))]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_a_home_that_fits_is_not_cut(language: Language) -> None:
    """A message's limit of characters is not Home's: fifteen digests would not fit into one."""
    plans = tuple(replace(OWN, name=f"slack-{i}", title=f"朝会 {i} " * 20, owner="") for i in range(15))
    told = Told(shop(plans=plans), FRESH, arrivals(ROWS), rules=(Row("R1", "あ" * 2000),) * 4)
    parts = home_parts(told, Reader(SATO, sees=True, admin=True), language)
    view = home(parts, language.code, native=False)
    whole = [home((part,), language.code, native=False)["blocks"] for part in parts]
    assert view["blocks"] == list(chain.from_iterable(whole))
    assert weight(view["blocks"]) > TOTAL


# --- forms --------------------------------------------------------------------------------

KNOWN = Vocabulary(("channel", "region"), (("channel", ("LINE", "楽天")), ("region", ("東京", "大阪"))))


def forms(language: Language) -> dict[str, dict[str, Any]]:
    """Every modal that asks something."""
    views = {name: view(language) for name, view in VIEWS.items() if name.startswith("form_")}
    edited = alert_form(AlertRule(name="LINE", threshold=0.2), ("channel",), ("C1",), language, "{}")
    new = alert_form(None, ("channel",), ("C1",), language, "{}")
    return {**views, "ask": modal(ask_form(KNOWN, language)), "alert": modal(edited), "alert_new": modal(new)}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_a_form_has_nothing_that_could_be_switched_off(language: Language) -> None:
    for name, view in forms(language).items():
        assert set(kinds(view)) <= {"section", "input", "actions"}, name
        assert check_view(view) == (), name


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("name", ["backtest", "backtest_none"])
def test_what_a_form_shows_of_the_past_is_in_words_whatever_the_switch_says(name: str, language: Language) -> None:
    page = PAGES[name](language)
    natively, in_words = ({"blocks": render(page, native).blocks} for native in (True, False))
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, **in_words}
    assert check_view(view) == (), "a modal takes no tables and charts"
    said = bare("\n".join(texts(in_words)))
    assert [text for text in texts(natively) if bare(text) not in said] == []
    for chart in (part for part in page.parts if isinstance(part, Chart)):
        assert [line for line in chart.words() if bare(line) not in said] == []
