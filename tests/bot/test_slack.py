"""Does the real bolt App answer in a Slack that refuses what Slack refuses?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from slack_bolt import BoltRequest

from bot import listening
from bot.access import Access, ChannelNotListed, ForeignTeam, PersonNotListed, Who
from bot.delivery.payload import payload_of
from bot.delivery.post import TokenRefused, web_client
from bot.listening import check_token, serve_socket
from bot.local_slack import LocalSlack, Message
from bot.local_slack.delivery import Delivery
from bot.local_slack.faults import refused, server_error
from bot.local_slack.features import Command, Features
from bot.local_slack.payloads import event_payload
from bot.local_slack.seeds import SATO, SUZUKI
from bot.page import Button, Buttons, Page, Paragraph
from bot.slack import EVENTS, Answers, Edge, plain_words
from bot.workers import Once, Workers
from metrics.problem import Problem
from tests.bot.asking import heard_at_last

HOME = "C0ASAKAI01"


class NoSuchWord(Problem):
    key = "no_such_word"


@dataclass
class Desk:
    """Answers with what it was asked; some words misbehave."""

    asked: list[tuple[str, Who]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def answer(self, text: str, who: Who) -> Page:
        self.asked.append((text, who))
        self.begun.release()
        if text == "slow":
            self.gate.wait(20)
        if text == "typo":
            raise NoSuchWord(word=text)
        if text == "broken":
            raise ZeroDivisionError
        return Page(f"答え: {text}", (Paragraph(text), Buttons((Button("チャネル別", "チャネル別"),))))

    def explain(self, problem: Problem, _who: Who) -> Page:
        return Page(f"problem {problem.key} {problem.values}", (Paragraph(problem.key),))


@dataclass
class House:
    """One local Slack and one connected bot for all tests; each test gets a fresh desk."""

    slack: LocalSlack
    edge: Edge
    desk: Desk = field(default_factory=Desk)

    def fresh(self, access: Access | None = None, workers: Workers | None = None) -> None:
        self.desk = Desk()
        self.edge.answers = answers(self.desk, access)
        self.edge.workers = workers or Workers(2, 2)
        self.edge.once = Once(time.monotonic)
        self.slack.faults.clear()
        self.slack.dispatch.deliveries.clear()
        with self.slack.workspace.changed:
            self.slack.workspace.messages[HOME].clear()
            self.slack.workspace.ephemerals.clear()

    def ask(self, text: str) -> str:
        heard = self.slack.command("/kpi", text)
        heard.acked()
        return heard.answer().text

    def ephemeral(self, channel: str = HOME, user: str = SUZUKI) -> Message:
        self.slack.workspace.wait_until(lambda: bool(self.slack.ephemerals(channel, user)), 30)
        [message] = self.slack.ephemerals(channel, user)
        return message

    def direct(self, user: str = SATO) -> str:
        """The direct message with that person."""
        return self.slack.workspace.direct_message(user).id


def answers(desk: Desk, access: Access | None = None) -> Answers:
    allowed = access or Access(frozenset({HOME}), frozenset({"U0SATO0001"}))
    return Answers(desk.answer, desk.explain, payload_of, lambda: allowed)


def event_of(delivery: Delivery) -> dict[str, str]:
    """The event of an envelope; {} where it is none."""
    return dict(delivery.envelope["payload"].get("event", {}))


@contextmanager
def running(slack: LocalSlack) -> Iterator[tuple[Edge, Callable[[], None]]]:
    edge = Edge(web_client(slack.bot_token, slack.base_url), answers(Desk()))
    stop = threading.Event()
    closed: list[bool] = []

    def serve() -> None:
        closed.append(serve_socket(edge.app(), slack.app_token, stop)(10))

    thread = threading.Thread(target=serve)
    thread.start()
    slack.wait_socket()

    def end() -> None:
        stop.set()
        thread.join(15)
        assert closed == [True]

    try:
        yield edge, end
    finally:
        end()
        edge.workers.close(5)


@pytest.fixture(scope="module")
def shared() -> Iterator[House]:
    told = Features((Command("/kpi"),), events=frozenset(EVENTS))
    with LocalSlack(messages_per_second=None, ack_seconds=30, features=told) as slack, running(slack) as (edge, _):
        yield House(slack, edge)


@pytest.fixture
def house(shared: House) -> Iterator[House]:
    shared.fresh()
    yield shared
    shared.desk.gate.set()
    shared.edge.workers.close(5)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(messages_per_second=None, ack_seconds=30) as own:
        yield own


# --- questions ----------------------------------------------------------------------------


def test_a_command_is_answered_to_the_asker_alone(house: House) -> None:
    assert house.ask("休眠 チャネル別") == "答え: 休眠 チャネル別"
    assert house.slack.messages(HOME) == []
    assert house.desk.asked == [("休眠 チャネル別", Who("U0SUZUKI01", HOME, "T0ASAKAI01"))]


def test_a_button_says_what_typing_its_command_says(house: House) -> None:
    page = payload_of(house.desk.answer("digest", Who("", "")))
    house.edge.client.chat_postMessage(channel=HOME, text=page.text, blocks=list(page.blocks))
    [message] = house.slack.messages(HOME)
    [action] = [
        element["action_id"]
        for block in message.blocks
        for element in block.get("elements", ())
        if element.get("type") == "button"
    ]
    heard = house.slack.click(message, action)
    heard.acked()
    assert heard.answer().text == "答え: チャネル別"
    assert [kept.text for kept in house.slack.messages(HOME)] == ["答え: digest"], "what holds the button stays"


def test_a_mention_takes_the_same_words_and_is_answered_to_the_asker(house: House) -> None:
    house.slack.mention("休眠 &lt;30日&gt; ").acked()
    assert house.ephemeral().text == "答え: 休眠 &lt;30日&gt;", "written escaped again"
    assert [text for text, _ in house.desk.asked] == ["休眠 <30日>"]


def test_a_mention_in_a_thread_is_answered_there(house: House) -> None:
    root = house.slack.say("今日の数字")
    house.slack.mention("gap", thread=root.ts).acked()
    assert house.ephemeral().thread_ts == root.ts


# --- plain words in the direct message ------------------------------------------------------


@pytest.mark.parametrize("text", ["休眠 &lt;30日&gt; ", "<@U0ASAKAI00> 休眠 &lt;30日&gt;"])
def test_plain_words_in_a_direct_message_take_the_same_words_as_a_mention(house: House, text: str) -> None:
    direct = house.direct()
    house.slack.say(text, user=SATO, channel=direct)
    assert house.ephemeral(direct, SATO).text == "答え: 休眠 &lt;30日&gt;"
    assert [text for text, _ in house.desk.asked] == ["休眠 <30日>"]


def test_words_in_a_thread_of_a_direct_message_are_answered_there(house: House) -> None:
    direct = house.direct()
    root = house.edge.client.chat_postMessage(channel=direct, text="自分用のダイジェスト")["ts"]
    house.slack.say("gap", user=SATO, channel=direct, thread=root)
    assert house.ephemeral(direct, SATO).thread_ts == root


def test_who_is_not_listed_learns_in_a_direct_message_why_there_is_no_answer(house: House) -> None:
    direct = house.direct(SUZUKI)
    house.slack.say("休眠", channel=direct)
    assert house.ephemeral(direct).text.startswith("problem person_not_listed")
    assert house.desk.asked == []


def test_nothing_but_new_words_of_a_person_is_answered_in_a_direct_message(house: House) -> None:
    """Our own messages and their edits, a person's edit, a file with words: none loops, none is answered twice."""
    slack, direct = house.slack, house.direct()
    own = house.edge.client.chat_postMessage(channel=direct, text="休眠")
    house.edge.client.chat_update(channel=direct, ts=own["ts"], text="休眠 30日")
    house.edge.client.files_upload_v2(channel=direct, filename="休眠.csv", content="a\n", initial_comment="休眠")
    once = slack.say("once", user=SATO, channel=direct)
    slack.people.edit(once, "edited")
    slack.drop("orders.csv", b"a\n", user=SATO)
    slack.say("in a channel", user=SATO)
    told = [one for one in slack.dispatch.deliveries.values() if event_of(one).get("channel") == direct]
    kinds = [event_of(one).get("subtype", "") for one in told]
    assert kinds == ["", "message_changed", "file_share", "", "message_changed", "file_share"]
    slack.say("next", user=SATO, channel=direct)
    assert slack.workspace.wait_until(lambda: len(slack.ephemerals(direct, SATO)) == 2, 30)
    for one in told:
        one.acked()
    assert sorted(text for text, _ in house.desk.asked) == ["next", "once"]


