"""Would customers recommend the shop, and do those who would come back more often?

NPS = 100 (p - d): promoters (推奨者) answer 9 or 10, passives 7 or 8, detractors (批判者) 0 to 6.
Of a customer who answered more than once within the time that is asked for, the last answer counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

import numpy as np

from metrics.alert import MINIMUM
from metrics.day import Span, number
from metrics.estimate import Z95, Estimate, difference, rate
from metrics.segment import BUCKETS, OTHER, PURCHASE_COUNT, too_small
from metrics.survival import Ints

WINDOWS = (90, 180, 365)
"""The window is the first of these, in days, that holds enough answers, else the last."""
ENOUGH = 200
PROMOTER, PASSIVE = 9, 7
SHOWN_FROM = 5
WITHIN_DAYS = 30
AFTER_DAYS = 365
STEPS, STEP_DAYS = 6, 30
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as arrays of equal length, sorted by customer and day.

    who: a number per customer; day: of the answer, as a number; bought: purchases up to and on it; back: days
    until the next purchase that was no renewal, 0 for none yet; label: of the customer, in `labels`,
    NOBODY where no order knows them.
    """

    who: Ints
    day: Ints
    score: Ints
    bought: Ints
    back: Ints
    label: Ints
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """How many answered what."""

    promoters: int
    passives: int
    detractors: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.promoters + self.passives + self.detractors


@dataclass(frozen=True, slots=True)
class After:
    """Who bought within 30 days after the answer, of those whose 30 days are over; promoters less others."""

    span: Span
    promoters: Estimate
    others: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Nps:
    """The score of a span, of as many days before it, by label, as it moved, and what came of it.

    trend: of as many days, by their last one, 30 days apart, oldest first.
    `strangers`: answers in it of people whom no order knows.
    """

    as_of: date
    span: Span
    scores: Scores
    now: Estimate
    before: Estimate
    dimension: str
    rows: tuple[tuple[str, Scores, Estimate], ...]
    trend: tuple[tuple[date, Estimate], ...]
    after: After
    strangers: int


def score(counted: Scores) -> Estimate:
    """p - d, from -1 to 1, with its 95 % interval; no value under 30 answers.

    Bonett, D. G. and Price, R. M. (2012), J. Educ. Behav. Stat. 37, 479-488: one more on each
    side, so that answers that all agree are not taken for certainty.
    """
    n = counted.n
    if n < MINIMUM:
        return Estimate(None, n)
    up, down = (counted.promoters + 1) / (n + 2), (counted.detractors + 1) / (n + 2)
    half = Z95 * sqrt((up + down - (up - down) ** 2) / (n + 2))
    value = (counted.promoters - counted.detractors) / n
    return Estimate(value, n, (max(-1.0, up - down - half), min(1.0, up - down + half)))


def nps(answers: Answers, as_of: date, period: Span | None = None, dimension: str = PURCHASE_COUNT) -> Nps:
    """The score as the morning after `as_of` knows it."""
    today = Span(date.min, as_of + timedelta(days=1))
    span = Span(period.start, min(period.end, today.end)) if period else _window(answers, as_of)
    here = _last_of_each(answers, span)
    scores = _scores(answers.score[here])
    before = _scores(answers.score[_last_of_each(answers, span.shifted(-span.days))])
    return Nps(
        as_of, span, scores, score(scores), score(before), dimension, _rows(answers, here, dimension),
        _trend(answers, span), _after(answers, as_of), int((answers.label[here] == NOBODY).sum()),
    )  # fmt: skip


def _window(answers: Answers, as_of: date) -> Span:
    for days in WINDOWS:
        span = Span.ending(as_of, days)
        if len(_last_of_each(answers, span)) >= ENOUGH:
            return span
    return Span.ending(as_of, WINDOWS[-1])


def _last_of_each(answers: Answers, span: Span) -> Ints:
    """Positions of each customer's last answer in the span."""
    inside = np.flatnonzero((answers.day >= number(span.start)) & (answers.day < number(span.end)))
    who = answers.who[inside]
    last: Ints = inside[np.append(who[1:] != who[:-1], True)[: len(inside)]]
    return last


def _scores(given: Ints) -> Scores:
    promoters, detractors = int((given >= PROMOTER).sum()), int((given < PASSIVE).sum())
    return Scores(promoters, len(given) - promoters - detractors, detractors)


def _rows(answers: Answers, here: Ints, dimension: str) -> tuple[tuple[str, Scores, Estimate], ...]:
    """By purchase count at the time of the answer, or by the customers' labels, most answers first."""
    known = here[answers.label[here] != NOBODY]
    if dimension == PURCHASE_COUNT:
        bought = answers.bought[known]
        groups = [
            (label, known[(bought >= least) & ((bought <= greatest) if greatest else True)])
            for label, least, greatest in BUCKETS
        ]
    else:
        groups = [(label, known[answers.label[known] == place]) for place, label in enumerate(answers.labels)]
        groups.sort(key=lambda group: (-len(group[1]), group[0]))
    groups = _folded([(label, at) for label, at in groups if len(at)])
    counted = [(label, _scores(answers.score[at])) for label, at in groups]
    return tuple((label, scores, score(scores)) for label, scores in counted)


def _folded(groups: list[tuple[str, Ints]]) -> list[tuple[str, Ints]]:
    """The groups, the smallest as one: nobody can be recognised in a row, nor by what the others leave."""
    small = too_small([len(at) for _, at in groups], SHOWN_FROM)
    shown = [group for place, group in enumerate(groups) if place not in small]
    return [*shown, (OTHER, np.concatenate([groups[place][1] for place in sorted(small)]))] if small else shown


def _trend(answers: Answers, span: Span) -> tuple[tuple[date, Estimate], ...]:
    spans = [span.shifted(-STEP_DAYS * back) for back in reversed(range(STEPS))]
    return tuple((each.last, score(_scores(answers.score[_last_of_each(answers, each)]))) for each in spans)


def _after(answers: Answers, as_of: date) -> After:
    span = Span.ending(as_of - timedelta(days=WITHIN_DAYS), AFTER_DAYS)
    here = _last_of_each(answers, span)
    here = here[answers.label[here] != NOBODY]
    back = (answers.back[here] >= 1) & (answers.back[here] <= WITHIN_DAYS)
    fans = answers.score[here] >= PROMOTER
    promoters, others = rate(int(back[fans].sum()), int(fans.sum())), rate(int(back[~fans].sum()), int((~fans).sum()))
    return After(span, promoters, others, difference(others, promoters))
