"""What does the app's manifest promise the people of the workspace?

Slack knows commands, shortcuts and events from the manifest; nothing else reaches the app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command, as the page offers it."""

    command: str
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A global shortcut, or one in a message's menu."""

    callback_id: str
    name: str
    type: str = "global"  # "global" | "message"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Features:
    """Commands, shortcuts and subscribed events of the app."""

    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    events: frozenset[str] = frozenset()


DEFAULT: Final = Features((Command("/kpi"),), (), frozenset({"app_mention", "app_home_opened"}))


def features_of(manifest: Mapping[str, Any]) -> Features:
    """Read them from a manifest."""
    features = manifest.get("features") or {}
    subscriptions = (manifest.get("settings") or {}).get("event_subscriptions") or {}
    return Features(
        tuple(
            Command(one["command"], one.get("description", ""), one.get("usage_hint", ""))
            for one in features.get("slash_commands") or ()
        ),
        tuple(
            Shortcut(one["callback_id"], one["name"], one.get("type", "global"), one.get("description", ""))
            for one in features.get("shortcuts") or ()
        ),
        frozenset(subscriptions.get("bot_events") or ()),
    )
