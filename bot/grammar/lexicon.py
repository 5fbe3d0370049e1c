"""Which phrases does this shop understand, and what is meant by each?

A Lexicon is made once from the shop's Vocabulary: its dimensions and the labels
known in its data, together with the words of `bot.grammar.words`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process

from bot.grammar.words import (
    BY_AFTER,
    BY_BEFORE,
    COMPARE_WORDS,
    DIMENSION_WORDS,
    FILLERS,
    HANDOUT_WORDS,
    LABEL_WORDS,
    NEXT_WORDS,
    NOUNS,
    TOPIC_WORDS,
    UNKNOWN_LABEL_WORDS,
)
from metrics.beside import ROLES
from metrics.segment import BUCKETS, COHORT_MONTH, ENTRY, PRODUCT_ROLE, PURCHASE_COUNT, UNKNOWN_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from metrics.day import Span

SURE: Final = 90.0
"""Similarity (0-100) from which the nearest word is taken without asking."""
WORTH_SAYING: Final = 65.0
"""From which a word is offered: two letters of three in their places, and what is less alike is a riddle."""
HALF_ALIKE: Final = 50.0
"""The same for a word of two letters, where one is half of it, and for a label, of which there are few."""
_PAIR: Final = 2
_ONLY_IN_FILTERS: Final = frozenset((PURCHASE_COUNT, COHORT_MONTH))
_ENDINGS: Final = ("?", "!", "。")
"""A label that ends so is read without it, as the end of a sentence."""
_FIXED_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    PURCHASE_COUNT: tuple(label for label, _, _ in BUCKETS),
    ENTRY: ("one_off", "subscription"),
    PRODUCT_ROLE: ROLES,
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a shop can be asked about: dimension names, and the labels known of each."""

    dimensions: tuple[str, ...] = tuple(DIMENSION_WORDS)
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def offered(self) -> tuple[str, ...]:
        """The dimensions that menus name: without the product role where nothing tells it."""
        return tuple(name for name in self.dimensions if name != PRODUCT_ROLE or self.tells_roles)

    @property
    def tells_roles(self) -> bool:
        """Whether any customer's first product has a role."""
        return any(label != UNKNOWN_LABEL for label in dict(self.labels).get(PRODUCT_ROLE, ()))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a phrase means.

    `kind`: noun | dimension | filter | topic | filler | period | days | compare | handout | page | as_of
    | unknown. `name`: of the noun, dimension or topic, how to compare or hand out; `label`: of a
    filter; `days`: the number of days, or of the page.
    """

    kind: str
    name: str = ""
    label: str = ""
    span: Span | None = None
    days: int = 0
    typed: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a folded phrase means.

    `phrases`: nouns, dimensions, topics, fillers; `bare`: labels that may stand without
    their dimension; `keys`: words for a dimension; `labels`: dimension -> folded -> stored label;
    `said`: phrases worth suggesting, and how they are written then.
    """

    phrases: Mapping[str, Item]
    bare: Mapping[str, Item]
    keys: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    said: Mapping[str, str]


def fold(text: str) -> str:
    """How words are compared: NFKC, no zero-width characters, lower case, one kind of dash, wave and quote."""
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_MARKS)
    return " ".join(unicodedata.normalize("NFKC", plain.casefold()).split())


