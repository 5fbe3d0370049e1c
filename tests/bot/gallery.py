"""Every kind of message on an invented morning, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.language import Language
from bot.page import Page
from bot.present import (
    acquisition,
    alert,
    backtest,
    compare,
    continuation,
    definition,
    digest,
    figure,
    help,  # noqa: A004  the page is called help
    ladder,
    measure,
    moved,
    nps,
    panel,
    problem,
    reactivation,
    rules,
    segment,
    side_by_side,
    source,
    waiting,
)
from bot.present.footing import echoed
from metrics.measure import Verdict
from metrics.report import Report
from metrics.segment import UnknownDimension
from tests.bot import alerts, beside, morning

SUBCOMMANDS = ("panel", "repeat", "gap", "dormant", "segment", "list", "definition", "rules", "help")
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
    "repeat": lambda it: figure.repeat(morning.below(), it),
    "repeat_too_few": lambda it: figure.repeat(morning.too_few(), it),
    "repeat_period": lambda it: figure.repeat(morning.of_period(61, 300), it),
    "repeat_period_nobody": lambda it: figure.repeat(morning.of_period(0, 0), it),
    "gap": lambda it: figure.gap(morning.normal(), it),
    "gap_not_reached": lambda it: figure.gap(unreached(), it),
    "dormant": lambda it: figure.dormant(morning.normal(), it),
    "list": lambda it: waiting.waiting(morning.CANDIDATES, PSEUDONYMS, morning.normal(), it),
    "list_empty": lambda it: waiting.waiting((), {}, morning.too_few(), it),
    "segment": lambda it: segment.segment(morning.CHANNELS, morning.normal(), it),
    "segment_gap": lambda it: segment.segment(morning.CHANNELS, morning.normal(), it, figure="gap"),
    "segment_dormant": lambda it: segment.segment(morning.CHANNELS, morning.normal(), it, figure="dormant"),
    "segment_few": lambda it: segment.segment(morning.SMALL, morning.normal(), it),
    "segment_purchase_count": lambda it: segment.segment(morning.PURCHASE_COUNTS, morning.normal(), it),
    "segment_cohort_month": lambda it: segment.segment(morning.COHORT_MONTHS, morning.normal(), it, figure="dormant"),
    "alert": lambda it: alert.alert(alerts.told(mention="S0TEAM0001"), it, calls=True),
    "alert_acknowledged": lambda it: alert.alert(alerts.told(of=alerts.ACKNOWLEDGED), it),
    "alert_muted": lambda it: alert.alert(alerts.told(of=alerts.MUTED), it),
    "alert_recovering": lambda it: alert.alert(alerts.told(alerts.SLOW, alerts.RECOVERING), it),
    "alert_cannot_judge": lambda it: alert.alert(alerts.told(of=alerts.STALE), it),
    "alert_too_few": lambda it: alert.alert(alerts.told(alerts.SLOW, alerts.TOO_FEW), it),
    "alert_error": lambda it: alert.alert(alerts.told(alerts.SLOW, alerts.ERROR), it),
    "alert_several": lambda it: alert.alert(alerts.told(alerts.BY_CHANNEL, alerts.SEVERAL), it),
    "alert_segment_by_point": lambda it: alert.alert(alerts.told(alerts.ONE_CHANNEL, alerts.LINE), it),
    "alert_change": lambda it: alert.alert(alerts.told(alerts.CHANGE, alerts.FALLEN), it),
    "alert_freshness": lambda it: alert.alert(alerts.told(alerts.FRESH, alerts.OLD), it),
    "alert_gap": lambda it: alert.alert(alerts.told(alerts.GAP, alerts.LONG), it),
    "alert_dormant": lambda it: alert.alert(alerts.told(alerts.DORMANT, alerts.MANY), it),
    "alert_over": lambda it: alert.over(
        replace(alerts.told(of=alerts.OVER), report=morning.normal()), alerts.ACKNOWLEDGED, it
    ),
    "alert_over_several": lambda it: alert.over(alerts.told(alerts.BY_CHANNEL, alerts.SEVERAL), alerts.SEVERAL, it),
    "alert_recovered": lambda it: alert.recovered(alerts.told(of=alerts.OVER), alerts.ACKNOWLEDGED, it),
    "alert_reminder": lambda it: alert.reminder(alerts.told(), it),
    "alert_spread": lambda it: alert.spread(
        alerts.told(alerts.BY_CHANNEL, alerts.SEVERAL), replace(alerts.SEVERAL, told=("LINE",)), it
    ),
    "alert_failed": lambda it: alert.failed(
        alerts.told(alerts.SLOW, alerts.ERROR), problem.sentence(UnknownDimension(name="x", known=("channel",)), it), it
    ),
    "alert_off": lambda it: alert.off("LINE", it),
    "rules": lambda it: rules.rules(alerts.LINES, alerts.NOW, it),
    "backtest": lambda it: backtest.backtest(alerts.RULE, alerts.BACKTEST, it, all_known=False),
    "backtest_none": lambda it: backtest.backtest(alerts.RULE, replace(alerts.BACKTEST, firings=(), replayed=0), it),
    **{
        f"definition_{topic}": lambda it, topic=topic: definition.definition(topic, other_rules(), it)
        for topic in (*definition.TOPICS, *definition.TERMS)
    },
    "definitions": lambda it: definition.definition(None, morning.normal(), it),
    "cpo": lambda it: acquisition.acquisition(beside.CPO, morning.normal().basis, it),
    "cpo_open": lambda it: acquisition.acquisition(beside.CPO_OPEN, other_rules().basis, it),
    "cpo_too_few": lambda it: acquisition.acquisition(beside.CPO_TOO_FEW, morning.normal().basis, it),
    "continuation": lambda it: continuation.continuation(beside.CONTINUATION, morning.normal().basis, it),
    "continuation_by": lambda it: continuation.continuation(beside.CONTINUATION_BY, other_rules().basis, it),
    "continuation_one": lambda it: continuation.continuation(beside.CONTINUATION_ONE, other_rules().basis, it),
    "continuation_too_few": lambda it: continuation.continuation(
        beside.CONTINUATION_TOO_FEW, morning.normal().basis, it
    ),
    "ladder": lambda it: ladder.ladder(beside.LADDER, morning.normal().basis, it),
    "ladder_short": lambda it: ladder.ladder(beside.LADDER_SHORT, other_rules().basis, it),
    "ladder_too_few": lambda it: ladder.ladder(beside.LADDER_TOO_FEW, morning.normal().basis, it),
    "measure": lambda it: measure.measure(beside.MEASURED, other_rules().basis, it),
    "measure_by": lambda it: measure.measure(beside.MEASURED_BY, morning.normal().basis, it),
    **{
        f"measure_{name}": lambda it, found=found: measure.measure(found, morning.normal().basis, it)
        for name, found in (
            ("none_sure", beside.MEASURED_NONE_SURE),
            ("not_yet", beside.MEASURED_NOT_YET),
            ("nothing", beside.MEASURED_NOTHING),
            *((f"only_{one}", beside.one(one)) for one in Verdict),
        )
    },
    "reactivation": lambda it: reactivation.reactivation(
        beside.REACTIVATION, beside.DORMANT_WAVES, other_rules().basis, it
    ),
    "reactivation_by": lambda it: reactivation.reactivation(
        beside.REACTIVATION_BY, beside.DORMANT_WAVES, morning.normal().basis, it
    ),
    "reactivation_too_few": lambda it: reactivation.reactivation(
        beside.REACTIVATION_TOO_FEW, None, morning.normal().basis, it
    ),
    "reactivation_nobody": lambda it: reactivation.reactivation(
        beside.REACTIVATION_NOBODY, None, morning.normal().basis, it
    ),
    "nps": lambda it: nps.nps(beside.NPS, other_rules().basis, it),
    "nps_by": lambda it: nps.nps(beside.NPS_BY_CHANNEL, morning.normal().basis, it),
    "nps_too_few": lambda it: nps.nps(beside.NPS_TOO_FEW, morning.normal().basis, it),
    "help": lambda it: help.usage(SUBCOMMANDS, DIMENSIONS, it),
    "help_dormant": lambda it: help.usage(SUBCOMMANDS, DIMENSIONS, it, topic="dormant"),
    "list_part": lambda it: waiting.waiting(morning.CANDIDATES[:2], PSEUDONYMS, morning.normal(), it),
    "source_digest": lambda it: source.source("digest", other_rules(), it),
    "source_repeat": lambda it: source.source("repeat", morning.normal(), it),
    "compare": lambda it: compare.repeat(morning.moved(split=False), morning.normal(), period_sides(it), it),
    "compare_by": lambda it: compare.repeat(morning.moved(), morning.normal(), period_sides(it), it),
    "compare_labels": lambda it: compare.repeat(
        morning.moved(split=False), morning.normal(), compare.Sides("label", "LINE", "ラジオ"), it
    ),
    "compare_gap": lambda it: side_by_side.gap(morning.normal(), unreached(), period_sides(it), it),
    "compare_gap_by": lambda it: side_by_side.gap(morning.normal(), morning.below(), period_sides(it), it, by=True),
    "compare_dormant": lambda it: side_by_side.dormant(morning.normal(), morning.too_few(), period_sides(it), it),
    "compare_dormant_by": lambda it: side_by_side.dormant(
        morning.normal(), morning.below(), period_sides(it), it, by=True
    ),
    "why": lambda it: moved.why(morning.moved(), morning.normal(), week_sides(it), it),
    "why_labels": lambda it: moved.why(morning.moved(), morning.normal(), compare.Sides("label", "LINE", "ラジオ"), it),
    "why_open": lambda it: moved.why(morning.moved(split=False), morning.normal(), week_sides(it), it),
    "panel": lambda it: panel.panel(morning.normal(), it),
    "problem": lambda it: problem.problem(MISTYPED, it, nearest=("リピート チャネル別",), asked="リピート チャンネ別"),
    "unknown_word": lambda it: problem.unknown_word(("りぴと",), ("リピート", "休眠"), it, asked="りぴと"),
    "unknown_words": lambda it: problem.unknown_word(("りぴと", "比較"), (), it, asked="りぴと 比較"),
    "bug": lambda it: problem.bug("7f3a91", it),
}

ASKED = {
    "repeat": "リピート",
    "repeat_period": "リピート 9月",
    "gap": "間隔",
    "dormant": "休眠",
    "segment": "チャネル別",
    "segment_gap": "間隔",
    "segment_dormant": "休眠",
    "segment_cohort_month": "月別",
    "definitions": "定義",
    "cpo": "CPO",
    "continuation": "間隔",
    "measure": "比較",
    "measure_by": "チャネル別",
    "nps": "NPS LINE",
    "nps_by": "チャネル別",
    "compare": "比較",
    "compare_by": "チャネル別",
    "compare_gap": "間隔",
    "why": "なぜ",
    "panel": "",
}
"""What was typed, where the page is an answer."""


def _answered(page: Callable[[Language], Page], asked: str) -> Callable[[Language], Page]:
    return lambda it: echoed(page(it), asked, it)


PAGES |= {name: _answered(PAGES[name], asked) for name, asked in ASKED.items()}
