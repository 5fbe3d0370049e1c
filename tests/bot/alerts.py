"""Rules' episodes on invented mornings: what each kind of alert is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.present.rules import RuleLine
from bot.present.told import Told
from metrics.alert import News, Rule, Seen, Side, Standing, State, Track, Watching
from metrics.backtest import Backtest, Firing
from metrics.day import Span
from metrics.estimate import Estimate, rate
from tests.bot import morning

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 21, 8, 31, tzinfo=TOKYO)
SINCE = date(2026, 11, 14)
RULE = Rule("repeat")


def track(found: Estimate, label: str = "", state: State = State.FIRING, **more: object) -> Track:
    return Track(label, state, (True,), since=SINCE, seen=Seen(label, found), **more)  # type: ignore[arg-type]


def standing(*tracks: Track, **more: object) -> Standing:
    usual = Standing(
        tracks or (track(rate(139, 922)),), morning.AS_OF, episode=3, told=tuple(one.label for one in tracks) or ("",),
        announced_at=NOW - timedelta(days=1), spoke_at=NOW - timedelta(days=1), began_on=SINCE,
    )  # fmt: skip
    return replace(usual, **more)  # type: ignore[arg-type]


def told(rule: Rule = RULE, of: Standing | None = None, **more: object) -> Told:
    report = morning.below() if rule == RULE else None
    return Told(rule, of or standing(), NOW, report, target=0.2, **more)  # type: ignore[arg-type]


ACKNOWLEDGED = standing(acknowledged_by="U0SATO0001", acknowledged_at=NOW.replace(hour=9, minute=12))
MUTED = standing(muted_until=datetime(2026, 11, 25, 0, 0, tzinfo=TOKYO), muted_by="U0SUZUKI01")
STALE = standing(trouble=State.CANNOT_JUDGE, why="stale")
TOO_FEW = standing(track(rate(3, 14)), trouble=State.CANNOT_JUDGE, why="too_few")
ERROR = standing(trouble=State.ERROR, why="no_store")
SLOW = replace(RULE, good=3, bad=2, of=3)
RECOVERING = standing(track(rate(186, 917), state=State.RECOVERING, good=1))
BY_CHANNEL = Rule("by channel", dimension="channel", threshold=0.15)
SEVERAL = standing(track(rate(31, 420), "アフィリエイト"), track(rate(46, 418), "LINE"))
ONE_CHANNEL = Rule("LINE", dimension="channel", label="LINE", threshold=0.15, judge="point")
LINE = standing(track(rate(60, 418), "LINE"))
CHANGE = Rule("change", watching=Watching.CHANGE)
FALLEN = standing(
    Track("", State.FIRING, (True,), since=SINCE, score=6.0, seen=Seen("", rate(41, 288), 0.2, 5.5, rate(402, 2001)))
)
FRESH = Rule("no orders", watching=Watching.FRESHNESS, side=Side.ABOVE, threshold=2.0, minimum=0)
OLD = standing(track(Estimate(3.0, 0)))
GAP = Rule("gap", figure="gap_median", side=Side.ABOVE, threshold=60.0)
LONG = standing(track(Estimate(68.0, 3210, (61.0, 75.0))))
DORMANT = Rule("dormant", figure="pre_dormant", side=Side.ABOVE, threshold=300.0, minimum=0)
MANY = standing(track(Estimate(312.0, 312)))
OVER = Standing((track(rate(186, 917), state=State.OK),), morning.AS_OF, episode=3)

LINES = (
    RuleLine(RULE, "built_in", "", ("C0ASAKAI01",), standing()),
    RuleLine(BY_CHANNEL, "file", "U0SATO0001", ("C0ASAKAI01", "C0EC000001"), MUTED),
    RuleLine(ONE_CHANNEL, "slack", "U0SUZUKI01", ("C0ASAKAI01",), None),
    RuleLine(FRESH, "slack", "U0SUZUKI01", ("C0ASAKAI01",), OVER),
    RuleLine(CHANGE, "file", "", (), STALE, enabled=False),
)
SPAN = Span(date(2026, 8, 23), date(2026, 11, 21))
BACKTEST = Backtest(
    SPAN,
    (
        Firing(date(2026, 8, 30), date(2026, 9, 12), 13, ("",), Seen("", rate(60, 400)), Seen("", rate(55, 401)),
               Seen("", rate(79, 400))),
        Firing(date(2026, 11, 14), None, 7, ("",), Seen("", rate(150, 922)), Seen("", rate(139, 922)),
               Seen("", rate(139, 922))),
    ),
    ((date(2026, 8, 30), News.FIRED),),
    ((State.OK, 65), (State.FIRING, 20), (State.CANNOT_JUDGE, 5)),
    replayed=12,
)  # fmt: skip
