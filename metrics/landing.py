"""Where may the orders of a first load be written at once, without being staged?"""

from __future__ import annotations

from dataclasses import dataclass


class CannotLand(Exception):
    """The orders have to be staged: others are there already, or some of these need a second look.

    What was written is undone with its transaction; nobody hears of it.
    """


@dataclass(frozen=True, slots=True)
class Landing:
    """An empty table that takes orders as they are read.

    `more`: SQL of its further columns, over those of an order (source, order_id, …).
    """

    table: str
    more: str
