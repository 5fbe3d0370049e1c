"""Who is that, as Slack knows them: a guest, an admin, in which group, of which language?

Looked up in Slack and remembered for a few minutes. What cannot be looked up is not
guessed: the Problem is raised, and nobody gets figures on a guess.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bot.deed import Web
from metrics.problem import Problem

SCOPES: Final = ("users:read", "usergroups:read", "channels:read", "groups:read", "im:write", "im:history")
"""What this room's calls, and digests in direct messages, need of a bot token."""
KEEP_SECONDS: Final = 300.0
_MOST: Final = 20_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the workspace. `locale`: of their Slack, "ja-JP"."""

    id: str
    guest: bool = False
    admin: bool = False
    locale: str = ""
    zone: str = ""

    @property
    def language(self) -> str:
        """The language of their Slack by its code."""
        return self.locale.partition("-")[0]


@dataclass(slots=True)
class Roll:
    """Slack's answers about people, groups and channels, kept for five minutes."""

    web: Web
    clock: Callable[[], float] = time.monotonic
    _kept: dict[tuple[str, str], tuple[float, object]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def person(self, user: str) -> Person:
        """Who that is; raises a Problem where Slack does not say."""
        return self._remembered(
            "person", user, lambda: _person(self.web.call("users.info", user=user, include_locale=True))
        )

    def members(self, group: str) -> frozenset[str]:
        """Who is in a user group; an unknown or disabled group has nobody, so nobody is let in by it."""
        return self._remembered("group", group, lambda: self._members(group))

    def shared(self, channel: str) -> bool:
        """Whether another company is in the channel, or invited; raises a Problem where Slack does not say."""
        if channel.startswith("D"):
            return False
        return self._remembered(
            "channel", channel, lambda: _shared(self.web.call("conversations.info", channel=channel))
        )

    def direct(self, user: str) -> str:
        """The direct message with a person, opened where there is none yet."""
        answer = self._remembered("direct", user, lambda: self.web.call("conversations.open", users=user))
        return str(answer["channel"]["id"])

    def _members(self, group: str) -> frozenset[str]:
        try:
            return frozenset(map(str, self.web.call("usergroups.users.list", usergroup=group)["users"]))
        except Problem:
            kept = self._kept.get(("group", group))
            if kept is None:
                raise
            return kept[1]  # type: ignore[return-value]  # what was kept under this key

    def _remembered(self, kind: str, name: str, ask: Callable[[], _T]) -> _T:
        with self._lock:
            kept = self._kept.get((kind, name))
        if kept is not None and self.clock() - kept[0] < KEEP_SECONDS:
            return kept[1]  # type: ignore[return-value]  # what was kept under this key
        found = ask()
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[kind, name] = (self.clock(), found)
        return found


def _person(answer: Mapping[str, Any]) -> Person:
    user = answer["user"]
    return Person(
        str(user["id"]),
        guest=any(user.get(name) for name in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")),
        admin=any(user.get(name) for name in ("is_admin", "is_owner", "is_primary_owner")),
        locale=str(user.get("locale") or ""),
        zone=str(user.get("tz") or ""),
    )


def _shared(answer: Mapping[str, Any]) -> bool:
    channel = answer["channel"]
    return any(channel.get(name) for name in ("is_ext_shared", "is_pending_ext_shared"))
