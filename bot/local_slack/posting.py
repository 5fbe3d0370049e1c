"""How does Slack post a signed request to an app without a socket?

Commands and interactions are forms, events are JSON; each is signed over its raw body. Only
loopback is posted to: this Slack has no business elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WORKERS: Final = 32
_SERVER_ERROR: Final = 500
_OK: Final = range(200, 300)


class NotLoopback(ValueError):
    """A request URL outside of this machine."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `error` is what the person sees, `retry_reason` what the next attempt is told."""

    status: int = 0
    payload: object = None
    error: str = ""
    retry_reason: str = ""
    no_retry: bool = False


@dataclass(slots=True)
class Poster:
    """Posts to `request_url`, when there is one."""

    signing_secret: str
    request_url: str = ""
    _pool: ThreadPoolExecutor | None = field(default=None, repr=False)

    def listen_at(self, url: str) -> None:
        """Post to this address from now on; empty means sockets again."""
        if url and urlsplit(url).hostname not in HOSTS:
            raise NotLoopback(url)
        self.request_url = url

    def post(self, envelope: Mapping[str, Any], seconds: float, tell: Callable[[Reply], None]) -> None:
        """Post an envelope's payload from a thread of its own and tell what came back."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="local-slack-post")
        self._pool.submit(lambda: tell(self.exchange(*request_of(envelope), seconds)))

    def exchange(self, body: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """Post one body and wait that long for the answer."""
        parts = urlsplit(self.request_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=seconds)
        signed = {**headers, **signature(self.signing_secret, body, int(time.time()))}
        try:
            connection.request("POST", parts.path or "/", body.encode(), signed)
            answer = connection.getresponse()
            return reply_of(answer.status, answer.read(), dict(answer.headers))
        except TimeoutError:
            return Reply(error="operation_timeout", retry_reason="http_timeout")
        except (OSError, http.client.HTTPException):
            return Reply(error="dispatch_failed", retry_reason="connection_failed")
        finally:
            connection.close()

    def verify(self, url: str) -> bool:
        """Take this address when it answers a challenge, as Slack does when it is entered."""
        before = self.request_url
        self.listen_at(url)
        challenge = secrets.token_urlsafe(24)
        asked = {"token": "local", "challenge": challenge, "type": "url_verification"}
        reply = self.exchange(json.dumps(asked), {"Content-Type": "application/json"}, 3.0)
        told = reply.payload.get("challenge") if isinstance(reply.payload, Mapping) else reply.payload
        if told != challenge:
            self.request_url = before
        return told == challenge

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def request_of(envelope: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return body and headers of an envelope."""
    payload = envelope["payload"]
    agent = {"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
    form = {"Content-Type": "application/x-www-form-urlencoded", **agent}
    if envelope["type"] == "slash_commands":
        return urlencode(payload), form
    words = json.dumps(payload, ensure_ascii=False)
    if envelope["type"] == "interactive":
        return urlencode({"payload": words}), form
    retry = {}
    if envelope.get("retry_attempt"):
        reason = "http_timeout" if envelope["retry_reason"] == "timeout" else envelope["retry_reason"]
        retry = {"X-Slack-Retry-Num": str(envelope["retry_attempt"]), "X-Slack-Retry-Reason": reason}
    return words, {"Content-Type": "application/json", **agent, **retry}


def signature(secret: str, body: str, stamp: int) -> dict[str, str]:
    """Return the headers that prove that Slack wrote this body at this time."""
    mac = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={mac}"}


def reply_of(status: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Read an answer as Slack does."""
    headers = {name.lower(): value for name, value in headers.items()}
    no_retry = headers.get("x-slack-no-retry") == "1"
    if status not in _OK:
        error = "http_service_error" if status >= _SERVER_ERROR else "http_client_error"
        return Reply(status, None, error, "http_error", no_retry)
    words = body.decode("utf-8", "replace")
    if not headers.get("content-type", "").startswith("application/json"):
        return Reply(status, words)
    try:
        return Reply(status, json.loads(words or "null"))
    except ValueError:
        return Reply(status, None, "http_client_error", "http_error", no_retry)
