"""Which segments are worst, for one figure?

At most five columns, worst first. A segment of fewer than five customers shows
"<5" and no figures, so that nobody can be recognised.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from bot.language import Language
from bot.page import Cell, Footnote, Heading, Page, Paragraph, Table
from bot.present.fact import days_or_not_reached
from bot.present.footing import footing
from bot.present.label import dimension_name, label_name
from metrics.alert import MINIMUM, Status
from metrics.dormancy import IdleCounts
from metrics.estimate import Estimate
from metrics.report import Report, SegmentRow, SegmentTable
from metrics.segment import COHORT_MONTH, ENTRY, PURCHASE_COUNT, UNKNOWN_LABEL

Cells = Callable[[SegmentRow, Language], tuple[Cell, ...]]
IN_ORDER = frozenset({PURCHASE_COUNT, COHORT_MONTH})
"""Dimensions whose labels have an order of their own."""
EXPLAINED = frozenset({PURCHASE_COUNT, ENTRY})
"""Dimensions whose rate needs a word of explanation."""


def segment(table: SegmentTable, report: Report, language: Language, *, figure: str = "repeat") -> Page:
    """One figure ("repeat", "gap" or "dormant") by the labels of a dimension."""
    said = _headline(table, report, figure, language)
    return Page(
        said,
        (
            Heading(language.say("segment.title", dimension=dimension_name(table.dimension, language))),
            Paragraph(said),
            *_table(table, report, figure, language),
            *_notes(table, report, figure, language),
            footing(report, language, topic=figure),
        ),
        language=language.code,
    )


def telling(table: SegmentTable) -> bool:
    """Whether it tells anyone apart: not where every customer's label is unknown."""
    return any(row.label != UNKNOWN_LABEL for row in table.rows)


def worst(table: SegmentTable, report: Report, figure: str = "repeat") -> str | None:
    """The label that the headline names: the one furthest behind; None where none can be told."""
    rows = _telling_rows(table, report, figure)
    return _worst_row(rows, report, figure).label if rows and table.dimension not in IN_ORDER else None


def _telling_rows(table: SegmentTable, report: Report, figure: str) -> list[SegmentRow]:
    return [row for row in _sorted(table, figure) if not row.hidden and _WORST[figure](row, report) is not None]


def _worst_row(shown: list[SegmentRow], report: Report, figure: str) -> SegmentRow:
    return shown[0] if figure == "gap" else max(shown, key=lambda row: _WORST[figure](row, report) or 0.0)


def _headline(table: SegmentTable, report: Report, figure: str, language: Language) -> str:
    dimension, total = dimension_name(table.dimension, language), _total(report, figure, language)
    within, target = report.repeat.within, language.target(report.repeat.target)
    if not _is_counted(table, figure):
        return language.say("segment.headline_not_counted", dimension=dimension)
    shown = _telling_rows(table, report, figure)
    if not shown or (figure == "repeat" and report.judgement.status is Status.TOO_FEW):
        return language.say("segment.headline_none", dimension=dimension)
    if figure == "repeat" and table.dimension in IN_ORDER:
        plain = "segment.headline_plain_count" if table.dimension == PURCHASE_COUNT else "segment.headline_plain"
        return language.say(plain, within=within, dimension=dimension, total=total)
    last = _worst_row(shown, report, figure)
    if figure == "repeat" and (_short_of_target(last, report) or 0.0) <= 0:
        key = "segment.headline_fine"
        return language.say(key, within=within, dimension=dimension, target=target, total=total)
    return language.say(
        _HEADLINES["gap_open" if figure == "gap" and last.gap_days_to_20.value is None else figure],
        within=within,
        dimension=dimension,
        label=label_name(table.dimension, last.label, language),
        value=_COLUMNS[figure][1](last, language)[0].text,
        total=total,
    )


def _is_counted(table: SegmentTable, figure: str) -> bool:
    """Idle days belong to customers, not to the month in which they first bought."""
    return figure != "dormant" or not table.rows or any(row.idle is not None for row in table.rows)


def _total(report: Report, figure: str, language: Language) -> str:
    match figure:
        case "gap":
            return days_or_not_reached(report.gap.days_to_20, language)
        case "dormant":
            return language.percent(_share_of(report.dormancy.now))
        case _:
            return language.percent(report.repeat.now.rate.value)


def _short_of_target(row: SegmentRow, report: Report) -> float | None:
    """How many repeat buyers the segment lacks to meet the target; negative where it has more."""
    rate = row.repeat.rate
    return None if rate.value is None else rate.n * (report.repeat.target - rate.value)


def _longest(row: SegmentRow, _report: Report) -> float | None:
    return _or_endless(row.gap_days_to_20.value) if row.gap_days_to_20.n else None


def _most_dormant(row: SegmentRow, _report: Report) -> float | None:
    return _share(row)


_HEADLINES = {
    "repeat": "segment.headline",
    "gap": "segment.headline_gap",
    "gap_open": "segment.headline_gap_open",
    "dormant": "segment.headline_dormant",
}
_WORST: dict[str, Callable[[SegmentRow, Report], float | None]] = {
    "repeat": _short_of_target,
    "gap": _longest,
    "dormant": _most_dormant,
}


