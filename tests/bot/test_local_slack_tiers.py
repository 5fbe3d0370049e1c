"""Does the local Slack count each method by its tier, and does the bot live with a 429?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest
from slack_sdk.errors import SlackApiError

from bot.access import Access, Who
from bot.choices.chosen import Entry
from bot.delivery.post import SlackBusy, web_client
from bot.delivery.web import WebCalls
from bot.home.door import Door
from bot.local_slack import LocalSlack, faults
from bot.local_slack.seeds import ASAKAI as HOME
from bot.local_slack.seeds import SATO, SUZUKI
from bot.local_slack.tiers import PER_MINUTE, SPECIAL, TIERS, Tiers
from bot.local_slack.web_api import METHODS
from bot.local_slack.workspace import TEAM
from bot.roll import KEEP_SECONDS, Roll

if TYPE_CHECKING:
    from slack_sdk import WebClient

AT = 1_795_000_000.0


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(tiers=True, start=AT) as running:
        yield running


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return web_client(slack.bot_token, slack.base_url)


def test_a_method_answers_429_with_retry_after_once_its_tier_is_used_up(slack: LocalSlack, client: WebClient) -> None:
    for _ in range(PER_MINUTE[TIERS["users.list"]]):
        client.users_list()
    with pytest.raises(SlackApiError) as caught:
        client.users_list()
    assert caught.value.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert caught.value.response["error"] == "ratelimited"
    assert caught.value.response.headers["Retry-After"] == "3", "20 a minute: one every three seconds"
    assert client.users_info(user=SUZUKI)["ok"], "another method is counted by itself"
    slack.clock.advance(3)
    assert client.users_list()["ok"]


def test_tiers_can_be_switched_in_mid_run(slack: LocalSlack, client: WebClient) -> None:
    body = json.dumps({"on": False}).encode()
    with urlopen(Request(f"{slack.url}/_control/tiers", body, {"Content-Type": "application/json"})) as answer:
        assert json.load(answer) == {"ok": True}
    for _ in range(2 * PER_MINUTE[TIERS["users.list"]]):
        client.users_list()


def test_who_was_known_is_still_known_while_slack_counts_too_many(slack: LocalSlack, client: WebClient) -> None:
    at = [0.0]
    roll = Roll(WebCalls(client), lambda: at[0], slack.clock.advance)
    assert roll.person(SUZUKI).id == SUZUKI
    for _ in range(PER_MINUTE[TIERS["users.info"]] - 1):
        client.users_info(user=SUZUKI)
    at[0] = KEEP_SECONDS + 1
    assert roll.person(SUZUKI).id == SUZUKI, "remembered"
    before = slack.clock.now()
    assert roll.person(SATO).id == SATO, "after the second that Slack asked for"
    assert slack.clock.now() == before + 1


def test_nobody_is_let_in_on_a_guess_while_slack_asks_for_a_long_pause(slack: LocalSlack, client: WebClient) -> None:
    waited: list[float] = []
    door = Door(Access(frozenset({HOME}), team=TEAM), Roll(WebCalls(client), wait=waited.append), list[Entry]().append)
    asker = Who(SUZUKI, HOME, TEAM)
    slack.fail("users.info", faults.rate_limited(retry_after=30))
    refused = door.refusal(asker)
    assert isinstance(refused, SlackBusy)
    assert refused.values["seconds"] == 30
    assert waited == []
    slack.fail("users.info", faults.rate_limited(retry_after=2))
    assert door.refusal(asker) is None
    assert waited == [2]
    assert door.refusal(asker) is None, "known by now"


def test_every_method_that_is_answered_has_a_tier_or_a_special_one() -> None:
    assert set(TIERS) | SPECIAL == {*METHODS, "apps.connections.open"}
    assert SPECIAL.isdisjoint(TIERS)


@pytest.mark.parametrize(("method", "most", "seconds"), [("users.list", 20, 3), ("users.info", 100, 1)])
def test_a_tier_gives_its_number_a_minute_and_names_the_seconds_to_the_next(
    method: str, most: int, seconds: int
) -> None:
    tiers = Tiers(on=True)
    assert [tiers.wait(method, "xoxb", AT) for _ in range(most + 1)] == [0] * most + [seconds]
    assert tiers.wait(method, "xoxb-another", AT) == 0, "each app is counted by itself"
    assert tiers.wait(method, "xoxb", AT + seconds) == 0
    assert [tiers.wait(one, "xoxb", AT) for one in SPECIAL for _ in range(200)] == [0] * 800


def test_the_tiers_are_those_of_slacks_own_list() -> None:
    assert PER_MINUTE == {1: 1, 2: 20, 3: 50, 4: 100}
    twos = {"conversations.list", "reactions.remove", "usergroups.list", "usergroups.users.list", "users.list"}
    assert {name for name, tier in TIERS.items() if tier == 2} == twos
    assert {name for name, tier in TIERS.items() if tier == 4} == {
        "chat.postEphemeral",
        "conversations.members",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "files.info",
        "users.info",
        *(name for name in METHODS if name.startswith("views.")),
    }
