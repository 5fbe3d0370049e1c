"""How does the local Slack listen, and how does it end?

uvicorn on 127.0.0.1, in a thread of its own. Imported only when a server
starts, so that nothing else pays for it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from bot.local_slack.routes import Routes

if TYPE_CHECKING:
    from wsproto.events import Ping

    from bot.local_slack.parts import Parts

HOST: Final = "127.0.0.1"


class _Protocol(H11Protocol):
    """Hands its connection to the request, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's own promise for TCP
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _SocketProtocol(WSProtocol):
    """A socket that can go dead while it stays open: the app's pings find no pong."""

    _silent = False

    def fall_silent(self) -> None:
        self._silent = True
        self.stop_keepalive()

    def handle_ping(self, event: Ping) -> None:
        if not self._silent:
            super().handle_ping(event)


class Server:
    """The thread that answers for a workspace."""

    def __init__(self, parts: Parts) -> None:
        self._routes = Routes(parts)
        self._sockets = parts.sockets
        self._poster = parts.dispatch.poster
        self._agenda = parts.agenda
        self._agenda.wake = self.look_in
        config = uvicorn.Config(
            self._routes.app(),
            http=_Protocol,
            ws=_SocketProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            # slack_sdk lets go of a socket only between two frames: pings let `close()` return at once
            ws_ping_interval=0.2,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, port: int) -> int:
        """Listen on loopback and return the port; OSError when it is taken."""
        listener = listen(port)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="local-slack", daemon=True)
        self._thread.start()
        self._ready.wait()
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Close every socket and connection, and wait for the thread."""
        if self._thread is None or self._loop is None:
            return
        self._sockets.close()
        self._server.should_exit = True
        self._loop.call_soon_threadsafe(self._routes.stopping.set)
        self._thread.join()
        self._thread = None
        self._poster.close()

    def look_in(self, seconds: float) -> None:
        """Do what is due after a while."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(lambda: loop.call_later(seconds, self._agenda.run_due))

    def _run(self, listener: socket.socket) -> None:
        with listener:
            asyncio.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._server.serve(sockets=[listener])


def listen(port: int) -> socket.socket:
    """Return a listening socket on loopback and nowhere else."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