def _table(table: SegmentTable, report: Report, figure: str, language: Language) -> tuple[Table, ...]:
    if not table.rows or not _is_counted(table, figure):
        return ()
    dimension = dimension_name(table.dimension, language)
    names, cells = _COLUMNS[figure]
    rows = tuple(
        (Cell(label_name(table.dimension, row.label, language)), *_or_hidden(row, cells, language))
        for row in _sorted(table, figure)
    )
    plain = "_plain" if figure == "repeat" and table.dimension in IN_ORDER else ""
    caption = language.say(f"segment.caption_{figure}{plain}", dimension=dimension, within=report.repeat.within)
    return (Table(caption, (dimension, *(language.say(f"segment.{name}") for name in names)), rows),)


def _sorted(table: SegmentTable, figure: str) -> list[SegmentRow]:
    """Worst first; the report's own order for the rate and where labels have one; hidden ones last."""
    if table.dimension in IN_ORDER:
        return sorted(table.rows, key=lambda row: row.hidden)
    if figure == "repeat":
        return sorted(table.rows, key=lambda row: (row.hidden, row.repeat.rate.value is None))
    if figure == "gap":
        return sorted(table.rows, key=lambda row: (row.hidden, *_slowest_first(row)))
    return sorted(table.rows, key=lambda row: (row.hidden, -(_share(row) or 0.0)))


def _slowest_first(row: SegmentRow) -> tuple[float, float]:
    return (-_or_endless(row.gap_days_to_20.value), -_or_endless(row.gap_median_days.value))


def _or_endless(days: float | None) -> float:
    return inf if days is None else days


def _or_hidden(row: SegmentRow, cells: Cells, language: Language) -> tuple[Cell, ...]:
    shown = cells(row, language)
    if not row.hidden:
        return shown
    return (*(Cell(language.say("custom.none")) for _ in shown[1:]), Cell(language.say("custom.few")))


def _repeat_cells(row: SegmentRow, language: Language) -> tuple[Cell, ...]:
    now, before = row.repeat.rate, row.last_week.rate
    return (
        _rate(row, language),
        _moved(before, now, language),
        Cell(language.interval(now.interval)),
        _of(row, language),
    )


def _moved(before: Estimate, now: Estimate, language: Language) -> Cell:
    said = language.points(before.value, now.value)
    if before.value is None or now.value is None:
        return Cell(said)
    return Cell(said, float(said.removesuffix("pt").replace("±", "")))


def _rate(row: SegmentRow, language: Language) -> Cell:
    now = row.repeat.rate
    if now.value is None:
        return Cell(language.say("common.too_few" if now.n else "custom.none"))
    return Cell(language.percent(now.value), round(100 * now.value, 1))


def _of(row: SegmentRow, language: Language) -> Cell:
    """9/37人; "<5" where it must stay unsaid, and a word where nobody is counted yet."""
    now = row.repeat.rate
    if now.n:
        return Cell(language.say("common.of_short", k=now.k or 0, n=now.n), now.n)
    if now.k is None:
        return Cell(language.say("custom.few"))
    return Cell(language.say("segment.not_over" if row.idle is None else "segment.nobody"))


def _gap_cells(row: SegmentRow, language: Language) -> tuple[Cell, ...]:
    return (
        Cell(days_or_not_reached(row.gap_days_to_20, language), row.gap_days_to_20.value),
        Cell(days_or_not_reached(row.gap_median_days, language), row.gap_median_days.value),
        _rate(row, language),
        Cell(language.number(row.customers), row.customers),
    )


def _dormant_cells(row: SegmentRow, language: Language) -> tuple[Cell, ...]:
    share, idle = _share(row), row.idle
    return (
        Cell(language.percent(share), None if share is None else round(100 * share, 1)),
        _count(idle.pre_dormant if idle else None, language),
        _count(idle.dormant if idle else None, language),
        _count(row.customers, language),
    )


def _count(count: int | None, language: Language) -> Cell:
    return Cell(language.number(count), count)


_COLUMNS: dict[str, tuple[tuple[str, ...], Cells]] = {
    "repeat": (("rate", "week", "interval", "of"), _repeat_cells),
    "gap": (("twenty", "median", "rate", "customers"), _gap_cells),
    "dormant": (("share", "pre_dormant", "dormant", "customers"), _dormant_cells),
}


def _share(row: SegmentRow) -> float | None:
    return None if row.idle is None else _share_of(row.idle)


def _share_of(idle: IdleCounts) -> float | None:
    everyone = idle.active + idle.pre_dormant + idle.dormant
    return idle.pre_dormant / everyone if everyone else None


def _notes(table: SegmentTable, report: Report, figure: str, language: Language) -> tuple[Footnote, ...]:
    said = []
    rates = [row.repeat.rate for row in table.rows if figure != "dormant"]
    if figure != "dormant" and table.dimension in EXPLAINED:
        said.append(language.say(f"segment.{table.dimension}", within=report.repeat.within))
    if any(rate.value is None and rate.n for rate in rates):
        said.append(language.say("segment.too_few", minimum=MINIMUM))
    if table.folded:
        said.append(language.say("segment.folded", count=table.folded))
    if any(row.hidden for row in table.rows) or (figure == "repeat" and any(rate.k is None for rate in rates)):
        said.append(language.say("segment.hidden"))
    return (Footnote(tuple(said)),) if said else ()
