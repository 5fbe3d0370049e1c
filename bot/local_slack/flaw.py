"""What is wrong with a block, and where?

The sentences are Slack's own, so that a log line from the local Slack can be
searched for. A pointer is a JSON pointer from the root of the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One reason to refuse a message or a view; `error` is the code Slack answers with."""

    pointer: str
    message: str
    error: str = "invalid_blocks"

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Flaws: TypeAlias = Iterator[Flaw]


def length_flaws(value: str, at: str, most: int, least: int = 1) -> Flaws:
    """Count code points, as Slack does."""
    if len(value) > most:
        yield Flaw(at, f"must be less than {most + 1} characters")
    elif len(value) < least:
        yield Flaw(at, f"must be more than {least - 1} characters")


def string_flaws(holder: Json, name: str, at: str, most: int, *, needed: bool = False) -> Flaws:
    """Check the plain string `holder[name]`, empty not allowed; `at` is the holder's pointer."""
    value = holder.get(name)
    if value is None and needed:
        yield missing(name, at)
    if value == "":
        yield from length_flaws("", f"{at}/{name}", most)
    yield from loose_string_flaws(holder, name, at, most)


def loose_string_flaws(holder: Json, name: str, at: str, most: int) -> Flaws:
    """Check the optional plain string `holder[name]`, which may be empty."""
    value = holder.get(name)
    if isinstance(value, str):
        yield from length_flaws(value, f"{at}/{name}", most, 0)
    elif value is not None:
        yield Flaw(f"{at}/{name}", "must provide a string")


def text_flaws(holder: Json, name: str, at: str, most: int, *, needed: bool = True) -> Flaws:
    """Check the plain_text object `holder[name]`."""
    if holder.get(name) is not None:
        yield from text_object_flaws(holder[name], f"{at}/{name}", most, plain=True)
    elif needed:
        yield missing(name, at)


def prose_flaws(holder: Json, name: str, at: str, most: int, *, needed: bool = True) -> Flaws:
    """Check the text object `holder[name]`, plain_text or mrkdwn."""
    if holder.get(name) is not None:
        yield from text_object_flaws(holder[name], f"{at}/{name}", most, plain=False)
    elif needed:
        yield missing(name, at)


def text_object_flaws(value: object, at: str, most: int, *, plain: bool) -> Flaws:
    """Check one text object: type, wording length and the flags of its type."""
    if not isinstance(value, Mapping):
        yield Flaw(at, "must provide an object")
        return
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield Flaw(f"{at}/type", f"must be a valid enum value: {' or '.join(kinds)}")
    flag = "emoji" if value.get("type") == "plain_text" else "verbatim"
    yield from extra_flaws(value, at, {"type", "text", flag})
    yield from string_flaws(value, "text", at, most, needed=True)


def items_of(holder: Json, name: str, at: str, most: int, least: int = 1) -> tuple[Sequence[Any], list[Flaw]]:
    """Return the list `holder[name]` (empty when it is none) and what is wrong with its size."""
    value = holder.get(name)
    if value is None:
        return (), [missing(name, at)]
    if not isinstance(value, (list, tuple)):
        return (), [Flaw(f"{at}/{name}", "must provide an array")]
    if len(value) > most:
        return value, [Flaw(f"{at}/{name}", f"no more than {most} items allowed")]
    if len(value) < least:
        return value, [Flaw(f"{at}/{name}", f"no fewer than {least} items allowed")]
    return value, []


def number_flaws(holder: Json, name: str, at: str, least: int, most: int) -> Flaws:
    """Check the optional whole number `holder[name]`."""
    value = holder.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        yield Flaw(f"{at}/{name}", "must provide an integer")
    elif not least <= value <= most:
        yield Flaw(f"{at}/{name}", f"must be between {least} and {most}")


def extra_flaws(holder: Json, at: str, known: set[str] | frozenset[str]) -> Flaws:
    """Slack refuses properties it does not know."""
    for name in holder:
        if name not in known:
            yield Flaw(at, f"invalid additional property: {name}")


def kind_of(value: object) -> str:
    """Return the `type` of whatever was sent, or nothing."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    return kind if isinstance(kind, str) else ""


def missing(name: str, at: str) -> Flaw:
    """Say that a required property is absent."""
    return Flaw(at, f"missing required field: {name}")
