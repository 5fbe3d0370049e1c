"""How do a form and Home become Slack's views?

Limits and escapes are those of `limits`; what is too long is cut where a reader can see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.blockkit import render
from bot.blockkit.limits import (
    BUTTON_TEXT,
    BUTTON_VALUE,
    BUTTONS,
    CONTEXT_TEXT,
    OPTION_VALUE,
    OPTIONS,
    SECTION,
    Block,
    fit,
    line,
    markup,
    mrkdwn,
    plain,
    plain_text,
    weight,
)
from bot.form import REFERENCE, VALUE, Field, Form, Kind, Option, Press, Row
from bot.language import Language
from bot.page import Footnote, Heading, Page, Part, printable

HOME_BLOCKS, TITLE, LABEL, HINT, OPTION, TICKS = 90, 24, 180, 180, 67, 10
HOME_TEXT: Final = 50_000
"""Slack takes 250 kB of a view; a message's limit of characters is not Home's."""
_SURE: Final = (90, 270, 27, 27)


def modal(form: Form) -> Block:
    """The form as a modal."""
    intro = [{"type": "section", "text": mrkdwn(_referring(form.intro, SECTION))}] if form.intro else []
    return {
        "type": "modal",
        "callback_id": form.name,
        "private_metadata": form.kept,
        "title": plain_text(fit(form.title, TITLE, line)),
        "submit": plain_text(fit(form.submit, TITLE, line)),
        "close": plain_text(fit(form.close, TITLE, line)),
        "blocks": [*intro, *map(_field, form.fields), *_pressed(form.presses)],
    }


def _pressed(presses: Sequence[Press]) -> list[Block]:
    return [{"type": "actions", "elements": [_press(press) for press in presses[:BUTTONS]]}] if presses else []


def home(parts: Sequence[Part | Row], language: str, *, native: bool = True) -> Block:
    """Pages' parts and rows as the home tab; what does not fit is left out whole, and counted."""

    def drawn(part: Part | Row) -> list[Block]:
        return _row(part) if isinstance(part, Row) else render(Page("", (part,), language=language), native).blocks

    blocks: list[Block] = []
    for number, part in enumerate(parts):
        own = drawn(part)
        if len(blocks) + len(own) >= HOME_BLOCKS or weight(blocks) + weight(own) > HOME_TEXT:
            hidden = sum(not isinstance(left, Heading) for left in parts[number:])
            blocks += drawn(Footnote((Language.of(language).say("custom.cut", count=hidden),)))
            break
        blocks += own
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def _row(row: Row) -> list[Block]:
    title = f"*{fit(row.title, 200, markup)}*" if row.title else ""
    said = "\n".join(part for part in (title, _referring(row.text, SECTION - 250) if row.text else "") if part)
    blocks: list[Block] = [{"type": "section", "text": mrkdwn(said)}] if said else []
    if row.note:
        blocks.append({"type": "context", "elements": [mrkdwn(_referring(row.note, CONTEXT_TEXT))]})
    if row.presses:
        blocks.append({"type": "actions", "elements": [_press(press) for press in row.presses[:BUTTONS]]})
    return blocks


def _referring(text: str, limit: int) -> str:
    """Escaped text in which only our own references name a person or channel."""
    return REFERENCE.sub(r"<\1\2>", fit(text, limit, markup))


def _press(press: Press) -> Block:
    button: Block = {
        "type": "button",
        "action_id": press.name,
        "text": plain_text(fit(press.text, BUTTON_TEXT, line)),
        "value": plain(press.value)[:BUTTON_VALUE] if printable(press.value) else " ",
    }
    if press.sure:
        title, text, yes, no = (
            plain_text(fit(said, limit, plain)) for said, limit in zip(press.sure, _SURE, strict=True)
        )
        button["confirm"] = {"title": title, "text": text, "confirm": yes, "deny": no}
    return {**button, "style": "primary"} if press.primary else button


def _field(field: Field) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": plain_text(fit(field.label, LABEL, line)),
        "optional": field.optional,
        "element": {"action_id": VALUE, **_ELEMENTS[field.kind](field)},
    }
    return {**block, "hint": plain_text(fit(field.hint, HINT, line))} if field.hint else block


def _option(option: Option) -> Block:
    return {"text": plain_text(fit(option.text, OPTION, line)), "value": option.value}


def _able(field: Field, most: int) -> list[Option]:
    return [option for option in field.options if 0 < len(option.value) <= OPTION_VALUE][:most]


def _options(field: Field, most: int) -> tuple[list[Block], list[Block]]:
    """All options, and those that are chosen at first; one whose value Slack would not take is left out."""
    able = _able(field, most)
    return [_option(option) for option in able], [_option(option) for option in able if option.value in field.value]


def _one(field: Field) -> Block:
    options, chosen = _options(field, OPTIONS)
    groups = _groups(field)
    listed = {"option_groups": groups} if groups else {"options": options}
    return {"type": "static_select", **listed, **({"initial_option": chosen[0]} if chosen else {})}


def _groups(field: Field) -> list[Block]:
    """The options under their headings; none where they have none."""
    found: dict[str, list[Block]] = {}
    for option in _able(field, OPTIONS):
        if option.group:
            found.setdefault(option.group, []).append(_option(option))
    return [{"label": plain_text(fit(group, OPTION, line)), "options": options} for group, options in found.items()]


def _some(field: Field) -> Block:
    options, chosen = _options(field, OPTIONS)
    return {"type": "multi_static_select", "options": options, **({"initial_options": chosen} if chosen else {})}


def _ticks(field: Field) -> Block:
    options, chosen = _options(field, TICKS)
    return {"type": "checkboxes", "options": options, **({"initial_options": chosen} if chosen else {})}


def _time(field: Field) -> Block:
    return {"type": "timepicker", **_initial(field, "initial_time")}


def _date(field: Field) -> Block:
    return {"type": "datepicker", **_initial(field, "initial_date")}


def _number(field: Field) -> Block:
    return {"type": "number_input", "is_decimal_allowed": True, **_initial(field, "initial_value")}


def _text(field: Field) -> Block:
    return {"type": "plain_text_input", "max_length": 500, **_initial(field, "initial_value")}


def _people(field: Field) -> Block:
    return {"type": "multi_users_select", **({"initial_users": list(field.value)} if field.value else {})}


def _channels(field: Field) -> Block:
    only = {"include": ["public", "private"], "exclude_external_shared_channels": True, "exclude_bot_users": True}
    first = {"initial_conversations": list(field.value)} if field.value else {}
    return {"type": "multi_conversations_select", "filter": only, **first}


def _place(_: Field) -> Block:
    return {"type": "conversations_select", "default_to_current_conversation": True}


def _initial(field: Field, name: str) -> Block:
    return {name: field.value[0]} if field.value and field.value[0] else {}


_ELEMENTS: Final[Mapping[Kind, Callable[[Field], Block]]] = {
    Kind.ONE: _one,
    Kind.SOME: _some,
    Kind.TICKS: _ticks,
    Kind.TIME: _time,
    Kind.DATE: _date,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.PEOPLE: _people,
    Kind.CHANNELS: _channels,
    Kind.PLACE: _place,
}
