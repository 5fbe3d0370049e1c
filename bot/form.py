"""What can be filled in or pressed in Home, before anyone knows it is Slack?

Like a Page, a Form holds words only, in the reader's language; `bot.blockkit.form` makes
blocks of it. A person or channel inside a sentence is written by `person` and `channel`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REFERENCE: Final = re.compile(r"⟦([@#])([A-Z][A-Z0-9]{2,30})⟧")
VALUE: Final = "value"
"""The action_id of every field: its block is what names it."""


def person(user: str) -> str:
    """A person inside a sentence."""
    return f"⟦@{user}⟧"


def channel(channel_id: str) -> str:
    """A channel inside a sentence."""
    return f"⟦#{channel_id}⟧"


def unreferring(text: str) -> str:
    """What somebody typed, so that it refers to nobody."""
    return text.replace("⟦", "").replace("⟧", "")


class Kind(StrEnum):
    """How a field is filled in."""

    ONE = "one"  # of the options
    SOME = "some"  # of the options
    TICKS = "ticks"  # boxes to tick, at most 10
    TIME = "time"
    DATE = "date"
    NUMBER = "number"
    TEXT = "text"
    PEOPLE = "people"
    CHANNELS = "channels"
    PLACE = "place"  # one conversation, at first the one where the form was opened


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: what is read, and what it means; `group`: the heading under which it stands, if any."""

    text: str
    value: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A named field; `value`: what stands in it at first, several of them separated by commas."""

    name: str
    label: str
    kind: Kind
    value: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    hint: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form to fill in. `name` is its callback_id, `kept` comes back with it unseen."""

    name: str
    title: str
    submit: str
    close: str
    fields: tuple[Field, ...]
    intro: str = ""
    kept: str = ""
    presses: tuple[Press, ...] = ()


@dataclass(frozen=True, slots=True)
class Press:
    """A button: what it says, its action_id and value; `sure`: what is asked before (title, text, yes, no)."""

    text: str
    name: str
    value: str = ""
    primary: bool = False
    sure: tuple[str, str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A thing in a list: its name in bold, what there is to say of it, small print, and its buttons."""

    title: str
    text: str = ""
    note: str = ""
    presses: tuple[Press, ...] = ()
