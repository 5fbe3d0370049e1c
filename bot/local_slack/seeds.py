"""Who is there when the local Slack opens?"""

from __future__ import annotations

from typing import Final

from bot.local_slack.workspace import BOT_USER, Channel, User

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
SHOP_GROUP: Final = "S0SHOP0001"


def people() -> tuple[User, ...]:
    """An admin, a member, a guest and the bot."""
    return (
        User(SATO, "sato", "佐藤", is_admin=True),
        User(SUZUKI, "suzuki", "鈴木"),
        User(GUEST, "guest", "外部ゲスト", is_guest=True),
        User(BOT_USER, "asakai", "Asakai", is_bot=True),
    )


def rooms() -> tuple[Channel, ...]:
    """The bot is in #asakai-朝会, the archive and the read-only notices, not in #general."""
    return (
        Channel(ASAKAI, "asakai-朝会", {SATO, SUZUKI, GUEST, BOT_USER}),
        Channel(GENERAL, "general", {SATO, SUZUKI}),
        Channel(ARCHIVE, "archive", {SATO, BOT_USER}, is_archived=True),
        Channel(NOTICES, "notices", {SATO, SUZUKI, BOT_USER}, is_read_only=True),
    )


def groups() -> dict[str, frozenset[str]]:
    """One user group: @shop."""
    return {SHOP_GROUP: frozenset({SATO})}
