"""Which rules run: the one of `[alert]`, those of `[[alerts]]`, and those made in Slack?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.language import Language
from bot.present.watched import title
from bot.settings.watching import DEFAULT_RULE, AlertRule, is_share
from metrics.alert import MINIMUM, Rule, Side, Watching
from metrics.catalog import Unit
from metrics.problem import Problem
from metrics.watch import unit_of

if TYPE_CHECKING:
    from bot.settings import Settings


class UnknownRule(Problem):
    """No rule has that name."""

    key = "unknown_rule"


class Source(StrEnum):
    """Where a rule is written down."""

    BUILT_IN = "built_in"  # [alert]
    FILE = "file"  # [[alerts]]
    SLACK = "slack"  # the state database


@dataclass(frozen=True, slots=True)
class Watched:
    """A rule with what the figures do not care about: where it is said, who is called, whose it is."""

    rule: Rule
    channels: tuple[str, ...]
    mention: str = ""
    owner: str = ""
    source: Source = Source.FILE
    enabled: bool = True

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    @property
    def fingerprint(self) -> str:
        """The same for the same rule: another one begins anew."""
        return "|".join(str(value) for value in asdict(self.rule).values())


def watched_of(written: AlertRule, settings: Settings, source: Source, owner: str = "") -> Watched:
    """A rule as it is written, with the shop's defaults filled in."""
    rule = Rule(
        written.name,
        written.figure,
        Watching(written.watch),
        written.dimension,
        written.label,
        Side.ABOVE if written.watch == "freshness" else Side(written.side),
        _threshold(written, settings),
        written.back,
        written.judge,
        written.bad,
        written.of,
        written.good,
        0,
        written.remind_days,
        written.rest_days,
        written.evaluate,
        0 if written.watch == "freshness" else 2,
    )
    rule = _with_minimum(rule, written.minimum)
    channels = written.channels or settings.alert_channels
    return Watched(rule, channels, written.mention, written.owner or owner, source, written.enabled)


def _threshold(written: AlertRule, settings: Settings) -> float:
    if written.threshold is not None:
        return written.threshold
    return settings.target if is_share(written.watch, written.figure) else 0.0


def _with_minimum(rule: Rule, minimum: int | None) -> Rule:
    """Shares and days of too few customers are not judged; a number of customers has no such number behind it."""
    usual = MINIMUM if unit_of(rule) in {Unit.SHARE, Unit.DAYS} and rule.watching is Watching.THRESHOLD else 0
    return replace(rule, minimum=usual if minimum is None else minimum)


def built_in(settings: Settings) -> Watched:
    """The rule that every shop has: the 30-day repeat rate of everyone."""
    alert = settings.alert
    rule = Rule(DEFAULT_RULE, threshold=settings.threshold, judge=alert.judge, remind_days=alert.remind_days)
    return Watched(rule, settings.alert_channels, alert.mention, "", Source.BUILT_IN, alert.enabled)


def every_rule(settings: Settings, stored: Iterable[tuple[AlertRule, str]]) -> tuple[Watched, ...]:
    """All rules; of two with one name the one in the file counts. `stored`: rules made in Slack and by whom."""
    return tuple(_every(settings, stored))


def _every(settings: Settings, stored: Iterable[tuple[AlertRule, str]]) -> Iterator[Watched]:
    yield built_in(settings)
    taken = {DEFAULT_RULE}
    for written in settings.alerts:
        taken.add(written.name)
        yield watched_of(written, settings, Source.FILE)
    for written, owner in stored:
        if written.name not in taken:
            yield watched_of(written, settings, Source.SLACK, owner)


def named(rules: Iterable[Watched], name: str) -> Watched:
    """The rule of that name, or of what it is called in a list; raises UnknownRule with the nearest ones."""
    from rapidfuzz import process  # noqa: PLC0415  only where a name was mistyped

    known = {one.name: one for one in rules}
    if DEFAULT_RULE in known:
        known = {title(DEFAULT_RULE, Language.of(code)): known[DEFAULT_RULE] for code in ("ja", "en")} | known
    if name in known:
        return known[name]
    folded = {each.casefold(): one for each, one in known.items()}
    if name.casefold() in folded:
        return folded[name.casefold()]
    near = tuple(str(found[0]) for found in process.extract(name, list(known), limit=2))
    raise UnknownRule(name=name, nearest=near)
