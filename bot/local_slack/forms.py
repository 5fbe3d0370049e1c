"""What stands in the fields of a message or a view?

A person's page knows plain values: a text, an option's value, a date, a list of them.
Slack sends each kind of element in a shape of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bot.local_slack.validation import elements_of

Typed = Mapping[str, Mapping[str, Any]]
"""block_id -> action_id -> what was typed or chosen, plain or in Slack's shape."""

_PLAIN: Final = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "file_input": ("files", ""),
}
_ONE: Final = frozenset({"static_select", "external_select", "radio_buttons"})
_SEVERAL: Final = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
STATEFUL: Final = frozenset(_PLAIN) | _ONE | _SEVERAL


class NoSuchElement(LookupError):
    """There is nothing of that name to press or choose."""


def state_of(blocks: Iterable[Mapping[str, Any]], typed: Typed) -> dict[str, dict[str, Any]]:
    """Return `state.values`: what was typed, else what stood there at first."""
    values: dict[str, dict[str, Any]] = {}
    for block in blocks:
        block_id = str(block.get("block_id", ""))
        for element in elements_of(block):
            if element.get("type") in STATEFUL:
                name = str(element.get("action_id", ""))
                given = typed.get(block_id, {})
                shape = _shaped(element, given[name]) if name in given else _initial(element)
                values.setdefault(block_id, {})[name] = shape
    return values


def pressed(
    blocks: Sequence[Mapping[str, Any]], action_id: str, value: object, ts: str, *, block_id: str = ""
) -> dict[str, Any]:
    """Return the action of the element with this action_id; NoSuchElement when none has it."""
    there = [(block, element) for block in blocks for element in elements_of(block)]
    found = [
        (block, element)
        for block, element in there
        if _is_meant(element, action_id, value) and block_id in {"", block.get("block_id")}
    ]
    if not found:
        names = [element.get("action_id") for _, element in there]
        raise NoSuchElement(f"no element {action_id!r} to press; there are {names}")
    block, element = found[0]
    action = {"type": element["type"], "action_id": action_id, "block_id": block.get("block_id", ""), "action_ts": ts}
    return action | _chosen(element, value)


def refused_fields(blocks: Iterable[Mapping[str, Any]], values: Typed) -> dict[str, str]:
    """Return what the form itself refuses before it is sent: block_id -> reason."""
    refused = {}
    for block in blocks:
        element = block.get("element")
        if block.get("type") == "input" and isinstance(element, Mapping):
            block_id = str(block.get("block_id", ""))
            answer = values.get(block_id, {}).get(str(element.get("action_id", "")), {})
            reason = _reason(block, element, _content(answer))
            if reason:
                refused[block_id] = reason
    return refused


def _is_meant(element: Mapping[str, Any], action_id: str, value: object) -> bool:
    """Several buttons may share an action_id in different blocks; their value tells them apart."""
    other = element["type"] == "button" and value not in (None, element.get("value"))
    return element.get("action_id") == action_id and not other


def _chosen(element: Mapping[str, Any], value: object) -> dict[str, Any]:
    if element["type"] == "button":
        sent = {"text": element["text"]}
        return sent | ({"value": element["value"]} if "value" in element else {})
    if element["type"] == "overflow":
        return {"selected_option": _option(element, value)}
    return {name: given for name, given in _shaped(element, value).items() if name != "type"}


def _shaped(element: Mapping[str, Any], value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    kind = str(element["type"])
    if isinstance(value, Mapping) and value.get("type") == kind:
        return dict(value)
    if kind in _PLAIN:
        empty: Any = [] if kind.startswith("multi_") or kind == "file_input" else None
        return {"type": kind, _PLAIN[kind][0]: value if value not in ("", None) else empty}
    if kind in _ONE:
        return {"type": kind, "selected_option": None if value in ("", None) else _option(element, value)}
    several = value if isinstance(value, (list, tuple)) else [value] if value else []
    return {"type": kind, "selected_options": [_option(element, one) for one in several]}


def _initial(element: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(element["type"])
    if kind in _PLAIN:
        return _shaped(element, element.get(_PLAIN[kind][1]))
    if kind in _ONE:
        return {"type": kind, "selected_option": element.get("initial_option")}
    return {"type": kind, "selected_options": list(element.get("initial_options") or ())}


def _option(element: Mapping[str, Any], value: object) -> dict[str, Any]:
    groups = [element, *element.get("option_groups", ())]
    options = [option for group in groups for option in group.get("options", ())]
    found: dict[str, Any] | None = next((one for one in options if one.get("value") == value), None)
    if found is None and str(element["type"]).endswith("external_select") and isinstance(value, Mapping):
        return dict(value)  # what the app offered while the reader typed
    if found is None:
        there = [option.get("value") for option in options]
        raise NoSuchElement(f"{element.get('action_id')!r} has no option {value!r}; there are {there}")
    return found


def _content(answer: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """The one value of a shape, whatever its name."""
    return next((value for name, value in answer.items() if name not in {"type", "timezone"}), None)


def _reason(block: Mapping[str, Any], element: Mapping[str, Any], content: object) -> str:
    if content in (None, "", []):
        return "" if block.get("optional") else "required"
    if element["type"] == "number_input":
        return _number_reason(element, str(content))
    if isinstance(content, str) and len(content) < int(element.get("min_length") or 0):
        return "too_short"
    most = element.get("max_length")
    return "too_long" if isinstance(content, str) and most is not None and len(content) > int(most) else ""


def _number_reason(element: Mapping[str, Any], content: str) -> str:
    try:
        number = float(content)
    except ValueError:
        return "not_a_number"
    if not element.get("is_decimal_allowed") and not number.is_integer():
        return "not_a_whole_number"
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and number < float(low):
        return "too_small"
    return "too_large" if high is not None and number > float(high) else ""
