"""What stands in a form that was sent, and how is a change written down?"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from bot.choices.chosen import Mark, Plan
from bot.deed import Deed, chosen
from bot.form import VALUE
from bot.home.settings_form import FIELDS
from bot.home.words import line_of, title_of
from bot.language import Language
from bot.settings import MAIN_DIGEST

if TYPE_CHECKING:
    from bot.choices.current import Current
    from bot.choices.effective import Effective

_LISTS: Final = ("selected_options", "selected_conversations", "selected_channels", "selected_users")


def lists_of(deed: Deed) -> Mapping[str, Sequence[str]]:
    """Field -> what was chosen of several; a label may hold a comma."""
    found: dict[str, Sequence[str]] = {}
    for name, elements in deed.state.items():
        element: Mapping[str, Any] = elements.get(VALUE, {})
        several = next((element[kind] for kind in _LISTS if element.get(kind)), ())
        found[name] = tuple(str(one["value"]) if isinstance(one, dict) else str(one) for one in several)
    return found


def filled(deed: Deed) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """What stands in a sent form: single values, and lists."""
    return {name: chosen(elements.get(VALUE, {})) for name, elements in deed.state.items()}, lists_of(deed)


def new_name(plan: Plan) -> str:
    """A name that no other digest has or had: it is in the ledger's key."""
    return f"{plan.owner or 'slack'}-{secrets.token_hex(4)}"


def filed(current: Current) -> frozenset[str]:
    """The digests that the files describe."""
    return frozenset({MAIN_DIGEST, *(digest.name for digest in current.settings.digests)})


def seen(mark: Mark | None) -> str:
    """Which state of a thing a form shows: the instant of its last change."""
    return mark.at.isoformat() if mark else ""


def settings_seen(effective: Effective) -> str:
    """Which state of the settings a form shows."""
    return max((seen(effective.mark(name)) for name in FIELDS.values()), default="")


def written(plan: Plan, effective: Effective) -> str:
    """A digest as the audit keeps it: readable, in one line."""
    language = Language.of("en")
    line = line_of(plan, effective, language).replace("\n", " ")
    return f"{title_of(plan, language)}: {line}{' (deleted)' if plan.removed else ''}"


def plain_json(value: object) -> str:
    """A setting's value as the audit keeps it."""
    return json.dumps(value, ensure_ascii=False)
