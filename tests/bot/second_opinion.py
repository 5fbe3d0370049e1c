"""Would slackblocks, written by other people, send this message?

Its classes check limits and shapes when they are made. A block type that it does not
know is refused by name, never passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slackblocks as sb

from bot.blockkit import Message


class UnknownToSlackblocks(AssertionError):
    """slackblocks has no class for the block type of that name."""


def validate(message: Message) -> sb.Message:
    """The message in slackblocks' own classes; raises where one of them refuses."""
    return sb.Message(channel="C1", text=message.text, blocks=[block(one) for one in message.blocks])


def block(found: Mapping[str, Any]) -> sb.Block:
    """One block in slackblocks' own class."""
    match found["type"]:
        case "header" | "context":
            return sb.Block.from_dict(dict(found))
        case "section" if "fields" in found:
            return sb.SectionBlock(fields=[_text(field) for field in found["fields"]])
        case "section":
            return sb.SectionBlock(text=_text(found["text"]))
        case "actions":
            return sb.ActionsBlock([_element(element) for element in found["elements"]])
        case "data_table":
            rows = [[_cell(cell) for cell in row] for row in found["rows"]]
            return sb.DataTableBlock(rows, caption=found["caption"], page_size=found["page_size"])
        case "data_visualization":
            return sb.DataVisualizationBlock(found["title"], _chart(found["chart"]))
        case unknown:
            raise UnknownToSlackblocks(unknown)


def _text(text: Mapping[str, Any]) -> sb.Text:
    return sb.Text.from_dict(dict(text))


def _element(element: Mapping[str, Any]) -> sb.Element:
    match element["type"]:
        case "static_select":
            options = [sb.Option(text=_text(one["text"]), value=one["value"]) for one in element["options"]]
            return sb.StaticSelectMenu(
                action_id=element["action_id"], placeholder=_text(element["placeholder"]), options=options
            )
        case "datepicker":
            return sb.DatePicker(
                action_id=element["action_id"],
                initial_date=element["initial_date"],
                placeholder=_text(element["placeholder"]),
            )
        case _:
            return _button(element)


def _button(element: Mapping[str, Any]) -> sb.Button:
    assert element["type"] == "button", element["type"]
    return sb.Button(
        text=_text(element["text"]),
        action_id=element["action_id"],
        value=element["value"],
        style=element.get("style"),
    )


def _cell(cell: Mapping[str, Any]) -> sb.RawText | sb.RawNumber:
    if cell["type"] == "raw_number":
        return sb.RawNumber(value=cell["value"], text=cell["text"])
    assert cell["type"] == "raw_text", cell["type"]
    return sb.RawText(text=cell["text"])


def _chart(chart: Mapping[str, Any]) -> sb.Chart:
    kinds = {"line": sb.LineChart, "bar": sb.BarChart, "area": sb.AreaChart}
    series = [
        sb.DataSeries(one["name"], [sb.DataPoint(point["label"], point["value"]) for point in one["data"]])
        for one in chart["series"]
    ]
    return kinds[chart["type"]](series, sb.AxisConfig(**chart["axis_config"]))
