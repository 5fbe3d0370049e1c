"""Which socket gets this envelope, and did it answer in time?"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.local_slack.agenda import Agenda
from bot.local_slack.call import Refused
from bot.local_slack.delivery import ACK_SECONDS, Delivery
from bot.local_slack.journal import Entry, Journal
from bot.local_slack.responses import say
from bot.local_slack.views import after_submission
from bot.local_slack.workspace import APP, Message, ResponseUrl, Workspace

CLOSE: Final = ""
RETRY_SECONDS: Final = (0.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One open socket; `send` takes a text, or CLOSE, from any thread."""

    name: str
    send: Callable[[str], None]


@dataclass(slots=True)
class Sockets:
    """The open sockets of the app and every envelope sent through them."""

    workspace: Workspace
    journal: Journal
    agenda: Agenda
    ack_seconds: float = ACK_SECONDS
    links: list[Link] = field(default_factory=list)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    _pending: dict[str, Delivery] = field(default_factory=dict)
    _answering: dict[str, list[Delivery]] = field(default_factory=dict)
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
        """Greet a new socket and let it take part."""
        with self.workspace.changed:
            self.links.append(link)
            link.send(json.dumps(_hello(len(self.links), link.name)))
            self.workspace.changed.notify_all()

    def leave(self, link: Link) -> None:
        """Forget a socket that is gone."""
        with self.workspace.changed:
            self.links = [one for one in self.links if one is not link]
            self.workspace.changed.notify_all()

    def deliver(
        self,
        kind: str,
        payload: Mapping[str, Any],
        response_url: ResponseUrl | None = None,
        *,
        answerable: bool = False,
    ) -> Delivery:
        """Send an envelope to one of the sockets; without any, the person sees dispatch_failed."""
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "accepts_response_payload": answerable,
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        return self._send(envelope, response_url)

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send the same payload again, as Slack does when it believes it was lost."""
        again = dict(delivery.envelope) | {"envelope_id": str(uuid.uuid4())}
        if again["type"] == "events_api":
            again |= {"retry_attempt": int(again["retry_attempt"]) + 1, "retry_reason": "timeout"}
        return self._send(again, delivery.response_url)

    def receive(self, link: Link, text: str) -> None:
        """Take an ack; what is none, unknown or late changes nothing for the person."""
        try:
            frame = json.loads(text)
        except ValueError:
            frame = {"unreadable": text}
        now = self.workspace.clock.now()
        self.journal.write(Entry(now, "socket.ack", {"socket": link.name}, 200, frame))
        with self.workspace.changed:
            self.agenda.run_due()
            delivery = self._pending.pop(str(frame.get("envelope_id", "")), None)
            if delivery is not None:
                self._settle(delivery, frame.get("payload"), now)

    def _expire(self, delivery: Delivery) -> None:
        """Mark as operation_timeout what has waited too long, three seconds in Slack."""
        with self.workspace.changed:
            if self._pending.pop(delivery.id, None) is not None:
                delivery.error = "operation_timeout"
                self._try_again(delivery)
                self.workspace.changed.notify_all()

    def _try_again(self, delivery: Delivery) -> None:
        """Slack sends an event up to three times more: at once, after a minute, after five more."""
        attempt = delivery.envelope.get("retry_attempt")
        if attempt is not None and attempt < len(RETRY_SECONDS):
            self.agenda.after(RETRY_SECONDS[attempt], lambda: delivery.again.append(self.redeliver(delivery)))

    def disconnect(self, reason: str, *, close: bool) -> None:
        """Tell every socket to go; `close` also ends it."""
        frame = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "localslack"}})
        with self.workspace.changed:
            for link in self.links:
                link.send(frame)
                if close:
                    link.send(CLOSE)

    def close(self) -> None:
        """End every socket without a word."""
        with self.workspace.changed:
            for link in self.links:
                link.send(CLOSE)

    def heard(self, response_url: ResponseUrl, message: Message) -> None:
        """Remember what was said in answer to an interaction."""
        with self.workspace.changed:
            for delivery in self._answering.get(response_url.id, ()):
                delivery.said.append(message)
            self.workspace.changed.notify_all()

    def _send(self, envelope: Mapping[str, Any], response_url: ResponseUrl | None) -> Delivery:
        now = self.workspace.clock.now()
        delivery = Delivery(self.workspace, envelope, now, response_url)
        with self.workspace.changed:
            self.deliveries[delivery.id] = delivery
            if response_url is not None:
                self._answering.setdefault(response_url.id, []).append(delivery)
            if self.links:
                # Slack picks at random; taking turns shows the same thing in every run
                link = self.links[next(self._turn) % len(self.links)]
                delivery.socket = link.name
                self._pending[delivery.id] = delivery
                link.send(json.dumps(envelope, ensure_ascii=False))
                self.agenda.after(self.ack_seconds, lambda: self._expire(delivery))
            else:
                delivery.error = "dispatch_failed"
                self._try_again(delivery)
            self.workspace.changed.notify_all()
        self.journal.write(Entry(now, "socket.send", envelope, 200, {"socket": delivery.socket}, direction="out"))
        return delivery

    def _settle(self, delivery: Delivery, payload: object, now: float) -> None:
        delivery.acked_at = now
        delivery.payload = dict(payload) if isinstance(payload, Mapping) else {"text": payload} if payload else {}
        sent = delivery.envelope["payload"]
        if delivery.envelope["type"] == "slash_commands" and delivery.response_url and delivery.payload:
            self._say_ack(delivery, delivery.response_url, delivery.payload)
        elif sent.get("type") == "view_submission":
            delivery.error = after_submission(self.workspace, sent["view"]["id"], delivery.payload)
        self.workspace.changed.notify_all()

    def _say_ack(self, delivery: Delivery, url: ResponseUrl, payload: Mapping[str, Any]) -> None:
        """An ack with words is the command's first answer."""
        try:
            message = say(self.workspace, url, payload, "ack")
        except Refused as refusal:
            delivery.error = str(refusal.answer["error"])
        else:
            if message is not None:
                delivery.said.append(message)


def _hello(count: int, name: str) -> dict[str, Any]:
    return {
        "type": "hello",
        "num_connections": count,
        "debug_info": {"host": name, "build_number": 1, "approximate_connection_time": 18060},
        "connection_info": {"app_id": APP},
    }
