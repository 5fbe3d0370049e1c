"""What has been chosen: settings, digests, languages; by whom and when?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Final

Filters = tuple[tuple[str, str], ...]

WORKSPACE: Final = "default"
"""One bot serves one workspace; the state's keys leave room for more."""
SHOP: Final = "shop"
LANGUAGE: Final = "language"
BUSINESS: Final = ("business",)
EVERY: Final = ("every",)

CHANGEABLE: Final = (
    "target",
    "alert.threshold",
    "language",
    "digest.company_holidays",
    "slack.allowed_channels",
    "slack.allowed_users",
)
"""The settings that an admin may change in Slack; tokens, rules and who is an admin stay on the host."""


def of_channel(channel: str) -> str:
    """The scope of what holds for one channel."""
    return f"channel:{channel}"


def of_person(user: str) -> str:
    """The scope of what holds for one person."""
    return f"person:{user}"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who changed something, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting chosen in Slack. `value` is plain JSON: a number, a text or a list of texts."""

    scope: str
    name: str
    value: object
    mark: Mark


@dataclass(frozen=True, slots=True)
class Plan:
    """A digest: who gets it, when, and of which customers.

    `name` is part of the ledger's key and never changes; `title` is what readers see. `owner`: the
    person whose own digest it is; then the only channel is their direct message. `days`:
    BUSINESS, EVERY, or weekdays (mon …). `language` and `dimension` empty: the channel's or shop's.
    """

    name: str
    channels: tuple[str, ...] = ()
    at: time = time(8, 30)
    zone: str = ""
    days: tuple[str, ...] = BUSINESS
    language: str = ""
    filters: Filters = ()
    dimension: str = ""
    title: str = ""
    owner: str = ""
    paused: bool = False
    removed: bool = False
    mark: Mark | None = None

    def changed(self, mark: Mark, **changes: object) -> Plan:
        """The plan after a change."""
        return replace(self, mark=mark, **changes)  # type: ignore[arg-type]  # the names are fields


@dataclass(frozen=True, slots=True)
class Chosen:
    """All that has been chosen in Slack. `version` grows with every change."""

    version: int = 0
    choices: tuple[Choice, ...] = ()
    plans: tuple[Plan, ...] = ()

    def of_shop(self) -> Mapping[str, Choice]:
        """The shop's settings by dotted name."""
        return {choice.name: choice for choice in self.choices if choice.scope == SHOP}

    def language(self, scope: str) -> str:
        """The language chosen for a channel or a person, "" for none."""
        wanted = (choice for choice in self.choices if (choice.scope, choice.name) == (scope, LANGUAGE))
        return next((str(choice.value) for choice in wanted), "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit: who did what, to how many rows, where, and from what to what."""

    kind: str  # denied | setting | digest | language | export | customers
    who: str
    what: str
    rows: int = 0
    channel: str = ""
    before: str = ""
    after: str = ""
    at: datetime | None = field(default=None, compare=False)
