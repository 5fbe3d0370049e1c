"""Which one command, or which click, mends what a Problem tells?

A mend is a command to paste, a place in shop.toml, or the key of a sentence under `doctor.click`.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.language import Language
    from metrics.problem import Problem

CLICK: Final = "click."
AGAIN: Final = "asakai doctor"
MANIFEST: Final = "click.manifest"
SELECT: Final = "shop.toml: [[source]] select"
URL: Final = "shop.toml: [[source]] url"
_OF_PROBLEM: Final = {
    "store_busy": AGAIN,
    "not_a_store": "shop.toml: store",
    "other_shop": "shop.toml: store",
    "store_not_writable": "chmod u+rw {path}",
    "store_damaged": "mv {path} {path}.damaged",
    "warehouse_alone": "asakai sync {source}",
    "warehouse_type": SELECT,
    "warehouse_zone": SELECT,
    "warehouse_bad_rows": SELECT,
    "warehouse_twice": SELECT,
    "columns_missing": SELECT,
    "columns_doubled": SELECT,
    "database_not_a_select": SELECT,
    "database_query": SELECT,
    "database_url": URL,
    "database_unreachable": URL,
    "database_login": URL,
    "database_driver_missing": "pip install 'asakai[{extra}]'",
    "sync_too_slow": AGAIN,
    "state_from_future": "click.upgrade",
    "missing_setting": "asakai init",
    "token_refused": "asakai init",
    "scope_missing": MANIFEST,
    "slack_unreachable": "curl -sS https://slack.com/api/api.test",
    "not_in_channel": "/invite @asakai",
    "channel_archived": "click.unarchive",
    "slack_refused": AGAIN,
}
"""Problem -> what mends it; {…} are its values."""
_OF_CHECK: Final = {
    "settings": "asakai docs settings",
    "orders": SELECT,
    "role": URL,
    "state": "shop.toml: state",
    "token": "asakai init",
    "socket": "asakai init",
    "channel": "shop.toml: [digest] channels",
    "due": "shop.toml: [digest] country",
}
"""Where a Problem that is not listed comes up -> what to look at."""


def mend_of(check: str, problem: Problem) -> str:
    """What mends a Problem that came up at that check."""
    values = {name: shlex.quote(str(value)) for name, value in problem.values.items()}
    return _OF_PROBLEM.get(problem.key, _OF_CHECK[check]).format(**values)


def said_mend(mend: str, language: Language) -> str:
    """The mend as it is read."""
    return language.say(f"doctor.{mend}") if mend.startswith(CLICK) else mend
