"""Do names from orders and words from people stay words, however they are written?"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from bot.blockkit import render
from bot.delivery.payload import payload_of
from bot.delivery.post import web_client
from bot.delivery.reply import by_url
from bot.desk import desk
from bot.language import Language
from bot.local_slack import LocalSlack
from bot.local_slack.responses import new_response_url
from bot.page import Cell, Heading, Page, Paragraph, Table
from bot.settings.layers import load
from bot.subcommands import answer, explain
from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources.files import stage
from metrics.warehouse.store import Store
from tests.bot.shelf import FakeShelf, steady_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
HOME, SUZUKI = "C0ASAKAI01", "U0SUZUKI01"
NAMES = {
    "channel mention": "<!channel> 広告",
    "person mention": "<@U0SUZUKI01>",
    "mark-up": "*太字* _斜体_ ~消~ `code`",
    "right to left": "\u202egnihtemos",
    "zero width": "<\u200b!channel>",
    "NUL": "a\x00b",
    "lone surrogate": "a\ud800b",
    "10,000 characters": "長" * 10_000,
    "SQL": "x'); DROP TABLE orders; --",
}


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(messages_per_second=None) as running:
        yield running


@pytest.mark.parametrize("native", [True, False], ids=["blocks", "words"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_a_mention_mark_up_unseen_or_10000_characters_is_posted_as_words(
    slack: LocalSlack, name: str, native: bool
) -> None:
    raw = NAMES[name]
    table = Table(raw, (raw, "率"), ((Cell(raw), Cell("20.3%", 20.3)),))
    said = payload_of(Page(f"20.3% {raw}", (Heading(raw), Paragraph(raw), table)), native=native)
    client = web_client(slack.bot_token, slack.base_url)
    assert client.chat_postMessage(channel=HOME, text=said.text, blocks=list(said.blocks))["ok"]
    sent = json.dumps([said.text, said.plain, said.blocks], ensure_ascii=False)
    sent.encode()  # a lone surrogate could not be sent
    assert not any(sign in sent for sign in ("<!", "<@", "\\u0000", "\u202e", "\u200b"))


COMMANDS = {
    "4,000 characters": ("リピート率 " * 1000)[:4000],
    "smart quotes": "リピート率 チャネル=“Google広告”",
    "full-width digits": "休眠　９０日",
    "2026-02-30": "リピート率 2026-02-30",
}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("text", COMMANDS.values(), ids=COMMANDS)
def test_a_command_of_4000_characters_smart_quotes_full_width_digits_or_february_30_gets_a_page(
    text: str, language: str, tmp_path: Path
) -> None:
    spoken = Language.of(language)
    shop = desk(load({}, tmp_path), FakeShelf(steady_shop(300)), lambda: NOW)
    try:
        page = answer(text, shop, spoken, main_dimension="channel", sees_customers=False)
    except Problem as problem:
        page = explain(problem, spoken)
    assert page.headline
    assert len(render(page).text) <= 4000


def test_a_response_url_that_has_expired_gets_one_try_and_no_crash(slack: LocalSlack) -> None:
    url = new_response_url(slack.workspace, HOME, SUZUKI)
    slack.clock.advance(31 * 60)
    before = len(slack.ephemerals(HOME, SUZUKI))
    by_url(f"{slack.url}/response/{url.id}")(payload_of(Page("遅い答え", (Paragraph("遅い"),))))
    assert len(slack.ephemerals(HOME, SUZUKI)) == before
    assert [entry.status for entry in slack.calls("response_url")] == [404], "its words would be refused as well"


def test_a_million_segment_values_are_imported_and_those_beyond_the_largest_are_one_label(tmp_path: Path) -> None:
    path, store = tmp_path / "many.csv", Store(tmp_path / "store.duckdb", Rules())
    with duckdb.connect() as making:
        making.execute(
            "COPY (SELECT n AS order_id, n AS customer_id, '2026-10-01 10:00:00' AS ordered_at, 100 AS amount,"
            f" 'c' || n AS channel FROM range(1, 1000001) r(n)) TO '{path}' (HEADER)"
        )
    with store.writing() as connection:
        assert stage(connection, path, Rules()).accepted == 1_000_000
        store.take(connection, NOW)
    counts = store.counts("channel")
    assert len(counts.labels) == 500
    assert counts.idle(date(2026, 10, 2)).active.sum() == 1_000_000
