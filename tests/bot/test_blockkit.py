"""Does everything fit into Slack, and is nothing in the data taken for mark-up?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blockkit import Message, render, words
from bot.blockkit.limits import markup
from bot.page import Button, Buttons, Cell, Chart, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Table
from tests.bot.second_opinion import UnknownToSlackblocks, validate

UNSEEN = re.compile("[\u0000-\u0009\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def page(*parts: Part, headline: str = "h") -> Page:
    return Page(headline, parts)


def blocks(*parts: Part, native: bool = True) -> list[dict[str, Any]]:
    return render(page(*parts), native=native).blocks


def strings(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a message with the key it stands under."""
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from strings(inner, name)
        case list() | tuple():
            for inner in value:
                yield from strings(inner, key)


LABELS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="<>!@#&*_`~|:\u200b\u202e\n\t アA1", max_size=60),
    st.sampled_from(
        [
            "",
            " ",
            "\u200b",
            "<!channel>",
            "<@U123>",
            "<\u200b!here>",
            "&amp;",
            "*a*",
            "a" * 3000,
            "あ" * 3000,
            "<" * 3000,
        ]
    ),
)
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-(10**12), 10**12).map(float))


def many(items: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=most).map(tuple)


PARTS = st.one_of(
    st.builds(Heading, LABELS),
    st.builds(Paragraph, LABELS, st.booleans()),
    st.builds(Facts, many(st.builds(Fact, LABELS, LABELS, LABELS), 12)),
    st.builds(
        Table,
        LABELS,
        many(LABELS, 22),
        many(many(st.builds(Cell, LABELS, NUMBERS), 20), 8),
        st.integers(-1, 500),
    ),
    st.builds(
        Chart,
        LABELS,
        st.sampled_from(["line", "bar", "area", "pie", ""]),
        many(LABELS, 24),
        many(st.tuples(LABELS, many(NUMBERS, 24)), 8),
        LABELS,
        LABELS,
        LABELS,
    ),
    st.builds(Buttons, many(st.builds(Button, LABELS, LABELS, st.booleans()), 8)),
    st.builds(Footnote, many(LABELS, 14)),
)
PAGES = st.builds(Page, LABELS, many(PARTS, 12), st.just(()), st.sampled_from(["ja", "en"]))


@settings(max_examples=100, deadline=None)
@given(PAGES, st.booleans())
def test_any_page_becomes_a_message_that_slack_takes(found, native):
    message = render(found, native=native)
    validate(message)
    assert_within_limits(message)
    assert_nothing_is_mark_up(message)
    json.dumps(message.blocks, allow_nan=False)


def assert_within_limits(message: Message) -> None:
    """Ten per cent under what Slack refuses."""
    assert 0 < len(message.text) <= 900
    assert len(message.blocks) <= 45
    assert (
        sum(len(said) for key, said in strings(message.blocks) if key not in {"type", "action_id", "style"}) <= 11_700
    )
    assert [block["type"] for block in message.blocks].count("data_visualization") <= 2
    for block in message.blocks:
        assert_block_within_limits(block)
    ids = [
        element["action_id"]
        for block in message.blocks
        for element in block.get("elements", ())
        if "action_id" in element
    ]
    assert len(ids) == len(set(ids))


def assert_block_within_limits(block: dict[str, Any]) -> None:
    match block["type"]:
        case "header":
            assert len(block["text"]["text"]) <= 135
        case "section":
            assert len(block.get("text", {"text": ""})["text"]) <= 2700
            assert len(block.get("fields", ())) <= 9
            assert all(len(field["text"]) <= 1800 for field in block.get("fields", ()))
        case "context":
            assert 0 < len(block["elements"]) <= 9
        case "actions":
            assert 0 < len(block["elements"]) <= 22
            assert all(len(element["text"]["text"]) <= 67 for element in block["elements"])
            assert all(len(element["value"]) <= 1800 for element in block["elements"])
        case "data_table":
            assert 2 <= len(block["rows"]) <= 181
            assert 1 <= len(block["rows"][0]) <= 18
            assert 1 <= block["page_size"] <= 90
        case "data_visualization":
            axis = block["chart"]["axis_config"]
            assert 0 < len(block["title"]) <= 45
            assert 0 < len(block["chart"]["series"]) <= 6
            assert 0 < len(axis["categories"]) <= 18
            assert all(0 < len(label) <= 18 for label in axis["categories"])
        case unknown:
            pytest.fail(f"a block that nobody asked for: {unknown}")


