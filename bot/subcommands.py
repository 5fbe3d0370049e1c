"""What is the answer to a question?

SUBCOMMANDS holds one line per subcommand: an Ask becomes a Page. Help is made
from the same lines. Figures come from the desk, words from `bot.present`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.beside_answers import continuation, cpo, ladder, measure, nps, reactivation
from bot.comparison import UnfitComparison, compare, why
from bot.grammar import Ask, parse
from bot.grammar.meant import mended
from bot.grammar.writing import written
from bot.onward import FILES, paged, usual, with_ways
from bot.page import Footnote, Page, Table
from bot.present.definition import definition
from bot.present.digest import digest
from bot.present.figure import dormant, gap, repeat
from bot.present.footing import echoed
from bot.present.help import usage
from bot.present.panel import panel
from bot.present.problem import problem, unknown_word
from bot.present.segment import segment
from bot.present.waiting import waiting
from bot.present.watching import posted, recomputed, status
from bot.question import Figures, Past, Question
from metrics.acquisition import HORIZONS
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS
from metrics.gap import RETURNED_DAYS
from metrics.problem import Problem
from metrics.product_ladder import HORIZONS as LADDER_DAYS
from metrics.repeat import WITHIN_DAYS
from metrics.segment import PRODUCT_ROLE, PURCHASE_COUNT, NoRoles
from metrics.table import LIMIT

if TYPE_CHECKING:
    from datetime import date

    from bot.language import Language
    from bot.present.watching import Posted
    from metrics.report import Report

LIST_LENGTH: Final = 50
LONGEST_LIST: Final = 1000
LONGEST_TABLE: Final = 200
ROWS: Final = 20
"""Rows of a long table that are shown at once."""


class UnfitDays(Problem):
    """A figure that is not counted over that many days."""

    key = "unfit_days"


class UnfitPeriod(Problem):
    """A subcommand that knows no period."""

    key = "unfit_period"


class UnfitFilter(Problem):
    """A subcommand that cannot be narrowed down or split."""

    key = "unfit_filter"


class OnlyByChannel(Problem):
    """Spend is known by channel alone, and all of them are told at once."""

    key = "only_by_channel"


class FilterByCount(Problem):
    """The purchase count changes with every purchase: a dimension, but no filter."""

    key = "filter_by_count"


class NotUnderstood(Problem):
    """Words that mean nothing here. `nearest`: the whole question with known words instead."""

    key = "unknown_word"


class NoSuchPage(Problem):
    """The table is not that long."""

    key = "no_such_page"


class CustomersNotShown(Problem):
    """Single customers are only for those whom the shop has named."""

    key = "customers_not_shown"


class NothingPosted(Problem):
    """No message of that morning is on record."""

    key = "nothing_posted"


Answer = Callable[[Question], Page]
Heard = Callable[[Ask], None]
"""Is told what was asked before anything is counted; may refuse it with a Problem."""


class Period(StrEnum):
    """What a period means: who first bought in it, the state at its end, what happened in it, a morning, nothing."""

    COHORT = "cohort"
    END = "end"
    DURING = "during"
    MORNING = "morning"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One line of SUBCOMMANDS. `days`: the numbers of days it can be asked for (休眠 90日).

    `narrows`: whether it knows filters and dimensions; `told_by`: the
    one dimension that it is told by anyway; `compares`: whether two sides of it can be compared.
    """

    answer: Answer
    period: Period = Period.COHORT
    days: tuple[int, ...] = ()
    narrows: bool = True
    told_by: str = ""
    compares: bool = False


def _panel(question: Question) -> Page:
    report = _report(question)
    past = report.basis.as_of < question.figures.as_of
    page = panel(report, question.language, onward=usual(question), past=past)
    return with_ways(page, question)


def _repeat(question: Question) -> Page:
    return _of_figure(question, "repeat", repeat)


def _gap(question: Question) -> Page:
    return _of_figure(question, "gap", gap)


def _dormant(question: Question) -> Page:
    return _of_figure(question, "dormant", dormant)


def _segment(question: Question) -> Page:
    ask = replace(question.ask, dimension=question.ask.dimension or question.main_dimension)
    return _repeat(replace(question, ask=ask))


