"""Who is there when the local Slack opens?"""

from __future__ import annotations

from typing import Final

from bot.local_slack.workspace import BOT_USER, Channel, Group, User

BOT_SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:read",
        "reactions:write",
        "usergroups:read",
        "users:read",
    }
)

SATO: Final = "U0SATO0001"
SUZUKI: Final = "U0SUZUKI01"
GUEST: Final = "U0GUEST001"
ASAKAI: Final = "C0ASAKAI01"
GENERAL: Final = "C0GENERAL1"
ARCHIVE: Final = "C0ARCHIVE1"
NOTICES: Final = "C0NOTICES1"
PARTNER: Final = "C0PARTNER1"
OFFICE: Final = "G0OFFICE01"
TANAKA: Final = "U0TANAKA01"
MARKETING: Final = "S0MARKET01"


def people() -> tuple[User, ...]:
    """An admin, two members (one reads English), a guest and the bot."""
    return (
        User(SATO, "sato", "佐藤", is_admin=True),
        User(SUZUKI, "suzuki", "鈴木"),
        User(TANAKA, "tanaka", "田中", locale="en-US"),
        User(GUEST, "guest", "外部ゲスト", is_guest=True),
        User(BOT_USER, "asakai", "Asakai", is_bot=True),
    )


def groups() -> tuple[Group, ...]:
    """One user group."""
    return (Group(MARKETING, "marketing", "マーケティング", (SATO, SUZUKI)),)


def rooms() -> tuple[Channel, ...]:
    """The bot is everywhere but in #general: in the archive, the read-only notices, a shared and a private one."""
    return (
        Channel(ASAKAI, "asakai-朝会", {SATO, SUZUKI, GUEST, BOT_USER}),
        Channel(GENERAL, "general", {SATO, SUZUKI}),
        Channel(ARCHIVE, "archive", {SATO, BOT_USER}, is_archived=True),
        Channel(NOTICES, "notices", {SATO, SUZUKI, BOT_USER}, is_read_only=True),
        Channel(PARTNER, "partner-共有", {SATO, SUZUKI, BOT_USER}, is_shared=True),
        Channel(OFFICE, "経営会議", {SATO, BOT_USER}, is_private=True),
    )
