"""Which channels get which digest, when and on which days?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import structlog

from bot.choices.chosen import BUSINESS, EVERY, Plan
from bot.delivery.clock import Calendar
from bot.delivery.morning import Target
from bot.settings import WEEKDAYS
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
    """Every digest's channels. `ids` knows channels by name.

    `sees`: whether the owner of a digest may still see figures. One digest whose channel cannot be
    found stops no other; `strict` raises its Problem instead.
    """
    found: list[Target] = []
    if strict and effective.settings.alert.enabled:
        ids(effective.settings.alert_channels)
    for plan in effective.plans:
        try:
            if not plan.paused and (not plan.owner or sees(plan)):
                found += _of_plan(plan, effective.settings, ids)
        except Problem as problem:
            if strict:
                raise
            log.warning("digest_left_out", name=plan.name, why=problem.key)
    return tuple(found)


def _of_plan(plan: Plan, settings: Settings, ids: Ids) -> Iterator[Target]:
    for channel in ids(plan.channels):
        yield Target(
            channel,
            plan.at,
            zone(plan.zone or settings.zone),
            calendar(plan, settings),
            name=plan.name,
            since=plan.mark.at if plan.mark else None,
        )


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
