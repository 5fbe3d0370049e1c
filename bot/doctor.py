"""What is wrong, why, and which one command mends it?

Pure: what was seen comes in, findings go out. `bot.checkup` does the looking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.mending import MANIFEST, mend_of, said_mend
from bot.present.problem import sentence
from metrics.problem import Problem

if TYPE_CHECKING:
    from bot.language import Language
    from metrics.warehouse.health import Health

STALE_DAYS = 2
UNIDENTIFIED_SHARE = 0.10
CHANNELLESS_SHARE = 0.20
FEW_ORDERS = 200
NIGHT = range(1, 6)
STRANGERS_SHARE = 0.5
SKEW_SECONDS = 60
"""Slack refuses requests that are five minutes off; a minute is early enough to say so."""


class Mark(StrEnum):
    """How serious a finding is."""

    FINE = "✅"
    ODD = "⚠️"
    BROKEN = "❌"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend`: the one command, or what to change where (bot.mending)."""

    check: str
    mark: Mark
    values: Mapping[str, object] = field(default_factory=dict)
    mend: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A table beside the orders: what it is called, its rows, and those of people whom no order knows."""

    table: str
    rows: int
    strangers: int = 0


def broken(check: str, problem: Problem, mend: str = "") -> Finding:
    """A finding that a Problem says, with what mends that, or with `mend`."""
    return Finding(check, Mark.BROKEN, {}, mend or mend_of(check, problem), problem)


def of_orders(  # what was seen, of which day, when; by which settings
    seen: Health, as_of: date, now: datetime, *, burn_in_days: int, currency: str, refill: str = "asakai import FILE"
) -> Iterator[Finding]:
    """What the store's orders say; `now` is shop-local, `refill` what brings newer orders."""
    if not seen.orders or seen.newest_at is None or seen.oldest_at is None:
        yield Finding("orders", Mark.BROKEN, mend=refill)
        return
    yield Finding("orders", Mark.FINE, {"count": seen.orders, "currency": currency})
    newest = min(seen.newest_at, now.replace(tzinfo=None)).date()
    age = (as_of - newest).days
    stale = Mark.ODD if age >= STALE_DAYS else Mark.FINE
    yield Finding("newest", stale, {"day": newest, "days": max(age, 0)}, refill if age >= STALE_DAYS else "")
    days = (as_of - seen.oldest_at.date()).days + 1
    short = days < burn_in_days + 30
    yield Finding(
        "history", Mark.ODD if short else Mark.FINE, {"days": days, "wanted": burn_in_days},
        "shop.toml: [purchases] burn_in_days" if short else "",
    )  # fmt: skip
    yield from _identities(seen)
    yield from _states(seen)
    yield from _times(seen)
    if seen.channelless is not None:
        share = seen.channelless / seen.orders
        odd = share > CHANNELLESS_SHARE
        values = {"count": seen.channelless, "percent": round(100 * share)}
        yield Finding(
            "channels", Mark.ODD if odd else Mark.FINE, values, "shop.toml: [[source]] columns.channel" if odd else ""
        )


def of_tables(seen: Sequence[Seen]) -> Iterator[Finding]:
    """What stands beside the orders, and whether its people are customers; nothing is wrong where it is not there."""
    for one in seen:
        values = {"what": one.table, "count": one.rows, "strangers": one.strangers}
        odd = one.strangers > STRANGERS_SHARE * one.rows
        mend = "asakai import --source NAME FILE" if odd else ""
        yield Finding("beside", Mark.ODD if odd else Mark.FINE, values, mend)


def of_spend(spend: str, orders: str) -> Iterator[Finding]:
    """Spend that meets no orders, and channels without spend, each as they are listed; "" is none."""
    mend = "shop.toml: [channels]" if spend else ""
    yield Finding("spend", Mark.ODD if spend else Mark.FINE, {"names": spend}, mend)
    if orders:
        yield Finding("unspent", Mark.FINE, {"names": orders})


