"""Which channels get which digest, when and on which days?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import structlog

from bot.choices.chosen import BUSINESS, EVERY, Plan
from bot.delivery.clock import Calendar
from bot.delivery.morning import Target
from bot.settings import MAIN_DIGEST, WEEKDAYS
from metrics.day import zone
from metrics.problem import Problem

if TYPE_CHECKING:
    from bot.choices.effective import Effective
    from bot.settings import Settings

log = structlog.get_logger("asakai.choices")

Sees = Callable[[Plan], bool]
Ids = Callable[[Sequence[str]], tuple[str, ...]]


def targets(
    effective: Effective, ids: Ids, sees: Callable[[Plan], bool], *, strict: bool = False
) -> tuple[Target, ...]:
    """Every digest's channels, and the channels of alerts. `ids` knows channels by name.

    `sees`: whether the owner of a digest may still see figures. One digest whose channel cannot be
    found stops no other; `strict` raises its Problem instead.
    """
    found: list[Target] = []
    alerts = _alert_channels(effective.settings, ids, strict=strict)
    for plan in effective.plans:
        try:
            if not plan.paused and (not plan.owner or sees(plan)):
                found += _of_plan(plan, effective.settings, ids, alerts)
        except Problem as problem:
            if strict:
                raise
            log.warning("digest_left_out", name=plan.name, why=problem.key)
    there = {target.channel for target in found if target.alerts}
    return (*found, *_alerts(effective, [channel for channel in alerts if channel not in there]))


def _alert_channels(settings: Settings, ids: Ids, *, strict: bool) -> tuple[str, ...]:
    """Where alerts go; nowhere while a channel cannot be found, but the digests do."""
    try:
        return ids(settings.alert_channels) if settings.alert.enabled else ()
    except Problem as problem:
        if strict:
            raise
        log.warning("alerts_left_out", why=problem.key)
        return ()


def _of_plan(plan: Plan, settings: Settings, ids: Ids, alerts: Sequence[str]) -> Iterator[Target]:
    for channel in ids(plan.channels):
        yield Target(
            channel,
            plan.at,
            zone(plan.zone or settings.zone),
            calendar(plan, settings),
            alerts=plan.name == MAIN_DIGEST and channel in alerts,
            name=plan.name,
        )


def _alerts(effective: Effective, channels: Sequence[str]) -> Iterator[Target]:
    """Channels that get alerts but not the main digest, at the main digest's time."""
    settings = effective.settings
    main = effective.plan(MAIN_DIGEST) or Plan(MAIN_DIGEST, at=settings.digest.at)
    for channel in channels:
        yield Target(channel, main.at, zone(settings.zone), calendar(main, settings), digest=False)


def calendar(plan: Plan, settings: Settings) -> Calendar:
    """The days of a digest. Chosen weekdays count on public holidays too; company holidays are always off."""
    wanted = settings.digest
    if plan.days == BUSINESS:
        return Calendar(
            None if wanted.country == "none" else wanted.country,
            frozenset(wanted.company_holidays),
            frozenset(wanted.working_days),
        )
    only = None if plan.days == EVERY else frozenset(WEEKDAYS.index(day) for day in plan.days)
    working = frozenset(wanted.working_days) if only is None else frozenset()
    return Calendar(None, frozenset(wanted.company_holidays), working, every_day=True, weekdays=only)