def test_what_an_app_writes_in_somebody_s_name_is_not_answered(house: House) -> None:
    direct = house.direct()
    said = {
        "type": "message",
        "channel": direct,
        "channel_type": "im",
        "user": SATO,
        "text": "app",
        "bot_id": "B0OTHER",
    }
    house.slack.dispatch.deliver("events_api", event_payload(said, "Ev0OTHER", 0.0)).acked()
    house.slack.say("next", user=SATO, channel=direct)
    house.ephemeral(direct, SATO)
    assert [text for text, _ in house.desk.asked] == ["next"]


def test_words_that_slack_sends_again_are_answered_once(house: House) -> None:
    direct = house.direct()
    house.slack.next_envelope("duplicate")
    house.slack.say("once", user=SATO, channel=direct)
    house.ask("next")
    assert sorted(text for text, _ in house.desk.asked) == ["next", "once"]


# --- what goes wrong ------------------------------------------------------------------------


def test_a_problem_is_said_and_is_no_bug(house: House) -> None:
    assert house.ask("typo") == "problem no_such_word {'word': 'typo'}"


def test_a_bug_is_said_with_an_id_and_without_its_details(house: House) -> None:
    said = house.ask("broken")
    assert said.startswith("problem bug {'id': '")
    assert "ZeroDivision" not in said


