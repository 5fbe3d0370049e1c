"""How does a rule stand, and what has to be said?

One pure function: (previous standing, sight, rule, now) -> (standing, news). The running bot,
the preview in a form and the back-test call the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from metrics.alert.rule import Rule, Seen, Sight, Verdict, Watching, is_beyond, verdict

HIGHEST_SCORE = 2.0
"""A change rule's sum stops at so many times its limit, so that an end is not years away."""


class State(StrEnum):
    """What a rule, or one of its segments, is in."""

    OK = "ok"
    PENDING = "pending"  # bad, but not on enough mornings yet
    FIRING = "firing"
    RECOVERING = "recovering"  # good again, but not on enough mornings yet
    CANNOT_JUDGE = "cannot_judge"  # too few customers, or the orders are stale
    ERROR = "error"
    MUTED = "muted"


class News(StrEnum):
    """What has to be said."""

    FIRED = "fired"
    SPREAD = "spread"  # further segments of the same episode
    STILL = "still"  # a reminder
    RECOVERED = "recovered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Track:
    """One segment of a rule. `window`: which of the last judged mornings were bad, oldest first.

    `since`: the first morning of the run beyond the threshold. `score`: the sum of a change rule.
    """

    label: str = ""
    state: State = State.OK
    window: tuple[bool, ...] = ()
    good: int = 0
    since: date | None = None
    ended_on: date | None = None
    score: float = 0.0
    seen: Seen | None = None

    @property
    def fires(self) -> bool:
        """Whether it is inside an episode."""
        return self.state in {State.FIRING, State.RECOVERING}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands. `as_of`: the last morning that was looked at.

    `trouble`: why the newest look decided nothing (CANNOT_JUDGE or ERROR), `why` its reason.
    `episode`: how many were announced; `told`: segments of the open one that were named, none while
    nothing is announced. `spoke_at`: when it was last announced or repeated.
    """

    tracks: tuple[Track, ...] = ()
    as_of: date | None = None
    trouble: State | None = None
    why: str = ""
    episode: int = 0
    told: tuple[str, ...] = ()
    announced_at: datetime | None = None
    spoke_at: datetime | None = None
    began_on: date | None = None
    muted_until: datetime | None = None
    muted_by: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    failure_told: bool = False

    @property
    def is_announced(self) -> bool:
        """Whether an episode was announced and its end was not."""
        return self.announced_at is not None

    @property
    def condition(self) -> State:
        """The state of the figure itself: the worst of its segments."""
        states = {track.state for track in self.tracks}
        order = (State.FIRING, State.RECOVERING, State.PENDING)
        return next((state for state in order if state in states), State.OK)

    def state(self, now: datetime) -> State:
        """What a reader is told: muted before trouble before the condition."""
        if self.is_muted(now):
            return State.MUTED
        return self.trouble or self.condition

    def is_muted(self, now: datetime) -> bool:
        """Whether announcements are held."""
        return self.muted_until is not None and now < self.muted_until

    @property
    def firing(self) -> tuple[Track, ...]:
        """The segments inside the episode, in the order of their labels."""
        return tuple(track for track in self.tracks if track.fires)


def step(
    previous: Standing, sight: Sight, rule: Rule, now: datetime, *, may_speak: bool = True
) -> tuple[Standing, tuple[News, ...]]:
    """The next standing and what to say; a morning that was looked at already changes nothing but what is owed.

    `may_speak` False (a holiday, a morning made up for) holds announcements as a mute does.
    """
    return speak(look(previous, sight, rule), rule, now, may_speak=may_speak)


def look(previous: Standing, sight: Sight, rule: Rule) -> Standing:
    """The standing after one more morning; what is owed follows from it."""
    if previous.as_of is not None and sight.as_of <= previous.as_of:
        return previous
    if sight.failed:
        return replace(previous, trouble=State.ERROR, why=sight.failed)
    if sight.stale_since is not None:
        return replace(previous, trouble=State.CANNOT_JUDGE, why="stale", failure_told=False)
    known = {track.label: track for track in previous.tracks}
    moved = {
        seen.label: _moved(known.get(seen.label, Track(seen.label)), seen, rule, sight.as_of) for seen in sight.seen
    }
    tracks = tuple(({**known, **moved})[label] for label in sorted({*known, *moved}))
    few = all(verdict(rule, seen, moved[seen.label].score) is Verdict.UNKNOWN for seen in sight.seen)
    began = previous.began_on if any(track.fires for track in previous.tracks) else None
    if began is None and any(track.fires for track in tracks):
        began = sight.as_of
    return replace(
        previous,
        tracks=tracks,
        as_of=sight.as_of,
        trouble=State.CANNOT_JUDGE if few else None,
        why="too_few" if few else "",
        began_on=began or (previous.began_on if previous.is_announced else None),
        failure_told=False,
    )


def _moved(track: Track, seen: Seen, rule: Rule, as_of: date) -> Track:
    """One segment after one more morning; what cannot be judged changes nothing but what was seen."""
    score = track.score
    if rule.watching is Watching.CHANGE and seen.limit > 0:
        score = min(HIGHEST_SCORE * seen.limit, max(0.0, score + seen.evidence))
    found = verdict(rule, seen, score)
    if found is Verdict.UNKNOWN:
        return replace(track, seen=seen, score=score)
    window = (*track.window, found is Verdict.BAD)[-rule.of :]
    beyond = score > 0 if rule.watching is Watching.CHANGE else is_beyond(rule, seen.estimate)
    since = (track.since or as_of) if beyond or (track.fires and found is not Verdict.GOOD) else track.since
    now = replace(track, window=window, since=since, score=score, seen=seen)
    return _in_episode(now, found, rule, as_of) if track.fires else _outside(now, found, rule, as_of, beyond=beyond)


def _in_episode(track: Track, found: Verdict, rule: Rule, as_of: date) -> Track:
    good = track.good + 1 if found is Verdict.GOOD else 0
    if good >= rule.good:
        return replace(track, state=State.OK, window=(), good=0, since=None, ended_on=as_of)
    return replace(track, state=State.RECOVERING if good else State.FIRING, good=good)


def _outside(track: Track, found: Verdict, rule: Rule, as_of: date, *, beyond: bool) -> Track:
    track = track if beyond else replace(track, since=None)
    rests = track.ended_on is not None and as_of < track.ended_on + timedelta(days=rule.rest_days)
    if found is Verdict.BAD and sum(track.window) >= rule.bad and not rests:
        return replace(track, state=State.FIRING, good=0)
    return replace(track, state=State.PENDING if any(track.window) else State.OK, good=0)


def speak(
    standing: Standing, rule: Rule, now: datetime, *, may_speak: bool = True
) -> tuple[Standing, tuple[News, ...]]:
    """What is owed now, and the standing once it is said; nothing while it is muted."""
    if not may_speak or standing.is_muted(now):
        return standing, ()
    said = _owed(standing, rule, now)
    after = replace(standing, muted_until=None, muted_by="") if standing.muted_until else standing
    for news in said:
        after = _after(after, news, now)
    return after, said


def _owed(standing: Standing, rule: Rule, now: datetime) -> tuple[News, ...]:
    if standing.trouble is State.ERROR:
        return () if standing.failure_told else (News.FAILED,)
    firing = {track.label for track in standing.tracks if track.state is State.FIRING}
    if not standing.is_announced:
        return (News.FIRED,) if firing else ()
    if not standing.firing:
        return (News.RECOVERED,)
    if firing - set(standing.told):
        return (News.SPREAD,)
    return (News.STILL,) if _is_reminder_due(standing, rule, now) and firing else ()


def _is_reminder_due(standing: Standing, rule: Rule, now: datetime) -> bool:
    """Who has acknowledged is not reminded."""
    if not rule.remind_days or standing.spoke_at is None or standing.acknowledged_at is not None:
        return False
    return now - standing.spoke_at >= timedelta(days=rule.remind_days)


def _after(standing: Standing, news: News, now: datetime) -> Standing:
    firing = tuple(track.label for track in standing.firing)
    match news:
        case News.FIRED:
            return replace(
                standing, episode=standing.episode + 1, told=firing, announced_at=now, spoke_at=now
            )  # fmt: skip
        case News.SPREAD | News.STILL:
            return replace(standing, told=tuple(sorted({*standing.told, *firing})), spoke_at=now)
        case News.RECOVERED:
            return replace(
                standing,
                told=(),
                announced_at=None,
                spoke_at=None,
                began_on=None,
                acknowledged_at=None,
                acknowledged_by="",
            )
        case News.FAILED:
            return replace(standing, failure_told=True)


def forgotten(standing: Standing) -> Standing:
    """What is left of a rule that is gone: how many episodes it had."""
    return Standing(episode=standing.episode)


def acknowledged(standing: Standing, who: str, now: datetime) -> Standing:
    """Somebody has seen it; the first one stays."""
    if not standing.is_announced or standing.acknowledged_at is not None:
        return standing
    return replace(standing, acknowledged_at=now, acknowledged_by=who)


def muted(standing: Standing, until: datetime | None, who: str) -> Standing:
    """Announcements are held until then; None: no longer."""
    return replace(standing, muted_until=until, muted_by=who if until else "")
