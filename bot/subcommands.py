"""What is the answer to a question?

SUBCOMMANDS holds one line per subcommand: an Ask becomes a Page. Help is made
from the same lines. Figures come from the desk, words from `bot.present`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from bot.grammar import Ask, Vocabulary, parse
from bot.page import Footnote, Page
from bot.present.definition import definition
from bot.present.digest import digest
from bot.present.figure import dormant, gap, repeat
from bot.present.help import usage
from bot.present.panel import panel
from bot.present.problem import problem, unknown_word
from bot.present.segment import segment
from bot.present.waiting import waiting
from bot.present.watching import PastMorning, Posted, posted, recomputed, status
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS
from metrics.gap import RETURNED_DAYS
from metrics.problem import Problem
from metrics.repeat import WITHIN_DAYS
from metrics.segment import PURCHASE_COUNT

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from bot.language import Language
    from metrics.day import Span
    from metrics.dormancy import AboutToGoDormant
    from metrics.report import Report

LIST_LENGTH: Final = 50


class UnfitDays(Problem):
    """A figure that is not counted over that many days."""

    key = "unfit_days"


class UnfitPeriod(Problem):
    """A subcommand that knows no period."""

    key = "unfit_period"


class UnfitFilter(Problem):
    """A subcommand that cannot be narrowed down or split."""

    key = "unfit_filter"


class FilterByCount(Problem):
    """The purchase count changes with every purchase: a dimension, but no filter."""

    key = "filter_by_count"


class NotUnderstood(Problem):
    """A word that means nothing here. `nearest`: the whole question with a known word instead."""

    key = "unknown_word"


class CustomersNotShown(Problem):
    """Single customers are only for those whom the shop has named."""

    key = "customers_not_shown"


class NothingPosted(Problem):
    """No message of that morning is on record."""

    key = "nothing_posted"


class Past(Protocol):
    """Who knows what became of the mornings: the ledger."""

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        ...

    def posted(self, day: date | None) -> Posted | None:
        """The digest of a date, the newest without one."""
        ...

    def mornings(self) -> Sequence[PastMorning]:
        """The last fourteen."""
        ...


class Figures(Protocol):
    """Who knows the figures: the desk."""

    @property
    def as_of(self) -> date:
        """The last complete day."""
        ...

    def vocabulary(self) -> Vocabulary:
        """What may be asked for."""
        ...

    def report(
        self,
        as_of: date,
        *,
        filters: Sequence[tuple[str, str]] = (),
        dimensions: Sequence[str] = (),
        period: Span | None = None,
    ) -> Report:
        """The figures of the morning after `as_of`."""
        ...

    def pseudonyms(self, customers: Sequence[AboutToGoDormant]) -> Mapping[str, str]:
        """How customers are called before readers, by customer_id."""
        ...

    def candidates(self, report: Report, limit: int) -> tuple[AboutToGoDormant, ...]:
        """Customers about to go dormant, in the order to contact them."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """An Ask with what is needed to answer it."""

    ask: Ask
    figures: Figures
    language: Language
    main_dimension: str
    sees_customers: bool
    past: Past | None = None


Answer = Callable[[Question], Page]


class Period(StrEnum):
    """What a period means for a subcommand: who first bought in it, the state at its end, a morning, or nothing."""

    COHORT = "cohort"
    END = "end"
    MORNING = "morning"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One line of SUBCOMMANDS. `days`: the numbers of days it can be asked for (休眠 90日).

    `narrows`: whether it knows filters and dimensions.
    """

    answer: Answer
    period: Period = Period.COHORT
    days: tuple[int, ...] = ()
    narrows: bool = True


def _panel(question: Question) -> Page:
    return panel(_report(question), question.language, asked=question.ask.raw)


def _repeat(question: Question) -> Page:
    return _of_figure(question, "repeat", repeat)


def _gap(question: Question) -> Page:
    return _of_figure(question, "gap", gap)


def _dormant(question: Question) -> Page:
    return _of_figure(question, "dormant", dormant)


def _segment(question: Question) -> Page:
    ask = replace(question.ask, dimension=question.ask.dimension or question.main_dimension)
    return _repeat(replace(question, ask=ask))


def _list(question: Question) -> Page:
    if not question.sees_customers:
        raise CustomersNotShown
    report = _report(question)
    found = question.figures.candidates(report, LIST_LENGTH)
    names = question.figures.pseudonyms(found)
    return waiting(found, names, report, question.language, asked=question.ask.raw)


def _help(question: Question) -> Page:
    dimensions = question.figures.vocabulary().dimensions
    return usage(tuple(SUBCOMMANDS), dimensions, question.language, topic=question.ask.topic)


def _digest(question: Question) -> Page:
    past, found = _posted(question)
    return posted(found, past.zone, question.language, asked=question.ask.raw)


