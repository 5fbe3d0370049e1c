"""Does the local Slack draw each line where slackblocks, written by other people, draws it?

slackblocks keeps every limit of Block Kit by name. Each is built here just inside and just outside; a
name that nobody builds fails the last test, so that a new version of slackblocks is noticed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import slackblocks
from slackblocks import _limits

from bot.local_slack.validation import check_blocks, check_message, check_view

if TYPE_CHECKING:
    from collections.abc import Callable

Block = dict[str, Any]

SOURCE = Path(slackblocks.__file__).with_name("_limits.py").read_text("utf-8")
LIMITS = {
    name: getattr(_limits, name.upper().replace(".", "_"))
    for name in re.findall(r"^# ([a-z_]+(?:\.[a-z_]+)+)$", SOURCE, re.MULTILINE)
}
UNDRAWN = (
    "card.",
    "carousel.",
    "container.",
    "context_actions.",
    "feedback_button.",
    "icon_button.",
    "plan.",
    "video.",
)
"""Blocks that the local Slack does not draw: it refuses their type."""
STRICTER = {"data_visualization.series.max_items": 6, "data_visualization.segments.max_items": 6}
"""Where Slack's own page of the block names a smaller number than slackblocks."""


def plain(n: int) -> Block:
    return {"type": "plain_text", "text": "x" * n}


def options(n: int, **more: Any) -> list[Block]:
    return [{"text": plain(1), "value": str(i), **more} for i in range(n)]


def press(kind: str, **more: Any) -> list[Block]:
    return [{"type": "actions", "elements": [{"type": kind, "action_id": "a", **more}]}]


def button(**more: Any) -> list[Block]:
    return press("button", **{"text": plain(1), **more})


def confirm(**more: Any) -> list[Block]:
    asked = {"title": plain(1), "text": plain(1), "confirm": plain(1), "deny": plain(1), **more}
    return button(confirm=asked)


def select(**more: Any) -> list[Block]:
    return press("static_select", **{"options": options(1), **more})


def option(**more: Any) -> list[Block]:
    return press("overflow", options=[{"text": plain(1), "value": "v", **more}])


def group(n: int = 1, label: int = 1) -> list[Block]:
    return press("static_select", option_groups=[{"label": plain(label), "options": options(n)}])


def groups(n: int) -> list[Block]:
    return press("static_select", option_groups=[{"label": plain(1), "options": options(1)}] * n)


def ask(kind: str, label: int = 1, hint: int | None = None, **more: Any) -> list[Block]:
    block: Block = {"type": "input", "label": plain(label), "element": {"type": kind, "action_id": "a", **more}}
    return [block if hint is None else {**block, "hint": plain(hint)}]


def number_input(**more: Any) -> list[Block]:
    return ask("number_input", is_decimal_allowed=False, **more)


def table(rows: int = 1, columns: int = 1, **more: Any) -> list[Block]:
    return [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows, **more}]


def data_table(rows: int = 2, columns: int = 1, text: int = 1, **more: Any) -> list[Block]:
    cell = {"type": "raw_text", "text": "x" * text}
    return [{"type": "data_table", "caption": "表", "rows": [[cell] * columns] * rows, **more}]


def characters(n: int) -> list[Block]:
    """A table of exactly n characters."""
    [block] = data_table(rows=2, text=1)
    block["rows"] = [[{"type": "raw_text", "text": "x"}], [{"type": "raw_text", "text": "x" * (n - 1)}]]
    return [block]


def pie(n: int = 1, label: int | None = None, value: float = 1) -> list[Block]:
    segments = [{"label": str(i) if label is None else "x" * label, "value": value} for i in range(n)]
    return [{"type": "data_visualization", "title": "x", "chart": {"type": "pie", "segments": segments}}]


def chart(points: int = 1, series: int = 1, title: int = 1, **words: int) -> list[Block]:
    names = [str(i) if "label" not in words else "x" * words["label"] for i in range(points)]
    data = [{"label": name, "value": 1} for name in names]
    lines = [{"name": str(i) if "name" not in words else "x" * words["name"], "data": data} for i in range(series)]
    config: Block = {"categories": names}
    if "axis" in words:
        config["x_label"] = "x" * words["axis"]
    inside = {"type": "line", "series": lines, "axis_config": config}
    return [{"type": "data_visualization", "title": "x" * title, "chart": inside}]


