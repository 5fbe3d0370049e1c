"""Does everything that the bot says by itself speak the language of its place, and each reader be told in their own?

The bot of `asakai run` in a local Slack, through three mornings: a Japanese and an English channel, and in the
Japanese one a digest of its own in English.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.choices.chosen import LANGUAGE, WORKSPACE, Choice, Entry, Mark, of_channel, of_person
from bot.choices.store import Choices
from bot.delivery.ledger import Ledger
from bot.delivery.row import Kind
from bot.desk import desk
from bot.local_slack import LocalSlack
from bot.local_slack.seeds import ARCHIVE, ASAKAI, OFFICE, SATO, SUZUKI
from bot.local_slack.workspace import Message
from bot.running import serve
from tests.bot.at_home import FRIDAY, option, settings_for
from tests.bot.shelf import Buyer, FakeShelf
from tests.bot.test_running import until

WAIT = 60
KANA = re.compile("[ぁ-んァ-ヶ]")
PLACES = {ASAKAI: "ja", OFFICE: "en"}
DIGESTS = {"uk": "en", "office": "en"}
"""Digests that name a language of their own."""

MORE = {
    "ASAKAI_SHOP": "Tsukishiro",
    "ASAKAI_TARGET": "0.5",
    "ASAKAI_SLACK__ALLOWED_USERS": f"{SATO}, {SUZUKI}",
    "ASAKAI_ALERT__ENABLED": "true",
    "ASAKAI_ALERT__CHANNELS": f"{ASAKAI}, {OFFICE}",
    "ASAKAI_ALERTS": json.dumps([{"name": "LINE", "dimension": "channel", "label": "LINE", "remind_days": 1}]),
    "ASAKAI_WATCH__OWNER": OFFICE,
}
UK = {"name": "uk", "channels": [ASAKAI], "language": "en"}
OLD = {"name": "old", "channels": [ARCHIVE]}
NAMED = {"name": "office", "channels": ["#経営会議"], "language": "en"}
WAYS = {
    "chosen": {
        "ASAKAI_DIGEST__CHANNELS": f"{ASAKAI}, {OFFICE}",
        "ASAKAI_DIGESTS": json.dumps([UK, OLD]),
    },
    "by its digest": {
        "ASAKAI_DIGEST__CHANNELS": ASAKAI,
        "ASAKAI_DIGESTS": json.dumps([UK, OLD, NAMED]),
    },
}
"""How the office comes to English: an admin chose it for the channel, or its digest names it, and it by its name."""


pytestmark = pytest.mark.usefixtures("quick_ticks", "logging_as_before")


def buyers(last: date, *, loyal: bool = False) -> tuple[Buyer, ...]:
    """Three first purchases a day for a year; of the loyal all are back after ten days, else every fourth."""
    found = []
    for i in range(365 * 3):
        first = last - timedelta(days=i // 3)
        days = (first, first + timedelta(days=10)) if loyal or i % 4 == 0 else (first,)
        found.append(Buyer(f"c{i}", ("LINE", "web")[i // 4 % 2], tuple(day for day in days if day <= last)))
    return tuple(found)


class Growing(FakeShelf):
    """A shelf to which orders are added."""

    grown = False

    def grow(self, more: tuple[Buyer, ...], at: datetime) -> None:
        self.buyers, self.last_at, self.grown = more, at, True

    def refresh(self) -> bool:
        grown, self.grown = self.grown, False
        return grown


class House:
    """A local Slack with the running bot; its clock is the bot's."""

    def __init__(self, slack: LocalSlack, folder: Path, way: str) -> None:
        self.slack, self.folder, self.shelf = slack, folder, Growing(buyers(date(2026, 11, 20)))
        self.more = {**MORE, **WAYS[way]}

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.slack.clock.now(), UTC)

    def choose(self, scope: str, code: str) -> None:
        with closing(Choices.open(str(self.folder / "state.sqlite"), WORKSPACE)) as choices:
            mark = Mark(SATO, FRIDAY)
            choices.choose(Choice(scope, LANGUAGE, code, mark), Entry("language", SATO, LANGUAGE, after=code))

    @contextmanager
    def running(self) -> Iterator[None]:
        settings, stop = settings_for(self.slack, self.folder, **self.more), threading.Event()
        shop = desk(settings, self.shelf, self.now)
        bot = threading.Thread(target=serve, args=(settings, shop, self.now, stop))
        bot.start()
        try:
            self.slack.wait_socket(timeout=WAIT)
            yield
        finally:
            stop.set()
            bot.join(WAIT)
        assert not bot.is_alive()

    # -- what is seen --------------------------------------------------------------

    def posted(self) -> list[tuple[Kind, str, str, str]]:
        """Kind, digest or rule, channel and language of all that was posted."""
        with closing(Ledger.open(str(self.folder / "state.sqlite"))) as ledger:
            rows = [row for row in ledger.deliveries(1000) if row.slack_ts and row.payload]
        return [(row.key.kind, row.key.name, row.key.channel, spoken(row.payload.blocks)) for row in rows]

    def alert(self, channel: str, rule: str = "repeat") -> Message:
        """The first message of a rule's episode, as it is now."""
        with closing(Ledger.open(str(self.folder / "state.sqlite"))) as ledger:
            rows = ledger.deliveries(1000)
        [ts] = [one.slack_ts for one in rows if one.key.kind is Kind.ALERT and one.key.channel == channel
                and one.key.name == rule]  # fmt: skip
        [found] = [message for message in self.slack.messages(channel) if message.ts == ts]
        return found

    def told(self, channel: str, user: str) -> str:
        """The last thing that this person alone was told there."""
        return str(self.slack.ephemerals(channel, user)[-1].blocks)

    def press(self, channel: str, action: str, user: str) -> None:
        message = self.alert(channel)
        elements = [element for block in message.blocks for element in block.get("elements", ())]
        name = next(one["action_id"] for one in elements if str(one.get("action_id", "")).startswith(action))
        self.slack.wait_socket(timeout=WAIT)
        self.slack.click(message, name, user=user).acked()

    def pressed(self, channel: str, action: str, user: str) -> str:
        """Press, and read what the person alone is told."""
        before = len(self.slack.ephemerals(channel, user))
        self.press(channel, action, user)
        until(lambda: len(self.slack.ephemerals(channel, user)) > before, WAIT)
        return self.told(channel, user)