def _why(question: Question) -> Page:
    return with_ways(why(question), question)


def _list(question: Question) -> Page:
    if not question.sees_customers:
        raise CustomersNotShown
    report = _report(question)
    found = question.figures.candidates(report, LONGEST_LIST if question.ask.handout else LIST_LENGTH)
    names = question.figures.pseudonyms(found)
    return with_ways(waiting(found, names, report, question.language), question)


def _help(question: Question) -> Page:
    dimensions = question.figures.vocabulary().offered
    return usage(tuple(SUBCOMMANDS), dimensions, question.language, topic=question.ask.topic)


def _digest(question: Question) -> Page:
    past, found = _posted(question)
    return posted(found, past.zone, question.language)


def _recompute(question: Question) -> Page:
    _, found = _posted(question)
    day = found.local_date - timedelta(days=1)
    report = question.figures.report(day, dimensions=(question.main_dimension,))
    page = digest(report, question.language)
    return recomputed(found, report.repeat.now.rate.value, page, question.language)


def _posted(question: Question) -> tuple[Past, Posted]:
    period = question.ask.period
    found = question.past.posted(period.last if period else None) if question.past else None
    if question.past is None or found is None:
        raise NothingPosted
    return question.past, found


def _status(question: Question) -> Page:
    if question.past is None:
        raise NothingPosted
    return status(question.past.mornings(), question.past.zone, question.language)


def _definition(question: Question) -> Page:
    return definition(question.ask.topic, _report(question), question.language)


def _rules(question: Question) -> Page:
    return question.figures.rules(question.language)


SUBCOMMANDS: Final[Mapping[str, Subcommand]] = {
    "panel": Subcommand(_panel, Period.END),
    "repeat": Subcommand(_repeat, days=(WITHIN_DAYS,), compares=True),
    "gap": Subcommand(_gap, days=RETURNED_DAYS, compares=True),
    "dormant": Subcommand(_dormant, Period.END, days=(PRE_DORMANT_DAYS, DORMANT_DAYS), compares=True),
    "nps": Subcommand(nps, Period.DURING),
    "cpo": Subcommand(cpo, days=HORIZONS, narrows=False, told_by="channel"),
    "continuation": Subcommand(continuation, Period.DURING),
    "ladder": Subcommand(ladder, days=LADDER_DAYS, narrows=False),
    "measure": Subcommand(measure, Period.DURING),
    "reactivation": Subcommand(reactivation, Period.DURING),
    "segment": Subcommand(_segment, days=(WITHIN_DAYS,), compares=True),
    "why": Subcommand(_why, days=(WITHIN_DAYS,), compares=True),
    "list": Subcommand(_list, Period.END, days=(PRE_DORMANT_DAYS,), narrows=False),
    "digest": Subcommand(_digest, Period.MORNING, narrows=False),
    "recompute": Subcommand(_recompute, Period.MORNING, narrows=False),
    "status": Subcommand(_status, Period.NONE, narrows=False),
    "definition": Subcommand(_definition, Period.NONE),
    "rules": Subcommand(_rules, Period.NONE, narrows=False),
    "help": Subcommand(_help, Period.NONE),
}


def _of_figure(question: Question, figure: str, page: Callable[..., Page]) -> Page:
    """One figure as a whole, by the labels of a dimension, or against something else."""
    ask = question.ask
    if ask.compare:
        return with_ways(compare(question), question)
    report = _report(question, LONGEST_TABLE if ask.dimension else LIMIT)
    if ask.dimension is None:
        return with_ways(page(report, question.language), question, report)
    found = segment(report.segments[0], report, question.language, figure=figure)
    return with_ways(found, question, report)


def _report(question: Question, limit: int = LIMIT) -> Report:
    """The figures of the question; the main dimension is there so that a page can lead on to it."""
    ask, means = question.ask, SUBCOMMANDS[question.ask.subcommand].period
    return question.figures.report(
        ask.period.last if ask.period and means is Period.END else question.as_of,
        filters=ask.filters,
        dimensions=(ask.dimension or question.main_dimension,),
        period=ask.period if means is Period.COHORT else None,
        limit=limit,
    )


