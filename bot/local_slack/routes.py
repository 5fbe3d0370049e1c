"""How does a request become an answer?

Parse, meet a fault if one waits, carry out, write the journal, answer. The
methods themselves know nothing of HTTP; nothing here knows what they do.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from bot.local_slack import files, web
from bot.local_slack.call import Answer, Call, Method, Refused, parse_arguments
from bot.local_slack.control import ControlRoutes
from bot.local_slack.journal import Entry
from bot.local_slack.multipart import parts_of
from bot.local_slack.person import PersonRoutes
from bot.local_slack.responses import respond
from bot.local_slack.sockets import CLOSE, Link
from bot.local_slack.web_api import CONNECTIONS_SCOPE, METHODS, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from bot.local_slack.faults import Fault
    from bot.local_slack.parts import Parts

_NO_LINGER: Final = struct.pack("ii", 1, 0)
_HALF: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"ok": tr'


class Routes:
    """The addresses of a local Slack."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.workspace = parts.workspace
        self.sockets = parts.sockets
        self.faults = parts.faults
        self.journal = parts.journal
        self.stopping = asyncio.Event()
        opening = Method(self._open_connection, CONNECTIONS_SCOPE, "app")
        self.methods: Mapping[str, Method] = {**METHODS, "apps.connections.open": opening}

    def app(self) -> Starlette:
        """Return the application to serve."""
        return Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                Route("/response/{response_id}", self._response, methods=["POST"]),
                Route("/upload/{file_id}", self._upload, methods=["POST"]),
                Route("/files-pri/{file_id}/{name}", self._download, methods=["GET"]),
                WebSocketRoute("/link/", self._link),
                *PersonRoutes(self.parts, self.stopping).routes(),
                *web.routes(),
                *ControlRoutes(self.parts).routes(),
            ]
        )

    async def _api(self, request: Request) -> Response:
        name = str(request.path_params["method"])
        body, kind = await request.body(), request.headers.get("content-type", "")
        token, args = request.headers.get("authorization", "").removeprefix("Bearer "), {}
        try:
            args = parse_arguments(body, kind, request.query_params)
        except Refused as refusal:
            return self._refusal(name, args, refusal)
        # a token in the body is Slack's older way; it stays out of the journal
        token = str(args.pop("token", "")) or token
        response = await self._meet(
            request, name, args, lambda: answer(self.workspace, self.methods, name, args, token)
        )
        known = self.workspace.tokens.get(token)
        if known is not None:
            response.headers["x-oauth-scopes"] = ",".join(sorted(known.scopes))
        return response

    async def _response(self, request: Request) -> Response:
        response_id = str(request.path_params["response_id"])
        try:
            args = parse_arguments(await request.body(), "application/json", {})
        except Refused as refusal:
            return self._refusal("response_url", {}, refusal)
        return await self._meet(request, "response_url", args, lambda: self._respond(response_id, args))

    def _respond(self, response_id: str, args: Mapping[str, Any]) -> Answer:
        with self.workspace.changed:
            try:
                message = respond(self.workspace, response_id, args)
            except Refused as refusal:
                # a response_url tells by its status, not by ok: false in a 200
                status = refusal.status if refusal.status != 200 else 400  # noqa: PLR2004 - HTTP's OK
                raise Refused(status=status, **_without_ok(refusal.answer)) from None
            if message is not None:
                self.parts.dispatch.heard(self.workspace.response_urls[response_id], message)
        return {"ok": True}

    async def _upload(self, request: Request) -> Response:
        body, kind = await request.body(), request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            body = next(iter(parts_of(body, kind).values()), b"")
        file_id = str(request.path_params["file_id"])

        def carry_out() -> Answer:
            with self.workspace.changed:
                status, said = files.receive(self.workspace, file_id, body)
            if status != 200:  # noqa: PLR2004 - HTTP's OK
                raise Refused(said, status=status)
            return {"ok": True, "said": said}

        return await self._meet(request, "upload", {"file": file_id, "length": len(body)}, carry_out)

    async def _download(self, request: Request) -> Response:
        """url_private: only for a bot token that may read files; everyone else sees a page to log in."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        known = self.workspace.tokens.get(token)
        file = self.workspace.files.get(str(request.path_params["file_id"]))
        if known is None or known.revoked or "files:read" not in known.scopes or file is None or file.content is None:
            return Response("<!DOCTYPE html><title>Sign in</title>", 200, media_type="text/html")
        return Response(file.content, media_type=file.mimetype)

    async def _meet(
        self, request: Request, name: str, args: Mapping[str, Any], carry_out: Callable[[], Answer]
    ) -> Response:
        """Answer one request, unless a fault does."""
        fault = self.faults.take(name)
        if fault is not None and not fault.accept:
            self._note(name, args, fault.status, {"fault": str(fault)}, fault=True)
            return await self._fail(request, fault, Response())
        try:
            given = carry_out()
        except Refused as refusal:
            response = self._refusal(name, args, refusal)
        else:
            self._note(name, args, 200, given, fault=fault is not None)
            response = _json(given, 200, {})
        return response if fault is None else await self._fail(request, fault, response)

    async def _fail(self, request: Request, fault: Fault, response: Response) -> Response:
        if fault.delay:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), fault.delay)
        if fault.cut:
            await _cut(request.state.transport, half=fault.cut == "half")
        return Response(fault.body, fault.status, dict(fault.headers)) if fault.answers else response

    def _refusal(self, name: str, args: Mapping[str, Any], refusal: Refused) -> Response:
        self._note(name, args, refusal.status, refusal.answer, fault=False)
        return _json(refusal.answer, refusal.status, refusal.headers)

    def _note(self, name: str, args: Mapping[str, Any], status: int, given: Answer, *, fault: bool) -> None:
        self.journal.write(Entry(self.workspace.clock.now(), name, args, status, given, fault))

    def _open_connection(self, call: Call) -> Answer:
        address = call.workspace.url.replace("http://", "ws://", 1)
        return {"ok": True, "url": f"{address}/link/?ticket={self.sockets.new_ticket()}&app_id=local"}

    async def _link(self, websocket: WebSocket) -> None:
        if not self.sockets.take_ticket(websocket.query_params.get("ticket", "")):
            await websocket.close(1008)
            return
        outgoing, dead = asyncio.Queue[str](), threading.Event()
        link = _link(websocket, outgoing, dead)
        # joined before accepted: whoever sees the socket open may count on it
        self.sockets.join(link)
        await websocket.accept()
        writer = asyncio.create_task(_write(websocket, outgoing))
        try:
            async for text in websocket.iter_text():
                if dead.is_set():
                    continue
                self.parts.dispatch.receive(link.name, text)
        finally:
            self.sockets.leave(link)
            writer.cancel()


def _link(websocket: WebSocket, outgoing: asyncio.Queue[str], dead: threading.Event) -> Link:
    loop, transport = asyncio.get_running_loop(), websocket.state.transport

    def do(action: Callable[[], None]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(action)

    def silence() -> None:
        dead.set()
        transport.get_protocol().fall_silent()

    def send(text: str) -> None:
        if not dead.is_set() or text == CLOSE:
            do(lambda: outgoing.put_nowait(text))

    return Link(str(uuid.uuid4()), send, lambda: do(lambda: _reset(transport)), lambda: do(silence))


async def _write(websocket: WebSocket, outgoing: asyncio.Queue[str]) -> None:
    while (text := await outgoing.get()) != CLOSE:
        await websocket.send_text(text)
    await websocket.close()


async def _cut(transport: asyncio.Transport, *, half: bool) -> None:
    """End the connection: in the middle of an answer, or with a reset before any."""
    if half:
        transport.write(_HALF)
        transport.close()
    else:
        _reset(transport)
    await asyncio.sleep(0)


def _reset(transport: asyncio.Transport) -> None:
    if not transport.is_closing():  # else the caller has gone already, and there is nothing to cut
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()


def _json(given: Answer, status: int, headers: Mapping[str, str]) -> Response:
    body = json.dumps(given, ensure_ascii=False)
    return Response(body, status, {"Content-Type": "application/json; charset=utf-8", **headers})


def _without_ok(given: Answer) -> Answer:
    return {name: value for name, value in given.items() if name != "ok"}
