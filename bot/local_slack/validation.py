"""Would Slack accept this message or view?

Pure: a payload goes in, the flaws come out, in the order Slack would name
them. The first flaw's `error` is what the Web API answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from bot.local_slack.blocks import MARKDOWN, Surface, block_flaws
from bot.local_slack.data_blocks import TABLE_CHARACTERS, cell_characters
from bot.local_slack.flaw import Flaw, Flaws, Json, kind_of, loose_string_flaws, missing, text_flaws

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
MESSAGE_TEXT: Final = 4000
BLOCKS_TEXT: Final = 13_000
CHARTS: Final = 2
VIEW_TITLE: Final = 24
PRIVATE_METADATA: Final = 3000

_DATA: Final = frozenset({"data_table", "data_visualization"})


def check_message(text: str | None, blocks: object, *, root: str = "/blocks") -> tuple[Flaw, ...]:
    """Return every reason to refuse a message of this text and these blocks."""
    return tuple(_message_flaws(text, blocks, root))


def check_blocks(blocks: object, surface: Surface = "message", *, root: str = "/blocks") -> tuple[Flaw, ...]:
    """Return every reason to refuse these blocks on a message, modal or home."""
    return tuple(_blocks_flaws(blocks, surface, root))


def check_view(view: object) -> tuple[Flaw, ...]:
    """Return every reason to refuse a modal or a home tab."""
    return tuple(_view_flaws(view))


def _message_flaws(text: str | None, blocks: object, root: str) -> Flaws:
    if not text and not blocks:
        yield Flaw("/text", "must provide text or blocks", "no_text")
    if text and len(text) > MESSAGE_TEXT:
        yield Flaw("/text", f"must be less than {MESSAGE_TEXT + 1} characters", "msg_too_long")
    if blocks is not None:
        yield from _blocks_flaws(blocks, "message", root)


def _blocks_flaws(blocks: object, surface: Surface, root: str) -> Flaws:
    if not isinstance(blocks, (list, tuple)):
        yield Flaw(root, "must provide an array", "invalid_blocks_format")
        return
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    if len(blocks) > most:
        yield Flaw(root, f"no more than {most} items allowed")
    for i, block in enumerate(blocks):
        yield from block_flaws(block, f"{root}/{i}", surface)
    known = [block for block in blocks if isinstance(block, Mapping)]
    yield from _repeated_flaws(known, root)
    yield from _together_flaws(known, root)
    words = sum(_words(block) for block in known if kind_of(block) not in _DATA)
    if surface == "message" and words > BLOCKS_TEXT:
        yield Flaw(root, f"must be less than {BLOCKS_TEXT + 1} characters in all", "msg_blocks_too_long")


def _repeated_flaws(blocks: Sequence[Json], root: str) -> Flaws:
    """A block_id is unique in the message, an action_id within its block."""
    yield from _twice((block.get("block_id") for block in blocks), root, "block_id")
    for i, block in enumerate(blocks):
        yield from _twice((element.get("action_id") for element in elements_of(block)), f"{root}/{i}", "action_id")


def _twice(names: Iterable[object], at: str, what: str) -> Flaws:
    for name, times in Counter(name for name in names if isinstance(name, str)).items():
        if times > 1:
            yield Flaw(at, f"`{what}` {name} already exists")


def _together_flaws(blocks: Sequence[Json], root: str) -> Flaws:
    """What all blocks of a message may hold together."""
    kinds = Counter(kind_of(block) for block in blocks)
    if kinds["data_visualization"] > CHARTS:
        yield Flaw(root, f"no more than {CHARTS} data_visualization blocks allowed")
    if kinds["table"] > 1:
        yield Flaw(root, "only_one_table_allowed", "invalid_attachments")
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if kind_of(block) == "markdown")
    if markdown > MARKDOWN:
        yield Flaw(root, f"markdown blocks must be less than {MARKDOWN + 1} characters in all")
    tables = sum(cell_characters(block.get("rows")) for block in blocks if kind_of(block) == "data_table")
    if tables > TABLE_CHARACTERS:
        yield Flaw(root, f"data tables must be less than {TABLE_CHARACTERS + 1} characters in all")


def _words(value: object) -> int:
    """Characters a reader sees; data blocks have limits of their own."""
    if isinstance(value, Mapping):
        return sum(
            len(item) if key == "text" and isinstance(item, str) else _words(item) for key, item in value.items()
        )
    if isinstance(value, (list, tuple)):
        return sum(_words(item) for item in value)
    return 0


def elements_of(block: Json) -> Iterator[Json]:
    """Everything in a block that a reader can press or fill in."""
    inside = block.get("elements") if kind_of(block) == "actions" else ()
    found: list[Any] = [*(inside if isinstance(inside, (list, tuple)) else ()), block.get("accessory")]
    found.append(block.get("element"))
    return (element for element in found if isinstance(element, Mapping))


def _view_flaws(view: object) -> Flaws:
    if not isinstance(view, Mapping):
        yield Flaw("/view", "must provide an object", "invalid_arguments")
        return
    kind = kind_of(view)
    if kind not in {"modal", "home"}:
        yield Flaw("/view/type", f"unsupported type: {kind}", "invalid_arguments")
        return
    found = list(_modal_flaws(view)) if kind == "modal" else []
    found += loose_string_flaws(view, "private_metadata", "/view", PRIVATE_METADATA)
    for name in ("callback_id", "external_id"):
        found += loose_string_flaws(view, name, "/view", 255)
    surface: Surface = "modal" if kind == "modal" else "home"
    if "blocks" in view:
        found += _blocks_flaws(view["blocks"], surface, "/view/blocks")
    else:
        found.append(missing("blocks", "/view"))
    # views.* answers invalid_arguments whatever the flaw
    yield from (Flaw(flaw.pointer, flaw.message, "invalid_arguments") for flaw in found)


def _modal_flaws(view: Json) -> Flaws:
    yield from text_flaws(view, "title", "/view", VIEW_TITLE)
    yield from text_flaws(view, "submit", "/view", VIEW_TITLE, needed=False)
    yield from text_flaws(view, "close", "/view", VIEW_TITLE, needed=False)
    blocks = view.get("blocks")
    inputs = isinstance(blocks, list) and any(kind_of(b) == "input" for b in blocks)
    if inputs and "submit" not in view:
        yield missing("submit", "/view")