def assert_nothing_is_mark_up(message: Message) -> None:
    for key, said in [("text", message.text), *strings(message.blocks)]:
        if key not in {"type", "action_id", "style"}:
            assert not re.search("<[!@#]", said), said
            assert not UNSEEN.search(said), repr(said)
            assert said == "" or said.strip() or key == "value", key
            assert said, key


@settings(max_examples=60, deadline=None)
@given(PAGES)
def test_any_page_fits_into_one_text(found):
    said = words(found)
    assert 0 < len(said) <= 3600
    assert not re.search("<[!@#]", said)


def test_mentions_in_names_are_only_words():
    said = json.dumps(blocks(Heading("<!channel>"), Paragraph("<@U1>", strong=True), Facts((Fact("<#C1>", "&"),))))
    assert "<!" not in said
    assert "<@" not in said
    assert "&lt;@U1&gt;" in said


def test_zero_width_characters_cannot_smuggle_a_mention():
    assert render(page(headline="<\u200b!here>")).text == "&lt;!here&gt;"
    assert blocks(Heading("<\u200b!here>"))[0]["text"]["text"] == "＜!here>"


def test_mark_up_characters_of_a_name_stay_visible_but_do_nothing():
    assert markup("*a* ~b~ `c` _d_ line_ad") == "∗a∗ ∼b∼ ˋcˋ ＿d＿ line_ad"


def test_few_in_a_table_stays_as_it_is():
    table = Table("c", ("a",), ((Cell("<5"),),))
    assert blocks(table)[0]["rows"][1][0] == {"type": "raw_text", "text": "<5"}


def test_bold_goes_line_by_line_because_slack_ends_it_there():
    assert blocks(Paragraph("a\nb", strong=True))[0]["text"]["text"] == "*a*\n*b*"


def test_a_button_runs_what_it_says_and_has_its_own_id():
    found = blocks(Buttons((Button("A", "リピート", primary=True), Button("B", "間隔"))), Buttons((Button("C", ""),)))
    elements = [element for block in found for element in block["elements"]]
    assert [element["action_id"] for element in elements] == ["kpi:0", "kpi:1", "kpi:2"]
    assert [element["value"] for element in elements] == ["リピート", "間隔", " "]
    assert [element.get("style") for element in elements] == ["primary", None, None]


def test_a_sixth_button_is_counted_not_lost():
    found = blocks(Buttons(tuple(Button(str(i), str(i)) for i in range(7))))
    assert len(found[0]["elements"]) == 5
    assert found[1]["elements"][0]["text"] == "… ほか2件"


def test_a_command_too_long_to_run_is_not_cut_to_another_one():
    found = blocks(Buttons((Button("a", "x" * 1801), Button("b", "y"))))
    assert [element["value"] for element in found[0]["elements"]] == ["y"]
    assert found[1]["elements"][0]["text"] == "… ほか1件"


def test_rows_that_do_not_fit_are_counted():
    rows = tuple((Cell(f"{i}"), Cell("x" * 100)) for i in range(500))
    found = blocks(Table("c", ("n", "x"), rows))
    kept = len(found[0]["rows"]) - 1
    assert found[1]["elements"][0]["text"] == f"… ほか{500 - kept}件"


def test_in_english_a_cut_is_said_in_english():
    rows = tuple((Cell(f"{i}"),) for i in range(200))
    found = render(Page("h", (Table("c", ("n",), rows),), language="en")).blocks
    assert found[1]["elements"][0]["text"] == "… and 20 more"


def test_a_number_keeps_its_value_for_sorting():
    table = Table("c", ("a", "b"), ((Cell("20.3%", 20.3), Cell("–", float("nan"))),))
    number, nothing = blocks(table)[0]["rows"][1]
    assert number == {"type": "raw_number", "value": 20.3, "text": "20.3%"}
    assert nothing == {"type": "raw_text", "text": "–"}


