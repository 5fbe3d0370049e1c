"""What the tables beside the orders said on the invented morning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from bot.desk import Desk
from metrics.acquisition import Acquired, Acquisition, Loose, Won
from metrics.day import Span, number
from metrics.estimate import Estimate, difference, rate
from metrics.measure import NOT_SAID, Effect, Measured, Sends, Verdict
from metrics.nps import After, Answers, Nps, Scores, score
from metrics.product_ladder import NEVER as NO_STEP
from metrics.product_ladder import Climbers, Ladder
from metrics.product_ladder import Step as Climb
from metrics.reactivation import Back, Histories, Reactivation
from metrics.segment import ALL, OTHER, PURCHASE_COUNT
from metrics.subscription import NEVER, Continuation, Contracts, Part, Step

AS_OF = date(2026, 11, 20)


def row(label: str, promoters: int, passives: int, detractors: int) -> tuple[str, Scores, object]:
    scores = Scores(promoters, passives, detractors)
    return label, scores, score(scores)


PROMOTERS, OTHERS = rate(61, 200), rate(52, 300)
NPS = Nps(
    as_of=AS_OF,
    span=Span.ending(AS_OF, 90),
    scores=Scores(120, 90, 90),
    now=score(Scores(120, 90, 90)),
    before=score(Scores(100, 100, 95)),
    dimension=PURCHASE_COUNT,
    rows=(row("1", 50, 60, 60), row("2", 60, 20, 20), row(OTHER, 5, 5, 5)),
    trend=tuple((AS_OF - timedelta(days=30 * back), score(Scores(100 + back, 100, 90))) for back in (5, 4, 3, 2, 1, 0)),
    after=After(Span.ending(date(2026, 10, 21), 365), PROMOTERS, OTHERS, difference(OTHERS, PROMOTERS)),
    strangers=3,
)
NPS_BY_CHANNEL = replace(
    NPS, dimension="channel", strangers=0, rows=(row("ラジオ", 50, 60, 60), row("LINE", 6, 6, 6), row("", 40, 0, 0)),
    after=replace(NPS.after, promoters=rate(60, 200), others=rate(89, 300),
                  difference=difference(rate(89, 300), rate(60, 200))),
)  # fmt: skip
NPS_TOO_FEW = replace(
    NPS, scores=Scores(1, 1, 1), now=score(Scores(1, 1, 1)), rows=(row(OTHER, 1, 1, 1),), trend=(),
    after=replace(NPS.after, promoters=rate(1, 2)),
)  # fmt: skip


COHORT = Span(date(2026, 5, 25), date(2026, 8, 23))


def won(channel: str, n: int, spend: int, value: float, payback: int | None) -> Won:
    if n < 30:
        return Won(channel, n, spend, spend / n if spend else None, Estimate(None, n), Estimate(None, n), None)
    mean = Estimate(value, n, (value - 500, value + 500))
    if not spend:
        return Won(channel, n, 0, None, mean, Estimate(None, n), None)
    cpo = spend / n
    surplus = Estimate(value - cpo, n, (value - 500 - cpo, value + 500 - cpo))
    return Won(channel, n, spend, cpo, mean, surplus, payback)


CPO = Acquisition(
    as_of=AS_OF, cohort=COHORT, horizon=90, less_goods=True, whole=won("all", 620, 1_240_000, 5_331.5, 25),
    channels=(
        won("ラジオ", 300, 1_860_000, 5_050.4, None),
        won("LINE", 200, 300_000, 5_565.0, 0),
        won("", 90, 0, 5_000.0, None),
        won(OTHER, 30, 60_000, 2_100.0, 61),
    ),
    loose=Loose(spend=(("検索広告", 34_000),)),
)  # fmt: skip
CPO_OPEN = replace(CPO, less_goods=False, channels=(won("ラジオ", 300, 1_500_000, 5_050.0, 88),), loose=Loose())
CPO_TOO_FEW = replace(CPO, whole=won("all", 4, 40_000, 0.0, None), channels=(won(OTHER, 4, 40_000, 0.0, None),))


CONTINUATION = Continuation(
    as_of=AS_OF, span=Span.ending(AS_OF, 365), counted=465,
    steps=(Step(1, rate(326, 465), 0.701, 40), Step(2, rate(289, 343), 0.591, 20), Step(3, rate(254, 296), 0.507, 3)),
    running=340, begun=51, ended=48, unlisted=2,
)  # fmt: skip
CONTINUATION_BY = replace(
    CONTINUATION, dimension="channel", unlisted=0,
    rows=(
        Part("ラジオ", 300, CONTINUATION.steps, 220), Part("LINE", 40, CONTINUATION.steps[:1], 30),
        Part("", 12, (), 8), Part(OTHER, 9, (), 6),
    ),
)  # fmt: skip
CONTINUATION_ONE = replace(CONTINUATION, steps=CONTINUATION.steps[:1], unlisted=0)
CONTINUATION_TOO_FEW = replace(CONTINUATION, counted=3, steps=(), running=3, begun=3, ended=0, unlisted=0)


def wave(name: str, day: date, got: tuple[int, int], held: tuple[int, int], verdict: Verdict, **more: object) -> Effect:
    of_got, of_held = rate(*got), rate(*held)
    usual: dict[str, object] = {
        "label": "", "cost": None, "per_extra": Estimate(None, got[1]), "needs_n": None, "waiting": 0,
        "span": Span.ending(day, 1),
    }  # fmt: skip
    rest = usual | more
    return Effect(name=name, got=of_got, held=of_held, difference=difference(of_held, of_got), verdict=verdict, **rest)  # type: ignore[arg-type]  # as the fields are


COUPON = wave(
    "2回目クーポン", date(2026, 9, 14), (115, 591), (15, 181), Verdict.MORE, cost=17_730,
    per_extra=Estimate(268.0, 591, (190.0, 555.0)),
)  # fmt: skip
WAVES = (
    wave("ポイント2倍", date(2026, 11, 10), (0, 0), (0, 0), Verdict.WAITING, waiting=3),
    wave(
        "<先行>セール",
        date(2026, 10, 19),
        (160, 1900),
        (0, 0),
        Verdict.NO_HOLD_OUT,
        span=Span.ending(date(2026, 10, 19), 4),
    ),
    wave("休眠DM", date(2026, 10, 4), (18, 1843), (4, 622), Verdict.OPEN),
    COUPON,
    wave("お試し", date(2026, 9, 1), (20, 100), (3, 12), Verdict.TOO_FEW, needs_n=1090),
    wave("値上げの案内", date(2026, 8, 1), (30, 300), (30, 100), Verdict.FEWER),
    wave("新商品", date(2026, 7, 10), (99, 860), (28, 287), Verdict.OPEN, needs_n=736),
)
MEASURED = Measured(AS_OF, Span.ending(AS_OF, 365), ALL, WAVES, (), strangers=4, torn=6)
MEASURED_BY = replace(
    MEASURED, dimension="channel", waves=(COUPON,), strangers=0, torn=0,
    rows=(
        replace(COUPON, label="ラジオ"),
        wave("2回目クーポン", date(2026, 9, 14), (20, 100), (3, 40), Verdict.OPEN, label="", needs_n=801),
        wave("2回目クーポン", date(2026, 9, 14), (2, 9), (1, 3), Verdict.TOO_FEW, label=OTHER, needs_n=900),
    ),
)  # fmt: skip
MEASURED_NONE_SURE = replace(MEASURED, waves=WAVES[1:3])
MEASURED_NOT_YET = replace(MEASURED, waves=WAVES[:2], strangers=0, torn=0)
MEASURED_NOTHING = replace(MEASURED, waves=(), strangers=0, torn=0)


def one(verdict: Verdict) -> Measured:
    """Only the wave of that verdict."""
    return replace(MEASURED, waves=(next(each for each in WAVES if each.verdict is verdict),), strangers=0, torn=0)


def back(label: str, customers: int, k: int, n: int, revenue: int, ago: int = 0) -> Back:
    return Back(label, Span.ending(AS_OF - timedelta(days=30 * ago), 30), customers, rate(k, n), revenue)


RETURNS = tuple(
    back("", n, n - 1, 700 + n, 4_200 * n, ago) for ago, n in enumerate((16, 19, 3, 22, 25, 31))
)  # fmt: skip
REACTIVATION = Reactivation(AS_OF, ALL, RETURNS[0], (), RETURNS[::-1])
REACTIVATION_BY = replace(
    REACTIVATION, dimension="channel",
    rows=(
        back("ラジオ", 9, 9, 400, 41_000), back("LINE", 6, 5, 280, 19_000), back("", 1, 1, 36, 7_200),
        back(OTHER, 0, 0, 8, 0),
    ),
)  # fmt: skip
REACTIVATION_TOO_FEW = replace(REACTIVATION, whole=back("", 3, 3, 20, 9_000), trend=(back("", 3, 3, 20, 9_000),))
REACTIVATION_NOBODY = replace(REACTIVATION, whole=back("", 0, 0, 0, 0), trend=())
DORMANT_WAVES = replace(MEASURED, waves=(replace(COUPON, name="休眠DM"), WAVES[1]), strangers=0, torn=0)


def step(start: str, end: str, k: int, n: int, days: int | None) -> Climb:
    return Climb(start, end, rate(k, n) if n >= 30 else Estimate(None, n, k=k), days)


LADDER = Ladder(
    AS_OF, Span.ending(date(2026, 5, 24), 365), 180,
    (
        step("front", "middle", 412, 1_520, 34), step("front", "back", 61, 1_520, 96),
        step("middle", "back", 48, 377, 71),
    ),
)  # fmt: skip
LADDER_SHORT = replace(
    LADDER, horizon=90,
    steps=(
        step("front", "middle", 9, 40, None), step("front", "back", 0, 40, None),
        step("middle", "back", 1, 4, None),
    ),
)  # fmt: skip
LADDER_TOO_FEW = replace(
    LADDER,
    steps=(
        step("front", "middle", 3, 12, None), step("front", "back", 0, 12, None),
        step("middle", "back", 0, 0, None),
    ),
)  # fmt: skip


class FakeFurther:
    """Tables beside the orders of a shop: sixty customers answered, one a day; eighty were won for 1,000 yen each."""

    def contracts(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Contracts:
        first, second = number(AS_OF) - 100, number(AS_OF) - 70
        contract = np.sort(np.append(np.arange(40), np.arange(30)))
        place = np.append(np.tile([1, 2], 30), np.ones(10, np.int64))
        ended = np.full(40, NEVER)
        return Contracts(np.full(40, first), ended, contract, place, np.where(place == 1, first, second), 0,
                         np.arange(40) % 2, ("LINE", "ラジオ"))  # fmt: skip

    def climbers(self, as_of: date) -> Climbers:
        front = np.full(60, number(AS_OF) - 250)
        middle = np.where(np.arange(60) < 40, front + 20, NO_STEP)
        back = np.where(np.arange(60) < 10, front + 50, NO_STEP)
        return Climbers(front, middle, back, back)

    def spend_days(self) -> Span:
        return Span(date(2026, 1, 1), date(2026, 11, 21))

    def acquired(self, cohort: Span, horizon: int) -> Acquired:
        by_age = np.zeros((2, horizon + 1), np.int64)
        by_age[:, 0] = 40 * 1_500
        label = np.arange(80) % 2
        spend = (("LINE", 40_000), ("ラジオ", 40_000))
        return Acquired(cohort, horizon, ("LINE", "ラジオ"), label, np.full(80, 1_500), by_age, spend, less_goods=True)

    def histories(self, since: date, as_of: date, dimension: str, filters: Mapping[str, str]) -> Histories:
        who = np.repeat(np.arange(40), 2)
        day = number(AS_OF) - np.where(np.arange(80) % 2, who, who + 150)
        idle = np.where(np.arange(80) % 2, 150, 0)
        return Histories(
            who, day, idle, np.arange(80) % 2, np.ones(80, bool), np.full(80, 1_500), who % 2, ("LINE", "ラジオ")
        )

    def sends(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Sends:
        n = np.arange(120)
        return Sends(
            n % 2, n, number(AS_OF) - 35 - 10 * (n % 2), n % 3 == 0, np.where(n % 2, NOT_SAID, 30), 1 + n % 4,
            5 + n, np.where(n % 5, 0, 7), n % 2, ("DM", "クーポン"), ("LINE", "ラジオ"),
        )  # fmt: skip

    def answers(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Answers:
        n = np.arange(60)
        return Answers(n, number(AS_OF) - n, n % 11, 1 + n % 3, n % 40, n % 2, ("LINE", "ラジオ"))


def furnished(desk: Desk) -> Desk:
    """The desk, with tables beside the orders."""
    desk.further = FakeFurther()  # type: ignore[assignment]  # what it asks is there
    return desk
