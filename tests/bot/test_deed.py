"""Do presses, forms, shortcuts and Home reach their rooms: once, acknowledged, and only from who may?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.access import Access, Who
from bot.deed import Deed, Doing, Route, chosen
from bot.delivery.payload import payload_of
from bot.delivery.post import web_client
from bot.listening import serve_socket
from bot.local_slack import LocalSlack
from bot.page import Page, Paragraph
from bot.slack import Answers, Edge
from metrics.problem import Problem

HOME = "C0ASAKAI01"
MODAL = {
    "type": "modal",
    "callback_id": "room:form",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "設定"},
    "submit": {"type": "plain_text", "text": "保存"},
    "blocks": [
        {
            "type": "input",
            "block_id": "threshold",
            "label": {"type": "plain_text", "text": "基準"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        }
    ],
}
VALUES = ("7", "say", "broken", "no channel")
BUTTONS = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": f"room:{value}",
            "value": value,
            "text": {"type": "plain_text", "text": "押す"},
        }
        for value in VALUES
    ],
}


class Room:
    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.took = threading.Semaphore(0)

    def take(self, deed: Deed) -> None:
        self.deeds.append(deed)
        if deed.doing is Doing.PRESS and deed.value == "7":
            deed.web.call("views.open", trigger_id=deed.trigger_id, view=MODAL)
        if deed.doing is Doing.PRESS and deed.value == "broken":
            raise ZeroDivisionError
        if deed.doing is Doing.PRESS and deed.value == "no channel":
            deed.web.call("chat.postMessage", channel="C0NOWHERE", text="x")
        if deed.doing is Doing.PRESS and deed.value == "say":
            deed.reply(Page("見えるのは本人だけ", (Paragraph("x"),)))
        self.took.release()

    def one(self) -> Deed:
        assert self.took.acquire(timeout=20)
        return self.deeds[-1]


def wrong(deed: Deed) -> dict[str, str]:
    value = deed.state["threshold"]["value"]["value"]
    return {} if value.isdigit() else {"threshold": "数字で入力してください。"}


def explain(problem: Problem, _who: Who) -> Page:
    return Page(f"problem {problem.key} {problem.values}", (Paragraph(problem.key),))


@contextmanager
def served(room: Room, people: frozenset[str] = frozenset()) -> Iterator[LocalSlack]:
    access = Access(frozenset({HOME}), people)
    routes = (
        Route(Doing.PRESS, r"room:.*", room.take),
        Route(Doing.SUBMIT, r"room:form", room.take, check=wrong),
        Route(Doing.CLOSE, r"room:form", room.take),
        Route(Doing.EVENT, r"app_home_opened", room.take, open_to_all=True),
    )
    with LocalSlack(messages_per_second=None, ack_seconds=30) as slack:
        client = web_client(slack.bot_token, slack.base_url)
        edge = Edge(client, Answers(lambda *_: Page("", ()), explain, payload_of, lambda: access), routes=routes)
        stop = threading.Event()
        thread = threading.Thread(target=lambda: serve_socket(edge.app(), slack.app_token, stop)(10))
        thread.start()
        try:
            slack.wait_socket(timeout=20)
            client.chat_postMessage(channel=HOME, text="朝会", blocks=[BUTTONS])
            yield slack
        finally:
            stop.set()
            thread.join(20)
            edge.workers.close(5)


@pytest.fixture
def room() -> Room:
    return Room()


def press(slack: LocalSlack, value: str) -> None:
    [message] = slack.messages(HOME)
    slack.click(message, f"room:{value}").acked()


def said(slack: LocalSlack) -> str:
    slack.workspace.wait_until(lambda: bool(slack.ephemerals(HOME, "鈴木")), 20)
    return slack.ephemerals(HOME, "鈴木")[-1].text


def test_a_press_opens_a_form_and_the_form_comes_back(room: Room) -> None:
    with served(room, frozenset({"U0SUZUKI01"})) as slack:
        press(slack, "7")
        pressed = room.one()
        assert (pressed.name, pressed.value, pressed.who.channel) == ("room:7", "7", HOME)
        [view] = slack.views()
        assert slack.submit(view, {"threshold": {"value": {"type": "plain_text_input", "value": "x"}}}).acked() == {
            "response_action": "errors",
            "errors": {"threshold": "数字で入力してください。"},
        }
        assert len(room.deeds) == 1, "a form with errors is not taken"


def test_what_the_room_says_goes_to_that_person_alone(room: Room) -> None:
    with served(room) as slack:
        press(slack, "say")
        assert said(slack) == "見えるのは本人だけ"
        assert len(slack.messages(HOME)) == 1


@pytest.mark.parametrize(("value", "key"), [("broken", "bug"), ("no channel", "channel_unknown")])
def test_what_goes_wrong_is_said(room: Room, value: str, key: str) -> None:
    with served(room) as slack:
        press(slack, value)
        assert said(slack).startswith(f"problem {key}")


def test_who_may_not_see_figures_there_is_refused_before_the_room(room: Room) -> None:
    with served(room) as slack:
        client = web_client(slack.bot_token, slack.base_url)
        other = next(channel for channel in slack.channels.values() if channel.id != HOME and not channel.is_archived)
        if not client.conversations_info(channel=other.id)["channel"]["is_member"]:
            client.conversations_join(channel=other.id)
        client.chat_postMessage(channel=other.id, text="x", blocks=[BUTTONS])
        message = slack.messages(other.id)[-1]
        slack.click(message, "room:say").acked()
        slack.workspace.wait_until(lambda: bool(slack.ephemerals(other.id, "鈴木")), 20)
        assert slack.ephemerals(other.id, "鈴木")[-1].text.startswith("problem channel_not_listed")
        assert not room.deeds


def test_home_is_open_to_everyone_and_comes_once(room: Room) -> None:
    with served(room) as slack:
        opened = slack.open_home()
        opened.acked()
        deed = room.one()
        assert (deed.doing, deed.name, deed.who.user) == (Doing.EVENT, "app_home_opened", "U0SUZUKI01")
        slack.redeliver(opened).acked()
        press(slack, "say")
        room.one()
        assert [deed.doing for deed in room.deeds] == [Doing.EVENT, Doing.PRESS]


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ({"value": "7"}, "7"),
        ({"selected_option": {"value": "channel"}}, "channel"),
        ({"selected_options": [{"value": "a"}, {"value": "b"}]}, "a,b"),
        ({"selected_date": "2026-11-19"}, "2026-11-19"),
        ({"selected_time": "08:30"}, "08:30"),
        ({"selected_channels": ["C1", "C2"]}, "C1,C2"),
        ({"selected_users": []}, ""),
        ({"selected_option": None}, ""),
        ({}, ""),
    ],
)
def test_what_was_chosen(element: dict[str, object], value: str) -> None:
    assert chosen(element) == value


def test_routes_fit_whole_names() -> None:
    route = Route(Doing.PRESS, r"alert:(ack|mute)", lambda _: None)
    assert route.fits(Doing.PRESS, "alert:ack")
    assert not route.fits(Doing.PRESS, "alert:acknowledge")
    assert not route.fits(Doing.SUBMIT, "alert:ack")
