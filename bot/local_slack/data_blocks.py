"""Would Slack accept this chart or table?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.local_slack.flaw import (
    Flaw,
    Flaws,
    Json,
    extra_flaws,
    items_of,
    kind_of,
    length_flaws,
    missing,
    number_flaws,
    string_flaws,
)

CHART_TITLE: Final = 50
CHART_SERIES: Final = 6
CHART_POINTS: Final = 20
CHART_LABEL: Final = 20
PIE_SEGMENTS: Final = 6
TABLE_ROWS: Final = 201
TABLE_COLUMNS: Final = 20
TABLE_CHARACTERS: Final = 20_000
PLAIN_TABLE_ROWS: Final = 100


def chart_flaws(block: Json, at: str) -> Flaws:
    """Check a `data_visualization`: one value per category, in every series."""
    yield from extra_flaws(block, at, {"type", "block_id", "title", "chart"})
    yield from string_flaws(block, "title", at, CHART_TITLE, needed=True)
    chart = block.get("chart")
    if not isinstance(chart, Mapping):
        yield missing("chart", at)
    elif kind_of(chart) == "pie":
        yield from _pie_flaws(chart, f"{at}/chart")
    elif kind_of(chart) in {"line", "bar", "area"}:
        yield from _axis_flaws(chart, f"{at}/chart")
    else:
        yield Flaw(f"{at}/chart/type", f"unsupported type: {kind_of(chart)}")


def _pie_flaws(chart: Json, at: str) -> Flaws:
    segments, flaws = items_of(chart, "segments", at, PIE_SEGMENTS)
    yield from flaws
    for i, segment in enumerate(segments):
        here = f"{at}/segments/{i}"
        if not isinstance(segment, Mapping):
            yield Flaw(here, "must provide an object")
            continue
        yield from string_flaws(segment, "label", here, CHART_LABEL, needed=True)
        yield from _value_flaws(segment, here)
        if _is_number(segment.get("value")) and segment["value"] <= 0:
            yield Flaw(f"{here}/value", "must be more than 0")


def _axis_flaws(chart: Json, at: str) -> Flaws:
    config = chart.get("axis_config")
    if not isinstance(config, Mapping):
        yield missing("axis_config", at)
        config = {}
    categories, flaws = items_of(config, "categories", f"{at}/axis_config", CHART_POINTS)
    yield from flaws
    for i, category in enumerate(categories):
        yield from _label_flaws(category, f"{at}/axis_config/categories/{i}")
    for name in ("x_label", "y_label"):
        yield from string_flaws(config, name, f"{at}/axis_config", CHART_TITLE)
    series, flaws = items_of(chart, "series", at, CHART_SERIES)
    yield from flaws
    for i, one in enumerate(series):
        yield from _series_flaws(one, f"{at}/series/{i}", categories)
    yield from _same_name_flaws(series, f"{at}/series")


def _series_flaws(series: object, at: str, categories: Sequence[Any]) -> Flaws:
    if not isinstance(series, Mapping):
        yield Flaw(at, "must provide an object")
        return
    yield from string_flaws(series, "name", at, CHART_LABEL, needed=True)
    points, flaws = items_of(series, "data", at, CHART_POINTS)
    yield from flaws
    labels = []
    for i, point in enumerate(points):
        here = f"{at}/data/{i}"
        if not isinstance(point, Mapping):
            yield Flaw(here, "must provide an object")
            continue
        labels.append(point.get("label"))
        yield from string_flaws(point, "label", here, CHART_LABEL, needed=True)
        yield from _value_flaws(point, here)
    if sorted(map(str, labels)) != sorted(map(str, categories)):
        yield Flaw(f"{at}/data", "must provide exactly one value for each category")


def _same_name_flaws(series: Sequence[Any], at: str) -> Flaws:
    names = [one.get("name") for one in series if isinstance(one, Mapping)]
    if len(set(map(str, names))) != len(names):
        yield Flaw(at, "series names must be unique")


def _label_flaws(label: object, at: str) -> Flaws:
    if isinstance(label, str):
        yield from length_flaws(label, at, CHART_LABEL)
    else:
        yield Flaw(at, "must provide a string")


def _value_flaws(point: Json, at: str) -> Flaws:
    if not _is_number(point.get("value")):
        yield Flaw(f"{at}/value", "must provide a number")


def _is_number(value: object) -> bool:
    """JSON has no NaN and no infinity."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def data_table_flaws(block: Json, at: str) -> Flaws:
    """Check a `data_table`: a caption, a header, rows of one width, no empty cell."""
    known = {"type", "block_id", "caption", "page_size", "rows", "row_header_column_index"}
    yield from extra_flaws(block, at, known)
    yield from string_flaws(block, "caption", at, 3000, needed=True)
    yield from number_flaws(block, "page_size", at, 1, 100)
    rows, flaws = items_of(block, "rows", at, TABLE_ROWS, least=2)
    yield from flaws
    width = len(rows[0]) if rows and isinstance(rows[0], Sequence) else 0
    yield from number_flaws(block, "row_header_column_index", at, 0, max(width - 1, 0))
    for i, row in enumerate(rows):
        yield from _row_flaws(row, f"{at}/rows/{i}", width, header=i == 0)
    if cell_characters(rows) > TABLE_CHARACTERS:
        yield Flaw(f"{at}/rows", f"must be less than {TABLE_CHARACTERS + 1} characters")