def _recompute(question: Question) -> Page:
    _, found = _posted(question)
    day = found.local_date - timedelta(days=1)
    report = question.figures.report(day, dimensions=(question.main_dimension,))
    page = digest(report, question.language)
    return recomputed(found, report.repeat.now.rate.value, page, question.language, asked=question.ask.raw)


def _posted(question: Question) -> tuple[Past, Posted]:
    period = question.ask.period
    found = question.past.posted(period.last if period else None) if question.past else None
    if question.past is None or found is None:
        raise NothingPosted
    return question.past, found


def _status(question: Question) -> Page:
    if question.past is None:
        raise NothingPosted
    return status(question.past.mornings(), question.past.zone, question.language, asked=question.ask.raw)


def _definition(question: Question) -> Page:
    return definition(question.ask.topic, _report(question), question.language, asked=question.ask.raw)


SUBCOMMANDS: Final[Mapping[str, Subcommand]] = {
    "panel": Subcommand(_panel, Period.END),
    "repeat": Subcommand(_repeat, days=(WITHIN_DAYS,)),
    "gap": Subcommand(_gap, days=RETURNED_DAYS),
    "dormant": Subcommand(_dormant, Period.END, days=(PRE_DORMANT_DAYS, DORMANT_DAYS)),
    "segment": Subcommand(_segment, days=(WITHIN_DAYS,)),
    "list": Subcommand(_list, Period.END, days=(PRE_DORMANT_DAYS,), narrows=False),
    "digest": Subcommand(_digest, Period.MORNING, narrows=False),
    "recompute": Subcommand(_recompute, Period.MORNING, narrows=False),
    "status": Subcommand(_status, Period.NONE, narrows=False),
    "definition": Subcommand(_definition, Period.NONE),
    "help": Subcommand(_help, Period.NONE),
}


def _of_figure(question: Question, figure: str, page: Callable[..., Page]) -> Page:
    """One figure as a whole, or by the labels of a dimension."""
    ask, report = question.ask, _report(question)
    if ask.dimension is None:
        return page(report, question.language, asked=ask.raw)
    return segment(report.segments[0], report, question.language, figure=figure, asked=ask.raw)


def _report(question: Question) -> Report:
    """The figures of the question; the main dimension is there so that a page can lead on to it."""
    ask, means = question.ask, SUBCOMMANDS[question.ask.subcommand].period
    return question.figures.report(
        ask.period.last if ask.period and means is Period.END else question.figures.as_of,
        filters=ask.filters,
        dimensions=(ask.dimension or question.main_dimension,),
        period=ask.period if means is Period.COHORT else None,
    )


def answer(
    text: str,
    figures: Figures,
    language: Language,
    *,
    main_dimension: str = "channel",
    sees_customers: bool = False,
    past: Past | None = None,
) -> Page:
    """The page that answers a text. Raises NotUnderstood, or the Problem why it cannot be answered."""
    ask = parse(text, figures.vocabulary(), figures.as_of)
    _fits(ask)
    question = Question(ask, figures, language, main_dimension, sees_customers, past)
    return _with_notes(SUBCOMMANDS[ask.subcommand].answer(question), ask, figures.as_of, language)


def explain(found: Problem, language: Language, *, asked: str = "") -> Page:
    """The page that says a problem, with buttons for what may have been meant."""
    if isinstance(found, NotUnderstood):
        return unknown_word(str(found.values["word"]), language, nearest=_texts(found.values["nearest"]), asked=asked)
    return problem(found, language, asked=asked)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, tuple) else ()


def _fits(ask: Ask) -> None:
    """Refuse what the subcommand cannot be asked for, instead of leaving it out in silence."""
    if ask.unknown:
        raise _not_understood(ask)
    known = SUBCOMMANDS[ask.subcommand]
    if ask.days is not None and ask.days not in known.days:
        if known.days:
            raise UnfitDays(days=ask.days, known=known.days)
        raise UnfitPeriod(period=ask.days)
    if ask.period and known.period is Period.NONE:
        raise UnfitPeriod(period=ask.period)
    if not known.narrows and (ask.filters or ask.dimension):
        raise UnfitFilter
    if any(dimension == PURCHASE_COUNT for dimension, _ in ask.filters):
        raise FilterByCount


def _not_understood(ask: Ask) -> NotUnderstood:
    typed, near = ask.unknown[0]
    commands = tuple(ask.raw.replace(typed, word, 1) if typed in ask.raw else word for word in near)
    return NotUnderstood(word=typed, nearest=commands)


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
            if ask.subcommand != "gap" and open_from <= ask.period.last:
                yield language.say("answer.not_matured", day=max(open_from, ask.period.start), within=WITHIN_DAYS)
