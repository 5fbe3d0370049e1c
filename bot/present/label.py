"""What are a dimension and its labels called?"""

from __future__ import annotations

from datetime import date

from bot.language import Language
from metrics.segment import ALL, COHORT_MONTH, ENTRY, PRODUCT_ROLE, PURCHASE_COUNT, UNKNOWN_LABEL


def dimension_name(dimension: str, language: Language) -> str:
    """チャネル for channel; a shop's own column by its own name."""
    key = f"dimension.{dimension}"
    return language.say(key) if language.has(key) else dimension


def label_name(dimension: str, label: str, language: Language) -> str:
    """A segment's name as a reader knows it; the shop's own values stay as they are."""
    if dimension == ALL:
        return language.say("label.all")
    if label == UNKNOWN_LABEL:
        return language.say("label.unknown")
    if dimension == PURCHASE_COUNT:
        return _purchases(label, language)
    if dimension == COHORT_MONTH:
        return _month(label, language)
    if dimension in {ENTRY, PRODUCT_ROLE} and language.has(f"label.{dimension}.{label}"):
        return language.say(f"label.{dimension}.{label}")
    return label


def by(figure: str, dimension: str, language: Language) -> str:
    """The command that shows a figure by a dimension: リピート チャネル別."""
    command = language.say(f"command.{figure}")
    return language.say("command.by", figure=command, dimension=dimension_name(dimension, language))


def _purchases(label: str, language: Language) -> str:
    if label.endswith("+"):
        return language.say("label.purchases_or_more", times=label[:-1])
    low, _, high = label.partition("-")
    times = language.say("custom.range", low=low, high=high) if high else low
    return language.say("label.purchases", times=times)


def _month(label: str, language: Language) -> str:
    return language.month(date.fromisoformat(f"{label}-01"))