def _row_flaws(row: object, at: str, width: int, *, header: bool) -> Flaws:
    if not isinstance(row, (list, tuple)):
        yield Flaw(at, "must provide an array")
        return
    if len(row) != width:
        yield Flaw(at, f"all rows must have the same number of columns: {width}")
    elif not 1 <= width <= TABLE_COLUMNS:
        yield Flaw(at, f"no more than {TABLE_COLUMNS} items allowed")
    for i, cell in enumerate(row):
        yield from _cell_flaws(cell, f"{at}/{i}", header=header)


def _cell_flaws(cell: object, at: str, *, header: bool) -> Flaws:
    kind = kind_of(cell)
    kinds = {"raw_text", "raw_number"} | (set() if header else {"rich_text"})
    if not isinstance(cell, Mapping) or kind not in kinds:
        yield Flaw(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind != "rich_text":
        yield from string_flaws(cell, "text", at, TABLE_CHARACTERS, needed=True)
    if kind == "raw_number":
        yield from _value_flaws(cell, at)


def cell_characters(value: object) -> int:
    """All characters of all cells, however deep a rich text nests them."""
    if isinstance(value, Mapping):
        own = value.get("text")
        nested = sum(cell_characters(item) for key, item in value.items() if key != "text")
        return nested + (len(own) if isinstance(own, str) else cell_characters(own))
    if isinstance(value, (list, tuple)):
        return sum(cell_characters(item) for item in value)
    return 0


def table_flaws(block: Json, at: str) -> Flaws:
    """Check the older `table`: at most 100 rows of 20 cells."""
    yield from extra_flaws(block, at, {"type", "block_id", "rows", "column_settings"})
    if "column_settings" in block:
        yield from items_of(block, "column_settings", at, TABLE_COLUMNS, least=0)[1]
    rows, flaws = items_of(block, "rows", at, PLAIN_TABLE_ROWS)
    yield from flaws
    for i, row in enumerate(rows):
        here = f"{at}/rows/{i}"
        if not isinstance(row, (list, tuple)):
            yield Flaw(here, "must provide an array")
        elif len(row) > TABLE_COLUMNS:
            yield Flaw(here, f"no more than {TABLE_COLUMNS} items allowed")
        else:
            for j, cell in enumerate(row):
                yield from _cell_flaws(cell, f"{here}/{j}", header=False)
