"""Do canaries planted in tokens, passwords and addresses stay out of the log?"""

from __future__ import annotations

import io
import json
import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
import structlog
from pydantic import ValidationError

from bot import log
from bot.delivery.ledger import Ledger
from bot.delivery.schema import audit
from bot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARIES = (
    "xoxb-123456-canary",
    "xoxe.xoxp-1-canary",
    "xapp-1-A0-canary",
    "hanako.canary@example.co.jp",
    "canary-password",
    "https://hooks.slack.com/commands/T1/2/canary",
)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    log.configure("DEBUG", stream)
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_event_level_and_time(written: io.StringIO) -> None:
    structlog.get_logger("asakai.delivery").info("delivery_sent", channel="C1", attempts=1)
    (line,) = lines(written)
    assert (line["event"], line["level"], line["channel"], line["attempts"]) == ("delivery_sent", "info", "C1", 1)
    assert line["logger"] == "asakai.delivery"
    assert line["timestamp"].endswith("Z")


def test_no_secret_reaches_the_log_by_any_way(written: io.StringIO) -> None:
    ours = structlog.get_logger("asakai")
    theirs = logging.getLogger("some.library")
    for canary in CANARIES:
        text = f"postgresql://asakai:{canary}@db/x" if "password" in canary else canary
        ours.warning(f"said {text}", value=text, nested={"deep": [text], text: 1})
        theirs.warning("said %s", text, extra={"more": text})
        broken = ValueError(text)
        ours.error("broke", exc_info=broken)
        theirs.error("broke", exc_info=broken)
    assert len(lines(written)) == 4 * len(CANARIES)
    assert "canary" not in written.getvalue()


def test_slack_s_libraries_never_log_below_info(written: io.StringIO) -> None:
    for name in ("slack_sdk.web.base_client", "slack_bolt.App"):
        library = logging.getLogger(name)
        library.setLevel(logging.DEBUG)
        library.debug("whole request")
        library.setLevel(logging.NOTSET)
        library.info("connected")
    assert [line["event"] for line in lines(written)] == ["connected", "connected"]


def test_ordinary_words_stay_readable() -> None:
    text = "リピート率 20.3% (n=235) @asakai 2026-11-20 08:00 C0123 boxplot"
    assert log.redact(text) == text


def test_an_error_of_the_state_database_quotes_no_value(tmp_path: Path) -> None:
    row = {"id": "1", "at": None, "who": "canary", "what": "canary", "rows": 0}
    with (
        closing(Ledger.open(f"sqlite:///{tmp_path}/state.db")) as ledger,
        pytest.raises(sa.exc.DBAPIError) as caught,
        ledger.engine.begin() as connection,
    ):
        connection.execute(sa.insert(audit).values(row))
    assert "audit" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_setting_that_is_refused_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(zone=["canary"], currency="canary-of-a-currency", slack={"mode": "canary"})
    assert "currency" in str(caught.value)
    assert "canary" not in str(caught.value)