def image(url: int = 30, alt: int = 1, **more: Any) -> Block:
    return {"type": "image", "image_url": "https://x/".ljust(url, "x"), "alt_text": "x" * alt, **more}


def rich(kind: str, **more: Any) -> list[Block]:
    style = {"style": "bullet"} if kind == "rich_text_list" else {}
    return [{"type": "rich_text", "elements": [{"type": kind, "elements": [], **style, **more}]}]


def modal(**more: Any) -> Block:
    return {"type": "modal", "title": plain(1), "blocks": [{"type": "divider"}], **more}


def section(**more: Any) -> list[Block]:
    return [{"type": "section", **more}]


BUILT: dict[str, Callable[[Any], Any]] = {
    "text.min_length": lambda n: section(text=plain(n)),
    "text.max_length": lambda n: section(text=plain(n)),
    "action_id.max_length": lambda n: button(action_id="x" * n),
    "block_id.max_length": lambda n: [{"type": "divider", "block_id": "x" * n}],
    "button.text.max_length": lambda n: button(text=plain(n)),
    "button.url.max_length": lambda n: button(url="x" * n),
    "button.value.max_length": lambda n: button(value="x" * n),
    "button.accessibility_label.max_length": lambda n: button(accessibility_label="x" * n),
    "button.agent_prompt.max_length": lambda n: button(agent_prompt="x" * n),
    "confirmation.title.max_length": lambda n: confirm(title=plain(n)),
    "confirmation.text.max_length": lambda n: confirm(text=plain(n)),
    "confirmation.confirm.max_length": lambda n: confirm(confirm=plain(n)),
    "confirmation.deny.max_length": lambda n: confirm(deny=plain(n)),
    "option.text.max_length": lambda n: option(text=plain(n)),
    "option.value.max_length": lambda n: option(value="x" * n),
    "option.description.max_length": lambda n: option(description=plain(n)),
    "option.url.max_length": lambda n: option(url="x" * n),
    "option_group.label.max_length": lambda n: group(label=n),
    "option_group.options.min_items": group,
    "option_group.options.max_items": group,
    "select.placeholder.max_length": lambda n: select(placeholder=plain(n)),
    "select.options.min_items": lambda n: select(options=options(n)),
    "select.options.max_items": lambda n: select(options=options(n)),
    "select.option_groups.min_items": lambda n: press(
        "static_select", option_groups=group()[0]["elements"][0]["option_groups"] * n
    ),
    "select.option_groups.max_items": lambda n: press(
        "static_select", option_groups=group()[0]["elements"][0]["option_groups"] * n
    ),
    "select.min_query_length.min": lambda n: press("external_select", min_query_length=n),
    "overflow.options.min_items": lambda n: press("overflow", options=options(n)),
    "overflow.options.max_items": lambda n: press("overflow", options=options(n)),
    "checkboxes.options.min_items": lambda n: press("checkboxes", options=options(n)),
    "checkboxes.options.max_items": lambda n: press("checkboxes", options=options(n)),
    "radio_buttons.options.min_items": lambda n: press("radio_buttons", options=options(n)),
    "radio_buttons.options.max_items": lambda n: press("radio_buttons", options=options(n)),
    "file_input.max_files.min": lambda n: ask("file_input", max_files=n),
    "file_input.max_files.max": lambda n: ask("file_input", max_files=n),
    "plain_text_input.min_length.min": lambda n: ask("plain_text_input", min_length=n),
    "plain_text_input.min_length.max": lambda n: ask("plain_text_input", min_length=n),
    "plain_text_input.max_length.min": lambda n: ask("plain_text_input", max_length=n),
    "plain_text_input.max_length.max": lambda n: ask("plain_text_input", max_length=n),
    "plain_text_input.placeholder.max_length": lambda n: ask("plain_text_input", placeholder=plain(n)),
    "email_input.placeholder.max_length": lambda n: ask("email_text_input", placeholder=plain(n)),
    "url_input.placeholder.max_length": lambda n: ask("url_text_input", placeholder=plain(n)),
    "number_input.placeholder.max_length": lambda n: number_input(placeholder=plain(n)),
    "date_picker.placeholder.max_length": lambda n: press("datepicker", placeholder=plain(n)),
    "time_picker.placeholder.max_length": lambda n: press("timepicker", placeholder=plain(n)),
    "rich_text_input.placeholder.max_length": lambda n: ask("rich_text_input", placeholder=plain(n)),
    "rich_text_input.min_lines.min": lambda n: ask("rich_text_input", min_lines=n),
    "rich_text_input.min_lines.max": lambda n: ask("rich_text_input", min_lines=n),
    "rich_text_input.max_lines.min": lambda n: ask("rich_text_input", max_lines=n),
    "rich_text_input.max_lines.max": lambda n: ask("rich_text_input", max_lines=n),
    "multi_select.max_selected_items.min": lambda n: press("multi_users_select", max_selected_items=n),
    "conversation_filter.include.min_items": lambda n: press("conversations_select", filter={"include": ["im"] * n}),
    "dispatch_action_configuration.trigger_actions_on.min_items": lambda n: ask(
        "plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"] * n}
    ),
    "dispatch_action_configuration.trigger_actions_on.max_items": lambda n: ask(
        "plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"] * n}
    ),
    "actions.elements.max_items": lambda n: [
        {"type": "actions", "elements": [{**button()[0]["elements"][0], "action_id": str(i)} for i in range(n)]}
    ],
    "alert.text.max_length": lambda n: modal(blocks=[{"type": "alert", "text": plain(n)}]),
    "context.elements.max_items": lambda n: [{"type": "context", "elements": [plain(1)] * n}],
    "table.rows.max_items": lambda n: table(rows=n),
    "table.columns.max_items": lambda n: table(columns=n),
    "table.column_settings.max_items": lambda n: table(column_settings=[{}] * n),
    "data_table.rows.min_items": lambda n: data_table(rows=n),
    "data_table.rows.max_items": lambda n: data_table(rows=n),
    "data_table.columns.min_items": lambda n: data_table(columns=n),
    "data_table.columns.max_items": lambda n: data_table(columns=n),
    "data_table.page_size.min": lambda n: data_table(page_size=n),
    "data_table.page_size.max": lambda n: data_table(page_size=n),
    "data_table.cell_text.min_length": lambda n: data_table(text=n),
    "data_table.content.max_length": characters,
    "data_table.total_content.max_length": lambda n: [*characters(10_000), *characters(n - 10_000)],
    "data_table.row_header_column_index.min": lambda n: data_table(row_header_column_index=n),
    "data_visualization.title.max_length": lambda n: chart(title=n),
    "data_visualization.segments.min_items": pie,
    "data_visualization.segments.max_items": pie,
    "data_visualization.segment.label.max_length": lambda n: pie(label=n),
    "data_visualization.series.min_items": lambda n: chart(series=n),
    "data_visualization.series.max_items": lambda n: chart(series=n),
    "data_visualization.series_name.max_length": lambda n: chart(name=n),
    "data_visualization.data.min_items": lambda n: chart(points=n),
    "data_visualization.data.max_items": lambda n: chart(points=n),
    "data_visualization.point_label.max_length": lambda n: chart(label=n),
    "data_visualization.categories.min_items": lambda n: chart(points=n),
    "data_visualization.categories.max_items": lambda n: chart(points=n),
    "data_visualization.category_label.max_length": lambda n: chart(label=n),
    "data_visualization.axis_label.max_length": lambda n: chart(axis=n),
    "header.text.max_length": lambda n: [{"type": "header", "text": plain(n)}],
    "image.image_url.max_length": lambda n: [image(n)],
    "image.alt_text.max_length": lambda n: [image(alt=n)],
    "image.title.max_length": lambda n: [image(title=plain(n))],
    "image_element.image_url.max_length": lambda n: [{"type": "context", "elements": [image(n)]}],
    "image_element.alt_text.max_length": lambda n: [{"type": "context", "elements": [image(alt=n)]}],
    "input.label.max_length": lambda n: ask("plain_text_input", label=n),
    "input.hint.max_length": lambda n: ask("plain_text_input", hint=n),
    "markdown.text.max_length": lambda n: [{"type": "markdown", "text": "x" * n}],
    "markdown.total_text.max_length": lambda n: [
        {"type": "markdown", "text": "x" * 6000},
        {"type": "markdown", "text": "x" * (n - 6000)},
    ],
    "rich_text_list.indent.min": lambda n: rich("rich_text_list", indent=n),
    "rich_text_list.indent.max": lambda n: rich("rich_text_list", indent=n),
    "rich_text_list.offset.min": lambda n: rich("rich_text_list", offset=n),
    "rich_text_list.border.min": lambda n: rich("rich_text_list", border=n),
    "rich_text_list.border.max": lambda n: rich("rich_text_list", border=n),
    "rich_text_quote.border.min": lambda n: rich("rich_text_quote", border=n),
    "rich_text_quote.border.max": lambda n: rich("rich_text_quote", border=n),
    "rich_text_preformatted.border.min": lambda n: rich("rich_text_preformatted", border=n),
    "rich_text_preformatted.border.max": lambda n: rich("rich_text_preformatted", border=n),
    "section.text.max_length": lambda n: section(text=plain(n)),
    "section.fields.max_items": lambda n: section(fields=[plain(1)] * n),
    "section.fields.item_max_length": lambda n: section(fields=[plain(n)]),
    "message.data_visualizations.max_items": lambda n: chart() * n,
    "message.blocks.max_items": lambda n: [{"type": "divider"}] * n,
    "view.blocks.max_items": lambda n: modal(blocks=[{"type": "divider"}] * n),
    "view.private_metadata.max_length": lambda n: modal(private_metadata="x" * n),
    "view.callback_id.max_length": lambda n: modal(callback_id="x" * n),
    "view.external_id.max_length": lambda n: modal(external_id="x" * n),
    "view.title.max_length": lambda n: modal(title=plain(n)),
    "view.close.max_length": lambda n: modal(close=plain(n)),
    "view.submit.max_length": lambda n: modal(submit=plain(n)),
}
ELSEWHERE = {
    "workflow_button.text.max_length": "no workflows here",
    "workflow_button.accessibility_label.max_length": "no workflows here",
    "message.channel.min_length": "chat.postMessage answers channel_not_found: tests/bot/test_local_slack.py",
    "message.attachments.max_items": "the test below",
    "data_visualization.segment.value.exclusive_min": "the test below",
}


