"""How many customers may be named? Under five only that it is under five."""

from __future__ import annotations

from bot.language import Language
from metrics.estimate import Estimate
from metrics.table import SHOWN_FROM


def is_few(n: int) -> bool:
    """Whether so few stand behind a figure that somebody could be recognised."""
    return 0 < n < SHOWN_FROM


def people(n: int, language: Language) -> str:
    """917人; 5人未満."""
    return language.say("common.few_customers") if is_few(n) else language.say("common.customers", count=n)


def count(n: int, language: Language) -> object:
    """917, for a sentence that says what is counted; <5."""
    return language.say("custom.few") if is_few(n) else n


def of(rate: Estimate, language: Language) -> str:
    """917人中186人; 5人未満."""
    if is_few(rate.n):
        return language.say("common.few_customers")
    return language.say("common.of", k=rate.k or 0, n=rate.n)
