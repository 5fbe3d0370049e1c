"""How do Slack's requests come in: over a socket, or signed over HTTP?"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import structlog
from slack_sdk.errors import SlackApiError

from bot.delivery.post import TokenRefused, classify, refusal
from bot.delivery.protocol import Outcome
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_bolt import App
    from slack_sdk import WebClient
    from starlette.applications import Starlette

    from bot.slack import Edge

    Closing = Callable[[float], bool]
    """Ends something within that many seconds; False when it did not end."""

EVENTS_PATH = "/slack/events"
"""Where HTTP mode takes what Slack sends."""
BODY_LIMIT = 64 * 1024
RECONNECT_SECONDS = (1, 2, 4, 8, 15, 30, 60)
SILENT_SECONDS = 40.0
"""Four of the SDK's pings, as it allows those that have answered before."""
LOOK_SECONDS = 5.0

log = structlog.get_logger("asakai.slack")


class TokenMissing(Problem):
    """A token or secret is not set."""

    key = "token_missing"


def check_token(client: WebClient) -> str | None:
    """The workspace's id; raises TokenRefused. None while Slack cannot be reached: that may pass."""
    try:
        return str(client.auth_test()["team_id"])
    except SlackApiError as error:
        answer = classify(error)
        if answer.outcome is Outcome.BLOCKED:
            raise refusal(answer.error, "") from error
        log.warning("slack_not_reached", why=answer.error)
    except OSError as error:
        log.warning("slack_not_reached", why=str(error))
    return None


def serve_socket(app: App, app_token: str, stop: threading.Event) -> Closing:
    """Listen by Socket Mode until `stop`; returns how to close. Raises TokenRefused only."""
    from slack_bolt.adapter.socket_mode import SocketModeHandler  # noqa: PLC0415  only this mode needs it

    handler = SocketModeHandler(app, app_token)
    handler.client.proxy = app.client.proxy
    try:
        _connect(handler, stop)
        _replace_what_never_answered(handler, stop)
    except BaseException:
        handler.client.close()
        raise

    def close(within_seconds: float) -> bool:
        closing = threading.Thread(target=handler.client.close, daemon=True)
        closing.start()
        closing.join(within_seconds)
        return not closing.is_alive()

    return close


def http_app(edge: Edge) -> Starlette:
    """Take requests at EVENTS_PATH: signed, younger than five minutes, small, and each once."""
    from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response  # noqa: PLC0415
    from starlette.applications import Starlette  # noqa: PLC0415  an extra: only HTTP mode needs it
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415, TC002  Starlette looks at the annotation
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    if not edge.signing_secret:
        raise TokenMissing(name="signing_secret")
    app = edge.app()
    app.use(edge.on_replay)

    async def events(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return Response("too large", 413)
        return to_starlette_response(await run_in_threadpool(app.dispatch, to_bolt_request(request, body)))

    return Starlette(routes=[Route(EVENTS_PATH, events, methods=["POST"])])


def serve_http(edge: Edge, host: str, port: int, stop: threading.Event) -> Closing:
    """Listen by HTTP until `stop`; returns how to close."""
    import uvicorn  # noqa: PLC0415  an extra: only HTTP mode needs it

    server = uvicorn.Server(uvicorn.Config(http_app(edge), host, port, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, name="http")
    thread.start()
    stop.wait()

    def close(within_seconds: float) -> bool:
        server.should_exit = True
        thread.join(within_seconds)
        return not thread.is_alive()

    return close


def _replace_what_never_answered(handler: Any, stop: threading.Event) -> None:  # noqa: ANN401  as above
    """Until `stop`: a connection without a single pong gets a successor.

    The SDK replaces a connection whose pongs stop, but waits for the first one for ever.
    """
    watched, since = None, time.monotonic()
    while not stop.wait(LOOK_SECONDS):
        session = handler.client.current_session
        if session is not watched or session is None or session.last_ping_pong_time is not None:
            watched, since = session, time.monotonic()
        elif time.monotonic() - since > SILENT_SECONDS:
            log.warning("socket_never_answered", seconds=round(time.monotonic() - since))
            watched = None
            _connect(handler, stop)


def _connect(handler: Any, stop: threading.Event) -> None:  # noqa: ANN401  SocketModeHandler, imported where it is used
    """Open the first connection, however long Slack is away; later ones are the SDK's own work."""
    attempt = 0
    while not stop.is_set():
        try:
            handler.client.connect_to_new_endpoint(force=True)  # a fresh address each time: they expire
        except SlackApiError as error:
            answer = classify(error)
            if answer.outcome is Outcome.BLOCKED:
                raise TokenRefused(code=answer.error) from error
            log.warning("slack_not_reached", why=answer.error)
        except (URLError, OSError) as error:
            log.warning("slack_not_reached", why=str(error))
        else:
            log.info("connected")
            return
        stop.wait(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
        attempt += 1
