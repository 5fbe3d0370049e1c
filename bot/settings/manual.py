"""What does docs/settings.md say?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.settings import Alert, Customers, Digest, Export, Purchases, Quotas, Settings, Slack
from bot.settings.keeping import Keeping
from bot.settings.layers import SECRETS_VARIABLE, SHOP_VARIABLE, Setting, all_settings
from bot.settings.told import Watch
from bot.settings.watching import AlertRule

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION: Final = f"""# Settings

<!-- Made from bot/settings by `asakai docs settings`; a test compares. Change the text there. -->

A setting is taken from the first of these that has it:

1. an environment variable,
2. the file `.env` in the working folder,
3. a file of the variable's name in the folder that `{SECRETS_VARIABLE}` names (Docker and Kubernetes secrets),
4. `shop.toml` in the working folder, or the file that `{SHOP_VARIABLE}` names,
5. the default below.

What an admin changes in Slack (App Home) is kept in the state database and outdoes all of these until it is put back
there: the target, the threshold, the language, company holidays, the allowed channels and people, and every digest.

A name that is none of these settings stops the start and names the nearest right one. In an environment variable a
list is written `a, b`. Secrets belong into the environment, `.env` or a secrets folder, never into `shop.toml`.

```toml
# shop.toml
shop = "月白コスメ"
target = 0.20

[digest]
channels = ["C0123456789"]
at = "08:30"
company_holidays = ["2026-12-29", "2026-12-30"]

[[digests]]                       # a further one: every Monday, LINE's customers only
name = "line"
channels = ["C0123456789"]
at = "09:00"
days = ["mon"]                    # "business" (the default), "every", or weekdays
filters = {{ channel = "LINE" }}
language = "en"
```
"""
_RULE: Final = """```toml
[[alerts]]
name = "LINE経由のリピート率"
dimension = "channel"
label = "LINE"
threshold = 0.15
bad = 2
of = 3

[[alerts]]
name = "注文が届いていない"
watch = "freshness"
threshold = 2
```
"""
_SECTIONS: Final = {
    "purchases": Purchases,
    "digest": Digest,
    "alert": Alert,
    "customers": Customers,
    "export": Export,
    "slack": Slack,
    "quotas": Quotas,
    "keeping": Keeping,
    "watch": Watch,
}


def manual() -> str:
    """The whole page, as it is checked in."""
    return "\n".join((_INTRODUCTION, *_lines()))


def _lines() -> Iterator[str]:
    yield "## The shop\n"
    section = ""
    for setting in all_settings(Settings):
        group = setting.name.rpartition(".")[0]
        if group != section:
            section = group
            yield f"## [{group}]\n"
            yield f"{_SECTIONS[group].__doc__}\n"
        yield _entry(setting)
    yield "## [[alerts]]\n"
    yield f"{AlertRule.__doc__}\n"
    yield _RULE
    for name, field in AlertRule.model_fields.items():
        yield f"- `{name}`: {' '.join(str(field.description).split())} Default: {_rule_default(name)}."
    yield ""


def _rule_default(name: str) -> str:
    field = AlertRule.model_fields[name]
    return "none, it is needed" if field.is_required() else _default(field.default)


def _entry(setting: Setting) -> str:
    default = _default(setting.field.get_default(call_default_factory=True))
    return (
        f"### `{setting.name}`\n\n{setting.field.description}\n\n"
        f"Default: {default} · variable `{setting.variable}` · e.g. `{setting.examples}`\n"
    )


def _default(value: object) -> str:
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`" + ", ".join(str(part) or '""' for part in value) + "`"
    return f"`{value:%H:%M}`" if hasattr(value, "hour") else f"`{value}`"
