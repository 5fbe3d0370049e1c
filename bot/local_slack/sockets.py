"""Which sockets does the app hold open, and how do they end?"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

from bot.local_slack.workspace import APP, Workspace

CLOSE: Final = ""
MOST: Final = 10
"""Slack's limit of open sockets per app."""

End: TypeAlias = Literal[
    "warning", "refresh_requested", "link_disabled", "too_many_websockets", "closed", "reset", "silent"
]
"""How a socket ends: told so (a `warning` leaves it open for now), closed without a word, reset, or dead but open."""

ENDS: Final = frozenset(get_args(End))
STAY: Final = frozenset({"warning", "silent"})
"""After these a socket still counts as open: for the app, or for Slack."""


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One open socket, to be used from any thread; `send` takes a text, or CLOSE."""

    name: str
    send: Callable[[str], None]
    reset: Callable[[], None]
    silence: Callable[[], None]


@dataclass(slots=True)
class Sockets:
    """The open sockets of the app."""

    workspace: Workspace
    links: list[Link] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _turn: itertools.count[int] = field(default_factory=itertools.count)

    def new_ticket(self) -> str:
        """Return a ticket that opens one socket."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    def take_ticket(self, ticket: str) -> bool:
        """Return whether the ticket was good; it is no longer."""
        if ticket not in self._tickets:
            return False
        self._tickets.remove(ticket)
        return True

    def join(self, link: Link) -> None:
        """Greet a new socket and let it take part, unless there are too many."""
        with self.workspace.changed:
            if len(self.links) >= MOST:
                link.send(_goodbye("too_many_websockets"))
                link.send(CLOSE)
                return
            self.links.append(link)
            link.send(json.dumps(_hello(len(self.links), link.name)))
            self.workspace.changed.notify_all()

    def leave(self, link: Link) -> None:
        """Forget a socket that is gone."""
        with self.workspace.changed:
            self.links = [one for one in self.links if one is not link]
            self.workspace.changed.notify_all()

    def choose(self) -> Link | None:
        """Return the socket for the next envelope: one of them, in turns."""
        # Slack picks at random; taking turns shows the same thing in every run
        return self.links[next(self._turn) % len(self.links)] if self.links else None

    def end(self, how: End) -> None:
        """End every socket that is open now, in this way; what is over gets no further envelope."""
        with self.workspace.changed:
            ended = list(self.links)
            if how not in STAY:
                self.links.clear()
            for link in ended:
                _end(link, how)
            self.workspace.changed.notify_all()

    def close(self) -> None:
        """End every socket without a word."""
        self.end("closed")


def _end(link: Link, how: End) -> None:
    if how == "silent":
        link.silence()
    elif how == "reset":
        link.reset()
    else:
        if how != "closed":
            link.send(_goodbye(how))
        if how != "warning":
            link.send(CLOSE)


def _goodbye(reason: str) -> str:
    return json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "localslack"}})


def _hello(count: int, name: str) -> dict[str, Any]:
    return {
        "type": "hello",
        "num_connections": count,
        "debug_info": {"host": name, "build_number": 1, "approximate_connection_time": 18060},
        "connection_info": {"app_id": APP},
    }
