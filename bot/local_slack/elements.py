"""Would Slack accept this button, select or input?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Final

from bot.local_slack.flaw import (
    Flaw,
    Flaws,
    Json,
    extra_flaws,
    items_of,
    kind_of,
    loose_string_flaws,
    missing,
    number_flaws,
    prose_flaws,
    string_flaws,
    text_flaws,
    text_object_flaws,
)

BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2000
AGENT_PROMPT: Final = 4000
OPTIONS: Final = 100
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OVERFLOW_OPTIONS: Final = 5
CHOICES: Final = 10
PLACEHOLDER: Final = 150
IDENTIFIER: Final = 255
URL: Final = 3000
ALT_TEXT: Final = 2000

_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}")

_SELECTS: Final = frozenset(
    {"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
)
_MULTI: Final = frozenset(f"multi_{name}" for name in _SELECTS)
_PICKERS: Final = frozenset({"datepicker", "timepicker", "datetimepicker"})
_CHOOSERS: Final = frozenset({"checkboxes", "radio_buttons"})
_TYPED: Final = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})

IN_ACTIONS: Final = frozenset({"button", "overflow", "workflow_button"}) | _SELECTS | _MULTI | _PICKERS | _CHOOSERS
IN_SECTION: Final = IN_ACTIONS | {"image"}
IN_INPUT: Final = (
    _SELECTS | _MULTI | _PICKERS | _CHOOSERS | _TYPED | {"rich_text_input", "file_input", "datetimepicker"}
)


def element_flaws(element: object, at: str, allowed: frozenset[str]) -> Flaws:
    """Check one interactive element or image against its type's rules."""
    if not isinstance(element, Mapping):
        yield Flaw(at, "must provide an object")
        return
    kind = kind_of(element)
    if kind not in allowed:
        yield Flaw(f"{at}/type", f"unsupported type: {kind}")
        return
    yield from string_flaws(element, "action_id", at, IDENTIFIER)
    yield from _confirm_flaws(element, at)
    yield from text_flaws(element, "placeholder", at, PLACEHOLDER, needed=False)
    yield from number_flaws(element, "max_selected_items", at, 1, OPTIONS)
    yield from number_flaws(element, "min_query_length", at, 0, 1000)
    yield from _filter_flaws(element, at)
    yield from _dispatch_flaws(element, at)
    yield from _RULES.get(kind, _no_more)(element, at)


def option_flaws(option: object, at: str, *, plain: bool = True) -> Flaws:
    """Check one option: 75 characters to read, 150 to send."""
    if not isinstance(option, Mapping):
        yield Flaw(at, "must provide an object")
        return
    check = text_flaws if plain else prose_flaws
    yield from check(option, "text", at, OPTION_TEXT)
    yield from string_flaws(option, "value", at, OPTION_VALUE, needed=True)
    yield from check(option, "description", at, OPTION_TEXT, needed=False)
    yield from string_flaws(option, "url", at, URL)
    yield from check(option, "description", at, OPTION_TEXT, needed=False)


def image_flaws(image: Json, at: str) -> Flaws:
    """An image needs words for those who cannot see it and exactly one source."""
    yield from string_flaws(image, "alt_text", at, ALT_TEXT, needed=True)
    yield from string_flaws(image, "image_url", at, URL)
    if ("image_url" in image) == ("slack_file" in image):
        yield Flaw(at, "must define exactly one of image_url or slack_file")


def context_item_flaws(item: object, at: str) -> Flaws:
    """A context holds texts and images, nothing to press."""
    kind = kind_of(item)
    if isinstance(item, Mapping) and kind == "image":
        yield from image_flaws(item, at)
    elif kind in {"plain_text", "mrkdwn"}:
        yield from text_object_flaws(item, at, 3000, plain=False)
    else:
        yield Flaw(f"{at}/type", f"unsupported type: {kind}")


def _no_more(_element: Json, _at: str) -> Flaws:
    return iter(())