def _identities(seen: Health) -> Iterator[Finding]:
    share = seen.unidentified / seen.orders
    odd = share > UNIDENTIFIED_SHARE
    values = {"count": seen.unidentified, "percent": round(100 * share)}
    yield Finding("unidentified", Mark.ODD if odd else Mark.FINE, values, "asakai map FILE" if odd else "")
    yield Finding(
        "twins", Mark.ODD if seen.twins else Mark.FINE, {"count": seen.twins},
        "shop.toml: [[source]] name" if seen.twins else "",
    )  # fmt: skip


def _states(seen: Health) -> Iterator[Finding]:
    listed = [f"{status} ({count})" for status, count in seen.strange]
    mend = "shop.toml: [purchases] excluded" if listed else ""
    yield Finding("statuses", Mark.ODD if listed else Mark.FINE, {"statuses": listed}, mend)


def _times(seen: Health) -> Iterator[Finding]:
    future = Mark.BROKEN if seen.future else Mark.FINE
    yield Finding("future", future, {"count": seen.future}, "shop.toml: [[source]] zone" if seen.future else "")
    if sum(seen.hours) < FEW_ORDERS:
        return
    peak = max(range(24), key=lambda hour: sum(seen.hours[(hour + near) % 24] for near in (-1, 0, 1)))
    odd = peak in NIGHT
    yield Finding(
        "hours", Mark.ODD if odd else Mark.FINE, {"hour": peak}, 'shop.toml: [[source]] zone = "UTC"' if odd else ""
    )


def of_role(source: str, writes: Sequence[str]) -> Finding:
    """Whether a source's role can only read; `writes`: what it could write to."""
    mend = "click.reader" if writes else ""
    return Finding("role", Mark.ODD if writes else Mark.FINE, {"source": source, "writes": list(writes)}, mend)


def of_clock(ours: datetime, theirs: datetime | None) -> Iterator[Finding]:
    """Whether our clock goes with Slack's."""
    if theirs is None:
        return
    skew = abs((ours - theirs).total_seconds())
    odd = skew > SKEW_SECONDS
    mark = Mark.ODD if odd else Mark.FINE
    yield Finding("clock", mark, {"seconds": round(skew)}, "timedatectl set-ntp true" if odd else "")


def of_scopes(granted: frozenset[str] | None, needed: Sequence[str]) -> Iterator[Finding]:
    """Whether the app was installed with all it needs."""
    if granted is None:
        return
    missing = sorted({*needed} - granted)
    mend = MANIFEST if missing else ""
    yield Finding("scopes", Mark.BROKEN if missing else Mark.FINE, {"scopes": missing or sorted(needed)}, mend)


def next_business_day(today: date, works: Mapping[date, bool]) -> date | None:
    """The first day from today on that gets a digest."""
    days = (today + timedelta(days=ahead) for ahead in range(len(works)))
    return next((day for day in days if works.get(day)), None)


def failed(findings: Sequence[Finding]) -> bool:
    """Whether anything is broken."""
    return any(finding.mark is Mark.BROKEN for finding in findings)


def said(finding: Finding, language: Language) -> str:
    """The finding in one line, with what mends it."""
    line = f"{finding.mark} {_text(finding, language)}"
    return f"{line}\n   → {said_mend(finding.mend, language)}" if finding.mend else line


def as_table(findings: Sequence[Finding], language: Language) -> list[dict[str, Any]]:
    """The findings for `--json`."""
    states = {Mark.FINE: "ok", Mark.ODD: "warning", Mark.BROKEN: "error"}
    return [
        {
            "check": one.check,
            "state": states[one.mark],
            "text": _text(one, language),
            "mend": said_mend(one.mend, language),
        }
        for one in findings
    ]


def _text(finding: Finding, language: Language) -> str:
    if finding.problem:
        return sentence(finding.problem, language)
    state = {Mark.FINE: "fine", Mark.ODD: "odd", Mark.BROKEN: "broken"}[finding.mark]
    return language.say(f"doctor.{finding.check}.{state}", **finding.values)
