"""How do the gap, and the number of dormant customers, stand on two sides?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.language import Language
from bot.page import Cell, Footnote, Heading, Page, Table
from bot.present.compare import Sides, points_cell, rate_cell
from bot.present.fact import days_or_not_reached
from bot.present.few import people
from bot.present.footing import footing
from bot.present.label import dimension_name, label_name
from metrics.dormancy import IdleCounts
from metrics.estimate import Estimate, rate
from metrics.report import Report, SegmentRow

Row = tuple[Cell, ...]


def gap(
    after: Report, before: Report, sides: Sides, language: Language, *, by: bool = False
) -> Page:  # fmt: skip
    """The days until customers are back, of both sides; `by`: for each label of the dimension."""
    one, two = before.gap, after.gap
    if by:
        rows = _by_label(after, before, lambda row: row.gap_days_to_20, _days_cells, language)
    else:
        rows = [
            _row(language.say("gap.twenty"), _days_cells(one.days_to_20, two.days_to_20, language)),
            _row(language.say("gap.median"), _days_cells(one.median_days, two.median_days, language)),
            *(
                _row(language.say("compare.back_by", count=then.days), _rate_cells(earlier.share, then.share, language))
                for earlier, then in zip(one.returned, two.returned, strict=True)
            ),
        ]
    said = language.say(
        "compare.headline_gap",
        after=sides.after,
        before=sides.before,
        now=days_or_not_reached(two.days_to_20, language),
        then=days_or_not_reached(one.days_to_20, language),
    )
    return _page(
        said,
        _table("gap", rows, after, sides, language, by=by),
        _sizes(one.n, two.n, sides, language),
        (after, "gap"),
        language,
    )


def dormant(
    after: Report, before: Report, sides: Sides, language: Language, *, by: bool = False
) -> Page:  # fmt: skip
    """Customers by idle days on both sides; `by`: the share about to go dormant for each label."""
    one, two = before.dormancy.now, after.dormancy.now
    if by:
        rows = _by_label(after, before, _share, _rate_cells, language)
    else:
        counts = ((name, getattr(one, name), getattr(two, name)) for name in ("active", "pre_dormant", "dormant"))
        rows = [_row(language.say(f"dormant.{name}"), _count_cells(was, now, language)) for name, was, now in counts]
        share = _rate_cells(_share_of(one), _share_of(two), language)
        rows.append(_row(language.say("segment.share"), share))
    said = language.say(
        "compare.headline_dormant",
        after=sides.after,
        before=sides.before,
        now=two.pre_dormant,
        then=one.pre_dormant,
    )
    return _page(
        said,
        _table("dormant", rows, after, sides, language, by=by),
        _sizes(one.customers, two.customers, sides, language),
        (after, "dormant"),
        language,
    )


def _page(said: str, table: Table, sizes: str, of: tuple[Report, str], language: Language) -> Page:
    report, topic = of
    foot = footing(report, language, topic=topic)
    return Page(said, (Heading(said), table, Footnote((sizes,)), foot), language=language.code)


def _table(figure: str, rows: Sequence[Row], after: Report, sides: Sides, language: Language, *, by: bool) -> Table:
    first = language.say("compare.measure")
    caption = language.say(f"compare.caption_{figure}")
    if by:
        first = dimension_name(after.segments[0].dimension, language)
        caption = language.say(f"compare.caption_{figure}_by", dimension=first)
    return Table(caption, (first, sides.before, sides.after, language.say("compare.difference")), tuple(rows))


def _sizes(before: int, after: int, sides: Sides, language: Language) -> str:
    said = (
        language.say("custom.labelled", label=name, text=people(n, language))
        for name, n in ((sides.before, before), (sides.after, after))
    )
    return language.listed(said)


def _by_label(
    after: Report,
    before: Report,
    read: Callable[[SegmentRow], Estimate],
    cells: Callable[[Estimate, Estimate, Language], Row],
    language: Language,
) -> list[Row]:
    """Each label of the later side; where either side hides it, "<5" and no number."""
    dimension = after.segments[0].dimension
    earlier = {row.label: row for row in before.segments[0].rows}
    rows = []
    for row in after.segments[0].rows:
        name, then = label_name(dimension, row.label, language), earlier.get(row.label)
        if row.hidden or (then is not None and then.hidden):
            none = Cell(language.say("custom.none"))
            rows.append(_row(name, (none, none, Cell(language.say("custom.few")))))
        else:
            rows.append(_row(name, cells(read(then) if then else Estimate(None, 0), read(row), language)))
    return rows


def _row(name: str, cells: Row) -> Row:
    return (Cell(name), *cells)


def _days_cells(before: Estimate, after: Estimate, language: Language) -> Row:
    moved = None if before.value is None or after.value is None else after.value - before.value
    said = language.say("custom.none") if moved is None else language.days_moved(moved)
    return (*(Cell(days_or_not_reached(one, language), one.value) for one in (before, after)), Cell(said, moved))


def _rate_cells(before: Estimate, after: Estimate, language: Language) -> Row:
    return rate_cell(before, language), rate_cell(after, language), points_cell(before, after, language)


def _count_cells(before: int, after: int, language: Language) -> Row:
    moved = after - before
    return (
        *(Cell(language.number(one), one) for one in (before, after)),
        Cell(language.signed(moved), moved),
    )


def _share(row: SegmentRow) -> Estimate:
    return _share_of(row.idle) if row.idle else Estimate(None, 0)


def _share_of(idle: IdleCounts) -> Estimate:
    return rate(idle.pre_dormant, idle.customers)
