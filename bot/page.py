"""What does a message say, before anyone knows it is Slack?

A Page holds words only, already in the reader's language. `bot.blockkit`
turns it into Block Kit and text, `bot.terminal` into a terminal's lines.
Strings are plain text: escaping belongs to the renderer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

BARS = "▁▂▃▄▅▆▇█"
_BREAKS = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\t": " "})
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def printable(text: str) -> str:
    """The text without control, direction and zero-width characters; line breaks stay.

    Names come from orders: no renderer may let them steer a terminal or hide a word.
    """
    if text.isprintable():  # the usual case, told at once
        return text.strip()
    kept = text.translate(_BREAKS).replace("\r\n", "\n")
    return "".join(c for c in kept if c == "\n" or unicodedata.category(c) not in _UNSEEN).strip()


def sparkline(values: Sequence[float | None]) -> str:
    """The values as small bars between the least and the greatest; a missing one is a dot."""
    known = [value for value in values if value is not None and isfinite(value)]
    if not known:
        return "–"
    low, height = min(known), max(known) - min(known)
    return "".join("·" if v is None or not isfinite(v) else _bar(v - low, height) for v in values)


def _bar(value: float, height: float) -> str:
    share = value / height if 0 < height < inf else 0.0
    return BARS[round(share * (len(BARS) - 1))]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's title."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences. `strong`: set in bold; `**word**` inside is not interpreted."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A named number: label, value, and a short note under it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Up to 10 named numbers side by side."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: what is shown, and the number behind it for sorting.

    `channels`: their ids stand in the text; who knows Slack puts the names there.
    """

    text: str
    number: float | None = None
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; every row as long as `headings`."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    page_size: int = 5


@dataclass(frozen=True, slots=True)
class Chart:
    """One or more series over the same categories; a value may be missing (None).

    `unit` is said after each value ("%"); a renderer that only takes numbers leaves it out.
    """

    title: str
    kind: str  # "line" | "bar" | "area"
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    x_label: str = ""
    y_label: str = ""
    unit: str = ""

    def words(self) -> tuple[str, ...]:
        """The chart for a reader without pictures: per series its shape and every value."""
        return tuple(self._series_words(name, values) for name, values in self.series)

    def _series_words(self, name: str, values: tuple[float | None, ...]) -> str:
        if values and len(set(values)) == 1:
            return f"{name} {self.said(values[0])}"
        points = zip(self.categories, values, strict=False)
        each = " | ".join(f"{category} {self.said(value)}" for category, value in points)
        return f"{name} {sparkline(values)}\n{each}"

    def said(self, value: float | None) -> str:
        """20.3%, 12, or – where there is no value."""
        if value is None or not isfinite(value):
            return "–"
        return f"{value:,.0f}{self.unit}" if value == int(value) and self.unit != "%" else f"{value:,.1f}{self.unit}"


@dataclass(frozen=True, slots=True)
class Button:
    """What can be asked next: `command` is /kpi text; the answer is the same as typing it.

    `pin`: words that a press adds, so that it means later what it meant when it was shown.
    `action`: who takes the press: "kpi" answers it as a command, another name goes to its room.
    """

    text: str
    command: str
    primary: bool = False
    pin: str = ""
    action: str = "kpi"


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons; at most 5."""

    items: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """One of several questions to choose; the choice is answered as its command."""

    prompt: str
    options: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A day to choose; the command is the day. `day`: the one that is shown, as 2026-11-20."""

    prompt: str
    day: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Menus and calendars side by side."""

    items: tuple[Menu | Calendar, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did this, or is called. `user`: the id of a person or group; `text`: a sentence with {user} in it."""

    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Footnote:
    """Small print: data until, cohort, n, rules."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A message as it was posted once: its blocks to the byte, and its words for a target without blocks."""

    text: str
    blocks: tuple[Mapping[str, Any], ...]


Part = Heading | Paragraph | Facts | Table | Chart | Buttons | Choices | Signature | Footnote | Quote


@dataclass(frozen=True, slots=True)
class Page:
    """One message. `headline` is the notification text: number first, no mark-up.

    `thread`: pages that follow as replies (tables, notes). `language`: the code of the
    language the words are in, for what a renderer has to add ("… and 12 more"). `about`: what a
    posted message keeps unseen, so that its numbers can be counted again.
    """

    headline: str
    parts: tuple[Part, ...]
    thread: tuple[Page, ...] = field(default=())
    language: str = "ja"
    about: tuple[tuple[str, str], ...] = ()
