"""Which rules are due to be judged this morning, and what is owed then?

The alarm looks (counts), steps (pure), says (pages) and writes all of it down at once. It posts nothing
itself: posts are the ledger's, edits those of `edits.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.alerting.book import Book, Change, Kept, begun_anew
from bot.delivery.clock import Calendar, is_business_day, windows
from bot.delivery.row import Kind, Payload
from bot.present import alert as pages
from bot.present.told import Told
from metrics.alert import News, Rule, Sight, Standing, State, forgotten, look, speak
from metrics.backtest import WARM_UP_DAYS
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from bot.alerting.rules import Watched
    from bot.delivery.clock import Window
    from bot.language import Language
    from bot.page import Page
    from metrics.report import Report

DIGEST: Final = "daily"
PATIENCE: Final = timedelta(hours=1)
"""How long after it is due a rule waits for the digest and for orders, before it says that it cannot judge."""

KEEP: Final = timedelta(hours=12)
TRIES: Final = 3
MONDAY: Final = 0

log = structlog.get_logger("asakai.alerts")


class Eyes(Protocol):
    """The desk, as far as rules need it."""

    def sights(self, rule: Rule, as_ofs: Sequence[date]) -> Iterable[Sight]:
        """What the rule sees on those mornings, as known now; raises a Problem."""
        ...

    def alert(self, as_of: date) -> Report:
        """The shop's figures of a morning, judged against the alert's threshold."""
        ...


@dataclass(frozen=True, slots=True)
class Hours:
    """When rules are judged and on which days they may speak."""

    at: time
    zone: ZoneInfo
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Voice:
    """Which language a channel speaks, how a page becomes bytes, and how a problem is said."""

    language: Callable[[str], Language]
    payload: Callable[[Page], Payload]
    sentence: Callable[[str, Language], str]
    target: float


@dataclass(slots=True)
class Alarm:
    """Judges every rule once a morning and whenever something is owed; the book remembers.

    `rules` are asked anew each time, with channels as ids. `tried`: when a rule was last looked at in vain.
    """

    book: Book
    eyes: Eyes
    voice: Voice
    hours: Callable[[], Hours]
    rules: Callable[[], tuple[Watched, ...]]
    tried: dict[str, datetime] = field(default_factory=dict)

    def tick(self, now: datetime) -> bool:
        """One look at the clock; whether anything new is owed."""
        hours = self.hours()
        window = next(iter(windows(now, hours.at, hours.zone, KEEP)), None)
        owed = self.book.release_notes(now) > 0
        if window is None:
            return owed
        standings, active = self.book.standings(), [one for one in self.rules() if one.enabled and one.channels]
        for watched in active:
            kept = begun_anew(standings.get(watched.name, Kept(Standing())), watched.fingerprint)
            owed = self._try(watched, kept, (window, hours), now) or owed
        for name in self.book.open_names() - {one.name for one in active}:
            self._forget(name, standings.get(name, Kept(Standing())), window, now)
        return owed

    def _forget(self, name: str, kept: Kept, window: Window, now: datetime) -> None:
        """End the episode of a rule that is gone: its messages say so, and nothing is owed any more."""
        shows = self._in_each(self.book.channels(name), partial(pages.off, name))
        change = Change(forgotten(kept.standing), "", shows=shows, closes=True)
        self.book.commit(name, kept, change, (window.local_date, window.due_at), now)

    def _try(self, watched: Watched, kept: Kept, at: tuple[Window, Hours], now: datetime) -> bool:
        """One rule; a bug in it stops no other."""
        try:
            return self._judge(watched, kept, at, now)
        except Exception:
            log.exception("alert_bug", rule=watched.name)
            return False

    def _judge(self, watched: Watched, kept: Kept, at: tuple[Window, Hours], now: datetime) -> bool:
        window, hours = at
        patient = now < window.due_at + PATIENCE
        if patient and self._waits(watched, window):
            return False
        days = _days(watched.rule, kept.standing, window.local_date, hours.calendar)
        last_try = self.tried.get(watched.name)
        if days and last_try is not None and now - last_try < timedelta(minutes=5):
            days = []
        looked = kept.standing
        for sight in self._sights(watched.rule, days, patient=patient):
            looked = look(looked, sight, watched.rule)
        if days and (looked.as_of != days[-1]):
            self.tried[watched.name] = now
            if patient:
                return False  # orders may still come: nothing is said of today yet
        may_speak = is_business_day(window.local_date, hours.calendar)
        after, news = speak(looked, watched.rule, now, may_speak=may_speak)
        if after == kept.standing and kept.rule == watched.fingerprint:
            return False
        change = self._change(watched, kept.standing, after, news, now.astimezone(hours.zone))
        done = self.book.commit(watched.name, kept, change, (window.local_date, window.due_at), now)
        if done and news:
            log.info("alert_news", rule=watched.name, news=[one.value for one in news])
        return done

    def _waits(self, watched: Watched, window: Window) -> bool:
        """Whether the digest of a channel is still on its way: an alert comes after it."""
        states = (self.book.digest_is_sent(DIGEST, channel, window.local_date) for channel in watched.channels)
        return any(state is False for state in states)

    def _sights(self, rule: Rule, days: Sequence[date], *, patient: bool) -> Iterable[Sight]:
        if not days:
            return ()
        try:
            return tuple(self.eyes.sights(rule, days))
        except Problem as problem:
            log.warning("alert_not_judged", rule=rule.name, why=problem.key)
            return () if patient else (Sight(days[-1], failed=problem.key),)

    # --- what is said ---------------------------------------------------------------------

    def _change(
        self, watched: Watched, before: Standing, after: Standing, news: Sequence[News], now: datetime
    ) -> Change:
        told, channels = self._told(watched, after, now), self.book.channels(watched.name)
        change = Change(after, watched.fingerprint)
        if News.RECOVERED in news:
            ends = self._in_each(channels, partial(pages.recovered, told, before))
            return replace(
                change,
                shows=self._in_each(channels, partial(pages.over, told, before)),
                notes=tuple((channel, Kind.RECOVERY, end) for channel, end in ends),
                closes=True,
            )
        if News.FIRED in news:
            fires = self._in_each(watched.channels, partial(pages.alert, told, calls=True))
            return replace(change, opens=fires)
        if not after.is_announced:
            failed = watched.channels if News.FAILED in news else ()
            return replace(change, posts=self._in_each(failed, partial(self._failed, told)))
        return replace(
            change,
            shows=self._in_each(channels, partial(pages.alert, told)),
            notes=tuple(
                (channel, Kind.REMINDER, reply)
                for page in self._replies(told, before, news)
                for channel, reply in self._in_each(channels, page)
            ),
        )

    def _replies(self, told: Told, before: Standing, news: Sequence[News]) -> Iterator[Callable[[Language], Page]]:
        if News.SPREAD in news:
            yield partial(pages.spread, told, before)
        if News.STILL in news:
            yield partial(pages.reminder, told)
        if News.FAILED in news:
            yield partial(self._failed, told)

    def _failed(self, told: Told, language: Language) -> Page:
        return pages.failed(told, self.voice.sentence(told.standing.why, language), language)

    def _told(self, watched: Watched, standing: Standing, now: datetime) -> Told:
        return Told(
            watched.rule,
            standing,
            now,
            self._report(watched.rule, standing),
            watched.owner,
            watched.mention,
            self.voice.target,
        )

    def _report(self, rule: Rule, standing: Standing) -> Report | None:
        """The shop's own figures beside the rule of everyone's repeat rate; without them the rule speaks alone."""
        if (rule.figure, rule.dimension, rule.watching.value) != ("repeat", "all", "threshold"):
            return None
        if standing.as_of is None or standing.trouble is State.ERROR:
            return None
        try:
            found = self.eyes.alert(standing.as_of)
        except Problem:
            return None
        return found if found.judgement.threshold == rule.threshold else None

    def _in_each(self, channels: Iterable[str], page: Callable[[Language], Page]) -> tuple[tuple[str, Payload], ...]:
        """A page for each channel, in its language."""
        return tuple((channel, self.voice.payload(page(self.voice.language(channel)))) for channel in channels)

    # --- what a reader does ---------------------------------------------------------------

    def act(self, name: str, deed: Callable[[Standing], Standing], now: datetime) -> Standing | None:
        """Change a rule's standing and show it in its messages; None where there is nothing to change."""
        hours = self.hours()
        watched = next((one for one in self.rules() if one.name == name), None)
        for _ in range(TRIES):
            kept = self.book.standings().get(name)
            if watched is None or kept is None:
                return None
            after = deed(kept.standing)
            if after == kept.standing:
                return after
            change = Change(after, kept.rule)
            if after.is_announced:
                told = self._told(watched, after, now.astimezone(hours.zone))
                shows = self._in_each(self.book.channels(name), partial(pages.alert, told))
                change = replace(change, shows=shows)
            if self.book.commit(name, kept, change, (now.astimezone(hours.zone).date(), now), now):
                return after
        return None


def _days(rule: Rule, standing: Standing, local_date: date, calendar: Calendar) -> list[date]:
    """The last complete days of the mornings that are to be judged, today's last; a new rule is warmed up."""
    today = local_date - timedelta(days=1)
    first = today - timedelta(days=WARM_UP_DAYS)
    if standing.as_of is not None:
        first = max(first, standing.as_of + timedelta(days=1))
    days = (first + timedelta(days=i) for i in range((today - first).days + 1))
    return [day for day in days if _judges(rule, day + timedelta(days=1), calendar)]


def _judges(rule: Rule, morning: date, calendar: Calendar) -> bool:
    match rule.evaluate:
        case "daily":
            return True
        case "weekly":
            return morning.weekday() == MONDAY
        case _:
            return is_business_day(morning, calendar)
