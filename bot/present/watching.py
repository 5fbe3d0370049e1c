"""What is said about the messages themselves: late, missing, waiting for data, posted before?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.language import Language
from bot.page import Button, Buttons, Cell, Footnote, Heading, Page, Paragraph, Part, Quote, Signature, Table
from metrics.day import Span

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MOST_MISSED = 7
THERE, AGAIN = "delivery_there", "delivery_again"
"""The buttons under an open post; the local part of their names in the words, too."""


@dataclass(frozen=True, slots=True)
class PastMorning:
    """One digest as the ledger knows it; `cause`: why it came late or not at all, a key."""

    local_date: date
    name: str
    channel: str
    state: str
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    cause: str

    @property
    def late_seconds(self) -> float | None:
        """How long after its time it came."""
        return (self.sent_at - self.due_at).total_seconds() if self.sent_at else None


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as it was posted, to the byte."""

    local_date: date
    sent_at: datetime
    text: str
    blocks: tuple[Mapping[str, Any], ...]
    plain: str
    sha256: str
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Restated:
    """A rate that was posted and is another one now."""

    local_date: date
    said: float
    now: float


def additions(
    late: tuple[datetime, str] | None, missed: Sequence[str], restated: Sequence[Restated], language: Language
) -> tuple[Part, ...]:
    """What a digest says of itself: late (due when, why), of mornings that were lost, of figures that moved."""
    lines = []
    if late is not None:
        due, cause = late
        lines.append(language.say("watch.late", due=clock(due), cause=language.say(f"watch.cause.{cause}")))
    if missed:
        lines.append(language.say("watch.missed", count=len(missed)))
        lines.extend(missed[-MOST_MISSED:])
    lines.extend(
        language.say(
            "watch.restated",
            day=language.day_short(one.local_date),
            change=language.say(
                "custom.change",
                before=language.percent(one.said),
                after=language.percent(one.now),
                points=language.points(one.said, one.now),
            ),
        )
        for one in restated
    )
    return (Paragraph("\n".join(lines)),) if lines else ()


def clock(at: datetime) -> str:
    """A time of day."""
    return f"{at:%H:%M}"


def data_notice(day: date, newest_at: datetime | None, reason: str, language: Language) -> Page:
    """Yesterday's orders are not there: the digest comes later."""
    said = language.say("watch.data.headline", day=language.day_short(day))
    newest = (
        language.say("watch.data.newest", day=language.day_short(newest_at.date()), time=clock(newest_at))
        if newest_at
        else language.say("watch.data.none")
    )
    why = language.say(f"watch.data.{reason}")
    parts = (Heading(said), Paragraph(why), Paragraph(newest), Footnote((language.say("watch.data.next"),)))
    return Page(said, parts, language=language.code)


def owner_notice(channel: str, day: date, why: str, language: Language, held: str = "") -> Page:
    """The owner learns, once, that a digest does not get through. `held`: the open post they are asked about."""
    key = f"watch.why.{why}"
    reason = language.say(key) if language.has(key) else language.say("watch.why.other", why=why)
    said = language.say(f"watch.{'held' if held else 'owner'}.headline", channel=channel, day=language.day_short(day))
    parts = (Heading(said), Paragraph(reason))
    if not held:
        return Page(said, (*parts, Footnote((language.say("watch.owner.next"),))), language=language.code)
    asked = tuple(Button(language.say(f"watch.held.{name}"), held, action=name) for name in (THERE, AGAIN))
    note = Footnote((language.say("watch.held.note"),))
    return Page(said, (*parts, Buttons(asked), note), language=language.code)


def settled(channel: str, day: date, answer: str, user: str, language: Language) -> Page:
    """What becomes of the question once somebody has answered it."""
    said = language.say("watch.held.headline", channel=channel, day=language.day_short(day))
    signed = Signature(user, language.say(f"watch.held.{answer}_by", user="{user}"))
    return Page(said, (Heading(said), signed), language=language.code)


