"""Does the local Slack know Slack's limits, to the character?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import slackblocks as sb
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local_slack import LocalSlack
from bot.local_slack.call import Refused
from bot.local_slack.validation import check_blocks, check_message, check_view
from bot.local_slack.web_api import METHODS, answer

if TYPE_CHECKING:
    from collections.abc import Callable

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def header(n: int) -> Block:
    return {"type": "header", "text": plain("あ" * n)}


def section(n: int) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "あ" * n}}


def fields(count: int, n: int = 1) -> Block:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * n}] * count}


def context(count: int) -> Block:
    return {"type": "context", "elements": [plain("x")] * count}


def button(text: int = 1, value: int = 1, name: str = "a") -> Block:
    return {"type": "button", "text": plain("x" * text), "value": "v" * value, "action_id": name}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def select(count: int, n: int = 1) -> Block:
    options = [{"text": plain("x" * n), "value": str(i)} for i in range(count)]
    return actions({"type": "static_select", "action_id": "s", "options": options})


def overflow(count: int) -> Block:
    options = [{"text": plain("x"), "value": str(i)} for i in range(count)]
    return actions({"type": "overflow", "action_id": "o", "options": options})


def confirm(title: int, text: int, yes: int) -> Block:
    asked = {"title": plain("x" * title), "text": plain("x" * text), "confirm": plain("x" * yes), "deny": plain("x")}
    return actions(button() | {"confirm": asked})


def table(rows: int, columns: int = 2, text: str = "x", **more: Any) -> Block:
    cell = {"type": "raw_text", "text": text}
    return {"type": "data_table", "caption": "表", "rows": [[cell] * columns] * (rows + 1), **more}


def chart(points: int = 2, title: int = 1, label: str = "", series: int = 1) -> Block:
    names = [label or str(i) for i in range(points)]
    data = [{"label": name, "value": 1} for name in names]
    lines = [{"name": str(i), "data": data} for i in range(series)]
    inside = {"type": "line", "series": lines, "axis_config": {"categories": names}}
    return {"type": "data_visualization", "title": "x" * title, "chart": inside}


def markdown(n: int) -> Block:
    return {"type": "markdown", "text": "x" * n}


LIMITS = [
    ("header of 150", header(150), header(151), "/blocks/0/text/text"),
    ("section of 3000", section(3000), section(3001), "/blocks/0/text/text"),
    ("10 fields", fields(10), fields(11), "/blocks/0/fields"),
    ("field of 2000", fields(1, 2000), fields(1, 2001), "/blocks/0/fields/0/text"),
    ("10 in a context", context(10), context(11), "/blocks/0/elements"),
    (
        "25 actions",
        actions(*(button(name=str(i)) for i in range(25))),
        actions(*(button(name=str(i)) for i in range(26))),
        "/blocks/0/elements",
    ),
    ("button text of 75", actions(button(text=75)), actions(button(text=76)), "/blocks/0/elements/0/text/text"),
    ("button value of 2000", actions(button(value=2000)), actions(button(value=2001)), "/blocks/0/elements/0/value"),
    ("100 options", select(100), select(101), "/blocks/0/elements/0/options"),
    ("option of 75", select(1, 75), select(1, 76), "/blocks/0/elements/0/options/0/text/text"),
    ("overflow of 5", overflow(5), overflow(6), "/blocks/0/elements/0/options"),
    ("confirm title of 100", confirm(100, 1, 1), confirm(101, 1, 1), "/blocks/0/elements/0/confirm/title/text"),
    ("confirm text of 300", confirm(1, 300, 1), confirm(1, 301, 1), "/blocks/0/elements/0/confirm/text/text"),
    ("confirm button of 30", confirm(1, 1, 30), confirm(1, 1, 31), "/blocks/0/elements/0/confirm/confirm/text"),
    ("chart title of 50", chart(title=50), chart(title=51), "/blocks/0/title"),
    ("20 points", chart(20), chart(21), "/blocks/0/chart/axis_config/categories"),
    ("label of 20", chart(1, label="x" * 20), chart(1, label="x" * 21), "/blocks/0/chart/axis_config/categories/0"),
    ("6 series", chart(series=6), chart(series=7), "/blocks/0/chart/series"),
    ("200 rows", table(200), table(201), "/blocks/0/rows"),
    ("20 columns", table(1, 20), table(1, 21), "/blocks/0/rows/0"),
    ("20,000 characters", table(99, 20, "x" * 10), table(99, 20, "x" * 11), "/blocks/0/rows"),
    ("page of 100", table(1, page_size=100), table(1, page_size=101), "/blocks/0/page_size"),
    ("no empty cell", table(1), table(1, text=""), "/blocks/0/rows/0/0/text"),
    ("markdown of 12,000", markdown(12_000), markdown(12_001), "/blocks/0/text"),
]


@pytest.mark.parametrize(("good", "bad", "pointer"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_a_limit_is_kept_to_the_last_character(good: Block, bad: Block, pointer: str) -> None:
    assert check_message("x", [good]) == ()
    flaws = check_message("x", [bad])
    assert flaws, "one more is refused"
    assert (flaws[0].pointer, flaws[0].error) == (pointer, "invalid_blocks")


@pytest.mark.parametrize(
    ("blocks", "error", "word"),
    [
        ([{"type": "divider"}] * 51, "invalid_blocks", "no more than 50"),
        ([chart()] * 3, "invalid_blocks", "no more than 2"),
        ([{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2, "invalid_attachments", "only_one"),
        ([markdown(7000)] * 2, "invalid_blocks", "in all"),
        ([table(99, 20, "x" * 6)] * 2, "invalid_blocks", "in all"),
        ([section(2700)] * 5, "msg_blocks_too_long", "13001"),
        ([header(1) | {"block_id": "b"}] * 2, "invalid_blocks", "already exists"),
        ([actions(button(), button())], "invalid_blocks", "already exists"),
        ([{"type": "alert", "text": plain("x")}], "invalid_blocks", "unsupported type: alert"),
        ([{"type": "dream"}], "invalid_blocks", "unsupported type: dream"),
        ([{"type": "header"}], "invalid_blocks", "missing required field: text"),
        ([{"type": "section"}], "invalid_blocks", "either text or fields"),
        ([header(1) | {"colour": "red"}], "invalid_blocks", "additional property: colour"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks", "enum"),
        ([header(0)], "invalid_blocks", "more than 0"),
        ({"type": "header"}, "invalid_blocks_format", "array"),
        (["header"], "invalid_blocks", "object"),
    ],
)
def test_what_no_single_limit_says_is_refused_too(blocks: Any, error: str, word: str) -> None:
    flaws = check_message("x", blocks)
    assert any(flaw.error == error and word in flaw.message for flaw in flaws), flaws


def test_a_text_or_blocks_must_be_there_and_the_text_is_short() -> None:
    assert check_message("x" * 4000, None) == ()
    assert [flaw.error for flaw in check_message("x" * 4001, None)] == ["msg_too_long"]
    assert [flaw.error for flaw in check_message("", [])] == ["no_text"]
    assert check_message("", [header(1)]) == ()


def test_a_chart_has_exactly_one_value_for_each_category() -> None:
    for points in (["a"], ["a", "b", "b"], ["a", "c"]):
        block = chart()
        block["chart"]["axis_config"]["categories"] = ["a", "b"]
        block["chart"]["series"][0]["data"] = [{"label": point, "value": 1} for point in points]
        assert [flaw.pointer for flaw in check_blocks([block])] == ["/blocks/0/chart/series/0/data"]


@pytest.mark.parametrize("value", [None, "1", float("nan"), float("inf"), True])
def test_a_chart_value_is_a_number(value: object) -> None:
    block = chart(1)
    block["chart"]["series"][0]["data"][0]["value"] = value
    assert [flaw.message for flaw in check_blocks([block])] == ["must provide a number"]


def test_a_table_has_a_caption_a_header_and_rows_of_one_width() -> None:
    cell = {"type": "raw_number", "value": 1, "text": "1"}
    ragged = table(1) | {"rows": [[cell, cell], [cell]]}
    assert [flaw.pointer for flaw in check_blocks([ragged])] == ["/blocks/0/rows/1"]
    assert [flaw.pointer for flaw in check_blocks([table(0)])] == ["/blocks/0/rows"]
    nameless = {name: value for name, value in table(1).items() if name != "caption"}
    assert [flaw.message for flaw in check_blocks([nameless])] == ["missing required field: caption"]


def modal(*blocks: Block, **more: Any) -> Block:
    return {"type": "modal", "title": plain("設定"), "blocks": list(blocks), **more}


def test_a_modal_draws_alerts_but_no_tables_and_home_the_reverse() -> None:
    alert = {"type": "alert", "text": plain("x")}
    assert check_view(modal(alert)) == ()
    assert [flaw.pointer for flaw in check_view(modal(table(1)))] == ["/view/blocks/0/type"]
    assert check_view({"type": "home", "blocks": [table(1)]}) == ()
    assert check_view({"type": "home", "blocks": [alert]})


def test_a_view_keeps_its_own_limits() -> None:
    assert check_view(modal(title=plain("x" * 24))) == ()
    assert [flaw.pointer for flaw in check_view(modal(title=plain("x" * 25)))] == ["/view/title/text"]
    assert [flaw.pointer for flaw in check_view(modal(private_metadata="x" * 3001))] == ["/view/private_metadata"]
    assert check_view(modal(*[{"type": "divider"}] * 100)) == ()
    assert [flaw.pointer for flaw in check_view(modal(*[{"type": "divider"}] * 101))] == ["/view/blocks"]
    field = {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}
    assert [flaw.message for flaw in check_view(modal(field))] == ["missing required field: submit"]
    assert {flaw.error for flaw in check_view(modal(field))} == {"invalid_arguments"}


def peer_chart(points: int = 1, title: int = 1, label: str = "") -> Any:
    names = [label or str(i) for i in range(points)]
    series = sb.DataSeries("0", [sb.DataPoint(name, 1) for name in names])
    return sb.DataVisualizationBlock("x" * title, sb.LineChart([series], sb.AxisConfig(names)))


PEERS: list[tuple[str, int, Callable[[int], Any], Callable[[int], Any]]] = [
    ("header", 150, lambda n: sb.HeaderBlock("x" * n), header),
    ("section", 3000, lambda n: sb.SectionBlock("x" * n), section),
    ("fields", 10, lambda n: sb.SectionBlock(fields=["x"] * n), fields),
    ("field", 2000, lambda n: sb.SectionBlock(fields=["x" * n]), lambda n: fields(1, n)),
    ("context", 10, lambda n: sb.ContextBlock([sb.Text("x")] * n), context),
    ("button", 75, lambda n: sb.Button("x" * n, "a"), lambda n: actions(button(text=n))),
    ("value", 2000, lambda n: sb.Button("x", "a", value="v" * n), lambda n: actions(button(value=n))),
    ("option", 75, lambda n: sb.Option("x" * n, "v"), lambda n: select(1, n)),
    ("options", 100, lambda n: sb.StaticSelectMenu(action_id="a", options=[
        sb.Option(sb.Text("x", type_=sb.TextType.PLAINTEXT), str(i)) for i in range(n)]), select),
    ("markdown", 12_000, lambda n: sb.MarkdownBlock("x" * n), markdown),
    ("table rows", 200, lambda n: sb.DataTableBlock([[sb.RawText("x")]] * (n + 1), "x"), lambda n: table(n, 1)),
    ("table columns", 20, lambda n: sb.DataTableBlock([[sb.RawText("x")] * n] * 2, "x"), lambda n: table(1, n)),
    ("page size", 100, lambda n: sb.DataTableBlock([[sb.RawText("x")]] * 2, "x", n),
        lambda n: table(1, 1, page_size=n)),
    ("chart points", 20, peer_chart, chart),
    ("chart title", 50, lambda n: peer_chart(title=n), lambda n: chart(title=n)),
    ("chart label", 20, lambda n: peer_chart(1, label="x" * n), lambda n: chart(1, label="x" * n)),
    ("message", 50, lambda n: sb.Message("C1", "x", [sb.DividerBlock() for _ in range(n)]).to_dict(),
        lambda n: [{"type": "divider"}] * n),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "theirs", "ours"), [row[1:] for row in PEERS], ids=[row[0] for row in PEERS])
def test_slackblocks_draws_the_line_at_the_same_place(
    limit: int, theirs: Callable[[int], Any], ours: Callable[[int], Any]
) -> None:
    def taken(n: int) -> tuple[bool, bool]:
        try:
            theirs(n)
            peer = True
        except sb.errors.InvalidUsageError:
            peer = False
        block = ours(n)
        return peer, check_blocks(block if isinstance(block, list) else [block]) == ()

    assert (taken(limit), taken(limit + 1)) == ((True, True), (False, False))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "elements",
                    "fields",
                    "accessory",
                    "element",
                    "options",
                    "option_groups",
                    "confirm",
                    "rows",
                    "chart",
                    "series",
                    "data",
                    "axis_config",
                    "categories",
                    "segments",
                    "label",
                    "initial_options",
                    "style",
                    "level",
                ]
            ),
            inner
            | st.sampled_from(
                [
                    "header",
                    "section",
                    "actions",
                    "context",
                    "button",
                    "static_select",
                    "data_table",
                    "plain_text",
                    "input",
                    "data_visualization",
                    "line",
                    "pie",
                    "table",
                    "raw_text",
                    "modal",
                    "home",
                    "rich_text",
                    "overflow",
                    "alert",
                    "image",
                ]
            ),
            max_size=6,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_nonsense_is_refused_and_never_breaks_the_check(nonsense: Any) -> None:
    check_message("x", nonsense)
    check_message("x", [nonsense])
    check_view(nonsense)
    check_view({"type": "modal", "title": plain("x"), "blocks": nonsense})


NAMES = st.sampled_from(
    [
        "channel",
        "users",
        "user",
        "text",
        "blocks",
        "attachments",
        "metadata",
        "ts",
        "thread_ts",
        "cursor",
        "limit",
        "types",
        "oldest",
        "view",
        "trigger_id",
        "user_id",
        "files",
        "file",
        "filename",
        "length",
        "channel_id",
    ]
)
VALUES = JSON | st.sampled_from(
    ["C0ASAKAI01", "U0SATO0001", "#general", "1.5", "{", '[{"id": "F1"}]', "-1", "9" * 30, [{"id": []}]]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(METHODS)), st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_argument_of_any_method_is_answered_or_refused(method: str, args: dict[str, Any]) -> None:
    slack = LocalSlack(messages_per_second=None)
    try:
        told = answer(slack.workspace, METHODS, method, {"channel": "C0ASAKAI01", **args}, slack.bot_token)
    except Refused as refused:
        told = refused.answer
    assert isinstance(told["ok"], bool)