def test_an_error_in_a_listener_is_said_too(house: House) -> None:
    def broken(_name: str) -> bool:
        raise ZeroDivisionError

    house.edge.once.first = broken  # type: ignore[method-assign]  # a bug before the work is handed over
    assert house.ask("x").startswith("problem bug")


class AtOnce:
    """Runs a listener before Bolt looks for its acknowledgement, as a busy machine may."""

    def submit(self, work: Callable[[], None]) -> None:
        work()


def test_an_error_right_after_the_acknowledgement_does_not_take_it_back(slack: LocalSlack) -> None:
    edge = Edge(web_client(slack.bot_token, slack.base_url), answers(Desk()))
    app = edge.app()
    app.listener_runner.listener_executor = AtOnce()  # type: ignore[assignment]
    no_way_to_answer = {"command": "/kpi", "user_id": "U1", "channel_id": HOME, "team_id": "T0ASAKAI01"}
    assert app.dispatch(BoltRequest(body=urlencode(no_way_to_answer), mode="socket_mode")).status == 200
    edge.workers.close(5)


def test_a_redelivered_request_is_acknowledged_and_answered_once(house: House) -> None:
    heard = house.slack.command("/kpi", "once")
    heard.answer()
    house.slack.redeliver(heard).acked()
    house.ask("next")
    assert [text for text, _ in house.desk.asked] == ["once", "next"]


def test_blocks_that_are_refused_are_said_in_words_once(house: House) -> None:
    house.slack.fail("response_url", refused("invalid_blocks"))
    answer = house.slack.command("/kpi", "words").answer()
    assert answer.blocks == ()
    assert "words" in answer.text


def test_a_mention_whose_blocks_are_refused_is_said_in_words_once(house: House) -> None:
    house.slack.fail("chat.postEphemeral", refused("invalid_blocks"))
    house.slack.mention("words").acked()
    assert house.ephemeral().blocks == ()


# --- busy ---------------------------------------------------------------------------------


def test_a_full_pool_says_busy_at_once_and_every_command_is_acknowledged(house: House) -> None:
    house.fresh(workers=Workers(threads=2, queue=1))
    waiting = [house.slack.command("/kpi", "slow") for _ in range(2)]
    for _ in waiting:
        assert house.desk.begun.acquire(timeout=30)
    waiting.append(house.slack.command("/kpi", "slow"))
    waiting[-1].acked()
    more = [house.slack.command("/kpi", "one too many") for _ in range(10)]
    for heard in more:
        heard.acked()
    assert {heard.answer().text for heard in more} == {"problem busy {}"}
    house.desk.gate.set()
    assert {heard.answer().text for heard in waiting} == {"答え: slow"}


def test_fifty_commands_at_once_are_all_acknowledged(house: House) -> None:
    house.fresh(workers=Workers(threads=4, queue=100))
    heard = [house.slack.command("/kpi", f"nr {number}") for number in range(50)]
    for one in heard:
        one.acked()
    assert {one.answer(timeout=20).text for one in heard} == {f"答え: nr {number}" for number in range(50)}