_INVISIBLE: Final = dict.fromkeys(
    (0x00AD, 0x034F, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070),
     *range(0xFE00, 0xFE10), 0xFEFF)
)  # fmt: skip
_MARKS: Final = str.maketrans(
    {
        **dict.fromkeys("\u301c\uff5e\u223c", "~"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u201c\u201d", '"'),
    }
)


@lru_cache(maxsize=8)
def lexicon(vocabulary: Vocabulary) -> Lexicon:
    """The phrases of a shop; kept, because a shop's vocabulary changes at most once a morning."""
    labels = {name: _labels_of(name, vocabulary) for name in vocabulary.dimensions}
    keys = {fold(word): name for name in vocabulary.dimensions for word in _names(name)}
    phrases = {
        **{fold(word): Item("topic", topic) for topic, words in TOPIC_WORDS.items() for word in (*words, topic)},
        **{fold(word): Item("filler") for word in FILLERS},
        **dict(_dimension_phrases(vocabulary.dimensions)),
        **{fold(word): Item("compare", name) for name, words in COMPARE_WORDS.items() for word in words},
        **{fold(word): Item("handout", name) for name, words in HANDOUT_WORDS.items() for word in words},
        **{fold(word): Item("page", days=2) for word in NEXT_WORDS},
        **{fold(word): Item("noun", noun) for noun, words in NOUNS.items() for word in words},
    }
    return Lexicon(phrases, _bare(labels), keys, labels, _said(vocabulary))


def _names(dimension: str) -> tuple[str, ...]:
    words = DIMENSION_WORDS.get(dimension, ())
    return (*words, dimension, dimension.replace("_", " "))


def _dimension_phrases(dimensions: Iterable[str]) -> Iterator[tuple[str, Item]]:
    for name in dimensions:
        for word in _names(name):
            item = Item("dimension", name)
            yield fold(word), item
            yield from ((fold(before + word), item) for before in BY_BEFORE)
            yield from ((fold(word + after), item) for after in BY_AFTER)


def _labels_of(dimension: str, vocabulary: Vocabulary) -> dict[str, str]:
    """Folded writing -> label as stored. What is stored wins over other words for it."""
    known = dict(vocabulary.labels).get(dimension, ())
    said = LABEL_WORDS.get(dimension, {})
    return {
        **{fold(word): UNKNOWN_LABEL for word in UNKNOWN_LABEL_WORDS},
        **{fold(word): label for label, words in said.items() for word in words},
        **{fold(label).rstrip("".join(_ENDINGS)): label for label in known if fold(label)[-1:] in _ENDINGS},
        **{fold(label): label for label in reversed((*known, *_FIXED_LABELS.get(dimension, ()))) if label},
    }


def _bare(labels: Mapping[str, Mapping[str, str]]) -> dict[str, Item]:
    """Labels that may be typed without their dimension; one that lies in several asks which."""
    ways: dict[str, list[tuple[str, str]]] = {}
    for name, known in labels.items():
        for folded, label in known.items():
            if name not in _ONLY_IN_FILTERS and label != UNKNOWN_LABEL:
                ways.setdefault(folded, []).append((name, label))
    return {
        folded: Item("filter", *found[0])
        if len(found) == 1
        else Item("unknown", typed=found[0][1], near=tuple(f"{name}:{label}" for name, label in found))
        for folded, found in ways.items()
    }


def _said(vocabulary: Vocabulary) -> dict[str, str]:
    """Folded phrase -> the word to suggest: the first Japanese or the first English one, as it was typed."""
    known = (*NOUNS.values(), *COMPARE_WORDS.values(), *HANDOUT_WORDS.values())
    nouns = {fold(word): _first_like(word, words) for words in known for word in words}
    plain = {fold(word): _first_like(word, _names(name)) for name in vocabulary.dimensions for word in _names(name)}
    by = {fold(word + "別"): f"{word}別" for name in vocabulary.dimensions for word in _names(name)[:1]}
    return {**plain, **by, **nouns}


def _first_like(word: str, words: Sequence[str]) -> str:
    return next(other for other in words if other.isascii() == word.isascii())


_KATAKANA: Final = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def _alike(folded: str, known: Iterable[str], most: int, floor: float) -> list[tuple[str, float, int]]:
    """The phrases that look or sound like it, the nearest first: ちゃねる is チャネル."""
    return process.extract(folded, list(known), scorer=fuzz.ratio, processor=_sound, limit=most, score_cutoff=floor)


def _sound(word: str) -> str:
    return word.translate(_KATAKANA)


def nearest_words(folded: str, words: Lexicon) -> tuple[Item | None, tuple[str, ...]]:
    """The meaning of the nearest phrase where it is surely meant; else the two nearest ones to suggest."""
    found = _alike(folded, words.said, 12, WORTH_SAYING if len(folded) > _PAIR else HALF_ALIKE)
    if found and found[0][1] >= SURE:
        item = words.phrases[found[0][0]]
        return item, (words.said[found[0][0]],)
    near: dict[tuple[str, str], str] = {}
    for phrase, _, _ in found:
        item = words.phrases[phrase]
        near.setdefault((item.kind, item.name), words.said[phrase])
    return None, tuple(near.values())[:2]


def nearest_label(folded: str, known: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    """The label that is surely meant, or None and the two nearest ones."""
    found = _alike(folded, known, 8, HALF_ALIKE)
    labels = tuple(dict.fromkeys(known[word] for word, _, _ in found if known[word]))
    if found and found[0][1] >= SURE and labels:
        return labels[0], labels[:1]
    return None, labels[:2] or tuple(label for label in dict.fromkeys(reversed(tuple(known.values()))) if label)[:2]
