"""What does the ledger know of one message that must arrive exactly once?"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Block = dict[str, Any]


class Kind(StrEnum):
    """What sort of message it is. A reply hangs in the thread of a message already sent."""

    DIGEST = "digest"
    REPLY = "reply"
    DATA_NOTICE = "data_notice"
    ALERT = "alert"
    RECOVERY = "recovery"
    REMINDER = "reminder"
    OWNER_NOTICE = "owner_notice"


class State(StrEnum):
    """How far a delivery is. SENT, EXPIRED and SKIPPED are final."""

    PENDING = "pending"
    WAITING_DATA = "waiting_data"
    SENDING = "sending"
    SENT = "sent"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    SKIPPED = "skipped"


OPEN = (State.PENDING, State.WAITING_DATA, State.SENDING, State.BLOCKED)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a delivery unique: two rows of one key cannot exist.

    The local date, not the instant, is part of it, so a changed zone or time never
    gives two digests on one date. `episode` is empty except for alerts and replies.
    """

    workspace: str
    kind: Kind
    name: str
    channel: str
    local_date: date
    episode: str = ""


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes to post: every retry posts the same. `plain` is the form without blocks.

    `replies` follow in the thread, each a delivery of its own once this one is sent. `about`: what
    its metadata keeps beside the mark, for whoever asks where the numbers come from. `figures`:
    values that it says, by name, so that a later morning can tell when one has moved.
    """

    text: str
    blocks: tuple[Block, ...]
    plain: str
    replies: tuple[Payload, ...] = ()
    data_as_of: date | None = None
    about: dict[str, str] = field(default_factory=dict)
    figures: tuple[tuple[str, float], ...] = ()

    def dump(self) -> str:
        """The payload as canonical JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=date.isoformat)

    @classmethod
    def load(cls, text: str) -> Payload:
        """The payload that `dump` wrote."""
        return cls._of(json.loads(text))

    @classmethod
    def _of(cls, raw: dict[str, Any]) -> Payload:
        as_of = raw["data_as_of"]
        return cls(
            raw["text"],
            tuple(raw["blocks"]),
            raw["plain"],
            tuple(cls._of(reply) for reply in raw["replies"]),
            date.fromisoformat(as_of) if as_of else None,
            raw.get("about") or {},  # a row of an earlier version has none
            tuple((str(name), float(value)) for name, value in raw.get("figures", ())),
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the ledger.

    `intent_at`: since when a post may have reached Slack without our knowing.
    `thread_ts`: the message it replies to. `fence` grows with every claim, so that a
    replica that slept through its lease writes nothing.
    """

    id: str
    key: Key
    due_at: datetime
    expires_at: datetime
    state: State = State.PENDING
    not_before: datetime | None = None
    fence: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    intent_at: datetime | None = None
    attempts: int = 0
    last_error: str | None = None
    payload: Payload | None = None
    data_as_of: date | None = None
    thread_ts: str | None = None
    slack_ts: str | None = None
    sent_at: datetime | None = None
    swept_at: datetime | None = None
    payload_sha256: str | None = None

    @property
    def mark(self) -> str:
        """What the message carries, and the channel is searched for.

        It follows from the key alone, so that a lost ledger still finds what it has sent;
        and it says nothing, for everyone in the workspace can read it.
        """
        key = self.key
        parts = (key.workspace, key.kind, key.name, key.channel, str(key.local_date), key.episode)
        return digest_of("\n".join(parts))[:32]


def ulid(now: datetime, random: bytes) -> str:
    """A sortable id: 48 bits of milliseconds, then 80 bits of the given randomness."""
    value = int(now.timestamp() * 1000) << 80 | int.from_bytes(random[:10], "big")
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def digest_of(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
