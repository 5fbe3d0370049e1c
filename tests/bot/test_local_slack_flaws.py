"""Does the local Slack refuse what is no limit but a wrong shape, and name the place?

Each line is a block that Slack takes, one that it does not, and the JSON pointer to what is wrong.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.local_slack.blocks import ALLOWED
from bot.local_slack.validation import check_blocks, check_message, check_view

Block = dict[str, Any]

PLAIN = {"type": "plain_text", "text": "x"}
MRKDWN = {"type": "mrkdwn", "text": "x"}
OPTION = {"text": PLAIN, "value": "a"}
OTHER = {"text": PLAIN, "value": "b"}
IMAGE = {"type": "image", "image_url": "https://x", "alt_text": "x"}
CELL = {"type": "raw_text", "text": "x"}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}
POINT = {"label": "a", "value": 1}
SERIES = {"name": "s", "data": [POINT]}
AXES = {"categories": ["a"]}
ASKED = {"title": PLAIN, "text": MRKDWN, "confirm": PLAIN, "deny": PLAIN}

WHOLE: dict[str, Block] = {  # one of each block, with every field that it may have
    "header": {"type": "header", "text": PLAIN, "block_id": "b", "level": 1},
    "section": {"type": "section", "text": MRKDWN, "fields": [MRKDWN], "accessory": IMAGE, "expand": True},
    "context": {"type": "context", "elements": [PLAIN, MRKDWN, IMAGE], "block_id": "b"},
    "divider": {"type": "divider", "block_id": "b"},
    "actions": {"type": "actions", "elements": [{"type": "button", "text": PLAIN}], "block_id": "b"},
    "image": {**IMAGE, "title": PLAIN, "block_id": "b"},
    "markdown": {"type": "markdown", "text": "x", "block_id": "b"},
    "rich_text": RICH,
    "table": {"type": "table", "rows": [[CELL]], "column_settings": [{}], "block_id": "b"},
    "data_table": {
        "type": "data_table",
        "caption": "x",
        "rows": [[CELL], [CELL]],
        "page_size": 5,
        "row_header_column_index": 0,
        "block_id": "b",
    },
    "data_visualization": {
        "type": "data_visualization",
        "title": "x",
        "chart": {"type": "line", "series": [SERIES], "axis_config": AXES},
        "block_id": "b",
    },
    "input": {"type": "input", "label": PLAIN, "element": {"type": "plain_text_input"}, "hint": PLAIN},
}
CLOSED = ("header", "section", "context", "divider", "actions", "markdown", "table", "data_table", "data_visualization")
"""Blocks that take no field they do not know."""


def press(**element: Any) -> Block:
    return {"type": "actions", "elements": [element]}


def button(**more: Any) -> Block:
    return press(**{"type": "button", "text": PLAIN, **more})


def select(**more: Any) -> Block:
    return press(**{"type": "static_select", "options": [OPTION, OTHER], **more})


def ask(**element: Any) -> Block:
    return {"type": "input", "label": PLAIN, "element": element}


def chart(**more: Any) -> Block:
    return {**WHOLE["data_visualization"], "chart": {**WHOLE["data_visualization"]["chart"], **more}}


def pie(*segments: object) -> Block:
    return {**WHOLE["data_visualization"], "chart": {"type": "pie", "segments": list(segments)}}


def rows(*found: object) -> Block:
    return {**WHOLE["data_table"], "rows": list(found)}


E0 = "/blocks/0/elements/0"
MISSHAPEN: list[tuple[str, Block, Block, str]] = [
    ("no type", WHOLE["divider"], {"block_id": "b"}, "/blocks/0"),
    ("a text that is a string", WHOLE["header"], {"type": "header", "text": "x"}, "/blocks/0/text"),
    ("markup in a header", WHOLE["header"], {"type": "header", "text": MRKDWN}, "/blocks/0/text/type"),
    ("no header", WHOLE["header"], {"type": "header"}, "/blocks/0"),
    ("emoji of markup", WHOLE["section"], {"type": "section", "text": {**MRKDWN, "emoji": True}}, "/blocks/0/text"),
    ("verbatim of plain", WHOLE["section"], {"type": "section", "text": {**PLAIN, "verbatim": True}}, "/blocks/0/text"),
    ("a number for words", WHOLE["header"], {"type": "header", "text": {**PLAIN, "text": 1}}, "/blocks/0/text/text"),
    ("no words", WHOLE["header"], {"type": "header", "text": {"type": "plain_text"}}, "/blocks/0/text"),
    ("an empty section", WHOLE["section"], {"type": "section"}, "/blocks/0"),
    ("fields that are none", WHOLE["section"], {"type": "section", "fields": MRKDWN}, "/blocks/0/fields"),
    ("an empty list of fields", WHOLE["section"], {"type": "section", "fields": []}, "/blocks/0/fields"),
    ("a field that is a string", WHOLE["section"], {"type": "section", "fields": ["x"]}, "/blocks/0/fields/0"),
    (
        "an input beside a section",
        {"type": "section", "text": PLAIN, "accessory": {"type": "datepicker"}},
        {"type": "section", "text": PLAIN, "accessory": {"type": "plain_text_input"}},
        "/blocks/0/accessory/type",
    ),
    ("an accessory that is a string", WHOLE["section"], {**WHOLE["section"], "accessory": "x"}, "/blocks/0/accessory"),
    ("a button in a context", WHOLE["context"], {"type": "context", "elements": [{"type": "button"}]}, f"{E0}/type"),
    ("a context without elements", WHOLE["context"], {"type": "context"}, "/blocks/0"),
    ("an image among buttons", button(), press(**IMAGE), f"{E0}/type"),
    ("a typed field among buttons", button(), press(type="plain_text_input"), f"{E0}/type"),
    ("a button that is a string", button(), {"type": "actions", "elements": ["x"]}, E0),
    ("a button without text", button(), press(type="button"), E0),
    ("a field no button has", button(), button(colour="red"), E0),
    ("a style of its own", button(style="danger"), button(style="loud"), f"{E0}/style"),
    ("a value that is a number", button(value="1"), button(value=1), f"{E0}/value"),
    ("an empty action_id", button(action_id="a"), button(action_id=""), f"{E0}/action_id"),
    ("a confirm that is a string", button(confirm=ASKED), button(confirm="sure?"), f"{E0}/confirm"),
    (
        "a confirm with markup",
        button(confirm=ASKED),
        button(confirm={**ASKED, "title": MRKDWN}),
        f"{E0}/confirm/title/type",
    ),
    *(
        (
            f"a confirm without {name}",
            button(confirm=ASKED),
            button(confirm={k: v for k, v in ASKED.items() if k != name}),
            f"{E0}/confirm",
        )
        for name in ASKED
    ),
    ("neither options nor groups", select(), press(type="static_select"), E0),
    ("both", select(), select(option_groups=[{"label": PLAIN, "options": [OPTION]}]), E0),
    ("a group that is a string", select(), press(type="static_select", option_groups=["x"]), f"{E0}/option_groups/0"),
    (
        "a group without a label",
        press(type="static_select", option_groups=[{"label": PLAIN, "options": [OPTION]}]),
        press(type="static_select", option_groups=[{"options": [OPTION]}]),
        f"{E0}/option_groups/0",
    ),
    ("an option that is a string", select(), select(options=["x"]), f"{E0}/options/0"),
    ("an option without a value", select(), select(options=[{"text": PLAIN}]), f"{E0}/options/0"),
    ("an option without a text", select(), select(options=[{"value": "a"}]), f"{E0}/options/0"),
    ("an option with markup", select(), select(options=[{"text": MRKDWN, "value": "a"}]), f"{E0}/options/0/text/type"),
    (
        "a first choice that is none",
        select(initial_option=OTHER),
        select(initial_option={**OPTION, "value": "c"}),
        f"{E0}/initial_option",
    ),
    (
        "first choices that are none",
        press(type="checkboxes", options=[{"text": MRKDWN, "value": "a"}, OTHER], initial_options=[OTHER]),
        press(type="checkboxes", options=[OTHER], initial_options=[OTHER, OPTION]),
        f"{E0}/initial_options/1",
    ),
    ("a placeholder with markup", select(placeholder=PLAIN), select(placeholder=MRKDWN), f"{E0}/placeholder/type"),
    (
        "a length that is words",
        ask(type="plain_text_input", min_length=1),
        ask(type="plain_text_input", min_length="1"),
        "/blocks/0/element/min_length",
    ),
    (
        "a length that is yes",
        ask(type="plain_text_input", max_length=1),
        ask(type="plain_text_input", max_length=True),
        "/blocks/0/element/max_length",
    ),
    (
        "no word on decimals",
        ask(type="number_input", is_decimal_allowed=True),
        ask(type="number_input"),
        "/blocks/0/element",
    ),
    ("an input without an element", WHOLE["input"], {"type": "input", "label": PLAIN}, "/blocks/0/element"),
    ("an input without a label", WHOLE["input"], {"type": "input", "element": {"type": "datepicker"}}, "/blocks/0"),
    ("a button to fill in", WHOLE["input"], ask(type="button", text=PLAIN), "/blocks/0/element/type"),
    ("an image of two sources", IMAGE, {**IMAGE, "slack_file": {"id": "F1"}}, "/blocks/0"),
    ("an image of none", IMAGE, {"type": "image", "alt_text": "x"}, "/blocks/0"),
    ("an image without words", IMAGE, {"type": "image", "image_url": "https://x"}, "/blocks/0"),
    ("a markdown without text", WHOLE["markdown"], {"type": "markdown"}, "/blocks/0"),
    ("rich text of another kind", RICH, {"type": "rich_text", "elements": [{"type": "text"}]}, f"{E0}/type"),
    # charts
    ("a chart without a title", chart(), {k: v for k, v in chart().items() if k != "title"}, "/blocks/0"),
    ("a title that is an object", chart(), {**chart(), "title": PLAIN}, "/blocks/0/title"),
    ("a chart that is none", chart(), {**chart(), "chart": []}, "/blocks/0"),
    ("a chart of another kind", chart(type="area"), chart(type="donut"), "/blocks/0/chart/type"),
    ("a chart without axes", chart(), chart(axis_config=None), "/blocks/0/chart"),
    ("no categories", chart(), chart(axis_config={}), "/blocks/0/chart/axis_config"),
    (
        "a category that is a number",
        chart(),
        chart(axis_config={"categories": [1]}),
        "/blocks/0/chart/axis_config/categories/0",
    ),
    (
        "an axis label that is an object",
        chart(),
        chart(axis_config={**AXES, "y_label": PLAIN}),
        "/blocks/0/chart/axis_config/y_label",
    ),
    ("no series", chart(), chart(series=None), "/blocks/0/chart"),
    ("a series that is a list", chart(), chart(series=[[POINT]]), "/blocks/0/chart/series/0"),
    ("a series without a name", chart(), chart(series=[{"data": [POINT]}]), "/blocks/0/chart/series/0"),
    ("two series of one name", chart(), chart(series=[SERIES, SERIES]), "/blocks/0/chart/series"),
    ("a series without data", chart(), chart(series=[{"name": "s"}]), "/blocks/0/chart/series/0"),
    (
        "a point that is a number",
        chart(),
        chart(series=[{"name": "s", "data": [1]}]),
        "/blocks/0/chart/series/0/data/0",
    ),
    (
        "a point without a label",
        chart(),
        chart(series=[{"name": "s", "data": [{"value": 1}]}]),
        "/blocks/0/chart/series/0/data/0",
    ),
    (
        "a point without a value",
        chart(),
        chart(series=[{"name": "s", "data": [{"label": "a"}]}]),
        "/blocks/0/chart/series/0/data/0/value",
    ),
    ("a slice that is a number", pie(POINT), pie(1), "/blocks/0/chart/segments/0"),
    ("a slice without a label", pie(POINT), pie({"value": 1}), "/blocks/0/chart/segments/0"),
    ("a slice without a value", pie(POINT), pie({"label": "a"}), "/blocks/0/chart/segments/0/value"),
    ("a slice of nothing", pie(POINT), pie({"label": "a", "value": 0}), "/blocks/0/chart/segments/0/value"),
    # tables
    ("a row that is a cell", rows([CELL], [CELL]), rows([CELL], CELL), "/blocks/0/rows/1"),
    ("a longer row", rows([CELL], [CELL]), rows([CELL], [CELL, CELL]), "/blocks/0/rows/1"),
    ("a cell of another kind", rows([CELL], [CELL]), rows([CELL], [PLAIN]), "/blocks/0/rows/1/0/type"),
    ("a cell that is a string", rows([CELL], [CELL]), rows([CELL], ["x"]), "/blocks/0/rows/1/0/type"),
    ("rich text in a heading", rows([CELL], [RICH]), rows([RICH], [CELL]), "/blocks/0/rows/0/0/type"),
    (
        "a number without a value",
        rows([CELL], [{"type": "raw_number", "value": 1, "text": "1"}]),
        rows([CELL], [{"type": "raw_number", "text": "1"}]),
        "/blocks/0/rows/1/0/value",
    ),
    (
        "a number without words",
        rows([CELL], [CELL]),
        rows([CELL], [{"type": "raw_number", "value": 1}]),
        "/blocks/0/rows/1/0",
    ),
    (
        "a heading column that is not there",
        rows([CELL], [CELL]),
        {**rows([CELL], [CELL]), "row_header_column_index": 1},
        "/blocks/0/row_header_column_index",
    ),
    ("a page of words", WHOLE["data_table"], {**WHOLE["data_table"], "page_size": "5"}, "/blocks/0/page_size"),
    ("no caption", WHOLE["data_table"], {**WHOLE["data_table"], "caption": ""}, "/blocks/0/caption"),
    ("an old table's row that is a cell", WHOLE["table"], {"type": "table", "rows": [CELL]}, "/blocks/0/rows/0"),
    (
        "an old table's cell of another kind",
        WHOLE["table"],
        {"type": "table", "rows": [[PLAIN]]},
        "/blocks/0/rows/0/0/type",
    ),
]


@pytest.mark.parametrize(("good", "bad", "pointer"), [row[1:] for row in MISSHAPEN], ids=[row[0] for row in MISSHAPEN])
def test_a_wrong_shape_is_refused_where_it_is_wrong(good: Block, bad: Block, pointer: str) -> None:
    assert check_blocks([good]) == ()
    flaws = check_blocks([bad])
    assert flaws, "it is taken"
    assert (flaws[0].pointer, flaws[0].error) == (pointer, "invalid_blocks")


@pytest.mark.parametrize("kind", WHOLE)
def test_a_block_with_all_its_fields_is_taken_and_one_with_a_field_of_nobody_s_is_not(kind: str) -> None:
    assert check_blocks([WHOLE[kind]]) == ()
    told = [flaw.pointer for flaw in check_blocks([{**WHOLE[kind], "colour": "red"}])]
    assert told == (["/blocks/0"] if kind in CLOSED else [])


@pytest.mark.parametrize("kind", [*WHOLE, "alert"])
@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_each_surface_draws_its_own_blocks(surface: Any, kind: str) -> None:
    block = WHOLE.get(kind, {"type": "alert", "text": MRKDWN})
    taken = kind in ALLOWED[surface]
    told = [flaw.pointer for flaw in check_blocks([block], surface)]
    assert told == ([] if taken else ["/blocks/0/type"])
    only = {"alert": ["modal"], "data_table": ["message", "home"], "data_visualization": ["message", "home"]}
    only |= {"table": ["message", "home"], "markdown": ["message"]}
    assert taken is (surface in only.get(kind, ["message", "modal", "home"]))


@pytest.mark.parametrize(("level", "taken"), [("warning", True), ("default", True), ("loud", False)])
def test_an_alert_has_a_level_of_slacks(level: str, taken: bool) -> None:
    told = check_blocks([{"type": "alert", "text": MRKDWN, "level": level}], "modal")
    assert [flaw.pointer for flaw in told] == ([] if taken else ["/blocks/0/level"])


def test_names_are_given_once_in_a_message_and_once_in_a_block() -> None:
    twice = [{"type": "divider", "block_id": "b"}] * 2
    assert [flaw.message for flaw in check_blocks(twice)] == ["`block_id` b already exists"]
    two = {"type": "actions", "elements": [{"type": "button", "text": PLAIN, "action_id": "a"}] * 2}
    [flaw] = check_blocks([two])
    assert (flaw.pointer, flaw.message) == ("/blocks/0", "`action_id` a already exists")
    apart = [button(action_id="a"), button(action_id="a")]
    assert check_blocks(apart) == (), "an action_id is its block's own"
    beside = {"type": "section", "text": PLAIN, "accessory": {"type": "button", "text": PLAIN, "action_id": "a"}}
    assert check_blocks([beside, button(action_id="a")]) == ()
    [flaw] = check_view({"type": "modal", "title": PLAIN, "blocks": twice})
    assert (flaw.pointer, flaw.error) == ("/view/blocks", "invalid_arguments")


@pytest.mark.parametrize("kind", ["modal", "home"])
@pytest.mark.parametrize(("field", "most"), [("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)])
def test_a_view_s_names_keep_their_lengths(kind: str, field: str, most: int) -> None:
    view = {"type": kind, "title": PLAIN, "blocks": []} if kind == "modal" else {"type": kind, "blocks": []}
    assert check_view({**view, field: "x" * most}) == ()
    assert [flaw.pointer for flaw in check_view({**view, field: "x" * (most + 1)})] == [f"/view/{field}"]
    assert [flaw.pointer for flaw in check_view({**view, field: 1})] == [f"/view/{field}"]


@pytest.mark.parametrize("field", ["title", "submit", "close"])
def test_a_modal_s_words_are_plain_and_short(field: str) -> None:
    view: Block = {"type": "modal", "title": PLAIN, "blocks": []}
    assert check_view({**view, field: {**PLAIN, "text": "x" * 24}}) == ()
    assert [flaw.pointer for flaw in check_view({**view, field: {**PLAIN, "text": "x" * 25}})] == [
        f"/view/{field}/text"
    ]
    assert [flaw.pointer for flaw in check_view({**view, field: MRKDWN})] == [f"/view/{field}/type"]


def test_a_view_is_a_modal_or_a_home_with_blocks() -> None:
    told = [
        [flaw.pointer for flaw in check_view(view)]
        for view in ("x", {}, {"type": "workflow", "blocks": []}, {"type": "home"}, {"type": "modal", "blocks": []})
    ]
    assert told == [["/view"], ["/view/type"], ["/view/type"], ["/view"], ["/view"]]
    field = {"type": "input", "label": PLAIN, "element": {"type": "datepicker"}}
    assert [flaw.message for flaw in check_view({"type": "modal", "title": PLAIN, "blocks": [field]})] == [
        "missing required field: submit"
    ]
    assert check_view({"type": "modal", "title": PLAIN, "submit": PLAIN, "blocks": [field]}) == ()


def test_a_message_s_words_are_counted_in_all_and_those_of_charts_and_tables_are_not() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "あ" * 2600}}
    assert check_message("x", [section] * 5) == ()
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "あ" * 2601}}
    [flaw] = check_message("x", [*[section] * 4, long])
    assert (flaw.pointer, flaw.error) == ("/blocks", "msg_blocks_too_long")
    assert (
        check_message("x", [*[section] * 5, {**WHOLE["data_table"], "block_id": "t"}, WHOLE["data_visualization"]])
        == ()
    )
    assert check_view({"type": "home", "blocks": [section] * 6}) == (), "a view has no such limit"
