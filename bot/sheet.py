"""How does an answer become a file: CSV for programs, a workbook for people?

What the page shows is what the file holds, "<5" included. A number with its unit becomes a
number, with the unit in the heading; "9/37" under "A/B" becomes two. Text that a spreadsheet
would take for a formula is defused.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

from bot.language import NO_VALUE, Language
from bot.page import Cell, Chart, Facts, Footnote, Page, Paragraph, Table, printable
from metrics.problem import Problem

Value = str | float | None

_NUMBER: Final = re.compile(
    r"(?P<front>[¥$€£]?)(?P<sign>[-+±]?)(?P<number>[\d,]+(?:\.\d+)?) ?(?P<unit>[^\d\s,./〜–-]*)"
)
_PAIR: Final = re.compile(r"(?P<a>[\d,]+)/(?P<b>[\d,]+)(?P<unit>[^\d\s,./]*)")
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
_SLASHES: Final = re.compile(r"[／/]")
_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\'：／]")
SHEET_NAME: Final = 31
WIDEST_COLUMN: Final = 40


class NothingToExport(Problem):
    """The answer holds no figures that would fill a file."""

    key = "nothing_to_export"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of values; every row as long as the headings."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def sheets(page: Page) -> tuple[Sheet, ...]:
    """The page's tables first, then its named numbers, its charts, and what they stand on. Raises NothingToExport."""
    language = Language.of(page.language)
    tables = [_table(part) for part in page.parts if isinstance(part, Table) and part.rows]
    facts = [_facts(page, language)] if any(isinstance(part, Facts) for part in page.parts) else []
    charts = [_chart(part) for part in page.parts if isinstance(part, Chart) and part.categories]
    if not (tables or facts or charts):
        raise NothingToExport
    return (*tables, *facts, *charts, _about(page, language))


def as_csv(page: Page) -> bytes:
    """The first table of the page; with a byte order mark, so that Excel reads Japanese."""
    first = sheets(page)[0]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([defused(heading) for heading in first.headings])
    for row in first.rows:
        writer.writerow([defused(value) if isinstance(value, str) else value for value in row])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(page: Page, made_at: datetime) -> bytes:
    """All sheets of the page as a workbook."""
    import xlsxwriter  # noqa: PLC0415  only files need it

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": printable(page.headline), "created": made_at.replace(tzinfo=None)})
        bold = book.add_format({"bold": True})
        taken: list[str] = []
        for sheet in sheets(page):
            taken.append(_name(sheet.name, taken))
            _fill(book.add_worksheet(taken[-1]), sheet, bold)
    return out.getvalue()


def _fill(worksheet: object, sheet: Sheet, bold: object) -> None:
    write_string, write_number = worksheet.write_string, worksheet.write_number  # type: ignore[attr-defined]
    for column, heading in enumerate(sheet.headings):
        write_string(0, column, heading, bold)
    for line, row in enumerate(sheet.rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                write_string(line, column, defused(value))
            elif value is not None:
                write_number(line, column, value)
    for column, heading in enumerate(sheet.headings):
        said = [heading, *(str(row[column] or "") for row in sheet.rows)]
        wide = max(sum(2 if ord(letter) > 0x2E7F else 1 for letter in one) for one in said)  # noqa: PLR2004  CJK is wide
        worksheet.set_column(column, column, min(WIDEST_COLUMN, wide + 2))  # type: ignore[attr-defined]
    worksheet.freeze_panes(1, 0)  # type: ignore[attr-defined]


def defused(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: an apostrophe before what would begin one."""
    said = printable(text)
    return f"'{said}" if said.startswith(_FORMULA) or text.startswith(_FORMULA) else said


def _table(part: Table) -> Sheet:
    columns: list[tuple[str, list[Value]]] = []
    for i, heading in enumerate(part.headings):
        columns.extend(_columns(printable(heading), [row[i] if i < len(row) else Cell("") for row in part.rows]))
    rows = tuple(zip(*(values for _, values in columns), strict=True))
    return Sheet(part.caption, tuple(heading for heading, _ in columns), rows)


def _columns(heading: str, cells: Sequence[Cell]) -> Iterator[tuple[str, list[Value]]]:
    """One column as it is shown, as numbers where all are, or as two where each cell is a pair."""
    names = _SLASHES.split(heading)
    pairs = [_PAIR.fullmatch(cell.text) for cell in cells]
    if len(names) == 2 and any(pairs) and all(pairs[i] or not _digits(cell) for i, cell in enumerate(cells)):  # noqa: PLR2004
        for name, part in zip(names, "ab", strict=True):
            yield name, [_plain(found[part]) if found else cell.text for found, cell in zip(pairs, cells, strict=True)]
        return
    found = [_number(cell) for cell in cells]
    units = {one[1] for one in found if one}
    if len(units) == 1 and all(one or not _digits(cell) for one, cell in zip(found, cells, strict=True)):
        [unit] = units
        named = f"{heading} ({unit})" if unit and unit not in heading else heading
        yield named, [one[0] if one else _said(cell) for one, cell in zip(found, cells, strict=True)]
    else:
        yield heading, [_said(cell) for cell in cells]


def _digits(cell: Cell) -> bool:
    """Whether the cell holds a number at all; "<5" and a word for nothing do not."""
    return any(letter.isdigit() for letter in cell.text) and not cell.text.startswith("<")


def _said(cell: Cell) -> Value:
    return None if cell.text == NO_VALUE else cell.text


def _number(cell: Cell) -> tuple[float, str] | None:
    """The number that a cell shows, and its unit."""
    found = _NUMBER.fullmatch(cell.text) if cell.number is not None and isfinite(cell.number) else None
    if found is None:
        return None
    value = _plain(found["number"])
    return (-value if found["sign"] == "-" else value), found["unit"] or found["front"]


def _plain(digits: str) -> float:
    value = float(digits.replace(",", ""))
    return int(value) if value.is_integer() else value


def _facts(page: Page, language: Language) -> Sheet:
    facts = [fact for part in page.parts if isinstance(part, Facts) for fact in part.items]
    rows = tuple((fact.label, fact.value, fact.note.replace("\n", " / ")) for fact in facts)
    headings = tuple(language.say(f"handout.{name}") for name in ("item", "value", "note"))
    return Sheet(language.say("handout.sheet_facts"), headings, rows)


def _chart(part: Chart) -> Sheet:
    names = tuple(f"{name} ({part.unit})" if part.unit else name for name, _ in part.series)
    rows = tuple(
        (category, *(values[i] if i < len(values) else None for _, values in part.series))
        for i, category in enumerate(part.categories)
    )
    return Sheet(part.title, (part.x_label or part.title, *names), rows)


def _about(page: Page, language: Language) -> Sheet:
    """The sentences and the small print: what was asked, of whom, until when."""
    said = [page.headline]
    for part in page.parts:
        if isinstance(part, Paragraph):
            said.extend(part.text.split("\n"))
        elif isinstance(part, Footnote):
            said.extend(part.items)
    name = language.say("handout.sheet_about")
    return Sheet(name, (name,), tuple((line,) for line in dict.fromkeys(said) if line.strip()))


def _name(wanted: str, taken: Sequence[str]) -> str:
    """A sheet's name as Excel takes it: short, without signs, each once."""
    base = _SHEET_NAME.sub(" ", printable(wanted)).strip()[:SHEET_NAME] or "1"
    name, number = base, 2
    while name.casefold() in {other.casefold() for other in taken}:
        suffix = f" {number}"
        name, number = f"{base[: SHEET_NAME - len(suffix)]}{suffix}", number + 1
    return name
