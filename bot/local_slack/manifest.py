"""Would Slack make an app of this manifest?

Written after Slack's published schema of app manifests, version 1 (github.com/slackapi/manifest-schema),
for the parts that an app without hosted functions has; the rest of the schema is named and passed by.
`agent_view` is of the types in @slack/web-api, which know it before the schema does; what both know is
compared with them by tests/bot/test_manifest_types.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from bot.local_slack.call import Answer, Call, Method, Refused
from bot.local_slack.flaw import Flaw, Flaws

NAMED_ONLY: Final = frozenset(
    {"app_directory", "functions", "workflows", "datastores", "outgoing_domains", "types", "external_auth_providers"}
)
"""Parts of the schema that are not looked into."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string between two lengths, of a pattern or out of a few words."""

    most: int
    least: int = 0
    pattern: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    of: Rule
    most: int
    least: int = 0
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """An object that knows its fields."""

    known: Mapping[str, Rule]
    needed: tuple[str, ...] = ()


_KINDS: Final = {bool: "a boolean", int: "an integer", list: "an array"}
Rule: TypeAlias = Text | Items | Fields | type

NO_LIMIT: Final = 100_000
_URL: Final = Text(3500, pattern=r"https?://")
_SCOPES: Final = Items(Text(50), 255)
_EVENTS: Final = Items(Text(50), 100, unique=True)
_SHORTCUT: Final = Fields(
    {
        "name": Text(24, 1),
        "type": Text(10, words=("message", "global")),
        "callback_id": Text(255, 1),
        "description": Text(150, 1),
    },
    ("name", "type", "callback_id", "description"),
)
_COMMAND: Final = Fields(
    {
        "command": Text(32, 2, "/"),
        "url": Text(3000, pattern=r"https?://"),
        "description": Text(2000, 1),
        "usage_hint": Text(1000, 1),
        "should_escape": bool,
    },
    ("command", "description"),
)
_PROMPT: Final = Fields({"title": Text(NO_LIMIT), "message": Text(NO_LIMIT)}, ("title", "message"))
_METADATA: Final = Fields({"app_id": Text(NO_LIMIT), "event_type": Text(50)}, ("app_id", "event_type"))
_BYTE: Final = "([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_ADDRESSES: Final = Text(18, pattern=rf"({_BYTE}\.){{3}}{_BYTE}(/(3[0-2]|[1-2][0-9]|[0-9]))?$")
MANIFEST: Final = Fields(
    {
        "_metadata": Fields(dict.fromkeys(("schema_version", "min_version", "major_version", "minor_version"), int)),
        "$schema": Text(3500),
        "display_information": Fields(
            {
                "name": Text(35, 1),
                "description": Text(140, 1),
                "background_color": Text(7, 4, r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$"),
                "long_description": Text(4000, 175),
            },
            ("name",),
        ),
        "features": Fields(
            {
                "app_home": Fields(
                    dict.fromkeys(("home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"), bool)
                ),
                "bot_user": Fields({"display_name": Text(80, 1), "always_online": bool}, ("display_name",)),
                "shortcuts": Items(_SHORTCUT, 10, 1),
                "slash_commands": Items(_COMMAND, 50, 1),
                "functions": list,
                "workflow_steps": Items(
                    Fields({"name": Text(50, 1), "callback_id": Text(50, 1)}, ("name", "callback_id")), 10, 1
                ),
                "agent_view": Fields(
                    {
                        "agent_description": Text(300),
                        "suggested_prompts": Items(_PROMPT, 4),
                        "actions": Items(
                            Fields(
                                {"name": Text(NO_LIMIT), "description": Text(NO_LIMIT)},
                                ("name", "description"),
                            ),
                            NO_LIMIT,
                        ),
                    }
                ),
                "assistant_view": Fields(
                    {
                        "assistant_description": Text(NO_LIMIT),
                        "suggested_prompts": Items(_PROMPT, NO_LIMIT),
                    },
                    ("assistant_description",),
                ),
                "unfurl_domains": Items(Text(255, pattern=r"(?![.-])[-a-z0-9.]+[a-z0-9]$"), 5, 1, unique=True),
            }
        ),
        "oauth_config": Fields(
            {
                "redirect_urls": Items(Text(2500), 1000, unique=True),
                "scopes": Fields(dict.fromkeys(("user", "bot", "user_optional", "bot_optional"), _SCOPES)),
                "token_management_enabled": bool,
                "pkce_enabled": bool,
            }
        ),
        "settings": Fields(
            {
                "allowed_ip_address_ranges": Items(_ADDRESSES, 50, 1, unique=True),
                "event_subscriptions": Fields(
                    {
                        "request_url": _URL,
                        "user_events": _EVENTS,
                        "bot_events": _EVENTS,
                        "metadata_subscriptions": Items(_METADATA, 20, 1, unique=True),
                    }
                ),
                "incoming_webhooks": Fields({"incoming_webhooks_enabled": bool}),
                "interactivity": Fields(
                    {"is_enabled": bool, "request_url": _URL, "message_menu_options_url": _URL}, ("is_enabled",)
                ),
                "org_deploy_enabled": bool,
                "socket_mode_enabled": bool,
                "is_hosted": bool,
                "token_rotation_enabled": bool,
                "siws_links": Fields({"initiate_uri": Text(3500, pattern=r"https://")}),
                "hermes_app_type": Text(NO_LIMIT),
                "function_runtime": Text(NO_LIMIT),
                "is_mcp_enabled": bool,
            }
        ),
    },
    ("display_information",),
)


def manifest_flaws(manifest: object) -> tuple[Flaw, ...]:
    """Return every reason to refuse a manifest."""
    known = manifest
    if isinstance(manifest, Mapping):
        known = {name: value for name, value in manifest.items() if name not in NAMED_ONLY}
    return (*_flaws(known, MANIFEST, ""), *_together_flaws(known))


def validate(call: Call) -> Answer:
    """apps.manifest.validate: the manifest as JSON text."""
    try:
        manifest = json.loads(call.needed("manifest", "invalid_arguments"))
    except ValueError:
        raise Refused("invalid_manifest", errors=[{"message": "must be JSON", "pointer": ""}]) from None
    flaws = manifest_flaws(manifest)
    if flaws:
        told = [{"message": flaw.message, "pointer": flaw.pointer} for flaw in flaws]
        raise Refused("invalid_manifest", errors=told)
    return {"ok": True, "errors": []}


def _flaws(value: Any, rule: Rule, at: str) -> Flaws:  # noqa: ANN401 - any JSON
    if isinstance(rule, Text):
        yield from _text_flaws(value, rule, at)
    elif isinstance(rule, Items):
        yield from _items_flaws(value, rule, at)
    elif isinstance(rule, Fields):
        yield from _fields_flaws(value, rule, at)
    elif not isinstance(value, rule) or (rule is int and isinstance(value, bool)):
        yield Flaw(at, f"must be {_KINDS[rule]}")


def _text_flaws(value: object, rule: Text, at: str) -> Flaws:
    if not isinstance(value, str):
        yield Flaw(at, "must be a string")
        return
    if len(value) > rule.most:
        yield Flaw(at, f"must be no more than {rule.most} characters")
    if len(value) < rule.least:
        yield Flaw(at, f"must be at least {rule.least} characters")
    if (rule.words and value not in rule.words) or not re.match(rule.pattern, value):
        yield Flaw(at, "is not of the form that Slack knows")


def _items_flaws(value: object, rule: Items, at: str) -> Flaws:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield Flaw(at, "must be an array")
        return
    if not rule.least <= len(value) <= rule.most:
        yield Flaw(at, f"must hold {rule.least} to {rule.most} items")
    if rule.unique and len(set(map(str, value))) != len(value):
        yield Flaw(at, "must not hold an item twice")
    for i, item in enumerate(value):
        yield from _flaws(item, rule.of, f"{at}/{i}")


def _fields_flaws(value: object, rule: Fields, at: str) -> Flaws:
    if not isinstance(value, Mapping):
        yield Flaw(at, "must be an object")
        return
    for name in rule.needed:
        if name not in value:
            yield Flaw(at, f"missing required field: {name}")
    for name, inside in value.items():
        if name in rule.known:
            yield from _flaws(inside, rule.known[name], f"{at}/{name}")
        else:
            yield Flaw(at, f"invalid additional property: {name}")


def _together_flaws(manifest: Any) -> Flaws:  # noqa: ANN401 - any JSON
    """What the form says beyond the schema: without sockets, Slack needs addresses."""
    settings = manifest.get("settings") if isinstance(manifest, Mapping) else None
    if not isinstance(settings, Mapping) or settings.get("socket_mode_enabled"):
        return
    for name in ("event_subscriptions", "interactivity"):
        part = settings.get(name)
        used = isinstance(part, Mapping) and (part.get("bot_events") or part.get("is_enabled"))
        if isinstance(part, Mapping) and used and not part.get("request_url"):
            yield Flaw(f"/settings/{name}", "requires a request_url, or Socket Mode")


METHODS: Final = {"apps.manifest.validate": Method(validate, bearer="config")}
