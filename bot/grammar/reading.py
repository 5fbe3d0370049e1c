"""What does each phrase of a command mean?

The text is cut into words at spaces outside quotes; then the longest phrase
from each word on that means something is taken, up to five words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.grammar.lexicon import Item, Lexicon, fold, nearest_label, nearest_words
from bot.grammar.periods import read_days, read_period
from bot.grammar.words import AS_OF_KEYS, NEXT_WORDS, PERIOD_KEYS
from metrics.segment import COHORT_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

_LONGEST_PHRASE: Final = 5
_GLUED_CHARACTERS: Final = 40
_MOST_GLUED: Final = 3
_MOST_SUGGESTED: Final = 6
_SHOWN_CHARACTERS: Final = 80

_OPENING: Final = {
    "「": "」",
    "『": "』",
    "“": "”",
    "”": "”",
    "„": "”",
    '"': '"',
    "\uff02": "\uff02",
    "«": "»",
    "｢": "｣",
}
_CLOSING: Final = {"”": "“”„", "“": "“”„"}
_ASSIGNED: Final = re.compile(r"(?P<key>[^:=]{1,60}?) ?[:=] ?(?P<value>.+)")
_PAGE: Final = re.compile(rf"(?:page|{'|'.join(NEXT_WORDS)}) ?(?P<a>\d{{1,4}})|(?P<b>\d{{1,4}}) ?ページ目?")
_RAW_SIGN: Final = re.compile(r"[:=\uff1a\uff1d\ufe55\ufe66]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed, and folded for comparison."""

    raw: str
    folded: str


def words_of(text: str) -> tuple[Word, ...]:
    """Words between spaces outside quotes; where quotes do not close, between all spaces."""
    pieces = _quoted_split(text)
    if pieces is None:
        pieces = [piece.strip("".join({*_OPENING, *_OPENING.values()})) for piece in text.split()]
    words = (Word(piece, _unasked(fold(piece))) for piece in pieces)
    return tuple(word for word in words if word.folded)


def _unasked(folded: str) -> str:
    """The word without the mark that ends a sentence: 先週のリピート率は?"""
    return folded.rstrip("?!。") or folded


def _quoted_split(text: str) -> list[str] | None:
    pieces: list[str] = []
    piece: list[str] = []
    closing = ""
    for letter in text:
        if closing:
            if letter in closing:
                closing = ""
            else:
                piece.append(letter)
        elif letter in _OPENING:
            closing = _CLOSING.get(_OPENING[letter], _OPENING[letter])
        elif letter.isspace():
            pieces.append("".join(piece))
            piece = []
        else:
            piece.append(letter)
    return None if closing else [*pieces, "".join(piece)]


def read(words: Sequence[Word], lexicon: Lexicon, as_of: date) -> tuple[Item, ...]:
    """The meaning of every phrase, in the order typed; raises a Problem for impossible periods."""
    return tuple(item for item in _items(words, lexicon, as_of) if item.kind != "filler")


def _items(words: Sequence[Word], lexicon: Lexicon, as_of: date) -> Iterator[Item]:
    at, strangers = 0, 0
    while at < len(words):
        found = _longest(words[at : at + _LONGEST_PHRASE], lexicon, as_of)
        if found:
            taken, item = found
            yield item
            at += taken
            continue
        strangers += 1
        yield from _stranger(words[at], strangers, lexicon, as_of)
        at += 1


def _longest(words: Sequence[Word], lexicon: Lexicon, as_of: date) -> tuple[int, Item] | None:
    for taken in range(len(words), 0, -1):
        item = _meaning(" ".join(word.folded for word in words[:taken]), lexicon, as_of)
        if item:
            return taken, item
    for taken in range(1, len(words) + 1):
        item = _near_label(words[:taken], lexicon)
        if item:
            return taken, item
    return None


