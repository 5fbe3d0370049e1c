"""Where in a file does the table begin: under which title rows, on which sheet?

A row is believed to be the header where a preset or our own column names are in it, and nowhere else
are rows passed over. For a table that nobody knows the wizard takes the first row that is as wide as
the table gets.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.sources.columns import DoubledColumn, MissingColumns, known_names, layout
from metrics.sources.recognition import recognised, signatures
from metrics.sources.text import DELIMITERS, SourceEmpty, Text, open_text, without_first_rows
from metrics.sources.workbook import as_text, sheet_names

if TYPE_CHECKING:
    from metrics.rules import Rules

MOST_ABOVE = 20


def table_of(path: Path, scratch: Path, rules: Rules) -> Text:
    """The text from the header on that is known; the widest sheet's whole text where none is. Raises SourceEmpty."""
    known = known_names(rules) | signatures()
    sheets = sheet_names(path) or [""]

    def text_of(sheet: str) -> Text:
        text = open_text(as_text(path, scratch, sheet), scratch, known, name=path.name)
        return replace(text, sheet=sheet if sheet != sheets[0] else "")

    widths: dict[str, int] = {}
    for sheet in sheets:
        try:
            text = text_of(sheet)
        except SourceEmpty:
            continue
        rows = {0: text.header}
        for above, header in ((0, text.header), *_headers_below(text)):
            if is_known(header, rules):
                return without_first_rows(text, above, scratch, known) if above else text
            rows[above] = max(rows.get(above, ()), header, key=_filled)
        widths[sheet] = max(map(_filled, rows.values()))
    return text_of(max(widths, key=lambda sheet: widths[sheet], default=sheets[0]))


def is_known(header: tuple[str, ...], rules: Rules) -> bool:
    """Whether a preset or our own names are in the header."""
    if recognised(header):
        return True
    try:
        layout(header, rules, file="", source="")
    except MissingColumns:
        return False
    except DoubledColumn:
        return True  # our names; what is wrong with them is said by who reads them
    return True


def from_widest_row(text: Text, scratch: Path, rules: Rules) -> Text:
    """The text from the first of its rows on that is as wide as any of the first ones."""
    width: dict[int, int] = {}
    for above, header in _headers_below(text):
        width[above] = max(width.get(above, 0), _filled(header))
    best = max(width.values(), default=0)
    if is_known(text.header, rules) or best <= _filled(text.header):
        return text
    above = next(above for above, cells in width.items() if cells == best)
    return without_first_rows(text, above, scratch, known_names(rules) | signatures())


def _filled(header: tuple[str, ...]) -> int:
    return sum(map(bool, header))


def _headers_below(text: Text) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows below the first, each as a header: how many lines stand above it, and its cells, by every delimiter."""
    with text.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for above, line in islice(enumerate(file), 1, MOST_ABOVE + 1):
            for delimiter in DELIMITERS:
                try:
                    yield above, tuple(next(csv.reader([line], delimiter=delimiter), ()))
                except csv.Error:
                    continue
