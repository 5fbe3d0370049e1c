"""Every kind of message on an invented morning, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from bot.language import Language
from bot.page import Page
from bot.present import (
    alert,
    compare,
    definition,
    digest,
    figure,
    help,  # noqa: A004  the page is called help
    moved,
    panel,
    problem,
    segment,
    side_by_side,
    source,
    waiting,
)
from metrics.report import Report
from metrics.segment import UnknownDimension
from tests.bot import morning

SUBCOMMANDS = ("panel", "repeat", "gap", "dormant", "segment", "list", "definition", "help")
DIMENSIONS = ("channel", "region", "product", "purchase_count", "cohort_month", "entry", "広告媒体")


def other_rules() -> Report:
    """An ordinary morning of a shop that counts otherwise, asked about LINE only."""
    usual = morning.normal()
    rules = (("same_day", "separate"), ("burn_in_days", "180"), ("excluded", "('x',)"), ("new_rule", "1"))
    return replace(usual, basis=replace(usual.basis, rules=rules, filters=(("channel", "LINE"),)))


def unreached() -> Report:
    """Fewer than half of the first buyers come back within the horizon."""
    return replace(morning.normal(), gap=morning.gap(None, None))


PSEUDONYMS = {"id:1": "お客様 7F3A", "id:2": "お客様 91BC", "id:3": "お客様 04D2"}
MISTYPED = UnknownDimension(name="チャンネ", known=("channel", "region", "広告媒体"))


def week_sides(it: Language) -> compare.Sides:
    return compare.Sides("week", it.say("compare.now"), it.say("compare.last_week", weekday=it.weekday(morning.AS_OF)))


def period_sides(it: Language) -> compare.Sides:
    return compare.Sides("before", it.say("compare.now"), it.say("compare.period_before"))


PAGES: dict[str, Callable[[Language], Page]] = {
    "digest": lambda it: digest.digest(morning.normal(), it),
    "digest_below": lambda it: digest.digest(morning.below(), it),
    "digest_too_few": lambda it: digest.digest(morning.too_few(), it),
    "digest_other_rules": lambda it: digest.digest(other_rules(), it),
    "repeat": lambda it: figure.repeat(morning.below(), it, asked="リピート"),
    "repeat_too_few": lambda it: figure.repeat(morning.too_few(), it),
    "repeat_period": lambda it: figure.repeat(morning.of_period(61, 300), it, asked="リピート 9月"),
    "repeat_period_nobody": lambda it: figure.repeat(morning.of_period(0, 0), it),
    "gap": lambda it: figure.gap(morning.normal(), it, asked="間隔"),
    "gap_not_reached": lambda it: figure.gap(unreached(), it),
    "dormant": lambda it: figure.dormant(morning.normal(), it, asked="休眠"),
    "list": lambda it: waiting.waiting(morning.CANDIDATES, PSEUDONYMS, morning.normal(), it),
    "list_empty": lambda it: waiting.waiting((), {}, morning.too_few(), it),
    "segment": lambda it: segment.segment(morning.CHANNELS, morning.normal(), it, asked="チャネル別"),
    "segment_gap": lambda it: segment.segment(morning.CHANNELS, morning.normal(), it, figure="gap", asked="間隔"),
    "segment_dormant": lambda it: segment.segment(
        morning.CHANNELS, morning.normal(), it, figure="dormant", asked="休眠"
    ),
    "segment_few": lambda it: segment.segment(morning.SMALL, morning.normal(), it),
    "segment_purchase_count": lambda it: segment.segment(morning.PURCHASE_COUNTS, morning.normal(), it),
    "segment_cohort_month": lambda it: segment.segment(
        morning.COHORT_MONTHS, morning.normal(), it, figure="dormant", asked="月別"
    ),
    "alert": lambda it: alert.alert(morning.below().judgement, morning.below(), it),
    "alert_by_point": lambda it: alert.alert(morning.watch().judgement, morning.watch(), it),
    "recovered": lambda it: alert.recovered(morning.normal().judgement, date(2026, 11, 14), morning.normal(), it),
    **{
        f"definition_{topic}": lambda it, topic=topic: definition.definition(topic, other_rules(), it)
        for topic in (*definition.TOPICS, *definition.TERMS)
    },
    "definitions": lambda it: definition.definition(None, morning.normal(), it, asked="定義"),
    "help": lambda it: help.usage(SUBCOMMANDS, DIMENSIONS, it),
    "help_dormant": lambda it: help.usage(SUBCOMMANDS, DIMENSIONS, it, topic="dormant"),
    "list_part": lambda it: waiting.waiting(morning.CANDIDATES[:2], PSEUDONYMS, morning.normal(), it),
    "source_digest": lambda it: source.source("digest", other_rules(), it),
    "source_repeat": lambda it: source.source("repeat", morning.normal(), it),
    "compare": lambda it: compare.repeat(
        morning.moved(split=False), morning.normal(), period_sides(it), it, asked="比較"
    ),
    "compare_by": lambda it: compare.repeat(
        morning.moved(), morning.normal(), period_sides(it), it, asked="チャネル別"
    ),
    "compare_labels": lambda it: compare.repeat(
        morning.moved(split=False), morning.normal(), compare.Sides("label", "LINE", "ラジオ"), it
    ),
    "compare_gap": lambda it: side_by_side.gap(morning.normal(), unreached(), period_sides(it), it, asked="間隔"),
    "compare_gap_by": lambda it: side_by_side.gap(morning.normal(), morning.below(), period_sides(it), it, by=True),
    "compare_dormant": lambda it: side_by_side.dormant(morning.normal(), morning.too_few(), period_sides(it), it),
    "compare_dormant_by": lambda it: side_by_side.dormant(
        morning.normal(), morning.below(), period_sides(it), it, by=True
    ),
    "why": lambda it: moved.why(morning.moved(), morning.normal(), week_sides(it), it, asked="なぜ"),
    "why_labels": lambda it: moved.why(morning.moved(), morning.normal(), compare.Sides("label", "LINE", "ラジオ"), it),
    "why_open": lambda it: moved.why(morning.moved(split=False), morning.normal(), week_sides(it), it),
    "panel": lambda it: panel.panel(morning.normal(), it),
    "problem": lambda it: problem.problem(MISTYPED, it, nearest=("リピート チャネル別",), asked="リピート チャンネ別"),
    "unknown_word": lambda it: problem.unknown_word("りぴと", it, nearest=("リピート", "休眠"), asked="りぴと"),
    "bug": lambda it: problem.bug("7f3a91", it),
}
