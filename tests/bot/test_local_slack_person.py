"""Can a page show a person the workspace and act for them?"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.local_slack import LocalSlack
from bot.local_slack.features import Command, Features, Shortcut

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = "C0ASAKAI01"
SUZUKI = "U0SUZUKI01"
FEATURES = Features(
    (Command("/kpi", "数字を見る"),),
    (Shortcut("ask", "数字を聞く"), Shortcut("why", "この数字の根拠", "message")),
    frozenset({"app_mention", "app_home_opened"}),
)
OPTIONS = [{"text": {"type": "plain_text", "text": one}, "value": one} for one in ("web", "store")]
BLOCKS = [
    {
        "type": "actions",
        "block_id": "next",
        "elements": [
            {"type": "button", "action_id": "drill", "value": "x", "text": {"type": "plain_text", "text": "内訳"}},
            {"type": "static_select", "action_id": "segment", "options": OPTIONS, "initial_option": OPTIONS[0]},
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-21"},
        ],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "form",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "設定"},
    "submit": {"type": "plain_text", "text": "保存"},
    "blocks": [
        {
            "type": "input",
            "block_id": "percent",
            "label": {"type": "plain_text", "text": "基準"},
            "element": {"type": "number_input", "action_id": "v", "is_decimal_allowed": False, "max_value": "100"},
        },
        {
            "type": "input",
            "block_id": "where",
            "optional": True,
            "label": {"type": "plain_text", "text": "区分"},
            "element": {"type": "multi_static_select", "action_id": "v", "options": OPTIONS},
        },
    ],
}


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(ack_seconds=30, messages_per_second=None, features=FEATURES) as running:
        yield running


def ask(slack: LocalSlack, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"} if data else {}
    try:
        with urlopen(Request(f"{slack.url}/_page/{path}", data, {**kind, **headers})) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def state(slack: LocalSlack, user: str = "鈴木") -> dict[str, Any]:
    status, told = ask(slack, f"state?user={quote(user)}")
    assert status == 200, told
    return told


def act(slack: LocalSlack, do: str, user: str = SUZUKI, **more: Any) -> dict[str, Any]:
    return ask(slack, "act", {"do": do, "user": user, **more})[1]


def app_of(slack: LocalSlack, heard: list[dict[str, Any]]) -> App:
    """An app that remembers what it hears and opens a form where it can."""
    app = App(client=WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[]))

    def hear(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        ack()

    def open_form(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        heard.append(body)

    for name in ("drill", "segment", "day"):
        app.action(name)(hear)
    app.command("/kpi")(hear)
    app.shortcut("ask")(open_form)
    app.shortcut("why")(hear)
    app.view("form")(lambda ack, body: [heard.append(body), ack(response_action="errors", errors={"percent": "?"})])
    app.view_closed("form")(hear)
    app.event("app_mention")(hear)
    app.event("app_home_opened")(hear)
    return app


def settled(slack: LocalSlack, doing: str) -> dict[str, Any]:
    delivery = slack.dispatch.deliveries[doing]
    assert slack.workspace.wait_until(lambda: delivery.settled, 30)
    return next(one for one in state(slack)["doings"] if one["id"] == doing)


def test_a_person_sees_what_is_theirs_to_see(slack: LocalSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    head = client.chat_postMessage(channel=HOME, text="朝会", blocks=BLOCKS)["ts"]
    client.chat_postMessage(channel=HOME, text="内訳", thread_ts=head)
    client.chat_postEphemeral(channel=HOME, user=SUZUKI, text="内緒")
    seen = state(slack)
    assert [m["text"] for m in seen["messages"][HOME]] == ["朝会", "内緒"]
    assert [m["text"] for m in seen["messages"][HOME][0]["replies"]] == ["内訳"]
    assert seen["messages"][HOME][1]["is_ephemeral"]
    assert [m["text"] for m in state(slack, "sato")["messages"][HOME]] == ["朝会"]
    names = {one["name"]: one["can_write"] for one in seen["channels"]}
    assert names == {"asakai-朝会": True, "general": True, "archive": False, "notices": False, "partner-共有": True}
    assert {one["name"] for one in state(slack, "guest")["channels"]} == {"asakai-朝会"}
    assert {one["name"] for one in state(slack, "佐藤")["channels"]} == {*names, "経営会議"}
    assert ask(slack, "state?user=nobody")[0] == 404


def test_each_change_is_told_to_who_waits_for_it(slack: LocalSlack) -> None:
    version = state(slack)["version"]
    assert ask(slack, f"changes?since={version}&seconds=0.01")[1] == {"version": version}
    waiter = threading.Thread(target=lambda: told.append(ask(slack, f"changes?since={version}&seconds=50")[1]))
    told: list[dict[str, Any]] = []
    waiter.start()
    slack.say("おはよう")
    waiter.join(30)
    assert told[0]["version"] > version
    with urlopen(Request(f"{slack.url}/_page/changes?since=0", headers={"Accept": "text/event-stream"})) as stream:
        assert json.loads(stream.readline().removeprefix(b"data: ")) == told[0]
        stream.readline()
        slack.say("また")
        assert json.loads(stream.readline().removeprefix(b"data: "))["version"] > told[0]["version"]


def test_a_person_types_presses_chooses_and_mentions(slack: LocalSlack) -> None:
    heard: list[dict[str, Any]] = []
    with slack.connected(app_of(slack, heard)):
        doing = act(slack, "command", channel=HOME, text="/kpi 休眠 90日")["doing"]
        assert settled(slack, doing)["state"] == "acked"
        assert (heard[-1]["command"], heard[-1]["text"]) == ("/kpi", "休眠 90日")
        ts = WebClient(slack.bot_token, base_url=slack.base_url).chat_postMessage(
            channel=HOME, text="x", blocks=BLOCKS
        )["ts"]
        settled(slack, act(slack, "press", channel=HOME, ts=ts, action_id="segment", value="store")["doing"])
        assert heard[-1]["actions"][0]["selected_option"]["value"] == "store"
        values = heard[-1]["state"]["values"]["next"]
        assert values["segment"]["selected_option"]["value"] == "store"
        assert values["day"] == {"type": "datepicker", "selected_date": "2026-11-21"}
        settled(
            slack,
            act(slack, "press", channel=HOME, ts=ts, action_id="drill", values={"next": {"day": "2026-11-01"}})[
                "doing"
            ],
        )
        assert heard[-1]["state"]["values"]["next"]["day"]["selected_date"] == "2026-11-01"
        said = act(slack, "say", channel=HOME, text="@asakai 休眠", thread_ts=ts)
        assert slack.workspace.wait_until(lambda: heard[-1].get("event", {}).get("ts") == said["ts"], 30)
        assert heard[-1]["event"]["text"] == "<@U0ASAKAI00> 休眠"


def test_a_person_fills_a_form_in_and_closes_it(slack: LocalSlack) -> None:
    heard: list[dict[str, Any]] = []
    with slack.connected(app_of(slack, heard)):
        act(slack, "shortcut", callback_id="ask")
        assert slack.workspace.wait_until(lambda: bool(slack.views()), 30)
        [view] = state(slack)["views"]
        told = act(slack, "submit", view=view["id"], values={"percent": {"v": "x"}})
        assert told == {"ok": False, "error": "invalid_fields", "errors": {"percent": "not_a_number"}}
        assert act(slack, "submit", view=view["id"], values={})["errors"] == {"percent": "required"}
        assert act(slack, "submit", user="U0SATO0001", view=view["id"])["error"] == "view_not_found"
        typed = {"percent": {"v": "20"}, "where": {"v": ["store"]}}
        settled(slack, act(slack, "submit", view=view["id"], values=typed)["doing"])
        values = heard[-1]["view"]["state"]["values"]
        assert values["percent"]["v"] == {"type": "number_input", "value": "20"}
        assert [one["value"] for one in values["where"]["v"]["selected_options"]] == ["store"]
        assert state(slack)["views"][0]["errors"] == {"percent": "?"}
        settled(slack, act(slack, "close", view=view["id"])["doing"])
        assert heard[-1]["type"] == "view_closed"
        assert state(slack)["views"] == []


def test_shortcuts_home_and_joining_reach_the_app(slack: LocalSlack) -> None:
    heard: list[dict[str, Any]] = []
    with slack.connected(app_of(slack, heard)):
        ts = slack.say("昨日の数字は？").ts
        settled(slack, act(slack, "message_shortcut", channel=HOME, ts=ts, callback_id="why")["doing"])
        assert (heard[-1]["type"], heard[-1]["message"]["ts"]) == ("message_action", ts)
        settled(slack, act(slack, "home")["doing"])
        assert slack.workspace.wait_until(lambda: len(heard) > 1, 30), "an event is acknowledged before it is heard"
        assert (heard[-1]["event"]["type"], heard[-1]["event"]["tab"]) == ("app_home_opened", "home")
        assert act(slack, "join", user="U0TANAKA01", channel="general")["ok"]
        assert "U0TANAKA01" in slack.channel("general").members


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"do": "dance"}, "unknown_doing"),
        ({"do": "say", "user": "U9"}, "user_not_found"),
        ({"do": "say", "channel": "経営会議", "text": "x"}, "channel_not_found"),
        ({"do": "say", "channel": "archive", "text": "x"}, "cannot_write"),
        ({"do": "say", "channel": HOME, "text": " "}, "no_text"),
        ({"do": "command", "channel": HOME, "text": "/dance"}, "unknown_command"),
        ({"do": "press", "channel": HOME, "ts": "1.2", "action_id": "x"}, "message_not_found"),
        ({"do": "shortcut", "callback_id": "why"}, "unknown_shortcut"),
        ({"do": "submit", "view": "V1"}, "view_not_found"),
        ({"do": "join", "channel": "archive"}, "cannot_join"),
        ({"do": "home", "tab": "attic"}, "invalid_tab"),
    ],
)
def test_what_cannot_be_done_is_named(slack: LocalSlack, body: dict[str, Any], error: str) -> None:
    status, told = ask(slack, "act", {"user": SUZUKI, **body})
    assert (status, told["ok"], told["error"]) == (400, False, error)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Content-Type": "text/plain"}]
)
def test_a_web_page_from_elsewhere_presses_nothing(slack: LocalSlack, headers: dict[str, str]) -> None:
    status, told = ask(slack, "act", {"do": "say", "user": SUZUKI, "channel": HOME, "text": "x"}, **headers)
    assert (status, told["error"]) in {(403, "not_from_here"), (400, "invalid_json")}
    assert slack.messages(HOME) == []


def test_nobody_there_to_answer_is_shown_as_such(slack: LocalSlack) -> None:
    doing = act(slack, "command", channel=HOME, text="/kpi")["doing"]
    shown = settled(slack, doing)
    assert (shown["kind"], shown["what"], shown["state"], shown["error"]) == (
        "command",
        "/kpi",
        "failed",
        "dispatch_failed",
    )


def test_a_file_can_be_taken_from_the_page(slack: LocalSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    client.files_upload_v2(channel=HOME, filename="休眠.csv", content="a,b\n")
    [file] = state(slack)["messages"][HOME][0]["files"]
    with urlopen(f"{slack.url}/_page/file/{file['id']}") as answer:
        assert (answer.read(), answer.headers.get_content_type()) == (b"a,b\n", "text/csv")


def test_a_file_is_sent_in_three_steps_and_the_app_hears_of_it(slack: LocalSlack) -> None:
    heard: list[dict[str, Any]] = []
    app = App(client=WebClient(slack.bot_token, slack.base_url), token_verification_enabled=False)

    @app.event("file_shared")
    def hear(event: dict[str, Any]) -> None:
        heard.append(event)

    with slack.connected(app):
        told = act(slack, "announce", name="受注.csv", length=4)
        assert act(slack, "drop", channel=HOME, files=[told["file"]])["error"] == "file_not_found", "no bytes came"
        assert sent(slack, told["upload"], b"a,b") == 400, "not what was announced"
        assert sent(slack, told["upload"], b"a,b\n") == 200
        dropped = act(slack, "drop", channel=HOME, files=[told["file"]], text="今朝の受注です")
        assert settled(slack, dropped["doing"])["state"] == "acked"
        assert slack.workspace.wait_until(lambda: heard != [], 30)
    [message] = state(slack)["messages"][HOME]
    assert (message["text"], message["ts"]) == ("今朝の受注です", dropped["ts"])
    assert [(file["name"], file["size"], file["user"]) for file in message["files"]] == [("受注.csv", 4, SUZUKI)]
    assert [(event["file_id"], event["user_id"], event["channel_id"]) for event in heard] == [
        (told["file"], SUZUKI, HOME)
    ]


def test_nobody_sends_another_one_s_file_or_writes_where_they_may_not(slack: LocalSlack) -> None:
    told = act(slack, "announce", name="x.csv", length=1)
    sent(slack, told["upload"], b"x")
    assert act(slack, "drop", user="U0SATO0001", channel=HOME, files=[told["file"]])["error"] == "file_not_found"
    assert act(slack, "drop", channel="archive", files=[told["file"]])["error"] == "cannot_write"
    assert act(slack, "drop", channel=HOME, files=[])["error"] == "no_file"
    assert act(slack, "drop", channel=HOME, files=[told["file"]], thread_ts="1.2")["error"] == "thread_not_found"
    assert act(slack, "announce", name="x.csv", length=-1)["error"] == "invalid_arguments"
    assert act(slack, "announce", name="x.csv", length=(1 << 30) + 1)["error"] == "file_too_large"


def sent(slack: LocalSlack, address: str, content: bytes) -> int:
    try:
        with urlopen(Request(f"{slack.url}{address}", content)) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


def modal_of(**more: Any) -> dict[str, Any]:
    return {**MODAL, **more}


def opened(slack: LocalSlack, client: WebClient, view: dict[str, Any]) -> Any:
    trigger = slack.shortcut("ask").envelope["payload"]["trigger_id"]
    client.views_open(trigger_id=trigger, view=view)
    return slack.views()[-1]


def test_a_closed_form_is_told_only_where_it_asked_for_that(slack: LocalSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    quiet = opened(slack, client, modal_of(notify_on_close=False))
    assert slack.close(quiet) is None
    assert slack.views() == []
    below = opened(slack, client, MODAL)
    trigger = slack.shortcut("ask").envelope["payload"]["trigger_id"]
    client.views_push(trigger_id=trigger, view=modal_of(clear_on_close=True))
    top = slack.views()[-1]
    assert (top.previous, len(slack.views())) == (below.id, 2)
    told = slack.close(top)
    assert told is not None
    assert told.envelope["payload"]["is_cleared"] is True
    assert slack.views() == [], "clear_on_close takes the whole stack"


def test_a_form_that_names_a_place_may_answer_there(slack: LocalSlack) -> None:
    field = {"type": "conversations_select", "action_id": "v", "response_url_enabled": True}
    block = {"type": "input", "block_id": "to", "label": {"type": "plain_text", "text": "送り先"}, "element": field}
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    sent = slack.fill(opened(slack, client, modal_of(blocks=[block])), {"to": {"v": HOME}})
    [url] = sent.envelope["payload"]["response_urls"]
    assert (url["block_id"], url["action_id"], url["channel_id"]) == ("to", "v", HOME)
    body = json.dumps({"text": "共有します", "response_type": "in_channel"}).encode()
    with urlopen(Request(url["response_url"], body, {"Content-Type": "application/json"})):
        assert [m.text for m in slack.messages(HOME)] == ["共有します"]


def test_an_external_list_is_asked_for_while_a_person_types(slack: LocalSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    select = {"type": "external_select", "action_id": "segment", "min_query_length": 1}
    ts = client.chat_postMessage(
        channel=HOME, text="x", blocks=[{"type": "actions", "block_id": "next", "elements": [select]}]
    )["ts"]
    app = App(client=client)
    app.options("segment")(lambda ack, body: ack(options=[one for one in OPTIONS if body["value"] in one["value"]]))
    heard: list[dict[str, Any]] = []
    app.action("segment")(lambda ack, action: [heard.append(action), ack()])
    with slack.connected(app):
        where = {"channel": HOME, "ts": ts, "action_id": "segment", "block_id": "next"}
        offered = settled(slack, act(slack, "options", value="sto", **where)["doing"])["offered"]
        assert [one["value"] for one in offered["options"]] == ["store"]
        settled(slack, act(slack, "press", value=offered["options"][0], **where)["doing"])
    assert heard[0]["selected_option"]["value"] == "store"


def test_an_ephemeral_message_can_be_put_away_and_has_no_menu(slack: LocalSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    ts = client.chat_postEphemeral(channel=HOME, user=SUZUKI, text="内緒")["message_ts"]
    assert act(slack, "message_shortcut", channel=HOME, ts=ts, callback_id="why")["error"] == "no_such_element"
    assert act(slack, "dismiss", user="U0SATO0001", channel=HOME, ts=ts)["error"] == "message_not_found"
    assert act(slack, "dismiss", channel=HOME, ts=ts)["ok"]
    assert slack.ephemerals(HOME, "鈴木") == []


def test_messages_reach_an_app_that_subscribed_to_them() -> None:
    """A direct message, a word in a channel, a new member: each only where it was asked for."""
    wanted = frozenset({"message.im", "member_joined_channel"})
    with LocalSlack(ack_seconds=30, features=Features(events=wanted)) as slack:
        direct = slack.workspace.direct_message(SUZUKI)
        slack.people.edit(slack.say("休眠", channel=direct.id), "休眠 30日")
        WebClient(slack.bot_token, slack.base_url).chat_postMessage(channel=direct.id, text="答え")
        slack.say("だれも聞いていません", channel=HOME)
        slack.people.join(slack.user("田中"), slack.channel(HOME))
        told = [one.envelope["payload"]["event"] for one in slack.dispatch.deliveries.values()]
    first, edited, own = (one for one in told if one["type"] == "message")
    assert {one["channel_type"] for one in (first, edited, own)} == {"im"}
    assert (first["text"], first["user"]) == ("休眠", SUZUKI)
    assert (edited["subtype"], edited["message"]["text"]) == ("message_changed", "休眠 30日")
    assert (edited["previous_message"]["text"], "user" in edited) == ("休眠", False)
    assert (own["text"], own["bot_id"]) == ("答え", "B0ASAKAI00"), "Slack tells an app of its own messages, too"
    assert {one["user"] for one in told if one["type"] == "member_joined_channel"} == {"U0TANAKA01"}
