"""How are tables and charts given to Slack, natively or in words?"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from bot.blockkit.limits import (
    AXIS_LABEL,
    CELL,
    CHART_TITLE,
    PAGE_SIZE,
    POINTS,
    SERIES,
    TABLE_ROWS,
    Block,
    chunked,
    fit,
    line,
    unique,
)
from bot.language import NO_VALUE
from bot.page import Cell, Chart, Table, printable


def filled(part: Table, columns: int) -> list[list[Cell]]:
    """Rows as long as the headings, clean and never empty."""
    filled = ([*row[:columns], *[Cell(NO_VALUE)] * (columns - len(row))] for row in part.rows[:TABLE_ROWS])
    return [[Cell(fit(cell.text, CELL, line), cell.number) for cell in row] for row in filled]


def affordable(rows: Sequence[list[Cell]], budget: int) -> list[list[Cell]]:
    """The first rows whose characters fit the budget; always at least one."""
    kept: list[list[Cell]] = []
    for row in rows:
        budget -= sum(len(cell.text) for cell in row)
        if budget < 0 and kept:
            break
        kept.append(row)
    return kept


def data_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]], part: Table) -> Block:
    """A table that Slack pages and sorts."""
    return {
        "type": "data_table",
        "caption": caption,
        "page_size": min(max(part.page_size, 1), PAGE_SIZE),
        "rows": [[_raw_text(heading) for heading in headings], *([_raw(cell) for cell in row] for row in rows)],
    }


def _raw(cell: Cell) -> Block:
    if cell.number is None or not isfinite(cell.number):
        return _raw_text(cell.text)
    return {"type": "raw_number", "value": cell.number, "text": cell.text}


def _raw_text(text: str) -> Block:
    return {"type": "raw_text", "text": text}


def listed(caption: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[Block]:
    """One line per row: the label, then each heading with its value; two columns need no headings."""
    return chunked([caption, *(f"• {row[0].text}: {_row_words(headings, row)}" for row in rows)])


def _row_words(headings: Sequence[str], row: Sequence[Cell]) -> str:
    if len(row) <= 2:  # noqa: PLR2004  a name and its value
        return " ".join(cell.text for cell in row[1:])
    return " | ".join(f"{heading} {cell.text}" for heading, cell in zip(headings[1:], row[1:], strict=True))


def drawable(part: Chart) -> Chart:
    """The newest points where every series has a number; labels short and unique."""
    series = part.series[:SERIES]
    values = [tuple(values) for _, values in series]
    whole = [i for i in range(len(part.categories)) if all(i < len(v) and _is_number(v[i]) for v in values)][-POINTS:]
    return Chart(
        title=fit(part.title, CHART_TITLE, line),
        kind=part.kind if part.kind in {"line", "bar", "area"} else "line",
        categories=unique([part.categories[i] for i in whole]),
        series=tuple(
            (name, tuple(v[i] for i in whole))
            for name, v in zip(unique([name for name, _ in series]), values, strict=True)
        ),
        x_label=part.x_label,
        y_label=part.y_label,
        unit=part.unit,
    )


def _is_number(value: float | None) -> bool:
    return value is not None and isfinite(value)


def data_visualization(chart: Chart) -> Block:
    """A chart that Slack draws."""
    series = [
        {
            "name": name,
            "data": [{"label": label, "value": v} for label, v in zip(chart.categories, values, strict=True)],
        }
        for name, values in chart.series
    ]
    axis: Block = {"categories": list(chart.categories)}
    axis |= {key: fit(text, AXIS_LABEL, line) for key, text in _axis_labels(chart) if printable(text)}
    return {
        "type": "data_visualization",
        "title": chart.title,
        "chart": {"type": chart.kind, "series": series, "axis_config": axis},
    }


def _axis_labels(chart: Chart) -> tuple[tuple[str, str], ...]:
    return (("x_label", chart.x_label), ("y_label", chart.y_label))
