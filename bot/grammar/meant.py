"""What may have been meant by a question with words that nobody knows? Whole questions, to be typed or pressed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.grammar import Ask, parse
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from bot.grammar import Vocabulary

    Words = Iterable[tuple[str, str]]
    """Each word as typed, and what it becomes."""

MOST: Final = 2


def mended(ask: Ask, vocabulary: Vocabulary, as_of: date) -> tuple[str, ...]:
    """The question with every unknown word mended; nothing where one of them is like no word that is known."""
    if not all(near for _, near in ask.unknown):
        return ()
    found = (_first_understood(ask, words, vocabulary, as_of) for words in _choices(ask))
    return tuple(dict.fromkeys(text for text in found if text))[:MOST]


def _choices(ask: Ask) -> Iterator[Words]:
    """The nearest word for each; then, one after another, the second nearest of one of them."""
    best = {typed: near[0] for typed, near in ask.unknown}
    yield tuple(best.items())
    for typed, near in ask.unknown:
        if len(near) > 1:
            yield tuple({**best, typed: near[1]}.items())


def _first_understood(ask: Ask, words: Words, vocabulary: Vocabulary, as_of: date) -> str:
    """The text that is understood: with what was guessed written out, too, or as it stands."""
    for more in (ask.guessed, ()):
        text = ask.raw
        for typed, word in (*words, *more):
            text = _put(text, typed, word)
        if _is_understood(text, vocabulary, as_of):
            return text
    return ""


def _put(text: str, typed: str, word: str) -> str:
    """The text with one word for another: where it stands by itself, else where it stands first."""
    spelt = r"\s+".join(map(re.escape, typed.split()))
    for pattern in (rf"(?<!\S){spelt}(?!\S)", spelt):
        found, times = re.subn(pattern, lambda _: word, text, count=1)
        if times:
            return found
    return text


def _is_understood(text: str, vocabulary: Vocabulary, as_of: date) -> bool:
    try:
        return not parse(text, vocabulary, as_of).unknown
    except Problem:
        return False