def taken(payload: Any) -> bool:
    if isinstance(payload, dict):
        return check_view(payload) == ()
    return check_message("x", payload) == () and check_blocks(payload) == ()


@pytest.mark.parametrize("name", sorted(BUILT))
def test_a_limit_holds_to_the_last_one(name: str) -> None:
    limit = STRICTER.get(name, LIMITS[name])
    least = name.endswith((".min", ".min_items", ".min_length"))
    build = BUILT[name]
    assert taken(build(limit)), f"{limit} is still allowed"
    assert not taken(build(limit - 1 if least else limit + 1)), f"one {'fewer' if least else 'more'} is not"


def test_a_segment_is_more_than_nothing() -> None:
    edge = LIMITS["data_visualization.segment.value.exclusive_min"]
    assert not taken(pie(value=edge))
    assert taken(pie(value=edge + 0.001))


@pytest.mark.parametrize("kind", [name.rstrip(".") for name in UNDRAWN])
def test_what_is_not_drawn_is_refused_and_never_passed_over(kind: str) -> None:
    assert [flaw.message for flaw in check_blocks([{"type": kind}])] == [f"unsupported type: {kind}"]


@pytest.mark.parametrize(
    ("element", "good"),
    [
        ({"type": "datepicker", "initial_date": "2026-02-28"}, True),
        ({"type": "datepicker", "initial_date": "2026-02-30"}, False),
        ({"type": "datepicker", "initial_date": "20260228"}, False),
        ({"type": "timepicker", "initial_time": "08:30"}, True),
        ({"type": "timepicker", "initial_time": "24:30"}, False),
        ({"type": "timepicker", "initial_time": 830}, False),
    ],
    ids=str,
)
def test_a_date_and_a_time_exist(element: Block, good: bool) -> None:
    assert taken(press(**{"kind": element.pop("type"), **element})) is good


def test_each_limit_that_slackblocks_names_is_built_here() -> None:
    assert len(LIMITS) > 100
    left = {name for name in LIMITS if not name.startswith(UNDRAWN)} - set(BUILT) - set(ELSEWHERE)
    assert left == set(), "say where each new limit is proved"
    assert set(BUILT) | set(ELSEWHERE) <= set(LIMITS)
