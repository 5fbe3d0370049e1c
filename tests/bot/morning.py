"""Reports of invented mornings, written as plainly as a reader would say them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from metrics.alert import Judgement, Status
from metrics.change import OTHER, Group, kitagawa
from metrics.day import Span
from metrics.dormancy import AboutToGoDormant, Dormancy, IdleCounts, Movement
from metrics.estimate import NOTHING, Estimate, rate
from metrics.gap import Gap, ReturnedBy
from metrics.moved import Moved, MovedRow
from metrics.repeat import RatePoint, Repeat
from metrics.report import Basis, Quality, Report, SegmentRow, SegmentTable

AS_OF = date(2026, 11, 20)
"""A Friday: the message is of Saturday 21 November."""

QUALITY = Quality(
    orders=14_210,
    purchases=13_402,
    customers=6_012,
    dropped=(("excluded", 521), ("zero", 12), ("returned", 88), ("unidentified", 0), ("own_rule", 3)),
    merged=187,
    unidentified=9,
    firsts_in_burn_in=1_204,
    burn_in_days=365,
    burn_in_shortened=False,
    newest_at=datetime(2026, 11, 20, 14, 41, tzinfo=UTC),
    unknown_statuses=(("倉庫確認中", 4),),
)
BASIS = Basis(
    shop="すはだ本舗",
    zone="Asia/Tokyo",
    currency="JPY",
    as_of=AS_OF,
    known_at=None,
    start=date(2024, 11, 21),
    filters=(),
    rules=(),
    quality=QUALITY,
)
TREND = (180, 183, 179, 185, 190, 188, 186, 191, 189, 194, 197)
DROP = (204, 206, 203, 199, 201, 206, 202, 198, 207, 203, 200)


def point(k: int, n: int, as_of: date = AS_OF) -> RatePoint:
    """k of n first-time customers whose 30 days were over on that day."""
    return RatePoint(as_of, Span.ending(as_of - timedelta(days=30), 28), rate(k, n))


def repeat(k: int, n: int, last_week: tuple[int, int], trend: tuple[int, ...] = TREND) -> Repeat:
    """The rate k/n; `trend`: earlier weeks in repeaters of 1,000."""
    weeks = [AS_OF - timedelta(days=7 * back) for back in range(12, -1, -1)]
    return Repeat(
        within=30,
        target=0.20,
        now=point(k, n),
        last_week=point(*last_week, AS_OF - timedelta(days=7)),
        before=point(*last_week, AS_OF - timedelta(days=28)),
        provisional=Estimate(0.211, 480),
        provisional_period=Span.ending(AS_OF, 28),
        trend=(
            *(point(share, 1000, day) for share, day in zip(trend, weeks[:-2], strict=True)),
            point(*last_week, AS_OF - timedelta(days=7)),
            point(k, n),
        ),
    )


def gap(median: float | None = 68.0, twenty: float | None = 29.0) -> Gap:
    """The gap's curve rises evenly to a half, or stays under it."""
    top = 0.55 if median else 0.41
    cohort = Span(date(2026, 5, 25), date(2026, 11, 21))
    closed = Span(date(2025, 11, 21), date(2026, 5, 25))
    return Gap(
        cohort=cohort,
        n=3_210,
        median_days=Estimate(median, 3_210, (61.0, 75.0) if median else None),
        days_to_20=Estimate(twenty, 3_210),
        returned=(
            ReturnedBy(30, Estimate(0.203, 3_210, (0.189, 0.218)), 2_104),
            ReturnedBy(60, Estimate(0.287, 3_210, (0.270, 0.305)), 1_433),
            ReturnedBy(90, Estimate(0.352, 3_210, (0.333, 0.372)), 902),
        ),
        rmst90_days=Estimate(70.4, 3_210),
        bounded_cohort=closed,
        bounded_mean_days=Estimate(46.2, 1_480),
        bounded_median_days=Estimate(38.0, 1_480),
        curve=tuple(round(top * day / 180, 4) for day in range(181)),
    )


DORMANCY = Dormancy(
    as_of=AS_OF,
    now=IdleCounts(2_870, 312, 2_830),
    last_week=IdleCounts(2_861, 298, 2_802),
    today=Movement(23, 12, 3, 1),
    week=Movement(141, 96, 22, 11),
    return_chance=(
        ("1", Estimate(0.061, 1_802, (0.051, 0.073))),
        ("2", Estimate(0.142, 604, (0.117, 0.172))),
        ("3-4", Estimate(0.228, 311, (0.185, 0.278))),
        ("5-9", Estimate(0.341, 88, (0.251, 0.445))),
        ("10+", Estimate(None, 17)),
    ),
)