_BUTTON_FIELDS: Final = frozenset(
    {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label", "agent_prompt"}
)


def _button_flaws(button: Json, at: str) -> Flaws:
    yield from extra_flaws(button, at, _BUTTON_FIELDS)
    yield from text_flaws(button, "text", at, BUTTON_TEXT)
    yield from loose_string_flaws(button, "value", at, BUTTON_VALUE)
    yield from string_flaws(button, "url", at, URL)
    yield from string_flaws(button, "accessibility_label", at, BUTTON_TEXT)
    yield from string_flaws(button, "agent_prompt", at, AGENT_PROMPT)
    if button.get("style", "primary") not in ("primary", "danger"):
        yield Flaw(f"{at}/style", "must be a valid enum value: primary or danger")


def _static_select_flaws(element: Json, at: str) -> Flaws:
    if ("options" in element) == ("option_groups" in element):
        yield Flaw(at, "must define exactly one of options or option_groups")
        return
    if "options" in element:
        yield from _options(element, at, OPTIONS)
        return
    groups, flaws = items_of(element, "option_groups", at, OPTIONS)
    yield from flaws
    for i, group in enumerate(groups):
        here = f"{at}/option_groups/{i}"
        if isinstance(group, Mapping):
            yield from text_flaws(group, "label", here, OPTION_TEXT)
            yield from _options(group, here, OPTIONS)
        else:
            yield Flaw(here, "must provide an object")


def _options(element: Json, at: str, most: int, *, plain: bool = True) -> Flaws:
    options, flaws = items_of(element, "options", at, most)
    yield from flaws
    for i, option in enumerate(options):
        yield from option_flaws(option, f"{at}/options/{i}", plain=plain)
    yield from _initial_flaws(element, options, at)


def _initial_flaws(element: Json, options: Sequence[object], at: str) -> Flaws:
    """What is chosen at first must be one of the options, word for word."""
    first = element.get("initial_option")
    if first is not None and first not in options:
        yield Flaw(f"{at}/initial_option", "must be one of the provided options")
    several = element.get("initial_options") or ()
    for i, chosen in enumerate(several if isinstance(several, (list, tuple)) else ()):
        if chosen not in options:
            yield Flaw(f"{at}/initial_options/{i}", "must be one of the provided options")


def _choices_flaws(element: Json, at: str) -> Flaws:
    yield from _options(element, at, CHOICES, plain=False)


def _overflow_flaws(element: Json, at: str) -> Flaws:
    yield from _options(element, at, OVERFLOW_OPTIONS)


def _text_input_flaws(element: Json, at: str) -> Flaws:
    yield from number_flaws(element, "min_length", at, 0, 3000)
    yield from number_flaws(element, "max_length", at, 1, 3000)


def _number_input_flaws(element: Json, at: str) -> Flaws:
    if "is_decimal_allowed" not in element:
        yield missing("is_decimal_allowed", at)


def _lines_flaws(element: Json, at: str) -> Flaws:
    yield from number_flaws(element, "min_lines", at, 1, 100)
    yield from number_flaws(element, "max_lines", at, 1, 100)


def _file_input_flaws(element: Json, at: str) -> Flaws:
    yield from number_flaws(element, "max_files", at, 1, 10)


def _picker_flaws(element: Json, at: str) -> Flaws:
    """A date is YYYY-MM-DD, a time HH:MM, and both exist."""
    for name, read in (("initial_date", date.fromisoformat), ("initial_time", _clock_time)):
        value = element.get(name)
        if value is None:
            continue
        try:
            good = isinstance(value, str) and bool(_MOMENT.fullmatch(value)) and read(value) is not None
        except ValueError:
            good = False
        if not good:
            yield Flaw(f"{at}/{name}", "must be a valid date or time")


def _clock_time(value: str) -> time:
    return time.fromisoformat(value)


def _filter_flaws(element: Json, at: str) -> Flaws:
    """A filter of conversations asks for at least one kind."""
    wanted = element.get("filter")
    if isinstance(wanted, Mapping) and "include" in wanted:
        _, flaws = items_of(wanted, "include", f"{at}/filter", 4)
        yield from flaws


def _dispatch_flaws(element: Json, at: str) -> Flaws:
    config = element.get("dispatch_action_config")
    if isinstance(config, Mapping):
        _, flaws = items_of(config, "trigger_actions_on", f"{at}/dispatch_action_config", 2)
        yield from flaws


def _confirm_flaws(element: Json, at: str) -> Flaws:
    confirm = element.get("confirm")
    if confirm is None:
        return
    here = f"{at}/confirm"
    if not isinstance(confirm, Mapping):
        yield Flaw(here, "must provide an object")
        return
    yield from text_flaws(confirm, "title", here, 100)
    yield from prose_flaws(confirm, "text", here, 300)
    yield from text_flaws(confirm, "confirm", here, 30)
    yield from text_flaws(confirm, "deny", here, 30)


_RULES: Final[dict[str, Callable[[Json, str], Flaws]]] = {
    "button": _button_flaws,
    "static_select": _static_select_flaws,
    "multi_static_select": _static_select_flaws,
    "overflow": _overflow_flaws,
    "checkboxes": _choices_flaws,
    "radio_buttons": _choices_flaws,
    "image": image_flaws,
    "plain_text_input": _text_input_flaws,
    "number_input": _number_input_flaws,
    "rich_text_input": _lines_flaws,
    "file_input": _file_input_flaws,
    "datepicker": _picker_flaws,
    "timepicker": _picker_flaws,
}
