"""Would slackblocks, written by other people, show this modal or Home?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slackblocks as sb

from tests.bot.second_opinion import UnknownToSlackblocks, block


def validate_view(view: Mapping[str, Any]) -> sb.View:
    """The view in slackblocks' own classes; raises where one of them refuses."""
    blocks = [_block(one) for one in view["blocks"]]
    if view["type"] == "home":
        return sb.HomeTabView(blocks, callback_id=view["callback_id"])
    return sb.ModalView(
        _text(view["title"]),
        blocks,
        close=_text(view["close"]),
        submit=_text(view["submit"]),
        private_metadata=view["private_metadata"],
        callback_id=view["callback_id"],
    )


def _block(found: Mapping[str, Any]) -> sb.Block:
    match found["type"]:
        case "input":
            return sb.InputBlock(
                _text(found["label"]),
                _element(found["element"]),
                block_id=found["block_id"],
                hint=_text(found["hint"]) if "hint" in found else None,
                optional=found["optional"],
            )
        case "actions":
            return sb.ActionsBlock([_button(element) for element in found["elements"]])
        case _:
            return block(found)


def _text(text: Mapping[str, Any]) -> sb.Text:
    return sb.Text.from_dict(dict(text))


def _button(element: Mapping[str, Any]) -> sb.Button:
    sure = element.get("confirm")
    confirm = sb.ConfirmationDialogue(**{name: _text(sure[name]) for name in sure}) if sure else None
    return sb.Button(
        text=_text(element["text"]),
        action_id=element["action_id"],
        value=element["value"],
        style=element.get("style"),
        confirm=confirm,
    )


def _option(option: Mapping[str, Any]) -> sb.Option:
    return sb.Option(_text(option["text"]), option["value"])


def _options(element: Mapping[str, Any], name: str) -> list[sb.Option] | None:
    return [_option(option) for option in element[name]] if name in element else None


def _element(element: Mapping[str, Any]) -> sb.Element:
    name = element["action_id"]
    match element["type"]:
        case "static_select":
            first = element.get("initial_option")
            return sb.StaticSelectMenu(
                name, _options(element, "options"), initial_option=_option(first) if first else None
            )
        case "multi_static_select":
            return sb.StaticMultiSelectMenu(
                name, _options(element, "options"), initial_options=_options(element, "initial_options")
            )
        case "checkboxes":
            return sb.CheckboxGroup(
                name, _options(element, "options"), initial_options=_options(element, "initial_options")
            )
        case "timepicker":
            return sb.TimePicker(name, element.get("initial_time"))
        case "number_input":
            return sb.NumberInput(element["is_decimal_allowed"], name, element.get("initial_value"))
        case "plain_text_input":
            return sb.PlainTextInput(name, element.get("initial_value"), max_length=element["max_length"])
        case "multi_users_select":
            return sb.UserMultiSelectMenu(name, element.get("initial_users"))
        case "multi_conversations_select":
            return sb.ConversationMultiSelectMenu(name, element.get("initial_conversations"))
        case unknown:
            raise UnknownToSlackblocks(unknown)
