"""Do the files of deploy/ ask for exactly what the code uses, and name only what exists?"""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from bot import answering, dropping, roll, slack
from bot.delivery import post
from bot.settings.layers import all_settings, load

HOUSE = Path(__file__).parents[2]
DEPLOY = HOUSE / "deploy"

SCOPES_OF = {
    "auth.test": (),
    "apps.connections.open": (),  # the app-level token's connections:write
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.scheduleMessage": ("chat:write",),
    "chat.scheduledMessages.list": (),
    "chat.deleteScheduledMessage": ("chat:write",),
    "views.open": (),
    "views.push": (),
    "views.update": (),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "conversations.list": ("channels:read", "groups:read"),
    "files.info": ("files:read",),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "users.info": ("users:read",),
    "usergroups.users.list": ("usergroups:read",),
    "views.publish": (),
}
"""Slack's reference: which scopes a method needs in public and private channels."""

METHOD = re.compile(r'"((?:auth|apps|chat|conversations|files|reactions|usergroups|users|views)\.[a-zA-Z.]+)"')
CLIENT_CALL = re.compile(
    r"client\.((?:auth|apps|chat|conversations|files|reactions|usergroups|users|views)_[a-zA-Z_]+)\("
)


def code() -> str:
    """All of the bot, without the Slack that it is rehearsed in."""
    files = [file for file in (HOUSE / "bot").rglob("*.py") if "local_slack" not in file.parts]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def methods() -> set[str]:
    text = code()
    called = {name.replace("_", ".") for name in CLIENT_CALL.findall(text)}
    return set(METHOD.findall(text)) | called | {"apps.connections.open"}


def listed(under: str) -> list[str]:
    """The items of one list of the manifest."""
    text = (DEPLOY / "manifest.yaml").read_text(encoding="utf-8")
    found = re.search(rf"^( +){under}:\n((?:\1  - .+\n)+)", text, re.MULTILINE)
    assert found, f"no list {under}"
    return [line.split("- ", 1)[1].strip() for line in found.group(2).splitlines()]


def test_each_method_the_code_calls_is_known_here() -> None:
    assert methods() <= set(SCOPES_OF), "say in SCOPES_OF which scopes the new method needs"


def test_the_code_s_own_lists_hold_every_scope_that_its_calls_need() -> None:
    needed = {scope for method in methods() for scope in SCOPES_OF[method]}
    by_hand = {"commands", "app_mentions:read", "im:history"}  # to be spoken to; to look for a digest sent directly
    assert needed | by_hand == set(post.SCOPES) | set(slack.SCOPES) | set(roll.SCOPES)


def test_the_manifest_asks_exactly_the_scopes_that_the_code_uses() -> None:
    assert listed("bot") == sorted(set(post.SCOPES) | set(slack.SCOPES) | set(roll.SCOPES))


def test_the_manifest_subscribes_exactly_the_events_that_are_listened_to() -> None:
    assert listed("bot_events") == sorted(slack.EVENTS)
    heard = set(re.findall(r'(?:app\.event\(|Doing\.EVENT, )"([a-z_]+)"', code())) | {dropping.EVENT}
    assert heard == {event.partition(".")[0] for event in slack.EVENTS}, "message.im is heard as a message"


def test_the_manifest_offers_exactly_the_shortcuts_that_are_heard() -> None:
    text = (DEPLOY / "manifest.yaml").read_text(encoding="utf-8")
    found = re.findall(r"- name: (.+)\n      type: (\w+)\n      callback_id: (\w+)\n      description: (.+)\n", text)
    assert [name for _, _, name, _ in found] == list(answering.SHORTCUTS)
    assert [kind for _, kind, _, _ in found] == ["global", "message"]
    assert all(len(title) <= 24 and len(said) <= 150 for title, _, _, said in found)


