"""Whatever is typed: is there a helpful page, no traceback, and no mention that was not meant?

20,000 commands here, half a minute of one core; `make fuzz` types 100,000 (ASAKAI_FUZZ says how many).
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.blockkit import render, words
from bot.desk import Desk, desk
from bot.grammar.words import (
    BY_AFTER,
    COMPARE_WORDS,
    DIMENSION_WORDS,
    FILLERS,
    HANDOUT_WORDS,
    NEXT_WORDS,
    NOUNS,
    TOPIC_WORDS,
)
from bot.language import Language
from bot.page import Page
from bot.settings.layers import load
from bot.slack import plain_words
from bot.subcommands import answer, explain
from metrics.counts import Counts
from metrics.problem import Problem
from tests.bot.shelf import FakeShelf, steady_shop

COMMANDS = int(os.environ.get("ASAKAI_FUZZ", "20000"))
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
MENTION = re.compile(r"<[!@#]")
LANGUAGES = {code: Language.of(code) for code in ("ja", "en")}

KNOWN = sorted(
    {
        word
        for words_of in (NOUNS, DIMENSION_WORDS, COMPARE_WORDS, HANDOUT_WORDS, TOPIC_WORDS)
        for words in words_of.values()
        for word in words
    }
    | {*FILLERS, *NEXT_WORDS, *BY_AFTER}
    | {f"{word}別" for words in DIMENSION_WORDS.values() for word in words}
)
PERIODS = [
    "昨日", "先月", "直近90日", "10/1-10/31", "2026-13-45", "last 0 days", "99999999999日", "2026Q5", "10/1〜",
    "since 31 february", "時点:2020-01-01", "asof:先月", "時点:", "続き0", "続き9999", "page 3", "明日", "0年",
    "from october to", "１０月", "２０２６年１０月", "-1日",
]  # fmt: skip
NASTY = [
    "<!channel>", "<!here>", "<@U0SUZUKI01>", "<#C0ASAKAI01>", "<!subteam^S1>", "&lt;!channel&gt;", "<\u200b!here>",
    "<https://x|y>", "*bold*", "_it_", "~no~", "`code`", "```x```", ":+1:", "> quote", "@here", "@channel",
    "'; DROP TABLE orders; --", '" OR 1=1 --', "channel:'; DELETE", "channel:「", "channel:」「", "チャネル=", "=:=",
    "channel:" + "x" * 300, "\u202e", "\u0000", "\x1b[31m", "\ud7ff", "\u2028", "ﷺ", "🏷️", "é", "e\u0301", "ｶﾞ",
    "{within}", "{0}", "%s", "${x}", "../../etc/passwd", "\\", "'", '"', "「", "』", "“", "LINE", "楽天",
]  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from(PERIODS),
    st.sampled_from(NASTY),
    st.text(max_size=12),
    st.text(alphabet="<>!@#&*_~`|:=;'\"「」『』[](){}\\/%\u200b\u202e\u0000\n\t ", max_size=12),
    st.from_regex(r"[ァ-ヶー一-龥ぁ-ん]{1,6}", fullmatch=True),
    st.text(alphabet="０１２３４５６７８９ａｂｃＡＢＣ／〜－：＝", max_size=8),
)
BETWEEN = (" ", "", "　", "\n", "、", "  ", " = ", ":")
PIECES = st.one_of(
    st.lists(WORDS, max_size=9),
    st.lists(st.text(max_size=200), min_size=1, max_size=2),
    st.builds(lambda piece, times: [(piece * times)[:4100]], WORDS, st.integers(300, 5000)),
)
WAYS = len(BETWEEN)
"""Commands of one draw: drawing costs more than answering, so its words are typed in several orders and ways."""


def commands(pieces: list[str]) -> Iterator[tuple[str, str, bool, bool]]:
    """Each way to type the words: the text, the language, whether customers are seen, whether blocks are drawn."""
    for way, between in enumerate(BETWEEN):
        start = way % max(1, len(pieces))
        turned = [*pieces[start:], *pieces[:start]]
        yield between.join(turned), ("ja", "en")[way % 2], way % 4 < 2, way < WAYS // 2


class QuickShelf(FakeShelf):
    """The same customers, counted once."""

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        return counted(dimension, tuple(sorted((filters or {}).items())))


SHELF = FakeShelf(steady_shop(120))


@functools.cache
def counted(dimension: str, filters: tuple[tuple[str, str], ...]) -> Counts:
    return SHELF.counts(dimension, dict(filters))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk(load({}, tmp_path_factory.mktemp("shop")), QuickShelf(SHELF.buyers), lambda: NOW)


def asked(text: str, shop: Desk, language: Language, *, sees: bool) -> Page:
    """As the edge answers: a Problem is said, anything else is a bug."""
    try:
        return answer(plain_words(text), shop, language, sees_customers=sees)
    except Problem as problem:
        return explain(problem, language, asked=text)


@settings(max_examples=-(-COMMANDS // WAYS), deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(PIECES)
def test_whatever_is_typed_gets_a_page(shop: Desk, pieces: list[str]) -> None:
    for text, code, sees, native in commands(pieces):
        page = asked(text, shop, LANGUAGES[code], sees=sees)
        message, plain = render(page, native=native), words(page)
        assert message.text.strip(), text
        assert message.blocks, text
        for said in (message.text, plain, json.dumps(message.blocks, ensure_ascii=False, allow_nan=False)):
            assert not MENTION.search(said), text
        assert len(plain) <= 4000, text
