"""Is a post that may be there held until its owner has answered, and is what they say done once?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.access import Who
from bot.deed import Deed, Doing
from bot.delivery.ledger import Ledger
from bot.delivery.protocol import AGAIN, HOLD, Answer, Look, Outcome, Sight
from bot.delivery.row import Delivery, Key, Kind, State
from bot.language import Language
from bot.local_slack import LocalSlack
from bot.local_slack.faults import accepted_then_reset, reset
from bot.local_slack.seeds import BOT_SCOPES
from bot.local_slack.workspace import Message
from bot.present.watching import THERE
from bot.running import serve
from bot.watch.held import Held
from tests.bot.at_home import FRIDAY, GUEST, HOME, SATO, SUZUKI, settings_for, shop_of, words
from tests.bot.delivering import opened
from tests.bot.test_running import until

BLIND = BOT_SCOPES - {"channels:history"}
WAIT = 60


pytestmark = pytest.mark.usefixtures("quick_ticks", "logging_as_before")


class House:
    """A local Slack without the history scope, and a bot that may be started again."""

    def __init__(self, slack: LocalSlack, folder: Path, **settings: str) -> None:
        self.slack, self.folder, self.now, self.settings = slack, folder, FRIDAY, settings

    @contextmanager
    def running(self) -> Iterator[None]:
        settings, stop = settings_for(self.slack, self.folder, **self.settings), threading.Event()
        bot = threading.Thread(target=serve, args=(settings, shop_of(settings), lambda: self.now, stop))
        bot.start()
        try:
            self.slack.wait_socket(timeout=WAIT)
            yield
        finally:
            stop.set()
            bot.join(WAIT)
        assert not bot.is_alive()

    def until(self, happened: Callable[[], object]) -> None:
        until(happened, WAIT)

    def question(self, place: str) -> Message:
        """The post breaks off; the next look, 15 s later, is blind: the owner is asked."""
        self.until(lambda: self.slack.calls("chat.postMessage") and self.digest()[0] is State.PENDING)
        self.now += AGAIN * 4
        self.until(lambda: any(buttons(message) for message in self.slack.messages(place)))
        return next(message for message in self.slack.messages(place) if buttons(message))

    def press(self, asked: Message, answer: str, user: str) -> str:
        """Press one of the buttons; what this person alone is told."""
        before = len(self.slack.ephemerals(asked.channel, user))
        name = next(name for name in buttons(asked) if name.startswith(answer))
        self.slack.click(asked, name, user=user).acked()
        self.until(lambda: len(self.slack.ephemerals(asked.channel, user)) > before)
        return words(self.slack.ephemerals(asked.channel, user)[-1].blocks)

    def digest(self) -> tuple[State, str | None]:
        with closing(Ledger.open(str(self.folder / "state.sqlite"))) as ledger:
            [row] = [row for row in ledger.deliveries() if row.key.kind is Kind.DIGEST]
        return row.state, row.last_error

    def audited(self) -> list[tuple[str, str]]:
        with closing(Ledger.open(str(self.folder / "state.sqlite"))) as ledger:
            return [(who, what) for _, who, what, _ in ledger.audited() if "digest" in what]


def buttons(message: Message) -> list[str]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row if element["action_id"].startswith("delivery_")]


def digests(slack: LocalSlack) -> list[Message]:
    return [message for message in slack.messages(HOME) if "リピート率" in message.text or "repeat" in message.text]


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    start = FRIDAY.timestamp()
    with LocalSlack(scopes=BLIND, start=start, messages_per_second=None, ack_seconds=WAIT) as running:
        yield running


def test_an_open_post_without_the_history_scope_is_asked_about_and_sent_again_once(
    slack: LocalSlack, tmp_path: Path
) -> None:
    slack.fail("chat.postMessage", reset())  # which did not arrive, but nobody here can know
    house = House(slack, tmp_path, ASAKAI_WATCH__OWNER=SATO)
    place = slack.workspace.direct_message(SATO).id
    with house.running():
        asked = house.question(place)
        assert "届いていますか" in asked.text
        assert house.digest() == (State.BLOCKED, "cannot_look")
    house.now += timedelta(minutes=40)
    with house.running():  # the question outlives the process
        assert digests(slack) == []
        assert "送り直します" in house.press(asked, "delivery_again", SATO)
        house.now += HOLD * 2
        house.until(lambda: len(digests(slack)) == 1)
        [shown] = [message for message in slack.messages(place) if message.ts == asked.ts]
        assert buttons(shown) == []
        assert f"<@{SATO}> が「もう一度送る」" in words(shown.blocks)
        house.until(lambda: house.digest()[0] is State.SENT)
    assert len(digests(slack)) == 1
    assert house.audited() == [(SATO, "again digest daily 2026-11-20")]


def test_an_answer_counts_once_for_its_own_question_and_not_while_somebody_is_at_it(tmp_path: Path) -> None:
    with opened(tmp_path) as world:
        world.slack.looks = [Look(Sight.BLIND)] * 50
        world.slack.answers = [Answer(Outcome.UNKNOWN, error="timeout")] * 2
        world.tick(2)

        def settle(attempt: int, *, there: bool = False) -> bool:
            [row] = world.ledger.deliveries()
            return world.ledger.settle(row.id, attempt, there=there, who="U1", now=world.now) is not None

        assert [settle(0), settle(2), settle(1), settle(1)] == [False, False, True, False]
        world.tick(7)
        assert world.slack.tried == 1, "the hold has not ended"
        world.tick(3)
        assert world.slack.tried == 2
        assert settle(1, there=True) is False, "that question was about another post"
        world.now += timedelta(minutes=20)
        claimed = world.ledger.claim("two", world.now)
        assert claimed is not None
        assert settle(2, there=True) is False, "it is being looked at"
        world.ledger.put_off(claimed, State.BLOCKED, world.now, "cannot_look", arrived_perhaps=True)
        assert settle(2, there=True) is True
        world.tick(30)
        assert world.slack.tried == 2
        assert world.states() == {("digest", "C1"): State.SENT}


def test_an_open_post_that_is_there_is_noted_by_who_sees_it_and_a_guest_is_refused(
    slack: LocalSlack, tmp_path: Path
) -> None:
    slack.fail("chat.postMessage", accepted_then_reset())
    house = House(slack, tmp_path, ASAKAI_WATCH__OWNER=HOME, ASAKAI_LANGUAGE="en")
    with house.running():
        asked = house.question(HOME)
        assert "Has the message of" in asked.text
        assert "guest" in house.press(asked, "delivery_there", GUEST).lower()
        assert house.digest()[0] is State.BLOCKED
        assert "Noted as arrived" in house.press(asked, "delivery_there", SUZUKI)
        assert house.digest()[0] is State.SENT
        house.now += timedelta(minutes=40)
        looked = len(slack.calls("conversations.history"))
        house.until(lambda: len(slack.calls("conversations.history")) > looked)  # the sweep, after a whole round
    assert len(digests(slack)) == 1
    assert house.audited() == [(SUZUKI, "there digest daily 2026-11-20")]


class Said:
    """A ledger, a Slack and voices in one: what is posted to the owner is English, who presses reads Japanese."""

    def __init__(self) -> None:
        self.edits: list[str] = []
        self.replies: list[str] = []

    def settle(self, *_: object, **__: object) -> Delivery:
        key = Key("T1", Kind.DIGEST, "daily", "C1", FRIDAY.date())
        return Delivery("1", key, FRIDAY, FRIDAY)

    def call(self, _method: str, **arguments: object) -> dict[str, object]:
        self.edits.append(str(arguments["text"]))
        return {}

    def owner(self, _channel: str) -> Language:
        return Language.of("en")

    def reader(self, _who: Who) -> Language:
        return Language.of("ja")


def test_the_settled_question_keeps_its_place_s_language_and_the_presser_is_told_in_their_own() -> None:
    said = Said()
    who = Who(SATO, "C9")
    deed = Deed(Doing.PRESS, THERE, who, {}, said, lambda page: said.replies.append(page.headline), value="1 1")
    Held(said, lambda _: None, said, lambda: FRIDAY).take(deed, THERE)
    assert "Has the message of" in said.edits[0]
    assert said.replies == [Language.of("ja").say("watch.held.delivery_there_done")]