def test_a_row_too_short_is_filled_and_one_too_long_is_cut():
    table = Table("c", ("a", "b"), ((Cell("1"),), (Cell("1"), Cell("2"), Cell("3"))))
    assert [[cell["text"] for cell in row] for row in blocks(table)[0]["rows"]] == [["a", "b"], ["1", "–"], ["1", "2"]]


def test_a_table_without_rows_is_said_in_words():
    assert blocks(Table("誰もいません", ("a",), ()))[0]["text"]["text"] == "誰もいません\n–"


CHART = Chart(
    "t", "line", ("8/28", "9/4", "9/11"), (("rate", (18.0, None, 20.3)), ("goal", (20.0, 20.0, 20.0))), unit="%"
)


def test_a_point_without_a_value_is_left_out_and_counted():
    chart, note = blocks(CHART)
    assert chart["chart"]["axis_config"]["categories"] == ["8/28", "9/11"]
    assert [len(series["data"]) for series in chart["chart"]["series"]] == [2, 2]
    assert note["elements"][0]["text"] == "… ほか1件"


def test_without_native_blocks_a_chart_is_words_with_every_value():
    assert blocks(CHART, native=False)[0]["text"]["text"] == "t\nrate ▁·█\n8/28 18.0% | 9/4 – | 9/11 20.3%\ngoal 20.0%"


def test_a_third_chart_is_said_in_words():
    assert [block["type"] for block in blocks(CHART, CHART, CHART)].count("data_visualization") == 2
    assert "18.0%" in blocks(CHART, CHART, CHART)[-1]["text"]["text"]


def test_labels_cut_to_the_same_letters_stay_apart():
    long = Chart("t", "bar", ("広告" * 12 + "A", "広告" * 12 + "B"), (("n", (1.0, 2.0)),))
    categories = blocks(long)[0]["chart"]["axis_config"]["categories"]
    assert len(set(categories)) == 2
    assert all(len(category) <= 18 for category in categories)


def test_only_the_newest_points_are_drawn_and_the_rest_counted():
    chart = Chart("t", "line", tuple(f"{i}" for i in range(30)), (("n", tuple(float(i) for i in range(30))),))
    found, note = blocks(chart)
    assert found["chart"]["axis_config"]["categories"][-1] == "29"
    assert note["elements"][0]["text"] == "… ほか12件"


def test_without_native_blocks_a_table_is_a_list_that_loses_nothing():
    table = Table("チャネル別", ("チャネル", "率", "人数"), ((Cell("LINE"), Cell("25.2%", 25.2), Cell("412人")),))
    assert blocks(table, native=False)[0]["text"]["text"] == "チャネル別\n• LINE: 率 25.2% | 人数 412人"


def test_a_long_text_is_split_between_sentences():
    text = "あいうえおかきくけこ。" * 500
    pieces = [block["text"]["text"] for block in blocks(Paragraph(text))]
    assert "".join(pieces) == text
    assert all(piece.endswith("。") and len(piece) <= 2700 for piece in pieces)


def test_buttons_and_small_print_survive_a_body_that_is_too_long():
    body = [Paragraph("あ" * 2600) for _ in range(9)]
    found = blocks(*body, Buttons((Button("a", "b"),)), Footnote(("until",)))
    assert [block["type"] for block in found[-3:]] == ["context", "actions", "context"]
    assert found[-3]["elements"][0]["text"] == "… ほか5件"


def test_one_text_says_the_headline_once_and_ends_where_it_must():
    said = words(page(Heading("h"), *[Paragraph("あ" * 1000) for _ in range(5)]))
    assert said.split("\n")[0] == "h"
    assert said.count("あ" * 1000) == 3
    assert said.endswith("…（長いため省略）")


def test_a_block_that_slackblocks_does_not_know_is_named():
    with pytest.raises(UnknownToSlackblocks, match="hologram"):
        validate(Message("h", [{"type": "hologram"}]))
