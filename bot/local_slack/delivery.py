"""Was this command, click or mention acknowledged, and what came of it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.local_slack.workspace import Message, ResponseUrl, Workspace

ACK_SECONDS: Final = 3.0
WAIT_SECONDS: Final = 30.0
"""How long a test waits for what must come: a busy machine is slow, not wrong."""


@dataclass(slots=True, eq=False)
class Delivery:
    """One envelope on its way. `error` is what the person sees when it fails."""

    workspace: Workspace = field(repr=False)
    envelope: Mapping[str, Any]
    sent_at: float
    response_url: ResponseUrl | None = None
    payload: dict[str, Any] | None = None
    acked_at: float | None = None
    error: str = ""
    socket: str = ""
    said: list[Message] = field(default_factory=list)
    again: list[Delivery] = field(default_factory=list)
    """Later attempts of an event that nobody acknowledged."""

    @classmethod
    def failed(cls, workspace: Workspace, payload: Mapping[str, Any], error: str) -> Delivery:
        """Return what Slack never sent, and why."""
        envelope = {"envelope_id": "", "type": "events_api", "payload": payload}
        return cls(workspace, envelope, workspace.clock.now(), error=error)

    @property
    def id(self) -> str:
        """The envelope_id."""
        return str(self.envelope["envelope_id"])

    @property
    def settled(self) -> bool:
        """Whether it is acknowledged or has failed."""
        return self.acked_at is not None or self.error != ""

    def acked(self, timeout: float = WAIT_SECONDS) -> dict[str, Any]:
        """Wait for the ack and return its payload; TimeoutError names what the person sees instead."""
        self.workspace.wait_until(lambda: self.settled, timeout)
        if self.error or self.acked_at is None:
            what = self.error or f"no ack within {timeout:g} s"
            raise TimeoutError(f"{self.envelope['type']}: {what}")
        return self.payload or {}

    def answers(self, count: int = 1, timeout: float = WAIT_SECONDS) -> list[Message]:
        """Wait for messages said through the ack or the response_url; return all there are."""
        if not self.workspace.wait_until(lambda: len(self.said) >= count, timeout):
            raise TimeoutError(f"{self.envelope['type']}: {len(self.said)} of {count} answers in {timeout:g} s")
        return [self.workspace.current(message) for message in self.said]

    def answer(self, timeout: float = WAIT_SECONDS) -> Message:
        """Wait for the first answer and return it as it stands now."""
        return self.answers(1, timeout)[0]