def settling(answer: str, language: Language) -> Page:
    """What the one who answered is told: done, or that there is nothing to answer any more."""
    said = language.say(f"watch.held.{answer}_done")
    return Page(said, (Paragraph(said),), language=language.code)


def obituary(due: datetime, language: Language) -> str:
    """What Slack says by itself when nothing here is alive any more."""
    return language.say("watch.obituary", day=language.day_short(due.date()), due=clock(due))


def status(mornings: Sequence[PastMorning], zone: ZoneInfo, language: Language) -> Page:
    """The last mornings: when each came, how late, and why."""
    dates, open_dates = {one.local_date for one in mornings}, {one.local_date for one in mornings if not one.sent_at}
    said = (
        language.say("watch.status.headline", arrived=len(dates - open_dates), count=len(dates))
        if dates
        else language.say("watch.status.headline_none")
    )
    rows = tuple(
        (
            Cell(language.day_table(one.local_date)),
            _whither(one, language),
            Cell(language.say(f"watch.state.{one.state}")),
            Cell(_arrival(one, zone, language), one.late_seconds),
            Cell(language.say(f"watch.cause.{one.cause}") if one.cause else language.say("custom.none")),
        )
        for one in mornings
    )
    headings = tuple(language.say(f"watch.status.{name}") for name in ("date", "channel", "state", "late", "cause"))
    table = (Table(language.say("watch.status.caption"), headings, rows, 14),) if rows else ()
    notes = Footnote((*_days_of(dates, language), language.say("watch.status.note")))
    return Page(said, (Heading(said), *table, notes), language=language.code)


def _days_of(dates: Collection[date], language: Language) -> tuple[str, ...]:
    if not dates:
        return ()
    span = Span(min(dates), max(dates) + timedelta(days=1))
    return (language.say("watch.status.mornings", span=span, count=len(dates)),)


def _whither(one: PastMorning, language: Language) -> Cell:
    """The channel, and which digest it is where it is not the main one; a direct message has no name."""
    direct = one.channel.startswith("D")
    place = language.say("watch.status.direct") if direct else one.channel
    text = place if one.name == "daily" else f"{place} {one.name}"
    return Cell(text, channels=() if direct else (one.channel,))


def _arrival(one: PastMorning, zone: ZoneInfo, language: Language) -> str:
    if one.sent_at is None or one.late_seconds is None:
        return language.say("custom.none")
    at = clock(one.sent_at.astimezone(zone))
    minutes = int(one.late_seconds // 60)
    return at if minutes < 1 else language.say("watch.status.minutes", time=at, count=minutes)


def posted(found: Posted, zone: ZoneInfo, language: Language) -> Page:
    """A digest again, as it was."""
    at = found.sent_at.astimezone(zone)
    note = language.say("watch.posted.note", day=language.day(at.date()), time=clock(at), sha=found.sha256[:12])
    known = language.say("common.until", day=language.day(found.local_date - timedelta(days=1)))
    return Page(found.text, (Quote(found.plain, found.blocks), Footnote((known, note))), language=language.code)


def recomputed(found: Posted, rate_now: float | None, page: Page, language: Language) -> Page:
    """The same morning with what is known today, and what differs."""
    if found.rate is None or rate_now is None:
        said = language.say("watch.recompute.unknown")
    elif abs(found.rate - rate_now) < 0.0005:  # noqa: PLR2004  what percent with one decimal cannot show
        said = language.say("watch.recompute.same", rate=language.percent(rate_now))
    else:
        said = language.say(
            "watch.recompute.moved",
            before=language.percent(found.rate),
            after=language.percent(rate_now),
            points=language.points(found.rate, rate_now),
        )
    head = language.say("watch.recompute.headline", day=language.day(found.local_date))
    return Page(head, (Heading(head), Paragraph(said, strong=True), *page.parts), language=language.code)
