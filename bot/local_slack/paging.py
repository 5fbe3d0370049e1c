"""Which part of a long list does this request want?"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

from bot.local_slack.call import Call, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")


def page_of(call: Call, items: Sequence[Item], default: int, most: int) -> tuple[Sequence[Item], str]:
    """Return one page and the cursor of the next, empty at the end."""
    start = _cursor(call.text("cursor"))
    end = start + call.number("limit", default, most)
    more = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], more


def _cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None