def spoken(value: Any) -> str:
    """The language of a message: Japanese is told by its kana; what one presses and reads is all of one."""
    return "ja" if KANA.search(str(value)) else "en"


def expected(kind: Kind, name: str, channel: str) -> str:
    own = DIGESTS.get(name.partition("/")[0]) if kind in {Kind.DIGEST, Kind.REPLY} else None
    return own or PLACES[channel]


@pytest.fixture(params=WAYS)
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    start = FRIDAY.timestamp()
    with LocalSlack(start=start, messages_per_second=None, ack_seconds=WAIT) as slack:
        found = House(slack, tmp_path, request.param)
        if request.param == "chosen":
            found.choose(of_channel(OFFICE), "en")
        found.choose(of_person(SATO), "ja")
        found.choose(of_person(SUZUKI), "en")
        yield found


def test_every_kind_of_message_speaks_the_language_of_its_place(house: House) -> None:
    def came(kind: Kind, count: int) -> Callable[[], bool]:
        return lambda: sum(one[0] is kind for one in house.posted()) >= count

    with house.running():
        until(came(Kind.ALERT, 4), WAIT)  # two rules in two channels
        until(came(Kind.OWNER_NOTICE, 1), WAIT)  # the archive takes no digest

        # who presses in the English channel is told in their own Japanese, and each alert in its place's language
        assert spoken(house.pressed(OFFICE, "alert-ack", SATO)) == "ja"
        until(lambda: "確認しました" in str(house.alert(ASAKAI).blocks), WAIT)
        until(lambda: "Acknowledged by" in str(house.alert(OFFICE).blocks), WAIT)
        assert {channel: spoken(house.alert(channel).blocks) for channel in PLACES} == PLACES

        house.press(ASAKAI, "alert-mute", SUZUKI)
        until(lambda: house.slack.views(SUZUKI), WAIT)
        [form] = house.slack.views(SUZUKI)
        assert spoken(form.body) == "en"
        today = {"how": {"value": option("until")}, "until": {"value": {"selected_date": "2026-11-20"}}}
        refused = house.slack.submit(form, today).acked()
        assert refused is not None
        assert spoken(refused["errors"]) == "en"
        house.slack.submit(form, {"how": {"value": option("days_1")}, "until": {"value": {}}}).acked()
        until(lambda: "alert-unmute" in str(house.alert(OFFICE).blocks), WAIT)
        until(lambda: "alert-unmute" in str(house.alert(ASAKAI).blocks), WAIT)
        until(lambda: house.slack.ephemerals(ASAKAI, SUZUKI), WAIT)
        assert spoken(house.told(ASAKAI, SUZUKI)) == "en"
        assert {channel: spoken(house.alert(channel).blocks) for channel in PLACES} == PLACES
        assert spoken(house.pressed(OFFICE, "alert-unmute", SATO)) == "ja"

        # Tuesday: nothing was imported; then it comes, late
        house.slack.clock.advance(timedelta(days=4, minutes=30).total_seconds())
        until(came(Kind.DATA_NOTICE, 2), WAIT)
        house.shelf.grow(buyers(date(2026, 11, 23)), house.now())
        house.slack.clock.advance(timedelta(minutes=6).total_seconds())
        until(came(Kind.DIGEST, 6), WAIT)
        until(came(Kind.REMINDER, 2), WAIT)

        # Wednesday: everyone has come back
        house.shelf.grow(buyers(date(2026, 11, 24), loyal=True), house.now() + timedelta(days=1))
        house.slack.clock.advance(timedelta(days=1).total_seconds())
        until(came(Kind.RECOVERY, 4), WAIT)
        until(lambda: "alert-" not in str([house.alert(channel).blocks for channel in PLACES]), WAIT)
        assert {channel: spoken(house.alert(channel).blocks) for channel in PLACES} == PLACES
        until(lambda: len(house.slack.workspace.scheduled) == 3, WAIT)

    found = house.posted()
    assert {kind for kind, *_ in found} == set(Kind), "a kind of message that nobody has told its language"
    wrong = [one for one in found if one[3] != expected(*one[:3])]
    assert wrong == []
    late = {"ja": "遅れてお届けしています", "en": "This comes late"}
    for channel, code in PLACES.items():
        assert any(late[code] in str(message.blocks) for message in house.slack.messages(channel))
    obituaries = sorted(
        (one.message.channel, spoken(one.message.text)) for one in house.slack.workspace.scheduled.values()
    )
    assert obituaries == [(ASAKAI, "en"), (ASAKAI, "ja"), (OFFICE, "en")]
