"""Does a back-test judge each morning with what was known then?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.alerting.rules import UnknownRule, every_rule, named
from bot.alerting.trial import SpanTooLong, as_json, tried
from bot.desk import desk
from bot.lookout import Lookout
from bot.settings.layers import load
from metrics.alert import Rule, Watching
from metrics.day import Span
from tests.bot.shelf import FakeShelf, steady_shop

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
LOST = datetime(2026, 11, 10, tzinfo=UTC)


@dataclass
class Past:
    """Until an import of 10 November no second purchase was known."""

    now: FakeShelf
    before: FakeShelf

    def knowing(self, known_at: datetime, as_of: date) -> tuple[FakeShelf, bool]:
        return (self.before, True) if known_at < LOST else (self.now, False)

    def knew_anything(self, known_at: datetime) -> bool:
        return known_at > datetime(2026, 10, 20, tzinfo=UTC)


class Shelf(FakeShelf):
    def history(self) -> Past:
        once = tuple(type(one)(one.name, one.channel, one.days[:1]) for one in self.buyers)
        return Past(self, FakeShelf(once))


def test_a_morning_is_judged_with_what_was_known_then(tmp_path: Path) -> None:
    shop = Lookout(desk(load({}, tmp_path), Shelf(steady_shop()), lambda: NOW))
    done = tried(Rule("repeat"), Span(date(2026, 11, 1), DAY), shop)
    [firing] = done.found.firings
    assert (firing.running, firing.ended_on) == (True, date(2026, 11, 10)), "the import of the 10th brought them"
    assert (done.found.replayed, done.all_known) == (69, False)
    assert '"worst"' in as_json(done)


def test_the_future_is_left_out_and_a_century_is_too_long(tmp_path: Path) -> None:
    shop = Lookout(desk(load({}, tmp_path), Shelf(steady_shop()), lambda: NOW))
    assert tried(Rule("repeat"), Span(DAY, date(2027, 1, 1)), shop).found.mornings == 1
    assert tried(Rule("repeat"), Span(date(2027, 1, 1), date(2027, 2, 1)), shop).found.mornings == 0
    with pytest.raises(SpanTooLong):
        tried(Rule("repeat"), Span(date(1926, 1, 1), DAY), shop)


def test_every_rule_is_the_standard_one_then_the_files_then_slacks(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(
        '[[alerts]]\nname = "A"\nwatch = "freshness"\nthreshold = 2\n', encoding="utf-8"
    )
    settings = load({"ASAKAI_DIGEST__CHANNELS": "C1"}, tmp_path)
    [rule] = settings.alerts
    stored = ((rule, "U1"), (rule.model_copy(update={"name": "B"}), "U2"))
    found = every_rule(settings, stored)
    assert [(one.name, one.source.value, one.owner) for one in found] == [
        ("repeat", "built_in", ""),
        ("A", "file", ""),
        ("B", "slack", "U2"),
    ]
    assert (found[1].rule.watching, found[1].rule.minimum, found[1].channels) == (Watching.FRESHNESS, 0, ("C1",))
    assert named(found, "b") is found[2]
    assert named(found, "標準のアラート") is named(found, "standard alert") is found[0], "as the list calls it"
    with pytest.raises(UnknownRule):
        named(found, "repaet")
