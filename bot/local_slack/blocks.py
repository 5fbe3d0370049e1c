"""Would Slack accept this block, on this surface?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from bot.local_slack.data_blocks import chart_flaws, data_table_flaws, table_flaws
from bot.local_slack.elements import (
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    context_item_flaws,
    element_flaws,
    image_flaws,
)
from bot.local_slack.flaw import (
    Flaw,
    Flaws,
    Json,
    extra_flaws,
    items_of,
    kind_of,
    missing,
    number_flaws,
    prose_flaws,
    string_flaws,
    text_flaws,
    text_object_flaws,
)

Surface: TypeAlias = Literal["message", "modal", "home"]

HEADER: Final = 150
SECTION_TEXT: Final = 3000
SECTION_FIELDS: Final = 10
SECTION_FIELD: Final = 2000
CONTEXT_ITEMS: Final = 10
ACTIONS: Final = 25
MARKDOWN: Final = 12_000
ALERT_TEXT: Final = 200
INPUT_LABEL: Final = 2000
BLOCK_ID: Final = 255

_EVERYWHERE: Final = frozenset({"actions", "context", "divider", "header", "image", "input", "rich_text", "section"})
ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "message": _EVERYWHERE | {"data_table", "data_visualization", "markdown", "table"},
    "modal": _EVERYWHERE | {"alert"},
    "home": _EVERYWHERE | {"data_table", "data_visualization", "table"},
}


def block_flaws(block: object, at: str, surface: Surface) -> Flaws:
    """Check one block; a type that the surface does not draw is refused."""
    if not isinstance(block, Mapping):
        yield Flaw(at, "must provide an object")
        return
    kind = kind_of(block)
    if "type" not in block:
        yield missing("type", at)
    elif kind not in ALLOWED[surface]:
        yield Flaw(f"{at}/type", f"unsupported type: {kind}")
    else:
        yield from string_flaws(block, "block_id", at, BLOCK_ID)
        yield from _RULES[kind](block, at)


def _header_flaws(block: Json, at: str) -> Flaws:
    yield from extra_flaws(block, at, {"type", "block_id", "text", "level"})
    yield from text_flaws(block, "text", at, HEADER)


def _section_flaws(block: Json, at: str) -> Flaws:
    yield from extra_flaws(block, at, {"type", "block_id", "text", "fields", "accessory", "expand"})
    if "text" not in block and "fields" not in block:
        yield Flaw(at, "must define either text or fields")
    yield from prose_flaws(block, "text", at, SECTION_TEXT, needed=False)
    if "fields" in block:
        fields, flaws = items_of(block, "fields", at, SECTION_FIELDS)
        yield from flaws
        for i, field in enumerate(fields):
            yield from text_object_flaws(field, f"{at}/fields/{i}", SECTION_FIELD, plain=False)
    if "accessory" in block:
        yield from element_flaws(block["accessory"], f"{at}/accessory", IN_SECTION)


def _context_flaws(block: Json, at: str) -> Flaws:
    yield from extra_flaws(block, at, {"type", "block_id", "elements"})
    items, flaws = items_of(block, "elements", at, CONTEXT_ITEMS)
    yield from flaws
    for i, item in enumerate(items):
        yield from context_item_flaws(item, f"{at}/elements/{i}")


def _actions_flaws(block: Json, at: str) -> Flaws:
    yield from extra_flaws(block, at, {"type", "block_id", "elements"})
    elements, flaws = items_of(block, "elements", at, ACTIONS)
    yield from flaws
    for i, element in enumerate(elements):
        yield from element_flaws(element, f"{at}/elements/{i}", IN_ACTIONS)


def _divider_flaws(block: Json, at: str) -> Flaws:
    yield from extra_flaws(block, at, {"type", "block_id"})


def _image_block_flaws(block: Json, at: str) -> Flaws:
    yield from image_flaws(block, at)
    yield from text_flaws(block, "title", at, 2000, needed=False)


def _input_flaws(block: Json, at: str) -> Flaws:
    yield from text_flaws(block, "label", at, INPUT_LABEL)
    yield from text_flaws(block, "hint", at, INPUT_LABEL, needed=False)
    yield from element_flaws(block.get("element"), f"{at}/element", IN_INPUT)


def _markdown_flaws(block: Json, at: str) -> Flaws:
    yield from extra_flaws(block, at, {"type", "block_id", "text"})
    yield from string_flaws(block, "text", at, MARKDOWN, needed=True)


def _alert_flaws(block: Json, at: str) -> Flaws:
    yield from prose_flaws(block, "text", at, ALERT_TEXT)
    if block.get("level", "default") not in ("default", "info", "warning", "error", "success"):
        yield Flaw(f"{at}/level", "must be a valid enum value")


def _rich_text_flaws(block: Json, at: str) -> Flaws:
    kinds = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
    elements, flaws = items_of(block, "elements", at, 1000, least=0)
    yield from flaws
    for i, element in enumerate(elements):
        if kind_of(element) not in kinds:
            yield Flaw(f"{at}/elements/{i}/type", "unsupported type")
        else:
            yield from number_flaws(element, "indent", f"{at}/elements/{i}", 0, 8)
            yield from number_flaws(element, "offset", f"{at}/elements/{i}", 0, 1_000_000)
            yield from number_flaws(element, "border", f"{at}/elements/{i}", 0, 1)


_RULES: Final[Mapping[str, Callable[[Json, str], Flaws]]] = {
    "header": _header_flaws,
    "section": _section_flaws,
    "context": _context_flaws,
    "actions": _actions_flaws,
    "divider": _divider_flaws,
    "image": _image_block_flaws,
    "input": _input_flaws,
    "markdown": _markdown_flaws,
    "alert": _alert_flaws,
    "rich_text": _rich_text_flaws,
    "data_visualization": chart_flaws,
    "data_table": data_table_flaws,
    "table": table_flaws,
}
