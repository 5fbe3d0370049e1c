"""Who is that, as Slack knows them: a guest, an admin, in which group, of which language?

Looked up in Slack and remembered for a few minutes. Where Slack asks for a pause that a reader
would sit out, it is waited for. What cannot be looked up is not guessed: the Problem is raised,
and nobody gets figures on a guess.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog

from bot.deed import Web
from bot.delivery.post import SlackBusy, SlackUnreachable
from metrics.problem import Problem

SCOPES: Final = ("users:read", "usergroups:read", "channels:read", "groups:read", "im:write", "im:history")
"""What this room's calls, and digests in direct messages, need of a bot token."""
KEEP_SECONDS: Final = 300.0
AWAY_SECONDS: Final = 3600.0
PATIENCE_SECONDS: Final = 6.0
"""How long a reader waits for an answer without a sign of life."""
_MOST: Final = 20_000
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,}")

_T = TypeVar("_T")

log = structlog.get_logger("asakai.access")


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


@dataclass(frozen=True, slots=True)
class Place:
    """A channel. `shared`: with another company; `member`: the bot is in it; `name`: without the #."""

    shared: bool
    member: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """Who is in some groups. `unread`: why one of them is not known just now; whoever is missing may be in it."""

    people: frozenset[str]
    unread: SlackUnreachable | None = None


@dataclass(slots=True)
class Roll:
    """Slack's answers about people, groups and channels, kept for five minutes; an hour while it is away."""

    web: Web
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    _kept: dict[tuple[str, str], tuple[float, object]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def person(self, user: str) -> Person:
        """Who that is; raises a Problem where Slack does not say."""
        return self._remembered(
            "person", user, lambda: _person(self.web.call("users.info", user=user, include_locale=True))
        )

    def members(self, group: str) -> frozenset[str]:
        """Who is in a user group; raises a Problem where Slack does not say."""
        return self._remembered(
            "group", group, lambda: _members(self.web.call("usergroups.users.list", usergroup=group))
        )

    def people(self, groups: Iterable[str]) -> Listed:
        """Who is in any of those groups; one that Slack does not tell of lets nobody in."""
        found: frozenset[str] = frozenset()
        unread: SlackUnreachable | None = None
        for group in groups:
            try:
                found |= self.members(group)
            except Problem as problem:
                log.warning("group_not_read", group=group, why=problem.key)
                unread = problem if isinstance(problem, SlackUnreachable) else unread
        return Listed(found, unread)

    def place(self, channel: str) -> Place:
        """What is to know of a channel; raises a Problem where Slack does not say."""
        return self._remembered(
            "channel", channel, lambda: _place(self.web.call("conversations.info", channel=channel))
        )

    def shared(self, channel: str) -> bool:
        """Whether another company is in the channel, or invited."""
        return not channel.startswith("D") and self.place(channel).shared

    def called(self, channel: str) -> str:
        """The channel as people say it, #asakai; its id where Slack does not tell. What is no id stays."""
        if not _CHANNEL.fullmatch(channel):
            return channel
        try:
            name = self.place(channel).name
        except Problem as problem:
            log.info("channel_not_named", channel=channel, why=problem.key)
            return channel
        return f"#{name}" if name else channel

    def direct(self, user: str) -> str:
        """The direct message with a person, opened where there is none yet."""
        return self._remembered("direct", user, lambda: _direct(self.web.call("conversations.open", users=user)))

    def _remembered(self, kind: str, name: str, ask: Callable[[], _T]) -> _T:
        """What was answered in the last five minutes; while Slack is away, in the last hour."""
        with self._lock:
            kept = self._kept.get((kind, name))
        age = float("inf") if kept is None else self.clock() - kept[0]
        if kept is not None and age < KEEP_SECONDS:
            return kept[1]  # type: ignore[return-value]  # what was kept under this key
        try:
            found = ask() if age < AWAY_SECONDS else self._patiently(ask)
        except SlackUnreachable:
            if kept is None or age >= AWAY_SECONDS:
                raise
            return kept[1]  # type: ignore[return-value]  # the same
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[kind, name] = (self.clock(), found)
        return found

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        """Ask again after each pause that Slack names, as long as a reader would wait."""
        left = PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except SlackBusy as busy:
                pause = max(busy.seconds, 1.0)
                if pause > left:
                    raise
                left -= pause
                self.wait(pause)


def _person(answer: Mapping[str, Any]) -> Person:
    user = answer["user"]
    return Person(
        str(user["id"]),
        guest=any(user.get(name) for name in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")),
        admin=any(user.get(name) for name in ("is_admin", "is_owner", "is_primary_owner")),
        locale=str(user.get("locale") or ""),
        zone=str(user.get("tz") or ""),
    )


def _members(answer: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(map(str, answer["users"]))


def _place(answer: Mapping[str, Any]) -> Place:
    channel = answer["channel"]
    shared = any(channel.get(name) for name in ("is_ext_shared", "is_pending_ext_shared"))
    return Place(shared, member=bool(channel.get("is_member")), name=str(channel.get("name") or ""))


def _direct(answer: Mapping[str, Any]) -> str:
    return str(answer["channel"]["id"])
