"""What is compared with what, and what do the figures say of both?

The question names the other side: the period before, the same weekday last week, another
label, another period. What a page needs of both sides is gathered here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bot.present import side_by_side
from bot.present.compare import Sides, repeat
from bot.present.label import label_name
from bot.present.moved import why as why_page
from metrics.day import Span, week_before
from metrics.moved import NO_PARTS, Buyers
from metrics.problem import Problem
from metrics.segment import ALL

if TYPE_CHECKING:
    from bot.page import Page
    from bot.question import Question
    from metrics.moved import Moved
    from metrics.report import Report

STATE_BACK_DAYS: Final = 28
"""A state (休眠) is compared with the same weekday four weeks earlier, where nothing else is asked for."""
_MONTHS: Final = (1, 3, 12)


class UnfitComparison(Problem):
    """A subcommand, or a dimension, that cannot be compared."""

    key = "unfit_comparison"


class NothingMoved(Problem):
    """One of the two sides has no first-time buyers whose 30 days are over."""

    key = "nothing_moved"


def compare(question: Question) -> Page:
    """Both sides of one figure, as a whole or by the labels of a dimension."""
    by = question.ask.dimension is not None
    match question.ask.subcommand:
        case "dormant":
            return side_by_side.dormant(*_states(question), question.language, by=by)
        case "gap":
            return side_by_side.gap(*_cohorts(question), question.language, by=by)
        case _:
            after, before, sides = _cohorts(question)
            dimension = question.ask.dimension or ALL
            if dimension in NO_PARTS - {ALL}:
                raise UnfitComparison
            found = _moved(question, dimension, before, after, sides)
            return repeat(found, after, sides, question.language)


def why(question: Question) -> Page:
    """Why the rate moved: against the same weekday last week, where nothing else is asked for."""
    ask = question.ask
    kind = ask.compare or ("before" if ask.period else "week")
    asked = replace(question, ask=replace(ask, compare=kind))
    after, before, sides = _cohorts(asked)
    dimension = ask.dimension or question.main_dimension
    if dimension in NO_PARTS:
        raise UnfitComparison
    found = _moved(asked, dimension, before, after, sides)
    return why_page(found, after, sides, question.language)


def _moved(question: Question, dimension: str, before: Report, after: Report, sides: Sides) -> Moved:
    earlier = after.repeat.last_week.cohort if sides.kind == "week" else before.repeat.now.cohort
    found = question.figures.moved(
        dimension,
        Buyers(earlier, before.basis.filters),
        Buyers(after.repeat.now.cohort, after.basis.filters),
    )
    if not found.before.n or not found.after.n:
        raise NothingMoved
    return found


def _cohorts(question: Question) -> tuple[Report, Report, Sides]:
    """The reports of both sides, the later (or the label first named) first."""
    ask = question.ask
    if ask.against:
        return _labels(question)
    after = _report(question, period=ask.period)
    if ask.compare == "week":
        earlier = ask.period.shifted(-7) if ask.period else None
        before = _report(question, as_of=week_before(question.as_of)) if earlier is None else None
        return after, before or _report(question, period=earlier), _sides(question, after, earlier)
    period = ask.against_period or (earlier_than(ask.period) if ask.period else _window_before(ask.subcommand, after))
    return after, _report(question, period=period), _sides(question, after, period)


def _window_before(subcommand: str, after: Report) -> Span:
    """The usual window, one window length earlier."""
    usual = after.gap.cohort
    return usual.shifted(-usual.days) if subcommand == "gap" else after.repeat.before.cohort


def _theirs(question: Question) -> tuple[tuple[str, str], ...]:
    """The filters of the other side."""
    against = question.ask.against or ("", "")
    return tuple(against if one[0] == against[0] else one for one in question.ask.filters)


def _named_labels(question: Question) -> Sides:
    dimension, label = question.ask.against or ("", "")
    mine = dict(question.ask.filters)[dimension]
    return Sides("label", *(label_name(dimension, name, question.language) for name in (mine, label)))


def _labels(question: Question) -> tuple[Report, Report, Sides]:
    """Two kinds of customers over the same days: the wider of their two windows."""
    ask, theirs = question.ask, _theirs(question)
    after, before = _report(question, period=ask.period), _report(question, period=ask.period, filters=theirs)
    if ask.period is None and ask.subcommand != "gap":
        wider = min(after.repeat.now.cohort, before.repeat.now.cohort)
        after, before = _report(question, period=wider), _report(question, period=wider, filters=theirs)
    return after, before, _named_labels(question)


def _states(question: Question) -> tuple[Report, Report, Sides]:
    """The state at the end of both periods; of both labels on the same day."""
    ask, language = question.ask, question.language
    on = ask.period.last if ask.period else question.as_of
    after = _report(question, as_of=on)
    if ask.against:
        return after, _report(question, as_of=on, filters=_theirs(question)), _named_labels(question)
    then = _earlier_day(question, on)
    return after, _report(question, as_of=then), Sides(ask.compare, language.day_short(on), language.day_short(then))


def _earlier_day(question: Question, on: date) -> date:
    ask = question.ask
    if ask.against_period:
        return ask.against_period.last
    if ask.compare == "week":
        return week_before(on)
    return earlier_than(ask.period).last if ask.period else on - timedelta(days=STATE_BACK_DAYS)


def _sides(question: Question, after: Report, earlier: Span | None) -> Sides:
    ask, language = question.ask, question.language
    now = language.span(ask.period) if ask.period else language.say("compare.now")
    if ask.compare == "week" and earlier is None:
        weekday = language.weekday(after.basis.as_of + timedelta(days=1))
        return Sides("week", now, language.say("compare.last_week", weekday=weekday))
    if ask.period and earlier:
        return Sides(ask.compare, now, language.span(earlier))
    return Sides("before", now, language.say("compare.period_before"))


def _report(
    question: Question,
    *,
    period: Span | None = None,
    as_of: date | None = None,
    filters: tuple[tuple[str, str], ...] | None = None,
) -> Report:
    return question.figures.report(
        as_of or question.as_of,
        filters=question.ask.filters if filters is None else filters,
        dimensions=(question.ask.dimension or question.main_dimension,),
        period=period,
    )


def earlier_than(period: Span) -> Span:
    """The period before: of a calendar month (quarter, year) the one before, else as many days."""
    for months in _MONTHS:
        if period.start.day == 1 and period.end == _back(period.start, -months):
            return Span(_back(period.start, months), period.start)
    return period.shifted(-period.days)


def _back(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)