def row(label: str, now: tuple[int, int], before: tuple[int, int], *, median: float | None = 60.0) -> SegmentRow:
    """A segment whose rate was `before` a week ago and is `now`."""
    n = now[1]
    return SegmentRow(
        label=label,
        customers=n * 4,
        hidden=n < 5,
        repeat=point(*now),
        last_week=point(*before, AS_OF - timedelta(days=7)),
        gap_median_days=Estimate(median, n),
        idle=IdleCounts(n * 2, n // 4, n),
        gap_days_to_20=Estimate(median and round(0.4 * median), n),
    )


CHANNELS = SegmentTable(
    "channel",
    (
        row("アフィリエイト", (18, 140), (25, 150), median=None),
        row("", (9, 52), (9, 50), median=88.0),
        row("検索広告", (61, 310), (57, 300)),
        row("LINE", (104, 412), (90, 405), median=41.0),
        row("ラジオ", (1, 3), (1, 4)),
    ),
    folded=2,
)
PRODUCTS = SegmentTable(
    "product",
    (row("薬用クレンジング", (22, 160), (24, 155)), row("美白美容液 お試し14日", (170, 757), (158, 754), median=52.0)),
    folded=0,
)


def report(found: Repeat, judgement: Judgement, **parts: object) -> Report:
    """A morning of that repeat rate; the rest is an ordinary morning."""
    usual = Report(BASIS, found, gap(), DORMANCY, judgement, (CHANNELS, PRODUCTS))
    return replace(usual, **parts)


def normal() -> Report:
    """On target, a little up on last week, within the margin of error."""
    found = repeat(186, 917, (165, 909))
    return report(found, Judgement(Status.REACHED, found.now.rate, 0.20, None, 0, None))


def below() -> Report:
    """Clearly under the target, and clearly down."""
    found = repeat(139, 922, (188, 918), DROP)
    channels = SegmentTable(
        "channel",
        (row("アフィリエイト", (31, 420), (78, 410), median=None), row("LINE", (108, 502), (110, 508), median=41.0)),
        folded=0,
    )
    judgement = Judgement(Status.MISSED, found.now.rate, 0.20, date(2026, 11, 14), 46, None)
    return report(found, judgement, segments=(channels, PRODUCTS))


def too_few() -> Report:
    """A small shop in its first months."""
    found = replace(
        repeat(3, 14, (2, 11)),
        provisional=Estimate(None, 14),
        trend=(replace(point(0, 0), as_of=AS_OF - timedelta(days=7)), point(3, 14)),
    )
    idle = Dormancy(AS_OF, IdleCounts(31, 0, 0), IdleCounts(25, 0, 0), Movement(0, 0, 0, 0), Movement(0, 0, 0, 0), ())
    quality = replace(QUALITY, orders=52, purchases=49, customers=31, dropped=(), merged=0, unidentified=0,
                      firsts_in_burn_in=8, burn_in_days=14, burn_in_shortened=True, unknown_statuses=())  # fmt: skip
    return report(
        found,
        Judgement(Status.TOO_FEW, found.now.rate, 0.20, None, 0, 230),
        gap=replace(gap(None, None), n=31),
        dormancy=idle,
        basis=replace(BASIS, quality=quality),
        segments=(SegmentTable("channel", (row("LINE", (3, 12), (2, 9), median=None), row("", (0, 2), (0, 2))), 0),),
    )


CANDIDATES = (
    AboutToGoDormant("id:1", 61, 6, 48_200, Estimate(0.341, 88, (0.251, 0.445)), 2_740.0),
    AboutToGoDormant("id:2", 75, 2, 11_960, Estimate(0.142, 604, (0.117, 0.172)), 849.0),
    AboutToGoDormant("id:3", 88, 12, 98_400, Estimate(None, 17), 0.0),
)


def watch() -> Report:
    """Below the target, but the interval still holds it."""
    found = repeat(176, 917, (181, 909))
    return report(found, Judgement(Status.WATCH, found.now.rate, 0.20, AS_OF, 8, None))


def unsaid(label: str, of: Estimate) -> SegmentRow:
    """A segment with an own rate too small to say."""
    usual = row(label, (6, 30), (6, 30))
    return replace(usual, repeat=replace(usual.repeat, rate=of), last_week=replace(usual.last_week, rate=NOTHING))


SMALL = SegmentTable(
    "region",
    (
        unsaid("四国", Estimate(None, 12, None, 1)),
        row("関東", (61, 310), (57, 300)),
        unsaid("離島", NOTHING),
        unsaid("北海道", rate(0, 0)),
    ),
    folded=0,
)
PURCHASE_COUNTS = SegmentTable(
    "purchase_count",
    (row("1", (186, 917), (165, 909)), row("3-4", (120, 400), (118, 399)), row("10+", (40, 60), (41, 61))),
    folded=0,
)
COHORT_MONTHS = SegmentTable(
    "cohort_month",
    tuple(
        replace(row(label, (k, 300), (k, 300)), idle=None)
        for label, k in (("2026-10", 61), ("2026-09", 58), ("2026-08", 55))
    ),
    folded=0,
)


def moved(*, split: bool = True) -> Moved:
    """The rate of 165 of 909 became 186 of 917; `split`: three channels and a fourth too small to say."""
    before, after = rate(165, 909), rate(186, 917)
    if not split:
        return Moved("all", before, after, (), 0)
    ends = {
        "LINE": ((90, 405), (104, 412)),
        "検索広告": ((57, 300), (61, 310)),
        "アフィリエイト": ((16, 180), (19, 165)),
        "other": ((2, 24), (2, 30)),
    }
    found = kitagawa(*({label: Group(side[i][1], side[i][0]) for label, side in ends.items()} for i in (0, 1)))
    assert found is not None
    rows = [
        MovedRow(part.label, *(rate(*side) for side in ends[part.label]), part.mix, part.rate) for part in found.parts
    ]
    rows.sort(key=lambda row: (row.label == OTHER, row.mix + row.rate))
    return Moved("channel", before, after, tuple(rows), 2, found.mix, found.rate)


def of_period(k: int, n: int) -> Report:
    """First purchases of September only: no last week, and the trend is another question's."""
    usual = normal()
    now = RatePoint(AS_OF, Span(date(2026, 9, 1), date(2026, 10, 1)), rate(k, n))
    status = Status.REACHED if n else Status.TOO_FEW
    judgement = Judgement(status, now.rate, 0.20, None, 0, None if n else 246)
    return replace(usual, repeat=replace(usual.repeat, now=now), judgement=judgement)
