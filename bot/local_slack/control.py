"""How does a program that is not Python make this Slack misbehave?

The same switches as the handle's, over HTTP on loopback. JSON in, {"ok": true} or
400 {"ok": false, "error"} out.

POST /_control/fault      {"method": "chat.postMessage" | "*", "kind": one of KINDS, "times"?, "retry_after"?,
                           "seconds"?, "status"?, "error"?, "accept"?}
POST /_control/clear      {}  forgets faults and mishaps to come, and the history's lag
POST /_control/clock      {"advance": seconds}
POST /_control/disconnect {"how": warning | refresh_requested | link_disabled | too_many_websockets |
                                  closed | reset | silent}
POST /_control/envelope   {"mishap": duplicate | late | lost, "seconds"?, "times"?}
POST /_control/history    {"lag": seconds}
POST /_control/tiers      {"on": true | false}  429 by each method's own tier
POST /_control/revoke     {"token"?}  the bot's own unless another is named
POST /_control/scopes     {"remove": [scope]}  from the bot's token
POST /_control/channel    {"channel", "archived"?, "read_only"?, "private"?, "shared"?, "name"?, "bot"?: true | false}
POST /_control/listen     {"request_url"}  signed requests to a loopback address; "" means sockets again
POST /_control/verify     {"request_url"}  the same after a challenge; {"ok": true, "verified": bool}
GET  /_control/journal?method=chat.postMessage   the journal as JSON lines
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from bot.local_slack import faults
from bot.local_slack.dispatch import MISHAPS, Mishap
from bot.local_slack.person import answer, at_home, json_of
from bot.local_slack.sockets import ENDS, End
from bot.local_slack.workspace import BOT_USER

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.local_slack.faults import Fault
    from bot.local_slack.parts import Parts

Asked = Mapping[str, Any]

KINDS: Final[Mapping[str, Callable[[Asked], Fault]]] = {
    "rate_limited": lambda asked: faults.rate_limited(int(asked.get("retry_after", 1))),
    "refused": lambda asked: faults.refused(str(asked.get("error", "internal_error"))),
    "server_error": lambda asked: faults.server_error(int(asked.get("status", 503)), accept=_accept(asked)),
    "html": lambda asked: faults.html(int(asked.get("status", 200))),
    "empty": lambda asked: faults.empty(int(asked.get("status", 200)), accept=_accept(asked)),
    "accepted_then_reset": lambda _asked: faults.accepted_then_reset(),
    "reset": lambda _asked: faults.reset(),
    "half_body": lambda asked: faults.half_body(accept=_accept(asked, default=True)),
    "slow": lambda asked: faults.slow(float(asked.get("seconds", 5))),
    "silent": lambda asked: faults.silent(accept=_accept(asked)),
}


class ControlRoutes:
    """The switches."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._switches: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
            "fault": self._fault,
            "clear": self._clear,
            "clock": self._clock,
            "disconnect": self._disconnect,
            "envelope": self._envelope,
            "history": self._history,
            "tiers": self._tiers,
            "revoke": self._revoke,
            "scopes": self._scopes,
            "channel": self._channel,
            "listen": self._listen,
            "verify": self._verify,
        }

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/_control/journal", at_home(self._journal), methods=["GET"]),
            Route("/_control/{switch}", at_home(self._switch), methods=["POST"]),
        ]

    async def _switch(self, request: Request) -> Response:
        switch = self._switches.get(str(request.path_params["switch"]))
        asked = await json_of(request)
        if switch is None or asked is None:
            return answer({"ok": False, "error": "unknown_switch" if asked is not None else "invalid_json"}, 400)
        try:
            # a challenge, and what becomes due when the clock moves, may wait for the app
            told = await run_in_threadpool(switch, asked)
        except (LookupError, TypeError, ValueError) as wrong:
            return answer({"ok": False, "error": "invalid_arguments", "detail": str(wrong)}, 400)
        return answer({"ok": True, **told})

    async def _journal(self, request: Request) -> Response:
        wanted = request.query_params.get("method", "")
        entries = [one for one in self._parts.journal.all() if wanted in {"", one.method}]
        lines = "".join(json.dumps(asdict(one), ensure_ascii=False, default=str) + "\n" for one in entries)
        return Response(lines, media_type="application/jsonl; charset=utf-8")

    def _fault(self, asked: Asked) -> dict[str, Any]:
        fault = KINDS[str(asked["kind"])](asked)
        self._parts.faults.next(str(asked.get("method", faults.EVERY)), fault, int(asked.get("times", 1)))
        return {}

    def _clear(self, _asked: Asked) -> dict[str, Any]:
        self._parts.faults.clear()
        self._parts.dispatch.mishaps.clear()
        self._parts.workspace.history_lag = 0.0
        return {}

    def _clock(self, asked: Asked) -> dict[str, Any]:
        seconds = float(asked["advance"])
        if seconds < 0:
            raise ValueError("time only moves forward")
        self._parts.workspace.clock.advance(seconds)
        return {"now": self._parts.workspace.clock.now()}

    def _disconnect(self, asked: Asked) -> dict[str, Any]:
        how = str(asked.get("how", "refresh_requested"))
        if how not in ENDS:
            raise ValueError(f"how is one of {sorted(ENDS)}")
        self._parts.sockets.end(cast("End", how))
        return {}

    def _envelope(self, asked: Asked) -> dict[str, Any]:
        mishap = str(asked["mishap"])
        if mishap not in MISHAPS:
            raise ValueError(f"mishap is one of {sorted(MISHAPS)}")
        one = (cast("Mishap", mishap), float(asked.get("seconds", 0)))
        self._parts.dispatch.mishaps.extend([one] * int(asked.get("times", 1)))
        return {}

    def _history(self, asked: Asked) -> dict[str, Any]:
        self._parts.workspace.history_lag = float(asked["lag"])
        return {}

    def _tiers(self, asked: Asked) -> dict[str, Any]:
        self._parts.workspace.tiers.on = bool(asked["on"])
        return {}

    def _revoke(self, asked: Asked) -> dict[str, Any]:
        tokens = self._parts.workspace.tokens
        name = asked.get("token") or next(name for name, token in tokens.items() if token.kind == "bot")
        tokens[str(name)].revoked = True
        return {}

    def _scopes(self, asked: Asked) -> dict[str, Any]:
        gone = frozenset(map(str, asked["remove"]))
        for token in self._parts.workspace.tokens.values():
            if token.kind == "bot":
                token.scopes -= gone
        return {}

    def _channel(self, asked: Asked) -> dict[str, Any]:
        workspace = self._parts.workspace
        place = workspace.find_channel(str(asked["channel"]))
        if place is None:
            raise LookupError("channel_not_found")
        with workspace.changed:
            place.is_archived = bool(asked.get("archived", place.is_archived))
            place.is_read_only = bool(asked.get("read_only", place.is_read_only))
            place.is_private = bool(asked.get("private", place.is_private))
            place.is_shared = bool(asked.get("shared", place.is_shared))
            place.name = str(asked.get("name", place.name))
            if "bot" in asked:
                (place.members.add if asked["bot"] else place.members.discard)(BOT_USER)
            workspace.changed.notify_all()
        return {}

    def _listen(self, asked: Asked) -> dict[str, Any]:
        self._parts.dispatch.poster.listen_at(str(asked["request_url"]))
        return {}

    def _verify(self, asked: Asked) -> dict[str, Any]:
        return {"verified": self._parts.dispatch.poster.verify(str(asked["request_url"]))}


def _accept(asked: Asked, *, default: bool = False) -> bool:
    return bool(asked.get("accept", default))