def test_the_manifest_names_the_command_that_the_bot_hears() -> None:
    text = (DEPLOY / "manifest.yaml").read_text(encoding="utf-8")
    assert re.findall(r"command: (\S+)", text) == [slack.COMMAND]
    assert "socket_mode_enabled: true" in text


@pytest.mark.parametrize("name", ["manifest.yaml", "compose.yaml", "kubernetes.yaml"])
def test_no_tab_and_no_odd_indent_breaks_the_yaml(name: str) -> None:
    for number, line in enumerate((DEPLOY / name).read_text(encoding="utf-8").splitlines(), start=1):
        indent = len(line) - len(line.lstrip(" "))
        assert "\t" not in line, number
        assert indent % 2 == 0, number


def test_the_manifest_keeps_slack_s_lengths() -> None:
    text = (DEPLOY / "manifest.yaml").read_text(encoding="utf-8")
    for name, longest in (("name", 35), ("description", 140), ("display_name", 80), ("usage_hint", 1000)):
        for value in re.findall(rf"^ +(?:- )?{name}: (.+)$", text, re.MULTILINE):
            assert len(value.strip('"')) <= longest, name
    [long_description] = re.findall(r"long_description: >-\n((?:    .+\n)+)", text)
    assert 174 <= len(" ".join(line.strip() for line in long_description.splitlines())) <= 4000


# --- settings -----------------------------------------------------------------------------


def examples() -> dict[str, str]:
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#?ASAKAI_[A-Z_]+=", line))


def test_env_example_holds_every_setting_commented_out() -> None:
    assert set(examples()) == {setting.variable for setting in all_settings()}
    text = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []


def test_every_example_is_a_value_that_works(tmp_path: Path) -> None:
    for variable, value in examples().items():
        load({variable: value}, tmp_path)


def test_every_variable_in_the_deploy_files_is_a_setting() -> None:
    known = {setting.variable for setting in all_settings()} | {"ASAKAI_SHOP_FILE", "ASAKAI_SECRETS_DIR"}
    for file in DEPLOY.iterdir():
        named = set(re.findall(r"ASAKAI_[A-Z_]*[A-Z]", file.read_text(encoding="utf-8")))
        assert named <= known, file.name


def test_the_shop_file_in_the_config_map_loads(tmp_path: Path) -> None:
    text = (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    [toml] = re.findall(r"shop\.toml: \|\n((?:    .*\n|\n)+)", text)
    (tmp_path / "shop.toml").write_text("\n".join(line[4:] for line in toml.splitlines()), encoding="utf-8")
    assert load({}, tmp_path).digest.channels == ("C0123456789",)


# --- ways to run --------------------------------------------------------------------------


def test_each_way_to_run_waits_longer_than_the_bot_needs_to_stop() -> None:
    from bot.stop import WITHIN_SECONDS  # noqa: PLC0415  beside what it is compared with

    compose, unit, kubernetes = (
        (DEPLOY / name).read_text(encoding="utf-8") for name in ("compose.yaml", "asakai.service", "kubernetes.yaml")
    )
    waits = (
        re.findall(r"stop_grace_period: (\d+)s", compose),
        re.findall(r"TimeoutStopSec=(\d+)", unit),
        re.findall(r"terminationGracePeriodSeconds: (\d+)", kubernetes),
    )
    assert all(len(wait) == 1 and int(wait[0]) > WITHIN_SECONDS for wait in waits), waits


def test_the_container_runs_as_no_root_from_the_lock() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001"]
    assert all("--frozen" in line for line in text.splitlines() if "uv sync" in line)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert (HOUSE / name).exists(), name


def test_the_unit_is_complete_and_runs_without_rights() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # systemd's names have capitals
    unit.read(DEPLOY / "asakai.service", encoding="utf-8")
    assert unit["Service"]["User"] == "asakai"
    assert unit["Service"]["ExecStart"].endswith("asakai run")
    assert unit["Service"]["Restart"] == "always"
    assert unit["Install"]["WantedBy"] == "multi-user.target"