def heard_only(_ask: Ask) -> None:
    """Nobody needs to know what was asked."""


def answer(  # noqa: PLR0913  each is one independent fact of the reader
    text: str,
    figures: Figures,
    language: Language,
    *,
    main_dimension: str = "channel",
    sees_customers: bool = False,
    past: Past | None = None,
    heard: Heard = heard_only,
) -> Page:
    """The page that answers a text. Raises NotUnderstood, or the Problem why it cannot be answered."""
    known, day = figures.vocabulary(), figures.as_of
    ask = parse(text, known, day)
    if ask.unknown:
        raise NotUnderstood(word=tuple(typed for typed, _ in ask.unknown), nearest=mended(ask, known, day))
    _fits(ask)
    heard(ask)
    if PRODUCT_ROLE in {ask.dimension, *dict(ask.filters)} and not figures.vocabulary().tells_roles:
        raise NoRoles
    if ask.handout:  # what is handed on echoes the question, not how it was sent
        ask = replace(ask, raw=written(replace(ask, handout=""), language.code))
    question = Question(ask, figures, language, main_dimension, sees_customers, ask.as_of or figures.as_of, past)
    page = echoed(SUBCOMMANDS[ask.subcommand].answer(question), ask.raw, language)
    page = _with_notes(page, ask, question.as_of, language)
    if ask.handout in FILES:
        return page
    _has_rows(page, ask)
    return paged(page, question, ROWS)


def _has_rows(page: Page, ask: Ask) -> None:
    """Refuse a page of a table that is not so long."""
    pages = max((-(-len(part.rows) // ROWS) for part in page.parts if isinstance(part, Table)), default=1)
    if ask.page > max(1, pages):
        raise NoSuchPage(page=ask.page, pages=max(1, pages))


def explain(found: Problem, language: Language, *, asked: str = "") -> Page:
    """The page that says a problem, with buttons for what may have been meant."""
    if isinstance(found, NotUnderstood):
        typed, nearest = map(_texts, (found.values["word"], found.values["nearest"]))
        return unknown_word(typed, nearest, language, asked=asked)
    return problem(found, language, asked=asked)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, tuple) else ()


def _fits(ask: Ask) -> None:
    """Refuse what the subcommand cannot be asked for, instead of leaving it out in silence."""
    known = SUBCOMMANDS[ask.subcommand]
    if ask.days is not None and ask.days not in known.days:
        if known.days:
            raise UnfitDays(days=ask.days, known=known.days)
        raise UnfitPeriod(period=ask.days)
    if ask.period and known.period is Period.NONE:
        raise UnfitPeriod(period=ask.period)
    if not known.narrows and (ask.filters or ask.dimension not in {None, known.told_by}):
        raise OnlyByChannel if known.told_by else UnfitFilter
    if ask.compare and not known.compares:
        raise UnfitComparison
    if any(dimension == PURCHASE_COUNT for dimension, _ in ask.filters):
        raise FilterByCount


def _with_notes(page: Page, ask: Ask, as_of: date, language: Language) -> Page:
    """What a reader must know of how the question was taken."""
    notes = (*_guesses(ask, language), *_about_period(ask, as_of, language))
    return replace(page, parts=(*page.parts, Footnote(notes))) if notes else page


def _guesses(ask: Ask, language: Language) -> Iterator[str]:
    for typed, taken in ask.guessed:
        yield language.say("answer.guessed", typed=typed, taken=taken)


def _about_period(ask: Ask, as_of: date, language: Language) -> Iterator[str]:
    if ask.period is None:
        return
    match SUBCOMMANDS[ask.subcommand].period:
        case Period.END:
            yield language.say("answer.period_end", day=ask.period.last)
        case Period.COHORT:
            yield language.say("answer.period", period=ask.period)
            open_from = as_of - timedelta(days=WITHIN_DAYS - 1)
            if ask.subcommand not in {"gap", "cpo"} and open_from <= ask.period.last:
                yield language.say("answer.not_matured", day=max(open_from, ask.period.start), within=WITHIN_DAYS)
