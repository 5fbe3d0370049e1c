"""What the tables beside the orders said on the invented morning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from bot.desk import Desk
from metrics.day import Span, number
from metrics.estimate import difference, rate
from metrics.nps import After, Answers, Nps, Scores, score
from metrics.segment import OTHER, PURCHASE_COUNT

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


class FakeFurther:
    """Tables beside the orders of a shop: sixty customers answered, one a day."""

    def answers(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Answers:
        n = np.arange(60)
        return Answers(n, number(AS_OF) - n, n % 11, 1 + n % 3, n % 40, n % 2, ("LINE", "ラジオ"))


def furnished(desk: Desk) -> Desk:
    """The desk, with tables beside the orders."""
    desk.further = FakeFurther()  # type: ignore[assignment]  # what it asks is there
    return desk
