"""What was asked?

Noun first by custom, but any order is understood: words are folded, read one
phrase at a time into items (noun, dimension, filter, period, days), and the
items are put together into an Ask. Pure: what may be meant comes in as a
Vocabulary, and the last complete day as `as_of`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from bot.grammar.lexicon import Item, Vocabulary, lexicon
from bot.grammar.reading import read, words_of
from bot.grammar.words import DIMENSION_WORDS, NOUNS, TAKES_A_TOPIC
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from metrics.day import Span

__all__ = ["Ask", "AskedTwice", "TooLong", "Vocabulary", "parse"]

_T = TypeVar("_T")

MOST_CHARACTERS: Final = 4_000
MOST_WORDS: Final = 60


class TooLong(Problem):
    """More text than a question needs."""

    key = "ask_too_long"


class AskedTwice(Problem):
    """Two things where one answer can only be about one."""

    key = "asked_twice"


@dataclass(frozen=True, slots=True)
class Ask:
    """A parsed command. `subcommand` names an entry of SUBCOMMANDS ("panel" when bare).

    `dimension`: by which segment; `filters`: dimension -> label as stored, or as typed where
    no such label is known; `period`: local days asked for; `topic`: what help or definition was
    asked about; `raw`: the text as typed, for the echo; `unknown`: words not understood, each
    with the nearest known words; `days`: a bare number of days (90日, within 30 days);
    `guessed`: words taken for another one, as (typed, taken).

    `compare`: with what ("" for nothing, else "before", "week", "label" with `against`, or
    "period" with `against_period`); `handout`: "share", "csv", "xlsx" or "" (just answer);
    `page`: of a long table; `as_of`: a past day whose next morning is asked for.
    """

    raw: str
    subcommand: str
    dimension: str | None = None
    filters: tuple[tuple[str, str], ...] = ()
    period: Span | None = None
    topic: str | None = None
    unknown: tuple[tuple[str, tuple[str, ...]], ...] = ()
    days: int | None = None
    guessed: tuple[tuple[str, str], ...] = ()
    compare: str = ""
    against: tuple[str, str] | None = None
    against_period: Span | None = None
    handout: str = ""
    page: int = 1
    as_of: date | None = None


def parse(text: str, vocabulary: Vocabulary, as_of: date) -> Ask:
    """The question that a text asks; raises a Problem where it cannot be one."""
    if len(text) > MOST_CHARACTERS:
        raise TooLong(most=MOST_CHARACTERS, length=len(text))
    words = words_of(text)
    if len(words) > MOST_WORDS:
        raise TooLong(most=MOST_CHARACTERS, length=len(text))
    items = read(words, lexicon(vocabulary), as_of)
    then = _one("period", tuple(dict.fromkeys(item.span.last for item in items if item.kind == "as_of" and item.span)))
    if then is None or then == as_of:
        return _assemble(text, items)
    return replace(_assemble(text, read(words, lexicon(vocabulary), then)), as_of=then)  # 先月 is the month before then


def _assemble(raw: str, items: Sequence[Item]) -> Ask:
    noun, topic = _noun_and_topic(items)
    dimensions = _names(items, "dimension")
    if noun in TAKES_A_TOPIC:
        topic, dimensions = topic or next(iter(dimensions), None), ()
    compare, against, against_period = _comparison(items)
    if (dimensions or compare) and noun == "panel":
        noun = None
    return Ask(
        raw=raw,
        subcommand=noun or ("segment" if dimensions else "repeat" if compare else "panel"),
        dimension=_one("dimension", dimensions),
        filters=_filters([item for item in items if not against or (item.name, item.label) != against]),
        period=_one("period", tuple(span for span in _periods(items) if span != against_period)),
        topic=topic,
        unknown=tuple(dict.fromkeys((item.typed, item.near) for item in items if item.kind == "unknown")),
        days=_one("days", tuple(dict.fromkeys(item.days for item in items if item.kind == "days"))),
        guessed=tuple(dict.fromkeys((item.typed, item.near[0]) for item in items if _is_guessed(item))),
        compare=compare,
        against=against,
        against_period=against_period,
        handout=_one("handout", _names(items, "handout")) or "",
        page=max((item.days for item in items if item.kind == "page"), default=1) or 1,
    )


def _periods(items: Iterable[Item]) -> tuple[Span, ...]:
    return tuple(dict.fromkeys(item.span for item in items if item.kind == "period" and item.span))


def _comparison(items: Sequence[Item]) -> tuple[str, tuple[str, str] | None, Span | None]:
    """With what: a second label of one dimension, a second period, the same weekday last week, the period before."""
    ways = [name for name in _names(items, "compare") if name != "any"]
    if not any(item.kind == "compare" for item in items):
        return "", None, None
    filters, periods = [item for item in items if item.kind == "filter"], _periods(items)
    first: dict[str, str] = {}
    for item in filters:
        if first.setdefault(item.name, item.label) != item.label:
            return "label", (item.name, item.label), None
    if len(periods) > 1:
        return "period", None, periods[1]
    return _one("compare", tuple(ways)) or "before", None, None


def _is_guessed(item: Item) -> bool:
    return item.kind != "unknown" and bool(item.near)


def _names(items: Iterable[Item], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.name for item in items if item.kind == kind))


def _noun_and_topic(items: Sequence[Item]) -> tuple[str | None, str | None]:
    """The subcommand and what it is about. A narrower noun outdoes a wider one: 休眠 一覧 is the list."""
    nouns = _names(items, "noun")
    asking = next((noun for noun in nouns if noun in TAKES_A_TOPIC), None)
    rest = tuple(noun for noun in nouns if noun != asking)
    topics = _names(items, "topic")
    if asking:
        return asking, next(iter((*rest, *topics)), None)
    for wide, narrow in (
        ("panel", None),
        ("segment", None),
        ("dormant", "list"),
        ("repeat", "why"),
        ("digest", "recompute"),
    ):
        if len(rest) > 1 and wide in rest and (narrow is None or narrow in rest):
            rest = tuple(noun for noun in rest if noun != wide)
    if topics and not rest:
        return "definition", topics[0]
    return _one("noun", rest), None


def _one(what: str, found: tuple[_T, ...]) -> _T | None:
    if len(found) > 1:
        raise AskedTwice(what=what, first=_shown(found[0]), second=_shown(found[1]))
    return found[0] if found else None


def _shown(found: object) -> object:
    """A thing as readers of either language know it: リピート率 (repeat)."""
    words = (NOUNS.get(found) or DIMENSION_WORDS.get(found)) if isinstance(found, str) else None
    return f"{words[0]} ({words[1]})" if words else found


def _filters(items: Sequence[Item]) -> tuple[tuple[str, str], ...]:
    filters: dict[str, str] = {}
    for item in items:
        if item.kind == "filter" and filters.setdefault(item.name, item.label) != item.label:
            raise AskedTwice(what="filter", first=filters[item.name], second=item.label)
    return tuple(filters.items())
