"""Does the local Slack hold a manifest to each rule of Slack's schema, to the character?

Each rule is met at its bound and missed by one; a rule that has no line here fails the last tests.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.local_slack import LocalSlack
from bot.local_slack.manifest import MANIFEST, NO_LIMIT, Fields, Items, Text, manifest_flaws
from tests.bot.manifests import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.local_slack.manifest import Rule

URL = "https://example.com"
PROMPT = {"title": "x", "message": "y"}
FULL: dict[str, Any] = {
    "_metadata": {"schema_version": 1, "min_version": 1, "major_version": 1, "minor_version": 1},
    "$schema": URL,
    "display_information": {
        "name": "Asakai",
        "description": "朝会",
        "background_color": "#1f3a5f",
        "long_description": "x" * 200,
    },
    "features": {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "asakai", "always_online": True},
        "shortcuts": [{"name": "x", "type": "global", "callback_id": "a", "description": "b"}],
        "slash_commands": [
            {"command": "/kpi", "url": URL, "description": "x", "usage_hint": "y", "should_escape": False}
        ],
        "functions": [],
        "workflow_steps": [{"name": "朝会", "callback_id": "asakai"}],
        "agent_view": {
            "agent_description": "x",
            "suggested_prompts": [PROMPT],
            "actions": [{"name": "x", "description": "y"}],
        },
        "assistant_view": {"assistant_description": "x", "suggested_prompts": [PROMPT]},
        "unfurl_domains": ["example.com"],
    },
    "oauth_config": {
        "redirect_urls": [URL],
        "scopes": {
            "user": ["users:read"],
            "bot": ["chat:write"],
            "user_optional": ["search:read"],
            "bot_optional": ["users:read"],
        },
        "token_management_enabled": True,
        "pkce_enabled": False,
    },
    "settings": {
        "allowed_ip_address_ranges": ["10.0.0.0/8"],
        "event_subscriptions": {
            "request_url": URL,
            "user_events": ["message.im"],
            "bot_events": ["app_mention"],
            "metadata_subscriptions": [{"app_id": "A1", "event_type": "digest"}],
        },
        "incoming_webhooks": {"incoming_webhooks_enabled": True},
        "interactivity": {"is_enabled": True, "request_url": URL, "message_menu_options_url": URL},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "is_hosted": False,
        "token_rotation_enabled": False,
        "siws_links": {"initiate_uri": URL},
        "hermes_app_type": "remote",
        "function_runtime": "remote",
        "is_mcp_enabled": False,
    },
}
"""Every field that is known, once."""

LENGTHS = {  # pointer: least, most
    "/$schema": (0, 3500),
    "/display_information/name": (1, 35),
    "/display_information/description": (1, 140),
    "/display_information/long_description": (175, 4000),
    "/features/bot_user/display_name": (1, 80),
    "/features/shortcuts/0/name": (1, 24),
    "/features/shortcuts/0/callback_id": (1, 255),
    "/features/shortcuts/0/description": (1, 150),
    "/features/slash_commands/0/command": (2, 32),
    "/features/slash_commands/0/url": (8, 3000),
    "/features/slash_commands/0/description": (1, 2000),
    "/features/slash_commands/0/usage_hint": (1, 1000),
    "/features/workflow_steps/0/name": (1, 50),
    "/features/workflow_steps/0/callback_id": (1, 50),
    "/features/agent_view/agent_description": (0, 300),
    "/features/unfurl_domains/0": (2, 255),
    "/oauth_config/redirect_urls/0": (0, 2500),
    "/oauth_config/scopes/user/0": (0, 50),
    "/oauth_config/scopes/bot/0": (0, 50),
    "/oauth_config/scopes/user_optional/0": (0, 50),
    "/oauth_config/scopes/bot_optional/0": (0, 50),
    "/settings/event_subscriptions/request_url": (8, 3500),
    "/settings/event_subscriptions/user_events/0": (0, 50),
    "/settings/event_subscriptions/bot_events/0": (0, 50),
    "/settings/event_subscriptions/metadata_subscriptions/0/event_type": (0, 50),
    "/settings/interactivity/request_url": (8, 3500),
    "/settings/interactivity/message_menu_options_url": (8, 3500),
    "/settings/siws_links/initiate_uri": (8, 3500),
}
COUNTS = {  # pointer: least, most, each once
    "/features/shortcuts": (1, 10, False),
    "/features/slash_commands": (1, 50, False),
    "/features/workflow_steps": (1, 10, False),
    "/features/agent_view/suggested_prompts": (0, 4, False),
    "/features/unfurl_domains": (1, 5, True),
    "/oauth_config/redirect_urls": (0, 1000, True),
    "/oauth_config/scopes/user": (0, 255, False),
    "/oauth_config/scopes/bot": (0, 255, False),
    "/oauth_config/scopes/user_optional": (0, 255, False),
    "/oauth_config/scopes/bot_optional": (0, 255, False),
    "/settings/allowed_ip_address_ranges": (1, 50, True),
    "/settings/event_subscriptions/user_events": (0, 100, True),
    "/settings/event_subscriptions/bot_events": (0, 100, True),
    "/settings/event_subscriptions/metadata_subscriptions": (1, 20, True),
}
ADDRESSES = "/settings/allowed_ip_address_ranges/0"
FORMS = {  # pointer: what is taken, what is not
    "/display_information/background_color": (
        ["#000", "#fAf", "#1F3a5f"],
        ["", "#", "#00", "#0000", "#00000", "#0000000", "000", "x000", "#ggg", "#00000g"],
    ),
    "/features/shortcuts/0/type": (["message", "global"], ["", "anywhere", "Global"]),
    "/features/slash_commands/0/command": (["/k"], ["kpi", "k/pi"]),
    "/features/slash_commands/0/url": (["http://x", URL], ["ftp://x", "example.com", "x https://x"]),
    "/features/unfurl_domains/0": (
        ["example.com", "a-b.example", "x1"],
        [".example.com", "-example.com", "example.com.", "Example.com", "exa mple.com", "x/y"],
    ),
    "/settings/event_subscriptions/request_url": (["http://x", URL], ["ftp://x"]),
    "/settings/interactivity/request_url": (["http://x", URL], ["ftp://x"]),
    "/settings/interactivity/message_menu_options_url": (["http://x", URL], ["ftp://x"]),
    "/settings/siws_links/initiate_uri": ([URL], ["http://example.com"]),
    ADDRESSES: (
        ["0.0.0.1", "255.255.255.255", "192.168.1.1/32", "10.0.0.0/8"],
        ["10.0.0.256", "10.0.0.0/33", "10.0.0", "10.0.0.0.0", "01.0.0.0", "10.0.0.0/", "x10.0.0.0"],
    ),
}
NEEDED = {
    "": {"display_information"},
    "/display_information": {"name"},
    "/features/bot_user": {"display_name"},
    "/features/shortcuts/0": {"name", "type", "callback_id", "description"},
    "/features/slash_commands/0": {"command", "description"},
    "/features/workflow_steps/0": {"name", "callback_id"},
    "/features/agent_view/suggested_prompts/0": {"title", "message"},
    "/features/agent_view/actions/0": {"name", "description"},
    "/features/assistant_view": {"assistant_description"},
    "/features/assistant_view/suggested_prompts/0": {"title", "message"},
    "/settings/event_subscriptions/metadata_subscriptions/0": {"app_id", "event_type"},
    "/settings/interactivity": {"is_enabled"},
}


def rules(rule: Rule = MANIFEST, at: str = "") -> Iterator[tuple[str, Rule]]:
    """Each rule, and a pointer to what it holds for."""
    yield at, rule
    if isinstance(rule, Items):
        yield from rules(rule.of, f"{at}/0")
    elif isinstance(rule, Fields):
        for name, inside in rule.known.items():
            yield from rules(inside, f"{at}/{name}")


def at(pointer: str) -> Any:
    """What FULL holds there."""
    found: Any = FULL
    for step in pointer.split("/")[1:]:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


def with_value(pointer: str, value: object) -> dict[str, Any]:
    """FULL with something else there."""
    manifest: dict[str, Any] = json.loads(json.dumps(FULL))  # a copy of each of its twins
    *path, last = pointer.split("/")[1:]
    holder: Any = manifest
    for step in path:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    holder[int(last) if isinstance(holder, list) else last] = value
    return manifest


def pointers(manifest: object) -> set[str]:
    return {flaw.pointer for flaw in manifest_flaws(manifest)}


def words(pointer: str, n: int) -> str:
    """A string of n characters, of the form that is asked there."""
    start = "/" if pointer.endswith("command") else "https://" if pointer.endswith(("url", "uri")) else ""
    return start.ljust(n, "x")[:n]


def several(pointer: str, n: int) -> list[Any]:
    """A list of n different items, of the kind that is asked there."""
    [example] = at(pointer)
    if pointer.endswith("allowed_ip_address_ranges"):
        return [f"10.0.0.{i}" for i in range(n)]
    if isinstance(example, str):
        return [f"{example}{i}" for i in range(n)]
    return [{**example, "event_type": f"x{i}"} if "event_type" in example else example for i in range(n)]


@pytest.mark.parametrize("pointer", LENGTHS)
def test_a_string_of_the_bound_is_taken_and_one_beyond_it_is_not(pointer: str) -> None:
    least, most = LENGTHS[pointer]
    assert pointers(with_value(pointer, words(pointer, least))) == set()
    assert pointers(with_value(pointer, words(pointer, most))) == set()
    assert pointers(with_value(pointer, words(pointer, most + 1))) == {pointer}
    if least:
        assert pointers(with_value(pointer, words(pointer, least - 1))) == {pointer}


@pytest.mark.parametrize("pointer", COUNTS)
def test_a_list_of_the_bound_is_taken_and_one_item_beyond_it_is_not(pointer: str) -> None:
    least, most, unique = COUNTS[pointer]
    assert pointers(with_value(pointer, several(pointer, least))) == set()
    assert pointers(with_value(pointer, several(pointer, most))) == set()
    assert pointers(with_value(pointer, several(pointer, most + 1))) == {pointer}
    if least:
        assert pointers(with_value(pointer, several(pointer, least - 1))) == {pointer}
    assert pointers(with_value(pointer, at(pointer) * 2)) == ({pointer} if unique else set())


@pytest.mark.parametrize(("pointer", "good"), [(at, one) for at, (good, _) in FORMS.items() for one in good])
def test_a_form_that_slack_knows_is_taken(pointer: str, good: str) -> None:
    assert pointers(with_value(pointer, good)) == set()


@pytest.mark.parametrize(("pointer", "bad"), [(at, one) for at, (_, bad) in FORMS.items() for one in bad])
def test_a_form_that_slack_does_not_know_is_refused(pointer: str, bad: str) -> None:
    assert pointers(with_value(pointer, bad)) == {pointer}


@pytest.mark.parametrize(("pointer", "name"), [(at, name) for at, names in NEEDED.items() for name in sorted(names)])
def test_a_field_that_is_needed_is_missed(pointer: str, name: str) -> None:
    held = {field: value for field, value in at(pointer).items() if field != name}
    assert pointers(with_value(pointer, held) if pointer else held) == {pointer}


@pytest.mark.parametrize("pointer", [pointer for pointer, rule in rules() if isinstance(rule, Fields)])
def test_a_field_that_slack_does_not_know_is_refused_wherever_it_stands(pointer: str) -> None:
    held = {**at(pointer), "extra": True}
    assert pointers(with_value(pointer, held) if pointer else held) == {pointer}


@pytest.mark.parametrize("pointer", [pointer for pointer, _ in rules() if pointer])
def test_a_value_of_another_kind_is_refused_wherever_it_stands(pointer: str) -> None:
    assert pointers(with_value(pointer, None)) == {pointer}


@pytest.mark.parametrize("pointer", [pointer for pointer, rule in rules() if rule is int])
def test_a_version_is_a_number(pointer: str) -> None:
    assert pointers(with_value(pointer, True)) == {pointer}
    assert pointers(with_value(pointer, "1")) == {pointer}


@pytest.mark.parametrize("pointer", [pointer for pointer, rule in rules() if rule is bool])
def test_a_switch_is_on_or_off(pointer: str) -> None:
    for value in (1, "true"):
        assert pointers(with_value(pointer, value)) == {pointer}


@pytest.mark.parametrize("part", ["event_subscriptions", "interactivity"])
def test_without_sockets_slack_needs_an_address(part: str) -> None:
    manifest = with_value("/settings/socket_mode_enabled", False)
    assert pointers(manifest) == set()
    del manifest["settings"][part]["request_url"]
    assert pointers(manifest) == {f"/settings/{part}"}
    manifest["settings"][part] = {"is_enabled": False} if part == "interactivity" else {"bot_events": []}
    assert pointers(manifest) == set(), "what is not used needs none"


def test_what_is_named_only_is_passed_by() -> None:
    assert pointers({**FULL, "workflows": {"x": 1}, "outgoing_domains": None}) == set()


@pytest.mark.parametrize("nonsense", [None, [], "x", 1, {"settings": []}, {"settings": {"interactivity": []}}])
def test_nonsense_is_refused_and_does_not_break_the_check(nonsense: object) -> None:
    assert pointers(nonsense)


def test_no_rule_is_without_its_bound_here() -> None:
    texts = {pointer: rule for pointer, rule in rules() if isinstance(rule, Text)}
    bounded = {pointer for pointer, rule in texts.items() if rule.most != NO_LIMIT}
    # a word out of a list, a colour and an address have no length beside their form
    assert set(LENGTHS) == bounded - {"/features/shortcuts/0/type", "/display_information/background_color", ADDRESSES}
    assert set(FORMS) == {pointer for pointer, rule in texts.items() if rule.pattern or rule.words}
    lists = {pointer: rule for pointer, rule in rules() if isinstance(rule, Items)}
    assert set(COUNTS) == {pointer for pointer, rule in lists.items() if rule.most != NO_LIMIT}
    assert set(NEEDED) == {pointer for pointer, rule in rules() if isinstance(rule, Fields) and rule.needed}
    for pointer, _ in rules():
        at(pointer)  # FULL holds it


# --- the method ---------------------------------------------------------------------------


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


def validated(slack: LocalSlack, manifest: object) -> dict[str, Any]:
    client = WebClient(slack.config_token, base_url=slack.base_url)
    try:
        told: dict[str, Any] = client.apps_manifest_validate(manifest=json.dumps(manifest)).data
    except SlackApiError as refused:
        told = refused.response.data
    return told


def test_our_own_manifest_makes_an_app(slack: LocalSlack) -> None:
    manifest = shipped()
    assert manifest["features"]["slash_commands"][0]["command"] == "/kpi", "it was read as a whole"
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "chat:write" in manifest["oauth_config"]["scopes"]["bot"]
    assert validated(slack, manifest) == {"ok": True, "errors": []}


def test_a_manifest_that_slack_refuses_is_refused_with_a_pointer(slack: LocalSlack) -> None:
    told = validated(slack, with_value("/display_information/name", "x" * 36))
    assert (told["ok"], told["error"]) == (False, "invalid_manifest")
    assert told["errors"] == [{"message": "must be no more than 35 characters", "pointer": "/display_information/name"}]


def test_only_a_configuration_token_validates_a_manifest(slack: LocalSlack) -> None:
    def error(token: str, manifest: str) -> str:
        with pytest.raises(SlackApiError) as caught:
            WebClient(token, base_url=slack.base_url).apps_manifest_validate(manifest=manifest)
        return str(caught.value.response["error"])

    assert error(slack.bot_token, "{}") == "not_allowed_token_type"
    assert error(slack.config_token, "{") == "invalid_manifest"
    assert error(slack.config_token, "") == "invalid_arguments"
