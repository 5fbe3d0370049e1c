"""What moved since the same weekday last week, why, and what to do today?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from bot.language import Language
from bot.present.label import dimension_name, label_name
from metrics.alert import MINIMUM, Status
from metrics.day import zone
from metrics.estimate import Estimate
from metrics.report import Report, SegmentRow
from metrics.segment import COHORT_MONTH, PURCHASE_COUNT

NOT_COMPARABLE = frozenset({PURCHASE_COUNT, COHORT_MONTH})
"""Dimensions whose rows are not the same first-time buyers a week apart."""
WORTH_SAYING = 0.01
ANOTHER_LEVEL = 0.02
STALE_DAYS = 2


@dataclass(frozen=True, slots=True)
class Mover:
    """A segment whose rate moved, and by how many repeat buyers of its present size."""

    dimension: str
    row: SegmentRow
    buyers: float
    points: float


def week(report: Report, language: Language) -> str:
    """One sentence: the rate against the same weekday last week, in words."""
    before, after = report.repeat.last_week.rate.value, report.repeat.now.rate.value
    weekday = language.weekday(report.basis.as_of + timedelta(days=1))
    if before is None or after is None or report.judgement.status is Status.TOO_FEW:
        return language.say("digest.week.none", weekday=weekday)
    return language.say(
        f"digest.week.{_direction(before, after, language)}",
        weekday=weekday,
        change=language.change(before, after),
        rate=language.percent(after),
    )


def why(report: Report, language: Language) -> str:
    """One sentence: chance, or the segment behind it; none where there is no week to compare with."""
    if report.judgement.status is Status.TOO_FEW:
        return _too_few(report, language)
    before, after = report.repeat.last_week.rate, report.repeat.now.rate
    if before.value is None or after.value is None:
        return ""
    direction = _direction(before.value, after.value, language)
    if _apart(before, after):
        most = next(iter(movers(report, down=direction == "down")), None)
        return (
            _said(f"digest.why.{direction}_most", most, language) if most else language.say(f"digest.why.{direction}")
        )
    fallen = next((m for m in movers(report, down=True) if _apart(m.row.last_week.rate, m.row.repeat.rate)), None)
    if fallen:
        return _said("digest.why.noise_but", fallen, language)
    pace = "calm" if direction == "same" else "noise"
    return _another_level(pace, report, language) or language.say(f"digest.why.{pace}")


def _another_level(pace: str, report: Report, language: Language) -> str:
    """A quiet week at another level than the first of the trend's weeks; empty where it is the same."""
    known = [point for point in report.repeat.trend if point.rate.value is not None and point.rate.n >= MINIMUM]
    if not known:
        return ""
    first, now = known[0].rate.value or 0.0, report.repeat.now.rate.value or 0.0
    if abs(now - first) < ANOTHER_LEVEL:
        return ""
    return language.say(
        f"digest.why.{pace}_{'lower' if now < first else 'higher'}",
        back=(report.basis.as_of - known[0].as_of).days // 7,
        first=language.percent(first),
        points=language.points(first, now).lstrip("+-"),
    )


def action(report: Report, language: Language) -> str:
    """One thing worth doing today."""
    newest = _stale_since(report)
    if newest:
        return language.say("digest.action.stale", day=language.day_short(newest))
    where = fallen_in(report)
    if where:
        return language.say("digest.action.look", dimension=dimension_name(where, language))
    entering, waiting = report.dormancy.today.entering, report.dormancy.now.pre_dormant
    if entering:
        return language.say("digest.action.entering", count=entering)
    if waiting:
        return language.say("digest.action.list", count=waiting)
    return language.say("digest.action.quiet")


def is_to_contact(report: Report) -> bool:
    """Whether today's action is to contact those about to go dormant."""
    return bool(report.dormancy.now.pre_dormant) and _stale_since(report) is None and fallen_in(report) is None


def _stale_since(report: Report) -> date | None:
    """The day of the newest order, where it is so old that the last days can hardly be complete."""
    newest_at = report.basis.quality.newest_at
    if newest_at is None:
        return None
    newest = newest_at.astimezone(zone(report.basis.zone)).date()
    return newest if (report.basis.as_of - newest).days >= STALE_DAYS else None


def fallen_in(report: Report) -> str | None:
    """The dimension to look at when the target is missed after a fall that is no chance."""
    if report.judgement.status is not Status.MISSED or not _apart(report.repeat.last_week.rate, report.repeat.now.rate):
        return None
    return next((mover.dimension for mover in movers(report, down=True)), None)


def movers(report: Report, *, down: bool) -> list[Mover]:
    """Segments that fell (or rose), the most repeat buyers first; hidden ones left out."""
    found = [
        Mover(table.dimension, row, (now - before) * row.repeat.rate.n, now - before)
        for table in report.segments
        if table.dimension not in NOT_COMPARABLE
        for row in table.rows
        if not row.hidden
        and (now := row.repeat.rate.value) is not None
        and (before := row.last_week.rate.value) is not None
    ]
    moved = [mover for mover in found if (mover.buyers < 0 if down else mover.buyers > 0)]
    return sorted(moved, key=lambda mover: (-abs(mover.buyers), mover.dimension, mover.row.label))


def lost(report: Report, language: Language, most: int = 3) -> list[str]:
    """The segments that lost most, each as チャネル「LINE」 15.0%→8.0%、-7.0pt; not those a hair down."""
    fallen = (mover for mover in movers(report, down=True) if mover.points <= -WORTH_SAYING)
    return [_said("segment.lost", mover, language) for mover in islice(fallen, most)]


def _said(key: str, mover: Mover, language: Language) -> str:
    return language.say(
        key,
        dimension=dimension_name(mover.dimension, language),
        label=label_name(mover.dimension, mover.row.label, language),
        change=language.change_inside(mover.row.last_week.rate.value, mover.row.repeat.rate.value),
    )


def _direction(before: float, after: float, language: Language) -> str:
    if language.percent(before) == language.percent(after):
        return "same"
    return "up" if after > before else "down"


def _apart(before: Estimate, after: Estimate) -> bool:
    """Whether the two intervals do not touch: more than chance."""
    if before.interval is None or after.interval is None:
        return False
    return before.interval[1] < after.interval[0] or after.interval[1] < before.interval[0]


def _too_few(report: Report, language: Language) -> str:
    needed = report.judgement.needs_n
    if needed is None or needed <= report.judgement.estimate.n:
        return language.say("digest.why.too_few_open")
    return language.say("digest.why.too_few", count=needed - report.judgement.estimate.n)
