"""What becomes of the digest under each fault of Slack's? Once, late rather than never, and told."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.delivery.border import OursAlone
from bot.delivery.ledger import Ledger
from bot.delivery.protocol import Answer, Outcome
from bot.delivery.row import State
from bot.local_slack import LocalSlack
from bot.local_slack.faults import accepted_then_reset, empty, html, rate_limited, server_error, silent
from tests.bot.over_http import HOME, TOKYO, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.local_slack.faults import Fault

UNTIL_TUESDAY = 4 * 24 * 3600
"""From the Friday on which it starts; the Monday is a public holiday."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    start = datetime(2026, 11, 20, 8, 0, tzinfo=TOKYO).timestamp()
    with LocalSlack(start=start) as slack, closing(Ledger.open(f"sqlite:///{tmp_path}/state.db")) as ledger:
        yield World(slack, ledger)


def posts(world: World) -> int:
    return len(world.slack.calls("chat.postMessage"))


@pytest.mark.parametrize("seconds", [1, 30, 3600])
def test_429_with_retry_after_1_30_and_3600_is_waited_for_and_then_posted_once(world: World, seconds: int) -> None:
    world.slack.fail("chat.postMessage", rate_limited(seconds))
    world.run(1)  # which lets 20 s pass
    if seconds > 20:
        world.wait(seconds - 22)
        world.run(1)
        assert posts(world) == 1, "not a second too early"
    world.run(3)
    assert len(world.slack.messages(HOME)) == 1


@pytest.mark.parametrize("accepted", [False, True], ids=["not accepted", "accepted"])
@pytest.mark.parametrize("fault", [server_error(500), server_error(502), server_error(503), html(200), empty(200)],
                         ids=["500", "502", "503", "HTML", "empty 200"])  # fmt: skip
def test_500_502_503_html_and_an_empty_200_leave_one_message(world: World, fault: Fault, accepted: bool) -> None:
    world.slack.fail("chat.postMessage", replace(fault, accept=accepted))
    world.run(1)
    assert len(world.slack.messages(HOME)) == accepted
    world.wait(200)
    world.run(2)
    assert len(world.slack.messages(HOME)) == 1


@pytest.mark.parametrize("accepted", [False, True], ids=["not accepted", "accepted"])
def test_a_timeout_after_accept_is_found_and_one_before_is_posted_after_the_hold(world: World, accepted: bool) -> None:
    world.deadline = 0.5
    world.slack.fail("chat.postMessage", silent(accept=accepted))
    world.run(1)
    assert world.ledger.deliveries()[-1].last_error == "timeout"
    world.deadline = 30
    world.wait(200)
    world.run(2)
    assert len(world.slack.messages(HOME)) == 1


def test_a_history_lagging_by_two_minutes_hides_no_post_that_was_open(world: World) -> None:
    world.slack.lag_history(120)
    world.slack.fail("chat.postMessage", accepted_then_reset())
    world.run(15)
    assert len(world.slack.messages(HOME)) == 1
    assert world.ledger.deliveries()[-1].state is State.SENT


def taken(world: World, name: str, value: object) -> Callable[[], None]:
    """Change a thing in Slack; gives how to change it back."""
    token, place = world.slack.workspace.tokens[world.slack.bot_token], world.slack.channel(HOME)
    thing: Any = token if hasattr(token, name) else place
    before = getattr(thing, name)
    setattr(thing, name, value)
    return lambda: setattr(thing, name, before)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        pytest.param("revoked", True, "token_revoked", id="token revoked"),
        pytest.param("scopes", frozenset({"channels:history"}), "missing_scope", id="chat:write removed"),
        pytest.param("is_archived", True, "is_archived", id="archived"),
        pytest.param("members", set(), "not_in_channel", id="bot kicked"),
        pytest.param("is_shared", True, "shared_channel", id="shared with another company"),
    ],
)
def test_what_is_taken_away_in_mid_run_blocks_is_told_once_and_recovers_without_a_restart(
    world: World, name: str, value: object, why: str
) -> None:
    world.run(1)
    assert len(world.slack.messages(HOME)) == 1
    give_back = taken(world, name, value)
    world.wait(UNTIL_TUESDAY)
    world.run(3)
    assert len(world.slack.messages(HOME)) == 1
    assert world.told == [f"{HOME} {why}"]
    give_back()
    world.wait(900)
    world.run(2)
    assert len(world.slack.messages(HOME)) == 2


def test_what_stands_in_a_channel_that_came_to_be_shared_is_edited_no_more(world: World) -> None:
    edited: list[dict[str, Any]] = []

    def edit(call: dict[str, Any]) -> Answer:
        edited.append(call)
        return Answer(Outcome.SENT, "1.0")

    border = world.courier().channel
    assert isinstance(border, OursAlone)
    assert border.change({"channel": HOME}, edit).outcome is Outcome.SENT
    world.slack.channel(HOME).is_shared = True
    border = world.courier().channel  # what it knew of the channel is five minutes old
    assert isinstance(border, OursAlone)
    assert border.change({"channel": HOME}, edit) == Answer(Outcome.BLOCKED, error="shared_channel")
    assert len(edited) == 1


def test_a_channel_of_which_slack_does_not_tell_yet_is_left_alone_for_the_pause_that_it_asks_for(world: World) -> None:
    edited: list[dict[str, Any]] = []

    def edit(call: dict[str, Any]) -> Answer:
        edited.append(call)
        return Answer(Outcome.SENT, "1.0")

    world.slack.fail("conversations.info", rate_limited(40))
    border = world.courier().channel
    assert isinstance(border, OursAlone)
    told = border.change({"channel": HOME}, edit)
    assert told == Answer(Outcome.NOT_APPLIED, error="ratelimited", retry_after=40.0)
    assert edited == []


def test_a_channel_made_private_without_the_bot_is_not_found_and_with_it_is_served(world: World) -> None:
    place = world.slack.channel(HOME)
    kept, place.members, place.is_private = place.members, set(), True
    world.run(2)
    assert world.told == [f"{HOME} channel_not_found"]
    place.members = kept
    world.wait(900)
    world.run(1)
    assert len(world.slack.messages(HOME)) == 1


def test_a_renamed_channel_gets_no_second_digest_and_loses_none(world: World) -> None:
    world.run(1)
    world.slack.channel(HOME).name = "another-name"
    world.run(2)
    world.wait(UNTIL_TUESDAY)
    world.run(1)
    assert len(world.slack.messages(HOME)) == 2


def test_a_digest_deleted_by_a_person_is_not_posted_again(world: World) -> None:
    world.run(1)
    [root] = world.slack.messages(HOME)
    world.slack.workspace.remove(root)
    world.run(2)
    for seconds in (600, 1800, 5400, 72000):
        world.wait(seconds)
        world.run(1)
    assert [message for message in world.slack.messages(HOME) if not message.is_reply] == []
    assert posts(world) == 2, "the digest and its reply"
