"""What does a person see, and what may their page do for them?

The page is a program of its own in the browser; these are the addresses it lives on. Loopback
only: another Host, a foreign Origin or a body that is no JSON is refused, so that a web page
from elsewhere cannot press buttons here.

GET  /_page/state?user=U0SUZUKI01   (id, name or real name; without `user`: the first member)
    {"version", "now" (epoch seconds of the workspace's clock), "connected" (open sockets),
     "team": {"id", "name", "domain"}, "app": {"id", "user_id", "bot_id", "name"},
     "me": user, "users": [user], "usergroups": [{"id", "handle", "name", "users"}],
     "channels": [channel + "can_write"]  only what this person may see, direct message first opened included,
     "messages": {channel id: [message]}  oldest first, heads of threads and ephemerals; each message is as
        in conversations.history plus "is_ephemeral", "replies": [message], "files": [file], "is_bot",
     "views": [view + "errors": {block_id: text} + "busy"]  the open modals, the top one last,
     "home": view or null,
     "doings": [{"id", "kind", "what", "channel", "at", "state", "error"}]  the last 50, oldest first:
        kind  command | press | press_view | submit | close | shortcut | message_shortcut | mention | home | drop |
              options | event
        state waiting | acked | failed;  error operation_timeout | dispatch_failed | not_in_channel | …,
     "commands": [{"command", "description", "usage_hint"}],
     "shortcuts": [{"callback_id", "name", "type": "global" | "message", "description"}]}

GET  /_page/changes?since=17&seconds=25   answers {"version": 18} at the first change after 17, or
    {"version": 17} when the time is over. With `Accept: text/event-stream` (EventSource) it is a
    stream of `data: {"version": 18}`, one for each change (several at once are told once).

GET  /_page/file/{id}   the bytes of an uploaded file that this workspace holds.

POST /_page/act   {"do": …, "user": "U0SUZUKI01", …}  ->  {"ok": true, "doing": id or null, …} or
    400 {"ok": false, "error": code, …}. What came of it is in "doings"; it also comes by itself.
    say               channel, text, thread_ts?       "@asakai" becomes a mention; answers "ts"
    announce          name, length                    answers "file" and "upload", where its bytes are to be POSTed
    drop              channel, files (ids), text?, thread_ts?   shows in one message what was sent; answers "ts"
    command           channel, text ("/kpi 休眠 90日")
    press             channel + ts | view, action_id, block_id?, value?, values?
    submit            view, values                    error invalid_fields: "errors": {block_id: required |
                                                      too_short | too_long | too_small | too_large |
                                                      not_a_number | not_a_whole_number}
    close             view, cleared?                  cleared: the X of the whole stack
    shortcut          callback_id
    message_shortcut  callback_id, channel, ts
    home              tab?                            "home" (default) or "messages"
    join              channel
    dismiss           channel, ts                     an ephemeral message goes away for its reader
    options           channel + ts | view, action_id, block_id?, value
                      a reader types into an external_select; what the app offers comes as "offered" of the doing
  value of an external_select: the chosen option itself, {"text", "value"}.
  value, values: plain. values is {block_id: {action_id: plain}}: text, number as text, "2026-11-21", "08:30",
  option value, user/channel id, epoch seconds; lists for multi-selects and checkboxes; null for nothing.
  Fields that are not named keep what stood there at first (initial_value, initial_option, …).
  press on a select, date picker, radio button or checkbox: `value` is what was chosen (null or [] for none).
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot.local_slack.doings import Unfit, act
from bot.local_slack.forms import NoSuchElement
from bot.local_slack.seen import state_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from bot.local_slack.parts import Parts

    Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
MOST_SECONDS: Final = 55.0


class PersonRoutes:
    """The addresses of the page."""

    def __init__(self, parts: Parts, stopping: asyncio.Event) -> None:
        self._parts = parts
        self._stopping = stopping

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/_page/state", at_home(self._state), methods=["GET"]),
            Route("/_page/changes", at_home(self._changes), methods=["GET"]),
            Route("/_page/file/{file_id}", at_home(self._file), methods=["GET"]),
            Route("/_page/act", at_home(self._act), methods=["POST"]),
        ]

    async def _state(self, request: Request) -> Response:
        workspace = self._parts.workspace
        wanted = request.query_params.get("user", "")
        people = [one for one in workspace.users.values() if not one.is_bot]
        members = [one for one in people if not one.is_admin and not one.is_guest]
        user = workspace.find_user(wanted) if wanted else (members or people)[0]
        if user is None:
            return answer({"ok": False, "error": "user_not_found"}, 404)
        return answer(state_for(user, self._parts.dispatch, self._parts.people.features))

    async def _changes(self, request: Request) -> Response:
        try:
            since = int(request.query_params.get("since", "-1"))
            seconds = min(float(request.query_params.get("seconds", "25")), MOST_SECONDS)
        except ValueError:
            return answer({"ok": False, "error": "invalid_arguments"}, 400)
        if "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(self._stream(since), media_type="text/event-stream", headers=_UNKEPT)
        return answer({"version": await self._after(since, seconds)})

    async def _stream(self, since: int) -> AsyncIterator[str]:
        while not self._stopping.is_set():
            version = await self._after(since, 15)
            # a comment now and then shows that both are still there
            yield f"data: {json.dumps({'version': version})}\n\n" if version != since else ": still here\n\n"
            since = version

    async def _after(self, since: int, seconds: float) -> int:
        """Return the version as soon as it is another one than `since`, or when the time is over."""
        loop, woken, changed = asyncio.get_running_loop(), asyncio.Event(), self._parts.workspace.changed

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        with changed.listening(wake):
            if changed.version == since and not self._stopping.is_set():
                waits = [asyncio.ensure_future(one.wait()) for one in (woken, self._stopping)]
                await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                for one in waits:
                    one.cancel()
            return changed.version

    async def _file(self, request: Request) -> Response:
        file = self._parts.workspace.files.get(str(request.path_params["file_id"]))
        if file is None or file.content is None:
            return answer({"ok": False, "error": "file_not_found"}, 404)
        return Response(file.content, media_type=file.mimetype, headers=_UNKEPT)

    async def _act(self, request: Request) -> Response:
        asked = await json_of(request)
        if asked is None:
            return answer({"ok": False, "error": "invalid_json"}, 400)
        try:
            return answer({"ok": True, **act(self._parts.people, asked)})
        except Unfit as unfit:
            return answer({"ok": False, "error": unfit.error, **unfit.more}, 400)
        except NoSuchElement as lost:
            return answer({"ok": False, "error": "no_such_element", "detail": str(lost)}, 400)


_UNKEPT: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def at_home(endpoint: Endpoint) -> Endpoint:
    """Refuse what does not come from a program or page of this machine's own."""

    async def guarded(request: Request) -> Response:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        origin = request.headers.get("origin", "")
        own = not origin or origin == f"http://{request.headers.get('host', '')}"
        if host not in HOSTS or not own:
            return answer({"ok": False, "error": "not_from_here"}, 403)
        return await endpoint(request)

    return guarded


async def json_of(request: Request) -> dict[str, Any] | None:
    """Return the body, an object sent as application/json; None for anything else."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    with suppress(ValueError):
        body = json.loads(await request.body() or b"{}")
        if isinstance(body, dict):
            return body
    return None


def answer(given: dict[str, Any], status: int = 200) -> Response:
    """Return JSON that nobody keeps."""
    headers = {"Content-Type": "application/json; charset=utf-8", **_UNKEPT}
    return Response(json.dumps(given, ensure_ascii=False), status, headers)
