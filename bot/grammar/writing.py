"""How is a question typed, when a button asks it?

`written` is `parse` backwards: the same question in as few words as say it, in the
reader's language. What a button carries can be typed, and means the same tomorrow.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.grammar.words import (
    AS_OF_KEYS,
    COMPARE_WORDS,
    DIMENSION_WORDS,
    HANDOUT_WORDS,
    LABEL_WORDS,
    NEXT_WORDS,
    NOUNS,
    TAKES_A_TOPIC,
    TOPIC_WORDS,
    UNKNOWN_LABEL_WORDS,
)
from metrics.segment import UNKNOWN_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.grammar import Ask
    from metrics.day import Span

_QUOTES: Final = ("「」", "『』", "«»", '""')
_SIGNS: Final = frozenset('「」『』“”„"«»｢｣:：=＝?!。？！,、')


def written(ask: Ask, code: str) -> str:
    """The question as one types it in that language."""
    return " ".join(_words(ask, code))


def _words(ask: Ask, code: str) -> Iterator[str]:
    if ask.subcommand != "panel":
        yield _said(NOUNS["repeat" if ask.subcommand == "segment" else ask.subcommand], code)
    if ask.topic and ask.subcommand in TAKES_A_TOPIC:
        yield _topic(ask.topic, code)
    if ask.dimension:
        name = dimension_word(ask.dimension, code)
        yield f"{name}別" if code == "ja" else f"by {name}"
    yield from (filter_word(dimension, label, code) for dimension, label in ask.filters)
    if ask.days is not None:
        yield f"{ask.days}日" if code == "ja" else f"{ask.days} days"
    if ask.period:
        yield _period(ask.period)
    yield from _compared(ask, code)
    if ask.page > 1:
        yield f"{_said(NEXT_WORDS, code)}{ask.page}" if code == "ja" else f"page {ask.page}"
    if ask.handout:
        yield _said(HANDOUT_WORDS[ask.handout], code)
    if ask.as_of:
        yield f"{_said(AS_OF_KEYS, code)}:{ask.as_of}"


def _compared(ask: Ask, code: str) -> Iterator[str]:
    if not ask.compare:
        return
    if ask.compare == "week":
        yield _said(COMPARE_WORDS["week"], code)
        return
    yield _said(COMPARE_WORDS["any"], code)
    if ask.against:
        yield filter_word(*ask.against, code)
    if ask.against_period:
        yield _period(ask.against_period)


def dimension_word(dimension: str, code: str) -> str:
    """The dimension as one types it; a shop's own column by its own name."""
    return _said(DIMENSION_WORDS[dimension], code) if dimension in DIMENSION_WORDS else dimension


def filter_word(dimension: str, label: str, code: str) -> str:
    """チャネル:LINE; a label that the grammar would cut is quoted."""
    if label == UNKNOWN_LABEL:
        said = _said(UNKNOWN_LABEL_WORDS, code)
    else:
        said = _said(LABEL_WORDS.get(dimension, {}).get(label, (label,)), code)
    if any(letter.isspace() or letter in _SIGNS for letter in said):
        pair = next((pair for pair in _QUOTES if pair[1] not in said), '""')
        said = f"{pair[0]}{said}{pair[1]}"
    return f"{dimension_word(dimension, code)}:{said}"


def _topic(topic: str, code: str) -> str:
    words = NOUNS.get(topic) or TOPIC_WORDS.get(topic) or DIMENSION_WORDS.get(topic) or (topic,)
    return _said(words, code)


def _said(words: Sequence[str], code: str) -> str:
    """The first word; in English the first that an English keyboard has."""
    return words[0] if code == "ja" else next((word for word in words if word.isascii()), words[0])


def _period(span: Span) -> str:
    """2026-10 for a month, 2026-10-03 for a day, else 2026-10-01..2026-10-07."""
    if span.days == 1:
        return span.start.isoformat()
    if span.start.day == 1 and span.last.month == span.start.month and (span.last + timedelta(days=1)).day == 1:
        return f"{span.start:%Y-%m}"
    return f"{span.start}..{span.last}"