# --- who may ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "problem"),
    [
        (Who("U1", "C1"), None),
        (Who("U1", "C2"), ChannelNotListed),
        (Who("U1", "D1"), None),
        (Who("U2", "D1"), PersonNotListed),
        (Who("U1", "C1", shared=True), ForeignTeam),
    ],
)
def test_figures_are_for_listed_channels_and_people(who: Who, problem: type | None) -> None:
    refused_by = Access(frozenset({"C1"}), frozenset({"U1"})).refusal(who)
    assert (None if refused_by is None else type(refused_by)) is problem


def test_a_foreign_workspace_gets_nothing() -> None:
    assert isinstance(Access(frozenset({"C1"}), team="T1").refusal(Who("U1", "C1", "T2")), ForeignTeam)


def test_nothing_listed_means_nothing_shown() -> None:
    assert isinstance(Access(frozenset()).refusal(Who("U1", "C1")), ChannelNotListed)


def test_an_unlisted_channel_is_told_so_and_the_desk_is_not_asked(house: House) -> None:
    house.fresh(access=Access(frozenset({"C1"})))
    assert house.ask("休眠").startswith("problem channel_not_listed")
    assert house.desk.asked == []


# --- coming and going ---------------------------------------------------------------------


def test_a_slack_that_is_down_at_the_start_is_waited_for(slack: LocalSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.listening.RECONNECT_SECONDS", (0.01,))
    slack.fail("apps.connections.open", server_error(503), times=3)
    with running(slack):
        assert len(slack.calls("apps.connections.open")) == 4


def test_a_refused_app_token_ends_the_start_with_a_problem(slack: LocalSlack) -> None:
    edge = Edge(web_client(slack.bot_token, slack.base_url), answers(Desk()))
    with pytest.raises(TokenRefused):
        serve_socket(edge.app(), "xapp-wrong", threading.Event())


def test_a_refused_bot_token_is_a_problem_and_an_outage_is_not(slack: LocalSlack) -> None:
    assert check_token(web_client(slack.bot_token, slack.base_url)) == "T0ASAKAI01"
    with pytest.raises(TokenRefused):
        check_token(web_client("xoxb-wrong", slack.base_url))
    slack.fail("auth.test", server_error(503))
    assert check_token(web_client(slack.bot_token, slack.base_url)) is None
    slack.stop()
    assert check_token(web_client(slack.bot_token, slack.base_url)) is None


def test_a_socket_that_is_told_to_go_comes_back(house: House) -> None:
    slack = house.slack
    before = len(slack.calls("apps.connections.open"))
    slack.disconnect()
    slack.workspace.wait_until(lambda: len(slack.calls("apps.connections.open")) > before, 30)
    assert heard_at_last(slack, "again").answer().text == "答え: again"


def test_a_socket_that_is_dead_before_its_first_pong_is_replaced(
    slack: LocalSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.2)
    with running(slack):
        [first] = slack.sockets.links
        slack.disconnect("silent")
        assert slack.workspace.wait_until(lambda: any(one is not first for one in slack.sockets.links), 60)
        slack.sockets.leave(first)
        heard_at_last(slack, "hello")


def test_stopping_finishes_the_question_at_hand(slack: LocalSlack) -> None:
    desk = Desk()
    with running(slack) as (edge, end):
        edge.answers = answers(desk)
        heard = slack.command("/kpi", "slow")
        heard.acked()
        assert desk.begun.acquire(timeout=30)
        end()
        desk.gate.set()
        assert edge.workers.close(5)
        assert heard.answer().text == "答え: slow"
        assert not edge.workers.take(lambda: None), "nothing new is begun"


def test_closing_workers_gives_up_when_the_time_is_over() -> None:
    gate = threading.Event()
    done = threading.Event()
    workers = Workers(1, 1)
    workers.take(lambda: gate.wait(60) and done.set())
    assert not workers.close(0.05)
    assert not done.is_set(), "it did not wait for what would not end"
    gate.set()


# --- small things -------------------------------------------------------------------------


def test_ids_are_remembered_for_ten_minutes() -> None:
    now = [0.0]
    once = Once(lambda: now[0])
    assert once.first("a")
    now[0] = 599.0
    assert not once.first("a")
    now[0] = 601.0
    assert once.first("a")
    assert once.first("")
    assert once.first("")


def test_what_slack_escaped_is_read_as_it_was_typed() -> None:
    assert plain_words(" a &lt;b&gt; &amp;amp; ") == "a <b> &amp;"
