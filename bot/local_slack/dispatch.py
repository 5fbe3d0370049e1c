"""How does the app hear of what a person did, and what if it does not answer?

By one of its sockets, or by a signed request where a request URL is set. An answer is due in
three seconds. A command or a press is then lost; an event comes up to three times more.
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

from bot.local_slack.agenda import Agenda
from bot.local_slack.call import Refused
from bot.local_slack.delivery import ACK_SECONDS, Delivery
from bot.local_slack.journal import Entry, Journal
from bot.local_slack.posting import Poster, Reply
from bot.local_slack.responses import say
from bot.local_slack.sockets import Sockets
from bot.local_slack.views import after_submission
from bot.local_slack.workspace import Message, ResponseUrl, Workspace

RETRY_SECONDS: Final = (0.0, 60.0, 300.0)
"""Slack sends an event again nearly at once, after a minute, and after five more."""

Mishap: TypeAlias = Literal["duplicate", "late", "lost"]
MISHAPS: Final = frozenset(get_args(Mishap))


@dataclass(slots=True)
class Dispatch:
    """Every envelope for the app, and what became of it."""

    workspace: Workspace
    journal: Journal
    agenda: Agenda
    sockets: Sockets
    poster: Poster
    ack_seconds: float = ACK_SECONDS
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    mishaps: deque[tuple[Mishap, float]] = field(default_factory=deque)
    _pending: dict[str, Delivery] = field(default_factory=dict)
    _answering: dict[str, list[Delivery]] = field(default_factory=dict)

    def deliver(
        self,
        kind: str,
        payload: Mapping[str, Any],
        response_url: ResponseUrl | None = None,
        *,
        answerable: bool = False,
    ) -> Delivery:
        """Send an envelope; where nobody listens the person sees dispatch_failed."""
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "accepts_response_payload": answerable,
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        return self._send(envelope, response_url)

    def redeliver(self, delivery: Delivery, reason: str = "timeout") -> Delivery:
        """Send the same payload again, as Slack does when it believes it was lost."""
        again = dict(delivery.envelope) | {"envelope_id": str(uuid.uuid4())}
        if again["type"] == "events_api":
            again |= {"retry_attempt": int(again["retry_attempt"]) + 1, "retry_reason": reason}
        return self._send(again, delivery.response_url)

    def receive(self, link_name: str, text: str) -> None:
        """Take an ack from a socket; what is none, unknown or late changes nothing for the person."""
        try:
            frame = json.loads(text)
        except ValueError:
            frame = {"unreadable": text}
        if not isinstance(frame, dict):
            frame = {"unreadable": frame}
        now = self.workspace.clock.now()
        self.journal.write(Entry(now, "socket.ack", {"socket": link_name}, 200, frame))
        with self.workspace.changed:
            self.agenda.run_due()
            delivery = self._pending.pop(str(frame.get("envelope_id", "")), None)
            if delivery is not None:
                self._settle(delivery, frame.get("payload"), now)

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
            mishap, seconds = self.mishaps.popleft() if self.mishaps else ("", 0.0)
            self._pending[delivery.id] = delivery
            self.agenda.after(self.ack_seconds, lambda: self._fail(delivery, "operation_timeout", "timeout"))
            if mishap == "late":
                self.agenda.after(seconds, lambda: self._hand_over(delivery))
            elif mishap != "lost":
                self._hand_over(delivery)
            if mishap == "duplicate":
                delivery.again.append(self.redeliver(delivery))
            self.workspace.changed.notify_all()
        return delivery

    def _hand_over(self, delivery: Delivery) -> None:
        with self.workspace.changed:
            told: dict[str, Any] = {}
            if self.poster.request_url:
                told = {"url": self.poster.request_url}
                self.poster.post(delivery.envelope, self.ack_seconds, lambda reply: self._replied(delivery, reply))
            elif (link := self.sockets.choose()) is not None:
                told = {"socket": link.name}
                delivery.socket = link.name
                link.send(json.dumps(delivery.envelope, ensure_ascii=False))
            else:
                self._fail(delivery, "dispatch_failed", "connection_failed")
        sent = Entry(self.workspace.clock.now(), "envelope", delivery.envelope, 200, told, direction="out")
        self.journal.write(sent)

    def _replied(self, delivery: Delivery, reply: Reply) -> None:
        """Take the answer to a signed request."""
        now = self.workspace.clock.now()
        noted: dict[str, Any] = {"envelope_id": delivery.id, "error": reply.error, "payload": reply.payload}
        self.journal.write(Entry(now, "request.answer", {}, reply.status, noted))
        with self.workspace.changed:
            self.agenda.run_due()
            if reply.error:
                self._fail(delivery, reply.error, reply.retry_reason, again=not reply.no_retry)
            elif self._pending.pop(delivery.id, None) is not None:
                self._settle(delivery, reply.payload, now)

    def _fail(self, delivery: Delivery, error: str, reason: str, *, again: bool = True) -> None:
        """Mark as failed what waits for an answer, and send an event again later."""
        with self.workspace.changed:
            if self._pending.pop(delivery.id, None) is None:
                return
            delivery.error = error
            attempt = delivery.envelope.get("retry_attempt")
            if again and attempt is not None and attempt < len(RETRY_SECONDS):
                self.agenda.after(
                    RETRY_SECONDS[attempt], lambda: delivery.again.append(self.redeliver(delivery, reason))
                )
            self.workspace.changed.notify_all()

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
