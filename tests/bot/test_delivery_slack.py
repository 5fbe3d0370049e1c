"""Does the digest arrive once in a Slack that breaks at the worst moment?"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from bot.delivery.ledger import Ledger
from bot.delivery.morning import send_now
from bot.delivery.post import ChannelUnknown, Directory, SlackUnreachable, TokenRefused, web_client
from bot.delivery.row import State
from bot.local_slack import LocalSlack
from bot.local_slack.faults import accepted_then_reset, half_body, rate_limited, refused, reset, server_error
from tests.bot.over_http import ARCHIVE, GENERAL, HOME, TOKYO, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.local_slack.faults import Fault


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(start=datetime(2026, 11, 20, 8, 0, tzinfo=TOKYO).timestamp()) as running:
        yield running


@pytest.fixture
def world(slack: LocalSlack, tmp_path: Path) -> Iterator[World]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/state.db")) as ledger:
        yield World(slack, ledger)


def test_the_digest_and_its_thread_arrive_once(world: World) -> None:
    world.run(5)
    [root] = world.slack.messages(HOME)
    [reply] = world.slack.messages(HOME, thread=root.ts)
    assert root.text == "20.3% 30日以内リピート率"
    assert reply.text == "内訳"
    assert {row.state for row in world.ledger.deliveries()} == {State.SENT}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(accepted_then_reset(), id="accepted, then reset"),
        pytest.param(half_body(accept=True), id="accepted, half the answer"),
        pytest.param(server_error(502, accept=True), id="accepted, 502"),
        pytest.param(reset(), id="reset, not accepted"),
        pytest.param(server_error(503), id="503, not accepted"),
        pytest.param(refused("internal_error"), id="internal_error"),
        pytest.param(rate_limited(40), id="429"),
    ],
)
def test_one_message_whatever_the_first_answer_was(world: World, fault: Fault) -> None:
    world.slack.fail("chat.postMessage", fault)
    world.run(20)
    assert len(world.slack.messages(HOME)) == 1
    assert world.ledger.deliveries()[-1].state is State.SENT


def test_a_history_that_fails_is_asked_again_before_anything_is_posted(world: World) -> None:
    world.slack.fail("conversations.history", server_error(503), times=2)
    world.run(1)
    assert world.slack.calls("chat.postMessage") == []
    world.run(8)
    assert len(world.slack.messages(HOME)) == 1


def test_two_thousand_foreign_messages_do_not_hide_ours(world: World) -> None:
    world.slack.fail("chat.postMessage", accepted_then_reset())
    world.run(1)
    for number in range(2000):
        world.slack.say(str(number), channel=HOME)
    world.run(15)
    ours = [message for message in world.slack.messages(HOME) if message.metadata]
    assert len(ours) == 1


def test_refused_blocks_arrive_as_words(world: World) -> None:
    world.slack.fail("chat.postMessage", refused("invalid_blocks"))
    world.run(3)
    [root] = world.slack.messages(HOME)
    assert root.blocks == ()
    assert "今日の数字" in root.text


def test_an_archived_and_an_uninvited_channel_are_told_and_the_others_served(world: World) -> None:
    world.channels = (ARCHIVE, GENERAL, "C0NOWHERE1", HOME)
    world.run(2)
    assert sorted(world.told) == [
        f"{ARCHIVE} is_archived",
        f"{GENERAL} not_in_channel",
        "C0NOWHERE1 channel_not_found",
    ]
    assert len(world.slack.messages(HOME)) == 1


def test_without_the_history_scope_the_digest_still_comes(tmp_path: Path) -> None:
    start = datetime(2026, 11, 20, 8, 0, tzinfo=TOKYO).timestamp()
    with (
        LocalSlack(scopes={"chat:write"}, start=start) as slack,
        closing(Ledger.open(f"sqlite:///{tmp_path}/s.db")) as ledger,
    ):
        world = World(slack, ledger)
        world.run(2)
        assert len(slack.messages(HOME)) == 1


def test_sending_by_hand_says_where_it_is_and_does_it_once(world: World) -> None:
    for _ in range(2):
        row = send_now(world.courier(), "T1", HOME, world.now, TOKYO)
        assert row is not None
        assert row.slack_ts == world.slack.messages(HOME)[0].ts
    assert len(world.slack.messages(HOME)) == 1


def test_names_become_ids(slack: LocalSlack) -> None:
    directory = Directory(web_client(slack.bot_token, slack.base_url))
    assert directory.ids(("#asakai-朝会", GENERAL)) == (HOME, GENERAL)
    directory.ids(("#asakai-朝会",))
    assert len(slack.calls("conversations.list")) == 1, "asked once"
    with pytest.raises(ChannelUnknown) as caught:
        directory.ids(("#nowhere",))
    assert caught.value.values == {"channel": "#nowhere"}


def test_names_that_cannot_be_looked_up_say_why(slack: LocalSlack) -> None:
    with pytest.raises(TokenRefused):
        Directory(web_client("xoxb-wrong", slack.base_url)).ids(("#general",))
    slack.stop()
    with pytest.raises(SlackUnreachable):
        Directory(web_client(slack.bot_token, slack.base_url)).ids(("#general",))