def _meaning(phrase: str, lexicon: Lexicon, as_of: date) -> Item | None:
    item = lexicon.phrases.get(phrase) or _assigned(phrase, lexicon, as_of)
    if item:
        return item
    if found := _PAGE.fullmatch(phrase):
        return Item("page", days=int(found["a"] or found["b"]))
    days = read_days(phrase)
    if days is not None:
        return Item("days", days=days)
    span = read_period(phrase, as_of)
    return Item("period", span=span) if span else lexicon.bare.get(phrase)


def _assigned(phrase: str, lexicon: Lexicon, as_of: date) -> Item | None:
    """channel:web, チャネル=Google広告, 期間:先月."""
    found = _ASSIGNED.fullmatch(phrase)
    if not found:
        return None
    key, value = found["key"], found["value"]
    name = lexicon.keys.get(key)
    if key in AS_OF_KEYS:
        span = read_period(value, as_of)
        return Item("as_of", span=span) if span else None
    if key in PERIOD_KEYS or name == COHORT_MONTH:  # who first bought in that month
        span = read_period(value, as_of)
        return Item("period", span=span) if span else None
    label = lexicon.labels[name].get(value) if name else None
    return Item("filter", name, label) if name is not None and label is not None else None


def _near_label(words: Sequence[Word], lexicon: Lexicon) -> Item | None:
    """A filter whose label is not known exactly: the surely meant one, or an unknown with the nearest two."""
    found = _ASSIGNED.fullmatch(" ".join(word.folded for word in words))
    name = lexicon.keys.get(found["key"]) if found else None
    if not found or name is None:
        return None
    typed = " ".join(word.raw for word in words)
    value = _RAW_SIGN.split(typed, maxsplit=1)[-1].strip()
    label, near = nearest_label(found["value"], lexicon.labels[name])
    if label is not None:
        return Item("filter", name, label, typed=value, near=near)
    return Item("unknown", typed=_short(typed), near=tuple(f"{name}:{_quoted(label)}" for label in near))


def _quoted(label: str) -> str:
    return f"「{label}」" if any(letter.isspace() for letter in label) else label


def _stranger(word: Word, count: int, lexicon: Lexicon, as_of: date) -> Iterator[Item]:
    """A word that means nothing by itself: several glued together, a misspelling, or unknown."""
    glued = _unglue(word.folded, lexicon, as_of) if count <= _MOST_GLUED else None
    if glued:
        yield from glued
        return
    item, near = nearest_words(word.folded, lexicon) if count <= _MOST_SUGGESTED else (None, ())
    if item:
        yield replace(item, typed=word.raw, near=near)
    else:
        yield Item("unknown", typed=_short(word.raw), near=near)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _unglue(text: str, lexicon: Lexicon, as_of: date) -> tuple[Item, ...] | None:
    """先月のリピート率 -> 先月, の, リピート率: Japanese is written without spaces."""
    if text.isascii() or len(text) > _GLUED_CHARACTERS:
        return None
    rest: dict[int, tuple[Item, ...] | None] = {len(text): ()}
    for start in range(len(text) - 1, -1, -1):
        rest[start] = next(_cuts(text, start, rest, lexicon, as_of), None)
    found = rest[0]
    return found if found and any(item.kind != "filler" for item in found) else None


def _cuts(
    text: str, start: int, rest: dict[int, tuple[Item, ...] | None], lexicon: Lexicon, as_of: date
) -> Iterator[tuple[Item, ...]]:
    for end in range(len(text), start, -1):
        after = rest[end]
        if after is None or (start and text[start - 1].isdigit() and text[start].isdigit()):
            continue  # no cut inside a number: 30日 is not 3 and 0日
        item = _piece(text[start:end], lexicon, as_of)
        if item:
            yield (item, *after)


def _piece(text: str, lexicon: Lexicon, as_of: date) -> Item | None:
    """A part of a glued word: no single letters or digits, except particles."""
    if len(text) == 1 and text not in "のをはがでとにも、":
        return None
    return _meaning(text, lexicon, as_of)
