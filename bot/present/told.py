"""An episode on one morning: of what does its message speak, and what is its headline?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.language import Language
from bot.present.label import dimension_name
from bot.present.watched import goal, of_whom, shown, subject
from metrics.alert import Rule, Side, Standing, State, Track, Watching, is_beyond
from metrics.estimate import NOTHING, Estimate
from metrics.report import Report


@dataclass(frozen=True, slots=True)
class Told:
    """A rule's episode on one morning. `report`: the shop's figures where the rule is about everyone's repeat rate.

    `now`: in the shop's zone. `owner`: a person's id, or "". `target`: the shop's, which a threshold may be.
    """

    rule: Rule
    standing: Standing
    now: datetime
    report: Report | None = None
    owner: str = ""
    mention: str = ""
    target: float | None = None

    @property
    def state(self) -> State:
        """What a reader is told."""
        return self.standing.state(self.now)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The segments of the episode, the farthest beyond the threshold first."""
        sign = 1 if self.rule.side is Side.BELOW else -1
        shown = self.standing.firing or self.standing.tracks[:1]
        return tuple(sorted(shown, key=lambda track: (sign * (estimate_of(track).value or 0.0), track.label)))

    @property
    def first(self) -> Track:
        """The one that the headline names."""
        return next(iter(self.tracks), Track())

    @property
    def day(self) -> date:
        """The morning of the message."""
        return (self.standing.as_of or self.now.date() - timedelta(days=1)) + timedelta(days=1)


def headline_of(told: Told, language: Language) -> str:
    """What a notification says: the figure and how it stands, number first."""
    rule, track = told.rule, told.first
    day = language.day_short(told.day)
    if rule.watching is Watching.FRESHNESS:
        return language.say("alert.headline.freshness", count=int(estimate_of(track).value or 0), day=day)
    if len(told.tracks) > 1:
        key = "alert.headline.several_change" if rule.watching is Watching.CHANGE else "alert.headline.several"
        return language.say(
            f"{key}_{rule.side}" if rule.watching is not Watching.CHANGE else key,
            figure=subject(rule, None, language), dimension=dimension_name(rule.dimension, language),
            count=len(told.tracks), goal=goal(rule, told.target, language), day=day,
        )  # fmt: skip
    whom, value = subject(rule, track.label, language), shown(rule, estimate_of(track), language)
    if told.standing.why == "too_few":
        return language.say("alert.headline.unknown", figure=whom, n=estimate_of(track).n, day=day)
    if rule.watching is Watching.CHANGE:
        usual = shown(rule, track.seen.usual if track.seen else NOTHING, language)
        return language.say("alert.headline.change", figure=whom, value=value, usual=usual, day=day)
    key = f"alert.headline.{rule.side}" if is_beyond(rule, estimate_of(track)) else "alert.headline.back"
    of, to = of_whom(estimate_of(track), language), goal(rule, told.target, language)
    return language.say(key, figure=whom, value=value, goal=to, of=of, day=day)


def over_headline(told: Told, before: Standing, language: Language) -> str:
    """What a notification says once it is over."""
    rule, day = told.rule, language.day_short(told.day)
    ended = ended_of(told, before)
    if rule.watching is Watching.FRESHNESS:
        return language.say("alert.over.freshness", day=day)
    if len(ended) != 1:
        return language.say(
            "alert.over.several", figure=subject(rule, None, language), count=len(ended),
            dimension=dimension_name(rule.dimension, language), day=day,
        )  # fmt: skip
    whom, value = subject(rule, ended[0].label, language), shown(rule, estimate_of(ended[0]), language)
    if rule.watching is Watching.CHANGE:
        return language.say("alert.over.change", figure=whom, value=value, day=day)
    return language.say(
        f"alert.over.{rule.side}", figure=whom, value=value, goal=goal(rule, told.target, language),
        of=of_whom(estimate_of(ended[0]), language), day=day,
    )  # fmt: skip


def ended_of(told: Told, before: Standing) -> tuple[Track, ...]:
    """The segments of the episode that is over, as they are now."""
    named = {*before.told, *(track.label for track in before.firing)}
    return tuple(track for track in told.standing.tracks if track.label in named)


def estimate_of(track: Track) -> Estimate:
    """What is known of a segment now."""
    return track.seen.estimate if track.seen else NOTHING
