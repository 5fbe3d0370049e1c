"""Whose customers are these: each source's own, or people known everywhere by their e-mail?

Two shops may both have a customer 1, who are two people. So each source's ids, e-mails and
phones are its own, unless a shop says that people are to be joined.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class People:
    """The customers of one source.

    source: what its orders are filed under. scope: what its ids are prefixed with; "" for a
    shop that has only one. joined: e-mail, then phone tell who it is, in whichever source.
    """

    source: str = "file"
    scope: str = ""
    joined: bool = False


def of(source: str, *, joined: bool = False) -> People:
    """The customers of a source of that name; `file` is the shop that has only one."""
    return People(source, "" if source == "file" else source, joined)
