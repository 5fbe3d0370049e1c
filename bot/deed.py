"""What may a reader do in Slack besides asking in words?

Press a button, choose from a list, submit or close a form, use a shortcut, open Home. Each is
a Deed; a Route says who takes it. The rooms behind know neither Bolt nor its listeners:
Slack's edge acknowledges, leaves out what came twice, checks who may, and hands over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from bot.access import Who
from bot.page import Page
from metrics.problem import Problem


class Doing(StrEnum):
    """Kinds of deeds."""

    PRESS = "press"  # a button, a select, a date picker: its action_id
    SUBMIT = "submit"  # a modal sent: its callback_id
    CLOSE = "close"  # a modal closed: its callback_id
    SHORTCUT = "shortcut"  # global or on a message: its callback_id
    EVENT = "event"  # an event of the Events API: its type


class Refusing(Protocol):
    """Who may see figures where."""

    def refusal(self, who: Who) -> Problem | None:
        """Why that person gets no figures there; None when they do."""
        ...


class Web(Protocol):
    """Slack's Web API, for a deed that needs more than an answer."""

    def call(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """The answer of one call; raises a Problem for what Slack refuses or the network does."""
        ...


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing a reader did. `body` is Slack's whole request.

    `value`: of the button, the chosen option, date or channel. `reply` says a page to this person
    alone, where they are. `state`: what stands in the form, block id -> action id -> value.
    """

    doing: Doing
    name: str
    who: Who
    body: Mapping[str, Any]
    web: Web
    reply: Callable[[Page], None]
    value: str = ""
    trigger_id: str = ""
    state: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """Who takes which deeds. `name` is a regular expression for the whole id.

    `check` judges a submitted form before it is acknowledged: block id -> what is wrong. It must
    be quick and pure. `open_to_all`: whether it is handed over without the check of channel and
    person, because the room checks for itself (Home has no channel).
    """

    doing: Doing
    name: str
    take: Callable[[Deed], None]
    check: Callable[[Deed], Mapping[str, str]] | None = None
    open_to_all: bool = False

    def judged(self, deed: Deed) -> Mapping[str, str]:
        """What is wrong with a submitted form; nothing where the route has no check."""
        return self.check(deed) if self.check else {}

    def fits(self, doing: Doing, name: str) -> bool:
        """Whether this route takes that deed."""
        return doing is self.doing and re.fullmatch(self.name, name) is not None


def chosen(element: Mapping[str, Any]) -> str:
    """What an interactive element says: a button's value, what was chosen or typed, "" for nothing.

    Several choices are separated by commas.
    """
    for key in ("selected_date", "selected_time", "selected_conversation", "selected_channel", "selected_user"):
        if element.get(key):
            return str(element[key])
    if element.get("selected_option"):
        return str(element["selected_option"]["value"])
    for key in ("selected_conversations", "selected_channels", "selected_users"):
        if key in element:
            return ",".join(element[key] or ())
    if "selected_options" in element:
        return ",".join(option["value"] for option in element["selected_options"] or ())
    return str(element.get("value") or "")
