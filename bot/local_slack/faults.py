"""What goes wrong next?

A fault is one answer that is not Slack's ordinary one. `accept` carries the
request out first: the message is there although the caller never hears so.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Cut: TypeAlias = Literal["", "reset", "half"]
EVERY: Final = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    """One extraordinary answer: `delay` first, then the status and body, or a cut connection."""

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    accept: bool = False
    cut: Cut = ""
    delay: float = 0.0
    blank: bool = False

    @property
    def answers(self) -> bool:
        """Whether it replaces the answer; a mere delay does not."""
        return self.cut != "" or self.body != "" or self.blank


def rate_limited(retry_after: int = 1) -> Fault:
    """Refuse with 429 and Retry-After."""
    body = json.dumps({"ok": False, "error": "ratelimited"})
    return Fault(429, body, (("Retry-After", str(retry_after)), ("Content-Type", "application/json")))


def refused(error: str) -> Fault:
    """Answer ok: false with this error."""
    return Fault(200, json.dumps({"ok": False, "error": error}), (("Content-Type", "application/json"),))


def server_error(status: int = 503, *, accept: bool = False) -> Fault:
    """Answer 5xx."""
    return Fault(status, "upstream connect error", (("Content-Type", "text/plain"),), accept=accept)


def html(status: int = 200) -> Fault:
    """Answer a web page where JSON belongs."""
    page = "<!DOCTYPE html><html><body>Slack is down for maintenance</body></html>"
    return Fault(status, page, (("Content-Type", "text/html"),))


def empty(status: int = 200, *, accept: bool = False) -> Fault:
    """Answer without a word."""
    return Fault(status, accept=accept, blank=True)


def accepted_then_reset() -> Fault:
    """Carry the request out, then reset the connection without an answer."""
    return Fault(accept=True, cut="reset")


def reset() -> Fault:
    """Reset the connection without carrying the request out."""
    return Fault(cut="reset")


def half_body(*, accept: bool = True) -> Fault:
    """Close the connection in the middle of the answer."""
    return Fault(accept=accept, cut="half")


def slow(seconds: float) -> Fault:
    """Carry the request out and answer late."""
    return Fault(accept=True, delay=seconds)


def silent(*, accept: bool = False) -> Fault:
    """Never answer: the caller's own timeout ends it."""
    return Fault(accept=accept, delay=3600.0, cut="reset")


@dataclass(slots=True)
class Faults:
    """The faults to come, by method ("chat.postMessage", "response_url", "upload", "*")."""

    _waiting: dict[str, deque[Fault]] = field(default_factory=dict)

    def next(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests of `method` meet this fault."""
        self._waiting.setdefault(method, deque()).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """Return the fault that this request meets, if any."""
        for name in (method, EVERY):
            if self._waiting.get(name):
                return self._waiting[name].popleft()
        return None

    def clear(self) -> None:
        """Forget all faults to come."""
        self._waiting.clear()
