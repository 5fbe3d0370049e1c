"""What was asked of the local Slack, and what did it answer?"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer; `fault` when a fault was met, `direction` "in" or "out"."""

    at: float
    method: str
    args: Mapping[str, Any]
    status: int
    answer: Mapping[str, Any]
    fault: bool = False
    direction: str = "in"

    @property
    def error(self) -> str:
        """Slack's error code, or nothing."""
        return str(self.answer.get("error", ""))


@dataclass(slots=True)
class Journal:
    """Every entry in order; with `path` also as JSON lines. Tokens never enter it."""

    path: Path | None = None
    entries: list[Entry] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, entry: Entry) -> None:
        """Keep one entry."""
        with self._lock:
            self.entries.append(entry)
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(asdict(entry), ensure_ascii=False, default=str) + "\n")

    def all(self) -> list[Entry]:
        """Return every entry, oldest first."""
        with self._lock:
            return list(self.entries)

    def of(self, method: str) -> list[Entry]:
        """Return the entries of one method, oldest first."""
        with self._lock:
            return [entry for entry in self.entries if entry.method == method]
