"""What is a rule about, in words: its figure, its segment, its threshold, and why it matters?"""

from __future__ import annotations

from bot.language import Language
from bot.present.label import dimension_name, label_name
from bot.settings.watching import DEFAULT_RULE
from metrics.alert import Rule, Side, Track, Watching
from metrics.catalog import Unit
from metrics.estimate import NOTHING, Estimate
from metrics.segment import ALL
from metrics.watch import unit_of

_TOPICS = {"repeat": "repeat", "repeat_provisional": "provisional"}


def topic_of(rule: Rule) -> str:
    """Which definition belongs to the rule."""
    if rule.figure.startswith("gap"):
        return "gap"
    return _TOPICS.get(rule.figure, "dormant") if rule.watching is not Watching.FRESHNESS else "repeat"


def title(rule: str, language: Language) -> str:
    """A rule's name as it is shown: the one that every shop has is called something in each language."""
    return language.say("rules.standard") if rule == DEFAULT_RULE else rule


def figure_name(rule: Rule, language: Language) -> str:
    """30日以内リピート率."""
    return language.say("watched.freshness" if rule.watching is Watching.FRESHNESS else f"watched.{rule.figure}")


def subject(rule: Rule, label: str | None, language: Language) -> str:
    """チャネル「LINE」の30日以内リピート率; of everyone only the figure's name."""
    if rule.dimension == ALL or label is None:
        return figure_name(rule, language)
    return language.say(
        "alert.of_segment",
        dimension=dimension_name(rule.dimension, language),
        label=label_name(rule.dimension, label, language),
        figure=figure_name(rule, language),
    )


def shown(rule: Rule, found: Estimate, language: Language, *, goal: bool = False) -> str:
    """A value in the unit of the rule's figure; `goal`: without decimals that say nothing."""
    if found.value is None:
        return language.say("custom.none")
    match unit_of(rule):
        case Unit.SHARE:
            return language.target(found.value) if goal else language.percent_against(found.value, rule.threshold)
        case Unit.DAYS:
            return language.days(found.value)
        case _:
            return language.say("common.customers", count=round(found.value))


def interval_of(rule: Rule, found: Estimate, language: Language) -> str:
    """12.9〜17.5%, 61〜75日."""
    if found.interval is None or unit_of(rule) is Unit.SHARE:
        return language.interval(found.interval)
    low, high = found.interval
    return language.say("custom.range", low=language.number(low), high=shown(rule, Estimate(high, 0), language))


def goal(rule: Rule, target: float | None, language: Language) -> str:
    """目標20%, 基準15%."""
    is_target = target is not None and rule.threshold == target and unit_of(rule) is Unit.SHARE
    value = shown(rule, Estimate(rule.threshold, 0), language, goal=True)
    return language.say("alert.goal.target" if is_target else "alert.goal.threshold", value=value)


def of_whom(found: Estimate, language: Language) -> str:
    """（139/922人）; nothing where there is no such number."""
    return language.say("alert.of", k=found.k, n=found.n) if found.k is not None else ""


def said(rule: Rule, track: Track, language: Language) -> str:
    """・LINE 11.0%（46/418人）."""
    found = track.seen.estimate if track.seen else NOTHING
    label = label_name(rule.dimension, track.label, language)
    return language.say(
        "alert.lost_item",
        segment=f"{label} {shown(rule, found, language)}{of_whom(found, language)}",
    )


def why_of(rule: Rule, language: Language) -> str:
    """Why it matters."""
    if rule.watching is Watching.FRESHNESS:
        return language.say("alert.why.freshness")
    if rule.figure.startswith("gap_returned") or unit_of(rule) is Unit.SHARE:
        return language.say("alert.why.repeat")
    return language.say("alert.why.gap" if unit_of(rule) is Unit.DAYS else "alert.why.customers")


def condition(rule: Rule, language: Language) -> str:
    """When the rule fires, in one phrase: 20%を下回ったら（誤差の幅ごと、直近3回中2回）."""
    if rule.watching is Watching.CHANGE:
        return language.say("watched.when.change")
    value = shown(rule, Estimate(rule.threshold, 0), language, goal=True)
    if rule.watching is Watching.FRESHNESS:
        return language.say("watched.when.above", value=value)
    when = language.say(f"watched.when.{Side(rule.side).value}", value=value)
    more = [language.say(f"watched.by.{rule.judge}")] if unit_of(rule) is Unit.SHARE else []
    if rule.of > 1:
        more.append(language.say("watched.of", bad=rule.bad, of=rule.of))
    return when if not more else language.say("watched.with", when=when, more=more)
