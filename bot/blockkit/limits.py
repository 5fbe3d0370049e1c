"""How much does Slack take, and what would it interpret?

The only file that knows Slack's limits and escapes. Limits are kept 10 % under
Slack's, counted in code points. In plain text nothing is interpreted; where bold
needs mark-up, everything special in the data is defused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

from bot.language import NO_VALUE
from bot.page import printable

Block = dict[str, Any]

BLOCKS, CHARTS, HEADLINE, TEXT, TOTAL = 45, 2, 900, 3600, 11_700
HEADER, SECTION, FIELD, FIELDS, CONTEXT, CONTEXT_TEXT = 135, 2700, 900, 8, 9, 900
BUTTONS, BUTTON_TEXT, BUTTON_VALUE = 5, 67, 1800
OPTIONS, OPTION_VALUE, PLACEHOLDER = 90, 135, 135
TABLE_ROWS, TABLE_COLUMNS, TABLE_TEXT, CELL, CAPTION, PAGE_SIZE = 180, 18, 5400, 200, 180, 90
SERIES, POINTS, CHART_LABEL, CHART_TITLE, AXIS_LABEL = 6, 18, 18, 45, 45
TAIL = 6
_MARKUP = str.maketrans({"*": "∗", "`": "ˋ", "~": "∼", "_": "＿"})
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain(text: str) -> str:
    """For plain text: nothing is interpreted, and what looks like a mention is broken."""
    return re.sub(r"<(?=[!@#])", "＜", printable(text)) or NO_VALUE


def line(text: str) -> str:
    """As `plain`, on one line."""
    return plain(" ".join(printable(text).split()))


def markup(text: str) -> str:
    """For mrkdwn: escaped, and mark-up characters of the data defused."""
    inner_underscores = re.sub(r"(?<=\w)_(?=\w)", "\0", printable(text))
    return inner_underscores.translate(_MARKUP).replace("\0", "_").translate(_ESCAPES) or NO_VALUE


def mention(text: str, user: str) -> str:
    """For mrkdwn: the text with the one mention that is meant; {user} stands for it."""
    before, _, after = text.partition("{user}")
    said = markup(user)
    if re.fullmatch(r"[UW][A-Z0-9]+", user):
        said = f"<@{user}>"
    elif re.fullmatch(r"S[A-Z0-9]+", user):
        said = f"<!subteam^{user}>"
    return " ".join(part for part in (markup(before) if before else "", said, markup(after) if after else "") if part)


def fit(text: str, limit: int, written: Callable[[str], str]) -> str:
    """The text as written, cut with … so that it stays within the limit."""
    said, raw = written(text), printable(text)
    while len(said) > limit:
        raw = raw[: max(0, min(len(raw) - 1, limit - 1, len(raw) - (len(said) - limit) // 6))]
        said = f"{written(raw)}…"
    return said


def pieces(text: str) -> list[str]:
    """A long text in pieces of a section's length, split between sentences where there are any."""
    found: list[str] = []
    while len(text) > SECTION:
        end = max(text.rfind(mark, SECTION // 2, SECTION) for mark in ("\n", "。", ". ", " "))
        end = end + 1 if end >= 0 else SECTION
        found.append(text[:end].strip() or NO_VALUE)
        text = text[end:]
    return [*found, text.strip()] if text.strip() else found


def packed(lines: Iterable[str]) -> list[str]:
    """Lines joined into as few sections as hold them."""
    found: list[str] = []
    for piece in lines:
        if found and len(found[-1]) + 1 + len(piece) <= SECTION:
            found[-1] = f"{found[-1]}\n{piece}"
        else:
            found.append(piece)
    return found


def unique(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels cut to the length of a chart, told apart by a number where the cut makes them alike."""
    seen: list[str] = []
    for label in labels:
        name = fit(label, CHART_LABEL, line)
        for number in count(2):
            if name not in seen:
                break
            suffix = f" {number}"
            name = f"{fit(label, CHART_LABEL - len(suffix), line)}{suffix}"
        seen.append(name)
    return tuple(seen)


def within(blocks: Sequence[Block], most: int, budget: int) -> list[Block]:
    """The first blocks that keep to the number and the characters."""
    kept: list[Block] = []
    for block in blocks[: max(0, most)]:
        budget -= weight(block)
        if budget < 0:
            break
        kept.append(block)
    return kept


def weight(value: object) -> int:
    """The characters of a block, whatever they are for."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(
                weight(inner)
                for key, inner in value.items()
                if key not in {"type", "action_id", "style", "initial_date"}
            )
        case list():
            return sum(weight(inner) for inner in value)
        case _:
            return 0


def plain_text(text: str) -> Block:
    """A text object in which Slack interprets nothing."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Block:
    """A text object for what `markup` wrote; verbatim: no name in it becomes a link."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> Block:
    """A block of plain text."""
    return {"type": "section", "text": plain_text(text)}


def chunked(lines: Iterable[str]) -> list[Block]:
    """Lines as few sections, each within its limit."""
    return [section(piece) for piece in packed(piece for text in lines for piece in pieces(plain(text)))]
