"""What is the answer to a question about what counts alone do not say: tables beside the orders, and returns?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.onward import with_ways
from bot.present import acquisition as acquisition_page
from bot.present import continuation as continuation_page
from bot.present import ladder as ladder_page
from bot.present import measure as measure_page
from bot.present import nps as nps_page
from bot.present import reactivation as reactivation_page
from metrics.segment import ALL, PURCHASE_COUNT

if TYPE_CHECKING:
    from bot.page import Page
    from bot.question import Question


def nps(question: Question) -> Page:
    """What customers answered."""
    ask, figures = question.ask, question.figures
    found = figures.annex.nps(question.as_of, ask.period, ask.dimension or PURCHASE_COUNT, ask.filters)
    basis = figures.basis(question.as_of, ask.filters)
    return with_ways(nps_page.nps(found, basis, question.language), question)


def continuation(question: Question) -> Page:
    """How many subscriptions go on."""
    ask, figures = question.ask, question.figures
    found = figures.annex.continuation(question.as_of, ask.period, ask.dimension or ALL, ask.filters)
    page = continuation_page.continuation(found, figures.basis(question.as_of, ask.filters), question.language)
    return with_ways(page, question)


def ladder(question: Question) -> Page:
    """How many step from a front product to the next ones."""
    ask, figures = question.ask, question.figures
    found = figures.annex.ladder(question.as_of, ask.period, ask.days)
    page = ladder_page.ladder(found, figures.basis(question.as_of), question.language)
    return with_ways(page, question)


def cpo(question: Question) -> Page:
    """What a new customer costs and brings in."""
    ask, figures = question.ask, question.figures
    found = figures.annex.acquisition(question.as_of, ask.period, ask.days)
    page = acquisition_page.acquisition(found, figures.basis(question.as_of), question.language)
    return with_ways(page, question)


def measure(question: Question) -> Page:
    """Whether mails and coupons made customers buy."""
    ask, figures = question.ask, question.figures
    found = figures.annex.measured(question.as_of, ask.period, ask.dimension or ALL, ask.filters)
    basis = figures.basis(question.as_of, ask.filters)
    return with_ways(measure_page.measure(found, basis, question.language), question)


def reactivation(question: Question) -> Page:
    """How many dormant customers came back."""
    ask, figures = question.ask, question.figures
    found, sent = figures.annex.reactivation(question.as_of, ask.period, ask.dimension or ALL, ask.filters)
    basis = figures.basis(question.as_of, ask.filters)
    page = reactivation_page.reactivation(found, sent, basis, question.language)
    return with_ways(page, question)
